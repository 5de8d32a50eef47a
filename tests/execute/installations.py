"""Python installations made for tests: virtual environments without pip, filled by copying."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement

OWN_PACKAGES = Path(sysconfig.get_path("purelib"))


def create(folder: Path, *named: Path) -> Path:
    """A virtual environment whose ``.pth`` file names folders; its interpreter."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", folder], check=True, capture_output=True
    )
    (packages(folder) / "named.pth").write_text("".join(f"{each}\n" for each in named))
    return folder / "bin" / "python"


def packages(folder: Path) -> Path:
    """Where an environment keeps its packages."""
    return next(folder.glob("lib/python*/site-packages"))


def add(folder: Path, name: str, version: str, source: str, import_name: str = "") -> None:
    """Put a distribution of one module into a folder of packages."""
    (folder / f"{import_name or name}.py").write_text(source)
    described = folder / f"{name}-{version}.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    )


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """Write a wheel of pure Python."""
    described = f"{name}-{version}.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    tags = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = {**files, f"{described}/METADATA": head, f"{described}/WHEEL": tags}
    record = "".join(f"{path},,\n" for path in [*content, f"{described}/RECORD"])
    with ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in {**content, f"{described}/RECORD": record}.items():
            archive.writestr(path, text)


def copy_kernel(target: Path) -> None:
    """Copy ipykernel and what it needs but for its debugger, and nothing else."""
    for name in sorted(_needed("ipykernel") - {"debugpy"}):
        for file in importlib.metadata.files(name) or ():
            # Programs and manuals are outside.
            if ".." not in file.parts and "__pycache__" not in file.parts:
                _copy(Path(os.fspath(file.locate())), target / file)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


@cache
def _needed(name: str) -> frozenset[str]:
    found = {name}
    for text in importlib.metadata.requires(name) or ():
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            found |= _needed(wanted.name)
    return frozenset(found)
