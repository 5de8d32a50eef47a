"""``grader assets``: what a lab needs, what is there, and how to get the rest."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.profile import profile_option, with_profile
from grader.config import cache_folder
from grader.errors import AssetError
from grader.model import Lab
from grader.pipeline import load_lab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.assets import Condition

__all__ = ["assets"]

SCHEMA = "grader/assets/v1"

_WIDE = 240

_format_option = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table"
)


@click.group()
def assets() -> None:
    """Show, fetch and verify the models and datasets of a lab."""


@assets.command()
@click.argument("lab_name", metavar="LAB")
@profile_option
@_format_option
def status(lab_name: str, profile: str | None, form: str) -> int:
    """List what LAB needs and whether it is there.

    Looks at names, sizes and small files only. Exits with 1 if anything is missing or wrong.
    """
    return _report(with_profile(load_lab(lab_name), profile), form, deep=False)


@assets.command()
@click.argument("lab_name", metavar="LAB")
@profile_option
@_format_option
def verify(lab_name: str, profile: str | None, form: str) -> int:
    """Read every byte of what LAB needs and compare digests.

    They are compared with those declared in lab.yaml, those recorded when the assets were pulled,
    and those the Hugging Face cache is named by. Exits with 1 if anything is missing or wrong.
    """
    return _report(with_profile(load_lab(lab_name), profile), form, deep=True)


@assets.command()
@click.argument("lab_name", metavar="LAB")
@profile_option
@click.option("--upgrade", is_flag=True, help="Look branches up anew instead of keeping commits.")
def pull(lab_name: str, profile: str | None, upgrade: bool) -> int:
    """Fetch what LAB needs and is not there.

    With the profile full, this downloads from the Hugging Face Hub into its usual cache. Nothing
    else in the grader ever downloads anything.
    """
    lab = with_profile(load_lab(lab_name), profile)
    library = _library()
    if lab.profile == "full":
        library.pull(lab, cache_folder(), _tell, upgrade=upgrade)
    home = library.prepare(lab, lab.profile)
    _tell(f"Ready in {home.root.parent}")
    return 0


def _report(lab: Lab, form: str, *, deep: bool) -> int:
    library = _library()
    found = library.inspect(lab, lab.profile, cache_folder(), deep=deep)
    if form == "json":
        click.echo(_document(lab, found))
    else:
        _print(lab, found, deep=deep)
        wrong = [each for each in found if each.state != "ready"]
        _tell(_closing(lab, found, wrong, library.pull_command))
    return 0 if all(each.state == "ready" for each in found) else 1


def _closing(
    lab: Lab,
    found: "Sequence[Condition]",
    wrong: "Sequence[Condition]",
    command: Callable[[str], str],
) -> str:
    if not wrong:
        return f"All {len(found)} assets of the profile {lab.profile} are ready."
    lines = [f"{each.asset.id}: {each.state}: {each.problem} {each.remedy}" for each in wrong]
    if lab.profile == "full":
        lines.append(f"Fetch what is missing: {command(lab.id)}")
    return "\n".join(lines)


def _print(lab: Lab, found: "Sequence[Condition]", *, deep: bool) -> None:
    # rich takes a tenth of a second to import, which `grader check` has no use for
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Asset", overflow="fold")
    for name in ("Kind", "Revision", "Licence", "State"):
        table.add_column(name, no_wrap=True)
    table.add_column("Size", justify="right")
    table.add_column("Digest" if deep else "Where", overflow="fold")
    for each in found:
        last = each.digest if deep else each.where.replace(str(Path.home()), "~", 1)
        revision = each.revision[:12] or _declared(each, lab)
        table.add_row(
            each.asset.id,
            each.asset.kind,
            revision,
            each.asset.licence,
            each.state,
            _size(each.size),
            last,
        )
    # Nobody folds lines for a file or a pipe.
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


def _declared(each: "Condition", lab: Lab) -> str:
    return each.asset.revision if lab.profile == "full" and each.asset.kind != "metric" else ""


def _size(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:.1f} MB"


def _document(lab: Lab, found: "Sequence[Condition]") -> str:
    rows: list[dict[str, Any]] = [
        {
            "id": each.asset.id,
            "kind": each.asset.kind,
            "revision": each.asset.revision,
            "commit": each.revision or None,
            "licence": each.asset.licence,
            "state": each.state,
            "where": each.where,
            "size": each.size,
            "digest": each.digest or None,
            "problem": each.problem or None,
            "remedy": each.remedy or None,
        }
        for each in found
    ]
    document = {"schema": SCHEMA, "lab": lab.id, "profile": lab.profile, "assets": rows}
    return json.dumps(document, indent=2)


def _library() -> Any:  # noqa: ANN401 - the package grader.assets
    """The assets; they need Pillow and NumPy, which reading notebooks does not."""
    try:
        from grader import assets as library
    except ModuleNotFoundError as error:
        raise AssetError(
            f"{error.name} is not installed; assets need the extra `lab`: "
            'pip install "lab-grader[lab]"'
        ) from None
    return library


def _tell(line: str) -> None:
    click.echo(line)
