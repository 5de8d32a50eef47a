"""What evaluations are rebuilt from, and what is the same for evaluations of every kind."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from grader.evidence.placing import Place, place, task_of
from grader.evidence.rounding import same_number
from grader.evidence.truth import Truth
from grader.model import (
    CellRun,
    Evaluation,
    Lab,
    MetricName,
    Recording,
    Reported,
    Task,
    TaskKind,
    TrainerCall,
    metric_of,
)

__all__ = ["FEWEST_DECIMALS", "FEWEST_UNPLACED", "Scene", "Scored"]

FEWEST_UNPLACED = 20
"""Fewest items of a pair that is known by its names alone."""

FEWEST_DECIMALS = 3
"""Fewest decimals of a printed number that can explain arrays. Two match by chance too often: with
100 pairs, 63 % of invented values would be "explained"; with four decimals it is 1 %."""


MOST_TEXTS = 100_000
"""Pairs of texts that are scored of one notebook; what lies beyond stays unknown. A pair takes
about a millisecond, and a student's process decides how many there are."""


class Budget:
    """How much may still be computed for one notebook."""

    def __init__(self, pairs: int) -> None:
        self._left = float(pairs)

    def take(self, pairs: float) -> bool:
        """Whether there is enough left; then it is spent."""
        enough = pairs <= self._left
        self._left -= pairs if enough else 0
        return enough


class Scored(Struct, frozen=True, kw_only=True):
    """Predictions and what they were scored against, with what they score."""

    kind: TaskKind
    source: str
    cell: int | None
    n: int
    y_true: str | None = None
    y_pred: str | None = None
    references: tuple[str, ...] = ()
    matrix: str | None = None
    transposed: bool = False
    place: Place | None = None
    trainer: TrainerCall | None = None
    scores: dict[str, float] = field(default_factory=dict)


class Scene(Struct, frozen=True, kw_only=True):
    """Everything evaluations of one notebook are rebuilt from."""

    recording: Recording
    lab: Lab
    cell_tasks: Mapping[int, str]
    truth: Truth
    reported: Sequence[Reported]
    """Metrics printed in the run the recording is of."""

    rerun: Sequence[CellRun] = ()
    """The cells of that run."""

    budget: Budget = field(default_factory=lambda: Budget(MOST_TEXTS))
    """Texts that may still be scored."""

    def place(self, array: str | None) -> Place | None:
        """Where an array of class labels stands among the served ones."""
        return place(self.recording.labels(array), self.truth.labels, self.lab)

    def texts(self, array: str | None) -> tuple[str, ...] | None:
        """Elements of an array that consists of texts; ``None`` for any other."""
        found = self.recording.labels(array)
        texts = tuple(each for each in found or () if isinstance(each, str))
        return texts if texts and found is not None and len(texts) == len(found) else None

    def named_texts(self) -> dict[str, int]:
        """Arrays of texts in the namespace, with the last cell in which each appeared."""
        latest = {each.array: each.cell or 0 for each in self.recording.named}
        return {array: cell for array, cell in latest.items() if self.texts(array) is not None}

    def names(self, array: str) -> frozenset[str]:
        """Variables that held an array."""
        return frozenset(each.name for each in self.recording.named if each.array == array)

    def tasks(self, kind: TaskKind) -> tuple[Task, ...]:
        """The lab's tasks of a kind."""
        return tuple(task for task in self.lab.tasks if task.kind == kind)

    def task_at(self, cell: int | None, kind: TaskKind) -> Task | None:
        """The task a cell belongs to, if it is of this kind."""
        task = None if cell is None else self.cell_tasks.get(cell)
        return next((each for each in self.tasks(kind) if each.id == task), None)

    def printed(self, kind: TaskKind) -> frozenset[MetricName]:
        """Metrics of tasks of this kind that are printed with enough decimals to explain."""
        return frozenset(number.metric for number in self.numbers(kind))

    def explained(self, scores: Mapping[str, float], kind: TaskKind) -> frozenset[MetricName]:
        """Those of them of which a printed number is one of the scores, rounded."""
        return frozenset(
            number.metric
            for number in self.numbers(kind)
            if any(
                metric_of(name) == number.metric and same_number(value, number)
                for name, value in scores.items()
            )
        )

    def numbers(self, kind: TaskKind) -> list[Reported]:
        """Printed numbers of metrics the lab asks for in such tasks, with enough decimals."""
        tasks = {None, *(task.id for task in self.tasks(kind))}
        asked = {metric for task in self.tasks(kind) for metric in task.metrics}
        return [
            each
            for each in self.reported
            if each.task in tasks and each.metric in asked and each.decimals >= FEWEST_DECIMALS
        ]

    def evaluation(self, scored: Scored) -> Evaluation:
        """The evaluation, with its task, its data and its model."""
        placed, trainer = scored.place, scored.trainer
        dataset = (trainer.dataset if trainer else None) or (placed.dataset if placed else None)
        split = (trainer.split if trainer else None) or (placed.split if placed else None)
        labels = self.recording.labels(scored.y_true)
        model = trainer.model if trainer else None
        task = self._task(scored, dataset, model)
        trained_on = self._trained_on(trainer, placed)
        return Evaluation(
            task=task,
            cell=scored.cell,
            kind=scored.kind,
            source=scored.source,
            n=scored.n,
            y_true=scored.y_true,
            y_pred=scored.y_pred,
            classes=_classes(scored.kind, labels),
            references=scored.references,
            matrix=scored.matrix,
            transposed=scored.transposed,
            origin=placed.origin if placed else None,
            dataset=dataset,
            split=split,
            is_training_data=trained_on,
            off_task=bool(trained_on)
            or self._other_split(task, split)
            or self._other_model(task, scored.cell, scored.n),
            model=model or self._model(task, scored.cell),
            forward_rows=self._forward_rows(task, scored.cell),
            scores=scored.scores,
        )

    def _task(self, scored: Scored, dataset: str | None, model: str | None) -> str | None:
        tasks = self.tasks(scored.kind)
        of_cell = self.task_at(scored.cell, scored.kind)
        of_data = [task for task in tasks if dataset in task.datasets]
        if of_cell is not None and (of_cell in of_data or not of_data):
            return of_cell.id
        if of_data:
            return of_data[0].id
        of_model = [task for task in tasks if model in task.models]
        if of_model:
            return of_model[0].id
        if scored.kind == "classification":
            return task_of(self.recording.labels(scored.y_true), self.lab)
        alone = len(tasks) == 1 and dataset is None and scored.n >= FEWEST_UNPLACED
        return tasks[0].id if alone else None

    def _trained_on(self, trainer: TrainerCall | None, placed: Place | None) -> bool | None:
        if trainer is not None and trainer.is_training_data is not None:
            return trainer.is_training_data
        if placed is None:
            return None
        calls = self.recording.trainer_calls
        trained = {(call.dataset, call.split) for call in calls if call.method == "train"}
        return (placed.dataset, placed.split) in trained

    def _other_split(self, task: str | None, split: str | None) -> bool:
        return any(each.id == task and split not in (None, each.split) for each in self.lab.tasks)

    def _other_model(self, task: str | None, cell: int | None, n: int) -> bool:
        """Whether only models of other tasks saw images in this cell, and as many as scored."""
        others = {model for each in self.lab.tasks if each.id != task for model in each.models}
        own = {model for each in self.lab.tasks if each.id == task for model in each.models}
        here = [each for each in self.recording.forwards if each.cell == cell]
        if task is None or any(each.model not in others or each.model in own for each in here):
            return False
        return sum(each.rows for each in here) >= n

    def _serves(self, task: str | None) -> Callable[[str], bool]:
        """Models that may serve a task: its own, and those no other task claims."""
        others = {model for each in self.lab.tasks if each.id != task for model in each.models}
        own = {model for each in self.lab.tasks if each.id == task for model in each.models}
        return lambda model: model in own or model not in others

    def _model(self, task: str | None, cell: int | None) -> str | None:
        """The one model that saw images so far; of several the one that did in this cell."""
        serves = self._serves(task)
        seen = [
            each
            for each in self.recording.forwards
            if serves(each.model) and (each.cell or 0) <= (cell or 0)
        ]
        so_far = {each.model for each in seen}
        here = {each.model for each in seen if each.cell == cell}
        found = so_far if len(so_far) == 1 else here
        return found.pop() if len(found) == 1 else None

    def _forward_rows(self, task: str | None, cell: int | None) -> int | None:
        if not self.recording.complete:
            return None
        serves = self._serves(task)
        so_far = [
            each
            for each in self.recording.forwards
            if serves(each.model) and (each.cell or 0) <= (cell or 0)
        ]
        learned = {(each.cell, each.model) for each in so_far if each.training}
        by_hand = sum(
            each.rows or 0
            for each in self.recording.training
            if (each.cell, each.model) in {(one.cell, one.model) for one in so_far} - learned
        )
        # What a loop of one's own learns from went through the model, too, and predicts nothing.
        return max(0, sum(each.rows for each in so_far if not each.training) - by_hand)


def _classes(kind: TaskKind, labels: tuple[int | str, ...] | None) -> int | None:
    return len(set(labels)) if kind == "classification" and labels is not None else None
