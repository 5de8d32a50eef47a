"""NUM005: confusion-matrix-mismatch."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._confusion import Printed, printed_matrices
from grader.detect._consistency import Report, range_of, ref
from grader.detect._items import batch_sizes
from grader.detect.api import Sighting, Undecided, detector
from grader.metrics.consistency.counts import Confusion
from grader.metrics.consistency.shown import Range
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Wording, say


class Mismatch(Struct, frozen=True, kw_only=True):
    """What the matrix contradicts."""

    message: Wording
    """One sentence with the numbers."""

    certain: bool
    """Whether everything stands in one output."""

    refs: tuple[EvidenceRef, ...]
    """Where the other numbers stand."""


@detector(
    code="NUM005",
    name="confusion-matrix-mismatch",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"hard-coded-metric", "binary-scores-inconsistent"}),
)
def confusion_matrix_mismatch(case: Case) -> Iterator[Sighting]:
    """A printed confusion matrix does not fit the numbers printed beside it.

    ## Why it matters
    Every score of a classification can be counted from its confusion matrix: all entries are the
    items, each row a class, the diagonal the right answers. When they disagree, the matrix or the
    scores are of other predictions, and it is not known which to believe.

    ## Example
    ```python
    # Task 2: CLIP
    print(matrix)
    print(f"Accuracy: {accuracy:.4f} (n=100)")
    ```

    ```output
    [[45  5]
     [ 8 42]]
    Accuracy: 0.9700 (n=100)
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    print(matrix)
    print(f"Accuracy: {accuracy:.4f} (n=100)")
    ```

    ```output
    [[45  5]
     [ 8 42]]
    Accuracy: 0.8700 (n=100)
    ```

    ## Verdict
    Major: the matrix or the scores are wrong, but an evaluation may well have been made. Certain
    when matrix and report, or matrix and the only accuracy of the cell, stand in one output.
    Likely when they stand in two outputs of the cell, when the cell prints several accuracies,
    and when only the number of items differs, which may be that of a larger set.

    ## Known limits
    Judged is the only confusion matrix of a cell, printed whole, with whole numbers. Rows may be
    true or predicted classes. A normalised matrix, one that was drawn, and one beside words of
    training, validation, epochs and folds are left alone. One agreeing accuracy in the cell is
    enough. Where the source shows that matrix and accuracy are of the same arrays and the file
    was handed in so, `edited-output` speaks instead of this one.

    ## Source
    The definitions of the scores; rounding and cutting of every printed number are granted.
    """
    if not case.evidence.kinds & {EvidenceKind.SAVED, EvidenceKind.RERUN}:
        raise Undecided("The notebook holds no outputs.", needs="saved outputs or a run")
    for printed in printed_matrices(case):
        found = next(_mismatches(case, printed), None)
        if found is not None:
            yield _sighting(printed, found)


def _mismatches(case: Case, printed: Printed) -> Iterator[Mismatch]:
    """What the matrix contradicts, the plainest first."""
    yield from _total(case, printed)
    yield from _report(printed)
    yield from _accuracy(printed)


def _total(case: Case, printed: Printed) -> Iterator[Mismatch]:
    """Another number of items beside the scores than in the matrix."""
    stated = {each.n: each for each in printed.numbers if each.n is not None}
    total = printed.matrix.n
    if len(stated) != 1 or total in stated:
        return
    n, number = next(iter(stated.items()))
    left_out = any(0 < n - total < size and total % size == 0 for size in batch_sizes(case))
    if not left_out:
        yield Mismatch(
            message=say("The confusion matrix adds up to {total}, not {n}.", total=total, n=n),
            certain=False,
            refs=(ref(number),),
        )


def _report(printed: Printed) -> Iterator[Mismatch]:
    """A report whose classes have other sizes, or other scores."""
    if len(printed.reports) != 1:
        return
    report = printed.reports[0]
    if not report.complete or len(report.rows) != len(printed.matrix.rows):
        return
    certain = report.shown.output == printed.at.place.output
    at = EvidenceRef(
        kind=EvidenceKind(report.shown.source), cell=report.shown.cell, line=report.rows[0].line
    )
    fitting = [way for way in printed.ways if sorted(way.supports) == sorted(report.supports)]
    if not fitting:
        yield Mismatch(
            message=say(
                "The rows of the confusion matrix add up to {rows}, but the report counts "
                "{supports} items a class.",
                rows=_list(printed.matrix.supports),
                supports=_list(report.supports),
            ),
            certain=certain,
            refs=(at,),
        )
    elif not any(_fits(way, report) for way in fitting):
        yield Mismatch(
            message=say("The confusion matrix gives other scores of the classes than the report."),
            certain=certain,
            refs=(at,),
        )


def _fits(matrix: Confusion, report: Report) -> bool:
    """Whether some class of the matrix has the scores of each row of the report."""
    classes = [
        (matrix.supports[index], matrix.class_scores(index)) for index in range(len(matrix.rows))
    ]
    return all(
        any(row.support == there and _within(scores, row.scores) for there, scores in classes)
        for row in report.rows
        # Undefined scores of a class without items or never predicted are printed either way.
        if row.support and row.recall.low > 0
    )


def _within(scores: Sequence[float], ranges: Sequence[Range]) -> bool:
    return all(value in wanted for value, wanted in zip(scores, ranges, strict=True))


def _accuracy(printed: Printed) -> Iterator[Mismatch]:
    """An accuracy that is not the share of the diagonal."""
    share = printed.share
    accuracies = [each for each in printed.numbers if each.metric == "accuracy"]
    known = [range_of(each) for each in accuracies]
    known += [report.accuracy[0] for report in printed.reports if report.accuracy]
    # Two arrays in the source, or the same ones in a file handed in: not this one's to say.
    elsewhere = printed.proven is False or (
        printed.proven is True and printed.at.place.source == "saved"
    )
    if elsewhere or not accuracies or any(share in each for each in known):
        return
    number = accuracies[0]
    yield Mismatch(
        message=say(
            "The diagonal of the confusion matrix holds {right} of {n}, an accuracy of {share}, "
            "but {printed} is printed.",
            right=printed.matrix.right,
            n=printed.matrix.n,
            share=f"{share:.4f}",
            printed=number.printed,
        ),
        certain=len(accuracies) == 1 and number.output == printed.at.place.output,
        refs=tuple(map(ref, accuracies)),
    )


def _list(supports: Sequence[int]) -> str:
    shown = ", ".join(map(str, supports[:6]))
    return f"{shown}, ..." if len(supports) > 6 else shown


def _sighting(printed: Printed, found: Mismatch) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if found.certain else Confidence.LIKELY,
        task=printed.task,
        message=found.message,
        measured=say(
            "Matrix of {classes} classes, {n} items, {right} on the diagonal.",
            classes=len(printed.matrix.rows),
            n=printed.matrix.n,
            right=printed.matrix.right,
        ),
        remedy=say("Compute the matrix and all scores from the final predictions, in one cell."),
        sure=say("Counted from the matrix; matrix and numbers stand in one output.")
        if found.certain
        else say(
            "Counted from the matrix; that the numbers are of the same predictions is taken from "
            "where they stand."
        ),
        evidence=(printed.ref, *found.refs),
    )
