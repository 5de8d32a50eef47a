"""Every way in which the corpus plants a flaw, one file per family."""

from tests.corpus.mutators import (
    blip,
    clip,
    data,
    labels,
    metrics,
    predictions,
    printed,
    samples,
    tampering,
    written,
)
from tests.corpus.mutators.api import Mutator, Site

__all__ = ["MUTATORS", "Mutator", "Site"]

FAMILIES = (samples, labels, predictions, metrics, printed, data, clip, blip, written, tampering)
MUTATORS: tuple[Mutator, ...] = tuple(each for family in FAMILIES for each in family.MUTATORS)
"""All mutators, in the order of the families."""
