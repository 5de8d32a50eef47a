"""The tools the product is compared with: an environment of their own, and how each is called.

They see torch, transformers and the other libraries of the labs through a ``.pth`` file that names
the site-packages of the interpreter running the benchmark: the very same files are imported by all
tools, and a second torch need not be installed. What a tool itself needs is installed in its own
environment and comes first.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import nbformat
from lab_notebook import DATASET, EVALUATED, notebook
from measuring import CommandError, Timing, run, together

from grader.assets import AssetHome, cache_folder

__all__ = ["PEERS", "Peer", "Peers"]

_REQUIREMENTS = Path(__file__).with_name("peers.txt")
_ASSIGNMENT = "clip"
_NBGRADER_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "benchmark"
c.ClearSolutions.enforce_metadata = False
"""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One tool in one way of calling it."""

    name: str
    how: str
    """How many notebooks at once, and whether the tool does that by itself."""

    grade: Callable[["Peers", Path, Sequence[str]], Timing]
    """Grade the notebooks of these students in this folder."""


class Peers:
    """The environment of the tools, and what their kernels need to work without a network.

    Args:
        home: Prepared assets, served to all tools.
        work: A folder for caches shared by the notebooks of all tools but the product.
    """

    def __init__(self, home: AssetHome, work: Path) -> None:
        self._home = home
        self._bin = _environment() / "bin"
        self._work = work
        self._course = work / "course"
        path = f"{self._bin}{os.pathsep}{os.environ['PATH']}"
        self.variables = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
            "PATH": path,
            "HF_HUB_CACHE": str(home.hub),
            "HF_HOME": str(work / "huggingface"),
            "HF_HUB_OFFLINE": "1",
            "JUPYTER_PATH": "",
            "IPYTHONDIR": str(work / "ipython"),
            "MPLBACKEND": "Agg",
            # The other installation's plugins would be loaded too: it is on the path.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }

    def versions(self) -> dict[str, str]:
        """Installed versions of the tools."""
        command = [str(self._bin / "python"), "-m", "pip", "freeze", "--local"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        pairs = (line.split("==") for line in listed.stdout.splitlines() if "==" in line)
        wanted = {line.split("==")[0] for line in _requirements()} | {"nbconvert", "nbclient"}
        return {name: version for name, version in pairs if name in wanted}

    def command(self, *words: str) -> list[str]:
        """A command of the tools' environment."""
        return [str(self._bin / words[0]), *words[1:]]

    def run(self, *words: str, cwd: Path, one_thread: bool = False) -> Timing:
        """Run a command of the tools' environment; ``one_thread`` where two run at a time."""
        threads = {"OMP_NUM_THREADS": "1"} if one_thread else {}
        return run(self.command(*words), cwd=cwd, environment={**self.variables, **threads})

    def write(self, folder: Path, students: Sequence[str]) -> list[Path]:
        """Notebooks of these students, the data beside them."""
        self.serve(folder)
        files = [folder / f"{student}.ipynb" for student in students]
        for student, file in zip(students, files, strict=True):
            nbformat.write(notebook(student), file)
        return files

    def serve(self, folder: Path) -> None:
        """Put the data where ``load_dataset`` finds it before it asks the network."""
        source = self._home.datasets[DATASET]
        for file in source.rglob("*.*"):
            # Links to files, not to the folder: nbgrader copies no folder that is a link.
            link = folder / DATASET / file.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)

    def course(self, folder: Path, students: Sequence[str]) -> Path:
        """An nbgrader course with the submissions of these students."""
        if not self._course.is_dir():
            self._make_course()
        shutil.copytree(self._course, folder)
        for student in students:
            handed_in = folder / "submitted" / student / _ASSIGNMENT
            handed_in.mkdir(parents=True)
            nbformat.write(notebook(student), handed_in / f"{_ASSIGNMENT}.ipynb")
        return folder

    def _make_course(self) -> None:
        source = self._course / "source" / _ASSIGNMENT
        source.mkdir(parents=True)
        # nbgrader hands out what is here, and puts it beside every submission it grades.
        self.serve(source)
        (self._course / "nbgrader_config.py").write_text(_NBGRADER_CONFIG, encoding="utf-8")
        nbformat.write(notebook("starter"), source / f"{_ASSIGNMENT}.ipynb")
        self.run("nbgrader", "generate_assignment", _ASSIGNMENT, "--create", cwd=self._course)


def _environment() -> Path:
    """The tools' environment, installed if this is the first time with these requirements."""
    text = _REQUIREMENTS.read_text(encoding="utf-8") + sys.version + sys.prefix
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = cache_folder() / f"benchmark-peers-{digest}"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        python = str(folder / "bin" / "python")
        install = [python, "-m", "pip", "install", "--quiet", "-r", str(_REQUIREMENTS)]
        subprocess.run(install, check=True)  # noqa: S603 - pinned requirements of the benchmark
        own = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
        shared = sysconfig.get_path("purelib")
        (own / "zz-libraries-of-the-labs.pth").write_text(f"{shared}\n", encoding="utf-8")
        (folder / "ready").touch()
    return folder


def _requirements() -> list[str]:
    lines = _REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _autograde(peers: Peers, course: Path, students: Sequence[str], *, one_thread: bool) -> Timing:
    timing = peers.run(
        "nbgrader", "autograde", _ASSIGNMENT, "--create", cwd=course, one_thread=one_thread
    )
    _check(course / "autograded" / each / _ASSIGNMENT / f"{_ASSIGNMENT}.ipynb" for each in students)
    return timing


def _nbgrader(peers: Peers, folder: Path, students: Sequence[str]) -> Timing:
    course = peers.course(folder / "course", students)
    return _autograde(peers, course, students, one_thread=False)


def _nbgrader_twice(peers: Peers, folder: Path, students: Sequence[str]) -> Timing:
    halves = [half for half in (students[::2], students[1::2]) if half]
    courses = [peers.course(folder / str(number), half) for number, half in enumerate(halves)]
    began = perf_counter()
    with ThreadPoolExecutor(len(halves)) as engine:
        timings = list(
            engine.map(
                lambda pair: _autograde(peers, *pair, one_thread=True),
                zip(courses, halves, strict=True),
            )
        )
    return together(perf_counter() - began, timings)


def _papermill_by(workers: int) -> Callable[[Peers, Path, Sequence[str]], Timing]:
    def grade(peers: Peers, folder: Path, students: Sequence[str]) -> Timing:
        files = peers.write(folder, students)
        executed = [file.with_name(f"executed-{file.name}") for file in files]

        def one(pair: tuple[Path, Path]) -> Timing:
            words = ("papermill", "--no-progress-bar", *map(str, pair))
            return peers.run(*words, cwd=folder, one_thread=workers > 1)

        began = perf_counter()
        with ThreadPoolExecutor(workers) as engine:
            timings = list(engine.map(one, zip(files, executed, strict=True)))
        timing = together(perf_counter() - began, timings)
        _check(executed)
        return timing

    return grade


def _nbmake(peers: Peers, folder: Path, students: Sequence[str]) -> Timing:
    files = peers.write(folder, students)
    plugins = ("-p", "nbmake.pytest_plugin", "-p", "xdist.plugin")
    words = ("pytest", "-q", *plugins, "--nbmake", "-n2", "--overwrite", "--rootdir", str(folder))
    timing = peers.run(*words, *map(str, files), cwd=folder, one_thread=True)
    _check(files)
    return timing


def _check(files: Iterable[Path]) -> None:
    """Every notebook must have been executed to its end.

    Raises:
        CommandError: Naming the first that was not.
    """
    for file in files:
        if not file.is_file() or EVALUATED not in _printed(file):
            raise CommandError(f"{file} was not executed to its end")


def _printed(file: Path) -> str:
    cells = nbformat.read(file, as_version=4).cells
    return "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", ()))


PEERS = (
    Peer(name="nbgrader", how="one at a time, all it can do", grade=_nbgrader),
    Peer(
        name="nbgrader x 2",
        how="two courses of half the class at a time, set up by hand",
        grade=_nbgrader_twice,
    ),
    Peer(name="papermill", how="one at a time, all it can do", grade=_papermill_by(1)),
    Peer(name="papermill x 2", how="two processes at a time, by hand", grade=_papermill_by(2)),
    Peer(name="nbmake", how="two at a time: pytest -n2 (pytest-xdist)", grade=_nbmake),
)
