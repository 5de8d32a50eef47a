"""Which evaluations are one and the same, told of twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from grader.evidence.stated.draft import Draft, alike
from grader.model import Figure, SourceGraph

TRACED = 64
"""Scorings whose way to the outputs is followed, so that time stays bounded."""

CONVINCING = 2
"""Equal scores that make one evaluation of two whose task and model are not known: one alone may
be equal by chance."""

Reading = tuple[str, str | None]


def shows(coded: list[Draft], printed: list[Draft], graph: SourceGraph) -> list[Draft]:
    """Evaluations in code and those in outputs, each output given to the code it shows.

    An output shows what its own cell scores, else what flows into its cell. Where that are
    several, it is given to the one it names the model of.
    """
    reached = _cells(coded[:TRACED], graph)
    left: list[Draft] = []
    for output in printed:
        own = [each for each in coded if each.cell == output.cell]
        known = own or [each for each, cells in reached if output.cell in cells]
        chosen = _chosen(known, output)
        if chosen is None:
            left.append(output)
        else:
            _take(chosen, output)
    return [*coded, *left]


def _chosen(known: Sequence[Draft], output: Draft) -> Draft | None:
    """The scoring an output shows; the last of several that are no different."""
    fitting = [each for each in known if _may_show(each, output)]
    named = [each for each in fitting if output.model and each.model]
    fitting = named or fitting
    models = {each.model for each in fitting}
    return fitting[-1] if len(models) == 1 else None


def _may_show(code: Draft, output: Draft) -> bool:
    # What the source bounds is the most there may be; what was printed is what there was.
    fewer = code.n is None or output.n is None or output.n <= code.n
    same_task = code.task is None or output.task is None or code.task == output.task
    return fewer and same_task and alike(code.model, output.model)


def _take(code: Draft, output: Draft) -> None:
    code.n = output.n if output.n is not None else code.n
    code.fill(output)
    _add_scores(code, output)


def _cells(coded: Sequence[Draft], graph: SourceGraph) -> list[tuple[Draft, frozenset[int]]]:
    """Cells every scoring's value flows into."""
    marks = {each.node: 1 << place for place, each in enumerate(coded) if each.node is not None}
    reach: list[int] = []
    cells: dict[int, int] = {}
    for node in graph.nodes:
        mark = marks.get(node.id, 0)
        for dep in node.deps:
            mark |= reach[dep] if dep < len(reach) else 0
        reach.append(mark)
        cells[node.cell] = cells.get(node.cell, 0) | mark
    return [
        (each, frozenset(cell for cell, mark in cells.items() if mark >> place & 1))
        for place, each in enumerate(coded)
    ]


def joined(drafts: Iterable[Draft], names: Mapping[str, tuple[str, ...]]) -> list[Draft]:
    """Every evaluation once, in the order first told of.

    Args:
        drafts: Evaluations, those in code first, then those in outputs, then those in text.
        names: What the models of every task are called.
    """
    kept: list[Draft] = []
    for draft in drafts:
        same = next((each for each in kept if _same(each, draft, names)), None)
        if same is None:
            kept.append(draft)
        else:
            same.fill(draft)
            _add_scores(same, draft)
    return kept


def _same(one: Draft, other: Draft, names: Mapping[str, tuple[str, ...]]) -> bool:
    if not one.scores or not other.scores or not one.agrees(other):
        return False
    pairs = list(_pairs(one, other))
    if not pairs or not all(_equal(*pair) for pair in pairs):
        return False
    return _related(one, other, names) or len(pairs) >= CONVINCING


def _related(one: Draft, other: Draft, names: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether both are of one task, or of one model."""
    if one.task is not None and one.task == other.task:
        return True
    if one.model and other.model:
        return alike(one.model, other.model)
    for left, right in ((one, other), (other, one)):
        called = names.get(left.task or "", ())
        if right.model and any(alike(right.model, name) for name in called):
            return True
    return False


def _pairs(one: Draft, other: Draft) -> Iterator[tuple[Figure, Figure]]:
    """The scores both give."""
    known = _last(one)
    for key, figure in _last(other).items():
        found = known.get(key) or (known.get((key[0], None)) if key[1] else _any(known, key[0]))
        if found is not None:
            yield found, figure


def _any(known: Mapping[Reading, Figure], metric: str) -> Figure | None:
    return next((figure for key, figure in known.items() if key[0] == metric), None)


def _last(draft: Draft) -> dict[Reading, Figure]:
    return {_reading(figure): figure for _, figure in draft.scores}


def _reading(figure: Figure) -> Reading:
    return figure.metric or figure.name.lower(), figure.average


def _equal(one: Figure, other: Figure) -> bool:
    """Whether two printed numbers may be of one value, at the precision of the coarser."""
    step = 10.0 ** -min(one.decimals, other.decimals)
    loose = 2 if one.hedged or other.hedged else 1
    return abs(one.value - other.value) <= loose * step * 0.5000001 + 1e-12


def _add_scores(kept: Draft, other: Draft) -> None:
    """Add the scores that were not given before."""
    known = set(_last(kept))
    if kept.scores:
        metrics = {metric for metric, _ in known}
        fresh = [each for each in other.scores if _reading(each[1])[0] not in metrics]
    else:
        fresh = other.scores
    kept.scores = [*kept.scores, *fresh]
