"""One cell's rows through a model, taken apart where the same pictures went through it again."""

from collections.abc import Iterator

from grader.model import LabelArray, ModelPass, Recording, ServedRows

__all__ = ["divided", "is_repeated", "whole_id"]

MOST_PARTS = 30
"""Most times the same pictures go through a model in a cell that is taken apart: epochs, prompts,
seeds."""


def is_repeated(each: ModelPass) -> bool:
    """Whether the same inputs went through a model at least twice in a cell."""
    return each.distinct is None or 2 * each.distinct <= each.rows


def divided(recording: Recording) -> Recording:
    """The recording with each time the same pictures went through a model as rows of its own.

    A cell that scores five prompts on 200 pictures gives 1,000 predictions, and five accuracies.
    The labels served in that cell are taken apart likewise where they are as many.

    Args:
        recording: What was captured.
    """
    arrays = dict(recording.arrays)
    passes: list[ModelPass] = []
    served: list[ServedRows] = []
    for each in recording.passes:
        size = each.distinct or 0
        if not is_repeated(each) or size < 2 or each.rows % size or each.rows > MOST_PARTS * size:
            continue
        for part in _parts(arrays, each.predictions, size):
            passes.append(each.model_copy(update={"predictions": part, "rows": size}))
        for row in recording.served:
            if row.cell == each.cell and row.rows == each.rows:
                for part in _parts(arrays, row.labels, size):
                    served.append(row.model_copy(update={"labels": part, "rows": size}))
    return recording.model_copy(
        update={
            "arrays": arrays,
            "passes": (*recording.passes, *passes),
            "served": (*recording.served, *served),
        }
    )


def whole_id(array: str) -> str:
    """Id in the recording of the array that a part is of."""
    return array.partition("[")[0]


def _parts(arrays: dict[str, LabelArray], array: str | None, size: int) -> Iterator[str]:
    """Ids of the parts of an array, which are added."""
    whole = arrays.get(array) if array is not None else None
    if whole is None or whole.values is None:
        return
    for start in range(0, whole.length, size):
        name = f"{whole.id}[{start}:{start + size}]"
        values = whole.values[start : start + size]
        arrays[name] = LabelArray(id=name, length=len(values), values=values)
        yield name
