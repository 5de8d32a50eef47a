"""Space on a disk, measured while it is being used, whatever lies there."""

import os
import tempfile
import threading
from pathlib import Path

from grader.execute import scratch
from grader.execute.disk import disk_mib


def written(path: Path, mib: int) -> Path:
    path.write_bytes(os.urandom(1 << 20) * mib)
    return path


def test_files_below_are_counted_once_and_links_not_at_all(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    (inside / "a/b").mkdir(parents=True)
    outside.mkdir()
    written(outside / "large", 16)
    os.link(written(inside / "a/b/one", 4), inside / "two")
    written(inside / "a/three", 2)
    (inside / "file").symlink_to(outside / "large")
    (inside / "folder").symlink_to(outside)
    assert 6 <= disk_mib(inside, 5) < 7


def test_holes_take_no_space(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    assert disk_mib(tmp_path, 5) < 1


def test_depth_takes_neither_recursion_nor_descriptors() -> None:
    # Not a folder of pytest's, which cannot remove what is this deep.
    top = Path(tempfile.mkdtemp())
    here = os.open(top, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    file = os.open("deep", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(file, os.urandom(3 << 20))
    os.close(file)
    os.close(here)
    try:
        assert disk_mib(top, 30) >= 3
    finally:
        scratch.remove(top)


def test_a_file_written_at_the_bottom_is_found_on_the_way_back_too(tmp_path: Path) -> None:
    for name in ("a/x/y", "b/x/y", "c"):
        (tmp_path / name).mkdir(parents=True)
        written(tmp_path / name / "file", 1)
    assert 3 <= disk_mib(tmp_path, 5) < 4


def test_what_changes_meanwhile_is_no_error(tmp_path: Path) -> None:
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            (tmp_path / "a/b").mkdir(parents=True, exist_ok=True)
            written(tmp_path / "a/b/file", 1).unlink()
            (tmp_path / "a").rename(tmp_path / "moved")
            (tmp_path / "moved/b").rmdir()
            (tmp_path / "moved").rmdir()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        assert all(disk_mib(tmp_path) < 4 for _ in range(200))
    finally:
        stop.set()
        thread.join()


def test_it_ends_in_time(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / str(number)).mkdir()
    written(tmp_path / "file", 1)
    assert disk_mib(tmp_path, 0.0) < 1
