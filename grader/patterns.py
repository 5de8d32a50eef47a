"""Regular expressions that are compiled when they are first needed."""

import re
from typing import cast

__all__ = ["regex"]


class _Later:
    """Stands for a compiled regular expression; its methods are those of the real one."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> object:
        # Asked for what the instance does not have yet; next time it has it, at no cost.
        if self._compiled is None:
            self._compiled = re.compile(self.pattern, self._flags)
        value = getattr(self._compiled, name)
        setattr(self, name, value)
        return value


def regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A regular expression, compiled when it is first used.

    Readers and detectors know some five hundred, a sixth of a second's work; one notebook needs
    half of them. What is returned has the methods of a ``re.Pattern``; the functions of ``re`` do
    not take it.

    Raises:
        re.error: At its first use, if it is malformed.
    """
    return cast("re.Pattern[str]", _Later(pattern, flags))
