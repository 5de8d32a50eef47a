"""``grader doctor``: what this machine offers, and what the sandbox therefore holds."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import click
from msgspec.structs import asdict

from grader.execute import gaps
from grader.execute.doctor import Attempt, Examination, examine
from grader.execute.promises import PROMISES

__all__ = ["doctor"]

SCHEMA = "grader/doctor/v1"
WIDTH = 47
COLUMN = 10


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
    known = {"full": gaps.FULL, "landlock": gaps.landlock(found.abi)}
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "full_holds": found.full_holds,
        "landlock_holds": found.landlock_holds,
        "walls": found.walls,
        "missing": found.missing or None,
        "remedy": found.remedy or None,
        "landlock": {
            "walls": found.fence,
            "missing": found.fence_missing or None,
            "abi": found.abi,
            "notes": gaps.NOTES,
        },
        "machine": [asdict(each) for each in found.offers],
        "attempts": [_attempt(each, known) for each in found.attempts],
        "promises": [
            {**asdict(each), "state": "kept" if each.test else "pending"} for each in PROMISES
        ],
    }
    return json.dumps(document, indent=2)


def _attempt(each: Attempt, known: Mapping[str, Mapping[str, gaps.Gap]]) -> dict[str, Any]:
    return {
        "name": each.name,
        "none": _state(each.none),
        "landlock": _state(each.landlock),
        "full": _state(each.full),
        "why": each.full or None,
        "why_landlock": each.landlock or None,
        "known_open": each.name in known["full"],
        "known_open_landlock": each.name in known["landlock"],
        "gap": known["landlock"][each.name].why if each.name in known["landlock"] else None,
    }


def _state(refused: str | None) -> str:
    if refused is None:
        return "not tried"
    return "held" if refused else "open"


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
        yield from _open(found)
        yield ""
    yield "Promises"
    for each in PROMISES:
        shown = f"kept, {each.test.partition('::')[2]}" if each.test else "pending"
        yield from _wrapped(f"{each.what}: {each.number} ({shown})")
    yield ""
    yield _verdict(found)


def _levels(found: Examination) -> Iterator[str]:
    known = gaps.FULL, gaps.landlock(found.abi)
    yield f"  {'What a notebook tries':{WIDTH}}{'none':{COLUMN}}{'landlock':{COLUMN}}full"
    for each in found.attempts:
        none = "open" if each.proven else "refused"
        landlock = _state(each.landlock) + "*" * (each.name in known[1] and not each.fenced)
        full = _state(each.full) + "*" * (each.name in known[0] and not each.holds)
        yield f"  {each.name:{WIDTH}}{none:{COLUMN}}{landlock:{COLUMN}}{full}"
    unproven = sum(not each.proven for each in found.attempts)
    if unproven:
        yield from _wrapped(
            f"{unproven} of these are refused here without walls too, so that they are held "
            "proves little."
        )


def _open(found: Examination) -> Iterator[str]:
    yield "What is known to be open (*)"
    for name, gap in gaps.landlock(found.abi).items():
        level = "full, landlock" if name in gaps.FULL else "landlock"
        until = f"; Landlock {gap.closed_by_abi} closes it" if gap.closed_by_abi else ""
        yield from _wrapped(f"{name} ({level}): {gap.why}{until}.")
    for note in gaps.NOTES:
        yield from _wrapped(f"At landlock: {note}")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 78, initial_indent="  ", subsequent_indent="    ")


def _verdict(found: Examination) -> str:
    return f"{_verdict_full(found)}\n{_verdict_landlock(found)}"


def _verdict_full(found: Examination) -> str:
    if found.full_holds:
        return f"The level full holds: {' '.join(found.walls)}."
    if found.missing:
        said = f"The level full cannot be had here: {found.missing}."
        return f"{said}\nTo change it: {found.remedy}" if found.remedy else said
    broken = [each.name for each in found.attempts if not each.holds]
    return f"The level full does not hold here: {', '.join(broken)}."


def _verdict_landlock(found: Examination) -> str:
    if found.landlock_holds:
        return (
            f"The level landlock holds, but for what is listed above: {' '.join(found.fence)}.\n"
            "Only the level full closes that."
        )
    if found.fence_missing:
        return f"The level landlock cannot be had here: {found.fence_missing}."
    known = gaps.landlock(found.abi)
    broken = [e.name for e in found.attempts if not e.fenced and e.name not in known]
    return f"The level landlock does not hold here: {', '.join(broken) or 'nothing was tried'}."
