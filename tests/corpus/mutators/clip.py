"""Similarities that are not what they are called."""

import re

from tests.corpus.mutators.api import Mutator, Site, added, differs, reprinted, with_import
from tests.corpus.notebooks import AnchorError, Notebook

FEATURES = frozenset({"classification", "retrieval", "similarity"})
SIMILARITY = frozenset({"similarity"})


def _raw(site: Site) -> Notebook:
    """One side is not divided by its norm."""
    return site.notebook.edited(site["norm"], "")


def _one_candidate(site: Site) -> Notebook:
    found = re.search(r" in (\w+)\]$", site["prompts"])
    if found is None:
        raise AnchorError("prompts are not made in a way known here")
    new = site["prompts"].replace(found[0], f" in {found[1]}[:1]]")
    return site.notebook.edited(site["prompts"], new)


def _over_images(site: Site) -> Notebook:
    """Softmax over the pictures of a batch and not over the classes."""
    if "logits_per_image" not in site["call"]:
        raise AnchorError("this model has no logits of pictures and texts")
    plain = site["call"].replace(".softmax(dim=1)", "")
    new = plain.replace("logits_per_image", "logits_per_image.softmax(dim=0)")
    return site.notebook.edited(site["call"], new)


def _printed_matrix(site: Site) -> Notebook:
    """The matrix itself is printed, last but for what the cell shows as its value."""
    index = _cell_with_score(site)
    lines = site.notebook.cells[index].source.rstrip().split("\n")
    shows_value = "print(" not in lines[-1]
    place = len(lines) - 1 if shows_value else len(lines)
    lines[place:place] = [f"print(np.asarray({site['sim']}).round(3))"]
    changed = site.notebook.with_source(index, "\n".join(lines))
    return with_import(changed, "np", index)


def _cell_with_score(site: Site) -> int:
    for index, cell in enumerate(site.notebook.cells):
        if site.notebook.numbers["similarity.b32"] in cell.printed:
            return index
    raise AnchorError("the score is not printed")


def _other_score(site: Site) -> Notebook:
    """A score that the printed matrix does not give."""
    return reprinted(site.notebook, "similarity.b32", f"{site.number('b32') - 0.0811:.4f}")


MUTATORS = (
    Mutator(
        name="not-divided-by-the-norm",
        plants=("unnormalised-embeddings",),
        also=("range-or-monotonicity-violated",),
        kinds=FEATURES,
        change=_raw,
        stated=lambda site, mutant: site["norm"] not in mutant.code,
    ),
    Mutator(
        name="one-candidate",
        plants=("candidate-set-collapse",),
        also=("majority-class-accuracy", "chance-level-predictions", "predictions-ignore-inputs"),
        change=_one_candidate,
        stated=added("[:1]]"),
        measured=lambda site, numbers: float(numbers[f"{site.task}.accuracy"]) < 0.25,
    ),
    Mutator(
        name="softmax-over-pictures",
        plants=("softmax-axis-or-direction",),
        change=_over_images,
        stated=added("softmax(dim=0)"),
    ),
    Mutator(
        name="score-of-another-matrix",
        plants=("score-contradicts-matrix", "similarity-matrix-mismatch"),
        also=("stale-output", "edited-output", "similarity-matrix-mismatch"),
        kinds=SIMILARITY,
        change=_printed_matrix,
        retouch=_other_score,
        stated=differs,
    ),
)
"""Every mutator of this family."""
