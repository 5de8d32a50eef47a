"""The committed checkpoints: small, plain and complete."""

from pathlib import Path

import pytest

from grader.assets.shelves import models_folder

CHECKPOINTS = sorted(models_folder().iterdir())


def test_all_models_are_there() -> None:
    assert [folder.name for folder in CHECKPOINTS] == [
        "Salesforce--blip-image-captioning-base",
        "Salesforce--blip-vqa-base",
        "google--vit-base-patch16-224-in21k",
        "openai--clip-vit-base-patch16",
        "openai--clip-vit-base-patch32",
        "openai--clip-vit-base-patch32@pictures",
        "openai--clip-vit-base-patch32@scenes",
        "openai--clip-vit-large-patch14",
    ]


def test_weights_stay_small() -> None:
    assert sum(file.stat().st_size for file in models_folder().rglob("*")) < 15_000_000


@pytest.mark.parametrize("folder", CHECKPOINTS, ids=lambda folder: folder.name)
def test_nothing_in_a_checkpoint_runs_code(folder: Path) -> None:
    assert {file.suffix for file in folder.iterdir()} <= {".json", ".txt", ".safetensors"}
    assert (folder / "model.safetensors").is_file()
    assert (folder / "preprocessor_config.json").is_file()
