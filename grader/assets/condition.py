"""What is known of one asset on this machine."""

from typing import Literal

from msgspec import Struct

from grader.errors import AssetError
from grader.model import Asset

State = Literal["ready", "missing", "incomplete", "wrong digest", "wrong kind"]


class Condition(Struct, frozen=True, kw_only=True):
    """Whether one asset can be served, and from where."""

    asset: Asset
    """As the lab declares it."""

    state: State
    """``ready``, or what keeps it from being served."""

    where: str
    """Folder or file it is taken from, or would be."""

    revision: str = ""
    """Commit served; empty where it has none or it is not known."""

    size: int | None = None
    """Bytes of its files; ``None`` where they are not there."""

    digest: str = ""
    """Of what is served, where it was computed."""

    problem: str = ""
    """What is wrong, naming the file; empty when it is ready."""

    remedy: str = ""
    """What to do about it; empty when it is ready."""


class UnfitAsset(AssetError):  # noqa: N818 - it reads as the others in errors.py that say a state
    """An asset that cannot be served.

    Args:
        asset: As the lab declares it.
        state: What keeps it from being served.
        problem: What is wrong, naming the file, as a sentence.
        remedy: What to do about it, as a sentence.
    """

    def __init__(self, asset: Asset, state: State, problem: str, remedy: str) -> None:
        self.asset = asset
        self.state = state
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"The {asset.kind} {asset.id!r} is {_said(state)}: {problem} {remedy}")


def _said(state: State) -> str:
    return {"wrong digest": "not what was declared", "wrong kind": "of another kind"}.get(
        state, state
    )


def pull_command(lab: str) -> str:
    """The command that fetches what the ``full`` profile of a lab lacks."""
    return f"grader assets pull {lab} --profile full"
