"""The user's Hugging Face cache, read as it lies on disk; nothing here can reach a network.

<cache>/models--org--name/refs/main            commit that a branch or tag stood for
                          snapshots/<commit>/  the files, usually links to blobs
                          blobs/<digest>       SHA-256 of large files, git's SHA-1 of small ones
"""

import os
import re
from pathlib import Path
from typing import Literal

from msgspec import Struct

from grader.assets.condition import State
from grader.assets.digests import git_sha1, sha256
from grader.assets.lock import Lock, Pulled
from grader.model import Asset

Kind = Literal["model", "dataset"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KINDS: tuple[Kind, ...] = ("model", "dataset")


class Problem(Exception):  # noqa: N818 - it becomes an UnfitAsset where the lab is known
    """Why a snapshot cannot be served; ``remedy`` only where pulling it again would not help."""

    def __init__(self, state: State, said: str, remedy: str = "") -> None:
        self.state = state
        self.said = said
        self.remedy = remedy
        super().__init__(said)


class Snapshot(Struct, frozen=True, kw_only=True):
    """One revision of one repository in the cache."""

    asset: Asset
    """As the lab declares it."""

    commit: str
    """Commit it was downloaded at, or the folder's name where that is no commit."""

    folder: Path
    """Its files, most of them links into ``blobs``."""

    files: tuple[str, ...]
    """Their paths below ``folder``, sorted."""

    pulled: Pulled | None
    """What ``pull`` recorded of it."""

    def path(self, file: str) -> Path:
        """Where the content of this file really lies."""
        return (self.folder / file).resolve()

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(self.path(file).stat().st_size for file in self.files)

    def identity(self) -> list[tuple[str, str, int, int]]:
        """What changes when a file does: its path, blob, size and time of change."""
        stats = [(file, self.path(file), self.path(file).stat()) for file in self.files]
        return [(file, blob.name, stat.st_size, stat.st_mtime_ns) for file, blob, stat in stats]


def hub_cache() -> Path:
    """Where Hugging Face's libraries keep what they download, by the variables they look at."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if chosen := os.environ.get(name):
            return Path(chosen).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "huggingface" / "hub"


def repository(asset: Asset) -> str:
    """Id of the repository the ``full`` profile takes it from."""
    return asset.full.place or asset.id


def folder_of(asset: Asset, kind: str | None = None) -> Path:
    """Folder of its repository in the cache; of another kind of repository if one is given."""
    return hub_cache() / f"{kind or asset.kind}s--{repository(asset).replace('/', '--')}"


def find(asset: Asset, lock: Lock) -> Snapshot:
    """The snapshot of a model or dataset at the declared revision, or at the one pulled for it.

    Args:
        asset: A model or a dataset.
        lock: What was pulled; a branch stays at the commit it stood for then.

    Raises:
        Problem: If there is none, or files of it are missing.
    """
    folder = folder_of(asset)
    if not folder.is_dir():
        raise _absent(asset, folder)
    pulled = lock.pulled(asset.kind, repository(asset), asset.revision)
    commit = _commit(asset, folder, pulled)
    snapshot = folder / "snapshots" / commit
    if not snapshot.is_dir():
        there = _listed(folder / "snapshots")
        raise Problem("missing", f"{snapshot} is not there; the cache has {there}.")
    return Snapshot(
        asset=asset,
        commit=commit,
        folder=snapshot,
        files=_files(snapshot, pulled),
        pulled=pulled,
    )


def verify_file(snapshot: Snapshot, file: str) -> str:
    """Recompute a file's digest and compare it with every one that is known.

    Returns:
        SHA-256 of the file.

    Raises:
        Problem: If they differ.
    """
    blob = snapshot.path(file)
    found = sha256(blob)
    named = blob.name if blob.parent.name == "blobs" else ""
    if _SHA256.fullmatch(named) and named != found:
        raise _differs(blob, "SHA-256", found, named)
    if _COMMIT.fullmatch(named) and (git := git_sha1(blob)) != named:
        raise _differs(blob, "git's SHA-1", git, named)
    recorded = snapshot.pulled.files.get(file) if snapshot.pulled else None
    if recorded and recorded.sha256 != found:
        raise _differs(snapshot.folder / file, "SHA-256", found, recorded.sha256)
    return found


def _differs(file: Path, what: str, found: str, expected: str) -> Problem:
    return Problem("wrong digest", f"{what} of {file} is {found}, not {expected}.")


def _absent(asset: Asset, folder: Path) -> Problem:
    for kind in _KINDS:
        if kind != asset.kind and (other := folder_of(asset, kind)).is_dir():
            return Problem(
                "wrong kind",
                f"the cache has it as a {kind}, in {other}.",
                "Correct `kind` or `id` in lab.yaml.",
            )
    return Problem("missing", f"{folder} is not there.")


def _commit(asset: Asset, folder: Path, pulled: Pulled | None) -> str:
    if _COMMIT.fullmatch(asset.revision):
        return asset.revision
    ref = folder / "refs" / asset.revision
    try:
        named = ref.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        named = ""
    commit = pulled.commit if pulled else named
    if not commit:
        raise Problem(
            "incomplete",
            f"{ref} is missing or empty, so nobody knows which commit {asset.revision!r} is; "
            f"the cache has {_listed(folder / 'snapshots')}.",
        )
    if Path(commit).name != commit:
        raise Problem("incomplete", f"{ref} does not hold a commit.")
    return commit


def _files(snapshot: Path, pulled: Pulled | None) -> tuple[str, ...]:
    entries = (path for path in snapshot.rglob("*") if path.is_symlink() or not path.is_dir())
    files = sorted(path.relative_to(snapshot).as_posix() for path in entries)
    sizes = {file: entry.size for file, entry in pulled.files.items()} if pulled else {}
    for file in sorted({*files, *sizes}):
        _check_presence(snapshot / file, sizes.get(file))
    return tuple(files)


def _check_presence(path: Path, size: int | None) -> None:
    try:
        found = path.stat().st_size
    except OSError:
        target = f", a link to {path.readlink()}," if path.is_symlink() else ""
        raise Problem("incomplete", f"{path}{target} is not there.") from None
    if size is not None and found != size:
        raise Problem("incomplete", f"{path} has {found} bytes, not {size}.")


def _listed(folder: Path) -> str:
    names = sorted(path.name for path in folder.glob("*/"))
    return f"the snapshots {', '.join(names)}" if names else "no snapshot"
