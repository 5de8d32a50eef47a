"""Do something right after a library was imported for the first time, without importing it.

Nothing here knows the recorder: a notebook may look at all of it, and finds only callables that
show nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from .foreign import Foreign
from .sealed import seal

Then = Callable[[], None]


def after_import(module: str, then: Then) -> None:
    """Call ``then`` once this module can be used, before anybody else can copy names from it.

    Args:
        module: Its full name; one that is imported already is there at once.
        then: Must not raise.
    """
    if module in sys.modules:
        then()
        return
    finder = next((each for each in sys.meta_path if isinstance(each, _Finder)), None)
    if finder is None:
        finder = _Finder()
        sys.meta_path.insert(0, finder)
    finder.waiting[module] = seal(then)


class _Finder(MetaPathFinder):
    """Finds what the path offers, for the few modules somebody waits for."""

    def __init__(self) -> None:
        self.waiting: dict[str, Then] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.waiting:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self.waiting)
        return spec


class _Loader(Loader):
    """Loads as another loader does, which the module then shows as its own."""

    def __init__(self, loader: Foreign, waiting: dict[str, Then]) -> None:
        self._loader = loader
        self._waiting = waiting

    def __getattr__(self, name: str) -> Foreign:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        then = self._waiting.pop(module.__name__, None)
        if then is not None:
            then()
