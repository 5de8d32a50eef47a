"""A class whose grading is interrupted, by whatever means, ends as if it had not been."""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from grader.config import data_folder
from tests.cli.command import ROOT

LAB = data_folder("rubrics") / "week9-vit-clip" / "lab.yaml"
STUDENTS = ("ada", "bob", "cyd", "dee", "eve", "fay")
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]


def write_notebook(path: Path, *cells: str) -> None:
    made = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)


@dataclass(frozen=True)
class Class:
    """A folder of quick notebooks and where its results go."""

    root: Path
    lab: Path = LAB

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def tmp(self) -> Path:
        """A folder of its own with a short path: that of a socket has at most 107 characters."""
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:10]
        return Path(tempfile.gettempdir(), f"g-{name}")

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """``grader grade`` in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "grader", "grade", self.root / "class", "--lab", self.lab,
             "--out", self.out, "--jobs", "2", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            start_new_session=True, env={**os.environ, "TMPDIR": str(self.tmp)},
        )  # fmt: skip

    def grade(self, *options: str) -> str:
        """Grade to the end; what was said on standard error."""
        process = self.start(*options)
        _, said = process.communicate()
        assert process.returncode == 0, said
        return said

    def results(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.out / "results.json").read_text())
        # The folder of the class is another one in every test.
        for row in read["submissions"]:
            row["path"] = Path(row["path"]).name
        return read

    def runs(self) -> dict[Path, bytes]:
        """Every stored run; one that was made again took another time."""
        return {path: path.read_bytes() for path in self.out.glob("runs/*/2-run.json")}

    def left_over(self) -> list[Path]:
        """What a writer left behind."""
        unfinished = [path for path in self.out.rglob(".*") if path.name != ".lock"]
        return [*unfinished, *self.tmp.iterdir()]


@pytest.fixture(scope="module", autouse=True)
def _short_folders() -> Iterator[None]:
    """Remove what is left of the folders with short paths."""
    yield
    for folder in Path(tempfile.gettempdir()).glob("g-??????????"):
        if not any(folder.iterdir()):
            folder.rmdir()


def make_class(root: Path) -> Class:
    made = Class(root)
    (root / "class").mkdir(parents=True)
    made.tmp.mkdir()
    for number, student in enumerate(STUDENTS):
        write_notebook(
            root / "class" / f"{student}.ipynb",
            f"import random\nprint('accuracy', random.random(), {number})",
            "import time\ntime.sleep(0.3)\nopen('kept.txt', 'w').write('x')",
        )
    write_notebook(root / "class" / "gus.ipynb", "import os", "os._exit(1)", "print('never')")
    (root / "class" / "hal.ipynb").write_text("{")
    return made


@dataclass(frozen=True)
class Reference:
    """The class graded without an interruption."""

    results: dict[str, Any]
    seconds: float


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    graded = make_class(tmp_path_factory.mktemp("reference"))
    began = time.monotonic()
    graded.grade()
    seconds = time.monotonic() - began
    assert not graded.left_over()
    results = graded.results()
    outcomes = {row["student"]: row["outcome"] for row in results["submissions"]}
    assert list(outcomes) == [*STUDENTS, "gus", "hal"]
    assert (outcomes["gus"], outcomes["hal"]) == ("killed", "unreadable")
    return Reference(results, seconds)


def kill(process: "subprocess.Popen[str]") -> None:
    """SIGKILL the process group; everything it started must end by itself, soon."""
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not any(map(lives, family)), 10)


def lives(process: psutil.Process) -> bool:
    """Whether it still runs: where nobody adopts orphans, they stay as zombies."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def killed_again_and_again(graded: Class, reference: Reference, times: int) -> None:
    """Kill grading at random moments and start it again, then let it end.

    Whenever it ended before the moment came, the results are compared and all begins anew.
    """
    moments = random.Random(times)  # noqa: S311 - moments, no secrets
    for _ in range(times):
        before = graded.runs()
        process = graded.start()
        try:
            process.communicate(timeout=moments.uniform(0.2, reference.seconds))
        except subprocess.TimeoutExpired:
            kill(process)
        after = graded.runs()
        assert {path: after[path] for path in before} == before, "nothing runs twice"
        if process.returncode != -signal.SIGKILL:
            assert graded.results() == reference.results
            shutil.rmtree(graded.out)
    graded.grade()
    assert graded.results() == reference.results
    assert not graded.left_over()


def test_killed_at_random_moments_the_class_ends_as_if_it_had_not_been(
    reference: Reference, tmp_path: Path
) -> None:
    killed_again_and_again(make_class(tmp_path / "c"), reference, 4)


@pytest.mark.slow
def test_killed_many_times_the_class_ends_as_if_it_had_not_been(
    reference: Reference, tmp_path: Path
) -> None:
    killed_again_and_again(make_class(tmp_path / "c"), reference, 25)


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def has_more(graded: Class, runs: int) -> bool:
    return len(graded.runs()) > runs


def test_asked_to_stop_it_leaves_nothing_running(reference: Reference, tmp_path: Path) -> None:
    graded = make_class(tmp_path / "c")
    endless = graded.root / "class" / "aaa.ipynb"
    write_notebook(endless, "import time\ntime.sleep(600)")
    for number in (signal.SIGINT, signal.SIGTERM):
        before = graded.runs()
        process = graded.start()
        wait_for(partial(has_more, graded, len(before)))
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 128 + number
        end = f"Stopped. What was graded is kept in {graded.out}; the same command goes on."
        assert said.splitlines()[-1] == end
        assert "Traceback" not in said
        assert not any(map(lives, family))
        assert not graded.left_over()
        assert graded.runs().items() >= before.items()
    kept = graded.runs()
    endless.unlink()
    graded.grade()
    assert graded.runs().items() >= kept.items()
    assert graded.results() == reference.results


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """A class graded once, with a lab of its own that may change."""
    root = tmp_path_factory.mktemp("finished")
    graded = Class(root, lab=root / "lab.yaml")
    (root / "class").mkdir()
    graded.tmp.mkdir()
    graded.lab.write_text(LAB.read_text())
    write_notebook(root / "class" / "ada.ipynb", "1 + 1")
    write_notebook(root / "class" / "bob.ipynb", "import no_such_package_anywhere")
    write_notebook(root / "class" / "cyd.ipynb", "import os", "os._exit(1)")
    graded.grade()
    return graded


def ran_again(graded: Class, before: dict[Path, bytes]) -> set[str]:
    """Students whose notebooks were run since."""
    after = graded.runs()
    return {path.parent.name[:3] for path in after if after[path] != before.get(path)}


def test_what_the_machine_failed_at_or_lost_runs_again(finished: Class) -> None:
    before, results = finished.runs(), finished.results()
    next(path for path in before if path.parent.name.startswith("ada")).write_bytes(b"")
    said = finished.grade()
    assert said.strip() == "2 of 3 ran before and are not run again (--fresh runs all)."
    assert ran_again(finished, before) == {"ada", "bob"}
    assert finished.results() == results


def test_a_changed_rubric_or_class_runs_nothing(finished: Class) -> None:
    (finished.root / "class" / "bob.ipynb").unlink()
    finished.lab.write_text(
        re.sub(r"points: 10\b", "points: 11", finished.lab.read_text(), count=1)
    )
    before, most = finished.runs(), finished.results()["submissions"][0]["max_score"]
    finished.grade()
    assert finished.runs() == before
    rows = finished.results()["submissions"]
    assert [(row["student"], row["max_score"]) for row in rows] == [
        ("ada", most + 1),
        ("cyd", most + 1),
    ]
    assert {path.stem for path in finished.out.glob("students/*")} == {"ada", "cyd"}


def test_fresh_runs_all_and_keeps_others_out(finished: Class) -> None:
    before = finished.runs()
    first = finished.start("--fresh")
    wait_for(lambda: len(finished.runs()) < len(before))
    second = finished.start()
    _, said = second.communicate()
    first.communicate()
    assert (second.returncode, first.returncode) == (2, 0)
    assert "another grading run writes here" in said
    assert ran_again(finished, before) == {"ada", "cyd"}


FULL_DISK = """
set -e
mount -t tmpfs -o size=400k none {out}
head -c 360k /dev/zero > {out}/filler
{grade} 2> {said} && exit 1
rm {out}/filler
mount -o remount,size=100m {out}
{grade}
cp -r {out}/. {kept}
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_on_a_full_disk_nothing_is_lost(reference: Reference, tmp_path: Path) -> None:
    graded = make_class(tmp_path / "c")
    said, kept = tmp_path / "said", tmp_path / "kept"
    graded.out.mkdir()
    command = [sys.executable, "-m", "grader", "grade", graded.root / "class"]
    command += ["--lab", LAB, "--out", graded.out, "--jobs", "2"]
    script = FULL_DISK.format(
        out=graded.out, grade=" ".join(map(str, command)), said=said, kept=kept
    )
    kept.mkdir()
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, "TMPDIR": str(graded.tmp)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(r"Error: \S+ cannot be written: No space left on device", said.read_text())
    assert "Traceback" not in said.read_text()
    graded.out.rmdir()
    kept.rename(graded.out)
    assert graded.results() == reference.results
    assert not graded.left_over()


COPIES = 200


@dataclass(frozen=True)
class Sample:
    """The supervisor at one moment."""

    graded: int
    mib: float
    descriptors: int
    threads: int


def sampled(process: psutil.Process, graded: Class) -> Sample:
    done = sum(1 for _ in graded.out.glob("runs/*/0-result.json"))
    with process.oneshot():
        memory = process.memory_info().rss / (1 << 20)
        return Sample(done, memory, process.num_fds(), process.num_threads())


@pytest.mark.slow
def test_a_large_class_leaves_nothing_behind_and_memory_stays_flat(tmp_path: Path) -> None:
    graded = Class(tmp_path)
    (tmp_path / "class").mkdir()
    graded.tmp.mkdir()
    for number in range(COPIES):
        write_notebook(
            tmp_path / "class" / f"s{number:03}.ipynb",
            "import numpy\nprint('accuracy', numpy.random.rand())",
            "open('kept.txt', 'w').write('x' * 1000)\nprint('done')",
        )
    began = time.monotonic()
    process = graded.start()
    watched = psutil.Process(process.pid)
    samples: list[Sample] = []
    family: set[psutil.Process] = set()
    while not (graded.out / "results.json").exists() and process.poll() is None:
        samples.append(sampled(watched, graded))
        family.update(watched.children(recursive=True))
        time.sleep(0.2)
    _, said = process.communicate()
    seconds = time.monotonic() - began
    assert process.returncode == 0, said
    early, late = (
        [each for each in samples if low <= each.graded < low + 10] for low in (50, COPIES - 10)
    )
    print(f"{COPIES} notebooks in {seconds:.0f} s", early[-1], late[-1])  # noqa: T201
    assert late[-1].mib < 1.1 * early[-1].mib
    assert max(each.descriptors for each in late) <= max(each.descriptors for each in early) + 2
    assert max(each.threads for each in late) <= max(each.threads for each in early) + 2
    assert not any(map(lives, family))
    assert not graded.left_over()
