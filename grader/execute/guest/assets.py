"""Serve datasets and metrics from the assets folder, and record what is loaded."""

import functools
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .recorder import Recorder

# They choose among the files or revisions of a published dataset; a snapshot has only one.
_OF_PUBLISHED_DATASETS = ("name", "revision", "token", "trust_remote_code")


def install(recorder: Recorder) -> None:
    """Wrap ``datasets.load_dataset``, ``evaluate.load`` and ``from_pretrained`` of models."""
    datasets = importlib.import_module("datasets")
    serve = _serve_dataset(recorder, datasets.load_dataset, datasets.load_from_disk)
    datasets.load_dataset = importlib.import_module("datasets.load").load_dataset = serve
    evaluate = importlib.import_module("evaluate")
    evaluate.load = importlib.import_module("evaluate.loading").load = _serve_metric(
        recorder, evaluate.load
    )
    models = importlib.import_module("transformers.modeling_utils").PreTrainedModel
    models.from_pretrained = classmethod(
        _watch_from_pretrained(recorder, models.from_pretrained.__func__)
    )


def dataset_origin(recorder: Recorder, dataset: Any) -> str | None:
    """Canonical id of the dataset this object's rows were read from, where it still says so."""
    info = getattr(dataset, "info", None)
    sources = getattr(info, "download_checksums", None) or {}
    for served in recorder.serving.get("datasets", {}).values():
        folder = f"{recorder.assets / served['path']}/"
        if any(str(source).startswith(folder) for source in sources):
            return str(served["id"])
    return None


def _served(recorder: Recorder, kind: str, name: Any) -> Any:
    return recorder.serving.get(kind, {}).get(name) if isinstance(name, str) else None


def _serve_dataset(
    recorder: Recorder, load: Callable[..., Any], load_saved: Callable[..., Any]
) -> Callable[..., Any]:
    @functools.wraps(load)
    def load_dataset(path: Any, *args: Any, **kwargs: Any) -> Any:
        served = _served(recorder, "datasets", path)
        with recorder.nested("load") as outermost:
            if served is None:
                loaded = load(path, *args, **kwargs)
            else:
                folder = recorder.assets / served["path"]
                loaded = _load_folder(folder, kwargs, load, load_saved)
        if outermost:
            with recorder.quietly("load_dataset"):
                asset = str(path) if served is None else served["id"]
                _record_dataset(recorder, asset, kwargs.get("split"), loaded)
        return loaded

    return load_dataset


def _load_folder(
    folder: Path,
    kwargs: dict[str, Any],
    load: Callable[..., Any],
    load_saved: Callable[..., Any],
) -> Any:
    """Load a snapshot: data files, or what ``save_to_disk`` wrote."""
    if (folder / "dataset_dict.json").exists():
        loaded = load_saved(str(folder))
        split = kwargs.get("split")
        return loaded if split is None else loaded[str(split)]
    kept = {key: value for key, value in kwargs.items() if key not in _OF_PUBLISHED_DATASETS}
    return load(str(folder), **kept)


def _record_dataset(recorder: Recorder, asset: str, split: Any, loaded: Any) -> None:
    rows = getattr(loaded, "num_rows", None)
    if isinstance(rows, dict):
        rows = sum(rows.values())
    recorder.emit(
        "load",
        kind="dataset",
        asset=asset,
        split=None if split is None else str(split),
        rows=rows if isinstance(rows, int) else None,
    )


def _serve_metric(recorder: Recorder, load: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(load)
    def load_metric(path: Any, *args: Any, **kwargs: Any) -> Any:
        folder = _served(recorder, "metrics", path)
        place = path if folder is None else str(recorder.assets / folder)
        with recorder.nested("load"):
            metric = load(place, *args, **kwargs)
        recorder.emit("load", kind="metric", asset=str(path), split=None, rows=None)
        return metric

    return load_metric


def _watch_from_pretrained(recorder: Recorder, load: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(load)
    def from_pretrained(cls: Any, *args: Any, **kwargs: Any) -> Any:
        with recorder.nested("load") as outermost:
            loaded = load(cls, *args, **kwargs)
        if outermost:
            with recorder.quietly("from_pretrained"):
                name = args[0] if args else kwargs.get("pretrained_model_name_or_path")
                _record_model(recorder, str(name), loaded)
        return loaded

    return from_pretrained


def _record_model(recorder: Recorder, name: str, loaded: Any) -> None:
    model = loaded[0] if isinstance(loaded, tuple) else loaded
    for part in model.modules():
        recorder.models[part] = name
    recorder.emit("load", kind="model", asset=name, split=None, rows=None)
