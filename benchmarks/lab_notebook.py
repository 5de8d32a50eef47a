"""The notebook every tool of a benchmark executes: a student's zero-shot evaluation of CLIP.

It loads model and data by their published ids. In the product's sandbox the ids are served; for
the other tools ``HF_HUB_CACHE`` holds the model, and a folder ``uoft-cs/cifar10`` beside the
notebook, which ``load_dataset`` prefers to the network, the data. One cell is an nbgrader test
cell; every other tool ignores its metadata and runs it as it is.
"""

import nbformat
from nbformat import NotebookNode

__all__ = ["DATASET", "EVALUATED", "LAB", "notebook"]

LAB = "week9-vit-clip"
"""Lab the notebook answers, for the product."""

DATASET = "uoft-cs/cifar10"
"""Id the notebook loads its data by."""

EVALUATED = "Test images: 100"
"""Printed by a notebook that got to its end; what a benchmark looks for."""

_IMPORTS = """\
import numpy as np
import torch
from datasets import load_dataset
from sklearn.metrics import accuracy_score, classification_report, f1_score
from transformers import CLIPModel, CLIPProcessor"""

_DATA = f"""\
cifar = load_dataset("{DATASET}", split="test").select(range(100))
names = cifar.features["label"].names
cifar"""

_MODEL = """\
checkpoint = "openai/clip-vit-base-patch32"
model = CLIPModel.from_pretrained(checkpoint).eval()
processor = CLIPProcessor.from_pretrained(checkpoint)
prompts = [f"a photo of a {name}" for name in names]"""

_EVALUATION = """\
y_true, y_pred = [], []
with torch.no_grad():
    for start in range(0, len(cifar), 50):
        batch = cifar[start : start + 50]
        inputs = processor(text=prompts, images=batch["img"], return_tensors="pt", padding=True)
        logits = model(**inputs).logits_per_image
        y_pred += logits.argmax(dim=1).tolist()
        y_true += batch["label"]"""

_SCORES = """\
accuracy = accuracy_score(y_true, y_pred)
print("Test images:", len(y_true))
print(f"Accuracy: {accuracy:.4f}")
print(f"F1 macro: {f1_score(y_true, y_pred, average='macro'):.4f}")"""

_REPORT = """\
print(classification_report(y_true, y_pred, target_names=names, zero_division=0))
print("Classes predicted:", np.unique(y_pred).size)"""

_TEST = """\
assert len(y_true) == len(y_pred) == 100
assert 0.5 < accuracy <= 1"""

_NBGRADER_TEST = {
    "schema_version": 3,
    "grade": True,
    "grade_id": "clip-scores",
    "locked": True,
    "points": 10,
    "solution": False,
    "task": False,
}


def notebook(student: str) -> NotebookNode:
    """The notebook one student handed in; the name makes every copy a file of its own."""
    new = nbformat.v4
    sources = (_IMPORTS, _DATA, _MODEL, _EVALUATION, _SCORES, _REPORT, _TEST)
    title = new.new_markdown_cell(f"# Task 2: evaluate CLIP\n\n{student}")
    cells = [title, *map(new.new_code_cell, sources)]
    cells[-1].metadata["nbgrader"] = dict(_NBGRADER_TEST)
    for number, cell in enumerate(cells):
        # Ids are random otherwise, and every run would grade another file.
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new.new_notebook(cells=cells, metadata={"kernelspec": kernel})
