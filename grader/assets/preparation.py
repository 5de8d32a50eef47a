"""Lay the assets of a lab out once, in a cache shared by all runs."""

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grader.assets.home import AssetHome, read_home
from grader.assets.hub import Problem, Snapshot
from grader.assets.inspection import check_splits, checked, found, unfit
from grader.assets.layout import Layout, Source, write_json
from grader.assets.shelves import shelf_of
from grader.config import cache_folder
from grader.errors import AssetError
from grader.model import Asset, Lab

PROFILES = ("tiny", "full")
"""What ships with the grader, and what was published, as the user's Hugging Face cache has it."""

_SOURCES = Path(__file__).parent
_INVENTORY_FILE = "inventory.json"
"""Size of every file served, beside ``SERVED``; a home that lost a file is laid out again."""


def prepare(lab: Lab, profile: str = "tiny", *, cache: Path | None = None) -> AssetHome:
    """Lay out everything the lab declares, unless that was done before.

    The home is named for the lab's assets and for everything they are made from, built aside and
    moved into place, so that two processes may prepare the same lab at the same time.

    Args:
        lab: Its ``assets`` say what is served.
        profile: One of ``PROFILES``.
        cache: Folder for prepared homes; ``cache_folder()`` if not given.

    Raises:
        UnfitAsset: If an asset is missing, cut short, not what was declared, or lacks the split
            that a task is scored on; nothing is ever downloaded here.
        AssetError: If the profile is unknown, or the home cannot be written.
    """
    if profile not in PROFILES:
        raise AssetError(f"Unknown profile {profile!r}; this version has {', '.join(PROFILES)}.")
    base = cache or cache_folder()
    shelf = shelf_of(profile, base)
    sources = [(asset, found(asset, lab, shelf, profile)) for asset in lab.assets]
    folder = base / f"{profile}-{_digest(sources)}"
    try:
        if not _is_complete(folder):
            for asset in lab.assets:
                checked(asset, lab, shelf, profile)
            _lay_out(sources, lab, profile, folder)
        home = read_home(folder)
    except OSError as error:
        raise AssetError(
            f"Assets of {lab.id!r} could not be laid out in {base}: {error}. "
            "Set LAB_GRADER_CACHE to a folder that can be written."
        ) from error
    _check_splits(home, lab, profile)
    return home


def _check_splits(home: AssetHome, lab: Lab, profile: str) -> None:
    for asset in lab.assets:
        if asset.kind == "dataset":
            try:
                check_splits(asset, lab, home.splits[asset.id])
            except Problem as problem:
                raise unfit(asset, lab, profile, problem) from None


def _digest(sources: Sequence[tuple[Asset, Source]]) -> str:
    """Name of a home: of what is served, and of everything that is made from."""
    digest = hashlib.sha256()
    for asset, source in sources:
        identity = source.identity() if isinstance(source, Snapshot) else []
        digest.update(json.dumps([asset.model_dump(), identity]).encode())
    places = {source for _, source in sources if isinstance(source, Path)}
    files = [*_SOURCES.rglob("*.py"), *(file for place in places for file in _content(place))]
    for file in sorted(files):
        digest.update(file.relative_to(file.parents[1]).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _content(place: Path) -> Sequence[Path]:
    return [place] if place.is_file() else [path for path in place.glob("*") if path.is_file()]


def _is_complete(folder: Path) -> bool:
    try:
        inventory = json.loads((folder / _INVENTORY_FILE).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in inventory.items())
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return False


def _lay_out(sources: Sequence[tuple[Asset, Source]], lab: Lab, profile: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as aside:
        built = Path(aside) / "home"
        layout = Layout(home=built, profile=profile)
        for asset, source in sources:
            try:
                layout.add(asset, source)
            except Problem as problem:
                raise unfit(asset, lab, profile, problem) from None
        layout.finish()
        _write_inventory(built)
        _move(built, folder)


def _write_inventory(home: Path) -> None:
    files = [file for file in home.rglob("*") if file.is_file()]
    inventory = {file.relative_to(home).as_posix(): file.stat().st_size for file in files}
    write_json(home / _INVENTORY_FILE, inventory)


def _move(built: Path, folder: Path) -> None:
    if folder.exists() and not _is_complete(folder):
        with contextlib.suppress(FileNotFoundError):
            folder.rename(built.with_name("broken"))
    try:
        built.rename(folder)
    except OSError:
        # another process was faster; what it built has the same name and the same content
        if not _is_complete(folder):
            raise
