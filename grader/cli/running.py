"""How notebooks are run, as the command line says it: options every such command has."""

import functools
from collections.abc import Callable
from typing import Any

import click
from msgspec import Struct, field
from msgspec.structs import fields

from grader.cli.unsafe import Level, sandbox_option
from grader.execute.devices import Devices, NoSuchGpuError, Wanted, choose

__all__ = ["How", "how_options"]


class How(Struct, frozen=True, kw_only=True):
    """How to run notebooks."""

    sandbox: Level = "full"
    """Walls round each."""

    cold: bool = False
    """Whether each imports for itself, instead of being forked from a process that did."""

    device: Wanted = field(default_factory=Wanted)
    """What ``--device`` says."""

    per_device: int = 1
    """Most notebooks that share a GPU at one time."""

    def devices(self) -> Devices:
        """The GPUs there are for it; none means the CPU.

        Raises:
            click.UsageError: If one is named that is not there.
            SandboxUnavailable: If GPUs are asked for and there are none.
        """
        try:
            return choose(self.device, self.per_device)
        except NoSuchGpuError as error:
            raise click.UsageError(str(error)) from None


_cold_option = click.option(
    "--cold",
    is_flag=True,
    help="Have every notebook import for itself: seconds slower each, for libraries that do not "
    "survive a fork.",
)


class _Device(click.ParamType[Wanted]):
    """What ``--device`` takes."""

    name = "device"

    def convert(
        self, value: str | Wanted, param: click.Parameter | None, ctx: click.Context | None
    ) -> Wanted:
        """Read it, or say what can be written."""
        if isinstance(value, Wanted):
            return value
        try:
            return Wanted.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


_device_option = click.option(
    "--device",
    type=_Device(),
    metavar="auto|cpu|cuda[:i,j]",
    default="auto",
    show_default=True,
    help="Where notebooks compute: the GPUs named, all of them, or the CPU; auto takes GPUs where "
    "a first kernel reaches them.",
)
_per_device_option = click.option(
    "--per-device",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Notebooks that share a GPU and its memory at one time; others wait.",
)


def how_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of ``How``, handed over as the argument ``how``."""

    @sandbox_option
    @_cold_option
    @_device_option
    @_per_device_option
    @functools.wraps(command)
    def packed(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - of whatever command it is
        said = {each.name: options.pop(each.name) for each in fields(How)}
        return command(*args, how=How(**said), **options)

    return packed
