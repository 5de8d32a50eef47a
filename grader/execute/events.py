"""What the recorder inside a kernel sends: read at once, bounded, never believed."""

import json
import os
import re
import select
import socket
from hashlib import blake2b
from hmac import compare_digest
from time import monotonic
from typing import Any, Protocol

from pydantic import ValidationError

from grader.model import Event

MAX_BYTES = 48 << 20
"""Of all events of one run. The recorder sends at most 8 MiB each of labels, floats, matrices,
texts and digests of rows, and what is left is for everything else."""
_CHUNK = 1 << 18
_BYTES_AT_ONCE = 4 << 20
_MAC_BYTES = 8
_KEY_BYTES = 16
_MAX_DROPPED = 10_000
_LATE_SECONDS = 1.0
_FORM = re.compile(rb'(?:[0-9a-f]{16} \d+ )?\{.*"event"')


class Source(Protocol):
    """The reading end of what a recorder writes."""

    def fileno(self) -> int:
        """What an event loop waits for."""
        ...

    def receive(self, size: int) -> bytes:
        """What has arrived; nothing when the other end was closed.

        Raises:
            BlockingIOError: If nothing has arrived.
        """
        ...

    def arrives(self, seconds: float) -> bool:
        """Whether something that was sent late has arrived; waits for it so long at most."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Pipe:
    """A pipe: what was written to it has arrived."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)

    def fileno(self) -> int:
        """The reading end."""
        return self.reader

    def receive(self, size: int) -> bytes:
        """See ``Source.receive``."""
        return os.read(self.reader, size)

    def arrives(self, seconds: float) -> bool:
        """See ``Source.arrives``."""
        return False

    def close(self) -> None:
        """Close the reading end."""
        os.close(self.reader)


class Connection:
    """A connected socket, where there is nothing better; what was sent takes its time."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        connected.setblocking(False)

    def fileno(self) -> int:
        """The socket."""
        return self._socket.fileno()

    def receive(self, size: int) -> bytes:
        """See ``Source.receive``; a connection that broke has ended."""
        try:
            return self._socket.recv(size)
        except ConnectionError:
            return b""

    def arrives(self, seconds: float) -> bool:
        """See ``Source.arrives``."""
        return seconds > 0 and bool(select.select([self._socket], [], [], seconds)[0])

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class EventStream:
    """Events of one kernel, from where its recorder writes.

    An event belongs to the cell the supervisor is waiting for when it arrives. The recorder
    writes before the kernel answers, so reading all that was written when a cell ends suffices.

    A line is ``mac number json``. The first carries the key of the others and was written before
    the notebook's first cell, so a line the recorder did not write shows. That, and a line that
    is missing, become events named ``tamper``, as the recorder itself sends them.
    """

    def __init__(self, source: Source | None = None) -> None:
        self.source = source
        """Where they come from; nothing is read while it is unknown."""
        self.cell: int | None = None
        """Cell being executed."""
        self.events: list[Event] = []
        """What was understood, in order."""
        self.dropped = 0
        """Lines that were not the recorder's, or came after the limit."""
        self._numbers: set[int] = set()
        self._key = b""
        self._bytes = 0
        self._rest = b""

    def read(self) -> bool:
        """Read what has arrived, without waiting; whether more may arrive."""
        if self.source is None:
            return False
        for _ in range(_BYTES_AT_ONCE // _CHUNK):
            try:
                chunk = self.source.receive(_CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._accept(chunk)
        return True

    def end_cell(self, *, whole: bool) -> None:
        """Read what belongs to the current cell, which has ended.

        Args:
            whole: Whether it ran to its end, so that the recorder has said so; if that has not
                arrived, it is waited for.
        """
        deadline = monotonic() + _LATE_SECONDS
        more = self.read()
        while whole and more and not self._has_ended() and self._arrives(deadline - monotonic()):
            more = self.read()
        self.cell = None

    def conclude(self, cells: int) -> None:
        """Note whether anything is missing, once nothing more will arrive.

        Args:
            cells: Number of cells that ran to their end.
        """
        names = [event.name for event in self.events]
        whole = names[:1] == ["start"] and names.count("cell") >= cells
        if not whole or self._numbers != set(range(len(self._numbers))):
            self._tamper("lost", "")

    def complete(self, cells: int) -> bool:
        """Whether the recorder was there from the first event to the last, for every cell."""
        names = [event.name for event in self.events]
        whole = names[:1] == ["start"] and "end" in names[-1:]
        # A hook that fits no version of a library saw nothing of it.
        whole = whole and "tamper" not in names and "unhooked" not in names
        return whole and not self.dropped and names.count("cell") >= cells

    def close(self) -> None:
        """Close the source."""
        if self.source is not None:
            self.source.close()

    def _has_ended(self) -> bool:
        """Whether the recorder has seen the end of the current cell."""
        return any(
            event.cell == self.cell and event.name == "cell" for event in reversed(self.events)
        )

    def _arrives(self, seconds: float) -> bool:
        return self.source is not None and self.source.arrives(seconds)

    def _accept(self, chunk: bytes) -> None:
        if self._bytes > MAX_BYTES or self.dropped > _MAX_DROPPED:
            return
        self._bytes += len(chunk)
        if self._bytes > MAX_BYTES:
            self.dropped += 1
            self._rest = b""
            self._tamper("lost", "more events than are kept")
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            event = self._event(line)
            if event is None:
                self.dropped += 1
                self._tamper("forged" if _FORM.match(line) else "noise", "")
            else:
                self.events.append(event)

    def _event(self, line: bytes) -> Event | None:
        """The event of a line, if the recorder wrote it."""
        mac, _, body = line.partition(b" ")
        number, _, text = body.partition(b" ")
        if not self._key:
            self._key = _key(text)
        if not self._key or not number.isdigit() or len(number) > 12:
            return None
        own = blake2b(body, key=self._key, digest_size=_MAC_BYTES).hexdigest()
        if not compare_digest(mac, own.encode()) or int(number) in self._numbers:
            return None
        self._numbers.add(int(number))
        return _parse(text, self.cell)

    def _tamper(self, kind: str, detail: str) -> None:
        last = self.events[-1] if self.events else None
        if last is None or (last.cell, last.data.get("kind")) != (self.cell, kind):
            data = {"kind": kind, "detail": detail, "by": "notebook"}
            self.events.append(Event(cell=self.cell, name="tamper", data=data))


def _key(text: bytes) -> bytes:
    """The key in the recorder's first line, if this is one."""
    first = _parse(text, None)
    key = first.data.get("key") if first is not None and first.name == "start" else None
    try:
        found = bytes.fromhex(key) if isinstance(key, str) else b""
    except ValueError:
        return b""
    return found if len(found) == _KEY_BYTES else b""


def _parse(text: bytes, cell: int | None) -> Event | None:
    try:
        data: Any = json.loads(text)
        # A lone surrogate can be written in JSON but not stored as UTF-8.
        json.dumps(data, ensure_ascii=False).encode()
        return Event(cell=cell, name=data.pop("event"), data=data)
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError, ValidationError):
        return None
