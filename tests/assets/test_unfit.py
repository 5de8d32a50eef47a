"""An asset that is missing or wrong is named, with the file and what to do; never downloaded."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grader.assets import UnfitAsset, inspect, prepare
from grader.assets.lock import Lock, Pulled, PulledFile
from grader.errors import AssetError
from grader.model import Asset, Lab
from tests.assets.published import CIFAR, CLIP, COMMIT, LATER, cifar, model_files, sharded, store

MODEL = f"models--{CLIP.replace('/', '--')}"
DATASET = f"datasets--{CIFAR.replace('/', '--')}"
PULL = "`grader assets pull week9-vit-clip --profile full` fetches it."


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def needing(lab: Lab, kind: str = "model", **fields: object) -> Lab:
    name = CLIP if kind == "model" else CIFAR
    asset = Asset.model_validate({"id": name, "kind": kind, **fields})
    return lab.model_copy(update={"assets": (asset,)})


def blob(hub: Path, repository: str, file: str) -> Path:
    return (hub / repository / "snapshots" / COMMIT / file).resolve()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-50] ^= 1
    path.write_bytes(bytes(content))


def drop_data(hub: Path) -> None:
    for path in (hub / DATASET).rglob("*.parquet"):
        path.unlink()


Damage = Callable[[Path], object]

MODELS: Mapping[str, tuple[Damage, str, str]] = {
    "truncated weights": (
        lambda hub: cut(blob(hub, MODEL, "model.safetensors")),
        "incomplete",
        r"model\.safetensors has \d+ bytes, not \d+",
    ),
    "weights of one bit more": (
        lambda hub: flip(blob(hub, MODEL, "model.safetensors")),
        "wrong digest",
        r"SHA-256 of \S+ is \w{64}, not \w{64}",
    ),
    "damaged small file": (
        lambda hub: flip(blob(hub, MODEL, "tokenizer.json")),
        "wrong digest",
        r"git's SHA-1 of \S+ is \w{40}, not \w{40}",
    ),
    "broken header": (
        lambda hub: blob(hub, MODEL, "model.safetensors").write_bytes(b"\xff" * 64),
        "incomplete",
        r"model\.safetensors is damaged",
    ),
    "unreadable configuration": (
        lambda hub: cut(blob(hub, MODEL, "config.json")),
        "incomplete",
        r"config\.json is cut short or damaged",
    ),
    "lost blob": (
        lambda hub: blob(hub, MODEL, "vocab.json").unlink(),
        "incomplete",
        r"vocab\.json, a link to \S+, is not there",
    ),
    "no refs": (
        lambda hub: (hub / MODEL / "refs" / "main").unlink(),
        "incomplete",
        rf"refs/main is missing or empty.*'main'.*{COMMIT}",
    ),
    "refs that lead elsewhere": (
        lambda hub: (hub / MODEL / "refs" / "main").write_text("../../other", encoding="ascii"),
        "incomplete",
        r"refs/main does not hold a commit",
    ),
    "another snapshot": (
        lambda hub: (hub / MODEL / "refs" / "main").write_text(LATER, encoding="ascii"),
        "missing",
        rf"snapshots/{LATER} is not there; the cache has the snapshots {COMMIT}",
    ),
    "no weights": (
        lambda hub: (hub / MODEL / "snapshots" / COMMIT / "model.safetensors").unlink(),
        "incomplete",
        r"has no weights that torch loads",
    ),
    "no configuration": (
        lambda hub: (hub / MODEL / "snapshots" / COMMIT / "config.json").unlink(),
        "incomplete",
        r"config\.json is not there",
    ),
}


@pytest.mark.parametrize("case", MODELS)
def test_what_is_wrong_with_a_model_is_said(case: str, lab: Lab, hub: Path, tmp_path: Path) -> None:
    damage, state, said = MODELS[case]
    store(hub, MODEL, model_files(CLIP))
    damage(hub)

    assert_unfit(needing(lab), tmp_path, state, said)


DATASETS: Mapping[str, tuple[Damage, str, str]] = {
    "truncated data": (
        lambda hub: cut(blob(hub, DATASET, "plain_text/test-00000-of-00001.parquet")),
        "incomplete",
        r"test-00000-of-00001\.parquet is cut short or not Parquet",
    ),
    "damaged data": (
        lambda hub: flip(blob(hub, DATASET, "plain_text/test-00000-of-00001.parquet")),
        "wrong digest",
        r"SHA-256 of \S+ is \w{64}",
    ),
    "no data": (
        drop_data,
        "incomplete",
        r"has no data files",
    ),
    "script only": (
        lambda hub: [
            path.rename(path.with_suffix(".py")) for path in (hub / DATASET).rglob("*.parquet")
        ],
        "incomplete",
        r"a loading script and no data.*refs/convert/parquet",
    ),
}


@pytest.mark.parametrize("case", DATASETS)
def test_what_is_wrong_with_a_dataset_is_said(
    case: str, lab: Lab, hub: Path, tmp_path: Path
) -> None:
    damage, state, said = DATASETS[case]
    store(hub, DATASET, cifar({"train": 4, "test": 4}))
    damage(hub)

    assert_unfit(needing(lab, "dataset"), tmp_path, state, said)


def assert_unfit(lab: Lab, cache: Path, state: str, said: str) -> None:
    """Both the commands and a grading run tell it, and nothing is laid out."""
    (condition,) = inspect(lab, "full", cache, deep=True)
    assert condition.state == state
    assert re.search(said, condition.problem + condition.remedy, re.DOTALL)
    assert condition.remedy
    with pytest.raises(UnfitAsset) as caught:
        prepare(lab, "full", cache=cache)
    assert str(caught.value).count(lab.assets[0].id) >= 1
    assert condition.problem in str(caught.value)
    assert condition.remedy in str(caught.value)
    assert not list(cache.glob("full-*"))


def test_what_is_not_there_comes_with_the_command(lab: Lab, hub: Path, tmp_path: Path) -> None:
    assert_unfit(needing(lab), tmp_path, "missing", rf"{MODEL} is not there.*{re.escape(PULL)}")


def test_a_dataset_declared_as_a_model_is_said(lab: Lab, hub: Path, tmp_path: Path) -> None:
    store(hub, "datasets--openai--clip-vit-base-patch32", cifar({"test": 2}))

    assert_unfit(needing(lab), tmp_path, "wrong kind", r"has it as a dataset.*`kind`")


def test_a_missing_split_is_named_with_its_task(lab: Lab, hub: Path, tmp_path: Path) -> None:
    store(hub, DATASET, cifar({"train": 4, "validation": 4}))
    small = needing(lab, "dataset")
    (condition,) = inspect(small, "full", tmp_path)

    said = "no split 'test', which the task 'clip' is scored on; it has train, validation."
    assert (condition.state, said in condition.problem) == ("incomplete", True)
    with pytest.raises(UnfitAsset, match=r"no split 'test'.*Correct `split`"):
        prepare(small, "full", cache=tmp_path)


def test_an_unknown_configuration_is_named(lab: Lab, hub: Path, tmp_path: Path) -> None:
    store(hub, DATASET, cifar({"train": 4, "test": 4}))
    asset = needing(lab, "dataset", config="fine")

    with pytest.raises(UnfitAsset, match=r"'fine' not found.*plain_text"):
        prepare(asset, "full", cache=tmp_path)


def test_a_missing_shard_is_named(lab: Lab, hub: Path, tmp_path: Path) -> None:
    store(hub, MODEL, sharded(model_files(CLIP)))
    (hub / MODEL / "snapshots" / COMMIT / "model-00002-of-00002.safetensors").unlink()

    assert_unfit(needing(lab), tmp_path, "incomplete", r"model-00002-of-00002\.safetensors is not")


@pytest.mark.parametrize("profile", ["tiny", "full"])
def test_another_digest_than_the_declared_one_is_said(
    profile: str, lab: Lab, hub: Path, tmp_path: Path
) -> None:
    store(hub, MODEL, model_files(CLIP))
    declared = {"digest": "sha256:" + "0" * 64}
    tiny, full = (declared, {}) if profile == "tiny" else ({}, declared)
    wrong = needing(lab, tiny=tiny, full=full)

    with pytest.raises(UnfitAsset, match=r"has the digest sha256:[1-9a-f]\w+, not sha256:0{64}"):
        prepare(wrong, profile, cache=tmp_path)


def test_a_dataset_declared_as_a_model_is_said_of_the_shipped_ones(
    lab: Lab, tmp_path: Path
) -> None:
    wrong = lab.model_copy(update={"assets": (Asset(id=CIFAR, kind="model"),)})

    with pytest.raises(UnfitAsset, match=r"has it as a dataset.*lab\.yaml"):
        prepare(wrong, cache=tmp_path)


def test_a_pulled_commit_is_kept_when_the_branch_moves(lab: Lab, hub: Path, tmp_path: Path) -> None:
    store(hub, MODEL, model_files(CLIP))
    store(hub, MODEL, sharded(model_files(CLIP)), LATER)
    lock = Lock(tmp_path)
    assert prepare(needing(lab), "full", cache=tmp_path).revisions == {CLIP: LATER}

    lock.record("model", CLIP, "main", Pulled(commit=COMMIT, files={}))

    assert prepare(needing(lab), "full", cache=tmp_path).revisions == {CLIP: COMMIT}


def test_what_was_pulled_is_compared_with_what_is_there(
    lab: Lab, hub: Path, tmp_path: Path
) -> None:
    """Also where the cache has plain files, whose names say nothing, as on Windows."""
    snapshot = hub / MODEL / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    entries = {}
    for name, content in model_files(CLIP).items():
        (snapshot / name).write_bytes(content)
        entries[name] = PulledFile(size=len(content), sha256=hashlib.sha256(content).hexdigest())
    Lock(tmp_path).record("model", CLIP, "main", Pulled(commit=COMMIT, files=entries))
    small = needing(lab)
    assert prepare(small, "full", cache=tmp_path).revisions == {CLIP: COMMIT}

    flip(snapshot / "model.safetensors")
    with pytest.raises(
        UnfitAsset, match=r"not what was declared: SHA-256 of \S+model\.safetensors"
    ):
        prepare(small, "full", cache=tmp_path)
    (snapshot / "vocab.json").unlink()
    with pytest.raises(UnfitAsset, match=r"vocab\.json is not there"):
        prepare(small, "full", cache=tmp_path)


def test_a_damaged_lock_file_is_named(lab: Lab, hub: Path, tmp_path: Path) -> None:
    (tmp_path / "pulled.json").write_text("{", encoding="utf-8")

    with pytest.raises(AssetError, match=r"pulled\.json cannot be read.*Delete it"):
        prepare(needing(lab), "full", cache=tmp_path)
