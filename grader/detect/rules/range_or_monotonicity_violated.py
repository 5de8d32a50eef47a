"""NUM006: range-or-monotonicity-violated."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import reduce

from msgspec import Struct

from grader.detect._jensen import f1_too_high
from grader.detect._ranks import misordered
from grader.detect.api import Sighting, Undecided, detector
from grader.model import (
    METRICS,
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Output,
    Reported,
    Wording,
    say,
    say_many,
)
from grader.patterns import regex

CHANGE = regex(
    r"Δ|\b(by|chang\w*|decreas\w*|delta|diff\w*|drop\w*|faster|gain\w*|gap|improv\w*|increas\w*|"
    r"loss|more|relative|slower|than)\b",
    re.I,
)
"""Words beside a difference between scores, which may have any sign and size."""

PERCENT_SIGNS = ("%", "\N{FULLWIDTH PERCENT SIGN}")
"""How outputs and texts mark a percentage."""

CERTAIN_FROM = 100.0
"""A bare number up to here may be a percentage typed without its sign."""

FRACTIONS = 0.5
"""A score of at least this, with as many decimals beside a bare number above 1, is a fraction, and
so is that number."""

FINE = 3
"""Fewest decimals of both."""


class Broken(Struct, frozen=True, kw_only=True):
    """A law that printed numbers break."""

    law: str
    """Which law."""

    task: str | None
    """Task."""

    message: Wording
    """What is wrong, with the numbers."""

    ref: EvidenceRef
    """Where they stand."""

    certain: bool = True
    """Whether it can be read in one way only."""


@detector(
    code="NUM006",
    name="range-or-monotonicity-violated",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
    status="stable",
    severity="major",
    follows=frozenset(
        {
            "macro-scores-inconsistent",
            "labels-from-predictions",
            "metric-function-shadowed",
        }
    ),
)
def range_or_monotonicity_violated(case: Case) -> Iterator[Sighting]:
    """A printed score is impossible, whatever the predictions were.

    ## Why it matters
    Accuracy, precision, recall and F1 lie between 0 and 1, macro F1 cannot exceed the harmonic
    mean of macro precision and macro recall, and top-5 accuracy is at least top-1 accuracy. A
    number that breaks one of these was not computed as it is named.

    ## Example
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy:.2%}")
    ```

    ```output
    Accuracy: 8895.00%
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy:.2%}")
    ```

    ```output
    Accuracy: 88.95%
    ```

    ## Verdict
    Major: the number is wrong, or is not what it is called. Certain, as it is arithmetic; likely
    where a bare number above 1 is taken for a fraction because the score beside it is one, and
    where an accuracy is taken for the share of first answers beside a top-5 accuracy.

    ## Known limits
    A bare number from 1 to 100 may be a percentage without its sign; it is left alone unless a
    score with as many decimals stands in the same output and is a fraction of at least 0.5. The
    bound on F1 holds for macro and micro averages only; it is applied where the output, or every
    metric call that reaches the cell, names such an average, and the three numbers stand close
    together in one output. Numbers beside words of comparison ("change", "gap") are left
    alone, and so are numbers in the text. CIDEr and similarity scores have other ranges and are
    left alone.

    ## Source
    Macro F1 is at most 2PR/(P+R) of macro precision P and macro recall R: Jensen's inequality,
    proved by J. Opitz and S. Burst, "Macro F1 and macro F1" (2019). Rounding of every printed
    number is granted, by cutting as well.
    """
    if not case.evidence.kinds & {EvidenceKind.SAVED, EvidenceKind.RERUN}:
        raise Undecided("The notebook holds no outputs.", needs="saved outputs or a run")
    found: dict[tuple[str, str | None], list[Broken]] = defaultdict(list)
    for broken in (*_out_of_range(case), *_f1_too_high(case), *_misordered(case)):
        found[broken.law, broken.task].append(broken)
    for (_, task), several in found.items():
        yield _sighting(task, several)


def _out_of_range(case: Case) -> Iterator[Broken]:
    texts = _lines(case)
    fine = [each for each in case.evidence.reported if FRACTIONS <= each.value <= 1]
    for number in case.evidence.reported:
        text = texts.get((number.source, number.cell, number.output, number.line), "")
        certain = _impossible(number)
        if (certain or _among_fractions(number, fine)) and not CHANGE.search(text):
            yield Broken(
                law="range",
                task=number.task,
                message=say(
                    "The output gives {metric} {value}",
                    metric=METRICS[number.metric].spoken,
                    value=number.printed,
                ),
                ref=_output_ref(number),
                certain=certain,
            )


def _among_fractions(number: Reported, fractions: Sequence[Reported]) -> bool:
    """Whether a bare number just above 1 stands among scores that are fractions."""
    if not METRICS[number.metric].hundredths or number.decimals < FINE:
        return False
    if not 1 + 10.0**-number.decimals < number.value <= 1 + FRACTIONS:
        return False
    place = (number.source, number.cell, number.output, number.decimals)
    return any(place == (x.source, x.cell, x.output, x.decimals) for x in fractions)


def _impossible(number: Reported) -> bool:
    if not METRICS[number.metric].hundredths:
        return False
    rounding = 0.5 * 10.0**-number.decimals
    if number.value < -rounding:
        return True
    if number.printed.rstrip().endswith(PERCENT_SIGNS):
        return number.value > 1 + rounding
    return number.value > CERTAIN_FROM + rounding


def _f1_too_high(case: Case) -> Iterator[Broken]:
    for each in f1_too_high(case):
        yield Broken(
            law="f1",
            task=each.f1.task,
            message=say(
                "F1 {f1} is above {mean}, the most that precision {precision} and recall {recall} "
                "allow",
                f1=each.f1.printed,
                mean=f"{each.bound:.4f}",
                precision=each.precision.printed,
                recall=each.recall.printed,
            ),
            ref=_output_ref(each.f1),
        )


def _misordered(case: Case) -> Iterator[Broken]:
    for each in misordered(case):
        place = each.above.place
        yield Broken(
            law="ranks",
            task=each.above.task or _task_with(case, place.cell, each.above.metric),
            message=say(
                "`{above}` is {value} and `{below}` is {lower}, although more are looked at",
                above=each.above.name,
                value=each.above.printed,
                below=each.below.name,
                lower=each.below.printed,
            ),
            ref=EvidenceRef(kind=EvidenceKind(place.source), cell=place.cell, line=place.line),
            certain=each.named,
        )


def _task_with(case: Case, cell: int, metric: str | None) -> str | None:
    """The task of a cell, where it asks for this metric."""
    owner = case.evidence.cell_tasks.get(cell)
    asks = any(each.id == owner and metric in each.metrics for each in case.lab.tasks)
    return owner if asks else None


def _lines(case: Case) -> dict[tuple[str, int, int, int], str]:
    """Lines of all outputs by source, cell, output and line number."""
    found: dict[tuple[str, int, int, int], str] = {}
    for cell in case.evidence.submission.code_cells:
        found |= _numbered("saved", cell.index, cell.outputs)
    for run in case.evidence.rerun:
        found |= _numbered("rerun", run.index, run.outputs)
    return found


def _numbered(
    source: str, cell: int, outputs: Sequence[Output]
) -> dict[tuple[str, int, int, int], str]:
    return {
        (source, cell, index, line): text
        for index, output in enumerate(outputs)
        for line, text in enumerate(output.text.splitlines(), start=1)
    }


def _output_ref(number: Reported) -> EvidenceRef:
    return EvidenceRef(kind=EvidenceKind(number.source), cell=number.cell, line=number.line)


REMEDIES = {
    "range": say(
        "Scores lie between 0 and 1 (0 % and 100 %); check that none is scaled twice or typed."
    ),
    "f1": say("Compute precision, recall and F1 from the same predictions with the same average."),
    "ranks": say("Check that both are computed from the same predictions."),
}
"""What to do, by law."""


def _sighting(task: str | None, several: Sequence[Broken]) -> Sighting:
    messages = list({str(each.message): each.message for each in several}.values())
    certain = any(each.certain for each in several)
    sure = say("Arithmetic, with the rounding of the printed numbers allowed for.")
    if not certain and several[0].law == "range":
        sure = say("Arithmetic, if the number is a fraction like the scores beside it.")
    elif not certain:
        sure = say("Arithmetic, if the numbers belong together as they stand.")
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        task=task,
        message=say(
            "{broken}, which no predictions can give.",
            broken=reduce(lambda one, other: say("{one}; {other}", one=one, other=other), messages),
        ),
        measured=say_many(
            "{n} number breaks the rule.", "{n} numbers break the rule.", len(messages)
        ),
        remedy=REMEDIES[several[0].law],
        sure=sure,
        evidence=tuple(dict.fromkeys(each.ref for each in several)),
    )
