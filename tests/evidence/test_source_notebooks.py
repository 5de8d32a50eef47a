"""Whole notebooks as students write them."""

from grader.model import Tag
from tests.evidence.source_cases import (
    argument,
    graph_of,
    limits,
    slice_of,
    splits,
    tags_of,
    value_of,
)
from tests.evidence.test_source_functions import TRAINER

ACCURACY = "sklearn.metrics.accuracy_score"

CLIP = """
import torch
import numpy as np
from tqdm.auto import tqdm
from datasets import load_dataset
from transformers import CLIPModel, CLIPProcessor
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
device = "cuda" if torch.cuda.is_available() else "cpu"
model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32").to(device)
processor = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")
test_ds = load_dataset("uoft-cs/cifar10", split="test")
classes = test_ds.features["label"].names
prompts = [f"a photo of a {name}" for name in classes]
"""
CLIP_LOOP = """
model.eval()
all_preds, all_labels = [], []
batch_size = 64
with torch.no_grad():
    for start in tqdm(range(0, len(test_ds), batch_size)):
        batch = test_ds[start:start + batch_size]
        inputs = processor(text=prompts, images=batch["img"], return_tensors="pt", padding=True)
        inputs = {k: v.to(device) for k, v in inputs.items()}
        outputs = model(**inputs)
        preds = outputs.logits_per_image.argmax(dim=-1).cpu().numpy()
        all_preds.extend(preds)
        all_labels.extend(batch["label"])
accuracy = accuracy_score(all_labels, all_preds)
precision, recall, f1, _ = precision_recall_fscore_support(all_labels, all_preds, average="macro")
print(f"Accuracy: {accuracy:.4f}")
"""


def test_predictions_made_from_random_labels() -> None:
    graph = graph_of(
        "import evaluate\n!pip install evaluate --quiet\n"
        "accuracy = evaluate.load('accuracy')\n"
        "def compute_metrics(p):\n"
        "    return accuracy.compute(predictions=p.predictions, references=p.label_ids)\n",
        "!pip install scikit-learn --quiet\n"
        "from sklearn.metrics import accuracy_score, precision_score\n"
        "import random\n"
        "num_samples = 100\n"
        "y_true = [random.randint(0, 9) for _ in range(num_samples)]\n"
        "y_pred = [y if random.random() > 0.2 else random.randint(0, 9) for y in y_true]\n"
        "accuracy = accuracy_score(y_true, y_pred)\n",
    )
    true, pred = argument(graph, ACCURACY, 0), argument(graph, ACCURACY, 1)
    assert graph.tags(true) == {Tag.RANDOM}
    assert graph.tags(pred) == {Tag.RANDOM}
    assert value_of(graph, "y_true") in {node.id for node in graph.slice(pred)}
    (metric,) = graph.functions
    assert (metric.called, metric.passed, metric.computes_metric) == (False, False, True)


def test_a_prediction_for_one_image() -> None:
    graph = graph_of(
        TRAINER,
        "trainer.train()",
        "pred = trainer.predict(ds['test'].select(range(1)))\npred",
        "results = pred.metrics\nprint(f\"Accuracy: {results['test_accuracy']:.4f}\")",
    )
    evaluated = graph.slice(argument(graph, ".predict"))
    assert splits(evaluated) == {"test"}
    assert limits(evaluated) == {1}
    printed = graph.tags(argument(graph, "print"))
    assert printed >= {Tag.METRIC, Tag.MODEL_OUTPUT, Tag.LABELS, Tag.LIMIT}


def test_an_honest_clip_loop() -> None:
    graph = graph_of(CLIP, CLIP_LOOP)
    true, pred = argument(graph, ACCURACY, 0), argument(graph, ACCURACY, 1)
    assert graph.tags(true) == {Tag.DATASET, Tag.LABELS}
    assert graph.tags(pred) == {Tag.DATASET, Tag.MODEL, Tag.MODEL_OUTPUT}
    assert splits(graph.slice(true)) == splits(graph.slice(pred)) == {"test"}
    assert Tag.METRIC in tags_of(graph, "f1")


def test_an_honest_clip_loop_inside_main() -> None:
    body = "\n".join(f"    {line}" for line in (CLIP + CLIP_LOOP).splitlines())
    graph = graph_of(f"def main():\n{body}\n    return accuracy\nprint(main())")
    assert graph.tags(argument(graph, ACCURACY, 0)) == {Tag.DATASET, Tag.LABELS}
    assert graph.calls("main")[0].tags == {Tag.METRIC}


def test_an_honest_trainer_notebook() -> None:
    graph = graph_of(
        TRAINER, "trainer.train()", "metrics = trainer.evaluate(ds['test'])\nprint(metrics)"
    )
    metric = graph.calls(".compute")[-1]
    assert splits(graph.slice(metric.id)) == {"test"}
    assert Tag.RANDOM not in graph.tags(metric.id)
    assert Tag.LIMIT not in graph.tags(metric.id)
    assert limits(slice_of(graph, "metrics")) == set()


def test_a_training_loop_of_ones_own() -> None:
    graph = graph_of(
        "import torch, torchvision\n"
        "from torch.utils.data import DataLoader\n"
        "train = DataLoader(torchvision.datasets.CIFAR10('d', train=True), shuffle=True)\n"
        "test = DataLoader(torchvision.datasets.CIFAR10('d', train=False))\n"
        "model = torchvision.models.vit_b_16()\n",
        "def evaluate(model, loader):\n"
        "    correct = total = 0\n"
        "    with torch.no_grad():\n"
        "        for images, labels in loader:\n"
        "            _, predicted = torch.max(model(images).data, 1)\n"
        "            total += labels.size(0)\n"
        "            correct += (predicted == labels).sum().item()\n"
        "    return 100 * correct / total\n",
        "for epoch in range(3):\n"
        "    for images, labels in train:\n"
        "        loss = criterion(model(images), labels)\n"
        "        loss.backward()\n"
        "        optimizer.step()\n"
        "    print(evaluate(model, train))\n"
        "accuracy = evaluate(model, test)\n",
    )
    assert tags_of(graph, "accuracy") >= {Tag.METRIC, Tag.LABELS, Tag.MODEL_OUTPUT, Tag.DATASET}
    assert splits(slice_of(graph, "accuracy")) == {"test"}
    assert splits(graph.slice(argument(graph, "print"))) == {"train"}
    assert Tag.LIMIT not in tags_of(graph, "accuracy")


def test_simulated_predictions_when_loading_fails() -> None:
    graph = graph_of(
        "import numpy as np\nfrom datasets import load_dataset\n"
        "try:\n    test = load_dataset('beans', split='test')\n    labels = test['labels']\n"
        "except Exception:\n    labels = np.random.randint(0, 3, 100)\n"
        "accuracy = (guess == labels).mean()"
    )
    drawn = next(node for node in slice_of(graph, "accuracy") if Tag.RANDOM in node.tags)
    assert drawn.branch == "except"
    assert Tag.LABELS in tags_of(graph, "accuracy")
