"""A submission's evaluation against the reference's: on the same items, or on others."""

from collections.abc import Callable
from functools import cached_property
from math import sqrt
from statistics import median_low

from msgspec import Struct

from grader.compare.bands import band as band_of
from grader.compare.bands import margin
from grader.metrics.equivalence import equivalence
from grader.model import (
    METRICS,
    Band,
    Difference,
    Difficulty,
    Evaluation,
    Label,
    MetricName,
    Paired,
    Recording,
    ReferenceRecord,
    ReferenceRun,
    ReferenceScore,
    Span,
    Task,
)
from grader.model.comparison import INDEPENDENT

__all__ = ["OF_THE_SET", "SHARES", "Against", "Meeting"]

Answers = tuple[tuple[Label, ...], tuple[Label, ...]]
"""Labels and answers of the same items."""

UNPLACED = ("retrieval", "similarity")
"""Kinds of tasks of which only a matrix is recorded: as many rows count as the same items."""

PAIRED = ("classification", "vqa")
"""Kinds of tasks whose answers are right or wrong."""

OF_THE_SET = frozenset[MetricName](
    {
        "similarity_score",
        "cider",
        "image_to_text_recall_at_1",
        "image_to_text_recall_at_5",
        "text_to_image_recall_at_1",
        "text_to_image_recall_at_5",
    }
)
"""Metrics that become easier or harder with the number of items: one is looked for among all
others, and words are weighed by how rare they are."""

SHARES = frozenset[MetricName](
    {
        "accuracy",
        "top5_accuracy",
        "exact_match",
        "image_to_text_recall_at_1",
        "image_to_text_recall_at_5",
    }
)
"""Shares of independent items, whose interval is Wilson's."""


class Against(Struct, frozen=True, kw_only=True):
    """What the reference says of one metric of one evaluation."""

    band: Band
    same_items: bool
    """Whether both were scored on the same items, as far as can be told."""

    paired: Paired | None = None
    difficulty: Difficulty | None = None
    difference: Difference | None = None


class Meeting(Struct, frozen=True, kw_only=True, dict=True):
    """One task of a submission and of the reference."""

    task: Task
    best: Evaluation
    """The submission's evaluation."""

    recording: Recording
    """Its arrays."""

    record: ReferenceRecord
    """The reference runs."""

    def against(self, metric: MetricName, average: str | None, value: float) -> Against | None:
        """What the reference says of a recomputed score; ``None`` where it has no such score."""
        score = self.record.score(self.task.id, metric, average)
        if score is None:
            return None
        band = self._band(score)
        hard = self.difficulty if metric == "accuracy" else None
        if self._all_the_same(band):
            return Against(band=band, same_items=True, paired=self.paired, difficulty=hard)
        there = self._on_these_items(metric, average)
        if there is not None and not self.task.trained:
            band = band_of(self.task, metric, [there] * band.runs, self.best.n)
            return Against(band=band, same_items=True, paired=self.paired, difficulty=hard)
        difference = self._difference(score, band, value)
        return Against(band=band, same_items=False, difficulty=hard, difference=difference)

    def _band(self, score: ReferenceScore) -> Band:
        if self.task.trained:
            return score.band
        # Runs of deterministic inference are all equal: the band is the margin the lab has now.
        return band_of(self.task, score.metric, score.values, score.band.n)

    @cached_property
    def run(self) -> ReferenceRun | None:
        """The reference run with the median score; ``None`` in a record without runs."""
        scores = [each for each in self.record.scores if each.task == self.task.id]
        if not scores or len(self.record.runs) != len(scores[0].values):
            return None
        values = scores[0].values
        return self.record.runs[values.index(median_low(values))]

    @cached_property
    def reference(self) -> Evaluation | None:
        """What that run evaluated."""
        return self.run.evaluation(self.task.id) if self.run else None

    def _all_the_same(self, band: Band) -> bool:
        """Whether the items are all those of the reference, in any order."""
        best, reference = self.best, self.reference
        if best.n != band.n:
            return False
        if reference is None or self.rows is not None or self.task.kind in UNPLACED:
            return True
        if best.origin is not None and reference.origin is not None:
            return False
        where = (best.dataset, best.split)
        return None not in where and where == (reference.dataset, reference.split)

    @cached_property
    def rows(self) -> tuple[int, ...] | None:
        """Where the submission's items stand among the reference's, in its order.

        ``None`` where one of them is not there, or that cannot be told.
        """
        best, reference = self.best, self.reference
        if reference is None:
            return None
        ours, theirs = _rows(best), _rows(reference)
        if ours is not None and theirs is not None:
            places = {row: place for place, row in enumerate(theirs)}
            found = tuple(places[row] for row in ours if row in places)
            return found if len(found) == len(ours) else None
        arrays = best.y_true, best.references, best.n
        alike = arrays == (reference.y_true, reference.references, reference.n)
        return tuple(range(best.n)) if alike and any(arrays[:2]) else None

    @cached_property
    def answers(self) -> tuple[Answers, Answers] | None:
        """Labels and answers of both on the same items; ``None`` where they are not known."""
        if self.rows is None or self.reference is None or self.task.kind not in PAIRED:
            return None
        ours = _answers(self.best, self.recording.labels)
        theirs = _answers(self.reference, self.record.labels)
        if ours is None or theirs is None or len(theirs[0]) <= max(self.rows):
            return None
        there = tuple(tuple(side[row] for row in self.rows) for side in theirs)
        both = ours, (there[0], there[1])
        return both if self.task.kind == "classification" else (_plain(ours), _plain(both[1]))

    @cached_property
    def paired(self) -> Paired | None:
        """McNemar's test and how often both give the same answer."""
        if self.answers is None or self.run is None:
            return None
        # brings numpy, which takes a tenth of a second to import; a static check comes past here
        from grader.metrics.agreement import agreement, mcnemar

        ours, theirs = self.answers
        found = mcnemar(_right(ours), _right(theirs))
        alike = agreement(ours[1], theirs[1]) if ours[0] == theirs[0] else None
        return Paired(
            n=found.n,
            seed=self.run.seed,
            only_submission=found.only_first,
            only_reference=found.only_second,
            p=found.p,
            method=found.method,
            same=alike.share if alike else None,
            kappa=alike.kappa if alike else None,
        )

    @cached_property
    def difficulty(self) -> Difficulty | None:
        """Whether wrong answers fall on what the reference runs find hard."""
        rows, answers, task = self.rows, self.answers, self.record.task(self.task.id)
        if rows is None or answers is None or task is None or self.task.kind != "classification":
            return None
        shares = task.items.get("accuracy", ())
        if len(shares) <= max(rows):
            return None
        # numpy takes a tenth of a second to import
        from grader.metrics.difficulty import separation

        labels, _ = answers[0]
        wrong = [not right for right in _right(answers[0])]
        found = separation([1 - shares[row] for row in rows], wrong, labels)
        if found is None:
            return None
        return Difficulty(
            n=len(labels),
            wrong=found.wrong,
            auc=found.auc,
            high=found.high,
            reachable=found.reachable,
            p=found.chance_of(INDEPENDENT),
        )

    def _on_these_items(self, metric: MetricName, average: str | None) -> float | None:
        """The reference's score on the submission's items, where they are some of its own."""
        if self.answers is None or self.task.kind != "classification":
            return None
        labels, answers = self.answers[1]
        if metric == "accuracy":
            return sum(_right((labels, answers))) / len(labels)
        if not METRICS[metric].averaged or average is None:
            return None
        # numpy takes a tenth of a second to import
        from grader.compare.counts import score_of

        return score_of(labels, answers, metric, average)

    def _difference(self, score: ReferenceScore, band: Band, value: float) -> Difference | None:
        """Interval of the difference to the reference's mean, and the margin it must keep.

        Seeds of a trained model differ, so there the margin is at least half its band.
        """
        allowed = margin(self.task, score.metric)
        if self.task.trained:
            allowed = max(allowed, (band.high - band.low) / 2)
        if score.metric in SHARES:
            return _of_shares((value, self.best.n), (score.mean, band.n), allowed)
        # numpy and, for texts, nltk and sacrebleu, which other comparisons need not wait for
        from grader.compare.items import Scored

        scored = Scored(evaluation=self.best, task=self.task, recording=self.recording)
        ours = scored.span(score.metric, score.average)
        theirs = next((each for each in score.intervals if each is not None), None)
        if ours is None or theirs is None:
            return None
        return _of_spans((value, ours), (score.mean, theirs), allowed)


def _of_shares(ours: tuple[float, int], theirs: tuple[float, int], allowed: float) -> Difference:
    """Two one-sided tests at 5 % of two shares: ``grader.metrics.equivalence``."""
    counts = [(round(value * n), n) for value, n in (ours, theirs)]
    found = equivalence(counts[0], counts[1], margin=allowed)
    return Difference(
        value=found.difference,
        low=found.interval.low,
        high=found.interval.high,
        margin=allowed,
        method=found.interval.method,
    )


def _of_spans(ours: tuple[float, Span], theirs: tuple[float, Span], allowed: float) -> Difference:
    """Interval of a difference from the intervals of its sides.

    Zou & Donner (2008, "Construction of confidence limits about effect measures: a general
    approach", Statistics in Medicine 27, 1693-1702): Newcombe's construction for any two
    independent estimates. With 95 % intervals each of the two tests is at 2.5 %.
    """
    (one, span), (other, there) = ours, theirs
    below = sqrt((one - span.low) ** 2 + (there.high - other) ** 2)
    above = sqrt((span.high - one) ** 2 + (other - there.low) ** 2)
    return Difference(
        value=one - other,
        low=one - other - below,
        high=one - other + above,
        margin=allowed,
        method=f"from both intervals ({span.method}) by Zou & Donner",
    )


def _rows(evaluation: Evaluation) -> tuple[tuple[str, str, int], ...] | None:
    """Dataset, split and row of every item, where they are known."""
    origin = evaluation.origin
    if origin is None:
        return None
    rows = origin.rows or range(origin.start, origin.start + evaluation.n)
    return tuple((origin.dataset, origin.split, row) for row in rows)


def _answers(
    evaluation: Evaluation, labels: Callable[[str | None], tuple[Label, ...] | None]
) -> Answers | None:
    """Labels and answers, spelled alike; ``None`` where one of them is unknown."""
    y_true, y_pred = labels(evaluation.y_true), labels(evaluation.y_pred)
    if not y_true or not y_pred or len(y_true) != len(y_pred):
        return None
    if len({isinstance(each, str) for each in (*y_true, *y_pred)}) > 1:
        return tuple(map(str, y_true)), tuple(map(str, y_pred))
    return y_true, y_pred


def _plain(answers: Answers) -> Answers:
    """Answers to questions as the VQA evaluation compares them."""
    # brings numpy, which takes a tenth of a second to import
    from grader.metrics.vqa import normalised

    labels, said = (tuple(normalised(str(each)) for each in side) for side in answers)
    return labels, said


def _right(answers: Answers) -> list[bool]:
    return [label == answer for label, answer in zip(*answers, strict=True)]
