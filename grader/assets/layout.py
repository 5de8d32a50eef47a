"""Write the served folder of one lab: models, datasets, metrics, and the file that lists them."""

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from grader.assets.drawn import Drawn, write_dataset
from grader.assets.home import LABELS_FILE, SERVED, SERVING_FILE
from grader.model import Asset


@dataclass(kw_only=True)
class Layout:
    """A home being written."""

    home: Path
    """The folder to write; must not exist."""

    profile: str
    """Profile served."""

    _models: list[str] = field(default_factory=list)
    _datasets: dict[str, dict[str, str]] = field(default_factory=dict)
    _metrics: dict[str, str] = field(default_factory=dict)
    _labels: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)

    @property
    def _root(self) -> Path:
        return self.home / SERVED

    def add(self, asset: Asset, source: Path | Drawn) -> None:
        """Write one asset under its id and its aliases.

        Args:
            asset: As the lab declares it.
            source: What is served: a dataset to draw, or a folder with a checkpoint or a metric.
        """
        if isinstance(source, Drawn):
            self._add_dataset(asset, source)
        elif asset.kind == "model":
            self._add_model(asset, source)
        else:
            self._add_metric(asset, source)

    def finish(self) -> None:
        """Write the list of what is served, and the labels beside what kernels may read."""
        serving = {
            "profile": self.profile,
            "models": self._models,
            "datasets": self._datasets,
            "metrics": self._metrics,
        }
        self._root.mkdir(parents=True, exist_ok=True)
        write_json(self._root / SERVING_FILE, serving)
        write_json(self.home / LABELS_FILE, self._labels)

    def _add_dataset(self, asset: Asset, source: Drawn) -> None:
        path = f"datasets/{source.id.replace('/', '--')}"
        if not (self._root / path).exists():
            write_dataset(source, self._root / path)
        self._datasets |= {name: {"id": asset.id, "path": path} for name in _names(asset)}
        self._labels[asset.id] = {split: source.labels(split) for split in source.splits}

    def _add_model(self, asset: Asset, checkpoint: Path) -> None:
        for name in _names(asset):
            folder = self._root / "hub" / f"models--{name.replace('/', '--')}"
            if not folder.exists():
                _write_snapshot(checkpoint, folder)
            self._models.append(name)

    def _add_metric(self, asset: Asset, script: Path) -> None:
        path = f"metrics/{script.name}"
        if not (self._root / path).exists():
            without_bytecode = shutil.ignore_patterns("__pycache__")
            shutil.copytree(script, self._root / path, ignore=without_bytecode)
        self._metrics |= dict.fromkeys(_names(asset), path)


def write_json(path: Path, value: object) -> None:
    """Write one JSON document."""
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _names(asset: Asset) -> tuple[str, ...]:
    return (asset.id, *asset.aliases)


def _write_snapshot(checkpoint: Path, folder: Path) -> None:
    """Copy a checkpoint into the layout of the Hugging Face cache, with plain files."""
    digest = hashlib.sha256()
    for file in sorted(checkpoint.iterdir()):
        digest.update(file.read_bytes())
    revision = digest.hexdigest()[:40]
    # without the permissions, so that a sandboxed kernel may read what its owner alone could
    snapshot = folder / "snapshots" / revision
    shutil.copytree(checkpoint, snapshot, copy_function=shutil.copyfile)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(revision, encoding="utf-8")
