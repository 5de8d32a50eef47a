"""Whether a snapshot holds what loading it needs, seen without computing digests."""

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from grader.assets.hub import Problem, Snapshot

_CONFIG = "config.json"
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_SHARDED = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_OTHER_FRAMEWORKS = ("*.h5", "*.msgpack", "*.ot", "*.tflite", "*.onnx", "*.mlmodel", "*.gguf")
_OTHER_FOLDERS = ("onnx/*", "openvino/*", "coreml/*", "*.mlpackage/*", "runs/*", "original/*")
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_DATA = ("parquet", "arrow", "csv", "tsv", "json", "jsonl", "jsonl.gz", "json.gz", "tar", "zip")


def check(snapshot: Snapshot) -> None:
    """See that nothing is missing or cut short.

    Raises:
        Problem: Naming the file.
    """
    if snapshot.asset.kind == "model":
        _check_model(snapshot)
    else:
        _check_dataset(snapshot)
    for file in snapshot.files:
        _check_length(snapshot.folder / file)


def wanted(kind: str, files: list[str]) -> list[str]:
    """The files of a repository that loading with torch needs, each weight in one format only.

    Args:
        kind: ``model`` or ``dataset``.
        files: Every path in the repository.
    """
    if kind == "dataset":
        return _wanted_of_dataset(files)
    kept = [file for file in files if not _matches(file, (*_OTHER_FRAMEWORKS, *_OTHER_FOLDERS))]
    if any(fnmatch(file, "*.safetensors") for file in kept):
        kept = [file for file in kept if not _matches(file, _PICKLED)]
    return [file for file in kept if not _is_variant(file, kept)]


def payload(snapshot: Snapshot) -> tuple[str, ...]:
    """The files a declared digest speaks of: the weights that are loaded, or the data."""
    if snapshot.asset.kind == "dataset":
        return tuple(file for file in snapshot.files if _is_data(file))
    return _weights(snapshot)


def _wanted_of_dataset(files: list[str]) -> list[str]:
    parquet = [file for file in files if file.endswith(".parquet")]
    about = [file for file in files if Path(file).name in ("README.md", "dataset_infos.json")]
    return sorted({*about, *parquet}) if parquet else [f for f in files if not f.endswith(".py")]


def _matches(file: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(file, pattern) for pattern in patterns)


def _is_variant(file: str, files: list[str]) -> bool:
    """Whether these are weights in another precision, e.g. ``model.fp16.safetensors``."""
    parts = Path(file).name.split(".")
    if len(parts) != 3 or parts[2] not in ("safetensors", "bin"):
        return False
    return str(Path(file).with_name(f"{parts[0]}.{parts[2]}")) in files


def _check_model(snapshot: Snapshot) -> None:
    config = snapshot.folder / _CONFIG
    if _CONFIG not in snapshot.files:
        hint = " It looks like a dataset." if any(map(_is_data, snapshot.files)) else ""
        raise Problem("incomplete", f"{config} is not there, which every model has.{hint}")
    if not isinstance(_json(config), dict):
        raise Problem("incomplete", f"{config} does not describe a model.")
    if not _weights(snapshot):
        raise Problem(
            "incomplete",
            f"{snapshot.folder} has no weights that torch loads ({' or '.join(_WEIGHTS)}).",
        )


def _weights(snapshot: Snapshot) -> tuple[str, ...]:
    """Files of the weights, in the format transformers prefers."""
    for single, sharded in zip(_WEIGHTS, _SHARDED, strict=True):
        if single in snapshot.files:
            return (single,)
        if sharded in snapshot.files:
            return _shards(snapshot, sharded)
    return ()


def _shards(snapshot: Snapshot, index: str) -> tuple[str, ...]:
    listed: Any = _json(snapshot.folder / index)
    weights = listed.get("weight_map") if isinstance(listed, dict) else None
    if not isinstance(weights, dict):
        raise Problem("incomplete", f"{snapshot.folder / index} lists no weights.")
    for shard in sorted(set(weights.values())):
        if shard not in snapshot.files:
            raise Problem("incomplete", f"{snapshot.folder / shard} is not there.")
    return tuple(sorted(set(weights.values())))


def _check_dataset(snapshot: Snapshot) -> None:
    if any(map(_is_data, snapshot.files)):
        return
    if any(file.endswith(".py") for file in snapshot.files):
        raise Problem(
            "incomplete",
            f"{snapshot.folder} has a loading script and no data, and scripts are not run.",
            "Choose a revision with data files, e.g. refs/convert/parquet, in lab.yaml.",
        )
    hint = " It looks like a model." if _CONFIG in snapshot.files else ""
    raise Problem("incomplete", f"{snapshot.folder} has no data files.{hint}")


def _is_data(file: str) -> bool:
    name = Path(file).name
    return name != "dataset_infos.json" and name.endswith(tuple(f".{each}" for each in _DATA))


def _json(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Problem("incomplete", f"{file} is cut short or damaged: {error}.") from None


def _check_length(file: Path) -> None:
    """Formats that say how long they are, or how they end, are checked for being whole."""
    size = file.stat().st_size
    if file.suffix == ".safetensors":
        expected = _safetensors_size(file)
        if size != expected:
            said = "is damaged" if expected is None else f"has {size} bytes, not {expected}"
            raise Problem("incomplete", f"{file} {said}.")
    if file.suffix == ".parquet" and not _is_parquet(file, size):
        raise Problem("incomplete", f"{file} is cut short or not Parquet.")


def _safetensors_size(file: Path) -> int | None:
    """Size its header claims: 8 bytes, the header, and the last tensor's end."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > file.stat().st_size:
            return None
        try:
            header = json.loads(stream.read(length))
        except (UnicodeDecodeError, json.JSONDecodeError):
            return None
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    return 8 + length + max(ends, default=0)


def _is_parquet(file: Path, size: int) -> bool:
    if size < 12:
        return False
    with file.open("rb") as stream:
        head = stream.read(4)
        stream.seek(-4, 2)
        return head == stream.read(4) == b"PAR1"
