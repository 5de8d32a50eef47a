"""The lines a finding points at."""

from collections.abc import Iterable

from msgspec import Struct

from grader.model import Evidence, EvidenceKind, EvidenceRef, Finding, Output
from grader.report.text import clean, cut, plural

__all__ = ["MAX_LINES", "Excerpt", "Line", "excerpts", "place"]

MAX_LINES = 12
MAX_EXCERPTS = 3
MAX_LINE_LENGTH = 300
_BEFORE = 2
_SHORT = {EvidenceKind.SAVED: ", saved output", EvidenceKind.RERUN: ", output of our run"}
_CAPTIONS = {
    EvidenceKind.SAVED: "The saved output of your cell",
    EvidenceKind.RERUN: "The output of our run of cell",
    EvidenceKind.PROSE: "Your text in cell",
}


class Line(Struct, frozen=True):
    """One line of an excerpt."""

    number: int
    text: str
    hit: bool
    remark: str


class Excerpt(Struct, frozen=True, kw_only=True):
    """Some lines of one cell or of its output."""

    caption: str
    lines: tuple[Line, ...]
    note: str
    """What was left out, if anything."""


def place(finding: Finding) -> str:
    """Where to look first, e.g. ``Cell 11, line 1``."""
    ref = finding.evidence[0]
    line = "" if ref.line is None else f", line {ref.line}"
    others = len({each.cell for each in finding.evidence} - {ref.cell})
    more = f" and {plural(others, 'other cell')}" if others else ""
    return f"Cell {ref.cell}{_SHORT.get(ref.kind, '')}{line}{more}"


def excerpts(finding: Finding, evidence: Evidence | None) -> tuple[Excerpt, ...]:
    """Excerpts for the places a finding points at, the first ones only."""
    if evidence is None:
        return ()
    groups: dict[tuple[EvidenceKind, int], list[EvidenceRef]] = {}
    for ref in finding.evidence:
        if ref.line is not None:
            groups.setdefault((_shown_as(ref.kind), ref.cell), []).append(ref)
    made = (_excerpt(kind, refs, evidence) for (kind, _), refs in groups.items())
    return tuple(each for each in made if each is not None)[:MAX_EXCERPTS]


def _shown_as(kind: EvidenceKind) -> EvidenceKind:
    # what the recorder saw is shown by the line of code that caused it
    return EvidenceKind.SOURCE if kind is EvidenceKind.RECORDING else kind


def _excerpt(kind: EvidenceKind, refs: list[EvidenceRef], evidence: Evidence) -> Excerpt | None:
    text = _text(kind, refs[0], evidence)
    lines = [] if text is None else clean(text).split("\n")
    hits = {number for ref in refs for number in _numbers(ref) if number <= len(lines)}
    if not hits:
        return None
    window = _window(min(hits), len(lines))
    remarks = {ref.end_line or ref.line: ref.remark for ref in refs}
    note = (
        f"{len(window)} of {plural(len(lines), 'line')} shown." if len(window) < len(lines) else ""
    )
    hidden = len(hits - set(window))
    return Excerpt(
        caption=f"{_CAPTIONS.get(kind, 'Your cell')} {refs[0].cell}",
        lines=tuple(
            Line(
                number,
                cut(lines[number - 1], MAX_LINE_LENGTH),
                number in hits,
                remarks.get(number, "") if number in hits else "",
            )
            for number in window
        ),
        note=f"{note} {plural(hidden, 'more line')} pointed at.".strip() if hidden else note,
    )


def _numbers(ref: EvidenceRef) -> Iterable[int]:
    first = ref.line or 1
    return range(first, max(first, ref.end_line or first) + 1)


def _window(first_hit: int, length: int) -> range:
    if length <= MAX_LINES:
        return range(1, length + 1)
    first = max(1, min(first_hit - _BEFORE, length - MAX_LINES + 1))
    return range(first, first + MAX_LINES)


def _text(kind: EvidenceKind, ref: EvidenceRef, evidence: Evidence) -> str | None:
    if kind in (EvidenceKind.SAVED, EvidenceKind.RERUN):
        return _output_text(kind, ref, evidence)
    cells = evidence.submission.cells
    return cells[ref.cell].source if 0 <= ref.cell < len(cells) else None


def _output_text(kind: EvidenceKind, ref: EvidenceRef, evidence: Evidence) -> str | None:
    """The output a line number counts in; ``None`` when that cannot be told."""
    outputs = _outputs(kind, ref.cell, evidence)
    named = {
        each.output
        for each in evidence.reported
        if (each.source, each.cell, each.line) == (kind.value, ref.cell, ref.line)
    }
    if len(named) == 1 and (index := named.pop()) < len(outputs):
        return outputs[index].text
    written = [each.text for each in outputs if each.text]
    return written[0] if len(written) == 1 else None


def _outputs(kind: EvidenceKind, cell: int, evidence: Evidence) -> tuple[Output, ...]:
    if kind is EvidenceKind.SAVED:
        cells = evidence.submission.cells
        return cells[cell].outputs if 0 <= cell < len(cells) else ()
    return next((each.outputs for each in evidence.rerun if each.index == cell), ())
