"""Read the recorder's events. They come from a process the student controls."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar, get_args

from pydantic import JsonValue

from grader.evidence.matrices import Matrices
from grader.model import (
    Event,
    ForwardPass,
    Label,
    LabelArray,
    LoadedAsset,
    MetricCall,
    NamedArray,
    NamedMatrix,
    Recording,
    Tampering,
    TamperingKind,
    TextMetricCall,
    TrainerCall,
)

_MAX_ELEMENTS = 20_000
_MAX_CHARACTERS = 300
_MAX_CHARACTERS_OF_ELEMENT = 400
_MAX_REFERENCES = 20
_MAX_COUNT = 1 << 40
_MAX_INTEGER = 1 << 63
_MAX_METRICS = 100
_MAX_TAMPERING = 200

_T = TypeVar("_T", bound=str)


def parse(events: Iterable[Event], complete: bool) -> Recording:
    """What was recorded, as far as it can be understood; what cannot is left out.

    Args:
        events: In the order in which they arrived.
        complete: Whether the recorder lived to the end.
    """
    reader = _Reader()
    for event in events:
        reader.read(event)
    return Recording(
        loads=tuple(reader.loads),
        metric_calls=tuple(reader.metric_calls),
        trainer_calls=tuple(reader.trainer_calls),
        forwards=tuple(
            ForwardPass(cell=cell, model=model, rows=rows, training=training)
            for (cell, model, training), rows in reader.rows.items()
        ),
        named=tuple(reader.named),
        text_metrics=tuple(reader.text_metrics),
        named_matrices=tuple(reader.named_matrices),
        matrices=reader.matrices.stored,
        arrays=reader.arrays.stored,
        tampering=tuple(reader.tampering),
        complete=complete and not reader.tampering,
    )


class _Arrays:
    """Label arrays, each stored once under the digest of its elements.

    The recorder sends the elements of an array once and its own id after that.
    """

    def __init__(self) -> None:
        self.stored: dict[str, LabelArray] = {}
        self._known: dict[str, str] = {}

    def read(self, field: JsonValue) -> str | None:
        """Id of the array a field describes; ``None`` when it describes none."""
        if not isinstance(field, dict):
            return None
        theirs = _text(field.get("id"))
        values = _labels(field.get("values"))
        if values is not None:
            return self._store(theirs, values)
        if theirs is not None:
            return self._known.get(theirs)
        return self._store_length(_count(field.get("n")))

    def length(self, array: str | None) -> int | None:
        """Number of elements of a stored array."""
        return None if array is None else self.stored[array].length

    def _store(self, theirs: str | None, values: tuple[Label, ...]) -> str:
        digest = _digest(values)
        self.stored[digest] = LabelArray(id=digest, length=len(values), values=values)
        if theirs is not None:
            self._known[theirs] = digest
        return digest

    def _store_length(self, length: int | None) -> str | None:
        if length is None:
            return None
        # Arrays too long to record are never known to be equal.
        digest = _digest(("not recorded", length, len(self.stored)))
        self.stored[digest] = LabelArray(id=digest, length=length, values=None)
        return digest


class _Reader:
    def __init__(self) -> None:
        self.arrays = _Arrays()
        self.matrices = Matrices()
        self.loads: list[LoadedAsset] = []
        self.metric_calls: list[MetricCall] = []
        self.trainer_calls: list[TrainerCall] = []
        self.named: list[NamedArray] = []
        self.text_metrics: list[TextMetricCall] = []
        self.named_matrices: list[NamedMatrix] = []
        self.tampering: list[Tampering] = []
        self.rows: Counter[tuple[int | None, str, bool]] = Counter()
        self._readers = {
            "load": self._load,
            "metric": self._metric,
            "trainer": self._trainer,
            "forward": self._forward,
            "named": self._named,
            "text": self._text_metric,
            "matrix": self._matrix,
            "tamper": self._tamper,
        }

    def read(self, event: Event) -> None:
        reader = self._readers.get(event.name)
        if reader is not None:
            reader(event.cell, event.data)

    def _load(self, cell: int | None, data: Mapping[str, JsonValue]) -> None:
        kind: Literal["model", "dataset", "metric", "url"] | None
        kind = _one_of(data.get("kind"), ("model", "dataset", "metric", "url"))
        asset = _text(data.get("asset"))
        if kind is not None and asset is not None:
            split, rows = _text(data.get("split")), _count(data.get("rows"))
            self.loads.append(
                LoadedAsset(cell=cell, kind=kind, asset=asset, split=split, rows=rows)
            )

    def _metric(self, cell: int | None, data: Mapping[str, JsonValue]) -> None:
        libraries: tuple[Literal["sklearn", "evaluate"], ...] = ("sklearn", "evaluate")
        library, function = _one_of(data.get("library"), libraries), _text(data.get("function"))
        if library is None or function is None:
            return
        y_true = self.arrays.read(data.get("y_true"))
        y_pred = self.arrays.read(data.get("y_pred"))
        self.metric_calls.append(
            MetricCall(
                cell=cell,
                library=library,
                function=function,
                y_true=y_true,
                y_pred=y_pred,
                n=self.arrays.length(y_true),
                average=_text(data.get("average")),
                value=_number(data.get("value")),
                in_trainer=data.get("in_trainer") is True,
            )
        )

    def _trainer(self, cell: int | None, data: Mapping[str, JsonValue]) -> None:
        methods: tuple[Literal["train", "evaluate", "predict"], ...]
        methods = ("train", "evaluate", "predict")
        method = _one_of(data.get("method"), methods)
        if method is None:
            return
        same = data.get("is_training_data")
        self.trainer_calls.append(
            TrainerCall(
                cell=cell,
                method=method,
                model=_text(data.get("model")),
                dataset=_text(data.get("dataset")),
                split=_text(data.get("split")),
                rows=_count(data.get("rows")),
                is_training_data=same if isinstance(same, bool) else None,
                has_compute_metrics=data.get("has_compute_metrics") is True,
                metrics=_numbers(data.get("metrics")),
                y_true=self.arrays.read(data.get("y_true")),
                y_pred=self.arrays.read(data.get("y_pred")),
                steps=_count(data.get("steps")),
            )
        )

    def _forward(self, cell: int | None, data: Mapping[str, JsonValue]) -> None:
        model, rows = _text(data.get("model")), _count(data.get("rows"))
        if model is not None and rows is not None:
            self.rows[cell, model, data.get("training") is True] += rows

    def _named(self, cell: int | None, data: Mapping[str, JsonValue]) -> None:
        name, array = _text(data.get("name")), self.arrays.read(data.get("array"))
        if name is not None and array is not None:
            self.named.append(NamedArray(cell=cell, name=name, array=array))

    def _text_metric(self, cell: int | None, data: Mapping[str, JsonValue]) -> None:
        library: Literal["sacrebleu", "nltk", "evaluate", "rouge_score", "torchmetrics"] | None
        library = _one_of(data.get("library"), ("sacrebleu", "nltk", "evaluate", "rouge_score"))
        function = _text(data.get("function"))
        if library is None or function is None:
            return
        predictions = self._texts(data.get("predictions"))
        n = _count(data.get("n"))
        known = self.arrays.length(predictions)
        self.text_metrics.append(
            TextMetricCall(
                cell=cell,
                library=library,
                function=function,
                predictions=predictions,
                references=self._references(data.get("references"), n if known is None else known),
                n=n if known is None else known,
                value=_number(data.get("value")),
            )
        )

    def _texts(self, field: JsonValue) -> str | None:
        """Id of the array a field describes, unless something in it is no text."""
        array = self.arrays.read(field)
        values = self.arrays.stored[array].values if array is not None else None
        return None if any(not isinstance(each, str) for each in values or ()) else array

    def _references(self, field: JsonValue, n: int | None) -> tuple[str, ...]:
        """Ids of the streams, if all can be read and are as long as the predictions."""
        if not isinstance(field, list) or len(field) > _MAX_REFERENCES:
            return ()
        streams = [self._texts(each) for each in field]
        found = tuple(each for each in streams if each is not None)
        lengths = {self.arrays.length(each) for each in found}
        return found if len(found) == len(streams) and lengths <= {n} else ()

    def _matrix(self, cell: int | None, data: Mapping[str, JsonValue]) -> None:
        name, matrix = _text(data.get("name")), self.matrices.read(data.get("matrix"))
        if name is not None and matrix is not None:
            self.named_matrices.append(NamedMatrix(cell=cell, name=name, matrix=matrix))

    def _tamper(self, cell: int | None, data: Mapping[str, JsonValue]) -> None:
        kind = _one_of(data.get("kind"), get_args(TamperingKind))
        if kind is not None and len(self.tampering) < _MAX_TAMPERING:
            by: Literal["notebook", "library"]
            by = "library" if data.get("by") == "library" else "notebook"
            detail = _text(data.get("detail")) or ""
            self.tampering.append(Tampering(cell=cell, kind=kind, detail=detail, by=by))


def _digest(values: tuple[Label, ...]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]


def _one_of(value: JsonValue, known: tuple[_T, ...]) -> _T | None:
    return next((each for each in known if each == value), None)


def _text(value: JsonValue) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_CHARACTERS:
        return None
    return value


def _count(value: JsonValue) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < _MAX_COUNT else None


def _number(value: JsonValue) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if isinstance(value, int) and abs(value) >= _MAX_INTEGER:
        return None
    return float(value) if math.isfinite(value) else None


def _numbers(value: JsonValue) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    found = {name: _number(each) for name, each in list(value.items())[:_MAX_METRICS]}
    return {name: each for name, each in found.items() if each is not None and _text(name)}


def _labels(value: JsonValue) -> tuple[Label, ...] | None:
    if not isinstance(value, list) or len(value) > _MAX_ELEMENTS:
        return None
    labels: list[Label] = []
    for each in value:
        if isinstance(each, str) and len(each) <= _MAX_CHARACTERS_OF_ELEMENT:
            labels.append(each)
        elif isinstance(each, int) and abs(each) < _MAX_INTEGER:
            labels.append(int(each))
        else:
            return None
    return tuple(labels)
