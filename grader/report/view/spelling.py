"""What metrics and scored items are called on the pages, and the unit scores are shown in."""

from math import isfinite

from grader.model import METRICS, MetricName, Task, TaskKind
from grader.report.text import listing, number

__all__ = ["in_hundredths", "metric_name", "noun", "sample", "scales", "short", "spelled", "title"]

_HUNDREDTHS = frozenset[MetricName]({"bleu1", "bleu2", "bleu3", "bleu4", "meteor"})
"""Written from 0 to 100 by papers and by sacrebleu; everything else stands as it is kept."""

_NOUNS: dict[TaskKind, str] = {"similarity": "pair", "vqa": "question"}
"""What is scored, where that is not an image."""

_IN_A_SENTENCE: dict[MetricName, str] = {
    "accuracy": "score",
    "precision": "precision",
    "recall": "recall",
    "similarity_score": "similarity score",
}


def title(metric: MetricName) -> str:
    """The metric as people write it, e.g. ``BLEU-4``."""
    return METRICS[metric].title


def metric_name(metric: MetricName) -> str:
    """The metric inside a sentence, e.g. ``Recall@1 from image to text``."""
    name, _, direction = title(metric).partition(", ")
    return _IN_A_SENTENCE.get(metric, f"{name} from {direction}" if direction else name)


def in_hundredths(metric: MetricName) -> bool:
    """Whether the pages show it from 0 to 100."""
    return metric in _HUNDREDTHS


def spelled(metric: MetricName, value: float | None) -> str:
    """A score in the unit of its metric."""
    if value is not None and isfinite(value) and in_hundredths(metric):
        return f"{100 * value:.2f}"
    return number(value)


def short(metric: MetricName, value: float) -> str:
    """An end of a range, with one decimal less than a score."""
    return f"{100 * value:.1f}" if in_hundredths(metric) else f"{value:.3f}"


def scales(metrics: tuple[MetricName, ...]) -> str:
    """The scales of those that do not go from 0 to 1, e.g. ``BLEU-4 from 0 to 100``."""
    hundred = [title(each) for each in metrics if in_hundredths(each)]
    parts = [f"{listing(hundred)} from 0 to 100"] if hundred else []
    parts += [
        f"{title(each)} from {0 if each == 'cider' else -METRICS[each].highest:g} "
        f"to {METRICS[each].highest:g}"
        for each in metrics
        if METRICS[each].highest != 1
    ]
    return f"{', '.join(parts)}." if parts else ""


def noun(task: Task) -> str:
    """What one scored item of the task is."""
    return _NOUNS.get(task.kind, "image")


def sample(task: Task, split: str | None) -> str:
    """One scored item of this split, e.g. ``test image``."""
    return f"test {noun(task)}" if split == task.split else noun(task)
