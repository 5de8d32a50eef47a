"""NUM003: macro-scores-inconsistent."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from grader.detect._consistency import OTHER_DATA, Group, groups, ref, without_average
from grader.detect._public_sizes import public_sizes
from grader.detect.api import Sighting, Undecided, detector
from grader.metrics.consistency.macro import (
    COUNT_LAW,
    F1_LAW,
    HULL_LAW,
    NO_TIME,
    RECALL_LAW,
    Macro,
    highest_f1,
    judge_macro,
)
from grader.metrics.consistency.shown import Range, meet, shown
from grader.model import Case, Confidence, EvidenceKind, EvidenceRef, Figure, Wording, say
from grader.patterns import regex

LAWS = {
    COUNT_LAW: say("the accuracy is no whole number of right answers"),
    RECALL_LAW: say("macro recall must equal accuracy when all classes are of one size"),
    F1_LAW: say("macro F1 is above 2PR/(P+R)"),
    HULL_LAW: say("no confusion matrix gives them together"),
}
"""What is broken, by the solver's word for it."""

TRIPLE = ("precision", "recall", "f1")
ALL = ("accuracy", *TRIPLE)
AVERAGE = regex(r"\b(macro|weighted|micro)\b", re.I)


class Scores(Struct, frozen=True, kw_only=True):
    """Scores of one evaluation, in an output or in the text."""

    ranges: Mapping[str, Range]
    """What each may have been."""

    printed: Mapping[str, str]
    """As they stand."""

    average: str | None
    """``macro``, ``weighted``, ``micro``; ``None`` when not named."""

    n: int | None
    """Items stated."""

    task: str | None
    """Task."""

    in_text: bool
    """Whether a text states them."""

    refs: tuple[EvidenceRef, ...]
    """Where they stand."""

    @property
    def words(self) -> str:
        """Names and numbers, for messages."""
        names = {"f1": "F1"}
        return ", ".join(f"{names.get(k, k)} {self.printed[k]}" for k in ALL if k in self.printed)


@detector(
    code="NUM003",
    name="macro-scores-inconsistent",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset(
        {
            "hard-coded-metric",
            "edited-output",
            "grim-inconsistent",
            "averaging-identity-violated",
            "batch-mean-aggregation",
            "logits-or-axis-misuse",
            "metric-function-shadowed",
            "swapped-metric-arguments",
            "wrong-averaging",
        }
    ),
)
def macro_scores_inconsistent(case: Case) -> Iterator[Sighting]:
    """Averaged precision, recall, F1 and accuracy that no predictions give together.

    ## Why it matters
    Each averaged score is a mean over classes, and the classes share one set of predictions. So
    the four numbers bind each other: when all classes have as many items, macro recall *is*
    accuracy, and F1 cannot be much below or above what precision and recall allow.

    ## Example
    ```python
    # Task 2: CLIP on the test split of CIFAR-10
    evaluate(model, load_dataset("uoft-cs/cifar10", split="test"))
    ```

    ```output
    Accuracy: 0.8895 (n=10000)
    Macro precision: 0.8930
    Macro recall: 0.8895
    Macro F1: 0.8000
    ```

    ## Use instead
    ```python
    # Task 2: CLIP on the test split of CIFAR-10
    evaluate(model, load_dataset("uoft-cs/cifar10", split="test"))
    ```

    ```output
    Accuracy: 0.8895 (n=10000)
    Macro precision: 0.8930
    Macro recall: 0.8895
    Macro F1: 0.8892
    ```

    ## Verdict
    Major: at least one of the scores is wrong or is averaged otherwise than stated, but an
    evaluation may well have been made. Certain when scores of one output break a law that holds
    for classes of any size. Likely when the sizes of the classes are taken from the name of the
    dataset, and for scores in text, which may be of two evaluations.

    ## Known limits
    The sizes of the classes must be known: from the whole test set of a few public datasets, told
    by its name and its number of items. Without them only laws that hold for any sizes are
    applied: F1 above 2PR/(P+R) where the output, its calls or the text say macro, and above the
    mean of precision and recall for weighted averages and, in text, for any. A macro F1 equal to
    2PR/(P+R) is another definition and accepted. Text that repeats what an output shows is not
    judged again. Not inconsistent means possible, not computed; a search that takes too long
    gives no answer.

    ## Source
    F1 of a class is the harmonic mean of its precision and recall, so at most their arithmetic
    mean, and so are all averages with the same weights; for macro averages also Jensen's
    inequality, J. Opitz and S. Burst, "Macro F1 and macro F1" (2019). Otherwise a linear programme
    over what single classes can reach, whose dual is checked on every point. Class sizes as
    published with each dataset.
    """
    found, late = [], False
    for scores in (*_in_outputs(case), *_in_text(case)):
        why = _general(scores)
        if why is None:
            why, too_late = _of_split(case, scores)
            late |= too_late
        if why is not None:
            found.append((scores, why))
    if late and not found:
        raise Undecided("The search took too long to tell.", needs="labels and predictions")
    for task in dict.fromkeys(scores.task for scores, _ in found):
        yield _sighting(task, [each for each in found if each[0].task == task])


def _in_outputs(case: Case) -> Iterator[Scores]:
    for group in groups(case):
        if group.average in ("macro", "weighted", "micro"):
            yield _of_group(group)


def _of_group(group: Group) -> Scores:
    chosen = {name: number for name, number in group.numbers.items() if name in ALL}
    return Scores(
        ranges={name: each for name in chosen if (each := group.get(name)) is not None},
        printed={name: number.printed for name, number in chosen.items()},
        average=group.average,
        n=group.n,
        task=group.task,
        in_text=False,
        refs=tuple(map(ref, chosen.values())),
    )


def _in_text(case: Case) -> Iterator[Scores]:
    lines: dict[tuple[object, ...], list[Figure]] = defaultdict(list)
    for figure in case.evidence.figures:
        place = figure.place
        if place.source == "text" and figure.kind == "score" and figure.metric in ALL:
            key = (place.cell, place.line, figure.model, figure.dataset, figure.split, figure.task)
            lines[key].append(figure)
    sources = {cell.index: cell.source for cell in case.evidence.submission.cells}
    for figures in lines.values():
        place = figures[0].place
        text = sources[place.cell].split("\n")[place.line - 1]
        if len(figures) >= 2 and _one_result(figures, text) and not _repeats(case, figures):
            yield _of_text(figures, text)


def _one_result(figures: Sequence[Figure], text: str) -> bool:
    """Whether every metric stands once, as a plain result of the test set."""
    if len({figure.metric for figure in figures}) < len(figures):
        return False
    loose = any(f.hedged or f.target or f.cited or not 0 <= f.value <= 1 for f in figures)
    other = any(f.split in ("train", "validation") for f in figures)
    averages = {each.lower() for each in AVERAGE.findall(text)}
    averages |= {f.average for f in figures if f.average is not None}
    return not (loose or other or len(averages) > 1 or OTHER_DATA.search(without_average(text)))


def _repeats(case: Case, figures: Sequence[Figure]) -> bool:
    """Whether outputs show the same scores, and are judged themselves."""
    return all(
        any(
            number.metric == figure.metric
            and meet(_range(figure), shown(number.value, number.decimals))
            for number in case.evidence.reported
        )
        for figure in figures
    )


def _range(figure: Figure) -> Range:
    return shown(figure.value, figure.decimals, retyped=True)


def _of_text(figures: Sequence[Figure], text: str) -> Scores:
    named: list[str] = [figure.average for figure in figures if figure.average is not None]
    named += [each.lower() for each in AVERAGE.findall(text)]
    counts = {figure.n for figure in figures if figure.n is not None}
    place = figures[0].place
    at = EvidenceRef(kind=EvidenceKind.PROSE, cell=place.cell, line=place.line)
    return Scores(
        ranges={str(figure.metric): _range(figure) for figure in figures},
        printed={str(figure.metric): figure.printed for figure in figures},
        average=named[0] if named else None,
        n=counts.pop() if len(counts) == 1 else None,
        task=figures[0].task,
        in_text=True,
        refs=(at,),
    )


def _general(scores: Scores) -> Wording | None:
    """A law broken whatever the sizes of the classes, or ``None``."""
    if not all(each in scores.ranges for each in TRIPLE):
        return None
    precision, recall, f1 = (scores.ranges[each] for each in TRIPLE)
    if scores.average in ("macro", "micro"):
        bound = highest_f1(precision, recall)
        law = say("F1 is never above their harmonic mean, {bound}", bound=f"{bound:.4f}")
    elif scores.in_text or scores.average == "weighted":
        bound = (precision.high + recall.high) / 2
        law = say("F1 is never above their mean, {bound}", bound=f"{bound:.4f}")
    else:
        return None
    return law if f1.low > bound else None


def _of_split(case: Case, scores: Scores) -> tuple[Wording | None, bool]:
    """What is broken for the known sizes of the classes, and whether time ran out."""
    several = public_sizes(case, scores.n)
    if scores.average != "macro" or not several or len(scores.ranges) < 2:
        return None, False
    printed = Macro(**{name: scores.ranges.get(name) for name in ALL})
    verdicts = [judge_macro(printed, supports) for supports in several]
    late = any(each.why == NO_TIME for each in verdicts)
    if any(each.answer != "inconsistent" for each in verdicts):
        return None, late
    why = say(
        "{law}, with {classes} classes and {n} items",
        law=LAWS[verdicts[0].why],
        classes=len(several[0]),
        n=sum(several[0]),
    )
    return why, False


def _sighting(task: str | None, several: list[tuple[Scores, Wording]]) -> Sighting:
    scores, why = several[0]
    certain = any(not each.in_text and _general(each) is not None for each, _ in several)
    return Sighting(
        severity="major",
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        task=task,
        message=say(
            "These scores cannot come from one set of predictions: {scores}; {why}.",
            scores=scores.words,
            why=why,
        ),
        measured=say("Groups of scores that exclude each other: {n}.", n=len(several)),
        remedy=say("Recompute all scores from the same predictions, and name the average."),
        sure=say("Arithmetic on scores of one output, whatever the sizes of the classes.")
        if certain
        else say(
            "Arithmetic, with rounding granted; that the scores are of one evaluation is taken "
            "from where they stand."
        ),
        evidence=tuple(ref for each, _ in several for ref in each.refs),
    )
