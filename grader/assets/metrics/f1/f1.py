"""F1, with the arguments and results of the metric published under this name."""

import datasets
import evaluate
from sklearn.metrics import f1_score


class F1(evaluate.Metric):  # type: ignore[misc]
    """Harmonic mean of precision and recall."""

    def _info(self) -> evaluate.MetricInfo:
        value = datasets.Value("int32")
        feature = datasets.Sequence(value) if self.config_name == "multilabel" else value
        return evaluate.MetricInfo(
            description="Harmonic mean of precision and recall.",
            citation="",
            inputs_description="predictions and references: lists of int",
            features=datasets.Features({"predictions": feature, "references": feature}),
        )

    def _compute(
        self, predictions: list[int], references: list[int], **options: object
    ) -> dict[str, object]:
        """Options are those of scikit-learn's function, whose defaults are the published ones."""
        score = f1_score(references, predictions, **options)
        return {"f1": score if getattr(score, "size", 1) > 1 else float(score)}
