"""The recorder: writes what it sees as JSON lines, at once, to the supervisor's descriptor.

Hooks are installed in the fork server and stay silent until ``start``. A hook that fails is
reported as a ``recorder-error`` and never breaks the cell.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from weakref import WeakKeyDictionary

from . import namespace, plain
from .foreign import Foreign

# Bound now: a notebook may replace json.dumps or os.write.
_encode = json.JSONEncoder().encode
_write = os.write
_FLUSH_SECONDS = 1.0
_NAME_CHARACTERS = 300


class Recorder:
    """Collects events of one kernel; inert in the fork server and in the kernel's children."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._process = 0
        self._lock = threading.Lock()
        self._sent: set[str] = set()
        self._depths: Counter[str] = Counter()
        self._rows: Counter[tuple[str, bool]] = Counter()
        self._flushed = 0.0
        self.serving: dict[str, Foreign] = {}
        self.assets = Path()
        self.models: WeakKeyDictionary[Foreign, str] = WeakKeyDictionary()

    @property
    def active(self) -> bool:
        """Whether this process is the kernel being recorded."""
        return self._descriptor is not None and os.getpid() == self._process

    def start(self, descriptor: int, assets: Path) -> None:
        """Begin to write to ``descriptor``."""
        self._descriptor = descriptor
        self._process = os.getpid()
        self.assets = assets
        with self.quietly("serving"):
            self.serving = json.loads((assets / "serving.json").read_text(encoding="utf-8"))
        self.emit("start")

    def emit(self, event: str, /, **fields: Foreign) -> None:
        """Write one event; does nothing when it cannot be written."""
        if not self.active or self._descriptor is None:
            return
        try:
            line = _encode({"event": event, **fields}).encode() + b"\n"
            with self._lock:
                while line:
                    line = line[_write(self._descriptor, line) :]
        except (OSError, ValueError, TypeError, RecursionError):
            # The supervisor learns of it from the events that are missing.
            return

    @contextmanager
    def quietly(self, hook: str) -> Iterator[None]:
        """Turn a failure of the recorder into an event."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the student's cell must go on
            self.emit("recorder-error", hook=hook, error=type(error).__name__)

    @contextmanager
    def nested(self, kind: str) -> Iterator[bool]:
        """Count nested calls of one kind; true for the outermost."""
        self._depths[kind] += 1
        try:
            yield self._depths[kind] == 1
        finally:
            self._depths[kind] -= 1

    def inside(self, kind: str) -> bool:
        """Whether a call of this kind is under way."""
        return self._depths[kind] > 0

    def array(self, value: Foreign) -> dict[str, Foreign] | None:
        """Labels as an event field, their elements only the first time; ``None`` if no labels."""
        found = plain.labels(value, whole_floats=True)
        return None if found is None else self.stored(found)

    def stored(self, found: plain.Labels) -> dict[str, Foreign]:
        """An array as an event field."""
        if found.values is None:
            return {"n": found.length}
        entry: dict[str, Foreign] = {"id": found.digest, "n": found.length}
        if found.digest not in self._sent:
            self._sent.add(found.digest)
            entry["values"] = found.values
        return entry

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


RECORDER = Recorder()


def start(descriptor: int, shell: Foreign, assets: Path) -> None:
    """Record everything this shell runs from now on."""
    RECORDER.start(descriptor, assets)
    watcher = namespace.Watcher(shell)

    def after_cell(*_: object) -> None:
        with RECORDER.quietly("namespace"):
            for name, found in watcher.changes():
                RECORDER.emit("named", name=name, array=RECORDER.stored(found))
        RECORDER.flush()
        RECORDER.emit("cell")

    shell.events.register("post_run_cell", after_cell)


def stop() -> None:
    """Write the last events."""
    with RECORDER.quietly("stop"):
        RECORDER.stop()
