"""What a student's notebook does with the assets, run in a process of its own.

``python notebook.py SERVING_FILE`` reads the cases for the metrics from its input and prints what
every step found, one JSON document each. Datasets and metrics are looked up in the serving file,
which the sandbox does for a real notebook; models load by their ids.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import torch

VIT = "google/vit-base-patch16-224-in21k"
CLIP = "openai/clip-vit-base-patch32"


def describe_datasets(serving: dict[str, Any], root: Path) -> dict[str, Any]:
    from datasets import load_dataset

    described = {}
    for name, entry in serving["datasets"].items():
        loaded = load_dataset(str(root / entry["path"]))
        label = next(c for c in loaded["test"].column_names if c.startswith("label"))
        image = next(c for c in loaded["test"].column_names if c in {"image", "img"})
        described[name] = {
            "columns": loaded["test"].column_names,
            "splits": {split: rows.num_rows for split, rows in loaded.items()},
            "names": loaded["test"].features[label].names,
            "labels": {split: list(rows[label]) for split, rows in loaded.items()},
            "size": loaded["test"][0][image].size,
            "sliced": load_dataset(str(root / entry["path"]), split="test[:20]").num_rows,
        }
    return described


def load_models(serving: dict[str, Any], root: Path) -> dict[str, Any]:
    from transformers import (
        AutoImageProcessor,
        AutoProcessor,
        AutoTokenizer,
        CLIPModel,
        CLIPProcessor,
        ViTForImageClassification,
        ViTImageProcessor,
    )

    labels = {"id2label": {0: "a", 1: "b", 2: "c"}, "label2id": {"a": 0, "b": 1, "c": 2}}
    loaded = [
        ViTImageProcessor.from_pretrained(VIT),
        AutoImageProcessor.from_pretrained(VIT),
        ViTForImageClassification.from_pretrained(VIT, num_labels=3, **labels),
        CLIPModel.from_pretrained(CLIP),
        CLIPProcessor.from_pretrained(CLIP),
        AutoProcessor.from_pretrained(CLIP),
        AutoTokenizer.from_pretrained(CLIP),
    ]
    tokens = AutoTokenizer.from_pretrained(CLIP)
    texts = ["a photo of a Cat.", "zebra \u00fcber \u4f60 #42"]
    return {
        "classes": [type(each).__name__ for each in loaded],
        "round_trip": [
            tokens.decode(ids, skip_special_tokens=True) for ids in tokens(texts)["input_ids"]
        ],
        "padded": [
            len(i) for i in tokens(texts, padding="max_length", truncation=True)["input_ids"]
        ],
    }


def classify_zero_shot(serving: dict[str, Any], root: Path) -> dict[str, Any]:
    from datasets import load_dataset
    from transformers import CLIPModel, CLIPProcessor, pipeline

    rows = load_dataset(str(root / serving["datasets"]["cifar10"]["path"]), split="test[:500]")
    names, labels = rows.features["label"].names, torch.tensor(rows["label"])
    model, processor = CLIPModel.from_pretrained(CLIP), CLIPProcessor.from_pretrained(CLIP)
    scores = {}
    for prompt in ("a photo of a {}.", "a picture of a {}.", "an image of a {}", "{}"):
        texts = [prompt.format(name) for name in names]
        inputs = processor(text=texts, images=rows["img"][:], return_tensors="pt", padding=True)
        with torch.no_grad():
            predicted = model(**inputs).logits_per_image.argmax(-1)
        scores[prompt] = (predicted == labels).float().mean().item()
    classify = pipeline("zero-shot-image-classification", model=CLIP)
    answers = [classify(row["img"], candidate_labels=names)[0]["label"] for row in rows.take(40)]
    agreed = [
        names[label] == answer for label, answer in zip(labels.tolist(), answers, strict=False)
    ]
    return {"scores": scores, "pipeline": sum(agreed) / len(agreed)}


def fine_tune(serving: dict[str, Any], root: Path) -> dict[str, Any]:
    from datasets import load_dataset
    from transformers import AutoImageProcessor, Trainer, TrainingArguments, set_seed
    from transformers import ViTForImageClassification as Classifier

    processor = AutoImageProcessor.from_pretrained(VIT)

    def transform(batch: dict[str, Any]) -> dict[str, Any]:
        pixels = processor(batch["image"], return_tensors="pt")["pixel_values"]
        return {"pixel_values": pixels, "labels": batch["labels"]}

    set_seed(0)
    beans = load_dataset(str(root / serving["datasets"]["beans"]["path"])).with_transform(transform)
    arguments = TrainingArguments(
        "out",
        num_train_epochs=3,
        per_device_train_batch_size=16,
        remove_unused_columns=False,
        report_to=[],
        save_strategy="no",
        seed=0,
        dataloader_pin_memory=False,
    )
    trainer = Trainer(
        model=Classifier.from_pretrained(VIT, num_labels=3),
        args=arguments,
        train_dataset=beans["train"],
    )
    before = _accuracy(trainer, beans["test"])
    seconds = trainer.train().metrics["train_runtime"]
    return {"before": before, "after": _accuracy(trainer, beans["test"]), "seconds": seconds}


def _accuracy(trainer: Any, rows: Any) -> float:  # noqa: ANN401
    output = trainer.predict(rows)
    return float((output.predictions.argmax(-1) == output.label_ids).mean())


def compute_metrics(serving: dict[str, Any], root: Path) -> dict[str, Any]:
    import evaluate

    cases = json.loads(sys.stdin.read())
    loaded = {name: evaluate.load(str(root / path)) for name, path in serving["metrics"].items()}
    warnings.simplefilter("ignore")
    computed = [loaded[case["metric"]].compute(**case["inputs"])[case["metric"]] for case in cases]
    return {"computed": [getattr(value, "tolist", lambda v=value: v)() for value in computed]}


def main() -> None:
    torch.set_num_threads(1)
    serving_file = Path(sys.argv[1])
    serving = json.loads(serving_file.read_text(encoding="utf-8"))
    for step in (describe_datasets, load_models, compute_metrics, classify_zero_shot, fine_tune):
        answer = step(serving, serving_file.parent)
        sys.stdout.write("\n" + json.dumps({"step": step.__name__, "answer": answer}) + "\n")


if __name__ == "__main__":
    main()
