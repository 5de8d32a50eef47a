"""Environments of labs that are pinned to other versions: built once, kept in a cache.

A virtual environment cannot be moved, so it is built where it stays: behind a lock, with a file
that says it is complete written last. One without that file is removed and built again.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic

from filelock import FileLock, Timeout
from msgspec import Struct

from grader.errors import SandboxUnavailable
from grader.execute.environment import KERNEL, Environment, own, version_of
from grader.model import Lab

Tell = Callable[[str], None]
"""Shows a line to whoever waits."""

_COMPLETE = "complete.json"
_INCLUDED = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]*([^\s#]+)", re.MULTILINE)
_ERROR = re.compile(r"^ERROR: (.+)$", re.MULTILINE)
_VERSIONS = re.compile(r" \(from versions: [^)]*\)")


class Plan(Struct, frozen=True, kw_only=True):
    """An environment to be built from requirements."""

    requirements: Path
    """File of pip requirements."""

    base: Path
    """Interpreter the environment is made with."""

    version: str
    """Its version."""

    folder: Path
    """Where the environment stands; named for everything it is made from."""

    @property
    def python(self) -> Path:
        """Its interpreter."""
        windows = self.folder / "Scripts" / "python.exe"
        return windows if sys.platform == "win32" else self.folder / "bin" / "python"

    @property
    def log(self) -> Path:
        """What pip says."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def is_built(self) -> bool:
        """Whether it is complete, and the interpreter it was made with still there."""
        return (self.folder / _COMPLETE).is_file() and self.python.exists()


def environment_of(lab: Lab, cache: Path, tell: Tell) -> Environment:
    """What the notebooks of a lab run in; built now if it has to be.

    Args:
        lab: Its ``environment`` decides; without one, the grader's own is it.
        cache: Folder for environments that are built.
        tell: Told what is built, and when another process is waited for.

    Raises:
        SandboxUnavailable: If the interpreter or a requirement cannot be had.
    """
    wanted = lab.environment
    if wanted is None:
        return own()
    if wanted.requirements is None:
        return Environment.of(Path(str(wanted.python)))
    made = plan(lab, cache)
    if made is not None and not made.is_built:
        build(made, lab.id, tell)
    return Environment.of(made.python) if made is not None else own()


def plan(lab: Lab, cache: Path) -> Plan | None:
    """What has to be built for a lab; ``None`` where it names no requirements.

    Raises:
        SandboxUnavailable: If there is no such interpreter.
    """
    wanted = lab.environment
    if wanted is None or wanted.requirements is None:
        return None
    requirements = Path(wanted.requirements)
    base, version = _base(wanted.python)
    digest = hashlib.sha256()
    for part in (version, str(base.resolve()), KERNEL, *_texts(requirements, set())):
        digest.update(part.encode() + b"\0")
    return Plan(
        requirements=requirements,
        base=base,
        version=version,
        folder=cache / digest.hexdigest()[:16],
    )


def build(wanted: Plan, name: str, tell: Tell) -> None:
    """Build an environment, or wait for whoever is building it.

    Args:
        wanted: What to build.
        name: Of the lab, for what is told.
        tell: Told what happens.

    Raises:
        SandboxUnavailable: If pip cannot install a requirement, naming it and the log.
    """
    try:
        wanted.folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(wanted, name, tell):
            if not wanted.is_built:
                _build(wanted, name, tell)
    except OSError as error:
        raise SandboxUnavailable(
            f"the environment of {name} could not be built in {wanted.folder}: {error}. "
            "Set LAB_GRADER_CACHE to a folder that can be written."
        ) from error


def _alone(wanted: Plan, name: str, tell: Tell) -> AbstractContextManager[object]:
    """The lock, held; it ends with the process at the latest."""
    lock = FileLock(wanted.folder.with_name(f"{wanted.folder.name}.lock"))
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        tell(f"Another process builds the environment of {name}; waiting for it.")
        return lock.acquire()


def _build(wanted: Plan, name: str, tell: Tell) -> None:
    began = monotonic()
    tell(
        f"Building the environment of {name}: Python {wanted.version}, {wanted.requirements}. "
        f"This may take minutes; pip writes to {wanted.log}."
    )
    shutil.rmtree(wanted.folder, ignore_errors=True)
    with wanted.log.open("w", encoding="utf-8") as log:
        _run([str(wanted.base), "-I", "-m", "venv", str(wanted.folder)], wanted, name, log.fileno())
        pip = [str(wanted.python), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]
        asked = ["install", "-r", str(wanted.requirements), KERNEL]
        _run([*pip, *asked], wanted, name, log.fileno())
    found = Environment.of(wanted.python)
    said = {"python": found.version, "distributions": dict(sorted(found.distributions.items()))}
    (wanted.folder / _COMPLETE).write_text(json.dumps(said, indent=1), encoding="utf-8")
    tell(f"Built in {monotonic() - began:.0f} s: {wanted.folder}")


def _run(command: Sequence[str], wanted: Plan, name: str, log: int) -> None:
    done = subprocess.run(  # noqa: S603 - the interpreter and the requirements the lab names
        command,
        cwd=wanted.requirements.parent,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        check=False,
        env={key: value for key, value in os.environ.items() if key != "PIP_USER"},
    )
    if done.returncode:
        text = wanted.log.read_text(encoding="utf-8", errors="replace")
        raise SandboxUnavailable(
            f"the environment of {name} could not be built: {_complaint(text)}; "
            f"see {wanted.requirements} and all that was said in {wanted.log}"
        )


def _complaint(log: str) -> str:
    """What went wrong, in pip's words; its first error names the requirement."""
    errors = _ERROR.findall(log)
    lines = [line.strip() for line in log.splitlines() if line.strip()] or ["no message"]
    return _VERSIONS.sub("", errors[0] if errors else lines[-1]).rstrip(".")


def _base(python: str | None) -> tuple[Path, str]:
    """The interpreter to build with, and its version."""
    here = platform.python_version()
    if python is None or here.startswith(f"{python}."):
        return Path(sys.executable), here
    if "/" in python or "\\" in python:
        return Path(python), version_of(Path(python))
    found = shutil.which(f"python{python}")
    try:
        if found is not None:
            return Path(found), version_of(Path(found))
        why = f"python{python} is not on the PATH"
    except SandboxUnavailable as error:
        why = str(error)
    raise SandboxUnavailable(
        f"there is no Python {python} on this machine ({why}); install it, or name the path of an "
        "interpreter in lab.yaml"
    )


def _texts(file: Path, seen: set[Path]) -> Iterator[str]:
    """A file of requirements and those it includes; what is not there pip will complain of."""
    if file in seen or not file.is_file():
        return
    seen.add(file)
    text = file.read_text(encoding="utf-8", errors="replace")
    yield text
    for name in _INCLUDED.findall(text):
        yield from _texts(file.parent / name, seen)
