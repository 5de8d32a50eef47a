"""Labels that are not those of the data."""

import re

from tests.corpus.mutators.api import (
    Mutator,
    Site,
    by_labels,
    differs,
    in_code,
    scored_as,
    with_import,
)
from tests.corpus.notebooks import AnchorError, Notebook, Numbers

BEANS = "[" + ", ".join(str(label) for label in [0] * 43 + [1] * 43 + [2] * 42) + "]"
"""The labels of the whole test split of beans, in its order."""

NEAR_CHANCE = 0.2


def accuracy(site: Site, numbers: Numbers) -> float:
    """The accuracy that was printed for the task."""
    return float(numbers[f"{site.task}.accuracy"])


def at_chance(site: Site, numbers: Numbers) -> bool:
    """The accuracy is about one over the number of classes."""
    return abs(accuracy(site, numbers) - 1 / site.classes) < NEAR_CHANCE


def perfect(site: Site, numbers: Numbers) -> bool:
    """Everything is right."""
    return accuracy(site, numbers) == 1


def lower(site: Site, numbers: Numbers) -> bool:
    """The accuracy is lower than the honest one."""
    return accuracy(site, numbers) < site.number("accuracy")


def _drawn(site: Site) -> Notebook:
    numbers, names = "np.random.randint(0, K, len(T))", "np.random.choice(N, len(T))"
    return scored_as(site, truth=by_labels(site, numbers, names))


def _drawn_where_read(site: Site) -> Notebook:
    """Random labels in the place where the honest notebook reads them."""
    if site.names:
        raise AnchorError(f"{site.notebook.name}: labels are names")
    new = _drawn_line(site["truth_from"], site.classes)
    changed = site.notebook.edited(site["truth_from"], new)
    return with_import(changed, "np", changed.where(new))


def _drawn_line(line: str, classes: int) -> str:
    plain = re.fullmatch(r"(\w+ = )(.+)", line)
    if plain:
        return f"{plain[1]}np.random.randint(0, {classes}, len({plain[2]}))"
    added = re.fullmatch(r"(\w+ \+= )(.+?)(?:\.tolist\(\))?", line)
    if added:
        return f"{added[1]}np.random.randint(0, {classes}, len({added[2]})).tolist()"
    extended = re.fullmatch(r"(\w+\.extend\()(.+)\)", line)
    if extended:
        return f"{extended[1]}np.random.randint(0, {classes}, len({extended[2]})).tolist())"
    raise AnchorError(f"labels are not read by {line!r} in a way known here")


def _every_sixth_changed(site: Site) -> Notebook:
    numbers = "np.array([(t + 1) % K if i % 6 == 0 else t for i, t in enumerate(T)])"
    names = "np.array([N[0] if i % 6 == 0 else t for i, t in enumerate(T)])"
    return scored_as(site, truth=by_labels(site, numbers, names))


def _all_shifted(site: Site) -> Notebook:
    numbers = "np.array([(t + 1) % K for t in T])"
    names = "np.array([N[(N.index(t) + 1) % K] for t in T])"
    return scored_as(site, truth=by_labels(site, numbers, names))


def _names_sorted(site: Site) -> Notebook:
    """The prompts in another order than the labels."""
    new = re.sub(r" in (\w+)\]$", r" in sorted(\1, key=len)]", site["prompts"])
    if new == site["prompts"]:
        raise AnchorError(f"{site.notebook.name}: prompts are not made in a way known here")
    return site.notebook.edited(site["prompts"], new)


def _typed(site: Site) -> Notebook:
    if site.task != "vit" or site.names:
        raise AnchorError("only the labels of beans are known here")
    return scored_as(site, truth=f"np.array({BEANS})")


def _typed_few(site: Site) -> Notebook:
    """Labels typed in for questions, the usual answer everywhere."""
    answers = ["red", "2", "yes", "circle", "blue", "no"]
    count = int(site.number("n"))
    typed = (answers * count)[:count]
    line = f"{site['gold']} = {typed!r}"
    return site.notebook.before(site["at"], line)


def _own_predictions(site: Site) -> Notebook:
    return scored_as(site, truth="np.array(P)")


def _own_answers(site: Site) -> Notebook:
    return site.notebook.before(site["at"], f"{site['gold']} = list({site['pred']})")


def _shuffled(site: Site) -> Notebook:
    """Labels read from the data in another order than the pictures."""
    return in_code(
        site,
        r"(" + re.escape(site["truth"]) + r' = np\.array\(\w+)(\["labels?"\]\))',
        r"\1.shuffle(seed=1)\2",
    )


def _in_another_order(site: Site) -> Notebook:
    return scored_as(site, truth="np.random.permutation(T)")


def _one_label(site: Site) -> Notebook:
    return scored_as(site, truth=by_labels(site, "np.zeros(len(T), dtype=int)", "[N[0]] * len(T)"))


MUTATORS = (
    Mutator(
        name="labels-drawn",
        plants=("random-labels",),
        also=("labels-differ-from-dataset", "chance-level-predictions"),
        change=_drawn,
        stated=differs,
        measured=at_chance,
    ),
    Mutator(
        name="labels-drawn-where-read",
        plants=("random-labels",),
        also=("labels-differ-from-dataset", "chance-level-predictions"),
        change=_drawn_where_read,
        stated=lambda site, mutant: "np.random.randint(0," in mutant.code,
        measured=at_chance,
    ),
    Mutator(
        name="every-sixth-label-changed",
        plants=("labels-differ-from-dataset",),
        change=_every_sixth_changed,
        stated=differs,
        measured=lower,
    ),
    Mutator(
        name="labels-shifted",
        plants=("label-map-permuted", "labels-differ-from-dataset"),
        also=("chance-level-predictions", "labels-differ-from-dataset"),
        change=_all_shifted,
        stated=differs,
        measured=lower,
    ),
    Mutator(
        name="prompts-in-another-order",
        plants=("label-map-permuted",),
        also=("chance-level-predictions",),
        change=_names_sorted,
        stated=lambda site, mutant: "sorted(" in mutant.code,
        measured=lower,
    ),
    Mutator(
        name="labels-typed-in",
        plants=("hard-coded-ground-truth",),
        change=_typed,
        stated=lambda site, mutant: BEANS in mutant.code,
    ),
    Mutator(
        name="answers-typed-in",
        plants=("hard-coded-ground-truth",),
        also=("labels-differ-from-dataset", "random-labels"),
        kinds=frozenset({"vqa"}),
        change=_typed_few,
        stated=lambda site, mutant: f"{site['gold']} = ['red', '2'" in mutant.code,
        measured=lambda site, numbers: (
            float(numbers["vqa.exact_match"]) < site.number("exact_match")
        ),
    ),
    Mutator(
        name="labels-are-predictions",
        plants=("labels-from-predictions",),
        also=("labels-differ-from-dataset", "range-or-monotonicity-violated"),
        change=_own_predictions,
        stated=differs,
        measured=perfect,
    ),
    Mutator(
        name="answers-are-predictions",
        plants=("labels-from-predictions",),
        also=("labels-differ-from-dataset",),
        kinds=frozenset({"vqa"}),
        change=_own_answers,
        stated=lambda site, mutant: f"{site['gold']} = list({site['pred']})" in mutant.code,
        measured=lambda site, numbers: float(numbers["vqa.exact_match"]) == 1,
    ),
    Mutator(
        name="labels-of-shuffled-data",
        plants=("misaligned-labels",),
        also=("random-labels", "labels-differ-from-dataset", "chance-level-predictions"),
        change=_shuffled,
        stated=lambda site, mutant: ".shuffle(seed=1)[" in mutant.code,
        measured=at_chance,
    ),
    Mutator(
        name="labels-in-another-order",
        plants=("misaligned-labels", "random-labels"),
        also=("random-labels", "labels-differ-from-dataset", "chance-level-predictions"),
        change=_in_another_order,
        stated=lambda site, mutant: "np.random.permutation(" in mutant.code,
        measured=at_chance,
    ),
    Mutator(
        name="one-label",
        plants=("degenerate-labels", "class-coverage-gap"),
        also=("labels-differ-from-dataset", "random-labels", "class-coverage-gap"),
        change=_one_label,
        stated=differs,
        measured=lower,
    ),
)
"""Every mutator of this family."""
