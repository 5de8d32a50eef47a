"""Lay the assets of a lab out once, in a cache shared by all runs."""

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path

from grader.assets.drawn import DATASETS, Drawn
from grader.assets.home import AssetHome, read_home
from grader.assets.layout import Layout, write_json
from grader.errors import AssetError
from grader.model import Asset, Lab

PROFILES = ("tiny",)
"""Profiles that can be prepared on this machine."""

_SOURCES = Path(__file__).parent
_METRICS = _SOURCES / "metrics"
_INVENTORY_FILE = "inventory.json"
"""Size of every file served, beside ``SERVED``; a home that lost a file is laid out again."""


def cache_folder() -> Path:
    """Where prepared assets are kept.

    ``LAB_GRADER_CACHE`` where it is set, otherwise ``lab-grader`` in ``XDG_CACHE_HOME``, otherwise
    in ``~/.cache``.
    """
    if chosen := os.environ.get("LAB_GRADER_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lab-grader"


def prepare(lab: Lab, profile: str = "tiny", *, cache: Path | None = None) -> AssetHome:
    """Lay out everything the lab declares, unless that was done before.

    The home is named for the lab's assets and for everything they are made from, built aside and
    moved into place, so that two processes may prepare the same lab at the same time.

    Args:
        lab: Its ``assets`` say what is served.
        profile: One of ``PROFILES``.
        cache: Folder for prepared homes; ``cache_folder()`` if not given.

    Raises:
        AssetError: If the profile is unknown, has no such asset, or the home cannot be written.
    """
    if profile not in PROFILES:
        raise AssetError(f"Unknown profile {profile!r}; this version has {', '.join(PROFILES)}.")
    sources = {asset: _source(asset, profile) for asset in lab.assets}
    base = cache or cache_folder()
    folder = base / f"{profile}-{_digest(lab)}"
    try:
        if not _is_complete(folder):
            _lay_out(sources, profile, folder)
        return read_home(folder)
    except OSError as error:
        raise AssetError(
            f"Assets of {lab.id!r} could not be laid out in {base}: {error}. "
            "Set LAB_GRADER_CACHE to a folder that can be written."
        ) from error


def models_folder() -> Path:
    """Checkpoints of the ``tiny`` profile: in a checkout at the top, in a wheel beside the code."""
    packed = _SOURCES.parent / "_data"
    top = packed if packed.is_dir() else _SOURCES.parents[1]
    return top / "reference" / "assets" / "models"


def _source(asset: Asset, profile: str) -> Path | Drawn:
    offered = _offered(asset.kind)
    for name in (asset.id, *asset.aliases):
        if name in offered:
            return offered[name]
    raise AssetError(
        f"The profile {profile!r} has no {asset.kind} {asset.id!r}. "
        f"It offers {', '.join(sorted(offered)) or 'none'}: use one of these in lab.yaml."
    )


def _offered(kind: str) -> dict[str, Path | Drawn]:
    if kind == "dataset":
        return {source.id: source for source in DATASETS}
    if kind == "model":
        folders = models_folder().glob("*--*/")
        return {folder.name.replace("--", "/"): folder for folder in folders}
    return {folder.parent.name: folder.parent for folder in _METRICS.glob("*/*.py")}


def _digest(lab: Lab) -> str:
    digest = hashlib.sha256(json.dumps([asset.model_dump() for asset in lab.assets]).encode())
    files = [*_SOURCES.rglob("*.py"), *models_folder().glob("*/*")]
    for file in sorted(files):
        digest.update(file.relative_to(file.parents[1]).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _is_complete(folder: Path) -> bool:
    try:
        inventory = json.loads((folder / _INVENTORY_FILE).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in inventory.items())
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return False


def _lay_out(sources: dict[Asset, Path | Drawn], profile: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as aside:
        built = Path(aside) / "home"
        layout = Layout(home=built, profile=profile)
        for asset, source in sources.items():
            layout.add(asset, source)
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
