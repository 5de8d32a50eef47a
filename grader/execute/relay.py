"""Between kernel and client: a notebook may send what it likes, but not everything arrives.

ZeroMQ limits the parts of a message, not their number, and keeps a message until its last part
is there. A notebook could fill the memory of the supervisor with one that never ends.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

_GREETING = 64
_MORE, _LONG = 1, 2
_SMALL = 1 << 20
_MAX_VALUES = 8 << 20
"""Brackets and commas in a message: read, an empty list takes 30 times its text."""


class Splitter:
    """Cuts what a ZeroMQ peer sends into messages, and leaves out those too large.

    The format is ZMTP 3 (https://rfc.zeromq.org/spec/23): a greeting of 64 bytes, then frames of
    one byte of flags, one or eight bytes of length, and a body.

    Args:
        largest: Bytes of the largest message that passes, all its frames together.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._held = bytearray()
        """The message that is arriving, as far as it is there."""
        self._end = 0
        """Where the frames seen of it end, which may be beyond what has arrived."""
        self._more = True
        """Whether another frame follows."""
        self._greeting = _GREETING
        """Bytes of the greeting still to come; each side waits for the other's to go on."""
        self._dropping = False
        self.lost = 0
        """Messages left out."""

    def feed(self, data: bytes) -> bytearray:
        """Take what has arrived; returns the messages it completes."""
        passing = bytearray(data[: self._greeting])
        self._held += data[self._greeting :]
        self._greeting -= len(passing)
        while self._read_frames():
            if self._dropping or self._is_intricate():
                self.lost += 1
                del self._held[: self._end]
            elif not passing and self._end == len(self._held):
                # A large message is seldom followed by another, and need not be copied.
                passing, self._held = self._held, passing
            else:
                passing += self._held[: self._end]
                del self._held[: self._end]
            self._end, self._more, self._dropping = 0, True, False
        return passing

    def _read_frames(self) -> bool:
        """Whether a whole message is there."""
        while self._more and self._end < len(self._held):
            flags = self._held[self._end]
            head = 9 if flags & _LONG else 2
            if len(self._held) < self._end + head:
                break
            size = int.from_bytes(self._held[self._end + 1 : self._end + head], "big")
            self._end += head + size
            self._more = bool(flags & _MORE)
            self._dropping = self._dropping or self._end > self._largest
            self._forget()
        self._forget()
        return not self._more and self._end <= len(self._held)

    def _is_intricate(self) -> bool:
        if self._end <= _SMALL:
            return False
        values = sum(self._held.count(each, 0, self._end) for each in (b"[", b"{", b","))
        return values > _MAX_VALUES

    def _forget(self) -> None:
        if self._dropping:
            gone = min(self._end, len(self._held))
            del self._held[:gone]
            self._end -= gone


class Relay:
    """Takes a client's connections and hands them on to a kernel, each once.

    Used within one event loop. The sockets are named as ``jupyter_client`` names them: a prefix,
    a hyphen and the number of the channel.

    Args:
        kernel: Prefix of the kernel's sockets.
        front: Prefix of the sockets the client connects to.
        largest: Bytes of the largest message that passes.
    """

    def __init__(self, kernel: Path, front: Path, largest: int) -> None:
        self._kernel = kernel
        self._front = front
        self._largest = largest
        self._splitters: list[Splitter] = []
        self._servers: list[asyncio.Server] = []
        self._ends: list[_End] = []
        self._connected: list[asyncio.Future[None]] = []

    @property
    def lost(self) -> int:
        """Messages left out so far."""
        return sum(each.lost for each in self._splitters)

    async def open(self, channels: Iterable[int]) -> None:
        """Connect to the kernel on these channels and listen for the client.

        Raises:
            OSError: If the kernel does not listen.
        """
        loop = asyncio.get_running_loop()
        for channel in channels:
            splitter = Splitter(self._largest)
            self._splitters.append(splitter)
            front, back = _End(bytes), _End(splitter.feed)
            front.other, back.other = back, front
            self._ends += [front, back]
            await loop.create_unix_connection(back.itself, f"{self._kernel}-{channel}")
            server = await loop.create_unix_server(front.itself, f"{self._front}-{channel}")
            self._servers.append(server)

    async def joined(self, seconds: float) -> None:
        """Wait until every channel is connected, and take no further connection.

        Raises:
            TimeoutError: If that takes longer.
        """
        async with asyncio.timeout(seconds):
            for end in self._ends:
                await end.connected.wait()
        self._stop_listening()

    def close(self) -> None:
        """Cut the connections."""
        self._stop_listening()
        for end in self._ends:
            end.close()

    def _stop_listening(self) -> None:
        for server in self._servers:
            server.close()
        for path in self._front.parent.glob(f"{self._front.name}-*"):
            path.unlink()


class _End(asyncio.Protocol):
    """One end of a connection: what arrives here leaves by the other."""

    def __init__(self, passing: Callable[[bytes], bytes | bytearray]) -> None:
        self._passing = passing
        self._transport: asyncio.Transport | None = None
        self._early = bytearray()
        """What the other end said before this one was connected."""
        self.connected = asyncio.Event()
        self.other: _End = self

    def itself(self) -> "_End":
        """Asyncio asks for a protocol whenever there is a connection."""
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what has waited for the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._early)
        self.connected.set()

    def data_received(self, data: bytes) -> None:
        """Hand on what arrives."""
        self.other.write(self._passing(data))

    def write(self, data: bytes | bytearray) -> None:
        """Send, or keep until there is a connection."""
        if self._transport is None:
            self._early += data
        else:
            self._transport.write(data)

    def pause_writing(self) -> None:
        """Read no more at the other end: too much waits to leave here."""
        if self.other._transport is not None:
            self.other._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading at the other end."""
        if self.other._transport is not None:
            self.other._transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Close the other end, too."""
        self.other.close()

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._transport is not None:
            self._transport.close()
