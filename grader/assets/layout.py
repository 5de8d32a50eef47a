"""Write the served folder of one lab: models, datasets, metrics, and the file that lists them."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from msgspec import Struct, field

from grader.assets import rows
from grader.assets.drawn import Drawn, write_dataset
from grader.assets.home import LABELS_FILE, PROVENANCE_FILE, SERVED, SERVING_FILE
from grader.assets.hub import Snapshot
from grader.assets.scene_rows import DrawnQuestions, DrawnScenes, write_captions, write_questions
from grader.model import Asset

Source = Path | Drawn | DrawnScenes | DrawnQuestions | Snapshot
"""A folder with a checkpoint or a metric, or a file; a dataset to draw; what was downloaded."""

_READABLE_BY_ALL = 0o004


class Layout(Struct, kw_only=True):
    """A home being written."""

    home: Path
    """The folder to write; must not exist."""

    profile: str
    """Profile served."""

    _models: list[str] = field(default_factory=list)
    _datasets: dict[str, dict[str, str]] = field(default_factory=dict)
    _metrics: dict[str, str] = field(default_factory=dict)
    _urls: dict[str, str] = field(default_factory=dict)
    _labels: dict[str, rows.Labels] = field(default_factory=dict)
    _revisions: dict[str, str] = field(default_factory=dict)
    _splits: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def _root(self) -> Path:
        return self.home / SERVED

    def add(self, asset: Asset, source: Source) -> None:
        """Write one asset under its id and its aliases.

        Args:
            asset: As the lab declares it.
            source: What is served.

        Raises:
            Problem: If what was downloaded cannot be read.
        """
        if isinstance(source, Drawn):
            self._draw(asset, source)
        elif isinstance(source, DrawnScenes | DrawnQuestions):
            self._draw_scenes(asset, source)
        elif isinstance(source, Snapshot):
            self._add_snapshot(asset, source)
        elif asset.kind == "url":
            for address in asset.names:
                self.serve(address, source)
        elif asset.kind == "model":
            self._add_model(asset, lambda folder: _write_checkpoint(source, folder))
        else:
            self._add_metric(asset, source)

    def serve(self, address: str, file: Path) -> None:
        """Serve a file as what stands at an address."""
        _place(file, self._place_of(address))

    def _serve_bytes(self, address: str, data: bytes) -> None:
        self._place_of(address).write_bytes(data)

    def _place_of(self, address: str) -> Path:
        """Where to put what is served at an address."""
        suffix = PurePosixPath(urlsplit(address).path).suffix
        path = f"urls/{hashlib.sha256(address.encode()).hexdigest()[:16]}{suffix}"
        (self._root / "urls").mkdir(parents=True, exist_ok=True)
        self._urls[address] = path
        return self._root / path

    def finish(self) -> None:
        """Write the list of what is served, and the rest beside what kernels may read."""
        serving = {
            "profile": self.profile,
            "models": self._models,
            "datasets": self._datasets,
            "metrics": self._metrics,
            "urls": self._urls,
        }
        self._root.mkdir(parents=True, exist_ok=True)
        # A kernel is given this folder by name, whatever is in it.
        (self._root / "hub").mkdir(exist_ok=True)
        write_json(self._root / SERVING_FILE, serving)
        write_json(self.home / LABELS_FILE, self._labels)
        provenance = {"revisions": self._revisions, "splits": self._splits}
        write_json(self.home / PROVENANCE_FILE, provenance)

    def _draw(self, asset: Asset, source: Drawn) -> None:
        path = f"datasets/{source.id.replace('/', '--')}"
        if not (self._root / path).exists():
            write_dataset(source, self._root / path)
        labels = {split: source.labels(split) for split in source.splits}
        self._add_dataset(asset, path, labels, tuple(source.splits))

    def _draw_scenes(self, asset: Asset, source: DrawnScenes | DrawnQuestions) -> None:
        path = f"datasets/{source.id.replace('/', '--')}"
        folder = self._root / path
        if isinstance(source, DrawnQuestions):
            write_questions(source, folder)
        else:
            write_captions(source, folder)
            for split in source.splits:
                for address, data in source.pictures(split):
                    self._serve_bytes(address, data)
        self._add_dataset(asset, path, {}, tuple(source.splits))

    def _add_snapshot(self, asset: Asset, source: Snapshot) -> None:
        self._revisions[asset.id] = source.commit
        if asset.kind == "model":
            self._add_model(asset, lambda folder: _write_snapshot(source, folder))
            return
        path = f"datasets/{asset.id.replace('/', '--')}"
        saved = rows.save(source, self._root / path)
        self._add_dataset(asset, path, rows.labels(saved), tuple(map(str, saved)))

    def _add_dataset(
        self, asset: Asset, path: str, labels: rows.Labels, splits: tuple[str, ...]
    ) -> None:
        self._datasets |= {name: {"id": asset.id, "path": path} for name in asset.names}
        self._labels[asset.id] = labels
        self._splits[asset.id] = splits

    def _add_model(self, asset: Asset, write: Callable[[Path], None]) -> None:
        for name in asset.names:
            folder = self._root / "hub" / f"models--{name.replace('/', '--')}"
            if not folder.exists():
                write(folder)
            self._models.append(name)

    def _add_metric(self, asset: Asset, script: Path) -> None:
        path = f"metrics/{script.name}"
        if not (self._root / path).exists():
            without_bytecode = shutil.ignore_patterns("__pycache__")
            shutil.copytree(script, self._root / path, ignore=without_bytecode)
        self._metrics |= dict.fromkeys(asset.names, path)


def write_json(path: Path, value: object) -> None:
    """Write one JSON document."""
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _write_checkpoint(checkpoint: Path, folder: Path) -> None:
    """Copy a checkpoint into the layout of the Hugging Face cache, with plain files."""
    digest = hashlib.sha256()
    for file in sorted(checkpoint.iterdir()):
        digest.update(file.read_bytes())
    revision = digest.hexdigest()[:40]
    # without the permissions, so that a sandboxed kernel may read what its owner alone could
    snapshot = folder / "snapshots" / revision
    shutil.copytree(checkpoint, snapshot, copy_function=shutil.copyfile)
    _write_refs(folder, revision, "main")


def _write_snapshot(source: Snapshot, folder: Path) -> None:
    for file in source.files:
        target = folder / "snapshots" / source.commit / file
        target.parent.mkdir(parents=True, exist_ok=True)
        _place(source.path(file), target)
    _write_refs(folder, source.commit, "main", source.asset.revision)


def _write_refs(folder: Path, commit: str, *names: str) -> None:
    for name in names:
        ref = folder / "refs" / name
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(commit, encoding="utf-8")


def _place(file: Path, target: Path) -> None:
    """Link a file, or copy it where a link is impossible or kernels could not read it."""
    if _is_readable_in_a_sandbox(file):
        # Fails on another file system, and for another owner where Linux protects hard links.
        with suppress(OSError):
            os.link(file, target)
            return
    shutil.copyfile(file, target)


def _is_readable_in_a_sandbox(file: Path) -> bool:
    """Whether it is without the rights that root gives up there."""
    stat = file.stat()
    own = not hasattr(os, "geteuid") or stat.st_uid == os.geteuid()
    return own or bool(stat.st_mode & _READABLE_BY_ALL)
