"""Which of several notebooks of one student is graded, and why."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from grader.errors import SubmissionError
from grader.intake.content import content, digest
from grader.intake.forms import Form, reader_for
from grader.intake.names import own_name
from grader.model import Lab

MOST_NAMED = 5


class Choice(NamedTuple):
    """The notebook chosen."""

    path: Path
    """The file."""

    notes: tuple[str, ...]
    """Which others there were, and why this one."""


class _Weight(NamedTuple):
    """What speaks for a notebook; the greater is chosen."""

    readable: bool
    mentions: int
    """Models and datasets of the lab that its code names."""

    characters: int
    """Length of its code; of all its text, if it is a report."""

    form: Form = "notebook"
    """What it is; not weighed, for a report is no rival where there is a notebook."""


def choose(paths: Sequence[Path], lab: Lab) -> Choice:
    """The notebook whose code names the most of the lab's models and datasets.

    Among equals the one with the most code, then one that is not named as a copy, then the
    first. Notebooks that cannot be read come last; a file that is the same notebook counts
    once. With a single notebook nothing is read and nothing noted.
    """
    if len(paths) == 1:
        return Choice(paths[0], ())
    originals = sorted(paths, key=lambda path: (own_name(path.stem) != path.stem, str(path)))
    different = {digest(path): path for path in reversed(originals)}
    weights = {path: _weight(path, lab) for path in reversed(different.values())}
    best = max(weights, key=lambda path: weights[path])
    others = [path for path in paths if path != best]
    return Choice(best, (_note(best, others, weights),))


def _weight(path: Path, lab: Lab) -> _Weight:
    try:
        read = content(path)
        reader = reader_for(path, read)
        cells = reader.read(path, read).cells
    except SubmissionError:
        return _Weight(readable=False, mentions=0, characters=0)
    report = reader.form == "report"
    code = "\n".join(cell.source for cell in cells if report or cell.kind == "code")
    ids = {name for task in lab.tasks for name in (*task.models, *task.datasets)}
    mentions = sum(name in code for name in ids)
    return _Weight(readable=True, mentions=mentions, characters=len(code), form=reader.form)


def _note(best: Path, others: Sequence[Path], weights: dict[Path, _Weight]) -> str:
    named = ", ".join(path.name for path in others[:MOST_NAMED])
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    return (
        f"{len(others) + 1} {weights[best].form}s were handed in. {best.name} was graded: "
        f"{_reason(best, weights)}. Not graded: {named}{more}."
    )


def _reason(best: Path, weights: dict[Path, _Weight]) -> str:
    weight = weights[best]
    what = "text" if weight.form == "report" else "code"
    rivals = [each for path, each in weights.items() if path != best]
    if not rivals:
        return "the others are the same, byte for byte"
    readable = [each for each in rivals if each.readable]
    if not readable:
        return "no other could be read" if weight.readable else "none could be read"
    if weight.mentions > max(each.mentions for each in readable):
        return f"its {what} names the most of the lab's models and datasets ({weight.mentions})"
    if weight.characters > max(each.characters for each in readable):
        return f"it has the most {what} ({weight.characters:,} characters)"
    return f"no other has more {what}, and it comes first by name"
