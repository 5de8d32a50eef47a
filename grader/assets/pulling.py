"""Download what the ``full`` profile of a lab needs; the only code that reaches for a network."""

import urllib.error
import urllib.request
from collections.abc import Callable
from glob import escape
from pathlib import Path
from typing import Any

from grader.assets import contents, hub
from grader.assets.digests import sha256
from grader.assets.hub import Problem
from grader.assets.inspection import unfit
from grader.assets.lock import Lock, Pulled, PulledFile
from grader.assets.pictures import is_packaged
from grader.assets.shelves import address_file
from grader.errors import AssetError
from grader.model import Asset, Lab

_SECONDS = 30.0


def pull(lab: Lab, cache: Path, tell: Callable[[str], None], *, upgrade: bool = False) -> None:
    """Download everything the lab's ``full`` profile takes from the network.

    What is there already is not downloaded again, and what was interrupted goes on. A branch
    stays at the commit it stood for when it was first pulled here.

    Args:
        lab: Says what is needed.
        cache: The grader's cache; commits and digests are recorded in it.
        tell: Called with one line for each asset.
        upgrade: Whether branches are looked up anew.

    Raises:
        AssetError: If something cannot be downloaded; what was got before is kept.
    """
    lock = Lock(cache)
    for asset in lab.assets:
        if asset.kind == "url":
            tell(f"{asset.id}: {_pull_address(asset, cache, lock)}")
        elif asset.kind != "metric":
            tell(f"{asset.id}: {_pull_repository(asset, lab, lock, upgrade=upgrade)}")


def _pull_repository(asset: Asset, lab: Lab, lock: Lock, *, upgrade: bool) -> str:
    repository = hub.repository(asset)
    earlier = lock.pulled(asset.kind, repository, asset.revision)
    revision = earlier.commit if earlier and not upgrade else asset.revision
    try:
        commit, files = _download(asset, repository, revision)
    except Exception as error:
        raise _failure(asset, error) from error
    pulled = Pulled(commit=commit, files=files)
    lock.record(asset.kind, repository, asset.revision, pulled)
    try:
        contents.check(hub.find(asset, lock))
    except Problem as problem:
        raise unfit(asset, lab, "full", problem) from None
    return f"{commit}, {sum(each.size for each in files.values()) / 1e6:.1f} MB"


def _download(asset: Asset, repository: str, revision: str) -> tuple[str, dict[str, PulledFile]]:
    # takes a fifth of a second to import, and is installed with the extra `lab` only
    from huggingface_hub import HfApi, snapshot_download

    where: dict[str, Any] = {"repo_type": asset.kind, "revision": revision}
    info: Any = HfApi().repo_info(repository, timeout=_SECONDS, **where)
    names = contents.wanted(asset.kind, [each.rfilename for each in info.siblings or ()])
    folder = Path(
        snapshot_download(
            repository,
            cache_dir=hub.hub_cache(),
            allow_patterns=[escape(name) for name in names],
            **where,
        )
    )
    return folder.name, {name: _entry(folder / name) for name in names}


def _entry(file: Path) -> PulledFile:
    return PulledFile(size=file.stat().st_size, sha256=sha256(file))


def _pull_address(asset: Asset, cache: Path, lock: Lock) -> str:
    target = address_file(cache, asset)
    if is_packaged(asset.full.place):
        return "comes with an installed package"
    if target.is_file():
        return "is there"
    address = asset.full.place or asset.id
    try:
        # lab.yaml is checked for addresses to begin with http:// or https://
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310
            content = answer.read()
    except (OSError, ValueError) as error:
        raise _failure(asset, error) from error
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    partial.write_bytes(content)
    partial.replace(target)
    lock.record("url", asset.id, "", Pulled(commit="", files={asset.id: _entry(target)}))
    return f"{len(content) / 1e6:.1f} MB"


def _failure(asset: Asset, error: Exception) -> AssetError:
    """One sentence for whatever a network and two libraries may raise."""
    said = " ".join(str(error).split())
    remedy = {
        "RepositoryNotFoundError": "Correct the id in lab.yaml; if it is private, `hf auth login`.",
        "RevisionNotFoundError": "Correct `revision` in lab.yaml.",
        "GatedRepoError": "Accept its terms on its page, then `hf auth login`.",
        "OfflineModeIsEnabled": "Unset HF_HUB_OFFLINE.",
    }.get(
        type(error).__name__,
        "Pull again where https://huggingface.co can be reached, or copy the cache from there; "
        "what was downloaded is kept.",
    )
    return AssetError(f"The {asset.kind} {asset.id!r} could not be downloaded: {said} {remedy}")
