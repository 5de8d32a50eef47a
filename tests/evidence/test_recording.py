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
NAMES = (
    *("load", "metric", "trainer", "forward", "named", "text", "matrix", "start", "other"),
    *("floats", "numbers", "norms", "served", "prepared", "pass", "steps", "weights", "draw"),
    *("clauses", "caught", "attempt", "dropped"),
)
FIELDS = (
    *("kind", "asset", "split", "rows", "library", "function", "y_true", "y_pred", "n", "average"),
    *("value", "in_trainer", "method", "model", "dataset", "is_training_data", "metrics"),
    *("has_compute_metrics", "steps", "training", "name", "array"),
    *("predictions", "references", "matrix", "floats", "columns", "low", "high", "images"),
    *("labels", "inputs", "distinct", "top5", "train_mode", "gradients", "optimiser", "changed"),
    *("number", "clauses", "line", "error", "times", "target", "what", "why", "scores"),
)
FLOATS = base64.b64encode(struct.pack("<2d", 0.5, -1e300)).decode()
LIKELY = st.sampled_from(
    [
        *("model", "sklearn", "train", "a", "socket", 3, 2, True, 0.5, {"n": 3}),
        *({"values": [1, 2]}, {"values": ["x", "y"]}, {"id": "f", "data": FLOATS}),
        *([["total", 3, True], ["rate", 0.5, False], [1, 2], "x"],),
    ]
)
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
    used |= {each.images for each in recording.served if each.images}
    used |= {each.inputs for each in recording.prepared}
    used |= {each.predictions for each in recording.passes if each.predictions}
    assert used <= set(recording.arrays)
    assert {each.array for each in recording.named_floats} <= set(recording.floats)
    kept = {*recording.arrays, *recording.floats, *recording.matrices}
    assert {each.array for each in recording.draws} <= kept


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


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8))
def test_floats_are_read_exactly_and_stored_once(values: list[float]) -> None:
    data = base64.b64encode(struct.pack(f"<{len(values)}d", *values)).decode()
    events = [
        event("floats", name="losses", array={"id": "a", "n": 1, "data": data}),
        event("floats", name="copy", array={"id": "a", "n": 1}),
        event("draw", function="numpy.random.rand", n=len(values), floats={"id": "a"}),
    ]
    recording = parse(events, True)
    (stored,) = recording.floats.values()
    assert (stored.values, stored.length) == (tuple(values), len(values))
    assert [each.array for each in recording.named_floats] == [stored.id] * 2
    assert [each.array for each in recording.draws] == [stored.id]


def test_floats_that_are_not_finite_have_a_length_only() -> None:
    data = base64.b64encode(struct.pack("<2d", 1.0, float("nan"))).decode()
    recording = parse([event("floats", name="x", array={"id": "a", "n": 2, "data": data})], True)
    assert [(each.length, each.values) for each in recording.floats.values()] == [(2, None)]


def test_what_has_no_element_a_row_is_left_out() -> None:
    two, three = {"values": ["x", "y"]}, {"values": [0, 1, 2]}
    call = {"model": "m", "method": "forward", "rows": 2, "distinct": 3}
    (done,) = parse([event("pass", **call, inputs=two, predictions=three)], True).passes
    assert done.inputs is not None
    assert (done.predictions, done.distinct) == (None, None)
    assert not parse([event("prepared", images=two, inputs={"values": ["x"]})], True).prepared
    (served,) = parse([event("served", rows=2, images=three, labels=two)], True).served
    assert (served.images, served.dataset) == (None, None)
    assert served.labels is not None


def test_a_clause_belongs_to_the_cell_that_was_parsed() -> None:
    events = [
        event("clauses", 2, number=0),
        event("caught", 2, clauses=0, line=3, error="KeyError", times=4),
        event("caught", 5, clauses=0, line=3, error="KeyError"),
        event("caught", 5, clauses=9, line=0, error="KeyError"),
    ]
    found = [(each.cell, each.defined_in, each.times) for each in parse(events, True).caught]
    assert found == [(2, None, 4), (5, 2, 1)]


def test_too_many_of_one_kind_are_left_out() -> None:
    many = [event("attempt", kind="socket", target=f"host{number}") for number in range(20_100)]
    assert len(parse(many, True).attempts) == 20_000
    numbers = [["n", number, True] for number in range(20_100)]
    assert len(parse([event("numbers", values=numbers)], True).named_numbers) == 20_000
