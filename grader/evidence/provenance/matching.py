"""Which candidates are a number, and how likely a coincidence is."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, field

from grader.evidence.provenance.candidates import Candidate
from grader.evidence.rounding import could_be, same_number
from grader.model import METRICS, Figure, metric_of
from grader.patterns import regex

__all__ = [
    "MOST_CHANCE",
    "NEAR",
    "Match",
    "Pool",
    "Reading",
    "class_named",
    "is_named_so",
    "readings",
]

MOST_CHANCE = 0.05
"""Largest chance of a coincidence at which a number counts as explained."""

NEAR = 0.125
"""How far from a number candidates are counted. Scores lie close together, and an invented one
lies where scores lie: it is a draw from its surroundings, not from 0 to 1."""

MOST_LABELS = 300
"""Classes whose names are looked for in those of numbers."""

_WORD = regex(r"\w+")

ORDERLESS = {"bleu": frozenset({"bleu", "bleu4"}), "loss": frozenset({"loss"})}
"""Metrics of a more general name."""


class Reading(Struct, frozen=True, kw_only=True):
    """A number as a candidate may be written: 45.2 can be 0.452."""

    value: float
    decimals: int

    @property
    def is_extreme(self) -> bool:
        """Whether it is 0 or 1, which all kinds of functions give."""
        return any(same_number(end, self) for end in (0.0, 1.0))


def readings(figure: Figure) -> tuple[Reading, ...]:
    """The number as it stands, and in hundredths where it may be a score."""
    plain = Reading(value=figure.value, decimals=figure.decimals)
    metric = metric_of(figure.metric) if figure.metric else None
    whole = figure.kind in ("score", "share") and (metric is None or METRICS[metric].hundredths)
    if not whole or not 1 < abs(figure.value) <= 100:
        return (plain,)
    return plain, Reading(value=figure.value / 100, decimals=figure.decimals + 2)


class Match(Struct, frozen=True, kw_only=True):
    """Candidates that are a number, of those that were tried."""

    found: tuple[Candidate, ...] = ()
    """The likeliest first."""

    tried: int = 0
    """Different values that were tried."""

    chance: float = 0.0
    """Chance that an invented number of this precision near by had been one of them."""


class Pool(Struct):
    """Candidates in the order of their values, asked again and again."""

    candidates: Sequence[Candidate]
    labels: tuple[str, ...] = ()
    """Classes that values are of."""
    _parts: dict[object, "_Part"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = dict.fromkeys(name for each in self.candidates for name in each.labels)
        self.labels = tuple(names)[:MOST_LABELS]

    def match(
        self, key: object, wanted: Callable[[Candidate], bool], asked: Sequence[Reading]
    ) -> Match:
        """Candidates of one part that are a number.

        With q different values within a distance of ``NEAR``, as printed with d decimals, an
        invented number of that precision is one of them with the chance 1 - (1 - p)^q, where
        p = 10^-d / (2 ``NEAR``). For values spread evenly from 0 to 1 this is 1 - (1 - 10^-d)^Q
        with all their number Q: 100 candidates explain 63 % of two-decimal numbers and 1 % of
        four-decimal ones.

        Args:
            key: Name of the part; the same for the same choice.
            wanted: The choice.
            asked: How the number may be read.
        """
        part = self._part(key, wanted)
        found = [each for reading in asked for each in part.equal(reading)]
        misses = 1.0
        for reading in asked:
            share = min(1.0, 10.0**-reading.decimals / (2 * NEAR))
            misses *= (1.0 - share) ** part.near(reading)
        return Match(found=tuple(found), tried=part.different, chance=1.0 - misses)

    def possible(
        self, key: object, wanted: Callable[[Candidate], bool], asked: Sequence[Reading]
    ) -> bool:
        """Whether a candidate of one part is the number, rounded or cut off."""
        part = self._part(key, wanted)
        return any(could_be(each.value, one) for one in asked for each in part.around(one))

    def part(self, key: object, wanted: Callable[[Candidate], bool]) -> Sequence[Candidate]:
        """The candidates of one part, by their values."""
        return self._part(key, wanted).candidates

    def _part(self, key: object, wanted: Callable[[Candidate], bool]) -> "_Part":
        if key not in self._parts:
            self._parts[key] = _Part(filter(wanted, self.candidates))
        return self._parts[key]


class _Part:
    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.candidates = sorted(candidates, key=lambda each: each.value)
        self._values = [each.value for each in self.candidates]
        self.different = len({round(value, 6) for value in self._values})
        self._near: dict[Reading, int] = {}

    def around(self, reading: Reading) -> Sequence[Candidate]:
        """Candidates that may be the number, whatever rounding does."""
        reach = 1.01 * 10.0**-reading.decimals + 1e-6
        first = bisect_left(self._values, reading.value - reach)
        return self.candidates[first : bisect_right(self._values, reading.value + reach)]

    def equal(self, reading: Reading) -> list[Candidate]:
        """Candidates that are the number, rounded."""
        return [each for each in self.around(reading) if same_number(each.value, reading)]

    def near(self, reading: Reading) -> int:
        """Different numbers of this precision near by that candidates are."""
        if reading not in self._near:
            first = bisect_left(self._values, reading.value - NEAR)
            last = bisect_right(self._values, reading.value + NEAR)
            decimals = min(reading.decimals, 6)
            cells = {round(value, decimals) for value in self._values[first:last]}
            self._near[reading] = len(cells)
        return self._near[reading]


def is_named_so(candidate: Candidate, figure: Figure, label: str | None = None) -> bool:
    """Whether a candidate is what a figure is called: metric, class, and averaging if named.

    Args:
        candidate: The candidate.
        figure: The figure.
        label: The class whose score it is, as ``class_named`` finds it.
    """
    of_class = label in candidate.labels if label is not None else not candidate.labels
    if candidate.metric is None or not of_class:
        return False
    told = figure.average in (None, candidate.average) or candidate.average in (None, "class")
    return told and _is_metric(candidate.metric, figure)


def class_named(figure: Figure, labels: Iterable[str]) -> str | None:
    """The class a figure is of: a name anywhere in its own, a number at its beginning.

    Args:
        figure: The figure, such as ``bird precision`` or ``class 3 recall``.
        labels: Classes there are.
    """
    name = " ".join(_WORD.findall(figure.name.casefold()))
    found = [
        label
        for label in labels
        if (said := " ".join(_WORD.findall(label.casefold())))
        and (
            f"{name} ".startswith((f"{said} ", f"class {said} "))
            or (not said.isdecimal() and f" {said} " in f" {name} ")
        )
    ]
    return max(found, key=lambda each: (len(each), each), default=None)


def _is_metric(metric: str, figure: Figure) -> bool:
    named = figure.metric or ("loss" if figure.kind == "loss" else None)
    if named is None:
        return False
    directed = named.startswith("recall_at_") and metric.endswith(f"_{named}")
    return metric == named or metric in ORDERLESS.get(named, ()) or directed
