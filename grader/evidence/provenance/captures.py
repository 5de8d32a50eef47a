"""Whether what a run computed was captured in full, so that silence means something."""

from collections.abc import Sequence

from msgspec import Struct

from grader.evidence.provenance.candidates import Candidate
from grader.evidence.provenance.matching import readings
from grader.evidence.provenance.parts import is_repeated
from grader.evidence.rounding import same_number
from grader.model import Figure, ModelPass, Recording

__all__ = ["Captures"]

LOST = frozenset({"lost", "noise", "forged"})
"""Tampering after which parts of the recording may be missing or untrue. After the others,
arrays were captured all the same."""

ARRAYS = ("array", "matri", "number", "float", "text", "digest")
"""Beginnings of what, when dropped, may be what a number was computed of."""

FEWEST_ROWS = 20
"""Fewest images whose unknown predictions keep a precision, a recall or an F1 open."""

OF_LABELS = frozenset(
    {"accuracy", "precision", "recall", "f1", "balanced_accuracy", "error_rate", "mcc", "kappa"}
)
"""Metrics whose arrays are captured wherever they stand in a variable."""


class Captures(Struct, frozen=True, kw_only=True):
    """What is known of the run."""

    recording: Recording | None
    candidates: Sequence[Candidate]

    @property
    def are_there(self) -> bool:
        """Whether anything was run, and recorded to the end."""
        if self.recording is None:
            return False
        kinds = {each.kind for each in self.recording.tampering}
        return self.recording.complete or bool(kinds and not kinds & LOST)

    @property
    def trains(self) -> bool:
        """Whether the notebook trains a model, whose scores may differ from run to run."""
        if self.recording is None:
            return False
        return (
            any(call.method == "train" for call in self.recording.trainer_calls)
            or any(each.training for each in self.recording.forwards)
            or bool(self.recording.training)
        )

    def missing(self, figure: Figure) -> str | None:
        """Why what a number is of may not have been captured; ``None`` if it was in full."""
        if self.recording is None:
            return "the notebook was not run"
        if not self.are_there:
            return "the run was not recorded to its end"
        if any(each.what.startswith(ARRAYS) for each in self.recording.dropped):
            return "the run held more arrays than are recorded"
        if figure.kind == "loss":
            return "losses are recorded only where the trainer logs them"
        if figure.kind == "similarity":
            return "a similarity that stands in no variable is not recorded"
        if figure.kind == "share" or figure.metric is None:
            return "nothing says what it is a share or score of"
        if figure.metric not in OF_LABELS and not self._has(figure.metric):
            return f"no {figure.metric.replace('_', ' ')} could be computed of what was captured"
        return self._unseen(figure) if figure.place.source != "text" else None

    def _has(self, metric: str) -> bool:
        """Whether some value of a metric was computed, or no model did anything."""
        works = self.recording is not None and bool(self.recording.forwards)
        return not works or any(each.metric == metric for each in self.candidates)

    def _unseen(self, figure: Figure) -> str | None:
        """Rows that went through a model last before a number, of which too little is known."""
        if self.recording is None:
            return None
        work = _work(self.recording, figure.place.cell)
        last = max((each.cell for each in work), default=None)
        if last is None:
            return None
        if _trains(self.recording, last):
            return f"cell {last} trains a model, and what it gave meanwhile is not known"
        lengths = _lengths(self.recording)
        for each in work:
            unknown = each.cell == last and (each.mixed or each.rows not in lengths)
            if unknown and each.rows > 1 and _can_be_of(figure, each.rows):
                return f"what {each.model} gave for {each.rows} images in cell {last} is not known"
        return None


class _Work(Struct, frozen=True, kw_only=True):
    """Rows through a model."""

    cell: int
    model: str
    rows: int
    mixed: bool = False
    """Whether the same pictures went through again, and not all as often."""


def _work(recording: Recording, until: int) -> list[_Work]:
    """What models did up to the end of a cell."""
    forwards = [
        _Work(cell=each.cell, model=each.model, rows=each.rows)
        for each in recording.forwards
        if each.cell is not None and each.cell <= until
    ]
    return forwards + [
        _Work(cell=each.cell, model=each.model, rows=each.rows, mixed=_is_mixed(each))
        for each in recording.passes
        if each.cell is not None and each.cell <= until
    ]


def _is_mixed(each: ModelPass) -> bool:
    return is_repeated(each) and (not each.distinct or each.rows % each.distinct > 0)


def _trains(recording: Recording, cell: int) -> bool:
    calls = [each.cell for each in recording.trainer_calls if each.method == "train"]
    return cell in (*calls, *(each.cell for each in recording.training))


def _lengths(recording: Recording) -> set[int]:
    """Numbers of labels, predictions, texts and scores that were captured."""
    ids = {each.array for each in recording.named}
    ids |= {each.predictions for each in recording.passes if each.predictions is not None}
    for call in recording.metric_calls:
        ids |= {each for each in (call.y_true, call.y_pred) if each is not None}
    ids |= {each.predictions for each in recording.text_metrics if each.predictions is not None}
    lengths = {recording.arrays[each].length for each in ids if each in recording.arrays}
    return lengths | {
        side for each in recording.matrices.values() for side in (each.rows, each.columns)
    }


def _can_be_of(figure: Figure, rows: int) -> bool:
    """Whether a score can be of so many images: an accuracy is a whole number of them."""
    if figure.n is not None and figure.n > rows:
        return False
    if figure.metric not in ("accuracy", "exact_match", "error_rate"):
        return rows >= FEWEST_ROWS
    return any(same_number(round(one.value * rows) / rows, one) for one in readings(figure))
