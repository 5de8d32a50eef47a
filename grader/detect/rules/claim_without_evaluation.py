"""OUT007: claim-without-evaluation."""

import re
from bisect import bisect_left
from collections.abc import Iterator

from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Figure, Severity, say
from grader.patterns import regex

WORD = regex(r"[a-z]{3,40}|(?:(?![\x00-\u058f])[^\W\d_]){2,20}")
"""Parts of a name by which it is looked for."""

COMMON = frozenset({
    "model", "models", "base", "large", "small", "tiny", "patch", "test", "train", "data",
    "dataset", "set", "image", "images", "the", "our", "and", "net", "network", "classifier",
    "baseline", "pretrained", "fine", "tuned", "finetuned", "zero", "shot", "trained", "huge",
    "validation", "val", "split", "this", "that", "with", "pictures",
})  # fmt: skip
"""Words that name no model and no data set."""

OWN = regex(
    r"\b(?:i|we|my|our|j'ai|j\u2019ai|nous|mon|notre|nos|ich|wir|mein\w{0,2}|unser\w{0,2}|yo|mi"
    r"|nuestr\w{1,2}|evalu[ée]|obtuve|hemos)\b|我们?|本实验|私|우리|мы\b|я\b",
    re.I,
)
"""Words by which a student speaks of own work."""

BEFORE = regex(
    r"pre-?\s?train|pré-?\s?entra|vortrain|preentren|预训练|fine-?\s?tun\w{1,4} on|trained on"
    r"|entraîné\w{0,2} sur|trainiert auf|entrenad\w on|paper|article|literature|published|reported"
    r"|leaderboard|state.of.the.art|sota|authors?|auteurs|autoren|official|original|benchmark|known"
    r"|compar\w{1,6} (?:with|to|against)|論文|论文|文献",
    re.I,
)
"""Words by which a data set is where a model comes from, or a number is somebody else's."""

ENDS = regex(r"(?<=[.!?])\s|\n|[\u3002\uff01\uff1f]")
MOST = 300
"""Numbers of the text that are looked at in one notebook, so that time stays bounded."""

AROUND = 400
"""Characters on each side of a number in which its sentence is looked for."""


@detector(
    code="OUT007",
    name="claim-without-evaluation",
    requires=frozenset({EvidenceKind.SOURCE, EvidenceKind.SAVED, EvidenceKind.PROSE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"evaluation-cell-not-executed"}),
)
def claim_without_evaluation(case: Case) -> Iterator[Sighting]:
    """The text gives a result on a model or data set that the notebook never touches.

    ## Why it matters
    A result that nothing in the notebook computes cannot be checked, and a comparison that rests
    on it is no comparison.

    ## Example
    ```python
    # Task 2: CLIP
    print(f"Accuracy on CIFAR-10: {accuracy:.4f}")
    ```

    ```output
    Accuracy on CIFAR-10: 0.8850
    ```

    ```markdown
    I also evaluated CLIP on ImageNet, where it reached an accuracy of 63.20%.
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    print(f"Accuracy on CIFAR-10: {accuracy:.4f}")
    ```

    ```output
    Accuracy on CIFAR-10: 0.8850
    ```

    ```markdown
    I evaluated CLIP on CIFAR-10, where it reached an accuracy of 88.50%. On ImageNet its authors
    report an accuracy of 63.20% (Radford et al., 2021).
    ```

    ## Verdict
    Major: a result is reported that the notebook does not show. Likely where the sentence speaks
    of the writer's own work, a hint for a person where it does not: it may tell of others.

    ## Known limits
    A model or data set counts as touched as soon as a word of its name stands in any code or
    output. Numbers that some output shows, aims, approximate numbers, quoted results, and
    sentences about where a model was trained before are left out.

    ## Source
    A search for the name in every code cell and output. No statistic takes part.
    """
    figures = case.evidence.figures
    named = [each for each in figures if each.place.source == "text" and _is_result(each)]
    if not named or not any(each.place.source != "text" for each in figures):
        return
    strange = _strange(case, named)
    values = sorted(_values(case)) if strange else []
    found = None
    for figure in named[:MOST]:
        name = next((each for each in _names(figure) if each in strange), None)
        if name is None or _printed(values, figure):
            continue
        sentence = _sentence(case, figure)
        if BEFORE.search(sentence):
            continue
        own = OWN.search(sentence) is not None
        if found is None or (own and not found[2]):
            found = (figure, name, own)
    if found is not None:
        yield _sighting(case, *found)


def _is_result(figure: Figure) -> bool:
    aside = figure.cited or figure.target or figure.hedged or figure.disclaimed
    return figure.kind == "score" and not aside and bool(figure.model or figure.dataset)


def _names(figure: Figure) -> list[str]:
    return [name for name in (figure.dataset, figure.model) if name]


def _shown(case: Case) -> str:
    """Everything that stands in code and outputs, in small letters."""
    cells = case.evidence.submission.code_cells
    texts = [text for cell in cells for text in (cell.source, *(o.text for o in cell.outputs))]
    texts += [output.html or "" for cell in cells for output in cell.outputs]
    return "\n".join(texts).casefold()


def _touched(name: str, shown: str) -> bool:
    """Whether some word of a name stands in code or outputs."""
    words = [word for word in WORD.findall(name.casefold()) if word not in COMMON]
    return not words or any(word in shown for word in words)


def _strange(case: Case, figures: list[Figure]) -> frozenset[str]:
    """Names of models and data sets that stand in no code and no output."""
    names = {name for figure in figures[:MOST] for name in _names(figure)}
    shown = _shown(case)
    return frozenset(name for name in names if not _touched(name, shown))


def _values(case: Case) -> Iterator[float]:
    """Numbers that outputs show, as they stand, as percentages and as fractions."""
    for figure in case.evidence.figures:
        if figure.place.source != "text":
            yield from (figure.value, figure.value / 100, figure.value * 100)


def _printed(values: list[float], figure: Figure) -> bool:
    """Whether some output shows a number that rounds to this one."""
    unit = 10.0 ** -min(figure.decimals, 12)
    at = bisect_left(values, figure.value - unit)
    return at < len(values) and values[at] < figure.value + unit


def _sentence(case: Case, figure: Figure) -> str:
    source = case.evidence.submission.cells[figure.place.cell].source
    before = source[max(0, figure.place.start - AROUND) : figure.place.start]
    after = source[figure.place.end : figure.place.end + AROUND]
    return ENDS.split(before)[-1] + figure.printed + ENDS.split(after)[0]


def _sighting(case: Case, figure: Figure, name: str, own: bool) -> Sighting:
    severity: Severity = "major" if own else "review"
    return Sighting(
        severity=severity,
        confidence=Confidence.LIKELY if own else Confidence.HINT,
        task=figure.task,
        message=say(
            "The text reports {metric} {printed} for {name}, but no code and no output of the "
            "notebook has anything to do with {name}.",
            metric=figure.name,
            printed=figure.printed,
            name=name,
        ),
        measured=say("Code cells and outputs in which {name} is named: none.", name=name),
        remedy=say("Add the cells that evaluate it and their outputs, or say whose result it is."),
        sure=say("The sentence speaks of own work, and its number stands in no output.")
        if own
        else say("The sentence does not say whose result it is, so a person must look."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.PROSE,
                cell=figure.place.cell,
                line=figure.place.line,
                remark="no cell evaluates it",
            ),
        ),
    )
