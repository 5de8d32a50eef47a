"""The published assets as a Hugging Face cache has them: served like the shipped ones."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest

from grader.assets import AssetHome, UnfitAsset, inspect, prepare, pull
from grader.execute import ForkSandbox, RunOptions
from grader.model import Asset, Lab, Task
from tests.assets.hub_server import serving
from tests.assets.published import (
    BEANS,
    CIFAR,
    CLIP,
    COMMIT,
    LATER,
    VIT,
    fill,
    model_files,
    sharded,
    store,
)
from tests.execute.conftest import notebook, printed


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def served(hub: Path, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> AssetHome:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HF_HUB_CACHE", str(hub))
        return prepare(lab, "full", cache=tmp_path_factory.mktemp("full"))


def test_everything_of_the_lab_is_served(served: AssetHome) -> None:
    assert served.profile == "full"
    assert served.models == (VIT, CLIP)
    assert set(served.datasets) == {BEANS, "beans", CIFAR, "cifar10"}
    assert set(served.metrics) == {"accuracy", "precision", "recall", "f1"}
    assert served.revisions == dict.fromkeys((VIT, CLIP, BEANS, CIFAR), COMMIT)
    assert served.splits == {BEANS: ("train", "validation", "test"), CIFAR: ("train", "test")}
    assert {key: len(labels) for key, labels in served.labels().items()} == {
        (BEANS, "train"): 30,
        (BEANS, "validation"): 9,
        (BEANS, "test"): 120,
        (CIFAR, "train"): 50,
        (CIFAR, "test"): 130,
    }


def test_kernels_need_nothing_outside_the_home(served: AssetHome, hub: Path) -> None:
    files = [path for path in served.root.rglob("*") if not path.is_dir()]
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix == ".json"]

    assert not any(path.is_symlink() for path in files)
    assert not any(str(hub) in text for text in texts)


def test_weights_take_no_space_twice(served: AssetHome, hub: Path) -> None:
    weights = f"models--{CLIP.replace('/', '--')}/snapshots/{COMMIT}/model.safetensors"

    assert (served.hub / weights).samefile(hub / weights)


@pytest.mark.sandbox
def test_a_notebook_loads_all_of_it_by_published_ids(served: AssetHome) -> None:
    sources = [
        "from datasets import load_dataset\n"
        "beans = load_dataset('beans')\n"
        "print(list(beans), beans['test'].num_rows, beans['test'][0]['image'].size)",
        "part = load_dataset('uoft-cs/cifar10', split='test[:20]')\n"
        "both = load_dataset('cifar10', split=['train[:10%]', 'test'])\n"
        "stream = load_dataset('cifar10', split='train', streaming=True)\n"
        "print(len(part), len(both[0]), len(both[1]), next(iter(stream))['label'])\n"
        "print(len(load_dataset('cifar10', split='train+test[-5:]')))",
        "mapped = part.map(lambda row: {'next': row['label'] + 1})\n"
        "print(mapped['next'][0] - part['label'][0], len(part.filter(lambda row: False)))",
        "from transformers import CLIPModel, CLIPProcessor, ViTForImageClassification\n"
        f"vit = ViTForImageClassification.from_pretrained({VIT!r}, num_labels=3)\n"
        f"clip = CLIPModel.from_pretrained({CLIP!r})\n"
        f"ready = CLIPProcessor.from_pretrained({CLIP!r})\n"
        "print(type(vit).__name__, type(clip).__name__, type(ready).__name__)",
        "import hashlib\n"
        "picture = beans['test'][0]['image'].convert('RGB')\n"
        "size = f'{picture.width}x{picture.height}'.encode()\n"
        "print(hashlib.sha256(size + picture.tobytes()).hexdigest())",
    ]
    with ForkSandbox(served.root, "full") as sandbox:
        run = sandbox.run(notebook(*sources), RunOptions())

    assert [cell.outcome for cell in run.cells] == ["ok"] * len(sources), run.cells
    assert run.recorder_complete
    assert printed(run, 0) == "['train', 'validation', 'test'] 120 (32, 32)"
    first = served.labels()[CIFAR, "train"][0]
    assert printed(run, 1) == f"20 5 130 {first}\n55"
    assert printed(run, 2) == "1 0"
    assert printed(run, 3) == "ViTForImageClassification CLIPModel CLIPProcessor"
    assert printed(run, 4) == served.truth()[BEANS, "test"][0].pixels
    loads = {event.data["asset"] for event in run.events if event.name == "load"}
    assert loads == {BEANS, CIFAR, VIT, CLIP}
    assert not [event for event in run.events if event.name == "recorder-error"]


def test_truth_agrees_with_the_labels_and_is_made_once(served: AssetHome) -> None:
    truth = served.truth()
    stored = sorted((served.root.parent / "truth").iterdir())
    written = [file.stat().st_mtime_ns for file in stored]

    assert {key: tuple(row.label for row in rows) for key, rows in truth.items()} == (
        served.labels()
    )
    pixels = [row.pixels for rows in truth.values() for row in rows]
    assert len(set(pixels)) == len(pixels) == 339
    assert served.truth() == truth
    assert [file.stat().st_mtime_ns for file in stored] == written


def only(lab: Lab, *assets: Asset, tasks: tuple[Task, ...] | None = None) -> Lab:
    return lab.model_copy(update={"assets": assets, "tasks": tasks or lab.tasks})


def test_another_commit_is_another_home(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    small = only(lab, Asset(id=CLIP, kind="model"))
    repository = f"models--{CLIP.replace('/', '--')}"
    store(tmp_path / "hub", repository, model_files(CLIP))
    first = prepare(small, "full", cache=tmp_path)
    again = prepare(small, "full", cache=tmp_path)
    store(tmp_path / "hub", repository, sharded(model_files(CLIP)), LATER)
    later = prepare(small, "full", cache=tmp_path)
    pinned = only(lab, Asset(id=CLIP, kind="model", revision=COMMIT))

    assert again == first
    assert first.revisions == {CLIP: COMMIT}
    assert later.revisions == {CLIP: LATER}
    assert later.root != first.root
    assert prepare(pinned, "full", cache=tmp_path).revisions == {CLIP: COMMIT}


def test_one_id_may_stand_for_another_repository(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    store(tmp_path / "hub", "models--mirror--clip", model_files(CLIP))
    asset = Asset.model_validate({"id": CLIP, "kind": "model", "full": {"place": "mirror/clip"}})

    home = prepare(only(lab, asset), "full", cache=tmp_path)

    assert home.models == (CLIP,)
    assert list((home.hub / f"models--{CLIP.replace('/', '--')}").rglob("model.safetensors"))


def test_addresses_are_served_from_files(lab: Lab, tmp_path: Path) -> None:
    address = "https://example.org/a/merges.txt?raw=1"
    asset = {"id": address, "kind": "url", "tiny": {"place": "merges.txt"}}
    home = prepare(only(lab, Asset.model_validate(asset)), cache=tmp_path)
    serving = json.loads((home.root / "serving.json").read_text(encoding="utf-8"))

    assert home.urls[address].read_bytes() == _shipped("merges.txt").read_bytes()
    assert home.urls == {address: home.root / serving["urls"][address]}
    assert home.urls[address].suffix == ".txt"


def test_what_an_address_held_is_kept_and_compared(lab: Lab, tmp_path: Path) -> None:
    repositories = {"models/some/pictures": {"cats.jpg": b"two cats"}}
    with serving(repositories) as server:
        address = f"{server.address}/some/pictures/resolve/main/cats.jpg"
        fields = {"id": address, "kind": "url", "tiny": {"place": "merges.txt"}}
        small = only(lab, Asset.model_validate(fields))
        (before,) = inspect(small, "full", tmp_path)
        told: list[str] = []
        for _ in range(2):
            pull(small, tmp_path, told.append)
        assert server.sent == ["models/some/pictures/cats.jpg"]
        assert told == [f"{address}: 0.0 MB", f"{address}: is there"]

    home = prepare(small, "full", cache=tmp_path)
    assert before.state == "missing"
    assert home.urls[address].read_bytes() == b"two cats"
    Path(before.where).write_bytes(b"two dogs")
    with pytest.raises(UnfitAsset, match=r"not what was declared: \S+ has the digest"):
        prepare(small, "full", cache=tmp_path)


def test_a_cache_on_another_file_system_is_copied(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        monkeypatch.setenv("HF_HUB_CACHE", elsewhere)
        store(Path(elsewhere), f"models--{CLIP.replace('/', '--')}", model_files(CLIP))
        home = prepare(only(lab, Asset(id=CLIP, kind="model")), "full", cache=tmp_path)
    snapshot = home.hub / f"models--{CLIP.replace('/', '--')}" / "snapshots" / COMMIT

    assert {file.name: file.read_bytes() for file in snapshot.iterdir()} == model_files(CLIP)


def _shipped(name: str) -> Path:
    return Path(__file__).parents[2] / "reference" / "assets" / name


def test_a_verified_cache_says_what_it_verified(
    lab: Lab, hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    conditions = inspect(lab, "full", tmp_path, deep=True)

    assert {each.state for each in conditions} == {"ready"}
    assert [each.revision for each in conditions[:4]] == [COMMIT] * 4
    weights = hub / f"models--{CLIP.replace('/', '--')}" / "blobs"
    clip = next(each for each in conditions if each.asset.id == CLIP)
    assert (weights / clip.digest.removeprefix("sha256:")).is_file()
    assert clip.size == sum(len(content) for content in model_files(CLIP).values())


def test_the_shipped_assets_are_what_the_lab_declares(lab: Lab, tmp_path: Path) -> None:
    conditions = inspect(lab, "tiny", tmp_path, deep=True)

    assert {each.state for each in conditions} == {"ready"}
    declared = [each.asset.tiny.digest for each in conditions if each.asset.kind != "metric"]
    assert [each.digest for each in conditions if each.asset.kind != "metric"] == declared


def test_a_home_survives_the_cache_it_came_from(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    store(tmp_path / "hub", f"models--{CLIP.replace('/', '--')}", model_files(CLIP))
    home = prepare(only(lab, Asset(id=CLIP, kind="model")), "full", cache=tmp_path)
    shutil.rmtree(tmp_path / "hub")

    assert all(file.stat().st_size for file in home.hub.rglob("*.*"))
