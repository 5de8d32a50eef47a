"""Laying assets out: once, completely, and never half."""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.assets import AssetHome, cache_folder, prepare
from grader.errors import AssetError
from grader.model import Asset, Lab
from tests.assets.conftest import ROOT

METRIC_ONLY = (Asset(id="accuracy", kind="metric"),)


def test_serving_file_names_every_id_and_alias(home: AssetHome) -> None:
    serving = json.loads((home.root / "serving.json").read_text(encoding="utf-8"))

    assert serving["profile"] == home.profile == "tiny"
    assert set(serving["models"]) == {
        "google/vit-base-patch16-224-in21k",
        "openai/clip-vit-base-patch32",
    }
    assert {name: entry["id"] for name, entry in serving["datasets"].items()} == {
        "AI-Lab-Makerere/beans": "AI-Lab-Makerere/beans",
        "beans": "AI-Lab-Makerere/beans",
        "uoft-cs/cifar10": "uoft-cs/cifar10",
        "cifar10": "uoft-cs/cifar10",
    }
    assert set(serving["metrics"]) == {"accuracy", "precision", "recall", "f1"}


def test_labels_stand_outside_what_kernels_read(home: AssetHome) -> None:
    labels = home.labels()

    assert {key: len(value) for key, value in labels.items()} == {
        ("AI-Lab-Makerere/beans", "train"): 420,
        ("AI-Lab-Makerere/beans", "validation"): 60,
        ("AI-Lab-Makerere/beans", "test"): 128,
        ("uoft-cs/cifar10", "train"): 1000,
        ("uoft-cs/cifar10", "test"): 2000,
    }
    assert not list(home.root.rglob("labels.json"))


def test_second_time_is_fast_and_changes_nothing(lab: Lab, home: AssetHome, cache: Path) -> None:
    before = (home.root / "serving.json").stat().st_mtime_ns
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        assert prepare(lab, cache=cache) == home
        seconds.append(time.perf_counter() - started)

    assert (home.root / "serving.json").stat().st_mtime_ns == before
    assert min(seconds) < 0.05


def test_prepared_home_needs_no_heavy_library(cache: Path, home: AssetHome) -> None:
    program = (
        "import sys, yaml, pathlib;"
        "from grader.model import Lab; from grader.assets import prepare;"
        "lab = Lab.model_validate(yaml.safe_load(pathlib.Path(sys.argv[1]).read_text('utf-8')));"
        "prepare(lab, cache=pathlib.Path(sys.argv[2]));"
        "print([name for name in ('torch', 'datasets', 'pyarrow') if name in sys.modules])"
    )
    lab_file = ROOT / "rubrics" / "week9-vit-clip" / "lab.yaml"
    command = [sys.executable, "-c", program, str(lab_file), str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.strip() == "[]"


def test_many_may_prepare_at_once(tmp_path: Path, lab: Lab) -> None:
    small = lab.model_copy(update={"assets": METRIC_ONLY})
    start = threading.Barrier(8)

    def race(_: int) -> AssetHome:
        start.wait()
        return prepare(small, cache=tmp_path)

    with ThreadPoolExecutor(8) as pool:
        homes = list(pool.map(race, range(8)))

    assert len(set(map(repr, homes))) == 1
    assert list(tmp_path.iterdir()) == [homes[0].root.parent]


def test_home_that_lost_a_file_is_laid_out_again(tmp_path: Path, lab: Lab) -> None:
    small = lab.model_copy(update={"assets": METRIC_ONLY})
    script = prepare(small, cache=tmp_path).metrics["accuracy"] / "accuracy.py"
    script.unlink()

    prepare(small, cache=tmp_path)

    assert script.is_file()


def test_labs_with_other_assets_do_not_share_a_home(tmp_path: Path, lab: Lab) -> None:
    one = prepare(lab.model_copy(update={"assets": METRIC_ONLY}), cache=tmp_path)
    other = prepare(lab.model_copy(update={"assets": ()}), cache=tmp_path)

    assert set(one.metrics) == {"accuracy"}
    assert other.metrics == {}
    assert one.root != other.root


@pytest.mark.parametrize("kind", ["model", "dataset", "metric"])
def test_asset_that_is_not_offered_is_named(tmp_path: Path, lab: Lab, kind: str) -> None:
    asset = Asset.model_validate({"id": "nobody/nothing", "kind": kind})
    wanting = lab.model_copy(update={"assets": (asset,)})

    with pytest.raises(AssetError, match=rf"no {kind} 'nobody/nothing'.*lab\.yaml"):
        prepare(wanting, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_unknown_profile_is_named(tmp_path: Path, lab: Lab) -> None:
    with pytest.raises(AssetError, match=r"'huge'.*tiny"):
        prepare(lab, "huge", cache=tmp_path)


def test_cache_that_cannot_be_written_is_a_machine_fault(tmp_path: Path, lab: Lab) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")

    with pytest.raises(AssetError, match="LAB_GRADER_CACHE"):
        prepare(lab.model_copy(update={"assets": METRIC_ONLY}), cache=blocked)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"LAB_GRADER_CACHE": "chosen", "XDG_CACHE_HOME": "xdg"}, "chosen"),
        ({"XDG_CACHE_HOME": "xdg"}, "xdg/lab-grader"),
        ({"HOME": "home"}, "home/.cache/lab-grader"),
    ],
)
def test_cache_folder_follows_the_environment(settings: dict[str, str], expected: str) -> None:
    program = "from grader.assets import cache_folder; print(cache_folder().as_posix())"
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in {"LAB_GRADER_CACHE", "XDG_CACHE_HOME"}
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=clean | settings,
    )

    assert done.stdout.strip() == expected
    assert cache_folder().is_absolute()
