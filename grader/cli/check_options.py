"""What a check looks at and for, as the command line says it."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import click
from msgspec import Struct
from msgspec.structs import fields

from grader.cli.check_settings import CheckSettings
from grader.languages import LANGUAGES

__all__ = ["Choice", "choice_options"]


class Choice(Struct, frozen=True, kw_only=True):
    """What to look for, and where not."""

    lab: str | None = None
    """Lab the notebooks answer."""

    select: tuple[str, ...] = ()
    """Detectors to run: names, codes, or the first letters of codes."""

    ignore: tuple[str, ...] = ()
    """Detectors to leave out, likewise."""

    exclude: tuple[str, ...] = ()
    """Patterns of files and folders that are not looked into."""

    language: str | None = None
    """Language findings are told in."""

    def beside(self, settings: CheckSettings) -> "Choice":
        """With what the settings say where the command line says nothing."""
        return Choice(
            lab=self.lab or settings.lab,
            select=_words(self.select) or settings.select,
            ignore=_words(self.ignore) or settings.ignore,
            exclude=(*settings.exclude, *self.exclude),
            language=self.language or settings.language,
        )


def choice_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of ``Choice``, handed over as the argument ``choice``."""

    @click.option("--lab", help="Lab they answer; any notebook if not given.")
    @click.option("--select", multiple=True, metavar="NAMES", help="Detectors to run; else all.")
    @click.option("--ignore", multiple=True, metavar="NAMES", help="Detectors to leave out.")
    @click.option("--exclude", multiple=True, metavar="PATTERN", help="Files, folders to skip.")
    @click.option(
        "--language", type=click.Choice(LANGUAGES), help="Language of the findings; else English."
    )
    @functools.wraps(command)
    def packed(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - of whatever command it is
        said = {each.name: options.pop(each.name) for each in fields(Choice)}
        return command(*args, choice=Choice(**said), **options)

    return packed


def _words(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for each in given for part in each.split(",") if (word := part.strip()))
