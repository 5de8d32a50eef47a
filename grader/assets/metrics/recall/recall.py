"""Recall, with the arguments and results of the metric published under this name."""

import datasets
import evaluate
from sklearn.metrics import recall_score


class Recall(evaluate.Metric):  # type: ignore[misc]
    """Share of the members of a class that are found."""

    def _info(self) -> evaluate.MetricInfo:
        value = datasets.Value("int32")
        feature = datasets.Sequence(value) if self.config_name == "multilabel" else value
        return evaluate.MetricInfo(
            description="Share of the members of a class that are found.",
            citation="",
            inputs_description="predictions and references: lists of int",
            features=datasets.Features({"predictions": feature, "references": feature}),
        )

    def _compute(
        self, predictions: list[int], references: list[int], **options: object
    ) -> dict[str, object]:
        """Options are those of scikit-learn's function, whose defaults are the published ones."""
        score = recall_score(references, predictions, **options)
        return {"recall": score if getattr(score, "size", 1) > 1 else float(score)}
