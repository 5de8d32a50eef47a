"""Too few items, the same items again, items chosen by their result."""

import re

from tests.corpus.mutators.api import (
    Change,
    Measured,
    Mutator,
    Site,
    added,
    before_scoring,
    differs,
    needs_free_length,
    spelled_out,
)
from tests.corpus.notebooks import AnchorError, Notebook, Numbers

ITEMS = frozenset({"classification", "vqa"})
FEW, GALLERY, UNIQUE, TIMES = 12, 5, 40, 4


def _first(count: int) -> Change:
    """Keep the first items of the data."""

    def change(site: Site) -> Notebook:
        template = str(site.anchors.get("cut", "{data}.select(range({m}))"))
        new = template.replace("{data}", site["data"]).replace("{m}", str(count))
        return site.notebook.edited(site["data"], new)

    return change


def _n_is(count: int) -> Measured:
    """So many items are printed as scored."""
    return lambda site, numbers: numbers.get(f"{site.task}.n") == str(count)


def _repeat(site: Site) -> Notebook:
    default = "{data}.select(list(range(%d)) * %d)" % (UNIQUE, TIMES)  # noqa: UP031
    template = str(site.anchors.get("repeat", default))
    return site.notebook.edited(site["data"], template.replace("{data}", site["data"]))


def _without_a_class(site: Site) -> Notebook:
    column = {"clip": "label", "vit": "labels", "food101": "label"}[site.task]
    data, last = site["data"], site.classes - 1
    if data.startswith(("prepare", "Subset")) or site.task == "food101":
        raise AnchorError(f"{site.notebook.name}: the classes of {data} cannot be chosen")
    kept = f'{data}.filter(lambda row: row["{column}"] < {last})'
    return site.notebook.edited(data, kept)


def _right_ones(site: Site) -> Notebook:
    needs_free_length(site)
    keep = "keep = [i for i, (t, p) in enumerate(zip(T, P)) if t == p or i % 3 == 0]"
    lines = [spelled_out(site, keep)]
    for name in (site["truth"], site["pred"]):
        lines.append(f"{name} = np.array([{name}[i] for i in keep])")
    return before_scoring(site, *lines)


def _more_right(site: Site, numbers: Numbers) -> bool:
    fewer = int(numbers[f"{site.task}.n"]) < site.number("n")
    return fewer and float(numbers[f"{site.task}.accuracy"]) > site.number("accuracy")


def _tenfold(site: Site) -> Notebook:
    hole = "{{" + f"{site.task}.n" + "}}"
    for index, cell in enumerate(site.notebook.cells):
        if cell.kind == "markdown" and hole in cell.source:
            claimed = str(int(site.number("n")) * 10)
            return site.notebook.with_source(index, cell.source.replace(hole, claimed))
    raise AnchorError(f"{site.notebook.name}: no text says how many items {site.task} has")


def _claims_tenfold(site: Site, mutant: Notebook) -> bool:
    claimed = int(site.number("n")) * 10
    return bool(re.search(rf"\b{claimed}\b", mutant.text)) and mutant.code == site.notebook.code


MUTATORS = (
    Mutator(
        name="one-item",
        plants=("single-sample-eval",),
        also=("tiny-eval-sample",),
        kinds=ITEMS,
        change=_first(1),
        stated=differs,
        measured=_n_is(1),
    ),
    Mutator(
        name="twelve-items",
        plants=("tiny-eval-sample",),
        also=("class-coverage-gap", "degenerate-labels"),
        kinds=ITEMS,
        change=_first(FEW),
        stated=differs,
        measured=_n_is(FEW),
    ),
    Mutator(
        name="gallery-of-five",
        plants=("trivial-retrieval", "tiny-eval-sample"),
        also=("tiny-eval-sample", "trivial-retrieval"),
        kinds=frozenset({"retrieval"}),
        change=_first(GALLERY),
        stated=differs,
        measured=_n_is(GALLERY),
    ),
    Mutator(
        name="same-items-again",
        plants=("duplicated-eval-items",),
        also=("tiny-eval-sample", "class-coverage-gap", "degenerate-labels"),
        kinds=ITEMS,
        change=_repeat,
        stated=added(f" * {TIMES}"),
        measured=_n_is(UNIQUE * TIMES),
    ),
    Mutator(
        name="class-left-out",
        plants=("class-coverage-gap",),
        also=("tiny-eval-sample",),
        change=_without_a_class,
        stated=added(".filter(lambda row:"),
        measured=lambda site, numbers: int(numbers[f"{site.task}.n"]) < site.number("n"),
    ),
    Mutator(
        name="wrong-ones-left-out",
        plants=("cherry-picked-subset",),
        also=("predictions-depend-on-labels", "label-derived-predictions"),
        change=_right_ones,
        stated=added("if t == p or"),
        measured=_more_right,
    ),
    Mutator(
        name="ten-times-as-many-claimed",
        plants=("claimed-n-mismatch",),
        also=("prose-number-mismatch",),
        kinds=frozenset({"classification", "vqa", "retrieval", "captioning"}),
        change=_tenfold,
        stated=_claims_tenfold,
        source=False,
        most=10,
    ),
)
"""Every mutator of this family."""
