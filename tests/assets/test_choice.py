"""Which files are downloaded, and how they are named by their content."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.assets.contents import wanted
from grader.assets.digests import combined, git_sha1, sha256

COMMON = ["config.json", "preprocessor_config.json", "tokenizer.json", "README.md"]


@pytest.mark.parametrize(
    ("weights", "kept"),
    [
        (["model.safetensors", "pytorch_model.bin"], ["model.safetensors"]),
        (["pytorch_model.bin", "tf_model.h5", "flax_model.msgpack"], ["pytorch_model.bin"]),
        (["model.safetensors", "model.fp16.safetensors"], ["model.safetensors"]),
        (
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
        ),
        (["onnx/model.onnx", "model.safetensors", "openvino/m.bin"], ["model.safetensors"]),
        (["model.safetensors", "training_args.bin", "optimizer.pt"], ["model.safetensors"]),
    ],
)
def test_a_model_comes_in_one_format(weights: list[str], kept: list[str]) -> None:
    assert wanted("model", COMMON + weights) == COMMON + kept


def test_a_dataset_comes_without_scripts_and_duplicates() -> None:
    files = ["README.md", "data/a.parquet", "raw/a.zip", "beans.py", "dataset_infos.json"]
    assert wanted("dataset", files) == ["README.md", "data/a.parquet", "dataset_infos.json"]
    assert wanted("dataset", ["README.md", "a.csv", "load.py"]) == ["README.md", "a.csv"]


NAMES = st.lists(
    st.sampled_from(
        [*COMMON, "model.safetensors", "pytorch_model.bin", "m.h5", "a.parquet", "x.py"]
    ),
    unique=True,
)


@given(NAMES, st.sampled_from(["model", "dataset"]))
def test_choosing_again_changes_nothing(files: list[str], kind: str) -> None:
    once = wanted(kind, files)
    assert set(once) <= set(files)
    assert wanted(kind, once) == once


@given(st.binary(max_size=200))
def test_a_file_is_named_as_git_names_it(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "content"
    file.write_bytes(content)
    expected = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    assert git_sha1(file) == expected.hexdigest()
    assert sha256(file) == hashlib.sha256(content).hexdigest()


def test_the_empty_file_has_its_well_known_names(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert git_sha1(tmp_path / "empty") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert combined([("empty", sha256(tmp_path / "empty"))]) == (
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


@given(st.dictionaries(st.text("ab/.", min_size=1), st.text("0123456789abcdef"), min_size=2))
def test_one_digest_for_several_depends_on_all_and_not_on_their_order(
    digests: dict[str, str],
) -> None:
    found = combined(digests.items())
    assert combined(reversed(digests.items())) == found
    first = next(iter(digests))
    assert combined((digests | {first: digests[first] + "0"}).items()) != found
