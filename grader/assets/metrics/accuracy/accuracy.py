"""Accuracy, with the arguments and results of the metric published under this name."""

import datasets
import evaluate
from sklearn.metrics import accuracy_score


class Accuracy(evaluate.Metric):  # type: ignore[misc]
    """Share of predictions that equal their reference."""

    def _info(self) -> evaluate.MetricInfo:
        value = datasets.Value("int32")
        feature = datasets.Sequence(value) if self.config_name == "multilabel" else value
        return evaluate.MetricInfo(
            description="Share of predictions that equal their reference.",
            citation="",
            inputs_description="predictions and references: lists of int",
            features=datasets.Features({"predictions": feature, "references": feature}),
        )

    def _compute(
        self, predictions: list[int], references: list[int], **options: object
    ) -> dict[str, object]:
        """Options are those of scikit-learn's function, whose defaults are the published ones."""
        score = accuracy_score(references, predictions, **options)
        return {"accuracy": float(score)}
