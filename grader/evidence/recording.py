"""Read the recorder's events. They come from a process the student controls."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from pydantic import JsonValue

from grader.evidence.matrices import Matrices
from grader.evidence.recorded_arrays import Arrays, Floats
from grader.evidence.recorded_fields import count as _count
from grader.evidence.recorded_fields import number as _number
from grader.evidence.recorded_fields import numbers as _numbers
from grader.evidence.recorded_fields import one_of as _one_of
from grader.evidence.recorded_fields import text as _text
from grader.evidence.recorded_work import Work
from grader.model import (
    Event,
    ForwardPass,
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

_MAX_REFERENCES = 20
_MAX_TAMPERING = 200


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
        named_floats=tuple(reader.work.named_floats),
        named_numbers=tuple(reader.work.named_numbers),
        norms=tuple(reader.work.norms),
        served=tuple(reader.work.served),
        prepared=tuple(reader.work.prepared),
        passes=tuple(reader.work.passes),
        training=tuple(reader.work.training),
        weights=tuple(reader.work.weights),
        draws=tuple(reader.work.draws),
        caught=tuple(reader.work.caught),
        attempts=tuple(reader.work.attempts),
        dropped=tuple(reader.work.dropped),
        matrices=reader.matrices.stored,
        arrays=reader.arrays.stored,
        floats=reader.floats.stored,
        tampering=tuple(reader.tampering),
        complete=complete and not reader.tampering,
    )


class _Reader:
    def __init__(self) -> None:
        self.arrays = Arrays()
        self.floats = Floats()
        self.matrices = Matrices()
        self.work = Work(self.arrays, self.floats, self.matrices)
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
        else:
            self.work.read(event.name, event.cell, event.data)

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
        libraries: tuple[Literal["sklearn", "evaluate", "torchmetrics", "keras"], ...]
        libraries = ("sklearn", "evaluate", "torchmetrics", "keras")
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
                scores=self.floats.read(data.get("scores")),
                n=_count(data.get("n")) if y_true is None else self.arrays.length(y_true),
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
        libraries: tuple[
            Literal["sacrebleu", "nltk", "evaluate", "rouge_score", "torchmetrics"], ...
        ]
        libraries = ("sacrebleu", "nltk", "evaluate", "rouge_score", "torchmetrics")
        library = _one_of(data.get("library"), libraries)
        function = _text(data.get("function"))
        if library is None or function is None:
            return
        predictions = self.arrays.texts(data.get("predictions"))
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

    def _references(self, field: JsonValue, n: int | None) -> tuple[str, ...]:
        """Ids of the streams, if all can be read and are as long as the predictions."""
        if not isinstance(field, list) or len(field) > _MAX_REFERENCES:
            return ()
        streams = [self.arrays.texts(each) for each in field]
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
