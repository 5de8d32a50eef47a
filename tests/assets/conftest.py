"""The assets of the shipped lab, prepared once for all tests of this folder."""

import os
from pathlib import Path

import pytest
import yaml

from grader.assets import AssetHome, prepare
from grader.model import Lab

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def lab() -> Lab:
    text = (ROOT / "rubrics" / "week9-vit-clip" / "lab.yaml").read_text(encoding="utf-8")
    return Lab.model_validate(yaml.safe_load(text))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("assets")


@pytest.fixture(scope="session")
def home(lab: Lab, cache: Path) -> AssetHome:
    return prepare(lab, cache=cache)


@pytest.fixture(scope="session")
def offline(home: AssetHome, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a notebook: no network, models from the home, scratch folders of its own."""
    scratch = tmp_path_factory.mktemp("notebook")
    return os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_CACHE": str(home.hub),
        "HF_HOME": str(scratch),
        "HF_MODULES_CACHE": str(scratch / "modules"),
        "HF_DATASETS_CACHE": str(scratch / "datasets"),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
