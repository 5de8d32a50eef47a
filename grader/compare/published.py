"""Figures from elsewhere: ``reference/<lab>/published.yaml``.

They stand beside those measured in the record of the reference runs and are never compared with:
the models and data behind them are not those of the ``tiny`` profile, and mostly not even known.
"""

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import ValidationError

from grader.errors import LabError
from grader.model import METRICS, Lab, Published
from grader.model._base import Artifact

__all__ = ["read_published"]


class _File(Artifact):
    """The file's contents."""

    figures: tuple[Published, ...]


def read_published(path: Path, lab: Lab) -> tuple[Published, ...]:
    """Published figures of a lab; none where there is no file.

    Args:
        path: The file.
        lab: Whose tasks the figures belong to.

    Raises:
        LabError: Naming the file and what is wrong in it.
    """
    if not path.is_file():
        return ()
    try:
        found = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{path}: cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise LabError(f"{path}: {place}: {first['msg']}") from None
    if wrong := [*_dangling(found.figures, lab)]:
        raise LabError("\n".join(f"{path}: {each}" for each in wrong))
    return found.figures


def _dangling(figures: tuple[Published, ...], lab: Lab) -> Iterator[str]:
    tasks = {task.id: task for task in lab.tasks}
    for number, each in enumerate(figures):
        if each.task is None:
            continue
        if each.task not in tasks:
            yield f"figures.{number}: there is no task {each.task!r} in {lab.id}"
        elif tasks[each.task].kind not in METRICS[each.metric].kinds:
            kind = tasks[each.task].kind
            yield f"figures.{number}: {each.metric} cannot be asked of a task of kind {kind}"
