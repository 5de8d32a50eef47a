"""A Python installation that notebooks run in."""

import hashlib
import json
import site
import subprocess
import sys
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct

from grader.errors import SandboxUnavailable
from grader.execute import machine
from grader.execute.guest import installation

OLDEST = (3, 9)
"""Oldest Python a kernel runs in."""

KERNEL = "ipykernel>=6.29"
"""What an environment needs besides the lab's own libraries, as pip is told."""

_LIBRARIES = ("torch", "transformers", "datasets", "evaluate", "scikit-learn", "numpy")
_ANSWER_SECONDS = 60.0
# Anything but the oldest of interpreters can say its version; only some can read the rest.
_QUESTION = """
import sys
if sys.version_info[:2] < (%d, %d):
    import json, platform
    print(json.dumps({"version": platform.python_version()}))
else:
    import runpy
    runpy.run_path(sys.argv[1], run_name="__main__")
"""


class Environment(Struct, frozen=True, kw_only=True, dict=True):
    """An interpreter and what is installed for it."""

    python: Path
    """The interpreter."""

    version: str
    """Its version, e.g. ``3.11.7``."""

    folders: tuple[Path, ...]
    """Folders of the installation, as written and as resolved."""

    distributions: Mapping[str, str]
    """Version of every distribution, by its name as PEP 503 normalises it."""

    modules: frozenset[str]
    """Top-level modules that can be imported."""

    hidden: tuple[Path, ...] = ()
    """Folders among these that no notebook may see: a grader is installed there."""

    own: bool = False
    """Whether the grader runs in it too. What a lab needs is then expected to be there."""

    @classmethod
    def of(cls, python: Path) -> "Environment":
        """Ask an interpreter what it is and has.

        Args:
            python: The interpreter; links are not followed, as they make virtual environments.

        Raises:
            SandboxUnavailable: If it does not run, is too old, or has no ipykernel.
        """
        made = _made(python, _answer(python))
        if made.version_of("ipykernel") is None:
            raise SandboxUnavailable(
                f"{python} has no ipykernel, which notebooks run in: "
                f'run {python} -m pip install "{KERNEL}"'
            )
        return made

    def __repr__(self) -> str:
        # What is installed would fill pages.
        return f"Environment({self.python}, Python {self.version})"

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the libraries a result depends on; one not installed is left out."""
        found = {name: self.version_of(name) for name in _LIBRARIES}
        return {name: version for name, version in found.items() if version is not None}

    @cached_property
    def digest(self) -> str:
        """Identity of everything installed."""
        text = json.dumps([self.version, sorted(self.distributions.items())])
        return hashlib.sha256(text.encode()).hexdigest()

    def version_of(self, distribution: str) -> str | None:
        """Version of what pip knows by this name, or ``None``."""
        return self.distributions.get(installation.normalised(distribution))

    def has_module(self, name: str) -> bool:
        """Whether ``import name`` would find something.

        Args:
            name: A module's name without a dot.
        """
        return name in self.modules


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a notebook finds where it runs, for those who answer in its place."""

    device: str = "cpu"
    """The GPU's name, or ``cpu``."""

    environment: Environment
    """The Python installation."""

    cuda_on_cpu: bool = False
    """Whether a hard-coded ``cuda`` is put right, because there is no GPU and the lab says so."""


def version_of(python: Path) -> str:
    """Version of an interpreter, e.g. ``3.11.7``.

    Raises:
        SandboxUnavailable: If it does not run, or is too old for a kernel.
    """
    return str(_answer(python)["version"])


@cache
def own() -> Environment:
    """The installation that runs the grader."""
    # What else somebody develops on this machine is named by .pth files too, and no notebook's.
    found = installation.describe(user_site=bool(site.ENABLE_USER_SITE), elsewhere=False)
    return _made(Path(sys.executable), found, own=True)


def _made(python: Path, found: dict[str, Any], *, own: bool = False) -> Environment:
    graders = [Path(each) for each in found["graders"]]
    written = [place for each in graders for place in (each, each.resolve())]
    private = [folder for each in written for folder in machine.private_folders(each)]
    return Environment(
        python=python,
        version=found["version"],
        folders=_folders(python, found, [each.parent for each in graders]),
        distributions=found["distributions"],
        modules=frozenset(found["modules"]),
        hidden=tuple(dict.fromkeys(private)),
        own=own,
    )


def _folders(python: Path, found: dict[str, Any], graders: list[Path]) -> tuple[Path, ...]:
    """Prefixes and packages, and what ``.pth`` files name but a checkout of the grader."""
    folders = {Path(each) for each in (*found["prefixes"], *found["sites"])}
    others = [python.resolve().parent.parent, *(Path(each) for each in found["named"])]
    # Never more than an installation: neither the whole machine nor somebody's home.
    folders |= {
        each
        for each in others
        if not _is_checkout(each, graders) and not Path.home().is_relative_to(each.resolve())
    }
    folders |= {each.resolve() for each in folders}
    return tuple(sorted(each for each in folders if each.is_dir()))


def _is_checkout(folder: Path, graders: list[Path]) -> bool:
    return folder in graders and (folder / "pyproject.toml").exists()


def _answer(python: Path) -> dict[str, Any]:
    question = [str(python), "-I", "-c", _QUESTION % OLDEST, installation.__file__]
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter the lab names
            question,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SandboxUnavailable(f"{python} does not answer") from None
    except OSError as error:
        raise SandboxUnavailable(
            f"{python} cannot be run ({error.strerror}); name a Python interpreter, "
            "such as bin/python of a virtual environment"
        ) from None
    try:
        # What .pth files and sitecustomize print comes before.
        found = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise SandboxUnavailable(f"{python} is not a Python that can be used: {said}") from None
    if not isinstance(found, dict) or "version" not in found:
        raise SandboxUnavailable(f"{python} is not a Python interpreter")
    if "modules" not in found:
        raise SandboxUnavailable(
            f"{python} is Python {found['version']}; notebooks need Python "
            f"{'.'.join(map(str, OLDEST))} or later"
        )
    return found
