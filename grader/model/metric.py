"""The metrics a lab can ask for: their names, what they are of, and how they are read."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

MetricName = Literal[
    "accuracy",
    "precision",
    "recall",
    "f1",
    "top5_accuracy",
    "image_to_text_recall_at_1",
    "image_to_text_recall_at_5",
    "text_to_image_recall_at_1",
    "text_to_image_recall_at_5",
    "similarity_score",
    "bleu1",
    "bleu2",
    "bleu3",
    "bleu4",
    "meteor",
    "cider",
    "vqa_accuracy",
    "exact_match",
]
TaskKind = Literal["classification", "retrieval", "similarity", "captioning", "vqa"]


class Metric(Struct, frozen=True, kw_only=True):
    """One metric."""

    title: str
    """As people write it, e.g. ``BLEU-4``."""

    kinds: frozenset[TaskKind]
    """Tasks it can be asked of."""

    averaged: bool = False
    """Whether it depends on how classes are averaged."""

    hundredths: bool = True
    """Whether people write it in hundredths, too; kept as a fraction: BLEU 45.2 is 0.452."""

    highest: float = 1.0
    """Largest value it can take."""

    @property
    def spoken(self) -> str:
        """Its title inside a sentence: ``accuracy``, but ``F1`` and ``METEOR``."""
        plain = self.title[1:2].islower()
        return self.title[0].lower() + self.title[1:] if plain else self.title


_CLASSES = frozenset[TaskKind]({"classification"})
_ANSWERS = frozenset[TaskKind]({"vqa"})
_CAPTIONS = frozenset[TaskKind]({"captioning"})
_PAIRS = frozenset[TaskKind]({"retrieval"})

METRICS: Mapping[MetricName, Metric] = {
    "accuracy": Metric(title="Accuracy", kinds=_CLASSES),
    "precision": Metric(title="Precision", kinds=_CLASSES, averaged=True),
    "recall": Metric(title="Recall", kinds=_CLASSES, averaged=True),
    "f1": Metric(title="F1", kinds=_CLASSES, averaged=True),
    "top5_accuracy": Metric(title="Top-5 accuracy", kinds=_CLASSES),
    "image_to_text_recall_at_1": Metric(title="Recall@1, image to text", kinds=_PAIRS),
    "image_to_text_recall_at_5": Metric(title="Recall@5, image to text", kinds=_PAIRS),
    "text_to_image_recall_at_1": Metric(title="Recall@1, text to image", kinds=_PAIRS),
    "text_to_image_recall_at_5": Metric(title="Recall@5, text to image", kinds=_PAIRS),
    "similarity_score": Metric(
        title="Similarity score", kinds=frozenset({"similarity"}), hundredths=False, highest=2.0
    ),
    "bleu1": Metric(title="BLEU-1", kinds=_CAPTIONS),
    "bleu2": Metric(title="BLEU-2", kinds=_CAPTIONS),
    "bleu3": Metric(title="BLEU-3", kinds=_CAPTIONS),
    "bleu4": Metric(title="BLEU-4", kinds=_CAPTIONS),
    "meteor": Metric(title="METEOR", kinds=_CAPTIONS),
    "cider": Metric(title="CIDEr-D", kinds=_CAPTIONS, hundredths=False, highest=10.0),
    "vqa_accuracy": Metric(title="VQA accuracy", kinds=_ANSWERS),
    "exact_match": Metric(title="Exact match", kinds=_ANSWERS),
}
"""Every metric, in the order in which tables list them."""


def metric_of(name: str) -> MetricName | None:
    """The metric that a name in ``Evaluation.scores`` is a value of; ``None`` for no metric's.

    ``f1_macro`` is F1 and ``bleu4@nltk`` is BLEU-4.
    """
    plain = name.partition("@")[0]
    if plain not in METRICS:
        plain = plain.rpartition("_")[0]
    return next((metric for metric in METRICS if metric == plain), None)
