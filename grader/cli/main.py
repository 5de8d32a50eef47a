"""Commands and what they share: how errors are told and which exit code they give."""

import click

from grader import __version__
from grader.cli import (
    assets,
    catalogue,
    checking,
    doctor,
    environments,
    evidence,
    grading,
    references,
)
from grader.errors import GraderError, InputError

__all__ = ["EXIT_HARNESS", "EXIT_USAGE", "cli", "main"]

EXIT_USAGE = 2
EXIT_HARNESS = 3


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="grader")
def cli() -> None:
    """Grade machine-learning lab notebooks by what they really evaluated.

    Exit codes: 0 done; 1 a check found something major or worse; 2 usage; 3 the harness failed.
    """


for _command in (
    grading.demo,
    grading.grade,
    grading.rescore,
    checking.check,
    evidence.evidence,
    catalogue.labs,
    catalogue.detectors,
    references.reference,
    assets.assets,
    environments.environment,
    doctor.doctor,
):
    cli.add_command(_command)


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
