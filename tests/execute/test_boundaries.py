"""Parts that meet hostile input without a kernel: lines, events, and what a run leaves behind."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from grader.execute import scratch
from grader.execute.adapt import adapt
from grader.execute.events import EventStream
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
        assert each.text == source.split("\n")[each.line - 1]
        assert after[each.line - 1].strip() in ("pass", ":")
    again, _ = adapt(Cell(index=3, kind="code", source=adapted))
    assert again == adapted


@given(st.lists(st.binary(max_size=40) | st.just(b'{"event": "load", "x": "\\ud800"}'), max_size=6))
def test_any_bytes_may_come_through_the_event_pipe(lines: list[bytes]) -> None:
    stream = EventStream()
    good = b'{"event": "start"}\n'
    os.write(stream.writer, good + b"\n".join(lines) + b"\n" + good)
    stream.read()
    stream.close()
    os.close(stream.writer)
    assert stream.events[0].name == "start"
    assert not stream.complete(0)
    for event in stream.events:
        event.model_dump_json()


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
