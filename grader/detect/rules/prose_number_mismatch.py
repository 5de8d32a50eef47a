"""OUT003: prose-number-mismatch."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from grader.detect._claims import Known, is_binding, is_borne_out, known_values, nearest_of
from grader.detect.api import Sighting, detector
from grader.model import (
    METRICS,
    Case,
    Claim,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Figure,
    MetricName,
    say,
)
from grader.patterns import regex

RECALL = regex(r"(?:recall|rappel|r)\s?@\s?(\d{1,3})", re.I)
"""A recall whose direction stands elsewhere in the sentence."""

MOST = 300
"""Claims that are looked at in one notebook, so that time stays bounded."""

PRECISE = 3
"""Decimals of a fraction from which it is compared with numbers of either direction."""

NAMES: Mapping[MetricName, str] = {name: metric.spoken for name, metric in METRICS.items()}
"""Metrics as a student writes them."""


class _Wrong(Struct, frozen=True, kw_only=True):
    """A number of the text that the notebook does not give."""

    name: str
    """The metric, as it is called."""

    printed: str
    """The number, as written."""

    nearest: str
    """The nearest value the notebook gives, written likewise."""

    line: int
    """One-based line of the text."""


@detector(
    code="OUT003",
    name="prose-number-mismatch",
    requires=frozenset({EvidenceKind.PROSE}),
    since="0.1.0",
    status="stable",
    severity="major",
    follows=frozenset(
        {
            "auc-called-f1",
            "hard-coded-metric",
            "stale-output",
            "claim-without-evaluation",
            "evaluation-cell-not-executed",
            "edited-output",
        }
    ),
)
def prose_number_mismatch(case: Case) -> Iterator[Sighting]:
    """The text states a score that no output of the notebook gives.

    ## Why it matters
    Readers take the number in the text for the result. When it differs from what the notebook
    computed, the conclusion rests on a score nobody measured.

    ## Example
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy:.4f}")
    ```

    ```output
    Accuracy: 0.8812
    ```

    ```markdown
    The CLIP model reached an accuracy of 92.40% on the test set.
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    print(f"Accuracy: {accuracy:.4f}")
    ```

    ```output
    Accuracy: 0.8812
    ```

    ```markdown
    The CLIP model reached an accuracy of 88.12% on the test set.
    ```

    ## Verdict
    Major: the text states another number than the notebook. Likely, as a result may have been
    computed elsewhere. Metrics no lab asks for are judged by the search for where numbers come
    from, which finds the number in no output and others for the very same quantity.

    ## Known limits
    Compares a number only with values of the same metric, of any averaging, for the same task.
    Numbers called approximate, aims, and quoted results are left out, and so is a metric the
    notebook never shows. A whole percentage that is a multiple of five may be off by 2.5 points.
    A number that stands anywhere else in an output, for example in the row of a class, is taken
    to be meant. Without saved outputs only exact repetitions (no training, no stand-in models)
    can contradict.

    ## Source
    A number contradicts only if no known value rounds or truncates to it at its own precision,
    the rule of statcheck (M. B. Nuijten et al., "The prevalence of statistical reporting errors
    in psychology", 2016) with truncation allowed. The slack for multiples of five is chosen.
    """
    wrong: dict[tuple[int, str | None], list[_Wrong]] = defaultdict(list)
    judged = set()
    values: dict[tuple[str, str | None], list[Known]] = {}
    for claim in case.evidence.claims[:MOST]:
        judged.add((claim.cell, claim.start))
        key = claim.metric, claim.task
        known = values[key] if key in values else values.setdefault(key, known_values(case, claim))
        if is_binding(case, claim, known) and not is_borne_out(case, claim, known):
            nearest = _as_claimed(claim.printed, nearest_of(claim, known).value)
            line = _line(case, claim)
            wrong[claim.cell, claim.task].append(
                _Wrong(name=NAMES[claim.metric], printed=claim.printed, nearest=nearest, line=line)
            )
    for figure, other in (*_contradicted(case), *_recalls(case)):
        if (figure.place.cell, figure.place.start) not in judged:
            judged.add((figure.place.cell, figure.place.start))
            wrong[figure.place.cell, figure.task].append(
                _Wrong(
                    name=figure.name,
                    printed=figure.printed,
                    nearest=_as_claimed(figure.printed, other),
                    line=figure.place.line,
                )
            )
    for (cell, task), found in wrong.items():
        yield _sighting(cell, task, found)


def _contradicted(case: Case) -> Iterator[tuple[Figure, float]]:
    """Scores of the text that the outputs give otherwise, with the nearest value they give."""
    for each in case.evidence.provenance:
        figure = case.evidence.figures[each.figure]
        aside = figure.hedged or figure.target or figure.cited or figure.disclaimed
        if figure.place.source != "text" or aside or each.verdict != "contradicted":
            continue
        printed = [one.value for one in each.contradictions if one.function == "printed"]
        if figure.kind in {"score", "similarity"} and figure.metric and printed:
            yield figure, min(printed, key=lambda value: abs(value - figure.value))


def _recalls(case: Case) -> Iterator[tuple[Figure, float]]:
    """Recalls of the text that no output has, of either direction, with the nearest they have."""
    shown = [each for each in case.evidence.figures if each.place.source == "saved"]
    texts = [each for each in case.evidence.figures if each.place.source == "text"]
    for figure in texts[:MOST]:
        found = RECALL.fullmatch(figure.name.strip())
        aside = figure.hedged or figure.target or figure.cited or figure.disclaimed
        if found is None or aside or figure.decimals < PRECISE:
            continue
        values = [each.value for each in shown if _is_recall(each, found[1], figure.task)]
        unit = 10.0 ** -min(figure.decimals, 12)
        if values and not any(abs(each.value - figure.value) <= unit for each in shown):
            yield figure, min(values, key=lambda value: abs(value - figure.value))


def _is_recall(figure: Figure, k: str, task: str | None) -> bool:
    same = task is None or figure.task in (None, task)
    return same and (figure.metric or "").endswith(f"recall_at_{k}")


def _line(case: Case, claim: Claim) -> int:
    source = case.evidence.submission.cells[claim.cell].source
    return source.count("\n", 0, claim.start) + 1


def _sighting(cell: int, task: str | None, found: Sequence[_Wrong]) -> Sighting:
    said = ", ".join(f"{each.name} {each.printed}" for each in found)
    gave = ", ".join(f"{each.name} {each.nearest}" for each in found)
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY,
        task=task,
        message=say("The text says {said}, but the notebook gives {gave}.", said=said, gave=gave),
        measured=say(
            "In the text: {said}. Nearest value of the same metric: {gave}.", said=said, gave=gave
        ),
        remedy=say("Write the numbers of the final run into the text."),
        sure=say(
            "No value of the metric that the notebook shows or our run measured rounds to the "
            "number in the text."
        ),
        evidence=tuple(
            EvidenceRef(
                kind=EvidenceKind.PROSE,
                cell=cell,
                line=each.line,
                remark=f"the notebook gives {each.nearest}",
            )
            for each in found
        ),
    )


def _as_claimed(printed: str, value: float) -> str:
    """A value as the text writes its own, so that the two can be compared by eye."""
    return f"{value:.2%}" if "%" in printed else f"{value:.4g}"
