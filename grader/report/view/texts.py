"""Captions and answers of a model beside those of people."""

from itertools import islice

from msgspec import Struct

from grader.model import Evaluation, Evidence, Task
from grader.report.text import count, cut, plural

__all__ = ["TextRow", "Texts", "texts"]

SHOWN = 6
"""Rows of the table."""

MAX_LENGTH = 200
"""Characters of one text."""

MAX_REFERENCES = 5
"""References of one item."""


class TextRow(Struct, frozen=True, kw_only=True):
    """One item."""

    row: str
    """Its row in the split, counted from 0 as a notebook does."""

    said: str
    references: tuple[str, ...]


class Texts(Struct, frozen=True, kw_only=True):
    """Some items of an evaluation of texts."""

    caption: str
    said: str
    """Heading of the model's column."""

    references: str
    """Heading of the people's column."""

    rows: tuple[TextRow, ...]


def texts(best: Evaluation, evidence: Evidence, task: Task) -> Texts | None:
    """Items whose text is none of the references, else the first ones.

    Returns:
        ``None`` where the task is not about texts, or they were not recorded.
    """
    if task.kind not in ("captioning", "vqa"):
        return None
    said = evidence.recording.labels(best.y_pred)
    known = _references(best, evidence)
    if not said or not known or any(len(each) != len(said) for each in known):
        return None
    items = [
        (place, str(text), _distinct([str(each[place]) for each in known]))
        for place, text in enumerate(said)
    ]
    differing = [item for item in items if _plain(item[1]) not in map(_plain, item[2])]
    noun = "caption" if task.kind == "captioning" else "answer"
    return Texts(
        caption=_caption(noun, len(differing), len(items)),
        said=f"{noun.capitalize()} by the model",
        references="Captions by people" if noun == "caption" else "Answers by people",
        rows=tuple(
            TextRow(
                row=count(_row(best, place)),
                said=cut(text, MAX_LENGTH) or "(empty)",
                references=tuple(cut(each, MAX_LENGTH) for each in several[:MAX_REFERENCES]),
            )
            for place, text, several in islice(differing or items, SHOWN)
        ),
    )


def _row(best: Evaluation, place: int) -> int:
    """Row in the split, else the place among the items scored."""
    if best.origin is None:
        return place
    return best.origin.rows[place] if best.origin.rows else best.origin.start + place


def _references(best: Evaluation, evidence: Evidence) -> list[tuple[int | str, ...]]:
    names = best.references or ((best.y_true,) if best.y_true else ())
    arrays = [evidence.recording.labels(name) for name in names]
    return [array for array in arrays if array is not None]


def _distinct(references: list[str]) -> list[str]:
    """Without repetitions and the empty texts that stand for missing ones."""
    return [each for each in dict.fromkeys(references) if each]


def _plain(text: str) -> str:
    return " ".join(text.lower().rstrip(" .!?").split())


def _caption(noun: str, differing: int, total: int) -> str:
    if not differing:
        shown = min(SHOWN, total)
        return f"The first {plural(shown, noun)}; all {count(total)} equal one by people."
    if differing == 1:
        return f"The one {noun} that equals none by people, of {count(total)}."
    shown = min(SHOWN, differing)
    which = "All" if shown == differing else f"The first {shown} of the"
    return f"{which} {count(differing)} {noun}s that equal none by people, of {count(total)}."
