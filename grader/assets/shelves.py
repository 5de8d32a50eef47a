"""Where each profile takes assets from: what ships with the grader, and what was downloaded."""

import hashlib
from pathlib import Path
from typing import Protocol

from PIL import Image

from grader.assets import contents, hub
from grader.assets.digests import combined, sha256
from grader.assets.drawn import DATASETS, Drawn
from grader.assets.hub import Problem, Snapshot
from grader.assets.layout import Source
from grader.assets.lock import Lock
from grader.assets.pictures import is_packaged, packaged_file
from grader.assets.scene_rows import QUESTIONS, SCENES, DrawnQuestions, DrawnScenes
from grader.assets.truth import Row, content_digest, pixels_digest
from grader.config import data_folder
from grader.model import Asset

_METRICS = Path(__file__).parent / "metrics"
_AT_ONCE = 1 << 20
"""Bytes of a file whose digest is computed even when only a look is asked for."""


class Shelf(Protocol):
    """The assets one profile has."""

    def find(self, asset: Asset) -> Source:
        """What would be served.

        Raises:
            Problem: If there is nothing, or files are missing.
        """
        ...

    def where(self, asset: Asset) -> Path:
        """Where it is looked for."""
        ...

    def check(self, asset: Asset, source: Source, *, deep: bool) -> str:
        """See that it is whole.

        Args:
            asset: As the lab declares it.
            source: What ``find`` found.
            deep: Whether every byte is read, to compare digests.

        Returns:
            Digest of what is served, as a lab declares it; empty where it was not computed.

        Raises:
            Problem: If something is missing, cut short, or not what it should be.
        """
        ...


class Shipped:
    """Checkpoints, drawings and metrics that come with the grader: the ``tiny`` profile."""

    def find(self, asset: Asset) -> Source:
        """Look it up by the place declared, by id, and by aliases."""
        if asset.kind == "url":
            return _file(self.where(asset), asset, asset.tiny.place)
        offered = _offered(asset.kind)
        for name in _names(asset):
            if name in offered:
                return offered[name]
        for kind in ("model", "dataset", "metric"):
            if kind != asset.kind and asset.id in _offered(kind):
                said = f"the profile 'tiny' has it as a {kind}."
                raise Problem("wrong kind", said, "Correct `kind` or `id` in lab.yaml.")
        raise Problem(
            "missing",
            f"the profile 'tiny' has no {asset.kind} {asset.id!r}.",
            f"It offers {', '.join(sorted(offered)) or 'none'}: use one of these in lab.yaml.",
        )

    def where(self, asset: Asset) -> Path:
        """The folder of a checkpoint or metric, the code that draws, the file of an address."""
        if asset.kind == "url":
            place = asset.tiny.place
            return packaged_file(place) if is_packaged(place) else models_folder().parent / place
        offered = _offered(asset.kind)
        found = next((offered[name] for name in _names(asset) if name in offered), None)
        if isinstance(found, Path):
            return found
        return Path(__file__).with_name("drawn.py") if found else models_folder()

    def check(self, asset: Asset, source: Source, *, deep: bool) -> str:
        """Compare digests of shipped files, which are small; a deep look draws what is drawn."""
        if isinstance(source, DrawnScenes | DrawnQuestions):
            drawn = content_digest(_told(source)) if deep else ""
            _compare(drawn or asset.tiny.digest, asset.tiny.digest, self.where(asset))
            return drawn
        if isinstance(source, Drawn):
            drawn = content_digest(_drawn(source)) if deep else ""
            _compare(drawn or asset.tiny.digest, asset.tiny.digest, self.where(asset))
            return drawn
        if isinstance(source, Snapshot):
            raise TypeError(source)
        files = sorted(path for path in source.rglob("*") if _is_content(path)) or [source]
        found = combined((_below(file, source), sha256(file)) for file in files)
        _compare(found, asset.tiny.digest, source)
        return found


class Downloaded:
    """Published models and datasets in the user's Hugging Face cache: the ``full`` profile.

    Args:
        cache: The grader's cache, for the lock file and for what addresses held.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._shipped = Shipped()
        self._lock = Lock(cache)

    def find(self, asset: Asset) -> Source:
        """Look it up in the cache; metrics are the shipped ones."""
        if asset.kind == "metric":
            return self._shipped.find(asset)
        if asset.kind == "url":
            return _file(self.where(asset), asset, asset.full.place)
        return hub.find(asset, self._lock)

    def where(self, asset: Asset) -> Path:
        """Its repository in the cache."""
        if asset.kind == "metric":
            return self._shipped.where(asset)
        return address_file(self._cache, asset) if asset.kind == "url" else hub.folder_of(asset)

    def check(self, asset: Asset, source: Source, *, deep: bool) -> str:
        """Compare what the files say of themselves, and digests of small files or of all."""
        if isinstance(source, Snapshot):
            return _check_snapshot(source, deep=deep)
        if asset.kind != "url" or not isinstance(source, Path):
            return self._shipped.check(asset, source, deep=deep)
        found = sha256(source)
        pulled = self._lock.pulled("url", asset.id, "")
        recorded = pulled.files[asset.id].sha256 if pulled else found
        _compare(f"sha256:{found}", f"sha256:{recorded}", source)
        _compare(f"sha256:{found}", asset.full.digest, source)
        return f"sha256:{found}"


def shelf_of(profile: str, cache: Path) -> Shelf:
    """The assets of a profile."""
    return Downloaded(cache) if profile == "full" else Shipped()


def models_folder() -> Path:
    """Checkpoints of the ``tiny`` profile: in a checkout at the top, in a wheel beside the code."""
    return data_folder("reference") / "assets" / "models"


def address_file(cache: Path, asset: Asset) -> Path:
    """Where what an address held is kept, or the file of a package that stands for it."""
    if is_packaged(asset.full.place):
        return packaged_file(asset.full.place)
    return cache / "urls" / hashlib.sha256(asset.id.encode()).hexdigest()


def size_of(source: Source) -> int | None:
    """Bytes of its files; ``None`` for what is drawn when it is needed."""
    if isinstance(source, Snapshot):
        return source.size
    if isinstance(source, Drawn | DrawnScenes | DrawnQuestions):
        return None
    if source.is_file():
        return source.stat().st_size
    return sum(path.stat().st_size for path in source.rglob("*") if _is_content(path))


def _check_snapshot(snapshot: Snapshot, *, deep: bool) -> str:
    contents.check(snapshot)
    found = {
        file: hub.verify_file(snapshot, file)
        for file in snapshot.files
        if deep or snapshot.path(file).stat().st_size <= _AT_ONCE
    }
    loaded = contents.payload(snapshot)
    if not all(file in found for file in loaded):
        return ""
    digest = combined((file, found[file]) for file in loaded)
    _compare(digest, snapshot.asset.full.digest, snapshot.folder)
    return digest


def _drawn(source: Drawn) -> dict[str, list[Row]]:
    return {
        split: [
            Row(pixels=pixels_digest(Image.fromarray(picture)), label=label)
            for picture, label in zip(source.pictures(split), source.labels(split), strict=True)
        ]
        for split in source.splits
    }


def _told(source: DrawnScenes | DrawnQuestions) -> dict[str, list[Row]]:
    return {
        split: [
            Row(
                pixels=pixels_digest(Image.fromarray(told.scene.pixels)),
                captions=told.captions,
                answers=tuple(answer for each in told.questions for answer in each.answers),
            )
            for told in source.told(split)
        ]
        for split in source.splits
    }


def _offered(kind: str) -> dict[str, Path | Drawn | DrawnScenes | DrawnQuestions]:
    if kind == "dataset":
        return {source.id: source for source in (*DATASETS, SCENES, QUESTIONS)}
    if kind == "model":
        folders = models_folder().glob("*--*/")
        return {folder.name.replace("--", "/"): folder for folder in folders}
    return {file.parent.name: file.parent for file in _METRICS.glob("*/*.py")}


def _names(asset: Asset) -> tuple[str, ...]:
    place = asset.tiny.place
    return (place,) if place else asset.names


def _is_content(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _below(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file != folder else file.name


def _file(path: Path, asset: Asset, place: str) -> Path:
    if not path.is_file():
        remedy = "Install the extra `lab` of the grader again." if is_packaged(place) else ""
        raise Problem("missing", f"{path}, which {asset.id} stands for, is not there.", remedy)
    return path


def _compare(found: str, declared: str, place: Path) -> None:
    if declared and found != declared:
        raise Problem("wrong digest", f"{place} has the digest {found}, not {declared}.")
