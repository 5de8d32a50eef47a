"""Shares of queries or items whose right answer is among the first K, as outputs give them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from msgspec import Struct

from grader.metrics.consistency.shown import shown
from grader.model import Case, Figure
from grader.patterns import regex

RANKED = regex(r"(?P<family>(?:[a-z_]{1,24}_)?recall_at|top)_?(?P<k>\d{1,4})(?:_accuracy)?$")
"""Names of metrics with a K."""

FIRST = regex(r"\btop[\s_-]{0,2}1\b", re.I)
"""Accuracy that is called one among the first K."""

NO_SHARE = regex(
    r"\b(?:errors?|change\w*|delta|diff\w*|gap|gain\w*|improv\w*|loss|baseline|dummy|chance|train\w*)\b",
    re.I,
)
"""Words beside numbers that run the other way, or are of something else."""

Key = tuple[str, int, int | None, str | None, str | None, str | None, int | None, str]


class Misordered(Struct, frozen=True, kw_only=True):
    """A share among the first K that is above one among more."""

    above: Figure
    """The larger share, of the smaller K."""

    below: Figure
    """The smaller share, of the larger K."""

    fewer: int
    """The smaller K."""

    more: int
    """The larger K."""

    @property
    def named(self) -> bool:
        """Whether both are called shares among the first K, so that they belong together."""
        return self.above.metric != "accuracy" or FIRST.search(self.above.name) is not None


def misordered(case: Case) -> Iterator[Misordered]:
    """Pairs of shares in one output that break "the more are looked at, the more are found".

    Where an output gives several of one K, as for both directions of a search, both lists in
    order of size are compared: whichever belong together, one of them is broken.
    """
    for by_rank in _groups(case).values():
        for fewer, more in combinations(sorted(by_rank), 2):
            one, other = (sorted(by_rank[k], key=lambda f: f.value) for k in (fewer, more))
            if len(one) != len(other):
                continue
            for above, below in zip(one, other, strict=True):
                if _is_above(above, below):
                    yield Misordered(above=above, below=below, fewer=fewer, more=more)


def _groups(case: Case) -> dict[Key, dict[int, list[Figure]]]:
    found: dict[Key, dict[int, list[Figure]]] = defaultdict(lambda: defaultdict(list))
    for each in case.evidence.figures:
        ranked = _rank(each)
        loose = each.hedged or each.target or each.cited or NO_SHARE.search(each.name)
        if ranked is not None and not loose and each.place.source != "text":
            place, (family, k) = each.place, ranked
            key = (
                place.source, place.cell, place.output, each.model, each.dataset, each.split,
                each.n, family,
            )  # fmt: skip
            found[key][k].append(each)
    return found


def _rank(figure: Figure) -> tuple[str, int] | None:
    """The family of a share and its K; plain accuracy is that of the first answer."""
    if figure.metric == "accuracy":
        return "top", 1
    found = RANKED.match(figure.metric or "")
    return (found["family"], int(found["k"])) if found else None


def _is_above(one: Figure, other: Figure) -> bool:
    """Whether a number is the larger, with the rounding of both granted.

    A fraction beside a percentage without its sign cannot be compared.
    """
    low = shown(one.value, one.decimals).low
    high = shown(other.value, other.decimals).high
    return (one.value <= 1) == (other.value <= 1) and low > high
