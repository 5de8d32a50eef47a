"""Where the prepared assets of one lab stand."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SERVED = "served"
"""Folder of a prepared home that kernels may read."""

LABELS_FILE = "labels.json"
"""Labels by dataset id and split, beside ``SERVED`` so that no kernel sees it."""

SERVING_FILE = "serving.json"
"""What ``SERVED`` holds, with folders relative to it."""


@dataclass(frozen=True, kw_only=True)
class AssetHome:
    """The prepared assets of one lab in one profile."""

    root: Path
    """Folder that kernels may read; nothing in it changes once it exists."""

    profile: str
    """Profile served, e.g. ``tiny``."""

    models: tuple[str, ...]
    """Ids and aliases of the models in ``hub``."""

    datasets: dict[str, Path]
    """Folder for ``datasets.load_dataset`` by id or alias."""

    metrics: dict[str, Path]
    """Folder for ``evaluate.load`` by id or alias."""

    @property
    def hub(self) -> Path:
        """Models in the layout of the Hugging Face cache, for ``HF_HUB_CACHE``."""
        return self.root / "hub"

    def labels(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """True labels in row order, by dataset id (not alias) and split."""
        return dict(self._labels)

    @cached_property
    def _labels(self) -> dict[tuple[str, str], tuple[int, ...]]:
        text = (self.root.parent / LABELS_FILE).read_text(encoding="utf-8")
        stored: dict[str, dict[str, list[int]]] = json.loads(text)
        return {
            (dataset, split): tuple(labels)
            for dataset, splits in stored.items()
            for split, labels in splits.items()
        }


def read_home(folder: Path) -> AssetHome:
    """Read a prepared folder back.

    Args:
        folder: The folder holding ``SERVED`` and ``LABELS_FILE``.
    """
    root = folder / SERVED
    serving = json.loads((root / SERVING_FILE).read_text(encoding="utf-8"))
    return AssetHome(
        root=root,
        profile=serving["profile"],
        models=tuple(serving["models"]),
        datasets={name: root / entry["path"] for name, entry in serving["datasets"].items()},
        metrics={name: root / path for name, path in serving["metrics"].items()},
    )
