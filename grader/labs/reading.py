"""Read a ``lab.yaml`` and say what is wrong in it."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from grader.errors import LabError
from grader.model import Asset, Criterion, Lab, Libraries, Limits, Task
from grader.model.lab import Answer

__all__ = ["nearest", "read_lab"]

Place = tuple[str | int, ...]


def read_lab(path: Path, *, detectors: Sequence[str] = ()) -> Lab:
    """Read and validate one ``lab.yaml``.

    Raises:
        LabError: Naming file, line, what is wrong and the nearest valid word.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{path}: cannot be read: {error}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise LabError(f"{path}:{line}: not valid YAML: {error.problem}") from None
    try:
        lab = Lab.model_validate(data)
    except ValidationError as error:
        raise LabError(
            "\n".join(
                f"{path}:{_line(node, each['loc'])}: {_said(each)}" for each in error.errors()
            )
        ) from None
    lab = _placed(lab, path)
    problems = [f"{path}:{_line(node, place)}: {text}" for place, text in _dangling(lab, detectors)]
    if problems:
        raise LabError("\n".join(problems))
    return lab


def _placed(lab: Lab, path: Path) -> Lab:
    """The lab with the files it names found from where ``lab.yaml`` stands."""
    if lab.environment is None:
        return lab
    base = path.absolute().parent
    environment = lab.environment
    if environment.requirements is not None:
        found = str(base / environment.requirements)
        environment = environment.model_copy(update={"requirements": found})
    if environment.python is not None and environment.names_an_interpreter:
        # Its links make a virtual environment what it is: they are not followed.
        found = str(base / Path(environment.python).expanduser())
        environment = environment.model_copy(update={"python": found})
    return lab.model_copy(update={"environment": environment})


def _line(node: yaml.Node | None, place: Place) -> int:
    """One-based line of the deepest part of ``place`` that stands in the file."""
    if node is None:
        return 1
    line = node.start_mark.line + 1
    for step in place:
        child = _child(node, step)
        if child is None:
            return line
        node, line = child
    return line


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child, child.start_mark.line + 1
    return None


KEYS: dict[str, type[Any]] = {
    "tasks": Task,
    "answers": Answer,
    "assets": Asset,
    "criteria": Criterion,
    "limits": Limits,
    "environment": Libraries,
}


def nearest(word: str, words: Sequence[str]) -> str:
    """Ends a sentence about a word that is not there: with the word that was meant, if any."""
    close = get_close_matches(word, words, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else "."


def _said(error: ErrorDetails) -> str:
    place = error["loc"]
    what = ".".join(str(step) for step in place) or "the file"
    if error["type"] == "extra_forbidden":
        owner = KEYS.get(str(place[0]), Lab) if len(place) > 1 else Lab
        word = str(place[-1])
        return f"{word!r} is not a key here{nearest(word, tuple(owner.model_fields))}"
    if error["type"] == "literal_error":
        expected = str(error.get("ctx", {}).get("expected", ""))
        words = tuple(expected.replace(" or ", ", ").replace("'", "").split(", "))
        return f"{what}: {error['input']!r} is not allowed{nearest(str(error['input']), words)}"
    if error["type"] == "value_error":
        return f"{what}: {error['ctx']['error']}"
    if error["type"] == "missing":
        return f"{place[-1]!r} is missing"
    return f"{what}: {error['msg'][0].lower()}{error['msg'][1:]}, not {error['input']!r}"


def _dangling(lab: Lab, detectors: Sequence[str]) -> Iterator[tuple[Place, str]]:
    """References to things that do not exist, ids used twice, counts that disagree."""
    yield from _repeated("criteria", [each.id for each in lab.criteria])
    yield from _repeated("tasks", [each.id for each in lab.tasks])
    wanted = lab.environment.requirements if lab.environment else None
    if wanted is not None and not Path(wanted).is_file():
        yield ("environment", "requirements"), f"there is no file {wanted}"
    for i, asset in enumerate(lab.assets):
        yield from _in_asset(("assets", i), asset, lab.assets[:i])
    for i, task in enumerate(lab.tasks):
        yield from _in_task(("tasks", i), task, lab)
    for i, criterion in enumerate(lab.criteria):
        yield from _in_criterion(("criteria", i), criterion, lab, detectors)


def _in_asset(place: Place, asset: Asset, earlier: Sequence[Asset]) -> Iterator[tuple[Place, str]]:
    taken = {name for each in earlier if each.kind == asset.kind for name in each.names}
    if twice := taken & {*asset.names}:
        yield (*place, "id"), f"the {asset.kind} {min(twice)!r} is declared twice"
    if asset.kind == "url":
        for name in asset.names:
            if not name.startswith(("http://", "https://")):
                yield (*place, "id"), f"{name!r} is no address: it begins with http:// or https://"
        if not asset.tiny.place:
            yield (*place, "id"), "an address needs `tiny: {place: <file below reference/assets>}`"


def _in_task(place: Place, task: Task, lab: Lab) -> Iterator[tuple[Place, str]]:
    assets = [name for each in lab.assets for name in each.names]
    if task.kind == "classification" and task.classes is None:
        yield (*place, "kind"), "a classification has a number of classes: `classes: 10`"
    if task.class_names and len(task.class_names) != task.classes:
        said = f"{len(task.class_names)} names for {task.classes} classes"
        yield (*place, "class_names"), said
    for kind, ids in (("models", task.models), ("datasets", task.datasets)):
        for j, asset in enumerate(ids):
            yield from _unknown((*place, kind, j), "asset", asset, assets)


def _in_criterion(
    place: Place, criterion: Criterion, lab: Lab, detectors: Sequence[str]
) -> Iterator[tuple[Place, str]]:
    if criterion.task is not None:
        tasks = [each.id for each in lab.tasks]
        yield from _unknown((*place, "task"), "task", criterion.task, tasks)
    if criterion.answer is not None:
        answers = [each.id for each in lab.answers]
        yield from _unknown((*place, "answer"), "answer", criterion.answer, answers)
    for j, name in enumerate(criterion.absent if detectors else ()):
        yield from _unknown((*place, "absent", j), "detector", name, detectors)


def _unknown(
    place: Place, noun: str, word: str, words: Sequence[str]
) -> Iterator[tuple[Place, str]]:
    if word not in words:
        yield place, f"there is no {noun} {word!r}{nearest(word, words)}"


def _repeated(section: str, ids: Sequence[str]) -> Iterator[tuple[Place, str]]:
    for i, name in enumerate(ids):
        if name in ids[:i]:
            yield (section, i, "id"), f"the id {name!r} is used twice"
