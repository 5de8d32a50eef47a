"""Written answers, with their numbers held against the notebook."""

import re
from typing import Literal

from msgspec import Struct

from grader.model import Answer, Claim, Comparison, EvidenceKind, Value, WrittenAnswer
from grader.report.text import clean, count, cut
from grader.report.view.reading import Reading
from grader.report.view.spelling import spelled

__all__ = ["Answers", "Mark", "Piece", "Written", "answers"]

State = Literal["ok", "no", "unknown"]
MAX_LENGTH = 12_000
"""Characters of one answer that are shown."""

MAX_PRINTED = 30
"""Characters of a number; what is longer is none."""


class Mark(Struct, frozen=True):
    """One number of the text."""

    printed: str
    state: State
    found: str
    """What the notebook says."""


class Piece(Struct, frozen=True):
    """A stretch of the text; ``state`` is empty outside the numbers."""

    text: str
    state: State | Literal[""]


class Written(Struct, frozen=True, kw_only=True):
    """One answer; ``pieces`` is empty where none was found."""

    title: str
    words: str
    wanted: str
    marks: tuple[Mark, ...]
    pieces: tuple[Piece, ...]
    note: str

    def numbers(self, state: State) -> int:
        """How many numbers are in this state."""
        return sum(mark.state == state for mark in self.marks)


class Answers(Struct, frozen=True):
    """All written answers of the lab."""

    answers: tuple[Written, ...]

    @property
    def has_marks(self) -> bool:
        """Whether any number was compared."""
        return any(each.marks for each in self.answers)


def answers(reading: Reading) -> Answers | None:
    """The answers; ``None`` where the lab asks for none or the text was not read."""
    evidence, asked = reading.result.evidence, reading.context.lab.answers
    if evidence is None or not asked or EvidenceKind.PROSE not in evidence.kinds:
        return None
    found = {each.id: each for each in evidence.answers}
    return Answers(tuple(_written(each, found.get(each.id), reading) for each in asked))


def _written(asked: Answer, found: WrittenAnswer | None, reading: Reading) -> Written:
    if found is None:
        return Written(
            title=asked.title,
            words="",
            wanted=count(asked.words),
            marks=(),
            pieces=(),
            note="Not found in the notebook.",
        )
    claims = _claims(found, reading)
    marks = [(claim, _mark(claim, reading)) for claim in claims]
    text = clean(found.text).replace("**", "").strip()
    note = "Only the beginning is shown." if len(text) > MAX_LENGTH else ""
    return Written(
        title=asked.title,
        words=count(found.words),
        wanted=count(asked.words),
        marks=tuple(mark for _, mark in marks),
        pieces=_pieces(cut(text, MAX_LENGTH), marks),
        note=note,
    )


def _claims(found: WrittenAnswer, reading: Reading) -> list[Claim]:
    evidence = reading.result.evidence
    claims = evidence.claims if evidence else ()
    return [
        claim
        for claim in claims
        if claim.cell in found.cells
        and not claim.target
        and not claim.cited
        and len(claim.printed) <= MAX_PRINTED
        and claim.printed in found.text
    ]


def _mark(claim: Claim, reading: Reading) -> Mark:
    entries = reading.result.comparisons.entries if reading.result.comparisons else ()
    of_metric = [
        entry
        for entry in entries
        if entry.metric == claim.metric and claim.task in (None, entry.task)
    ]
    for entry in of_metric:
        for name, value in _sources(entry):
            if _same(claim, value):
                return Mark(claim.printed, "ok", f"{spelled(entry.metric, value.value)}, {name}")
    for entry in of_metric:
        if _is_compared(claim, entry):
            values = [
                f"{spelled(entry.metric, value.value)}, {name}" for name, value in _sources(entry)
            ]
            return Mark(claim.printed, "no", values[0])
    return Mark(claim.printed, "unknown", "not found")


def _sources(entry: Comparison) -> list[tuple[str, Value]]:
    named = (("recomputed", entry.recomputed), ("re-run", entry.rerun), ("saved", entry.saved))
    return [(name, value) for name, value in named if value is not None]


def _same(claim: Claim, value: Value) -> bool:
    """Whether the value rounds to what was written, at the decimals written."""
    half = 0.5 * 10.0**-claim.decimals
    return abs(claim.value - value.value) <= half * (2 if claim.hedged else 1) + 1e-9


def _is_compared(claim: Claim, entry: Comparison) -> bool:
    # Only the number that was taken for the task's result is called contradicted; any other
    # may speak of something else, such as one class.
    claimed = entry.claimed
    if claimed is None or claim.hedged or not _sources(entry):
        return False
    return (claimed.cell, claimed.printed) == (claim.cell, claim.printed)


def _pieces(text: str, marks: list[tuple[Claim, Mark]]) -> tuple[Piece, ...]:
    """Cut the text at its numbers, each searched for after the one before."""
    pieces: list[Piece] = []
    end = 0
    for _, mark in sorted(marks, key=lambda pair: (pair[0].cell, pair[0].start)):
        # not inside a longer number: the 9 of 0.89 is no 9
        number_alone = rf"(?<![\d.]){re.escape(mark.printed)}(?!\d)"
        found = re.compile(number_alone).search(text, end)
        if found is None:
            continue
        pieces += [Piece(text[end : found.start()], ""), Piece(mark.printed, mark.state)]
        end = found.end()
    return tuple(piece for piece in [*pieces, Piece(text[end:], "")] if piece.text)
