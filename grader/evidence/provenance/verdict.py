"""What is known of one number."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from grader.evidence.provenance.candidates import Candidate
from grader.evidence.provenance.captures import Captures
from grader.evidence.provenance.matching import (
    MOST_CHANCE,
    Match,
    Pool,
    Reading,
    class_named,
    is_named_so,
    readings,
)
from grader.evidence.provenance.printed import (
    Outputs,
    cells,
    is_same,
    printed_explanation,
)
from grader.model import Evaluation, Explanation, Figure, Provenance, metric_of

__all__ = ["Judge"]

FEWEST_DIGITS = 3
"""Fewest significant digits of a number that something not of its name can explain."""

MOST_EXPLANATIONS = 5

ANOTHER_RUN = 0.05
"""How far a score of the student's own run may lie from one of ours: other hardware, libraries
and seeds. Such a difference contradicts no saved output; nor a text, where a model is trained and
no saved output shows what the student's run gave."""


class _Tier(Struct, frozen=True, kw_only=True):
    """A choice of candidates, and whether it is of the figure's own name."""

    key: object
    wanted: Callable[[Candidate], bool]
    named: bool


class Judge(Struct, frozen=True, kw_only=True):
    """Everything numbers are compared with."""

    pool: Pool
    captures: Captures
    outputs: Outputs
    evaluations: Sequence[Evaluation]

    def judge(self, index: int, figure: Figure) -> Provenance:
        """What is known of one figure.

        Args:
            index: Its index in the evidence.
            figure: The figure.
        """
        explained = self._explained(index, figure)
        if explained is not None:
            return explained
        everything = self._matches(figure)
        base = Provenance(
            figure=index,
            verdict="undecidable",
            reason="",
            explanations=_explanations(everything.found),
            candidates=everything.tried,
            chance=everything.chance,
        )
        steps = (self._repeated, self._not_a_result, self._contradicted, self._differs)
        for step in steps:
            found = step(base, figure)
            if found is not None:
                return found
        return self._silent(base, figure)

    def _explained(self, index: int, figure: Figure) -> Provenance | None:
        if figure.place.source == "text" and figure.digits < FEWEST_DIGITS:
            # Two decimals in a text fit too much; they can only be contradicted.
            return None
        asked = readings(figure)
        extreme = _is_extreme(asked)
        for tier in self._tiers(figure):
            if not tier.named and (extreme or figure.digits < FEWEST_DIGITS):
                continue
            match = self.pool.match(tier.key, tier.wanted, asked)
            if match.found and match.chance <= MOST_CHANCE:
                return Provenance(
                    figure=index,
                    verdict="explained",
                    reason=_sentence(_likeliest(match.found)[0], figure),
                    explanations=_explanations(match.found),
                    candidates=match.tried,
                    chance=match.chance,
                )
        return None

    def _tiers(self, figure: Figure) -> Iterator[_Tier]:
        """Ever larger choices: its metric nearest by, its metric, anything known, anything."""
        bound = None if figure.place.source == "text" else figure.place.cell
        label = self._class(figure)
        name = (figure.metric, figure.average, figure.kind, label)

        def there(each: Candidate) -> bool:
            return figure.kind in each.kinds and each.source.was_there(bound)

        def called(each: Candidate) -> bool:
            return there(each) and is_named_so(each, figure, label)

        def named(each: Candidate) -> bool:
            return each.source.known and called(each)

        nearest = self._nearest(figure, ("named", bound, *name), named)
        yield _Tier(
            key=("nearest", bound, figure.task, *name),
            wanted=lambda each: named(each) and nearest(each),
            named=True,
        )
        yield _Tier(key=("named", bound, *name), wanted=named, named=True)
        yield _Tier(key=("called", bound, *name), wanted=called, named=False)
        yield _Tier(
            key=("known", bound, figure.kind),
            wanted=lambda each: there(each) and each.source.known,
            named=False,
        )
        yield _Tier(key=("all", bound, figure.kind), wanted=there, named=False)

    def _nearest(
        self, figure: Figure, key: object, named: Callable[[Candidate], bool]
    ) -> Callable[[Candidate], bool]:
        """Of the figure's task, in a text; of the last cell that gives its metric, in an output."""
        if figure.place.source == "text":
            return lambda each: each.source.task is not None and each.source.task == figure.task
        before = [_cell(each, figure) for each in self.pool.part(key, named)]
        last = max(before, default=-1)
        return lambda each: _cell(each, figure) == last

    def _matches(self, figure: Figure) -> Match:
        """Everything that is the number; of 0 and 1, which much is, only what is named so."""
        asked = readings(figure)
        tiers = [each for each in self._tiers(figure) if each.named or not _is_extreme(asked)]
        return self.pool.match(tiers[-1].key, tiers[-1].wanted, asked)

    def _repeated(self, base: Provenance, figure: Figure) -> Provenance | None:
        """A number of a text that an output shows is as good as that output."""
        shown = self.outputs.repeated(figure) if figure.place.source == "text" else None
        if shown is None:
            return None
        if shown.place.source == "rerun" and figure.digits >= FEWEST_DIGITS:
            there = self._explained(base.figure, shown)
            if there is not None:
                return there
            if self.captures.missing(shown) is None:
                reason = f"Stands in the output of cell {shown.place.cell}, but {_none(base)}."
                return base.model_copy(update={"verdict": "unexplained", "reason": reason})
        why = "not recomputed, because the notebook was not run"
        if self.captures.are_there:
            ours = shown.place.source == "rerun"
            why = "not recomputed" if ours else "our run does not print it"
        return base.model_copy(
            update={
                "reason": f"Stands in the output of cell {shown.place.cell}; {why}.",
                "explanations": (printed_explanation(shown), *base.explanations)[:5],
            }
        )

    def _not_a_result(self, base: Provenance, figure: Figure) -> Provenance | None:
        said = {
            "an aim or a made-up case, not a result": figure.target,
            "somebody else's or an earlier result": figure.cited,
            "an inexact number": figure.hedged,
        }
        for what, holds in said.items():
            if holds:
                return base.model_copy(update={"reason": f"The text says that it is {what}."})
        return None

    def _contradicted(self, base: Provenance, figure: Figure) -> Provenance | None:
        """Whether its own evaluation gives another value, whatever averaging or convention."""
        own = self._own(figure)
        if not own or not self.captures.are_there or self._fits_something(figure):
            return None
        every = [each.explanation() for each in own]
        known = every[:MOST_EXPLANATIONS]
        if self._may_be_another_run(figure, every):
            return base.model_copy(
                update={
                    "contradictions": tuple(known),
                    "reason": "Our run gives another value near it, "
                    "as other hardware, libraries or seeds may.",
                }
            )
        first = own[0]
        return base.model_copy(
            update={
                "verdict": "contradicted",
                "contradictions": tuple(known),
                "reason": f"{_stated(figure)}, but {_given(first, figure.decimals)}.",
            }
        )

    def _fits_something(self, figure: Figure) -> bool:
        """Whether some value of its metric, of whatever was captured, is the number."""
        label = self._class(figure)
        return self.pool.possible(
            ("possible", figure.metric, figure.average, figure.kind, label),
            lambda each: is_named_so(each, figure, label) and figure.kind in each.kinds,
            readings(figure),
        )

    def _class(self, figure: Figure) -> str | None:
        """The class whose score it is."""
        return class_named(figure, self.pool.labels)

    def _own(self, figure: Figure) -> list[Candidate]:
        """Values of its metric by the evaluations it must be of; none where that is not sure."""
        if figure.metric is None:
            return []
        label = self._class(figure)
        its = [
            each
            for each in self.evaluations
            if self._is_of(each, figure) and any(_is(name, figure) for name in each.scores)
        ]
        cells_of = {(each.task, each.cell) for each in its}
        found = [
            each
            for each in self.pool.candidates
            if each.source.known
            and (each.source.task, each.source.cell) in cells_of
            and is_named_so(each, figure, label)
        ]
        return _likeliest(found)

    def _is_of(self, evaluation: Evaluation, figure: Figure) -> bool:
        if evaluation.task is None:
            return False
        if figure.place.source != "text":
            return self._is_alone(evaluation, figure)
        return (
            evaluation.task == figure.task
            and figure.split in (None, evaluation.split)
            and _alike(figure.dataset, evaluation.dataset)
        )

    def _is_alone(self, evaluation: Evaluation, figure: Figure) -> bool:
        """Whether an output's cell scores once, shows its metric once, and trains nothing."""
        here = [each for each in self.evaluations if each.cell == figure.place.cell]
        shown = self.outputs.of_cell(figure)
        recording = self.captures.recording
        trains = recording is not None and any(
            each.cell == figure.place.cell and each.method == "train"
            for each in recording.trainer_calls
        )
        return here == [evaluation] and len(shown) == 1 and not trains

    def _may_be_another_run(self, figure: Figure, known: Sequence[Explanation]) -> bool:
        near = any(
            abs(each.value - one.value) <= ANOTHER_RUN for each in known for one in readings(figure)
        )
        saved = figure.place.source == "saved"
        text = figure.place.source == "text" and not self.outputs.saved_any(figure)
        return near and (saved or (text and self.captures.trains))

    def _differs(self, base: Provenance, figure: Figure) -> Provenance | None:
        """Whether the submission's own outputs, or our run's in the same place, say otherwise."""
        if figure.place.source == "text":
            others = self.outputs.of_same(figure)
        elif figure.place.source == "saved" and not self.captures.trains:
            others = self.outputs.rerun_of(figure)
            if any(abs(each.value - figure.value) <= ANOTHER_RUN for each in others):
                return None
        else:
            return None
        if not others or any(is_same(each, figure) for each in others):
            return None
        where = "our run prints" if others[0].place.source == "rerun" else "the outputs show"
        return base.model_copy(
            update={
                "verdict": "contradicted",
                "contradictions": tuple(map(printed_explanation, others[:MOST_EXPLANATIONS])),
                "reason": f"{_stated(figure)}, but {where} {cells(others)}.",
            }
        )

    def _silent(self, base: Provenance, figure: Figure) -> Provenance:
        if figure.digits < FEWEST_DIGITS:
            return base.model_copy(update={"reason": "Too few digits to tell where it comes from."})
        missing = self.captures.missing(figure)
        if missing is not None:
            return base.model_copy(update={"reason": f"Not known: {missing}."})
        if base.explanations:
            percent = f"{base.chance:.0%}"
            return base.model_copy(
                update={
                    "reason": f"Something gives it, but so it would {percent} of invented numbers "
                    "of this precision."
                }
            )
        return base.model_copy(
            update={
                "verdict": "unexplained",
                "reason": f"{_none(base).capitalize()}.",
            }
        )


def _is_extreme(asked: Sequence[Reading]) -> bool:
    return any(each.is_extreme for each in asked)


def _none(base: Provenance) -> str:
    return f"none of {base.candidates} values computed of what was captured is it"


def _is(name: str, figure: Figure) -> bool:
    """Whether a name in ``Evaluation.scores`` is of the figure's metric."""
    plain = name.partition("@")[0]
    return figure.metric in (metric_of(name), plain, plain.rpartition("_")[0])


def _cell(candidate: Candidate, figure: Figure) -> int:
    """Cell in which a value's arrays were scored, at the latest that of the figure."""
    source = candidate.source
    return -1 if source.cell is None else min(source.cell, figure.place.cell)


def _alike(said: str | None, known: str | None) -> bool:
    """Whether two names can be of one dataset: ``CIFAR-10`` and ``uoft-cs/cifar10``."""
    if said is None or known is None:
        return True
    one, other = ("".join(filter(str.isalnum, each.casefold())) for each in (said, known))
    return one in other or other in one


def _likeliest(found: Sequence[Candidate]) -> list[Candidate]:
    return sorted(
        found,
        key=lambda each: (
            not each.source.known,
            each.metric is None,
            each.average == "class",
            -(each.source.n or 0),
            each.function,
        ),
    )


def _explanations(found: Sequence[Candidate]) -> tuple[Explanation, ...]:
    """The likeliest, each function of the same arrays once."""
    kept: dict[tuple[object, ...], Explanation] = {}
    for each in _likeliest(found):
        kept.setdefault((each.function, each.source.arrays or each.source.of), each.explanation())
    return tuple(kept.values())[:MOST_EXPLANATIONS]


def _given(candidate: Candidate, decimals: int) -> str:
    of = " and ".join(candidate.source.of)
    ends = {each.partition(" of ")[2] for each in candidate.source.of}
    if of.startswith("labels of ") and len(ends) == 1:
        of = f"labels and predictions of {ends.pop()}"
    items = f" (n = {candidate.source.n})" if candidate.source.n else ""
    shown = f"{candidate.value:.{min(max(4, decimals), 8)}f}"
    behind = "" if candidate.function.endswith(f" of {of}") else f" of {of}"
    return f"{candidate.function}{behind}{items} is {shown}"


def _sentence(candidate: Candidate, figure: Figure) -> str:
    said = _given(candidate, figure.decimals)
    return f"{said[0].upper()}{said[1:]}."


def _stated(figure: Figure) -> str:
    where = "The text says" if figure.place.source == "text" else "The output shows"
    return f"{where} {figure.printed.strip()}"
