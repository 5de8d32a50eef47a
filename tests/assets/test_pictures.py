"""The assets of the multimodal lab: eight pictures, drawn dishes, and three sizes of CLIP."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import CLIPModel, CLIPProcessor

from grader.assets import AssetHome, dishes, inspect, prepare, pull
from grader.assets.drawn import DATASETS
from grader.assets.pictures import PICTURES, packaged_file
from grader.assets.shelves import models_folder
from grader.execute import ForkSandbox, RunOptions
from grader.metrics.retrieval import similarity_score
from grader.model import Asset, Lab, Limits
from tests.execute.conftest import notebook, printed

SIZES = {
    "openai/clip-vit-base-patch32": "openai--clip-vit-base-patch32@pictures",
    "openai/clip-vit-base-patch16": "openai--clip-vit-base-patch16",
    "openai/clip-vit-large-patch14": "openai--clip-vit-large-patch14",
}
FOOD = next(source for source in DATASETS if source.id == "ethz/food101")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def multimodal(lab: Lab) -> Lab:
    """A lab with these assets and no others."""
    assets: list[dict[str, object]] = [
        {"id": size, "kind": "model", "tiny": {"place": folder.replace("--", "/")}}
        for size, folder in SIZES.items()
    ]
    assets.append({"id": "ethz/food101", "kind": "dataset", "aliases": ["food101"]})
    assets += [
        {"id": each.address, "kind": "url", "tiny": {"place": each.place}} for each in PICTURES
    ]
    return lab.model_copy(update={"assets": tuple(map(Asset.model_validate, assets))})


@pytest.fixture(scope="module")
def multimodal_home(multimodal: Lab, cache: Path) -> AssetHome:
    return prepare(multimodal, cache=cache)


NOTEBOOK = (
    """
import os, skimage, skimage.data
from PIL import Image
wanted = {"page", "chelsea", "astronaut", "rocket", "motorcycle_right", "camera", "horse", "coffee"}
seen = {}
for filename in os.listdir(skimage.data_dir):
    name, ending = os.path.splitext(filename)
    if ending in (".png", ".jpg") and name in wanted:
        seen[name] = Image.open(os.path.join(skimage.data_dir, filename)).convert("RGB").size
print(len(seen), seen["chelsea"])
named = [getattr(skimage.data, name)().shape[:2] for name in sorted(wanted - {"motorcycle_right"})]
print(named, len(skimage.data.stereo_motorcycle()))
""",
    """
from datasets import load_dataset
food = load_dataset("ethz/food101", split="validation")
names = food.features["label"].names
print(len(food), food.column_names, len(names), names[16:18], names[food[0]["label"]])
print(food[0]["image"].size, load_dataset("food101")["train"].num_rows)
""",
    """
from transformers import CLIPModel, CLIPProcessor
for name in ("base-patch32", "base-patch16", "large-patch14"):
    model = CLIPModel.from_pretrained(f"openai/clip-vit-{name}")
    CLIPProcessor.from_pretrained(f"openai/clip-vit-{name}")
    print(model.config.vision_config.patch_size)
""",
)


@pytest.mark.sandbox
def test_a_notebook_finds_all_of_it(multimodal_home: AssetHome) -> None:
    limits = Limits(cell_seconds=60, run_seconds=120)
    with ForkSandbox(multimodal_home.root, "tiny") as sandbox:
        run = sandbox.run(notebook(*NOTEBOOK), RunOptions(limits=limits))

    assert [cell.outcome for cell in run.cells] == ["ok"] * 3, run.cells
    assert printed(run, 0).splitlines() == [
        "8 (451, 300)",
        "[(512, 512), (512, 512), (300, 451), (400, 600), (328, 400), (191, 384), (427, 640)] 3",
    ]
    assert printed(run, 1).splitlines() == [
        "250 ['image', 'label'] 101 ['cheesecake', 'cheese_plate'] beet_salad",
        "(64, 64) 300",
    ]
    assert printed(run, 2).split() == ["32", "16", "14"]


def test_pictures_are_served_from_where_they_are_installed(
    multimodal: Lab, multimodal_home: AssetHome, cache: Path
) -> None:
    assert {found.state for found in inspect(multimodal, "tiny", cache, deep=True)} == {"ready"}
    for each in PICTURES:
        served = multimodal_home.urls[each.address]
        assert served.read_bytes() == packaged_file(each.place).read_bytes()


def test_the_other_profile_needs_no_download_of_them(multimodal: Lab, cache: Path) -> None:
    addresses = [
        {"id": each.address, "kind": "url", "full": {"place": each.place}} for each in PICTURES
    ]
    changed = multimodal.model_copy(
        update={"assets": tuple(Asset.model_validate(each) for each in addresses)}
    )
    told: list[str] = []
    pull(changed, cache, told.append)

    assert [line.endswith(": comes with an installed package") for line in told] == [True] * 8
    assert {found.state for found in inspect(changed, "full", cache, deep=True)} == {"ready"}


def test_a_package_that_is_not_installed_is_named(multimodal: Lab, cache: Path) -> None:
    place = "package:nosuchpackage/coffee.png"
    asset = Asset.model_validate(
        {"id": "https://a.b/c.png", "kind": "url", "tiny": {"place": place}}
    )
    (found,) = inspect(multimodal.model_copy(update={"assets": (asset,)}), "tiny", cache)

    assert found.state == "missing"
    assert "nosuchpackage" in found.problem
    assert found.remedy == "Install the extra `lab` of the grader again."


def test_every_class_drawn_is_a_published_one() -> None:
    assert len(dishes.NAMES) == len(set(dishes.NAMES)) == 101
    assert set(dishes.DRAWN) < set(dishes.NAMES)
    assert {dishes.NAMES[label] for label in FOOD.labels("validation")} == set(dishes.DRAWN)


@given(st.integers(0, 2**32), st.sampled_from(dishes.DRAWN))
@settings(max_examples=50, deadline=None)
def test_any_seed_draws_a_dish(seed: int, name: str) -> None:
    pixels = dishes.draw_dish(name, np.random.default_rng(seed))

    assert pixels.shape == (dishes.SIZE, dishes.SIZE, 3)
    assert pixels.dtype == np.uint8


@pytest.fixture(scope="module", params=sorted(SIZES))
def size(request: pytest.FixtureRequest) -> tuple[CLIPModel, CLIPProcessor]:
    folder = models_folder() / SIZES[request.param]
    return CLIPModel.from_pretrained(folder).eval(), CLIPProcessor.from_pretrained(folder)


def test_captions_match_their_pictures(size: tuple[CLIPModel, CLIPProcessor]) -> None:
    model, processor = size
    pictures = [Image.open(packaged_file(each.place)).convert("RGB") for each in PICTURES]
    for beginning in ("", "This is "):
        texts = [beginning + each.caption for each in PICTURES]
        inputs = processor(text=texts, images=pictures, return_tensors="pt", padding=True)
        with torch.inference_mode():
            seen = model(**inputs)
        matrix = (seen.text_embeds @ seen.image_embeds.T).numpy()

        assert 0.05 <= similarity_score(matrix) <= 0.9
        assert (matrix.argmax(axis=1) == np.arange(8)).all()


def test_dishes_are_told_apart_but_not_all(size: tuple[CLIPModel, CLIPProcessor]) -> None:
    model, processor = size
    pictures = [Image.fromarray(pixels) for pixels in FOOD.pictures("validation")]
    texts = [f"a photo of {name.replace('_', ' ')}." for name in dishes.NAMES]
    inputs = processor(text=texts, images=pictures, return_tensors="pt", padding=True)
    with torch.inference_mode():
        guessed = model(**inputs).logits_per_image.argmax(dim=1)

    right = (guessed == torch.tensor(FOOD.labels("validation"))).double().mean()
    assert 0.7 <= right <= 0.97
