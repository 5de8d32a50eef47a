"""Numbers of a text against those that outputs show, and saved ones against our own run's."""

from collections.abc import Iterable, Sequence

from grader.evidence.provenance.matching import readings
from grader.evidence.rounding import could_be
from grader.model import Explanation, Figure

__all__ = ["Outputs", "cells", "is_same", "printed_explanation"]


class Outputs:
    """Figures of outputs that texts repeat."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._of: dict[str | None, list[Figure]] = {}
        for each in figures:
            if each.place.source != "text" and not each.target:
                self._of.setdefault(each.metric, []).append(each)

    def repeated(self, figure: Figure) -> Figure | None:
        """An output that shows the number of a text, a saved one last."""
        found = [
            each
            for each in self._of.get(figure.metric, ())
            if _agree(each, figure) and is_same(each, figure)
        ]
        own = (each for each in found if each.place.source == "rerun")
        return next(own, found[0] if found else None)

    def rerun_of(self, figure: Figure) -> tuple[Figure, ...]:
        """What our run shows where a saved output shows a number, of the same metric."""
        return tuple(
            each
            for each in self._of.get(figure.metric, ())
            if each.place.source == "rerun"
            and each.place.cell == figure.place.cell
            and (each.average, each.name) == (figure.average, figure.name)
        )

    def of_cell(self, figure: Figure) -> tuple[Figure, ...]:
        """Its metric's numbers in the same output cell, of the same run."""
        return tuple(
            each
            for each in self._of.get(figure.metric, ())
            if (each.place.source, each.place.cell) == (figure.place.source, figure.place.cell)
        )

    def of_same(self, figure: Figure) -> tuple[Figure, ...]:
        """Outputs that show the same metric of the same task or model."""
        return tuple(
            each
            for each in self._of.get(figure.metric, ())
            if figure.metric is not None and _agree(each, figure) and _tied(each, figure)
        )

    def saved_any(self, figure: Figure) -> bool:
        """Whether the file's own outputs show this metric at all."""
        return any(each.place.source == "saved" for each in self._of.get(figure.metric, ()))


def is_same(shown: Figure, figure: Figure) -> bool:
    """Whether two figures can be one value, each at its own precision."""
    return any(
        could_be(one.value, other) or could_be(other.value, one)
        for one in readings(shown)
        for other in readings(figure)
    )


def _agree(one: Figure, other: Figure) -> bool:
    """Whether nothing said of two figures tells them apart."""
    return all(
        mine is None or theirs is None or mine == theirs
        for mine, theirs in (
            (one.average, other.average),
            (one.split, other.split),
            (one.n, other.n),
            (one.task, other.task),
        )
    )


def _tied(one: Figure, other: Figure) -> bool:
    """Whether task or model says that two figures are of the same thing."""
    same_task = one.task is not None and one.task == other.task
    models = [each.casefold() for each in (one.model, other.model) if each is not None]
    same_model = len(models) == 2 and models[0] == models[1]
    return same_model or (same_task and len(models) < 2)


def printed_explanation(figure: Figure) -> Explanation:
    """A figure of an output, as what explains or contradicts another."""
    whose = "output of our run" if figure.place.source == "rerun" else "saved output"
    return Explanation(
        function="printed",
        of=(f"{whose} of cell {figure.place.cell}",),
        cell=figure.place.cell,
        n=figure.n,
        value=figure.value,
    )


def cells(figures: Sequence[Figure]) -> str:
    """The values of figures with their cells, for a sentence."""
    return ", ".join(f"{each.printed} in cell {each.place.cell}" for each in figures[:3])
