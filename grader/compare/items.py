"""What each item of an evaluation scored, and how sure the score of all items is.

Values of an item are kept only where their mean is the recomputed score, so what is not known item
by item is absent, never guessed.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from grader.compare import counts
from grader.compare.against import SHARES
from grader.metrics.bleu import bleu, bleu_of_rows
from grader.metrics.bootstrap import bootstrap, bootstrap_of_mean
from grader.metrics.cider import cider_d
from grader.metrics.classification import Confusion, confusion
from grader.metrics.interval import Interval
from grader.metrics.meteor import meteor
from grader.metrics.retrieval import hits_at_k, similarity_score
from grader.metrics.tokens import words
from grader.metrics.vqa import exact_match, vqa_accuracy
from grader.model import METRICS, Evaluation, Label, MetricName, Recording, Span, Task
from grader.model.interval import wilson

__all__ = ["Scored", "Served"]

Values = tuple[float, ...]
Texts = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
"""What was said of each item, and the references of each."""

Served = Mapping[tuple[str, str], Sequence[Sequence[str]]]
"""Texts of each row, by dataset id and split."""

CLOSE = 1e-6
"""Scores are compared no more finely: matrices are recorded as 32-bit floats."""

PLACES = 6
"""Decimals of a stored value of an item."""

DIRECTIONS: Mapping[MetricName, tuple[bool, int]] = {
    "image_to_text_recall_at_1": (False, 1),
    "image_to_text_recall_at_5": (False, 5),
    "text_to_image_recall_at_1": (True, 1),
    "text_to_image_recall_at_5": (True, 5),
}
"""Whether the captions are the queries, and K."""


class Scored(Struct, frozen=True, kw_only=True, dict=True):
    """One evaluation with everything recorded of it."""

    evaluation: Evaluation
    task: Task
    recording: Recording

    served: Served = field(default_factory=dict)
    """Captions or answers of every row, by dataset id and split; they go before those the
    notebook handed to a metric, which may be some of them only."""

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for evaluations of equal answers to equal items."""
        of = self.evaluation
        return of.y_true, of.y_pred, of.references, of.matrix, tuple(sorted(of.scores.items()))

    @cached_property
    def items(self) -> dict[MetricName, Values]:
        """Value of each item, by metric: shape (n,), for text to image (captions,)."""
        kinds: Mapping[str, Callable[[], dict[MetricName, Values]]] = {
            "classification": self._right,
            "vqa": self._answered,
            "captioning": self._captioned,
            "retrieval": self._found,
            "similarity": self._apart,
        }
        found = kinds[self.task.kind]()
        return {name: values for name, values in found.items() if self._explains(name, values)}

    def _explains(self, metric: MetricName, values: Values) -> bool:
        if metric.startswith("bleu"):
            # The BLEU of a corpus is no mean over its captions.
            return True
        score = self.evaluation.scores.get(metric)
        return score is not None and abs(score - float(np.mean(values))) <= CLOSE

    @cached_property
    def labels(self) -> tuple[tuple[Label, ...], tuple[Label, ...]] | None:
        """Labels and predictions, spelled alike; ``None`` where one is unknown."""
        y_true = self.recording.labels(self.evaluation.y_true)
        y_pred = self.recording.labels(self.evaluation.y_pred)
        if not y_true or not y_pred or len(y_true) != len(y_pred):
            return None
        if len({isinstance(each, str) for each in (*y_true, *y_pred)}) > 1:
            return tuple(map(str, y_true)), tuple(map(str, y_pred))
        return y_true, y_pred

    @cached_property
    def confusion(self) -> Confusion | None:
        """Counts of a classification, over the classes that occur."""
        if self.labels is None or self.task.kind != "classification":
            return None
        return confusion(*self.labels)

    @cached_property
    def texts(self) -> Texts | None:
        """Predicted texts and what they are compared with."""
        said = self.recording.labels(self.evaluation.y_pred)
        if said and (known := self._of_rows()) is not None:
            return tuple(map(str, said)), known
        names = self.evaluation.references or (self.evaluation.y_true,)
        streams = [self.recording.labels(name) for name in names]
        if not said or any(each is None or len(each) != len(said) for each in streams):
            return None
        several = zip(*(each for each in streams if each is not None), strict=True)
        references = tuple(tuple(str(text) for text in each if text != "") for each in several)
        return (tuple(map(str, said)), references) if all(references) else None

    def _of_rows(self) -> tuple[tuple[str, ...], ...] | None:
        origin, n = self.evaluation.origin, self.evaluation.n
        if origin is None:
            return None
        column = self.served.get((origin.dataset, origin.split), ())
        rows = origin.rows or range(origin.start, origin.start + n)
        return tuple(tuple(column[row]) for row in rows) if max(rows) < len(column) else None

    @cached_property
    def similarity(self) -> NDArray[np.float64] | None:
        """Images by captions, the way round that gives the recomputed score."""
        known = self.recording.matrices.get(self.evaluation.matrix or "")
        if known is None or known.values is None:
            return None
        table = np.array(known.values, dtype=np.float64).reshape(known.rows, known.columns)
        return table if np.isfinite(table).all() else None

    def _right(self) -> dict[MetricName, Values]:
        if self.labels is None:
            return {}
        y_true, y_pred = self.labels
        right = tuple(float(one == other) for one, other in zip(y_true, y_pred, strict=True))
        return {"accuracy": right, **self._among_five(y_true)}

    def _among_five(self, y_true: tuple[Label, ...]) -> dict[MetricName, Values]:
        table = self.similarity
        if table is None or len(table) != len(y_true) or table.shape[1] < 5:
            return {}
        columns = [label for label in y_true if isinstance(label, int)]
        if len(columns) != len(y_true) or not 0 <= min(columns) <= max(columns) < table.shape[1]:
            return {}
        true = np.arange(table.shape[1])[None, :] == np.array(columns)[:, None]
        return {"top5_accuracy": _rounded(hits_at_k(table, true, 5))}

    def _answered(self) -> dict[MetricName, Values]:
        if self.texts is None:
            return {}
        said, answers = self.texts
        commonest = [[Counter(several).most_common(1)[0][0]] for several in answers]
        found: dict[MetricName, Values] = {"exact_match": _rounded(exact_match(said, commonest))}
        if min(map(len, answers)) >= 3:
            found["vqa_accuracy"] = _rounded(vqa_accuracy(said, answers))
        return found

    def _captioned(self) -> dict[MetricName, Values]:
        if self.texts is None or len(self.texts[0]) < 2:
            return {}
        said, references = self.texts
        return {
            "bleu4": tuple(map(_alone, said, references)),
            "meteor": _rounded(meteor(said, references)),
            "cider": _rounded(cider_d(said, references)),
        }

    def _found(self) -> dict[MetricName, Values]:
        table = self.similarity
        if table is None:
            return {}
        return self._hits(table) or self._hits(table.T)

    def _hits(self, table: NDArray[np.float64]) -> dict[MetricName, Values]:
        """Hits of each query, if this way round explains every recomputed score."""
        per = self.task.captions_per_image
        images, captions = table.shape
        if captions != images * per:
            return {}
        belongs = np.arange(images)[:, None] == (np.arange(captions) // per)[None, :]
        found: dict[MetricName, Values] = {}
        for name in (each for each in self.task.metrics if each in DIRECTIONS):
            by_text, k = DIRECTIONS[name]
            rows, wanted = (table.T, belongs.T) if by_text else (table, belongs)
            if k <= rows.shape[1]:
                found[name] = _rounded(hits_at_k(rows, wanted, k))
        explained = all(self._explains(name, values) for name, values in found.items())
        return found if explained else {}

    def _apart(self) -> dict[MetricName, Values]:
        """How much nearer each item is to its own text than others are, either way round."""
        table = self.similarity
        if table is None or len(table) < 2 or table.shape[0] != table.shape[1]:
            return {}
        own = table.diagonal()
        others = (table.sum(axis=0) + table.sum(axis=1) - 2 * own) / (2 * (len(table) - 1))
        return {"similarity_score": _rounded(own - others)}

    def span(self, metric: MetricName, average: str | None = None) -> Span | None:
        """95 % interval of a recomputed score; ``None`` where the items are not known.

        Wilson's for shares of independent items, else a percentile bootstrap over the items. For
        captions that look for their image, images are drawn: captions of one image stand or fall
        together. Weights of CIDEr-D stay those of all items.
        """
        score = self.evaluation.scores.get(metric if average is None else f"{metric}_{average}")
        if score is None:
            return None
        if metric in SHARES:
            low, high = wilson(min(score, 1.0), self.evaluation.n)
            return Span(low=low, high=high, method="95 % Wilson score interval")
        found = self._resampled(metric, average)
        if found is None:
            return None
        if found.low == found.high and score in (0.0, 1.0):
            # Items that are all alike have no spread to draw from, yet may be few.
            low, high = wilson(score, self.evaluation.n)
            return Span(low=low, high=high, method="95 % Wilson score interval")
        return Span(low=found.low, high=found.high, method=found.method)

    def _resampled(self, metric: MetricName, average: str | None) -> Interval | None:
        if METRICS[metric].averaged and average is not None:
            return self._of_counts(metric, average)
        if metric.startswith("bleu"):
            return self._of_corpus(int(metric[-1]))
        values = np.array(self.items.get(metric, ()))
        if len(values) < 2:
            return None
        if metric == "similarity_score":
            return self._of_pairs()
        if metric in DIRECTIONS:
            values = values.reshape(-1, self.task.captions_per_image).mean(axis=1)
        return bootstrap_of_mean(values) if len(values) > 1 else None

    def _of_counts(self, metric: MetricName, average: str) -> Interval | None:
        if self.confusion is None or self.confusion.counts.sum() < 2:
            return None
        if metric not in ("precision", "recall", "f1"):
            return None
        return counts.interval(self.confusion.counts, metric, average)

    def _of_corpus(self, order: int) -> Interval | None:
        if self.texts is None or len(self.texts[0]) < 2:
            return None
        score = bleu_of_rows(*self.texts, order=order)
        everything = score(np.arange(len(self.texts[0]))) / 100
        if abs(everything - self.evaluation.scores.get(f"bleu{order}", -1.0)) > CLOSE:
            return None
        return bootstrap(lambda rows: score(rows) / 100, len(self.texts[0]))

    def _of_pairs(self) -> Interval | None:
        """Items drawn several times are never each other's "other": equal pairs are left out."""
        table = self.similarity
        if table is None:
            return None
        whole, outside = table, similarity_score(table)

        def score(rows: NDArray[np.intp]) -> float:
            apart = rows[:, None] != rows[None, :]
            if not apart.any():
                return outside
            drawn = whole[np.ix_(rows, rows)]
            return float(whole.diagonal()[rows].mean() - drawn[apart].mean())

        return bootstrap(score, len(table))


def _alone(said: str, references: Sequence[str]) -> float:
    """BLEU of one caption: of 4-grams, or of as many words as it has."""
    order = max(1, min(4, len(words(said))))
    return round(bleu([said], [references], order=order).score / 100, PLACES)


def _rounded(values: NDArray[np.float64]) -> Values:
    return tuple(round(float(value), PLACES) for value in values)
