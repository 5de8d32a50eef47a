"""What was evaluated: facts, and what can be seen of it, by kind of task."""

from msgspec import Struct

from grader.model import METRICS, Evaluation, Evidence, Task, TaskKind
from grader.model.interval import wilson
from grader.report.charts import Matrix, confusion, percent
from grader.report.text import count, plural
from grader.report.view.against import against
from grader.report.view.pairs import Pairs, pairs, shape, sides
from grader.report.view.reading import Reading
from grader.report.view.spelling import noun
from grader.report.view.texts import Texts, texts

__all__ = ["Evaluated", "Fact", "RecallRow", "evaluated"]


_TRUTHS: dict[TaskKind, str] = {"captioning": "Captions by people", "vqa": "Answers by people"}
"""What predictions are scored against, where that is no label."""


class Fact(Struct, frozen=True):
    """A term and what is known."""

    term: str
    text: str


class RecallRow(Struct, frozen=True, kw_only=True):
    """Recall of one class; no bar where the class has no item."""

    name: str
    n: str
    recall: str
    known: bool
    width: str
    interval: tuple[str, str]


class Evaluated(Struct, frozen=True, kw_only=True):
    """The evaluation a task is judged by."""

    facts: tuple[Fact, ...]
    matrix: Matrix | None
    matrix_caption: str
    recalls: tuple[RecallRow, ...]
    texts: Texts | None
    pairs: Pairs | None


def evaluated(reading: Reading, task: Task) -> Evaluated | None:
    """The facts that are known; ``None`` where no evaluation was recorded."""
    best, evidence = reading.best(task.id), reading.result.evidence
    if best is None or evidence is None:
        return None
    matrix = _matrix(best, evidence, task)
    return Evaluated(
        facts=tuple(
            Fact(term, text) for term, text in _facts(best, evidence, reading, task) if text
        ),
        matrix=matrix,
        matrix_caption=_caption(matrix) if matrix else "",
        recalls=tuple(_recalls(matrix)) if matrix else (),
        texts=texts(best, evidence, task),
        pairs=pairs(best, evidence, task),
    )


def _facts(
    best: Evaluation, evidence: Evidence, reading: Reading, task: Task
) -> list[tuple[str, str]]:
    return [
        ("Scored in", f"Cell {best.cell}" if best.cell is not None else ""),
        ("Data", _data(best)),
        (f"{noun(task).capitalize()}s scored", _scored(best, evidence)),
        ("Classes in the sample", _classes(best, task)),
        ("Similarities", shape(best, evidence)),
        ("Cosine similarity", sides(best, evidence, task)),
        ("Model", _model(best, evidence)),
        ("Images through the model", _forward(best, task)),
        (_TRUTHS.get(task.kind, "Labels"), _labels(best)),
        ("Training images", _overlap(best)),
        ("Averaging", _average(reading, task)),
        ("Against the reference", against(reading.headline(task.id), task)),
    ]


def _classes(best: Evaluation, task: Task) -> str:
    if task.classes is None or best.classes is None:
        return ""
    return f"{best.classes} of {task.classes}"


def _data(best: Evaluation) -> str:
    parts = [best.dataset or "", f"{best.split} split" if best.split else ""]
    return ", ".join(part for part in parts if part)


def _scored(best: Evaluation, evidence: Evidence) -> str:
    sizes = {
        load.rows
        for load in evidence.recording.loads
        if load.kind == "dataset"
        and load.rows is not None
        and best.split is not None
        and (load.asset, load.split) == (best.dataset, best.split)
    }
    whole = max(sizes, default=None)
    if whole is None or whole < best.n:
        return count(best.n)
    return f"{count(best.n)} of {count(whole)}"


def _model(best: Evaluation, evidence: Evidence) -> str:
    if best.model is None:
        return ""
    for call in evidence.recording.trainer_calls:
        if call.method == "train" and call.model == best.model:
            cell = f" in cell {call.cell}" if call.cell is not None else ""
            rows = f" on {plural(call.rows, 'image')}" if call.rows is not None else ""
            steps = f" for {plural(call.steps, 'step')}" if call.steps is not None else ""
            return f"{best.model}, fine-tuned{cell}{rows}{steps}"
    return best.model


def _forward(best: Evaluation, task: Task) -> str:
    if best.forward_rows is None:
        return ""
    if best.forward_rows == best.n:
        return f"{count(best.n)}, equal to the {noun(task)}s scored"
    relation = "more" if best.forward_rows > best.n else "fewer"
    return f"{count(best.forward_rows)}, {relation} than the {count(best.n)} scored"


def _labels(best: Evaluation) -> str:
    origin = best.origin
    if origin is None:
        return ""
    rows = f"rows {count(origin.start)} to {count(origin.start + best.n - 1)}"
    if origin.rows:
        rows = "in another order or not all of them"
    if best.n == 1:
        rows = f"row {count(origin.start)}"
    of = "1 of 1 agrees" if best.n == 1 else f"{count(best.n)} of {count(best.n)} agree"
    return f"{of} with {origin.dataset}, {origin.split} split, {rows}"


def _overlap(best: Evaluation) -> str:
    if best.is_training_data is None:
        return ""
    return (
        "The images scored are those the model was trained on"
        if best.is_training_data
        else ("Not the images the model was trained on")
    )


def _average(reading: Reading, task: Task) -> str:
    named = {
        entry.average
        for entry in reading.comparisons(task.id)
        if entry.average and entry.recomputed and METRICS[entry.metric].averaged
    }
    return ", ".join(sorted(named))


def _matrix(best: Evaluation, evidence: Evidence, task: Task) -> Matrix | None:
    y_true = evidence.recording.labels(best.y_true)
    y_pred = evidence.recording.labels(best.y_pred)
    if y_true is None or y_pred is None or task.classes is None:
        return None
    # A student may have merged or reordered the classes, unless the labels are the served ones.
    known = best.origin is not None and best.origin.dataset in task.datasets
    names = task.class_names if known else ()
    return confusion(y_true, y_pred, task.classes, names)


def _caption(matrix: Matrix) -> str:
    parts = ["Confusion matrix. Rows: true class. Columns: predicted class."]
    parts.append("Blue: right. Brown: wrong. The stronger the colour, the larger the share.")
    if any(total == 0 for total in matrix.totals):
        parts.append("Hatched rows have no image.")
    if matrix.left_out:
        shown = len(matrix.names)
        parts.append(f"The first {shown} of {count(shown + matrix.left_out)} classes are shown.")
    return " ".join(parts)


def _recalls(matrix: Matrix) -> list[RecallRow]:
    rows = [
        (right[row] / total if total else None, name, right[row], total)
        for row, (name, right, total) in enumerate(
            zip(matrix.names, matrix.counts, matrix.totals, strict=True)
        )
    ]
    rows.sort(key=lambda row: 2.0 if row[0] is None else row[0])
    return [_recall(name, hits, total) for _, name, hits, total in rows]


def _recall(name: str, right: int, total: int) -> RecallRow:
    if total == 0:
        return RecallRow(
            name=name, n="0", recall="unknown", known=False, width="0%", interval=("0%", "0%")
        )
    low, high = wilson(right / total, total)
    return RecallRow(
        name=name,
        n=count(total),
        recall=f"{right / total:.4f}",
        known=True,
        width=percent(right / total),
        interval=(percent(low), percent(high)),
    )
