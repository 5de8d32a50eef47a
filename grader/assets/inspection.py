"""Which assets of a lab can be served on this machine, and what keeps the others from it."""

from pathlib import Path

from grader.assets import rows
from grader.assets.condition import Condition, State, UnfitAsset, pull_command
from grader.assets.drawn import Drawn
from grader.assets.hub import Problem, Snapshot
from grader.assets.layout import Source
from grader.assets.shelves import Shelf, shelf_of, size_of
from grader.model import Asset, Lab


def inspect(lab: Lab, profile: str, cache: Path, *, deep: bool = False) -> tuple[Condition, ...]:
    """Look at every asset of the lab.

    Args:
        lab: Says what is needed.
        profile: Where it is taken from.
        cache: The grader's cache.
        deep: Whether every byte is read, to compare digests.
    """
    shelf = shelf_of(profile, cache)
    return tuple(_inspected(asset, lab, shelf, profile, deep=deep) for asset in lab.assets)


def found(asset: Asset, lab: Lab, shelf: Shelf, profile: str) -> Source:
    """What would be served.

    Raises:
        UnfitAsset: If there is nothing, or files are missing.
    """
    try:
        return shelf.find(asset)
    except Problem as problem:
        raise unfit(asset, lab, profile, problem) from None


def checked(asset: Asset, lab: Lab, shelf: Shelf, profile: str) -> None:
    """Read every byte of what would be served, to compare digests; nothing is drawn for that.

    Raises:
        UnfitAsset: If something is missing, cut short, or not what it should be.
    """
    try:
        source = shelf.find(asset)
        shelf.check(asset, source, deep=not isinstance(source, Drawn))
    except Problem as problem:
        raise unfit(asset, lab, profile, problem) from None


def unfit(asset: Asset, lab: Lab, profile: str, problem: Problem) -> UnfitAsset:
    """The error to raise, with what to do about it."""
    remedy = problem.remedy or _remedy(problem.state, lab, profile)
    return UnfitAsset(asset, problem.state, problem.said, remedy)


def check_splits(asset: Asset, lab: Lab, splits: tuple[str, ...]) -> None:
    """See that the dataset has the split every task is scored on.

    Raises:
        Problem: If it does not.
    """
    for task in lab.tasks:
        if {*asset.names} & {*task.datasets} and task.split not in splits:
            raise Problem(
                "incomplete",
                f"it has no split {task.split!r}, which the task {task.id!r} is scored on; "
                f"it has {', '.join(splits) or 'none'}.",
                "Correct `split` of the task in lab.yaml, or take another revision of the dataset.",
            )


def _inspected(asset: Asset, lab: Lab, shelf: Shelf, profile: str, *, deep: bool) -> Condition:
    where, revision = str(shelf.where(asset)), ""
    size: int | None = None
    try:
        source = shelf.find(asset)
        revision = source.commit if isinstance(source, Snapshot) else ""
        size = size_of(source)
        digest = shelf.check(asset, source, deep=deep)
        if isinstance(source, Snapshot) and asset.kind == "dataset":
            check_splits(asset, lab, rows.splits(source))
    except Problem as problem:
        return Condition(
            asset=asset,
            state=problem.state,
            where=where,
            revision=revision,
            size=size,
            problem=problem.said,
            remedy=problem.remedy or _remedy(problem.state, lab, profile),
        )
    return Condition(
        asset=asset, state="ready", where=where, revision=revision, size=size, digest=digest
    )


def _remedy(state: State, lab: Lab, profile: str) -> str:
    if profile != "full":
        return "Restore the file from the release, or install the grader again."
    if state == "wrong digest":
        return f"Delete that file, then `{pull_command(lab.id)}`."
    return f"`{pull_command(lab.id)}` fetches it."
