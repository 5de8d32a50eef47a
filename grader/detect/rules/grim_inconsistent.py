"""NUM001: grim-inconsistent."""

import re
from collections.abc import Iterator
from math import floor

from msgspec import Struct

from grader.detect._asked import scored_whole
from grader.detect._consistency import (
    NEAR,
    OTHER_DATA,
    Shown,
    outputs,
    range_of,
    ref,
)
from grader.detect._items import batch_sizes, counts, stated_counts
from grader.detect.api import Sighting, Undecided, detector
from grader.metrics.consistency.lattice import chance, possible
from grader.metrics.consistency.shown import Range, meet, shown
from grader.model import METRICS, Case, Claim, Confidence, EvidenceKind, EvidenceRef, Reported, say
from grader.patterns import regex

PARTS = {
    "accuracy": (1,),
    "top5_accuracy": (1,),
    "exact_match": (1,),
    # a third for each of ten people who gave the answer, and the mean over nine of them
    "vqa_accuracy": (3, 10),
}
"""Metrics that count items, with the steps in which one item is scored."""

HIGHEST_CHANCE = 0.25
"""Chance that an invented value passes; above it the test says nothing and is not made."""

TEST = regex(r"test|eval|测试", re.I)
"""Words of the items scored."""

FEWEST = 2
"""Items; what one item can give is `single-sample-eval`'s matter."""


class Misfit(Struct, frozen=True, kw_only=True):
    """A score that so many items cannot give."""

    number: Reported | Claim
    """The score."""

    n: int
    """Items stated."""

    beside: bool
    """Whether the number of items stands in the same line or sentence."""

    ref: EvidenceRef
    """Where it stands."""


@detector(
    code="NUM001",
    name="grim-inconsistent",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset(
        {
            "hard-coded-metric",
            "edited-output",
            "confusion-matrix-mismatch",
            "averaging-identity-violated",
            "binary-scores-inconsistent",
            "batch-mean-aggregation",
            "logits-or-axis-misuse",
            "metric-function-shadowed",
        }
    ),
)
def grim_inconsistent(case: Case) -> Iterator[Sighting]:
    """A score that no whole number of right answers gives.

    ## Why it matters
    An accuracy is a number of right answers divided by the number of items. With 200 images it
    moves in steps of 0.005, so 0.8895 would be 177.9 right answers: either the score or the
    number of images is not that of this evaluation.

    ## Example
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy:.4f} (n=200)")
    ```

    ```output
    Accuracy: 0.8895 (n=200)
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy:.4f} (n=200)")
    ```

    ```output
    Accuracy: 0.8900 (n=200)
    ```

    ## Verdict
    Major: the score is wrong, or it is not of the items stated, but an evaluation may well have
    been made. Certain when the number of items is printed in the line of the score, because no
    whole number then gives it. Likely when the number is taken from another line of the output or
    the score stands in text, where it may be of other items.

    ## Known limits
    Accuracy, top-5 accuracy, exact match and VQA accuracy are tested, nothing that is averaged
    over classes. The number of items must be stated in the same output or sentence. Every number
    of items the cell shows is tried; means over batches, with the last one smaller, counted as
    full or left out, are accepted where the notebook uses batches. Silent where an invented value
    would pass in more than one case of four, which is the rule above about 1,000 items with four
    decimals; beside words of training, validation, epochs, folds, runs and means; and for scores
    gathered from several devices with items counted twice, when the line says so.

    ## Source
    N. Brown and J. Heathers, "The GRIM test", Social Psychological and Personality Science 8
    (2017). Rounding half up, half to even and cutting are all granted. The limit of one in four
    is chosen; the chance is counted over the two hundred nearest values that could be printed.
    """
    if not case.evidence.reported and not case.evidence.claims:
        raise Undecided("No score was found in outputs or text.", needs="a printed score")
    found = [*_in_outputs(case), *_in_text(case)]
    for task in dict.fromkeys(each.number.task for each in found):
        yield _sighting(task, [each for each in found if each.number.task == task])


def _in_outputs(case: Case) -> Iterator[Misfit]:
    texts = {(each.source, each.cell, each.output): each for each in outputs(case)}
    for number in case.evidence.reported:
        seen = texts.get((number.source, number.cell, number.output))
        if seen is None or number.average is not None:
            continue
        n = number.n or _of_figure(case, number) or _test_items(seen, number.line)
        line = seen.lines[number.line - 1] if number.line <= len(seen.lines) else ""
        if n is None or seen.several_runs or OTHER_DATA.search(line):
            continue
        if _impossible(case, number, n, stated_counts(case, seen)):
            beside = str(n) in re.findall(r"\d+", re.sub(r"(?<=\d),(?=\d{3})", "", line))
            yield Misfit(number=number, n=n, beside=beside, ref=ref(number, f"{n} items"))


def _of_figure(case: Case, number: Reported) -> int | None:
    """Items that the output says the same score rests on, read from the words around it."""
    here = (number.source, number.cell, number.output, number.line, number.metric)
    for figure in case.evidence.figures:
        place = figure.place
        there = (place.source, place.cell, place.output, place.line, figure.metric)
        if there == here and meet(range_of(number), shown(figure.value, figure.decimals)):
            return None if figure.split in ("train", "validation") else figure.n
    return None


def _test_items(seen: Shown, line: int) -> int | None:
    """The one number of test items that lines just above a score state."""
    above = seen.lines[max(0, line - 1 - NEAR) : line - 1]
    found = {
        count
        for text in above
        if TEST.search(text) and not OTHER_DATA.search(text)
        for count in counts(text)
    }
    return found.pop() if len(found) == 1 else None


def _in_text(case: Case) -> Iterator[Misfit]:
    for claim in case.evidence.claims:
        if claim.n is None or claim.hedged or claim.target or claim.cited:
            continue
        # Where an output shows the score, it is judged there, with the items it is of.
        in_output = any(
            each.metric == claim.metric and each.task in (None, claim.task)
            for each in case.evidence.reported
        )
        if in_output or OTHER_DATA.search(claim.sentence):
            continue
        if _impossible(case, claim, claim.n, set()):
            yield Misfit(number=claim, n=claim.n, beside=True, ref=_claim_ref(case, claim))


def _impossible(case: Case, number: Reported | Claim, n: int, others: set[int]) -> bool:
    """Whether neither the items stated nor any other number shown gives the score."""
    parts = PARTS.get(number.metric, ())
    if not parts or n < FEWEST or not 0 <= number.value <= 1:
        return False
    whole = isinstance(number, Reported) and scored_whole(case, number.cell)
    batches = () if whole else batch_sizes(case)

    def accepts(value: Range) -> bool:
        return any(possible(value, n, parts=each, batches=batches) for each in parts)

    value = range_of(number)
    if accepts(value) or any(possible(value, other, parts=max(parts)) for other in others):
        return False
    return chance(value, number.decimals, accepts) <= HIGHEST_CHANCE


def _claim_ref(case: Case, claim: Claim) -> EvidenceRef:
    source = next(c.source for c in case.evidence.submission.cells if c.index == claim.cell)
    line = source.count("\n", 0, claim.start) + 1
    return EvidenceRef(kind=EvidenceKind.PROSE, cell=claim.cell, line=line)


def _sighting(task: str | None, several: list[Misfit]) -> Sighting:
    first = several[0]
    number, n = first.number, first.n
    count = min(n - 1, floor(number.value * n))
    certain = any(each.beside and isinstance(each.number, Reported) for each in several)
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        task=task,
        message=say(
            "With {n} items, {metric} cannot be {printed}: {low} right of {n} gives {below}, and "
            "{high} right gives {above}.",
            n=n,
            metric=METRICS[number.metric].spoken,
            printed=number.printed,
            low=count,
            below=f"{count / n:.4f}",
            high=count + 1,
            above=f"{(count + 1) / n:.4f}",
        ),
        measured=say(
            "{printed} of {n} items would be {right} right answers.",
            printed=number.printed,
            n=n,
            right=f"{number.value * n:.2f}",
        ),
        remedy=say("Count the right answers again, divide by the number of items, and state both."),
        sure=say("Arithmetic, with the number of items printed beside the score.")
        if certain
        else say("Arithmetic; the number of items is taken from the same output or sentence."),
        evidence=tuple(each.ref for each in several),
    )
