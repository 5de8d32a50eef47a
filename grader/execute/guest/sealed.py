"""Hooks that lead nowhere: the notebook can hold one without reaching the recorder through it.

A Python function shows its closure and its module's globals, and so does every frame of it on
the stack. So what stands in the place of a library function is a small function with globals of
its own, whose closure holds only callables that show nothing. While the library, and the
student's code it may call, is running, nothing of the recorder is on the stack.
"""

from __future__ import annotations

import builtins
import functools
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .foreign import Foreign

Function = Callable[..., Foreign]
Refuse = Callable[[str], None]
_frame = sys._getframe


def seal(function: Function) -> Function:
    """A callable that runs ``function`` and has no attribute that leads to it.

    ``functools.lru_cache`` keeps the function in C; with room for no result it only calls.
    """
    box: Any = functools.lru_cache(maxsize=0)(function)
    vars(box).clear()
    # What torch.compile looks at instead, and follows into what it compiles.
    box.__wrapped__ = _nothing
    return box  # type: ignore[no-any-return]


def _nothing(*_: Foreign) -> None:
    """Stand for a sealed function where one is looked into."""


_nothing = types.FunctionType(_nothing.__code__, {"__builtins__": builtins})


@dataclass(frozen=True)
class Hook:
    """A function put in the place of a library's."""

    owner: Foreign
    """Module or class that holds it."""

    name: str
    """Attribute of the owner."""

    held: Foreign
    """What the owner holds: the function, or a class method of it."""

    function: types.FunctionType

    code: types.CodeType

    contents: tuple[Foreign, ...]
    """Contents of its closure."""

    @property
    def label(self) -> str:
        """Name a student knows it by."""
        module = getattr(self.owner, "__module__", None)
        owner = f"{module.partition('.')[0]}.{self.owner.__name__}" if module else None
        return f"{owner or self.owner.__name__}.{self.name}"

    def is_whole(self) -> bool:
        """Whether the function itself is as it was made."""
        function = self.function
        cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
        same = len(cells) == len(self.contents) and all(map(_same, cells, self.contents))
        plain = function.__defaults__ is None and function.__kwdefaults__ is None
        return same and plain and function.__code__ is self.code

    def standing(self) -> Foreign:
        """What stands in its place now."""
        return vars(self.owner).get(self.name)


class Hooks:
    """Every hook, and what happens to a call that does not come through one.

    Args:
        refuse: Told the name of the function when something else calls behind a hook.
    """

    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse
        self._hooks: list[Hook] = []

    def __iter__(self) -> Iterator[Hook]:
        return iter(self._hooks)

    def watch(self, owner: Foreign, name: str, enter: Function, leave: Function) -> None:
        """Have ``enter(args, kwargs)`` called before, ``leave(note, ended, value)`` after.

        ``note`` is what ``enter`` returned; when it is ``None``, ``leave`` is not called.
        """
        self._put(owner, name, _watched, (enter, leave))

    def redirect(self, owner: Foreign, name: str, enter: Function, leave: Function) -> None:
        """The same; but ``enter`` returns ``(note, function, args, kwargs)``, what to call."""
        self._put(owner, name, _redirected, (enter, leave))

    def iterate(self, owner: Foreign, name: str, leave: Function) -> None:
        """Have ``leave(args, True, item)`` called with each item of what is iterated."""
        self._put(owner, name, _iterated, (_nothing, leave))

    def made(self, original: Function, enter: Function, leave: Function) -> types.FunctionType:
        """The same as ``watch`` makes of a function, for the caller to put in its place."""
        code = _nested_code(_watched)
        sides = seal(enter), self._guarded(leave, code, original.__name__)
        return _isolated(_watched(original, *sides), original)

    def _put(
        self,
        owner: Foreign,
        name: str,
        template: Callable[[Function, Function, Function], types.FunctionType],
        sides: tuple[Function, Function],
    ) -> None:
        there: Foreign = vars(owner).get(name)
        as_class_method = isinstance(there, classmethod)
        original = there.__func__ if as_class_method else getattr(owner, name)
        code = _nested_code(template)
        enter, leave = seal(sides[0]), self._guarded(sides[1], code, name)
        made = _isolated(template(original, enter, leave), original)
        held = classmethod(made) if as_class_method else made
        setattr(owner, name, held)
        contents = tuple(cell.cell_contents for cell in made.__closure__ or ())
        self._hooks.append(Hook(owner, name, held, made, code, contents))

    def _guarded(self, leave: Function, code: types.CodeType, name: str) -> Function:
        """``leave``, which is where events are made, for the hook alone to call."""
        refuse = self._refuse

        def checked(note: Foreign, ended: bool, value: Foreign) -> None:
            if _frame(1).f_code is code:
                leave(note, ended, value)
            else:
                refuse(name)

        return seal(checked)


def _same(one: object, other: object) -> bool:
    return one is other


def _nested_code(template: Callable[..., types.FunctionType]) -> types.CodeType:
    constants = template.__code__.co_consts
    return next(each for each in constants if isinstance(each, types.CodeType))


def _isolated(function: types.FunctionType, original: Function) -> types.FunctionType:
    """The same function with globals of its own, looking like the original.

    ``evaluate`` makes such copies too and appends to the docstring, so there has to be one.
    """
    names = {"__builtins__": builtins, "__name__": original.__module__}
    closure = function.__closure__
    made = types.FunctionType(function.__code__, names, function.__name__, None, closure)
    functools.update_wrapper(made, original)
    return made


def _watched(original: Function, enter: Function, leave: Function) -> types.FunctionType:
    def call(*args: Foreign, **kwargs: Foreign) -> Foreign:
        """See the library."""
        note = enter(args, kwargs)
        if note is None:
            return original(*args, **kwargs)
        try:
            value = original(*args, **kwargs)
        except BaseException:
            leave(note, False, None)
            raise
        leave(note, True, value)
        return value

    return call  # type: ignore[return-value]


def _iterated(original: Function, enter: Function, leave: Function) -> types.FunctionType:
    def call(*args: Foreign, **kwargs: Foreign) -> Foreign:
        """See the library."""
        enter()
        for item in original(*args, **kwargs):
            leave(args, True, item)
            yield item

    return call  # type: ignore[return-value]


def _redirected(original: Function, enter: Function, leave: Function) -> types.FunctionType:
    def call(*args: Foreign, **kwargs: Foreign) -> Foreign:
        entered = enter(args, kwargs)
        if entered is None:
            return original(*args, **kwargs)
        note, function, args, kwargs = entered
        try:
            value = (original if function is None else function)(*args, **kwargs)
        except BaseException:
            leave(note, False, None)
            raise
        leave(note, True, value)
        return value

    return call  # type: ignore[return-value]
