"""Values that need no arrays of labels: of evaluations, the trainer's log, means and counters."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from grader.evidence.provenance.candidates import LOSSES, SIMILARITIES, Candidate, Source
from grader.model import METRICS, Evaluation, FloatArray, NamedNumber, Recording, metric_of

__all__ = ["counter_candidates", "evaluated", "losses", "mean_candidates"]

AVERAGED = frozenset({name for name, metric in METRICS.items() if metric.averaged})

FEWEST_OF_MEAN = 10
"""Fewest floats whose mean counts: fewer are typed in as easily as the mean itself."""

FEWEST_DIFFERENT = 2
"""Fewest different ones among them, for the same reason."""

MOST_MEANS = 500
"""Arrays of floats that are looked at of one notebook."""

MOST_COUNTERS = 300
"""Counters likewise."""


def evaluated(
    evaluations: Sequence[Evaluation], names: Mapping[str, str], first: Mapping[str, int | None]
) -> Iterator[Candidate]:
    """Scores of evaluations, which were recomputed outside the student's process.

    Args:
        evaluations: All of them.
        names: What people call arrays and matrices, by id.
        first: First cell in which each was seen.
    """
    for each in evaluations:
        ids = [one for one in (each.y_true, each.y_pred, *each.references, each.matrix) if one]
        shown = [names.get(one, f"what {each.source} scored") for one in ids]
        source = Source(
            of=tuple(dict.fromkeys(shown))[:2] or (f"what {each.source} scored",),
            arrays=tuple(dict.fromkeys(ids)),
            cell=each.cell,
            since=_since(each, [first.get(one) for one in ids]),
            n=each.n,
            task=each.task,
        )
        for name, value in each.scores.items():
            yield _score(source, name, value)


def _since(evaluation: Evaluation, first: Sequence[int | None]) -> int | None:
    """Cell in which all it scored was there; its own where that is not known of all."""
    known = [cell for cell in first if cell is not None]
    if not known or len(known) < len(first) or evaluation.cell is None:
        return None
    return min(max(known), evaluation.cell)


def _score(source: Source, name: str, value: float) -> Candidate:
    plain, _, convention = name.partition("@")
    metric, _, average = plain.rpartition("_")
    if average not in ("macro", "weighted", "micro") or metric == "":
        metric, average = plain, ""
    by = ", ".join(each for each in (average, convention) if each)
    known = metric_of(metric)
    said = METRICS[known].spoken if known is not None and known not in AVERAGED else metric
    return Candidate(
        source=source,
        function=f"{said} ({by})" if by else said,
        metric=metric,
        average=average or None,
        value=value,
        kinds=SIMILARITIES if metric == "similarity_score" else frozenset({"score", "share"}),
    )


def losses(recording: Recording) -> Iterator[Candidate]:
    """Losses of the trainer's log, which is the library's, run in the student's process."""
    for call in recording.trainer_calls:
        method = f"trainer.{call.method}"
        source = Source(of=(method,), cell=call.cell, n=call.rows)
        for name, value in call.metrics.items():
            if "loss" in name.lower():
                yield Candidate(
                    source=source,
                    function=f"{name} of {method}",
                    metric="loss",
                    value=value,
                    kinds=LOSSES,
                )


def mean_candidates(recording: Recording) -> Iterator[Candidate]:
    """Means of arrays of floats and of hits, ``1`` and ``0``.

    The mean of an array is a score only where as many images went through a model, or as many
    answers were scored: an array of numbers is typed in as easily as their mean.
    """
    lengths = set(_rows(recording).values()) | _scored(recording)
    for array, cell, name in _numbers(recording):
        if array.values is None or len(array.values) < FEWEST_OF_MEAN:
            continue
        different = len(set(array.values[:1000]))
        if different < FEWEST_DIFFERENT:
            continue
        of_rows = array.length in lengths
        yield Candidate(
            source=Source(of=(name,), arrays=(array.id,), cell=cell, n=array.length, known=of_rows),
            function="mean",
            metric=None,
            value=sum(array.values) / len(array.values),
            kinds=SIMILARITIES | {"score", "share"} if of_rows else frozenset({"similarity"}),
        )


def _numbers(recording: Recording) -> Iterator[tuple[FloatArray, int | None, str]]:
    """Arrays of floats, and those of labels that are 0 and 1 alone, each once."""
    seen: set[str] = set()
    for each in (*recording.named_floats, *recording.named):
        if each.array in seen or len(seen) >= MOST_MEANS:
            continue
        seen.add(each.array)
        found = recording.floats.get(each.array)
        labels = recording.labels(each.array)
        if found is None and labels and all(one in (0, 1) for one in labels):
            values = tuple(float(one) for one in labels)
            found = FloatArray(id=each.array, length=len(values), values=values)
        if found is not None:
            yield found, each.cell, each.name


def _rows(recording: Recording) -> dict[tuple[int | None, str], int]:
    """Rows that went through each model in each cell, none of them for training."""
    rows: dict[tuple[int | None, str], int] = defaultdict(int)
    for each in recording.forwards:
        if not each.training:
            rows[each.cell, each.model] += each.rows
    return rows


def _scored(recording: Recording) -> set[int]:
    of_labels = {call.n for call in recording.metric_calls if call.n}
    return of_labels | {call.n for call in recording.text_metrics if call.n}


def counter_candidates(recording: Recording, lengths: Iterable[int]) -> Iterator[Candidate]:
    """Ratios of counters: right ones by all, where as many rows went through a model there.

    Two whole numbers are typed in as easily as their ratio. They count only where just as many
    rows went through one model in the very cell, and no array of that length was captured, which
    would say it better.

    Args:
        recording: What was captured.
        lengths: Lengths of captured labels and predictions that can be compared.
    """
    compared = set(lengths)
    counters: dict[int | None, list[NamedNumber]] = defaultdict(list)
    for each in recording.named_numbers[:MOST_COUNTERS]:
        if each.whole and each.value >= 0:
            counters[each.cell].append(each)
    for (cell, model), rows in _rows(recording).items():
        here = counters[cell]
        totals = [each for each in here if each.value == rows and rows not in compared]
        for total in totals[:1] if rows > 1 else ():
            for part in (each for each in here if each.value < total.value):
                yield Candidate(
                    source=Source(of=(f"images through {model}",), cell=cell, n=rows),
                    function=f"counters {part.name} / {total.name}",
                    metric=None,
                    value=part.value / total.value,
                )
