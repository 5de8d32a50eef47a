"""Where the prepared assets of one lab stand."""

import json
from functools import cached_property
from pathlib import Path

from msgspec import Struct, field

from grader.assets.truth import Truth, image_digest, read_truth

SERVED = "served"
"""Folder of a prepared home that kernels may read."""

LABELS_FILE = "labels.json"
"""Labels by dataset id and split, beside ``SERVED`` so that no kernel sees it."""

PROVENANCE_FILE = "provenance.json"
"""Revisions and splits by id, beside ``SERVED`` too."""

TRUTH = "truth"
"""Folder of what is known of every row, one file a dataset, beside ``SERVED``; made when asked."""

SERVING_FILE = "serving.json"
"""What ``SERVED`` holds, with folders relative to it."""


_LARGEST_DECODED = 256 << 20
"""Bytes of a dataset whose pictures are decoded only to know their digests. One core decodes
50 MB a second of small pictures, so this takes a few seconds, once."""


class AssetHome(Struct, frozen=True, kw_only=True, dict=True):
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

    urls: dict[str, Path] = field(default_factory=dict)
    """File served at an address."""

    revisions: dict[str, str] = field(default_factory=dict)
    """Commit of a model or dataset (by id, not alias) that was downloaded."""

    splits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the splits of a dataset, by id (not alias)."""

    @property
    def hub(self) -> Path:
        """Models in the layout of the Hugging Face cache, for ``HF_HUB_CACHE``."""
        return self.root / "hub"

    def labels(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """True labels in row order, by dataset id (not alias) and split."""
        return dict(self._labels)

    def truth(self) -> Truth:
        """What is known of every picture served, in row order, by dataset id and split.

        The first call reads and decodes every picture, which takes about a minute for 100,000
        small ones; later calls read what it wrote.
        """
        return read_truth(self.root.parent / TRUTH, self._folders())

    def images(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Digests of the pictures served, in row order, by dataset id and split.

        Kept as what ``truth`` finds is, and left out for a dataset that is too large to decode
        for this alone.
        """
        folder = self.root.parent / TRUTH
        rows = read_truth(folder, self._folders(), largest=_LARGEST_DECODED)
        found = {
            split: tuple(image_digest(row.pixels) for row in each) for split, each in rows.items()
        }
        return {split: each for split, each in found.items() if any(each)}

    def _folders(self) -> dict[str, Path]:
        text = (self.root / SERVING_FILE).read_text(encoding="utf-8")
        served = json.loads(text)["datasets"].values()
        return {entry["id"]: self.root / entry["path"] for entry in served}

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
        folder: The folder holding ``SERVED`` and what stands beside it.
    """
    root = folder / SERVED
    serving = json.loads((root / SERVING_FILE).read_text(encoding="utf-8"))
    provenance = json.loads((folder / PROVENANCE_FILE).read_text(encoding="utf-8"))
    return AssetHome(
        root=root,
        profile=serving["profile"],
        models=tuple(serving["models"]),
        datasets={name: root / entry["path"] for name, entry in serving["datasets"].items()},
        metrics={name: root / path for name, path in serving["metrics"].items()},
        urls={address: root / path for address, path in serving["urls"].items()},
        revisions=provenance["revisions"],
        splits={name: tuple(splits) for name, splits in provenance["splits"].items()},
    )
