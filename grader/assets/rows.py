"""Datasets of the ``full`` profile, read with the ``datasets`` library from files on this machine.

The library takes a second to import, so it is imported where a dataset is really read.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grader.assets.hub import Problem, Snapshot

Labels = dict[str, tuple[int, ...]]
"""Labels in row order by split."""


def splits(snapshot: Snapshot) -> tuple[str, ...]:
    """Names of the splits the files make, without reading them.

    Raises:
        Problem: If the files cannot be understood.
    """
    import datasets

    with _explained(snapshot), tempfile.TemporaryDirectory() as scratch:
        builder = datasets.load_dataset_builder(
            str(snapshot.folder), _config(snapshot), cache_dir=scratch
        )
        return tuple(str(split) for split in builder.config.data_files or ())


def save(snapshot: Snapshot, folder: Path) -> Any:  # noqa: ANN401 - a DatasetDict
    """Write the splits as Arrow files that kernels map instead of reading them.

    Args:
        snapshot: A dataset as published.
        folder: Where ``datasets.load_from_disk`` will find them; created.

    Returns:
        The dataset, by split.

    Raises:
        Problem: If the files cannot be read.
    """
    import datasets

    folder.parent.mkdir(parents=True, exist_ok=True)
    with _explained(snapshot), tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        loaded = datasets.load_dataset(str(snapshot.folder), _config(snapshot), cache_dir=scratch)
        for part in loaded.values():
            # Otherwise the commit, which is the folder's name.
            part.info.dataset_name = snapshot.asset.id.rpartition("/")[2]
        loaded.save_to_disk(str(folder))
    return datasets.load_from_disk(str(folder))


def labels(loaded: Any) -> Labels:  # noqa: ANN401 - a DatasetDict
    """Labels by split; a split that has none, or some that no class has, is left out."""
    found = {}
    for split, rows in loaded.items():
        column = label_column(rows.features)
        if column is not None:
            values = tuple(rows.data.column(column).to_pylist())
            if all(value is not None and 0 <= value < 256 for value in values):
                found[str(split)] = values
    return found


def label_column(features: Any) -> str | None:  # noqa: ANN401
    """The first column of class labels."""
    import datasets

    labelled = (name for name, kind in features.items() if isinstance(kind, datasets.ClassLabel))
    return next(labelled, None)


def _config(snapshot: Snapshot) -> str | None:
    return snapshot.asset.config or None


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars of ``datasets`` while the context is open."""
    import datasets

    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()


@contextmanager
def _explained(snapshot: Snapshot) -> Iterator[None]:
    import datasets

    try:
        with quiet():
            yield
    except (ValueError, OSError, datasets.exceptions.DatasetsError) as error:
        # Several configurations, or none of that name, is a ValueError that lists them.
        said = " ".join(str(error.__cause__ or error).split())
        raise Problem("incomplete", f"{snapshot.folder} cannot be loaded: {said}") from error
