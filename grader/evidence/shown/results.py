"""Values of a cell's last expression: a bare number, or the list Keras's ``evaluate`` returns."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from grader.evidence import numbers
from grader.evidence.shown.draft import LONGEST_NAME, Draft
from grader.evidence.shown.meaning import Meaning, meaning
from grader.evidence.shown.units import measured_at
from grader.patterns import regex

__all__ = ["last_line", "values"]

_VALUE = regex(
    r"\s{0,20}(?P<open>[\[(]?)(?P<body>[^\[\]{}:='\"]{1,600}?)(?P<close>[\])]?,?)\s{0,20}"
)
_WRAPPER = regex(r"(?:(?:np|numpy|torch)\.)?(?:float|int|tensor)\d{0,2}\(")
_MOST = 12


def last_line(source: str) -> str:
    """The last line of code of a cell, at most 80 characters; empty for none."""
    rows = (row.strip() for row in reversed(source.split("\n")))
    return next((row for row in rows if row and not row.startswith("#")), "")[:LONGEST_NAME]


def values(text: str, source: str, before: Sequence[Draft]) -> Iterator[Draft]:
    """The numbers of a result that is a number or a short list of numbers.

    A number alone is called by the last line of its cell. Those of a list are called as the
    progress line before them does, where it shows the same numbers rounded.

    Args:
        text: Folded text of the result.
        source: Source of the cell.
        before: Numbers in the outputs of the cell before this one.
    """
    match = _VALUE.fullmatch(text) if len(text) <= 800 else None
    name = last_line(source)
    if match is None or not name:
        return
    body = _WRAPPER.sub(lambda wrapper: " " * len(wrapper[0]), match["body"]).replace(")", " ")
    start = match.start("body")
    found = [_draft(part, start + offset, name, text) for offset, part in _parts(body)]
    numbers_only = [each for each in found if each is not None]
    if len(numbers_only) != len(found) or not found:
        return
    if len(found) == 1:
        yield numbers_only[0]
        return
    evaluated = ".evaluate(" in source
    for index, each in enumerate(numbers_only):
        yield _as_before(each, before, index, evaluated=evaluated)


def _parts(body: str) -> list[tuple[int, str]]:
    """The parts between commas with their offsets; a comma at the end makes no part."""
    parts, start = [], 0
    for part in body.split(",")[: _MOST + 1]:
        if part.strip():
            parts.append((start, part))
        start += len(part) + 1
    return parts if len(parts) <= _MOST else []


def _draft(part: str, offset: int, name: str, text: str) -> Draft | None:
    left = len(part) - len(part.lstrip())
    start, end = offset + left, offset + len(part.rstrip())
    measured = measured_at(part, left, len(part))
    if measured is None or measured.quantity.end != len(part.rstrip()):
        return None
    quantity = replace(measured.quantity, start=start, end=end, printed=text[start:end])
    meant = meaning(name, value=quantity.value, whole=quantity.whole, percent=quantity.percent)
    return Draft(
        line=text.count("\n", 0, start),
        start=start,
        quantity=quantity,
        name=name,
        meaning=meant,
        unit=measured.unit,
        context=name,
        n=numbers.item_count(name),
    )


def _as_before(draft: Draft, before: Sequence[Draft], index: int, *, evaluated: bool) -> Draft:
    """The number with the name under which the same was printed before it."""
    same = [each for each in before if _rounds_to(draft.quantity.value, each)]
    if same:
        known = replace(same[-1].meaning, split=same[-1].meaning.split or draft.meaning.split)
        return replace(draft, name=same[-1].name, meaning=known)
    if evaluated and index == 0:
        return replace(draft, meaning=Meaning(kind="loss", split=draft.meaning.split))
    name = f"{draft.name[: LONGEST_NAME - 5]} [{index}]"
    return replace(draft, name=name, meaning=replace(draft.meaning, metric=None, kind="other"))


def _rounds_to(value: float, printed: Draft) -> bool:
    close = abs(value - printed.quantity.value) <= 0.5 * 10.0**-printed.quantity.decimals * 1.001
    return close and printed.meaning.kind in {"score", "loss"}
