"""Arrays of labels that appear in a notebook's namespace."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from . import plain
from .foreign import Foreign

_MAX_NAMES = 500
_MAX_BYTES_PER_CELL = 2 << 20
_MAX_SECONDS_PER_CELL = 1.0
_MIN_ELEMENTS = 2


class Watcher:
    """Notices arrays that are new or have changed since the last cell."""

    def __init__(self, shell: Foreign) -> None:
        self._shell = shell
        self._digests: dict[str, str] = {}

    def changes(self) -> Iterator[tuple[str, plain.Labels]]:
        """Name and elements of each new or changed array, within bounds of work and size."""
        deadline = monotonic() + _MAX_SECONDS_PER_CELL
        budget = _MAX_BYTES_PER_CELL
        for name in names(self._shell):
            if monotonic() > deadline or budget < 0:
                return
            found = plain.labels(self._shell.user_ns.get(name))
            if found is None or found.values is None or found.length < _MIN_ELEMENTS:
                continue
            if self._digests.get(name) != found.digest:
                self._digests[name] = found.digest
                budget -= sum(len(str(each)) + 2 for each in found.values)
                yield name, found


def names(shell: Foreign) -> list[str]:
    """Names that the notebook gave, the last ones if they are many."""
    hidden = shell.user_ns_hidden
    given = [
        name
        for name in shell.user_ns
        if type(name) is str and not name.startswith("_") and name not in hidden
    ]
    return [name for name in given if name not in ("In", "Out")][-_MAX_NAMES:]
