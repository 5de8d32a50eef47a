"""Serve datasets and metrics from the assets folder, and record what is loaded."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from .foreign import Foreign, library
from .recorder import Recorder
from .sealed import Function

# They choose among the files or revisions of a published dataset; a snapshot has only one.
_OF_PUBLISHED_DATASETS = ("name", "revision", "token", "trust_remote_code")


def serve_datasets(recorder: Recorder) -> None:
    """Serve and watch ``datasets.load_dataset``."""
    datasets = library("datasets")
    enter, leave = _serve_dataset(recorder, datasets.load_dataset, datasets.load_from_disk)
    for module in (datasets, library("datasets.load")):
        recorder.hooks.redirect(module, "load_dataset", enter, leave)


def serve_metrics(recorder: Recorder) -> None:
    """Serve and watch ``evaluate.load``."""
    enter, leave = _serve_metric(recorder)
    for module in (library("evaluate"), library("evaluate.loading")):
        recorder.hooks.redirect(module, "load", enter, leave)


def watch_models(recorder: Recorder) -> None:
    """Watch ``from_pretrained`` of models."""
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
        split, streamed = kwargs.get("split"), bool(kwargs.get("streaming"))
        return lambda: _select(load_saved(str(_own(folder))), split, streamed)
    kept = {
        key: value for key, value in kwargs.items() if key not in ("path", *_OF_PUBLISHED_DATASETS)
    }
    return functools.partial(load, str(folder), **kept)


def _own(folder: Path) -> Path:
    """The dataset among the notebook's files: what it maps and filters is written beside it."""
    place = Path(library("datasets.config").HF_DATASETS_CACHE) / folder.name
    if not place.exists():
        shutil.copytree(folder, place, copy_function=_link)
    return place


def _link(source: str, target: str) -> None:
    try:
        Path(target).symlink_to(source)
    except OSError:
        # Windows lets few users make links.
        shutil.copyfile(source, target)


def _select(loaded: Foreign, split: Foreign, streamed: bool) -> Foreign:
    """The splits asked for, sliced as ``load_dataset`` does: ``"test[:20]"``."""
    if isinstance(split, (list, tuple)):
        return [_select(loaded, each, streamed) for each in split]
    chosen = loaded if split is None else _rows(loaded, split)
    if not streamed:
        return chosen
    if isinstance(chosen, dict):
        kind = library("datasets").IterableDatasetDict
        return kind({name: part.to_iterable_dataset() for name, part in chosen.items()})
    return chosen.to_iterable_dataset()


def _rows(loaded: Foreign, split: Foreign) -> Foreign:
    if str(split) == "all":
        split = "+".join(loaded)
    kind = library("datasets").ReadInstruction
    wanted = split if isinstance(split, kind) else kind.from_spec(str(split))
    lengths = {name: part.num_rows for name, part in loaded.items()}
    parts = []
    for each in wanted.to_absolute(lengths):
        part = loaded[each.splitname]
        whole = each.from_ in (None, 0) and each.to in (None, part.num_rows)
        start, stop = each.from_ or 0, part.num_rows if each.to is None else each.to
        parts.append(part if whole else part.select(range(start, stop)))
    return parts[0] if len(parts) == 1 else library("datasets").concatenate_datasets(parts)


def _record_dataset(recorder: Recorder, asset: str, split: Foreign, loaded: Foreign) -> None:
    if isinstance(loaded, (list, tuple)):
        for each, part in zip(split, loaded):
            _record_dataset(recorder, asset, each, part)
        return
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
    for tell in recorder.at_load:
        tell(model, name)
    recorder.emit("load", kind="model", asset=name, split=None, rows=None)
