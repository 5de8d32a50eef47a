"""Arrays, matrices and numbers of a notebook, as the recorder saw them."""

from grader.model._base import Artifact

Label = int | str


class LabelArray(Artifact):
    """A one-dimensional array of class labels or predictions."""

    id: str
    """Digest of the values; equal arrays are stored once."""

    length: int
    """Number of elements."""

    values: tuple[Label, ...] | None
    """The elements; ``None`` when there were too many to record."""


class FloatArray(Artifact):
    """A one-dimensional array of floats, or of booleans and integers as floats."""

    id: str
    """Digest of the values; equal arrays are stored once."""

    length: int
    """Number of elements."""

    values: tuple[float, ...] | None
    """The elements; ``None`` when there were too many to record."""


class Matrix(Artifact):
    """A two-dimensional array of floats."""

    id: str
    """Digest of the values; equal matrices are stored once."""

    rows: int
    """Number of rows."""

    columns: int
    """Number of columns."""

    values: tuple[float, ...] | None
    """The elements, row by row; ``None`` when there were too many to record."""


class NamedArray(Artifact):
    """A one-dimensional array of labels that appeared in the namespace."""

    cell: int | None
    """Cell after which it was first seen with these values."""

    name: str
    """Variable name."""

    array: str
    """Id of the array."""


class NamedMatrix(Artifact):
    """A two-dimensional array of floats that appeared in the namespace."""

    cell: int | None
    """Cell after which it was first seen with these values."""

    name: str
    """Variable name."""

    matrix: str
    """Id of the matrix."""


class NamedNumber(Artifact):
    """A number that stood in the namespace: a counter, a score."""

    cell: int | None
    """Cell after which it was first seen with this value."""

    name: str
    """Variable name; ``name[key]`` and ``name.attribute`` for numbers in dictionaries and
    results."""

    value: float
    """Its value."""

    whole: bool
    """Whether it is an integer."""


class RowNorms(Artifact):
    """Euclidean norms of the rows of a matrix of embeddings."""

    cell: int | None
    """Cell after which it was first seen."""

    name: str
    """Variable name, or the model's method that returned it."""

    rows: int
    """Number of rows."""

    columns: int
    """Number of columns."""

    low: float
    """Smallest norm."""

    high: float
    """Largest norm."""
