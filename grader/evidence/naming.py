"""Which task of a lab a piece of text names."""

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from grader.evidence import numbers, vocabulary
from grader.evidence.per_lab import PerLab
from grader.model import METRICS, Lab, MetricName
from grader.patterns import regex

_NUMBERED = regex(
    rf"[\W_]{{0,8}}{vocabulary.alternation(vocabulary.every(vocabulary.NUMBERED))}"
    r"\s{0,2}(?:no\.?|#)?\s{0,2}(?P<number>\d{1,2})(?!\w)",
    re.IGNORECASE,
)
_TITLE_NUMBER = regex(r"^\W{0,8}\w{1,12}\s\d{1,2}\s?[:.-]\s?")


class Naming(Struct, frozen=True, kw_only=True):
    """One place where a task is named."""

    start: int
    """Offset of the first character."""

    end: int
    """Offset behind the last."""

    task: str
    """Id of the task."""


def number_of(text: str) -> int | None:
    """The number a heading starts with: 2 for ``Task 2: evaluate CLIP``."""
    match = _NUMBERED.match(text)
    return int(match["number"]) if match else None


class TaskNames:
    """The words a lab gives its tasks, ready to be found in text."""

    def __init__(self, lab: Lab) -> None:
        aliases = {asset.id: asset.aliases for asset in lab.assets}
        self.order = tuple(task.id for task in lab.tasks)
        asked = {metric for task in lab.tasks for metric in task.metrics}
        self.metrics = numbers.CLASSIFICATION | asked
        """Metrics that are read: those of classifications, and what the lab asks for."""
        self._kinds = {task.id: task.kind for task in lab.tasks}
        self.models = _owned((task.id, _with(task.models, aliases)) for task in lab.tasks)
        self.datasets = _owned((task.id, _with(task.datasets, aliases)) for task in lab.tasks)
        ids = {**self.models, **self.datasets}
        tails = {asset.rpartition("/")[2]: task for asset, task in ids.items()}
        words = _owned((task.id, task.keywords) for task in lab.tasks)
        titles = _owned((task.id, (_TITLE_NUMBER.sub("", task.title),)) for task in lab.tasks)
        self._tasks = {_key(name): task for name, task in {**tails, **ids, **words}.items()}
        self._titles = {_key(name): task for name, task in titles.items()}
        self._pattern = _pattern([*words, *ids, *tails])
        self._quoted = _quoted(ids)

    def may_have(self, task: str | None, metric: MetricName) -> bool:
        """Whether a metric can be one of this task, by its kind; of no task it always can."""
        return task is None or self._kinds[task] in METRICS[metric].kinds

    def namings(self, text: str) -> tuple[Naming, ...]:
        """Every place where a task is named, in order.

        An id is taken whole, so that ``openai/clip-vit-base-patch32`` names one task only.
        """
        return tuple(self._naming(match) for match in self._pattern.finditer(text))

    def naming_at(self, text: str, position: int) -> Naming | None:
        """The naming that starts exactly here, if one does."""
        match = self._pattern.match(text, position)
        return self._naming(match) if match else None

    def named(self, text: str) -> frozenset[str]:
        """The tasks a text names."""
        return frozenset(each.task for each in self.namings(text))

    def only(self, text: str) -> str | None:
        """The task a text names, when it names exactly one."""
        found = self.named(text)
        return next(iter(found)) if len(found) == 1 else None

    def headed(self, text: str) -> frozenset[str]:
        """The tasks a heading names: by its words, else by the title, else by number."""
        named = self.named(text)
        if named:
            return named
        folded = _key(text)
        titled = {task for title, task in self._titles.items() if title and title in folded}
        if titled:
            return frozenset(titled)
        number = number_of(text)
        in_range = number is not None and 1 <= number <= len(self.order)
        return frozenset({self.order[number - 1]}) if number and in_range else frozenset()

    def by_ids(self, code: str) -> frozenset[str]:
        """Tasks whose models a cell loads; where it loads none, those of its datasets."""
        quoted = [match["id"].lower() for match in self._quoted.finditer(code)]
        models = frozenset(self.models[each] for each in quoted if each in self.models)
        return models or frozenset(self.datasets[each] for each in quoted if each in self.datasets)

    def _naming(self, match: re.Match[str]) -> Naming:
        return Naming(start=match.start(), end=match.end(), task=self._tasks[_key(match["name"])])


task_names = PerLab(TaskNames)
"""The words a lab gives its tasks, prepared once."""


def _with(ids: Iterable[str], aliases: dict[str, tuple[str, ...]]) -> list[str]:
    return [name for asset in ids for name in (asset, *aliases.get(asset, ()))]


def _owned(names: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Name to task, without the names two tasks share."""
    pairs = {(name.lower(), task) for task, each in names for name in each}
    owners = Counter(name for name, _ in pairs)
    return {name: task for name, task in sorted(pairs) if owners[name] == 1}


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.lower()).strip()


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Matches a name as whole words; ``ViT-B/32`` is a size of another model, not a name."""
    spelled = (r"[\s_-]".join(map(re.escape, re.split(r"[\s_-]+", name))) for name in names)
    either = vocabulary.alternation(spelled)
    # Chinese text runs on: a name may stand between any two characters of it.
    return re.compile(
        rf"(?<!{vocabulary.LETTER})(?P<name>{either})s?(?:[-_]?\d{{1,3}}(?![\d.,%]))?"
        rf"(?!{vocabulary.LETTER_OR_DIGIT})(?!-?[a-z]/\d)",
        re.IGNORECASE,
    )


def _quoted(ids: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"""['"](?P<id>{"|".join(map(re.escape, ids))})['"]""", re.IGNORECASE)
