"""Serve datasets and metrics from the assets folder, and record what is loaded."""

import functools
from collections.abc import Callable
from pathlib import Path

from .foreign import Foreign, library
from .recorder import Recorder

# They choose among the files or revisions of a published dataset; a snapshot has only one.
_OF_PUBLISHED_DATASETS = ("name", "revision", "token", "trust_remote_code")


def install(recorder: Recorder) -> None:
    """Wrap ``datasets.load_dataset``, ``evaluate.load`` and ``from_pretrained`` of models."""
    datasets = library("datasets")
    serve = _serve_dataset(recorder, datasets.load_dataset, datasets.load_from_disk)
    datasets.load_dataset = library("datasets.load").load_dataset = serve
    evaluate = library("evaluate")
    evaluate.load = library("evaluate.loading").load = _serve_metric(recorder, evaluate.load)
    models = library("transformers.modeling_utils").PreTrainedModel
    models.from_pretrained = classmethod(
        _watch_from_pretrained(recorder, models.from_pretrained.__func__)
    )


def dataset_origin(dataset: Foreign) -> str | None:
    """Canonical id of the dataset this object's rows were read from, where it still says so."""
    info = getattr(dataset, "info", None)
    sources = getattr(info, "download_checksums", None)
    return next(iter(sources), None) if type(sources) is dict else None


def _served(recorder: Recorder, kind: str, name: Foreign) -> Foreign:
    return recorder.serving.get(kind, {}).get(name) if isinstance(name, str) else None


def _serve_dataset(
    recorder: Recorder, load: Callable[..., Foreign], load_saved: Callable[..., Foreign]
) -> Callable[..., Foreign]:
    @functools.wraps(load)
    def load_dataset(path: Foreign, *args: Foreign, **kwargs: Foreign) -> Foreign:
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
    kwargs: dict[str, Foreign],
    load: Callable[..., Foreign],
    load_saved: Callable[..., Foreign],
) -> Foreign:
    """Load a snapshot: data files, or what ``save_to_disk`` wrote."""
    if (folder / "dataset_dict.json").exists():
        loaded = load_saved(str(folder))
        split = kwargs.get("split")
        return loaded if split is None else loaded[str(split)]
    kept = {key: value for key, value in kwargs.items() if key not in _OF_PUBLISHED_DATASETS}
    return load(str(folder), **kept)


def _record_dataset(recorder: Recorder, asset: str, split: Foreign, loaded: Foreign) -> None:
    for part in loaded.values() if isinstance(loaded, dict) else (loaded,):
        # The one field for "where from" that select, map and shuffle hand on.
        part.info.download_checksums = {asset: {"num_bytes": None, "checksum": None}}
    if isinstance(loaded, dict):
        for name, part in loaded.items():
            _emit_dataset(recorder, asset, str(name), part)
    else:
        _emit_dataset(recorder, asset, None if split is None else str(split), loaded)


def _emit_dataset(recorder: Recorder, asset: str, split: str | None, loaded: Foreign) -> None:
    # A stream has no number of rows.
    rows = getattr(loaded, "num_rows", None)
    rows = rows if isinstance(rows, int) else None
    recorder.emit("load", kind="dataset", asset=asset, split=split, rows=rows)


def _serve_metric(recorder: Recorder, load: Callable[..., Foreign]) -> Callable[..., Foreign]:
    @functools.wraps(load)
    def load_metric(path: Foreign, *args: Foreign, **kwargs: Foreign) -> Foreign:
        folder = _served(recorder, "metrics", path)
        place = path if folder is None else str(recorder.assets / folder)
        with recorder.nested("load"):
            metric = load(place, *args, **kwargs)
        recorder.emit("load", kind="metric", asset=str(path), split=None, rows=None)
        return metric

    return load_metric


def _watch_from_pretrained(
    recorder: Recorder, load: Callable[..., Foreign]
) -> Callable[..., Foreign]:
    @functools.wraps(load)
    def from_pretrained(cls: Foreign, *args: Foreign, **kwargs: Foreign) -> Foreign:
        with recorder.nested("load") as outermost:
            loaded = load(cls, *args, **kwargs)
        if outermost:
            with recorder.quietly("from_pretrained"):
                name = args[0] if args else kwargs.get("pretrained_model_name_or_path")
                _record_model(recorder, str(name), loaded)
        return loaded

    return from_pretrained


def _record_model(recorder: Recorder, name: str, loaded: Foreign) -> None:
    model = loaded[0] if isinstance(loaded, tuple) else loaded
    for part in model.modules():
        recorder.models[part] = name
    recorder.emit("load", kind="model", asset=name, split=None, rows=None)
