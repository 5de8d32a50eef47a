"""What could not be assessed, and what would allow it."""

from msgspec import Struct

from grader.model import Verdict
from grader.report.text import plural
from grader.report.view.reading import Reading

__all__ = ["Open", "Question", "unassessed"]


class Question(Struct, frozen=True):
    """A question without an answer."""

    title: str
    reason: str
    needs: str


class Open(Struct, frozen=True):
    """Everything that stayed open."""

    questions: tuple[Question, ...]
    counts: str


def unassessed(reading: Reading) -> Open:
    """Detectors without an answer, missing references, criteria nothing could decide."""
    return Open(
        questions=(*_references(reading), *_criteria(reading), *_detectors(reading)),
        counts=_counts(reading),
    )


def _references(reading: Reading) -> list[Question]:
    compared = reading.result.comparisons
    if compared is None or not compared.reference_missing:
        return []
    title = "Do the scores lie in the reference band?"
    return [Question(title, compared.reference_missing, "Reference runs of the course")]


def _criteria(reading: Reading) -> list[Question]:
    grade = reading.result.grade
    entries = [
        (entry.why, "A person", entry.title)
        for entry in (grade.criteria if grade else ())
        if entry.verdict is Verdict.NOT_ASSESSED
    ]
    return _grouped(entries)


def _detectors(reading: Reading) -> list[Question]:
    detection = reading.result.detection
    entries = [
        (each.reason, each.needs, f"{each.code} {each.name}")
        for each in (detection.unassessed if detection else ())
    ]
    return _grouped(entries)


def _grouped(entries: list[tuple[str, str, str]]) -> list[Question]:
    """Questions that stayed open for the same reason stand together."""
    titles: dict[tuple[str, str], dict[str, None]] = {}
    for reason, needs, title in entries:
        titles.setdefault((reason, needs), {})[title] = None
    return [Question(", ".join(names), *why) for why, names in titles.items()]


def _counts(reading: Reading) -> str:
    detection = reading.result.detection
    if detection is None:
        return "No detector looked at this submission."
    reported = len({each.finding.code for each in reading.shown})
    return (
        f"{plural(len(detection.clear), 'detector')} looked and found nothing, "
        f"{reported} reported what is shown above, "
        f"{len(detection.unassessed)} could not be applied."
    )
