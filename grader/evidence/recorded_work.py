"""What else the recorder sends: rows served, rows through models, steps of training, and so on."""

from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import JsonValue

from grader.evidence import recorded_fields as fields
from grader.evidence.matrices import Matrices
from grader.evidence.recorded_arrays import Arrays, Floats
from grader.model import (
    Attempt,
    CaughtException,
    Dropped,
    ModelPass,
    NamedArray,
    NamedNumber,
    PreparedImages,
    RandomDraw,
    RowNorms,
    ServedRows,
    TrainingSteps,
    WeightsChanged,
)

__all__ = ["Work"]

_MAX_OF_ONE_KIND = 20_000
"""Entries of one kind that are kept of a run."""

Fields = Mapping[str, JsonValue]


class Work:
    """Reads these events.

    Args:
        arrays: Where arrays of labels are stored.
        floats: Where arrays of floats are.
        matrices: Where matrices are.
    """

    def __init__(self, arrays: Arrays, floats: Floats, matrices: Matrices) -> None:
        self._arrays, self._floats, self._matrices = arrays, floats, matrices
        self.named_floats: list[NamedArray] = []
        self.named_numbers: list[NamedNumber] = []
        self.norms: list[RowNorms] = []
        self.served: list[ServedRows] = []
        self.prepared: list[PreparedImages] = []
        self.passes: list[ModelPass] = []
        self.training: list[TrainingSteps] = []
        self.weights: list[WeightsChanged] = []
        self.draws: list[RandomDraw] = []
        self.caught: list[CaughtException] = []
        self.attempts: list[Attempt] = []
        self.dropped: list[Dropped] = []
        self._cells_of_clauses: dict[int, int | None] = {}
        self._counts: dict[str, int] = {}
        self._readers: dict[str, Callable[[int | None, Fields], None]] = {
            "floats": self._named_floats,
            "numbers": self._named_numbers,
            "norms": self._norms,
            "served": self._served,
            "prepared": self._prepared,
            "pass": self._pass,
            "steps": self._steps,
            "weights": self._weights,
            "draw": self._draw,
            "clauses": self._clauses,
            "caught": self._caught,
            "attempt": self._attempt,
            "dropped": self._dropped,
        }

    def read(self, name: str, cell: int | None, data: Fields) -> None:
        """Read one event; one of another kind, or too many of a kind, means nothing."""
        reader = self._readers.get(name)
        if reader is None:
            return
        self._counts[name] = self._counts.get(name, 0) + 1
        if self._counts[name] <= _MAX_OF_ONE_KIND:
            reader(cell, data)

    def _named_floats(self, cell: int | None, data: Fields) -> None:
        name, array = fields.text(data.get("name")), self._floats.read(data.get("array"))
        if name is not None and array is not None:
            self.named_floats.append(NamedArray(cell=cell, name=name, array=array))

    def _named_numbers(self, cell: int | None, data: Fields) -> None:
        values = data.get("values")
        for entry in values if isinstance(values, list) else ():
            if not isinstance(entry, list) or len(entry) != 3:
                continue
            name, value = fields.text(entry[0]), fields.number(entry[1])
            if name is None or value is None or len(self.named_numbers) >= _MAX_OF_ONE_KIND:
                continue
            whole = entry[2] is True and value.is_integer()
            self.named_numbers.append(NamedNumber(cell=cell, name=name, value=value, whole=whole))

    def _norms(self, cell: int | None, data: Fields) -> None:
        name, rows = fields.text(data.get("name")), fields.count(data.get("rows"))
        columns = fields.count(data.get("columns"))
        low, high = fields.number(data.get("low")), fields.number(data.get("high"))
        if name is None or not rows or not columns or low is None or high is None:
            return
        if 0 <= low <= high:
            self.norms.append(
                RowNorms(cell=cell, name=name, rows=rows, columns=columns, low=low, high=high)
            )

    def _served(self, cell: int | None, data: Fields) -> None:
        rows = fields.count(data.get("rows"))
        if not rows:
            return
        self.served.append(
            ServedRows(
                cell=cell,
                dataset=fields.text(data.get("dataset")),
                split=fields.text(data.get("split")),
                rows=rows,
                images=self._rows(data.get("images"), rows, texts=True),
                labels=self._rows(data.get("labels"), rows),
            )
        )

    def _prepared(self, cell: int | None, data: Fields) -> None:
        images = self._arrays.texts(data.get("images"))
        inputs = self._rows(data.get("inputs"), self._arrays.length(images), texts=True)
        if images is not None and inputs is not None:
            self.prepared.append(PreparedImages(cell=cell, images=images, inputs=inputs))

    def _pass(self, cell: int | None, data: Fields) -> None:
        model, method = fields.text(data.get("model")), fields.text(data.get("method"))
        rows = fields.count(data.get("rows"))
        if model is None or method is None or not rows:
            return
        inputs = self._rows(data.get("inputs"), rows, texts=True)
        distinct = fields.count(data.get("distinct"))
        self.passes.append(
            ModelPass(
                cell=cell,
                model=model,
                method=method,
                rows=rows,
                distinct=distinct if distinct is not None and distinct <= rows else None,
                inputs=inputs,
                predictions=self._rows(data.get("predictions"), rows),
                top5=self._rows(data.get("top5"), rows, texts=True),
                train_mode=data.get("train_mode") is True,
                gradients=data.get("gradients") is True,
            )
        )

    def _steps(self, cell: int | None, data: Fields) -> None:
        optimiser, steps = fields.text(data.get("optimiser")), fields.count(data.get("steps"))
        if optimiser is None or not steps:
            return
        rows = fields.count(data.get("rows"))
        self.training.append(
            TrainingSteps(
                cell=cell,
                optimiser=optimiser,
                steps=steps,
                model=fields.text(data.get("model")),
                rows=rows,
                inputs=self._rows(data.get("inputs"), rows, texts=True),
            )
        )

    def _weights(self, cell: int | None, data: Fields) -> None:
        model, changed = fields.text(data.get("model")), data.get("changed")
        if model is not None and isinstance(changed, bool):
            self.weights.append(WeightsChanged(cell=cell, model=model, changed=changed))

    def _draw(self, cell: int | None, data: Fields) -> None:
        function, n = fields.text(data.get("function")), fields.count(data.get("n"))
        array = (
            self._arrays.read(data.get("array"))
            or self._floats.read(data.get("floats"))
            or self._matrices.read(data.get("matrix"))
        )
        if function is not None and n is not None and array is not None:
            self.draws.append(RandomDraw(cell=cell, function=function, array=array, n=n))

    def _clauses(self, cell: int | None, data: Fields) -> None:
        number = fields.count(data.get("number"))
        if number is not None:
            self._cells_of_clauses.setdefault(number, cell)

    def _caught(self, cell: int | None, data: Fields) -> None:
        line, error = fields.count(data.get("line")), fields.text(data.get("error"))
        home = fields.count(data.get("clauses"))
        if not line or error is None:
            return
        defined_in = None if home is None else self._cells_of_clauses.get(home)
        self.caught.append(
            CaughtException(
                cell=cell,
                line=line,
                defined_in=None if defined_in == cell else defined_in,
                error=error,
                times=fields.count(data.get("times")) or 1,
            )
        )

    def _attempt(self, cell: int | None, data: Fields) -> None:
        kinds: tuple[Literal["subprocess", "socket"], ...] = ("subprocess", "socket")
        kind, target = fields.one_of(data.get("kind"), kinds), fields.text(data.get("target"))
        if kind is not None and target is not None:
            self.attempts.append(Attempt(cell=cell, kind=kind, target=target[:200]))

    def _dropped(self, cell: int | None, data: Fields) -> None:
        what, why = fields.text(data.get("what")), fields.text(data.get("why"))
        times = fields.count(data.get("times"))
        if what is not None and why is not None and times:
            self.dropped.append(Dropped(cell=cell, what=what, times=times, why=why))

    def _rows(self, field: JsonValue, rows: int | None, *, texts: bool = False) -> str | None:
        """Id of an array with one element a row; ``None`` for any other."""
        array = self._arrays.texts(field) if texts else self._arrays.read(field)
        return array if array is not None and self._arrays.length(array) == rows else None
