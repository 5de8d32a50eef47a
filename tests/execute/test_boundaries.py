"""Parts that meet hostile input without a kernel: lines, events, and what a run leaves behind."""

import json
import os
from hashlib import blake2b
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from grader.execute import scratch
from grader.execute.adapt import adapt
from grader.execute.events import EventStream, Pipe
from grader.model import Cell

LINES = st.sampled_from(
    [
        "!pip install torch",
        "%pip install -q a \\",
        "  !apt-get install jq",
        "pip install evaluate",
        "x = 1",
        "'''",
        "if True:",
        "!ls",
        "%%bash",
        "!{sys.executable} -m pip install b",
        "!conda install c -y",
        "",
    ]
)


@given(st.lists(LINES, max_size=8))
def test_adapting_keeps_lines_in_place(lines: list[str]) -> None:
    source = "\n".join(lines)
    adapted, found = adapt(Cell(index=3, kind="code", source=source))
    after = adapted.split("\n")
    assert len(after) == len(source.split("\n"))
    for each in found:
        assert each.cell == 3
        assert each.text.split("\n")[0] == source.split("\n")[each.line - 1]
        assert not after[each.line - 1].lstrip().startswith(("!", "%pip", "pip", "apt", "conda"))
    again, _ = adapt(Cell(index=3, kind="code", source=adapted))
    assert again == adapted


class Writer:
    """Writes as the recorder does, so that its lines can be left out, doubled and swapped."""

    def __init__(self) -> None:
        self.pipe = Pipe()
        self.stream = EventStream(self.pipe)
        self.key = bytes(range(16))
        self.lines = [self.line(0, "start", key=self.key.hex())]

    def line(self, number: int, event: str, **fields: str) -> bytes:
        body = f"{number} {json.dumps({'event': event, **fields})}".encode()
        mac = blake2b(body, key=self.key, digest_size=8).hexdigest()
        return f"{mac} ".encode() + body

    def write(self) -> None:
        os.write(self.pipe.writer, b"".join(line + b"\n" for line in self.lines))
        self.stream.read()
        self.stream.conclude(0)
        self.stream.close()
        os.close(self.pipe.writer)


@given(st.lists(st.binary(max_size=40) | st.just(b'{"event": "load", "x": "\\ud800"}'), max_size=6))
def test_any_bytes_may_come_through_the_event_pipe(lines: list[bytes]) -> None:
    writer = Writer()
    end = writer.line(1, "end")
    writer.lines += [*lines, end]
    writer.write()
    stream = writer.stream
    assert {event.name for event in stream.events} <= {"start", "end", "tamper"}
    assert stream.events[0].name == "start"
    assert stream.complete(0) == (lines == [])
    for event in stream.events:
        event.model_dump_json()


@given(st.permutations(range(1, 6)), st.sets(st.integers(1, 5)), st.sets(st.integers(1, 5)))
def test_a_missing_or_repeated_event_is_noticed(
    order: list[int], left_out: set[int], doubled: set[int]
) -> None:
    writer = Writer()
    sent = [number for number in order if number not in left_out]
    sent += [number for number in sent if number in doubled]
    writer.lines += [writer.line(number, "cell") for number in sent]
    writer.write()
    gap = any(number < max(sent, default=0) for number in left_out)
    repeated = len(set(sent)) < len(sent)
    kinds = {event.data["kind"] for event in writer.stream.events if event.name == "tamper"}
    assert ("lost" in kinds) == gap
    assert ("forged" in kinds) == repeated


def test_a_run_that_leaves_a_mess_is_cleaned_up(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("x")
    folder = scratch.create(tmp_path / "run")
    home = os.open(folder / "home", os.O_RDONLY)
    os.symlink(tmp_path, "link", dir_fd=home)
    os.mkfifo("pipe", dir_fd=home)
    os.mkdir("locked", dir_fd=home)
    os.mkdir("locked/inner", 0, dir_fd=home)
    os.chmod("locked", 0, dir_fd=home)
    inner = home
    for _ in range(3000):
        os.mkdir("d", dir_fd=inner)
        deeper = os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(inner)
    scratch.remove(folder)
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]
