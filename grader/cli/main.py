"""Commands and what they share: how errors are told and which exit code they give."""

from collections.abc import Mapping
from importlib import import_module

import click

from grader import __version__
from grader.errors import GraderError, InputError

__all__ = ["COMMANDS", "EXIT_HARNESS", "EXIT_USAGE", "cli", "main"]

EXIT_USAGE = 2
EXIT_HARNESS = 3

COMMANDS: Mapping[str, str] = {
    "assets": "assets",
    "check": "checking",
    "demo": "grading",
    "detectors": "catalogue",
    "doctor": "doctor",
    "environment": "environments",
    "evidence": "evidence",
    "grade": "grading",
    "labs": "catalogue",
    "reference": "references",
    "rescore": "grading",
}
"""Every command with the module of ``grader.cli`` that holds it under its own name."""


class _Commands(click.Group):
    """Imports a command when it is asked for: a check must not wait for what runs a class."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, sorted."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"grader.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="grader")
def cli() -> None:
    """Grade machine-learning lab notebooks by what they really evaluated.

    Exit codes: 0 done; 1 a check found something major or worse; 2 usage; 3 the harness failed.
    """


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        code = cli.main(prog_name="grader", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("Stopped. What was graded before is kept.", err=True)
        return 130
    except GraderError as error:
        click.echo(f"Error: {error}", err=True)
        return EXIT_USAGE if isinstance(error, InputError) else EXIT_HARNESS
    return code if isinstance(code, int) else 0
