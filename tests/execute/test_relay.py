"""What passes between kernel and client, however it is cut on its way."""

from hypothesis import given
from hypothesis import strategies as st

from grader.execute.relay import Splitter

LARGEST = 60
GREETING = bytes(range(64))
MESSAGES = st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=4), max_size=6)


def encoded(parts: list[bytes], *, long: bool) -> bytes:
    """One message as a ZeroMQ peer sends it; the length may always be written in eight bytes."""
    frames = b""
    for number, body in enumerate(parts):
        more = number + 1 < len(parts)
        size = len(body).to_bytes(8 if long else 1, "big")
        frames += bytes([more | long << 1]) + size + body
    return frames


@given(MESSAGES, st.lists(st.integers(1, 50), min_size=1), st.booleans())
def test_what_fits_passes_whole_and_the_rest_is_counted(
    messages: list[list[bytes]], cuts: list[int], long: bool
) -> None:
    sent = [encoded(parts, long=long) for parts in messages]
    stream = GREETING + b"".join(sent)
    splitter = Splitter(LARGEST)
    passed, position, turn = b"", 0, 0
    while position < len(stream):
        end = position + cuts[turn % len(cuts)]
        passed += splitter.feed(stream[position:end])
        position, turn = end, turn + 1
    fitting = [message for message in sent if len(message) <= LARGEST]
    assert passed == GREETING + b"".join(fitting)
    assert splitter.lost == len(sent) - len(fitting)


def test_the_greeting_passes_as_it_comes() -> None:
    splitter = Splitter(LARGEST)
    assert splitter.feed(GREETING[:10]) == GREETING[:10]
    assert splitter.feed(GREETING[10:]) == GREETING[10:]


def test_lists_that_would_grow_when_read_do_not_pass_but_text_does() -> None:
    for unit, passes in ((b"[],", False), (b"x  ", True)):
        splitter = Splitter(100 << 20)
        splitter.feed(GREETING)
        message = encoded([unit * (9 << 20)], long=True)
        assert (splitter.feed(message) == message) == passes
        assert splitter.lost == (not passes)
