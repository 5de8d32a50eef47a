"""Ids load as students write them, offline, and give scores worth grading."""

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from sklearn import metrics as sklearn_metrics

from grader.assets import AssetHome

NOTEBOOK = Path(__file__).with_name("notebook.py")


def _metric_cases() -> list[dict[str, Any]]:
    three = {"references": [0, 0, 1, 1, 1, 2, 2] * 8, "predictions": [0, 1, 1, 1, 0, 2, 0, 2] * 7}
    two = {"references": [0, 1, 1, 0, 1], "predictions": [0, 1, 0, 1, 1]}
    never = {"references": [0, 1, 2], "predictions": [0, 0, 0]}
    cases = [("accuracy", three), ("accuracy", three | {"normalize": False})]
    for metric in ("precision", "recall", "f1"):
        cases += [(metric, two), (metric, two | {"pos_label": 0})]
        cases += [(metric, three | {"average": how}) for how in ("macro", "micro", "weighted")]
        cases += [(metric, three | {"average": None})]
        cases += [(metric, three | {"average": "macro", "labels": [0, 2]})]
    for metric in ("precision", "recall"):
        cases += [(metric, never | {"average": "macro", "zero_division": 1})]
    return [{"metric": metric, "inputs": inputs} for metric, inputs in cases]


METRIC_CASES = _metric_cases()


@pytest.fixture(scope="module")
def notebook(
    home: AssetHome, offline: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What each step of the notebook found; it runs once, in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(NOTEBOOK), str(home.root / "serving.json")],
        input=json.dumps(METRIC_CASES),
        capture_output=True,
        text=True,
        env=offline,
        cwd=tmp_path_factory.mktemp("work"),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"step"')]
    answers = [json.loads(line) for line in lines]
    return {answer["step"]: answer["answer"] for answer in answers}


def test_datasets_look_as_published(notebook: dict[str, Any], home: AssetHome) -> None:
    described = notebook["describe_datasets"]

    beans, cifar = described["AI-Lab-Makerere/beans"], described["uoft-cs/cifar10"]
    assert beans == described["beans"]
    assert cifar == described["cifar10"]
    assert beans["columns"] == ["image_file_path", "image", "labels"]
    assert beans["names"] == ["angular_leaf_spot", "bean_rust", "healthy"]
    assert list(beans["splits"]) == ["train", "validation", "test"]
    assert cifar["columns"] == ["img", "label"]
    assert " ".join(cifar["names"]) == (
        "airplane automobile bird cat deer dog frog horse ship truck"
    )
    assert list(cifar["splits"]) == ["train", "test"]
    assert cifar["splits"]["test"] >= 2000
    assert cifar["size"] == [32, 32]
    assert beans["sliced"] == cifar["sliced"] == 20
    for (dataset, split), labels in home.labels().items():
        assert tuple(described[dataset]["labels"][split]) == labels


def test_models_load_by_their_ids(notebook: dict[str, Any]) -> None:
    loaded = notebook["load_models"]

    assert loaded["classes"][2:5] == ["ViTForImageClassification", "CLIPModel", "CLIPProcessor"]
    assert loaded["round_trip"] == ["a photo of a cat .", "zebra \u00fcber \u4f60 # 4 2"]
    assert loaded["padded"] == [77, 77]


def test_zero_shot_scores_leave_room_on_both_sides(notebook: dict[str, Any]) -> None:
    answer = notebook["classify_zero_shot"]

    assert 0.82 <= answer["scores"]["a photo of a {}."] <= 0.95
    assert min(answer["scores"].values()) >= 0.75
    assert answer["pipeline"] >= 0.7


def test_fine_tuning_learns_but_not_everything(notebook: dict[str, Any]) -> None:
    answer = notebook["fine_tune"]

    assert answer["before"] < 0.6
    assert 0.85 <= answer["after"] <= 0.96


def test_metrics_equal_scikit_learn(notebook: dict[str, Any]) -> None:
    computed = notebook["compute_metrics"]["computed"]

    for case, value in zip(METRIC_CASES, computed, strict=True):
        assert value == pytest.approx(_expected(**case)), case


def _expected(metric: str, inputs: dict[str, Any]) -> Any:  # noqa: ANN401
    options = dict(inputs)
    references, predictions = options.pop("references"), options.pop("predictions")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = getattr(sklearn_metrics, f"{metric}_score")(references, predictions, **options)
    return score.tolist() if hasattr(score, "tolist") else score
