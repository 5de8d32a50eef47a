"""Where code ends and what it printed begins, in a block that holds both."""

from collections.abc import Sequence
from typing import NamedTuple

from grader.intake.report.echoes import Echoes
from grader.intake.report.statements import CALL, PRINTED, statements, weight

TO_PRINTED = 1.0
"""What a change from code to printed text costs; a statement says up to twice its weight."""

TO_CODE = 6.0
"""What a change back costs: two sure statements, for printed text may hold a line of code."""

ECHO = -3.0
"""Weight of a line that code read before prints."""


class Stretch(NamedTuple):
    """Lines of one kind."""

    start: int
    end: int
    code: bool


def divided(
    lines: Sequence[str], echoes: Echoes, known: set[str], *, bias: float = 0.0
) -> list[Stretch]:
    """Code and printed text in turn, so that the fewest statements are misplaced.

    Args:
        lines: The block.
        echoes: The texts of the code before and in the block.
        known: Names that code before gives a value; those of the block are added.
        bias: What it costs to begin with printed text.
    """
    spans = list(statements(lines))
    weights = [_weight(lines[start:end], echoes, known) for start, end in spans]
    stretches: list[Stretch] = []
    for (start, end), code in zip(spans, _best(weights, bias), strict=True):
        if stretches and stretches[-1].code == code:
            stretches[-1] = stretches[-1]._replace(end=end)
        else:
            stretches.append(Stretch(start, end, code))
    return stretches


def _weight(lines: Sequence[str], echoes: Echoes, known: set[str]) -> float:
    found = weight("\n".join(lines), known)
    if found < CALL and len(lines) == 1 and echoes.knows(lines[0]):
        return ECHO
    return max(found, ECHO if found < 0 else PRINTED)


def _best(weights: Sequence[float], bias: float) -> list[bool]:
    """For each statement whether it is code: the cheapest way through both states."""
    as_code, as_printed = 0.0, -bias
    came_from: list[tuple[bool, bool]] = []
    for each in weights:
        from_code = (as_code >= as_printed - TO_CODE, as_code - TO_PRINTED >= as_printed)
        came_from.append(from_code)
        as_code, as_printed = (
            max(as_code, as_printed - TO_CODE) + each,
            max(as_code - TO_PRINTED, as_printed) - each,
        )
    code = as_code >= as_printed
    states: list[bool] = []
    for if_code, if_printed in reversed(came_from):
        states.append(code)
        code = if_code if code else if_printed
    return states[::-1]
