"""What went through each model in a cell, and what came out; steps of training on it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from weakref import ref

from . import plain
from .digests import Digester
from .foreign import Foreign, library
from .recorder import Memory, Recorder

_MAX_ROWS = plain.MAX_ELEMENTS
_MAX_CLASSES = 1000
_MAX_WAITING = 10_000
_BEST = 5
_SCORES = ("logits_per_image", "logits")
_FEATURES = ("image_embeds", "text_embeds", "pooler_output")


class Call(NamedTuple):
    """A call of a model that has returned."""

    module: Foreign
    model: str
    """Id it was loaded from, or its class."""

    method: str
    """``forward``, or the method that was called."""

    given: Foreign
    """Tensor of the inputs, a row each."""

    value: Foreign
    """What it returned."""

    gradients: bool


@dataclass
class Gathered:
    """Calls of one method of one model in one cell; what is unknown of one is unknown of all."""

    rows: int = 0
    inputs: list[str] | None = field(default_factory=list)
    predictions: list[int] | None = field(default_factory=list)
    top5: list[str] | None = field(default_factory=list)
    train_mode: bool = False
    gradients: bool = False
    norms: tuple[int, int, float, float] | None = None
    """Rows, columns, the smallest and the largest norm of what it returned."""


@dataclass(frozen=True, eq=False)
class _Waiting:
    """Rows that went through a model with gradients on, and were not trained on so far."""

    module: ref[Foreign]
    model: str
    rows: int
    inputs: list[str] | None
    train_mode: bool


class Passes:
    """Gathers calls and steps, and tells of them when the cell ends.

    Args:
        recorder: Sends them.
        digester: Digests what models are given.
        is_tensor: Whether something is a tensor of torch's own class.
    """

    def __init__(
        self, recorder: Recorder, digester: Digester, is_tensor: Callable[[Foreign], bool]
    ) -> None:
        self._recorder, self._digester, self._is_tensor = recorder, digester, is_tensor
        self._gathered: dict[tuple[str, str], Gathered] = {}
        self._waiting: list[_Waiting] = []
        self._steps: dict[tuple[str, str | None], Counter[str]] = {}
        self._trained: dict[tuple[str, str | None], list[str] | None] = {}
        self._held = Memory()
        self._parameters_of = library("torch").nn.Module.parameters
        recorder.at_cell_end.append(self._flush)

    def add(self, call: Call) -> None:
        """Add one call."""
        rows = int(call.given.shape[0])
        digests = self._digester.rows(call.given) if rows else []
        into = self._gathered.setdefault((call.model, call.method), Gathered())
        into.rows += rows
        into.inputs = _joined(into.inputs, digests)
        mode = vars(call.module).get("training") is True
        into.train_mode = into.train_mode or mode
        into.gradients = into.gradients or call.gradients
        self._add_scores(into, call.value, rows)
        if call.method.endswith("features"):
            self._measure(into, call.value)
        if call.gradients and len(self._waiting) < _MAX_WAITING:
            self._waiting.append(_Waiting(ref(call.module), call.model, rows, digests, mode))
        self._recorder.touched.add(call.model)

    def step(self, optimiser: Foreign) -> None:
        """Add a step of an optimiser, which is about the rows since the step before.

        Where some of them went through in training mode, the others were only looked at.
        """
        kind = type(optimiser).__name__
        held = self._parameters(optimiser)
        mine = [each for each in self._waiting if self._shares(each.module(), held)]
        if mine:
            done = set(map(id, mine))
            self._waiting = [each for each in self._waiting if id(each) not in done]
        mine = [each for each in mine if each.train_mode] or mine
        models: list[str | None] = [*sorted({each.model for each in mine})]
        for model in models or [None]:
            key = (kind, model)
            counts = self._steps.setdefault(key, Counter())
            counts["steps"] += 1
            for each in mine:
                if each.model == model:
                    counts["rows"] += each.rows
                    self._trained[key] = _joined(self._trained.get(key, []), each.inputs)
            if model is not None:
                self._recorder.touched.add(model)

    def _shares(self, module: Foreign, held: frozenset[int]) -> bool:
        """Whether an optimiser holds a parameter of this module."""
        return module is not None and any(id(each) in held for each in self._parameters_of(module))

    def _parameters(self, optimiser: Foreign) -> frozenset[int]:
        """Which objects its parameters are."""
        groups = vars(optimiser).get("param_groups") or []
        kept = self._held.get(optimiser)
        if kept is None or kept[0] != len(groups):
            found = frozenset(id(each) for group in groups for each in group["params"])
            kept = self._held[optimiser] = (len(groups), found)
        return kept[1]  # type: ignore[no-any-return]

    def _add_scores(self, into: Gathered, value: Foreign, rows: int) -> None:
        if into.predictions is None:
            return
        scores = self._scores(value, rows)
        if scores is None or into.rows > _MAX_ROWS:
            into.predictions = into.top5 = None
            return
        into.predictions += scores.argmax(1).tolist()
        if into.top5 is not None:
            into.top5 += _best(scores)

    def _scores(self, value: Foreign, rows: int) -> Foreign:
        """Scores of classes as an array, a row each; ``None`` where there are none."""
        found = self._tensor(value, _SCORES)
        if found is None or found.shape[0] != rows or not 1 < found.shape[1] <= _MAX_CLASSES:
            return None
        return self._digester.matrix(found)

    def _tensor(self, value: Foreign, keys: tuple[str, ...]) -> Foreign:
        """The matrix of floats a model returned, alone or under one of these names."""
        if isinstance(value, dict):
            value = next(
                (found for key in keys if (found := dict.get(value, key)) is not None), None
            )
        if not self._is_tensor(value) or value.dim() != 2:
            return None
        return value if value.is_floating_point() else None

    def _measure(self, into: Gathered, value: Foreign) -> None:
        found = self._tensor(value, _FEATURES)
        if found is None or not found.numel():
            return
        squares = (self._digester.matrix(found).astype("f8") ** 2).sum(1)
        low, high = float(squares.min()) ** 0.5, float(squares.max()) ** 0.5
        rows, columns = map(int, found.shape)
        if into.norms is not None and into.norms[1] == columns:
            rows += into.norms[0]
            low, high = min(low, into.norms[2]), max(high, into.norms[3])
        into.norms = (rows, columns, low, high)

    def _flush(self) -> None:
        with self._recorder.quietly("passes"):
            gathered, self._gathered = self._gathered, {}
            for (model, method), each in gathered.items():
                self._tell(model, method, each)
        with self._recorder.quietly("steps"):
            steps, self._steps = self._steps, {}
            trained, self._trained = self._trained, {}
            for key, counts in steps.items():
                self._tell_steps(key, counts, trained.get(key))

    def _tell(self, model: str, method: str, each: Gathered) -> None:
        self._recorder.emit(
            "pass",
            model=model[:300],
            method=method,
            rows=each.rows,
            distinct=None if each.inputs is None else len(set(each.inputs)),
            inputs=self._stored(each.inputs),
            predictions=self._stored(each.predictions),
            top5=self._stored(each.top5),
            train_mode=each.train_mode,
            gradients=each.gradients,
        )
        if each.norms is not None and all(map(math.isfinite, each.norms)):
            rows, columns, low, high = each.norms
            self._recorder.emit(
                "norms", name=method, rows=rows, columns=columns, low=low, high=high
            )

    def _tell_steps(
        self, key: tuple[str, str | None], counts: Counter[str], inputs: list[str] | None
    ) -> None:
        optimiser, model = key
        self._recorder.emit(
            "steps",
            optimiser=optimiser[:300],
            steps=counts["steps"],
            model=None if model is None else model[:300],
            rows=None if model is None else counts["rows"],
            inputs=self._stored(inputs),
        )

    def _stored(self, values: list[Foreign] | None) -> dict[str, Foreign] | None:
        if not values:
            return None
        return self._recorder.stored(plain.Labels(len(values), values), "row digests")


def _joined(kept: list[str] | None, new: list[str] | None) -> list[str] | None:
    if kept is None or new is None or len(kept) + len(new) > _MAX_ROWS:
        return None
    kept += new
    return kept


def _best(scores: Foreign) -> list[str]:
    """The best classes of each row, the best first, as ``3 1 4 0 2``."""
    order = (-scores).argsort(axis=1, kind="stable")[:, :_BEST]
    return [" ".join(map(str, row)) for row in order.tolist()]
