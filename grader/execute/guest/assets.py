"""Serve datasets and metrics from the assets folder, and record what is loaded."""

import functools
from pathlib import Path

from .foreign import Foreign, library
from .recorder import Recorder
from .sealed import Function

# They choose among the files or revisions of a published dataset; a snapshot has only one.
_OF_PUBLISHED_DATASETS = ("name", "revision", "token", "trust_remote_code")


def install(recorder: Recorder) -> None:
    """Watch ``datasets.load_dataset``, ``evaluate.load`` and ``from_pretrained`` of models."""
    datasets = library("datasets")
    enter, leave = _serve_dataset(recorder, datasets.load_dataset, datasets.load_from_disk)
    for module in (datasets, library("datasets.load")):
        recorder.hooks.redirect(module, "load_dataset", enter, leave)
    enter, leave = _serve_metric(recorder)
    for module in (library("evaluate"), library("evaluate.loading")):
        recorder.hooks.redirect(module, "load", enter, leave)
    _watch_from_pretrained(recorder, library("transformers.modeling_utils").PreTrainedModel)


def dataset_origin(dataset: Foreign) -> str | None:
    """Canonical id of the dataset this object's rows were read from, where it still says so."""
    info = getattr(dataset, "info", None)
    sources = getattr(info, "download_checksums", None)
    return next(iter(sources), None) if type(sources) is dict else None


def _served(recorder: Recorder, kind: str, name: Foreign) -> Foreign:
    return recorder.serving.get(kind, {}).get(name) if isinstance(name, str) else None


def _serve_dataset(
    recorder: Recorder, load: Function, load_saved: Function
) -> tuple[Function, Function]:
    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        path = args[0] if args else kwargs.get("path")
        served = _served(recorder, "datasets", path)
        asset = str(path) if served is None else served["id"]
        note = (recorder.enter("load"), asset, kwargs.get("split"))
        if served is None:
            return note, None, args, kwargs
        function = _load_folder(recorder.assets / served["path"], kwargs, load, load_saved)
        return note, function, (), {}

    def leave(note: Foreign, ended: bool, loaded: Foreign) -> None:
        outermost, asset, split = note
        recorder.leave("load")
        if outermost and ended:
            with recorder.quietly("load_dataset"):
                _record_dataset(recorder, asset, split, loaded)

    return enter, leave


def _load_folder(
    folder: Path, kwargs: dict[str, Foreign], load: Function, load_saved: Function
) -> Function:
    """Loads a snapshot: data files, or what ``save_to_disk`` wrote."""
    if (folder / "dataset_dict.json").exists():
        split = kwargs.get("split")
        return lambda: load_saved(str(folder)) if split is None else load_saved(str(folder))[split]
    kept = {
        key: value for key, value in kwargs.items() if key not in ("path", *_OF_PUBLISHED_DATASETS)
    }
    return functools.partial(load, str(folder), **kept)


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


def _serve_metric(recorder: Recorder) -> tuple[Function, Function]:
    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        path, rest = (args[0], args[1:]) if args else (kwargs.get("path"), ())
        others = {key: value for key, value in kwargs.items() if key != "path"}
        folder = _served(recorder, "metrics", path)
        place = path if folder is None else str(recorder.assets / folder)
        return (recorder.enter("load"), path), None, (place, *rest), others

    def leave(note: Foreign, ended: bool, _metric: Foreign) -> None:
        _, path = note
        recorder.leave("load")
        if ended:
            recorder.emit("load", kind="metric", asset=str(path), split=None, rows=None)

    return enter, leave


def _watch_from_pretrained(recorder: Recorder, kind: Foreign) -> None:
    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        name = args[1] if len(args) > 1 else kwargs.get("pretrained_model_name_or_path")
        return recorder.enter("load"), name

    def leave(note: Foreign, ended: bool, loaded: Foreign) -> None:
        outermost, name = note
        recorder.leave("load")
        if outermost and ended:
            with recorder.quietly("from_pretrained"):
                _record_model(recorder, str(name), loaded)

    recorder.hooks.watch(kind, "from_pretrained", enter, leave)


def _record_model(recorder: Recorder, name: str, loaded: Foreign) -> None:
    model = loaded[0] if isinstance(loaded, tuple) else loaded
    for part in model.modules():
        recorder.models[part] = name
    recorder.emit("load", kind="model", asset=name, split=None, rows=None)
