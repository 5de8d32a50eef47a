"""Predictions that no model made, or that were made from the labels."""

import re

from tests.corpus.mutators.api import Mutator, Site, before_scoring, by_labels, differs, scored_as
from tests.corpus.mutators.labels import BEANS, accuracy, at_chance
from tests.corpus.notebooks import AnchorError, Notebook, Numbers

DEPENDS = ("label-derived-predictions", "predictions-depend-on-labels")
GUESSED = ("chance-level-predictions", "predictions-ignore-inputs")


def _noisy_labels(site: Site) -> Notebook:
    numbers = "np.array([t if random.random() < 0.9 else random.randrange(K) for t in T])"
    names = "np.array([t if random.random() < 0.9 else random.choice(N) for t in T])"
    return scored_as(site, pred=by_labels(site, numbers, names))


def _repaired(site: Site) -> Notebook:
    half = "np.array([t if p != t and i % 2 else p for i, (t, p) in enumerate(zip(T, P))])"
    return scored_as(site, pred=half)


def _noisy_answers(site: Site) -> Notebook:
    return site.notebook.before(
        site["at"],
        f'{site["pred"]} = [g if i % 10 else "unknown" for i, g in enumerate({site["gold"]})]',
    )


def _constant(site: Site) -> Notebook:
    return scored_as(site, pred=by_labels(site, "np.full(len(T), 0)", "[N[0]] * len(T)"))


def _always_yes(site: Site) -> Notebook:
    pred = site["pred"]
    return site.notebook.before(site["at"], f'{pred} = ["yes"] * len({pred})')


def _drawn(site: Site) -> Notebook:
    numbers, names = "np.random.randint(0, K, len(T))", "np.random.choice(N, len(T))"
    return scored_as(site, pred=by_labels(site, numbers, names))


def _not_run(site: Site) -> Notebook:
    """Random logits in the place of the model's."""
    call = re.search(r"\w+\((?:\*\*(\w+)|pixel_values=(\w+))\)\.logits\w*", site["call"])
    if call is None:
        raise AnchorError(f"{site.notebook.name}: the model is called in another way")
    rows = f'len({call[1]}["pixel_values"])' if call[1] else f"len({call[2]})"
    logits = f"torch.rand({rows}, {site.classes})"
    new = site["call"].replace(call[0], logits)
    return site.notebook.edited(site["call"], new)


def _typed(site: Site) -> Notebook:
    if site.task != "vit" or site.names:
        raise AnchorError("only the labels of beans are known here")
    labels = [int(label) for label in BEANS.strip("[]").split(", ")]
    wrong = [(label + 1) % 3 if i % 11 == 0 else label for i, label in enumerate(labels)]
    return scored_as(site, pred=f"np.array({wrong})")


def _simulated(site: Site) -> Notebook:
    pred = site["pred"]
    drawn = by_labels(
        site,
        f"np.random.randint(0, {site.classes}, len({site['truth']}))",
        f"np.random.choice({site.names}, len({site['truth']}))",
    )
    return before_scoring(
        site,
        "try:",
        f'    {pred} = np.load("predictions_{site.task}.npy")',
        "except FileNotFoundError:",
        '    print("predictions not found, using simulated predictions for demonstration")',
        f"    {pred} = {drawn}",
    )


def _high(site: Site, numbers: Numbers) -> bool:
    return accuracy(site, numbers) > 0.8


def _better(site: Site, numbers: Numbers) -> bool:
    return accuracy(site, numbers) > site.number("accuracy")


MUTATORS = (
    Mutator(
        name="labels-with-noise",
        plants=DEPENDS,
        also=("missing-forward-passes",),
        change=_noisy_labels,
        stated=differs,
        measured=_high,
    ),
    Mutator(
        name="half-of-the-errors-repaired",
        plants=DEPENDS,
        change=_repaired,
        stated=differs,
        measured=_better,
    ),
    Mutator(
        name="answers-with-noise",
        plants=DEPENDS,
        kinds=frozenset({"vqa"}),
        change=_noisy_answers,
        stated=lambda site, mutant: '"unknown" for i, g' in mutant.code,
        measured=lambda site, numbers: 0.85 < float(numbers["vqa.exact_match"]) < 0.91,
    ),
    Mutator(
        name="one-class-predicted",
        plants=("majority-class-accuracy", *GUESSED),
        also=GUESSED,
        change=_constant,
        stated=differs,
        measured=at_chance,
    ),
    Mutator(
        name="always-yes",
        # The others judge labels of classes, no answers.
        plants=("predictions-ignore-inputs",),
        also=("majority-class-accuracy", *GUESSED),
        kinds=frozenset({"vqa"}),
        change=_always_yes,
        stated=lambda site, mutant: '["yes"] * len(' in mutant.code,
        measured=lambda site, numbers: float(numbers["vqa.exact_match"]) < 0.6,
    ),
    Mutator(
        name="predictions-drawn",
        plants=GUESSED,
        also=("simulated-fallback", "missing-forward-passes"),
        change=_drawn,
        stated=differs,
        measured=at_chance,
    ),
    Mutator(
        name="model-not-called",
        plants=("missing-forward-passes", "predictions-ignore-inputs"),
        also=GUESSED,
        change=_not_run,
        stated=lambda site, mutant: site["call"] not in mutant.code,
        measured=at_chance,
    ),
    Mutator(
        name="predictions-typed-in",
        plants=("stored-or-literal-predictions", "predictions-ignore-inputs"),
        also=("predictions-ignore-inputs", "missing-forward-passes"),
        change=_typed,
        stated=lambda site, mutant: "np.array([1, 0, 0, 0" in mutant.code,
        measured=_high,
    ),
    Mutator(
        name="simulated-predictions",
        plants=("simulated-fallback",),
        also=GUESSED,
        change=_simulated,
        stated=lambda site, mutant: "simulated predictions" in mutant.code,
        measured=at_chance,
    ),
)
"""Every mutator of this family."""
