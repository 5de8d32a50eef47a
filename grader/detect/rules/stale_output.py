"""OUT001: stale-output."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from grader.detect._samples import STAND_INS
from grader.detect._stale import Stale, stale, stale_figure, task_of
from grader.detect.api import Sighting, Undecided, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Severity,
    Task,
    Wording,
    say,
)

SHOWN = 4
"""Most lines pointed at in one finding."""


@detector(
    code="OUT001",
    name="stale-output",
    requires=frozenset({EvidenceKind.SAVED, EvidenceKind.RERUN}),
    since="0.1.0",
    status="stable",
    severity="major",
    follows=frozenset(
        {
            "edited-output",
            "grim-inconsistent",
            "macro-scores-inconsistent",
            "range-or-monotonicity-violated",
        }
    ),
)
def stale_output(case: Case) -> Iterator[Sighting]:
    """A saved score is not what its cell prints when it is run again.

    ## Why it matters
    A score that the code beside it does not give cannot be checked. It may stem from an earlier
    version of the cell or from cells run in another order.

    ## Example
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy_score(y_true, y_pred):.4f}")
    ```

    ```output
    Accuracy: 0.8900
    ```

    ```rerun
    Accuracy: 0.6000
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.6,
               y_true: "0x100 1x100", y_pred: "0x100 1x20 0x80"}
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy_score(y_true, y_pred):.4f}")
    ```

    ```output
    Accuracy: 0.6000
    ```

    ```rerun
    Accuracy: 0.6000
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, value: 0.6,
               y_true: "0x100 1x100", y_pred: "0x100 1x20 0x80"}
    ```

    ## Verdict
    Major, likely, when nothing is trained and the published models ran: the saved score is not the
    one of this code. Review when training or stand-in models may be the reason, or when only the
    order of the cells differs. Where a trained model has no reference band, a difference of less
    than 15 points is left undecided and a larger one is a hint for a person.

    ## Known limits
    Two scores differ only if their 95 % intervals at the number of items scored do not overlap; a
    small difference is taken for other hardware. For a trained model the difference must also
    exceed the width of the reference band. Stand-in models
    give other scores than published ones, so with them only a person can tell.

    ## Source
    Wilson interval: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference" (1927). That intervals must not overlap is stricter than a test at 5 %
    (N. Schenker and J. F. Gentleman, "On judging the significance of differences by examining
    the overlap between confidence intervals", 2001). The interval of a share is also taken for
    means between 0 and 1, whose own is never wider, and for BLEU, of which there is no formula.
    """
    found: dict[str, list[Stale]] = defaultdict(list)
    unclear: list[str] = []
    for task, looked in _looked_at(case):
        try:
            found[task.id].extend(looked)
        except Undecided as answer:
            unclear.append(answer.reason)
    if unclear and not any(found.values()):
        raise Undecided(unclear[0], needs="a person who compares the two outputs")
    for name, all_stale in found.items():
        if all_stale:
            yield _sighting(case, case.lab.task(name), all_stale)


def _looked_at(case: Case) -> Iterator[tuple[Task, Iterator[Stale]]]:
    """Every saved score that belongs to a task: metrics of the lab, then other scores."""
    seen: set[tuple[int, int]] = set()
    for number in case.evidence.reported:
        task = task_of(case, number)
        if number.source == "saved" and task is not None:
            seen.add((number.cell, number.line))
            yield task, stale(case, number, task)
    for figure in case.evidence.figures:
        place = figure.place
        if place.source == "saved" and figure.kind == "score":
            task = task_of(case, figure)
            if task is not None and (place.cell, place.line) not in seen:
                yield task, stale_figure(case, figure, task)


def _sighting(case: Case, task: Task, found: Sequence[Stale]) -> Sighting:
    stand_in = case.lab.profile in STAND_INS
    graded = not stand_in and not task.trained
    severity: Severity = (
        "major" if graded and any(each.is_significant for each in found) else "review"
    )
    unbanded = any(each.unbanded for each in found)
    return Sighting(
        severity=severity,
        confidence=Confidence.HINT if unbanded else Confidence.LIKELY,
        task=task.id,
        message=_message(found),
        measured=_listed([_said(each) for each in found]),
        remedy=say("Restart the kernel, run all cells from the top, and save the notebook."),
        sure=_sure(stand_in=stand_in, trained=task.trained, unbanded=unbanded),
        evidence=tuple(_ref(each) for each in found[:SHOWN]),
    )


def _message(found: Sequence[Stale]) -> Wording:
    first = found[0]
    metric, printed = first.name, first.printed
    if first.rerun is None:
        return say(
            "The saved output shows {metric} {printed}, but run again the cell prints none.",
            metric=metric,
            printed=printed,
        )
    return say(
        "Re-running gives {metric} {again}, the saved output says {printed}.",
        metric=metric,
        again=f"{first.rerun:.4f}",
        printed=printed,
    )


def _listed(parts: Sequence[Wording]) -> Wording:
    said = parts[0]
    for part in parts[1:]:
        said = say("{one}; {other}", one=said, other=part)
    return said


def _said(one: Stale) -> Wording:
    metric, printed = one.name, one.printed
    if one.rerun is None:
        return say("{metric}: saved {printed}, not printed again", metric=metric, printed=printed)
    again, n = f"{one.rerun:.4f}", one.n or 0
    if one.reordered:
        return say(
            "{metric}: saved {printed}, re-run {again}, n = {n}, a cell it uses was run after it",
            metric=metric,
            printed=printed,
            again=again,
            n=n,
        )
    return say(
        "{metric}: saved {printed}, re-run {again}, n = {n}",
        metric=metric,
        printed=printed,
        again=again,
        n=n,
    )


def _sure(*, stand_in: bool, trained: bool, unbanded: bool) -> Wording:
    if unbanded:
        return say("No reference band says how much training varies, so a person must look.")
    if stand_in:
        return say("Our run used stand-in models, which may be the reason for the difference.")
    if trained:
        return say(
            "Training varies between runs; the difference is larger than the reference band."
        )
    return say("The 95 % intervals of the two scores do not overlap.")


def _ref(one: Stale) -> EvidenceRef:
    again = "not printed" if one.rerun is None else f"{one.rerun:.4f}"
    return EvidenceRef(
        kind=EvidenceKind.SAVED,
        cell=one.cell,
        line=one.line,
        remark=f"re-run: {again}",
    )
