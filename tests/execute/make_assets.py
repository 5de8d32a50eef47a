"""Make a folder of tiny assets: run as a script, so that the tests themselves stay light."""

import json
import sys
from pathlib import Path

import torch
from datasets import ClassLabel, Dataset, Features, Image
from PIL import Image as Pictures
from transformers import (
    CLIPConfig,
    CLIPModel,
    PreTrainedModel,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessor,
)

METRIC = """
import datasets
import evaluate
from sklearn.metrics import accuracy_score


class Accuracy(evaluate.Metric):
    def _info(self):
        features = datasets.Features(
            {"predictions": datasets.Value("int32"), "references": datasets.Value("int32")}
        )
        return evaluate.MetricInfo(
            description="", citation="", inputs_description="", features=features
        )

    def _compute(self, predictions, references):
        return {"accuracy": float(accuracy_score(references, predictions))}
"""
COMMIT = "0" * 40
SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 16,
    "patch_size": 4,
    "image_size": 8,
}


def main(root: Path) -> None:
    torch.manual_seed(0)
    save("lab/tiny-vit", ViTForImageClassification(ViTConfig(**SMALL, num_labels=3)), root)
    text = {**SMALL, "vocab_size": 50, "max_position_embeddings": 8}
    config = CLIPConfig(text_config=text, vision_config=SMALL, projection_dim=8)
    save("lab/tiny-clip", CLIPModel(config), root)
    folder = root / "data/beans"
    folder.mkdir(parents=True)
    features = Features({"image": Image(), "labels": ClassLabel(names=["a", "b", "c"])})
    for split, rows in (("train", 12), ("test", 9)):
        pictures = [Pictures.new("RGB", (8, 8), (row, 0, 0)) for row in range(rows)]
        columns = {"image": pictures, "labels": [row % 3 for row in range(rows)]}
        Dataset.from_dict(columns, features=features).to_parquet(folder / f"{split}.parquet")
    metric = root / "metrics/accuracy/accuracy.py"
    metric.parent.mkdir(parents=True)
    metric.write_text(METRIC)
    beans = {"id": "lab/beans", "path": "data/beans"}
    serving = {
        "profile": "tiny",
        "models": ["lab/tiny-vit", "lab/tiny-clip"],
        "datasets": {"lab/beans": beans, "beans": beans},
        "metrics": {"accuracy": "metrics/accuracy"},
    }
    (root / "serving.json").write_text(json.dumps(serving))


def save(name: str, model: PreTrainedModel, root: Path) -> None:
    home = root / "hub" / f"models--{name.replace('/', '--')}"
    snapshot = home / "snapshots" / COMMIT
    model.save_pretrained(snapshot)
    ViTImageProcessor(size={"height": 8, "width": 8}).save_pretrained(snapshot)
    (home / "refs").mkdir()
    (home / "refs/main").write_text(COMMIT)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
