"""``grader assets`` as it is used: on machines with and without the published checkpoints."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.assets.hub_server import serving
from tests.assets.published import (
    BEANS,
    CIFAR,
    CLIP,
    COMMIT,
    VIT,
    beans,
    cifar,
    fill,
    model_files,
    with_pickled_weights,
)
from tests.cli.command import ROOT, Done

LAB = "week9-vit-clip"


def grader(*arguments: str | Path, settings: Mapping[str, Path], **others: str) -> Done:
    """Run ``grader`` with these environment variables, and none the tests were started with."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "HUGGINGFACE_", "LAB_GRADER"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=ROOT,
        env=kept | {name: str(value) for name, value in settings.items()} | others,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    return {"HF_HUB_CACHE": tmp_path / "hub", "LAB_GRADER_CACHE": tmp_path / "grader"}


def test_what_ships_is_ready_everywhere(places: dict[str, Path]) -> None:
    done = grader("assets", "status", LAB, settings=places)

    assert (done.code, done.err) == (0, "")
    assert "All 8 assets of the profile tiny are ready." in done.out
    assert not places["LAB_GRADER_CACHE"].exists()


def test_what_is_missing_is_listed_with_the_command_that_fetches_it(
    places: dict[str, Path],
) -> None:
    done = grader("assets", "status", LAB, "--profile", "full", settings=places)

    assert done.code == 1
    for name in (VIT, CLIP, BEANS, CIFAR):
        assert f"{name}: missing: " in done.out
    assert f"Fetch what is missing: grader assets pull {LAB} --profile full" in done.out


def test_status_is_a_document_for_programs(places: dict[str, Path]) -> None:
    fill(places["HF_HUB_CACHE"])
    (places["HF_HUB_CACHE"] / "models--openai--clip-vit-base-patch32/refs/main").unlink()
    done = grader("assets", "status", LAB, "--profile", "full", "--format", "json", settings=places)
    document = json.loads(done.out)

    assert done.code == 1
    assert (document["schema"], document["profile"]) == ("grader/assets/v1", "full")
    states = {each["id"]: each["state"] for each in document["assets"]}
    assert states.pop(CLIP) == "incomplete"
    assert set(states.values()) == {"ready"}
    vit = document["assets"][0]
    assert (vit["licence"], vit["revision"], vit["commit"]) == ("Apache-2.0", "main", COMMIT)
    assert vit["problem"] is None
    assert vit["size"] > 1_000_000


@pytest.mark.parametrize("command", ["grade", "check", "reference"])
def test_grading_never_downloads(command: str, places: dict[str, Path], tmp_path: Path) -> None:
    notebook = ROOT / "submissions" / LAB / "honest.ipynb"
    arguments: dict[str, list[str | Path]] = {
        "grade": ["grade", notebook, "--lab", LAB, "--out", tmp_path / "out"],
        "check": ["check", notebook, "--lab", LAB, "--run"],
        "reference": ["reference", "run", LAB, "--out", tmp_path / "record.json"],
    }
    hub = {f"models/{VIT}": model_files(VIT)}
    with serving(hub) as server:
        command_line = (*arguments[command], "--profile", "full")
        done = grader(*command_line, settings=places, HF_ENDPOINT=server.address)

    assert done.code == 3
    assert f"The model {VIT!r} is missing" in done.err
    assert f"`grader assets pull {LAB} --profile full` fetches it." in done.err
    assert not server.asked


def test_without_a_network_a_pull_says_so(places: dict[str, Path]) -> None:
    unreachable = "http://127.0.0.1:9"
    pull = ("assets", "pull", LAB, "--profile", "full")
    done = grader(*pull, settings=places, HF_ENDPOINT=unreachable)
    offline = grader(*pull, settings=places, HF_HUB_OFFLINE="1")

    assert (done.code, offline.code) == (3, 3)
    assert f"The model {VIT!r} could not be downloaded" in done.err
    assert "Pull again where" in done.err
    assert "Unset HF_HUB_OFFLINE." in offline.err
    assert "Traceback" not in done.err + offline.err


def test_a_pull_gets_each_weight_once_and_pins_the_commit(places: dict[str, Path]) -> None:
    clip = model_files(CLIP)
    heavy = {"pytorch_model.bin": b"p", "tf_model.h5": b"t", "onnx/model.onnx": b"o"}
    repositories = {
        f"models/{VIT}": with_pickled_weights(model_files(VIT)) | {"flax_model.msgpack": b"f"},
        f"models/{CLIP}": clip | heavy,
        f"datasets/{BEANS}": beans({"train": 6, "validation": 3, "test": 6}) | {"beans.py": b""},
        f"datasets/{CIFAR}": cifar({"train": 4, "test": 4}),
    }
    pull = ("assets", "pull", LAB, "--profile", "full")
    with serving(repositories) as server:
        done = grader(*pull, settings=places, HF_ENDPOINT=server.address)
        sent = list(server.sent)
        again = grader(*pull, settings=places, HF_ENDPOINT=server.address)

        assert (done.code, again.code) == (0, 0), done.err
        assert server.sent == sent
    weights = sorted(each for each in sent if each.startswith("models/") and "model." in each)
    assert weights == [f"models/{VIT}/pytorch_model.bin", f"models/{CLIP}/model.safetensors"]
    assert f"datasets/{BEANS}/beans.py" not in sent
    lock = json.loads((places["LAB_GRADER_CACHE"] / "pulled.json").read_text(encoding="utf-8"))
    entry = lock["pulled"][f"model {CLIP}@main"]
    assert entry["commit"] == COMMIT
    assert set(entry["files"]) == set(clip)
    assert grader("assets", "verify", LAB, "--profile", "full", settings=places).code == 0


def test_a_repository_that_does_not_exist_is_named(places: dict[str, Path]) -> None:
    with serving({}) as server:
        pull = ("assets", "pull", LAB, "--profile", "full")
        done = grader(*pull, settings=places, HF_ENDPOINT=server.address)

    assert done.code == 3
    assert f"The model {VIT!r} could not be downloaded" in done.err
    assert "Correct the id in lab.yaml" in done.err


EVALUATION = f"""
import torch
from datasets import load_dataset
from transformers import CLIPModel, CLIPProcessor
from sklearn.metrics import accuracy_score

rows = load_dataset("{CIFAR}", split="test")
names = rows.features["label"].names
model, processor = CLIPModel.from_pretrained("{CLIP}"), CLIPProcessor.from_pretrained("{CLIP}")
texts = [f"a photo of a {{name}}." for name in names]
inputs = processor(text=texts, images=rows["img"][:], return_tensors="pt", padding=True)
with torch.no_grad():
    predictions = model(**inputs).logits_per_image.argmax(-1).tolist()
print("CLIP accuracy on CIFAR-10:", accuracy_score(rows["label"], predictions))
"""


@pytest.mark.slow
@pytest.mark.sandbox
def test_a_class_is_graded_with_the_published_assets(
    places: dict[str, Path], tmp_path: Path
) -> None:
    fill(places["HF_HUB_CACHE"])
    cell = {"cell_type": "code", "source": EVALUATION, "metadata": {}, "outputs": []}
    heading = {"cell_type": "markdown", "source": "# Task 2: CLIP", "metadata": {}, "id": "b"}
    document = {
        "cells": [heading, cell | {"execution_count": None, "id": "a"}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = tmp_path / "in" / "heron.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(document), encoding="utf-8")
    out = tmp_path / "out"
    command = ("grade", path, "--lab", LAB, "--profile", "full", "--out", out)
    with serving({}) as server:
        done = grader(*command, settings=places, HF_ENDPOINT=server.address)

    assert done.code == 0, done.err
    assert not server.asked
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert results["profile"] == "full"
    run = next(out.glob("runs/*/2-run.json")).read_text(encoding="utf-8")
    assert json.loads(run)["machine"]["profile"] == "full"
    evidence = json.loads(next(out.glob("runs/*/3-evidence.json")).read_text(encoding="utf-8"))
    best = max(evidence["evaluations"], key=lambda each: each["n"])
    assert (best["task"], best["n"], best["split"]) == ("clip", 130, "test")
    assert grader("rescore", out, settings=places).code == 0
    again = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert again["profile"] == "full"
