"""What the levels of the sandbox leave open, and why.

The names are those of the attempts ``grader doctor`` makes; each listed one is seen to succeed.
"""

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["FULL", "NOTES", "Gap", "landlock"]


class Gap(Struct, frozen=True, kw_only=True):
    """One attempt that a level does not stop."""

    why: str
    """What can come of it."""

    closed_by_abi: int | None = None
    """Version of Landlock that closes it; ``None`` if none does."""


_LOCK = Gap(why="one bit at a time can pass between notebooks that run at once")
FULL: Mapping[str, Gap] = {"lock a shared library, which others can notice": _LOCK}
"""What the level full leaves open."""

_LANDLOCK = {
    **FULL,
    "see that a file exists": Gap(
        why="names, sizes and times of files can be asked for by path; contents and lists of "
        "names cannot"
    ),
    "see that a process runs": Gap(
        why="its number, user and priority; not its command line, environment or memory"
    ),
    "use shared memory whose name is known": Gap(
        why="notebooks that run at once and agree on a name can exchange data in /dev/shm; the "
        "names of others' cannot be listed"
    ),
    "signal another process": Gap(
        why="a notebook can end every process of your user, the grader included, and so leave "
        "processes behind that outlive it",
        closed_by_abi=6,
    ),
}

NOTES = (
    "Disk use and processes are counted from outside five times a second, so that a notebook can "
    "exceed their limits for a moment; deleted files that are still open are not counted.",
    "What a notebook leaves in /dev/shm stays there, and counts as its memory only while mapped.",
    "Programs that set modes, owners or times of files are told that it worked; nothing changes.",
    "There are no terminals, and /proc shows a notebook its first process only: ps shows nothing, "
    "and joblib uses threads.",
)
"""What else is different at the level landlock."""


def landlock(abi: int) -> Mapping[str, Gap]:
    """What the level landlock leaves open.

    Args:
        abi: Version of Landlock.
    """
    return {
        name: gap
        for name, gap in _LANDLOCK.items()
        if gap.closed_by_abi is None or abi < gap.closed_by_abi
    }
