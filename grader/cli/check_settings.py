"""What ``[tool.grader]`` in a ``pyproject.toml`` says about checks."""

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.errors import InputError

__all__ = ["CheckSettings", "settings_for"]

FILE = "pyproject.toml"
TABLE = "grader"


class CheckSettings(BaseModel):
    """The table's keys; what the command line says counts before it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lab: str | None = None
    """Lab the notebooks answer."""

    select: tuple[str, ...] = ()
    """Detectors to run: names, codes, or the first letters of codes."""

    ignore: tuple[str, ...] = ()
    """Detectors to leave out, likewise."""

    exclude: tuple[str, ...] = ()
    """Patterns of files and folders that are not looked into."""

    language: Literal["en", "fr", "zh"] = "en"
    """Language findings are told in."""


def settings_for(paths: Sequence[Path]) -> CheckSettings:
    """Settings of the nearest ``pyproject.toml`` above the first path that has some.

    Raises:
        InputError: If the table holds what it must not; the message names the file.
    """
    start = (paths[0] if paths else Path()).absolute()
    for folder in (start, *start.parents):
        file = folder / FILE
        if file.is_file() and (table := _table(file)) is not None:
            return _settings(file, table)
    return CheckSettings()


def _table(file: Path) -> dict[str, object] | None:
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{file}: cannot be read: {error}") from None
    found = tools.get(TABLE) if isinstance(tools, dict) else None
    return found if isinstance(found, dict) else None


def _settings(file: Path, table: dict[str, object]) -> CheckSettings:
    try:
        return CheckSettings.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            close = get_close_matches(key, list(CheckSettings.model_fields), n=1)
            meant = f"; did you mean {close[0]!r}?" if close else "."
            raise InputError(f"{file}: [tool.{TABLE}] has no key {key!r}{meant}") from None
        raise InputError(f"{file}: [tool.{TABLE}] {key}: {first['msg']}.") from None
