"""NUM007: score-contradicts-matrix."""

from collections.abc import Iterator, Sequence

from grader.detect._separation import Pair, defines_separation, separations
from grader.detect.api import Sighting, Undecided, detector
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Place, Wording, say


@detector(
    code="NUM007",
    name="score-contradicts-matrix",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def score_contradicts_matrix(case: Case) -> Iterator[Sighting]:
    """A score does not follow from the printed matrix by the formula that is given for it.

    ## Why it matters
    When a report defines its score as the mean of the diagonal minus the mean of the rest, and
    prints the matrix, anybody can compute the score. If it comes out otherwise, the matrix or the
    score is of another run, and the ranking built on it is not supported.

    ## Example
    ```markdown
    The score is the mean of the diagonal minus the mean of the off-diagonal entries.

    Cosine similarity for ViT-B/32

    | | cup | cat | horse |
    |---|---|---|---|
    | a cup | 0.30 | 0.15 | 0.12 |
    | a cat | 0.14 | 0.31 | 0.16 |
    | a horse | 0.15 | 0.13 | 0.35 |

    | Model | Score |
    |---|---|
    | ViT-B/32 | 0.0546 |
    ```

    ## Use instead
    ```markdown
    The score is the mean of the diagonal minus the mean of the off-diagonal entries.

    Cosine similarity for ViT-B/32

    | | cup | cat | horse |
    |---|---|---|---|
    | a cup | 0.30 | 0.15 | 0.12 |
    | a cat | 0.14 | 0.31 | 0.16 |
    | a horse | 0.15 | 0.13 | 0.35 |

    | Model | Score |
    |---|---|
    | ViT-B/32 | 0.1783 |
    ```

    ## Verdict
    Major: the ranking of the models rests on scores that the matrices shown do not give. Never
    more than likely, because only the text tells that score and matrix are of the same images.
    All models of a submission make one finding.

    ## Known limits
    One formula is known, mean of the diagonal minus mean of the rest, written in text, in LaTeX
    or in the source. Score and matrix are matched by the model both name; without names, when
    there is one of each. A matrix printed with dots is not whole and left alone. Where several
    matrices or scores of a model stand, one agreement is enough. That the score was taken over
    other images than those of the matrix cannot be excluded, so a person should look.

    ## Source
    The formula the submission states, with every entry off by its rounding at worst.
    """
    if not case.evidence.matrices:
        raise Undecided("No matrix is printed.", needs="a printed similarity matrix")
    if not any(defines_separation(cell.source) for cell in case.evidence.submission.cells):
        return
    pairs = list(separations(case))
    agreeing = {_group(pair) for pair in pairs if pair.agrees}
    against = [pair for pair in pairs if _group(pair) not in agreeing]
    if against:
        yield _sighting(against)


def _group(pair: Pair) -> tuple[str, bool]:
    """What one agreement is enough for: a model, in what was handed in or in our run."""
    return pair.model, "rerun" in (pair.score.place.source, pair.matrix.place.source)


def _out_of_order(pairs: Sequence[Pair]) -> bool:
    """Whether the scores rank two models the other way round than their matrices, or apart."""
    return any(
        one.score.value > other.score.value and one.follows.low <= other.follows.high
        for one in pairs
        for other in pairs
        if one.model != other.model
    )


def _sighting(pairs: list[Pair]) -> Sighting:
    told = [
        f"{pair.score.model or 'S'}: {pair.middle:.3f} \N{NOT EQUAL TO} {pair.score.printed}"
        for pair in pairs
    ]
    places = [place for pair in pairs for place in (pair.score.place, pair.matrix.place)]
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        message=_message("; ".join(told[:5]), _out_of_order(pairs)),
        measured=say(
            "Scores that are not the mean of the diagonal minus the mean of the rest: {n}.",
            n=len({pair.score.place for pair in pairs}),
        ),
        remedy=say(
            "Compute the scores again from the matrices shown, or show those they come from."
        ),
        sure=say(
            "Arithmetic on the printed entries, with their rounding granted; that score and "
            "matrix are of the same images is taken from the text."
        ),
        evidence=tuple(dict.fromkeys(map(_ref, places))),
        task=next((pair.score.task for pair in pairs if pair.score.task), None),
    )


def _message(scores: str, out_of_order: bool) -> Wording:
    if out_of_order:
        return say(
            "By the formula given, the printed matrices give other scores than those stated: "
            "{scores}. The order of the scores does not follow from them, either.",
            scores=scores,
        )
    return say(
        "By the formula given, the printed matrices give other scores than those stated: {scores}.",
        scores=scores,
    )


def _ref(place: Place) -> EvidenceRef:
    kind = EvidenceKind.PROSE if place.source == "text" else EvidenceKind(place.source)
    return EvidenceRef(kind=kind, cell=place.cell, line=place.line)
