"""Reading the recorder's events: understood where possible, harmless otherwise."""

import base64
import json
import struct

from hypothesis import given
from hypothesis import strategies as st

from grader.evidence.recording import parse
from grader.model import Event, LoadedAsset, NamedArray, Recording

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "n", "values", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
NAMES = ("load", "metric", "trainer", "forward", "named", "text", "matrix", "start", "other")
FIELDS = (
    *("kind", "asset", "split", "rows", "library", "function", "y_true", "y_pred", "n", "average"),
    *("value", "in_trainer", "method", "model", "dataset", "is_training_data", "metrics"),
    *("has_compute_metrics", "steps", "training", "name", "array"),
    *("predictions", "references", "matrix"),
)
LIKELY = st.sampled_from(["model", "sklearn", "train", "a", 3, True, {"n": 3}, {"values": [1, 2]}])
EVENTS = st.builds(
    Event,
    cell=st.none() | st.integers(0, 9),
    name=st.sampled_from(NAMES),
    data=st.dictionaries(st.sampled_from(FIELDS), LIKELY | ANYTHING),
)


def event(kind: str, cell: int | None = 0, /, **data: object) -> Event:
    return Event.model_validate({"cell": cell, "name": kind, "data": data})


@given(st.lists(EVENTS, max_size=12), st.booleans())
def test_any_json_survives_and_can_be_stored(events: list[Event], complete: bool) -> None:
    recording = parse(events, complete)
    assert recording.complete is complete
    stored = Recording.model_validate_json(recording.model_dump_json())
    assert stored == recording
    used = {each.array for each in recording.named}
    used |= {side for call in recording.metric_calls for side in (call.y_true, call.y_pred) if side}
    assert used <= set(recording.arrays)


@given(st.lists(st.integers(-5, 5) | st.text(max_size=3), min_size=1, max_size=20))
def test_an_array_is_stored_once_whoever_holds_it(values: list[int | str]) -> None:
    first = {"id": "a", "n": len(values), "values": values}
    events = [
        event("named", name="labels", array=first),
        event("metric", library="sklearn", function="accuracy_score", y_true={"id": "a"}),
        event("named", name="copy", array={"values": values}),
    ]
    recording = parse(events, True)
    assert len(recording.arrays) == 1
    assert recording.labels(recording.metric_calls[0].y_true) == tuple(values)
    assert recording.metric_calls[0].n == len(values)
    assert recording.named[0].array == recording.named[1].array


def test_long_arrays_have_a_length_only_and_are_never_the_same() -> None:
    events = [event("named", name=name, array={"n": 50_000}) for name in "ab"]
    recording = parse(events, True)
    assert [array.length for array in recording.arrays.values()] == [50_000, 50_000]
    assert recording.labels(recording.named[0].array) is None


def test_the_length_is_counted_not_believed() -> None:
    lying = {"id": "a", "n": 1000, "values": [1, 2]}
    call = event("metric", library="evaluate", function="accuracy", y_true=lying, n=1000)
    assert parse([call], True).metric_calls[0].n == 2


def test_rows_add_up_within_a_cell() -> None:
    rows = [event("forward", cell, model="m", rows=4, training=False) for cell in (1, 1, 2)]
    recording = parse(rows, True)
    assert [(each.cell, each.rows) for each in recording.forwards] == [(1, 8), (2, 4)]


def test_loads_are_kept_in_order() -> None:
    load = event("load", 3, kind="dataset", asset="a/b", split="test", rows=5)
    broken = event("load", 3, kind="disk", asset="a/b")
    expected = LoadedAsset(cell=3, kind="dataset", asset="a/b", split="test", rows=5)
    assert parse([broken, load], True).loads == (expected,)


def test_an_id_used_before_its_elements_means_nothing() -> None:
    early = event("named", name="x", array={"id": "a", "n": 2})
    late = event("named", name="y", array={"id": "a", "values": [1, 2]})
    recording = parse([early, late], True)
    assert [each.name for each in recording.named] == ["y"]
    assert isinstance(recording.named[0], NamedArray)
    assert json.loads(recording.model_dump_json())["arrays"]


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_a_matrix_is_read_exactly_and_stored_once(
    rows: int, columns: int, data: st.DataObject
) -> None:
    floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
    values = data.draw(st.lists(floats, min_size=rows * columns, max_size=rows * columns))
    text = base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
    shape = {"rows": rows, "columns": columns, "id": "a"}
    events = [
        event("matrix", name="scores", matrix={**shape, "data": text}),
        event("matrix", name="copy", matrix=shape),
        event("matrix", name="other", matrix={**shape, "rows": rows + 1}),
    ]
    recording = parse(events, True)
    (matrix,) = recording.matrices.values()
    assert matrix.values == tuple(values)
    assert [each.name for each in recording.named_matrices] == ["scores", "copy"]
    stored = Recording.model_validate_json(recording.model_dump_json())
    assert stored == recording


def test_a_matrix_that_is_none_is_unknown() -> None:
    infinite = base64.b64encode(struct.pack("<4f", 1.0, 2.0, 3.0, float("inf"))).decode()
    for data in (infinite, infinite[:-8], "no base64!", None):
        field = {"rows": 2, "columns": 2, "id": "a", "data": data}
        found = parse([event("matrix", name="scores", matrix=field)], True)
        assert [each.values for each in found.matrices.values()] in ([None], [])
    assert not parse([event("matrix", name="x", matrix={"rows": -1, "columns": 2})], True).matrices


def test_references_as_long_as_the_predictions() -> None:
    texts, short = {"id": "a", "values": ["x", "y"]}, {"id": "b", "values": ["x"]}
    for references, known in (([texts], 1), ([texts, short], 0), ([{"values": [1, 2]}], 0), (3, 0)):
        call = {"library": "nltk", "function": "corpus_bleu", "predictions": texts, "n": 2}
        (found,) = parse([event("text", **call, references=references)], True).text_metrics
        assert (found.n, len(found.references)) == (2, known)
