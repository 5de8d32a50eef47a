"""Notebooks of which it is known what is wrong with them."""

import subprocess
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from grader.config import PACKAGE
from grader.errors import InputError

__all__ = ["INDEX", "Labelled", "labelled", "shipped"]

INDEX = "index.json"
"""Lists the notebooks of a folder: a list of objects as ``Labelled``."""

MAKER = "tests.corpus"
"""Of a checkout: writes such a folder."""


class Labelled(BaseModel):
    """One notebook."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Its name, unlike any other's."""

    file: str
    """Path below the folder."""

    lab: str
    """Lab it answers."""

    plants: tuple[str, ...] = ()
    """Detectors any of which names its flaw rightly; none of an honest notebook."""

    also: tuple[str, ...] = ()
    """Detectors that may name a consequence of the same flaw."""


def labelled(folder: Path) -> tuple[Labelled, ...]:
    """What the index of a folder says.

    Raises:
        InputError: If there is none, or it is not one.
    """
    try:
        text = (folder / INDEX).read_bytes()
        return TypeAdapter(tuple[Labelled, ...]).validate_json(text)
    except OSError as error:
        raise InputError(f"{folder / INDEX} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{folder / INDEX}: {place}: {first['msg']}") from None


def shipped(folder: Path) -> None:
    """Write the notebooks this repository measures its detectors with.

    Raises:
        InputError: If this is no checkout of the repository.
    """
    root = PACKAGE.parent
    if not root.joinpath(*MAKER.split("."), "__main__.py").is_file():
        raise InputError(
            "Say which folder of labelled notebooks to use; a checkout of the repository has some."
        )
    command = [sys.executable, "-m", MAKER, "write", str(folder)]
    subprocess.run(command, cwd=root, check=True)  # noqa: S603 - this program, its own code
