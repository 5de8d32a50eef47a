"""SMP005: claimed-n-mismatch."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from grader.detect._samples import pooled, uncounted
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Figure, Task, say
from grader.patterns import regex

NUMBER = regex(r"(?<![\w.,])\d{1,3}(?:[,\u202f\u00a0 ]\d{3}){1,3}(?![\d])|(?<![\w.,])\d{1,9}")
LONGEST = 20_000
"""Characters of one output that are looked at for the number."""

TINY = 1e-9

FEWEST = 2
"""Smallest number of items that is taken for one: a 1 is often something else."""


@detector(
    code="SMP005",
    name="claimed-n-mismatch",
    requires=frozenset({EvidenceKind.PROSE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def claimed_n_mismatch(case: Case) -> Iterator[Sighting]:
    """The text says that a score rests on another number of items than was scored.

    ## Why it matters
    How far a score can be trusted depends on how many items it was measured on. A reader who is
    told ten times as many takes a rough guess for a result.

    ## Example
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    test = load_dataset("uoft-cs/cifar10", split="test[:200]")
    y_pred = [predict(image) for image in test["img"]]
    print(f"Accuracy: {accuracy_score(test['label'], y_pred):.4f}")
    ```

    ```output
    Accuracy: 0.8850
    ```

    ```markdown
    On 10,000 test images CLIP reached an accuracy of 88.50%.
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    test = load_dataset("uoft-cs/cifar10", split="test[:200]")
    y_pred = [predict(image) for image in test["img"]]
    print(f"Accuracy: {accuracy_score(test['label'], y_pred):.4f}")
    ```

    ```output
    Accuracy: 0.8850
    ```

    ```markdown
    On 200 test images CLIP reached an accuracy of 88.50%.
    ```

    ## Verdict
    Major and likely, also with a run: what was scored was counted, but what a sentence means was
    read. Silent while any evaluation of the task has the number the text gives, or while some
    evaluation of the task has an unknown size.

    ## Known limits
    The number must stand in the same sentence or table as the score, and an output or our run
    must give the score itself, so that it is clear which evaluation is meant. Numbers called
    approximate, aims and results of others are left out, and so is a number that an output shows,
    for it may be what the text is about, unless a run counted what was scored. Tasks that are not
    told apart in the text are not judged.

    ## Source
    A comparison of whole numbers, no statistic.
    """
    for task in case.lab.tasks:
        known = _known(case, task)
        if not known:
            continue
        claims = [each for each in _claims(case, task) if _was_measured(case, each)]
        wrong = [each for each in claims if not _borne_out(case, each, known)]
        for cell, figures in _by_cell(wrong).items():
            yield _sighting(case, task, cell, figures, known)


def _claims(case: Case, task: Task) -> Iterator[Figure]:
    """Scores of the task in the text that are said to rest on a number of items."""
    for each in case.evidence.figures:
        stated = each.place.source == "text" and each.kind == "score" and each.n is not None
        if stated and each.task == task.id and _is_result(each):
            yield each


def _is_result(figure: Figure) -> bool:
    other = figure.hedged or figure.target or figure.cited or figure.split in {"train"}
    return not other and (figure.n or 0) >= FEWEST


def _was_measured(case: Case, claim: Figure) -> bool:
    """Whether an output, or our run, gives the score itself: then it is this evaluation."""
    values = [each.value for each in case.evidence.figures if each.place.source != "text"]
    for evaluation in case.evidence.evaluations:
        values += evaluation.scores.values()
    half = 0.5 * 10.0**-claim.decimals + TINY
    return any(
        abs(value * scale - claim.value) <= half for value in values for scale in (1, 100, 0.01)
    )


def _known(case: Case, task: Task) -> tuple[int, ...]:
    """Items of every evaluation that may be the task's; empty while the size of one is unknown."""
    best = case.evidence.best(task.id)
    if best is not None:
        open_ = uncounted(case, task, best) is not None
        return () if open_ else tuple(sorted(_counted(case, task)))
    sizes: set[int] = set()
    stated = [each for each in case.evidence.stated if each.source != "text"]
    for each in stated:
        if each.task in (None, task.id) and each.scores:
            if each.n is None:
                return ()
            sizes.add(each.n)
    own = any(each.task == task.id and each.n is not None for each in stated)
    return tuple(sorted(sizes)) if own else ()


def _counted(case: Case, task: Task) -> set[int]:
    """Sizes a run counted: of evaluations, of batches taken together, of what models saw."""
    recording = case.evidence.recording
    mine = [each for each in case.evidence.evaluations if each.task in (None, task.id)]
    sizes = {each.n for each in mine} | {pooled(case, each) for each in mine}
    sizes |= {each.rows for each in recording.passes if not each.gradients}
    return sizes | {one + other for one in sizes for other in sizes if one != other}


def _borne_out(case: Case, figure: Figure, known: Sequence[int]) -> bool:
    n = figure.n or 0
    counted = any(each.task == figure.task for each in case.evidence.evaluations)
    return n in known or (not counted and n in _printed(case))


def _printed(case: Case) -> frozenset[int]:
    """Every whole number in an output."""
    found: set[int] = set()
    for cell in case.evidence.submission.code_cells:
        for output in cell.outputs:
            for match in NUMBER.finditer(output.text[:LONGEST]):
                digits = re.sub(r"\D", "", match[0])
                found.add(int(digits))
    return frozenset(found)


def _by_cell(figures: Sequence[Figure]) -> dict[int, list[Figure]]:
    cells: dict[int, list[Figure]] = defaultdict(list)
    for each in figures:
        cells[each.place.cell].append(each)
    return dict(list(cells.items())[:1])


def _sighting(
    case: Case, task: Task, cell: int, figures: Sequence[Figure], known: Sequence[int]
) -> Sighting:
    claimed = figures[0].n or 0
    scored = _nearest(case, task, known)
    run = any(each.task == task.id for each in case.evidence.evaluations)
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        message=say(
            "The text says that the score rests on {claimed} items, but {scored} were scored.",
            claimed=claimed,
            scored=scored,
        ),
        measured=say(
            "Items in the sentence with the score {score}: {claimed}; items scored: {scored}.",
            score=figures[0].printed,
            claimed=claimed,
            scored=scored,
        ),
        remedy=say("Write the number of items that were scored beside the score."),
        sure=say("What was scored was counted in our run; what the text means was read.")
        if run
        else say("Both numbers were read in the notebook."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.PROSE,
                cell=cell,
                line=figures[0].place.line,
                remark=f"{scored} were scored",
            ),
        ),
        task=task.id,
    )


def _nearest(case: Case, task: Task, known: Sequence[int]) -> int:
    """The size to name: of the evaluation the task is judged by, else the largest known."""
    best = case.evidence.best(task.id)
    return best.n if best is not None else max(known)
