"""OUT006: edited-output."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from grader.detect._asked import same_arrays
from grader.detect._confusion import printed_matrices
from grader.detect._consistency import Report, Shown, line_ref, outputs, range_of, ref
from grader.detect._repeats import counts_beside, percentage_beside, saved_reports, saved_shares
from grader.detect.api import Sighting, Undecided, detector
from grader.metrics.consistency.shown import meet
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Reported, Wording, say


class Clash(Struct, frozen=True, kw_only=True):
    """Two printed numbers that are the same number and differ."""

    message: Wording
    """The numbers."""

    certain: bool
    """Whether nothing else can be meant."""

    task: str | None
    """Task."""

    refs: tuple[EvidenceRef, ...]
    """Where they stand."""


@detector(
    code="OUT006",
    name="edited-output",
    requires=frozenset({EvidenceKind.SAVED}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset(
        {
            "hard-coded-metric",
            "binary-scores-inconsistent",
            "confusion-matrix-mismatch",
        }
    ),
)
def edited_output(case: Case) -> Iterator[Sighting]:
    """Saved numbers that no run of the cell could have printed together.

    ## Why it matters
    Outputs are text in the file and can be changed in an editor. When one cell shows the same
    quantity twice with different values, at least one of them is not what the code printed, and
    the other numbers of the file cannot be relied on either.

    ## Example
    ```python
    # Task 1: ViT
    print(f"Accuracy: {correct / total:.4f} ({correct}/{total})")
    ```

    ```output
    Accuracy: 0.9844 (113/128)
    ```

    ## Use instead
    ```python
    # Task 1: ViT
    print(f"Accuracy: {correct / total:.4f} ({correct}/{total})")
    ```

    ```output
    Accuracy: 0.8828 (113/128)
    ```

    ## Verdict
    Major: one of the numbers is not what the code printed, but an evaluation may well have been
    made, and a mistake in the code cannot be excluded. Certain for counts beside an accuracy, and
    where the source hands report or matrix and accuracy the same arrays. Likely for a fraction
    and a percentage, and for a report whose arrays the source does not tell.

    ## Known limits
    Compared are an accuracy and the counts beside it, a fraction and the percentage in parentheses
    behind it, an accuracy and that of the report in the same cell, and, where the source hands
    both the same arrays, an accuracy and the confusion matrix of the cell. Nothing is said of
    progress bars, of words of training, validation, epochs, folds and means, and of cells that
    show several scores of a kind. A mistake in the code can have the same effect as an edit; the
    finding says what differs, not why.

    ## Source
    The definition of accuracy; rounding and cutting of every printed number are granted.
    """
    if not any(seen.source == "saved" for seen in outputs(case)):
        raise Undecided("The file holds no saved text.", needs="saved outputs")
    found = [*_counts(case), *_percentages(case), *_reports(case), *_matrices(case)]
    for task in dict.fromkeys(each.task for each in found):
        yield _sighting(task, [each for each in found if each.task == task])


def _counts(case: Case) -> Iterator[Clash]:
    """An accuracy beside counts that give another."""
    several = Counter((n.cell, n.output, n.line) for _, n, _ in saved_shares(case))
    for _, number, line in saved_shares(case):
        counted = counts_beside(line)
        if counted is None or several[number.cell, number.output, number.line] > 1:
            continue
        right, total = counted
        value = range_of(number)
        # The counts may be of the wrong answers.
        if right / total not in value and 1 - right / total not in value:
            yield Clash(
                message=say(
                    "{right} of {total} is {share}, but {printed} stands beside it",
                    right=right,
                    total=total,
                    share=f"{right / total:.4f}",
                    printed=number.printed,
                ),
                certain=True,
                task=number.task,
                refs=(ref(number),),
            )


def _percentages(case: Case) -> Iterator[Clash]:
    """A fraction whose percentage in parentheses is another number."""
    for _, number, line in saved_shares(case):
        pair = percentage_beside(line)
        if pair is None:
            continue
        fraction, percentage, one, other = pair
        of_score = any(meet(range_of(number), each) for each in (one, other))
        if of_score and not meet(one, other):
            yield Clash(
                message=say(
                    "{percentage} % stands as the percentage of {fraction}",
                    percentage=percentage,
                    fraction=fraction,
                ),
                certain=False,
                task=number.task,
                refs=(ref(number),),
            )


def _reports(case: Case) -> Iterator[Clash]:
    """An accuracy beside a report that gives another."""
    for report in saved_reports(case):
        cell = report.shown.cell
        loose = [n for seen, n, _ in saved_shares(case) if _outside(n, seen, report)]
        same = same_arrays(case, cell, "accuracy_score", "classification_report")
        if len(loose) == 1 and loose[0].metric == "accuracy" and same is not False:
            yield from _differing(loose[0], report, same)


def _outside(number: Reported, seen: Shown, report: Report) -> bool:
    """Whether a score stands in the cell of a report, but not in it."""
    inside = report.accuracy is not None and number.line == report.accuracy[2]
    return seen.cell == report.shown.cell and not (inside and seen.output == report.shown.output)


def _differing(number: Reported, report: Report, same: bool | None) -> Iterator[Clash]:
    if report.accuracy is None or meet(range_of(number), report.accuracy[0]):
        return
    yield Clash(
        message=say(
            "the accuracy stands as {one} and, in the report of the same cell, as {other}",
            one=number.printed,
            other=report.accuracy[1],
        ),
        certain=same is True,
        task=number.task,
        refs=(ref(number), line_ref(report.shown, report.accuracy[2])),
    )


def _matrices(case: Case) -> Iterator[Clash]:
    """An accuracy beside the confusion matrix of the very same arrays."""
    for printed in printed_matrices(case):
        numbers = [each for each in printed.numbers if each.metric == "accuracy"]
        of_file = printed.at.place.source == "saved" and printed.proven is True
        # Of a matrix with another number of items `confusion-matrix-mismatch` speaks.
        totals = {each.n for each in numbers if each.n} | {each.n for each in printed.reports}
        if totals - {printed.matrix.n}:
            continue
        fits = any(r.accuracy and printed.share in r.accuracy[0] for r in printed.reports)
        if of_file and len(numbers) == 1 and not fits and printed.share not in range_of(numbers[0]):
            yield Clash(
                message=say(
                    "the confusion matrix has {right} of {total} on its diagonal, which is "
                    "{share}, but {printed} stands beside it",
                    right=printed.matrix.right,
                    total=printed.matrix.n,
                    share=f"{printed.share:.4f}",
                    printed=numbers[0].printed,
                ),
                certain=True,
                task=numbers[0].task,
                refs=(ref(numbers[0]), printed.ref),
            )


def _sighting(task: str | None, several: list[Clash]) -> Sighting:
    certain = any(each.certain for each in several)
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        task=task,
        message=say(
            "Saved numbers exclude each other: {what}. No run of the cell prints both.",
            what=several[0].message,
        ),
        measured=say("Contradictions within one cell: {n}.", n=len(several)),
        remedy=say("Restart the kernel, run all cells, and save the notebook as it is then."),
        sure=say("Arithmetic on numbers that one cell shows.")
        if certain
        else say("Arithmetic; that both numbers are of the same scores is taken from the output."),
        evidence=tuple(dict.fromkeys(ref for each in several for ref in each.refs)),
    )
