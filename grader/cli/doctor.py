"""``grader doctor``: what this machine offers, and what the sandbox therefore holds."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from grader.execute.doctor import KNOWN_OPEN, Attempt, Examination, examine
from grader.execute.promises import PROMISES

__all__ = ["doctor"]

SCHEMA = "grader/doctor/v1"
WIDTH = 50


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def doctor(form: str) -> int:
    """Try the walls of the sandbox on this machine and say what holds.

    Exits with 1 when notebooks of others cannot be run here safely.
    """
    found = examine()
    click.echo(_json(found) if form == "json" else "\n".join(_text(found)))
    return 0 if found.full_holds else 1


def _json(found: Examination) -> str:
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "full_holds": found.full_holds,
        "walls": found.walls,
        "missing": found.missing or None,
        "remedy": found.remedy or None,
        "machine": [asdict(each) for each in found.offers],
        "attempts": [_attempt(each) for each in found.attempts],
        "promises": [
            {**asdict(each), "state": "kept" if each.test else "pending"} for each in PROMISES
        ],
    }
    return json.dumps(document, indent=2)


def _attempt(each: Attempt) -> dict[str, Any]:
    return {
        "name": each.name,
        "none": "open" if not each.none else "refused",
        "full": _state(each),
        "why": each.full or None,
        "known_open": each.name in KNOWN_OPEN,
    }


def _state(each: Attempt) -> str:
    if each.full is None:
        return "not tried"
    return "held" if each.holds else "open"


def _text(found: Examination) -> Iterator[str]:
    yield "This machine"
    for offer in found.offers:
        yield f"  {offer.name:18}{offer.found}"
        if offer.remedy:
            yield f"  {'':18}to change it: {offer.remedy}"
    yield ""
    if found.attempts:
        yield from _levels(found)
        yield ""
    yield "Promises"
    for each in PROMISES:
        shown = f"kept, {each.test.partition('::')[2]}" if each.test else "pending"
        yield f"  {each.what}: {each.number} ({shown})"
    yield ""
    yield _verdict(found)


def _levels(found: Examination) -> Iterator[str]:
    yield f"  {'What a notebook tries':{WIDTH}}none       full"
    for each in found.attempts:
        note = " (known)" if each.name in KNOWN_OPEN and not each.holds else ""
        none = "open" if not each.none else "refused"
        yield f"  {each.name:{WIDTH}}{none:11}{_state(each)}{note}"
    unproven = sum(each.holds and not each.proven for each in found.attempts)
    if unproven:
        yield (
            f"  {unproven} of these are refused here without walls too, so that they are held "
            "proves little."
        )


def _verdict(found: Examination) -> str:
    if found.full_holds:
        return f"The level full holds: {' '.join(found.walls)}."
    if found.missing:
        said = f"The level full cannot be had here: {found.missing}."
        return f"{said}\nTo change it: {found.remedy}" if found.remedy else said
    broken = [each.name for each in found.attempts if not each.holds]
    return f"The level full does not hold here: {', '.join(broken)}."
