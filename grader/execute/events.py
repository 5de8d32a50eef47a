"""What the recorder inside a kernel sends: read at once, bounded, never believed."""

import json
import os
from typing import Any

from pydantic import ValidationError

from grader.model import Event

MAX_BYTES = 32 << 20
_CHUNK = 1 << 18
_BYTES_AT_ONCE = 4 << 20


class EventStream:
    """The reading end of a kernel's event pipe.

    An event belongs to the cell the supervisor is waiting for when it arrives. The recorder
    writes before the kernel answers, so reading the pipe empty when a cell ends suffices.
    """

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.cell: int | None = None
        """Cell being executed."""
        self.events: list[Event] = []
        """What was understood, in order."""
        self.dropped = 0
        """Lines that were no events, or came after the limit."""
        self._bytes = 0
        self._rest = b""

    def read(self) -> None:
        """Read what has arrived; never waits."""
        for _ in range(_BYTES_AT_ONCE // _CHUNK):
            try:
                chunk = os.read(self.reader, _CHUNK)
            except BlockingIOError:
                return
            if not chunk:
                return
            self._accept(chunk)

    def complete(self, cells: int) -> bool:
        """Whether the recorder was there from the first event to the last, for every cell."""
        names = [event.name for event in self.events]
        whole = bool(names) and names[0] == "start" and names[-1] == "end"
        return whole and not self.dropped and names.count("cell") >= cells

    def close(self) -> None:
        """Close the reading end."""
        os.close(self.reader)

    def _accept(self, chunk: bytes) -> None:
        self._bytes += len(chunk)
        if self._bytes > MAX_BYTES:
            self.dropped += 1
            self._rest = b""
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            event = _parse(line, self.cell)
            if event is None:
                self.dropped += 1
            else:
                self.events.append(event)


def _parse(line: bytes, cell: int | None) -> Event | None:
    try:
        data: Any = json.loads(line)
        # A lone surrogate can be written in JSON but not stored as UTF-8.
        json.dumps(data, ensure_ascii=False).encode()
        return Event(cell=cell, name=data.pop("event"), data=data)
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError, ValidationError):
        return None
