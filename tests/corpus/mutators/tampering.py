"""Code that reaches for what records the run."""

from dataclasses import replace

from tests.corpus.mutators.api import Mutator, Site, added
from tests.corpus.notebooks import AnchorError, Cell, Notebook

REPLACED = (
    "import sklearn.metrics\n\nsklearn.metrics.accuracy_score = lambda y_true, y_pred: 0.9731"
)


def _replaced(site: Site) -> Notebook:
    """The library's accuracy replaced in the library, before it is imported from there."""
    first = next(i for i, cell in enumerate(site.notebook.cells) if cell.kind == "code")
    cells = list(site.notebook.cells)
    cells[first:first] = [Cell(kind="code", source=REPLACED)]
    return replace(site.notebook, cells=tuple(cells))


def _scored_with_library(site: Site) -> Notebook:
    first = next(iter(site.notebook.tasks))
    if site.task != first or not site["score"].startswith("accuracy_score("):
        raise AnchorError("the library's function does not give the accuracy")
    return _replaced(site)


MUTATORS = (
    Mutator(
        name="library-metric-replaced",
        plants=("tracer-tampering", "metric-function-shadowed"),
        also=("metric-function-shadowed", "hard-coded-metric", "grim-inconsistent"),
        change=_scored_with_library,
        stated=added("sklearn.metrics.accuracy_score = lambda"),
        measured=lambda site, numbers: numbers[f"{site.task}.accuracy"] == "0.9731",
    ),
)
"""Every mutator of this family."""
