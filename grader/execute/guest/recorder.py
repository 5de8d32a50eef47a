"""The recorder: sends what it sees, at once, to the supervisor.

Hooks are installed in the fork server and stay silent until ``start``. A hook that fails is
reported as a ``recorder-error`` and never breaks the cell.

A line is ``mac number json``. The first one carries the key of the others, and is written before
the notebook's first cell; a line that was not written here, or went missing, is therefore seen.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from weakref import ref

from . import plain
from .foreign import Foreign
from .sealed import Hooks

# Bound now: a notebook may replace json.dumps.
_encode = json.JSONEncoder().encode
_own_pid = os.getpid
_FLUSH_SECONDS = 1.0
_NAME_CHARACTERS = 300
_MAC_BYTES = 8
_MAX_REMEMBERED = 4096
_MAX_BYTES_OF_ONE_KIND = 8 << 20
"""Bytes of texts, of matrices, of arrays and so on that one run may send; all events together
have 48 MiB."""
_MAX_DIGESTED_PER_CELL = 512 << 20
"""Bytes of pictures and inputs that are digested; at 1 GB/s this takes half a second."""
_MAX_SECONDS_PER_CELL = 5.0
"""Seconds that digesting them may take where the machine is slower."""

Send = Callable[[bytes], int]
"""Sends some of what it is given, and says how many bytes that were."""


class Memory:
    """Values kept for objects while they live.

    A ``WeakKeyDictionary`` would not do: the callback of its references leads back to it.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[ref[Foreign], Foreign]] = {}

    def get(self, thing: Foreign, default: Foreign = None) -> Foreign:
        """The value kept for this very object."""
        found = self._kept.get(id(thing))
        return found[1] if found is not None and found[0]() is thing else default

    def __contains__(self, thing: Foreign) -> bool:
        found = self._kept.get(id(thing))
        return found is not None and found[0]() is thing

    def __setitem__(self, thing: Foreign, value: Foreign) -> None:
        if len(self._kept) > _MAX_REMEMBERED:
            living = {key: pair for key, pair in self._kept.items() if pair[0]() is not None}
            self._kept = living
        self._kept[id(thing)] = (ref(thing), value)

    def pop(self, thing: Foreign, default: Foreign = None) -> Foreign:
        """Forget an object; the value kept for it."""
        value = self.get(thing, default)
        self._kept.pop(id(thing), None)
        return value


class Recorder:
    """Collects events of one kernel; inert in the fork server and in the kernel's children."""

    def __init__(self) -> None:
        self._send: Send | None = None
        self._process = 0
        self._key = b""
        self._number = 0
        # Re-entered by a signal handler of the notebook's that calls a hook.
        self._lock = threading.RLock()
        self._sent: set[str] = set()
        self._told: set[tuple[str, str]] = set()
        self._depths: Counter[str] = Counter()
        self._rows: Counter[tuple[str, bool]] = Counter()
        self._flushed = 0.0
        self.hooks = Hooks(lambda name: self.tamper("called", name))
        self.serving: dict[str, Foreign] = {}
        self.assets = Path()
        self.models = Memory()
        self._spent: Counter[str] = Counter()
        self._digested = 0
        self._seconds = 0.0
        self._lost: Counter[tuple[str, str]] = Counter()
        self.shell: Foreign = None
        """What runs the cells, once it is there."""
        self.touched: set[str] = set()
        """Models that saw rows or were trained in this cell."""
        self.at_load: list[Callable[[Foreign, str], None]] = []
        """Called with every model that was loaded, and its id."""
        self.unhooked: list[tuple[str, str]] = []
        """Hooks that fit no function of the libraries installed, and why."""
        self.at_cell_end: list[Callable[[], None]] = []
        """Called when a cell has ended, before its last event."""

    @property
    def active(self) -> bool:
        """Whether this process is the kernel being recorded."""
        return self._send is not None and _own_pid() == self._process

    @property
    def namespace(self) -> Foreign:
        """Names of the notebook."""
        return None if self.shell is None else self.shell.user_ns

    def start(self, send: Send | None, assets: Path) -> None:
        """Begin to write with ``send``; without it, only serve."""
        self._send = send
        self._process = _own_pid()
        self._key = secrets.token_bytes(16)
        self.assets = assets
        with self.quietly("serving"):
            self.serving = json.loads((assets / "serving.json").read_text(encoding="utf-8"))
        self.emit("start", key=self._key.hex())
        for hook, error in self.unhooked:
            self.emit("unhooked", hook=hook, error=error)

    def emit(self, event: str, /, **fields: Foreign) -> None:
        """Write one event; does nothing when it cannot be written."""
        if not self.active or self._send is None:
            return
        try:
            text = _encode({"event": event, **fields})
            with self._lock:
                body = f"{self._number} {text}".encode()
                self._number += 1
                mac = blake2b(body, key=self._key, digest_size=_MAC_BYTES).hexdigest()
                line = f"{mac} ".encode() + body + b"\n"
                while line:
                    line = line[self._send(line) :]
        except (OSError, ValueError, TypeError, RecursionError):
            # The supervisor learns of it from the events that are missing.
            return

    def tamper(self, kind: str, detail: str, by: str = "notebook") -> None:
        """Report, once a cell, something that may make the recording untrue."""
        if self.is_news(kind, detail):
            self.emit("tamper", kind=kind, detail=detail[:_NAME_CHARACTERS], by=by)

    def is_news(self, kind: str, detail: str) -> bool:
        """Whether this is said for the first time in this cell."""
        news = (kind, detail) not in self._told
        self._told.add((kind, detail))
        return news

    def end_cell(self) -> None:
        """Write what is left of a cell."""
        for tell in self.at_cell_end:
            tell()
        self.flush()
        lost, self._lost = self._lost, Counter()
        for (what, why), times in lost.items():
            self.emit("dropped", what=what, why=why, times=times)
        self._told.clear()
        self.touched.clear()
        self._digested, self._seconds = 0, 0.0
        self.emit("cell")

    def drop(self, what: str, why: str, times: int = 1) -> None:
        """Count what is not kept in this cell.

        Args:
            what: E.g. ``arrays``.
            why: ``bytes``, ``time`` or ``number``.
            times: How many.
        """
        self._lost[what, why] += times

    def may_digest(self, size: int) -> bool:
        """Whether so many bytes may still be digested in this cell; then they count."""
        if self._digested + size > _MAX_DIGESTED_PER_CELL:
            self.drop("row digests", "bytes")
        elif self._seconds > _MAX_SECONDS_PER_CELL:
            self.drop("row digests", "time")
        else:
            self._digested += size
            return True
        return False

    @contextmanager
    def digesting(self, hook: str) -> Iterator[None]:
        """The same as ``quietly``, for work whose time is limited."""
        began = monotonic()
        with self.quietly(hook):
            yield
        self._seconds += monotonic() - began

    @contextmanager
    def quietly(self, hook: str) -> Iterator[None]:
        """Turn a failure of the recorder into an event."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the student's cell must go on
            self.emit("recorder-error", hook=hook, error=type(error).__name__)

    def enter(self, kind: str) -> bool:
        """Begin a call of one kind; whether it is the outermost."""
        self._depths[kind] += 1
        return self._depths[kind] == 1

    def leave(self, kind: str) -> None:
        """End a call of one kind."""
        self._depths[kind] -= 1

    def inside(self, kind: str) -> bool:
        """Whether a call of this kind is under way."""
        return self._depths[kind] > 0

    def array(self, value: Foreign) -> dict[str, Foreign] | None:
        """Labels as an event field, their elements only the first time; ``None`` if no labels."""
        with self.reading():
            found = plain.labels(value, whole_floats=True)
        return None if found is None else self.stored(found)

    def scores(self, value: Foreign) -> dict[str, Foreign] | None:
        """Floats as an event field, likewise."""
        with self.reading():
            found = plain.numbers(value)
        return self.stored_floats(found) if isinstance(found, plain.Floats) else None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While it lasts, rows of datasets are handed to the recorder, not to the notebook."""
        self.enter("reading")
        try:
            yield
        finally:
            self.leave("reading")

    def stored(self, found: plain.Labels, kind: str = "arrays") -> dict[str, Foreign]:
        """An array as an event field.

        Args:
            found: The array.
            kind: What has a budget of its own: ``arrays`` or ``row digests``.
        """
        entry: dict[str, Foreign] = {"n": found.length}
        if found.values is None:
            self.drop(kind, "number")
            return entry
        named, new = self.bought(kind, found.digest, len(found.text))
        if named:
            entry["id"] = found.digest
        if new:
            entry["values"] = found.values
        return entry

    def stored_floats(self, found: plain.Floats) -> dict[str, Foreign]:
        """An array of floats as an event field: 64 bits each in base64, exact."""
        entry: dict[str, Foreign] = {"n": found.length}
        if found.data is None:
            self.drop("floats", "number")
            return entry
        named, new = self.bought("floats", found.digest, len(found.data) * 4 // 3)
        if named:
            entry["id"] = found.digest
        if new:
            entry["data"] = base64.b64encode(found.data).decode()
        return entry

    def bought(self, kind: str, digest: str, size: int) -> tuple[bool, bool]:
        """Whether something may be named by its digest, and whether it has to be sent first.

        Args:
            kind: What has a budget of its own, e.g. ``texts`` or ``matrices``.
            digest: Of what is sent.
            size: Bytes it takes.
        """
        if digest in self._sent:
            return True, False
        affordable = self._spent[kind] + size <= _MAX_BYTES_OF_ONE_KIND
        if affordable:
            self._spent[kind] += size
            self._sent.add(digest)
        else:
            self.drop(kind, "bytes")
        return affordable, affordable

    def count_rows(self, model: str, rows: int, training: bool) -> None:
        """Add image rows that went through a model."""
        self._rows[model[:_NAME_CHARACTERS], training] += rows
        if monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the rows counted since the last time."""
        rows, self._rows = self._rows, Counter()
        self._flushed = monotonic()
        for (model, training), number in rows.items():
            self.emit("forward", model=model, rows=number, training=training)

    def stop(self) -> None:
        """Write what is left and the last event."""
        self.flush()
        self.emit("end")
