"""What was said of notebooks with known flaws, counted by detector."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from grader.cli.rates.labelled import Labelled
from grader.model import SEVERITIES, Confidence, Detection, Finding, Severity

__all__ = ["Counts", "Rates", "Verdict", "counted", "verdict"]

GRAVE: tuple[Severity, ...] = ("invalid", "major")


class Verdict(BaseModel):
    """What the detectors said of one notebook, hints left out."""

    model_config = ConfigDict(frozen=True)

    notebook: Labelled
    """The notebook."""

    roots: tuple[str, ...]
    """Detectors whose findings stand for themselves, one name a finding."""

    folded: tuple[str, ...]
    """Detectors whose findings were folded under those."""

    grave: tuple[str, ...]
    """Detectors among ``roots`` that called something invalid or major."""

    @property
    def named(self) -> frozenset[str]:
        """Every detector that spoke."""
        return frozenset((*self.roots, *self.folded))

    @property
    def found(self) -> bool:
        """Whether one of the detectors that name the flaw rightly spoke."""
        return bool(self.named & set(self.notebook.plants))


class Counts(BaseModel):
    """One detector."""

    model_config = ConfigDict(frozen=True)

    planted: int = 0
    """Notebooks with a flaw that it names."""

    found: int = 0
    """Those among them of which it, or another that names the same flaw, spoke."""

    own: int = 0
    """Those of which it spoke itself."""

    false: int = 0
    """Notebooks without a flaw of its kind of which it spoke, honest ones included."""

    missed: tuple[str, ...] = ()
    """Ids of the notebooks nobody named the flaw of."""

    wrong: tuple[str, ...] = ()
    """Ids of the notebooks it spoke of without cause."""


class Rates(BaseModel):
    """All detectors, on all notebooks, in one way of looking."""

    model_config = ConfigDict(frozen=True)

    honest: int
    """Honest notebooks."""

    mutants: int
    """Notebooks with a planted flaw."""

    accused: tuple[str, ...]
    """Honest notebooks of which something invalid or major was said."""

    single: int
    """Mutants with exactly one finding, of those in which the flaw was found."""

    found: int
    """Mutants in which the flaw was found."""

    detectors: dict[str, Counts]
    """By name."""


def verdict(notebook: Labelled, detection: Detection) -> Verdict:
    """What was said of a notebook."""
    roots = [one for one in detection.findings if one.confidence != Confidence.HINT]
    folded = [one for one in detection.folded if one.confidence != Confidence.HINT]
    return Verdict(
        notebook=notebook,
        roots=tuple(one.name for one in roots),
        folded=tuple(one.name for one in folded),
        grave=tuple(one.name for one in roots if _is_grave(one)),
    )


def _is_grave(one: Finding) -> bool:
    return SEVERITIES.index(one.severity) < len(GRAVE)


def counted(verdicts: Sequence[Verdict], names: Iterable[str]) -> Rates:
    """The rates of the named detectors."""
    honest = [each for each in verdicts if not each.notebook.plants]
    mutants = [each for each in verdicts if each.notebook.plants]
    found = [each for each in mutants if each.found]
    return Rates(
        honest=len(honest),
        mutants=len(mutants),
        accused=tuple(each.notebook.id for each in honest if each.grave),
        found=len(found),
        single=sum(len(each.roots) == 1 for each in found),
        detectors={name: _counts(name, verdicts) for name in sorted(names)},
    )


def _counts(name: str, verdicts: Sequence[Verdict]) -> Counts:
    planted = [each for each in verdicts if name in each.notebook.plants]
    others = [each for each in verdicts if name not in (*each.notebook.plants, *each.notebook.also)]
    # What is folded under the flaw itself is said of it, not beside it.
    wrong = [each.notebook.id for each in others if name in each.roots]
    return Counts(
        planted=len(planted),
        found=sum(each.found for each in planted),
        own=sum(name in each.named for each in planted),
        false=len(wrong),
        missed=tuple(each.notebook.id for each in planted if not each.found),
        wrong=tuple(wrong),
    )
