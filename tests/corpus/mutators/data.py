"""The wrong part of the data, or one part inside another."""

import re

from tests.corpus.mutators.api import Mutator, Site, added, in_code
from tests.corpus.notebooks import AnchorError, Notebook

LOADED = frozenset({"classification", "retrieval"})
TRAINED_ON = (
    r'(?<=DataLoader\()(?P<rows>\w+\["train"\]|train_rows)(?=, batch)',
    r'(?P<rows>\b(?:beans|bohnen|dataset)\["train"\])(?=\.shuffle\()',
    r'(?<=processor, )(?P<rows>beans\["train"\])(?=\))',
)
"""Where training rows are handed to a training loop."""


def _trained_rows(site: Site) -> Notebook:
    return site.notebook.edited(site["data"], site["train"])


def _lying_name(site: Site) -> Notebook:
    """A variable called after the test split that holds the training split."""
    changed = site.notebook.before(site["data"], f"test_split_data = {site['train']}")
    return changed.edited(site["data"], "test_split_data")


def _validation(site: Site) -> Notebook:
    if site.task != "vit" or '["test"]' not in site["data"]:
        raise AnchorError("there is no validation split under the same name")
    new = site["data"].replace('["test"]', '["validation"]')
    return site.notebook.edited(site["data"], new)


def _both_splits(site: Site) -> Notebook:
    """Training rows and test rows together are trained on."""
    if site.task != "vit":
        raise AnchorError("nothing is trained")
    for pattern in TRAINED_ON:
        try:
            changed = in_code(site, pattern, _joined(site))
        except AnchorError:
            continue
        index = next(
            i for i, cell in enumerate(changed.cells) if "concatenate_datasets([" in cell.source
        )
        top = f"from datasets import concatenate_datasets\n\n{changed.cells[index].source}"
        return changed.with_source(index, top)
    raise AnchorError("training rows are used in a way not known here")


def _joined(site: Site) -> str:
    variable = re.search(r'\b(\w+)\["test"\]', site["data"])
    test = "test_rows" if variable is None or "test_rows = " in site.notebook.code else variable[0]
    return rf"concatenate_datasets([\g<rows>, {test}])"


def _fitted_on_all(site: Site) -> Notebook:
    return site.notebook.edited(site["fit"], site["fit_all"])


def _rows_of_all(site: Site) -> Notebook:
    return site.notebook.edited(site["fit_rows"], site["fit_rows_all"])


def _reduced_on_all(site: Site) -> Notebook:
    """Features are chosen with the labels of the test rows in sight."""
    lines = (
        "from sklearn.feature_selection import SelectKBest",
        "",
        "chosen = SelectKBest(k=20).fit(np.vstack([X_tr, X_te]), np.concatenate([y_tr, y_te]))",
        "X_tr, X_te = chosen.transform(X_tr), chosen.transform(X_te)",
    )
    return site.notebook.before(site["fit"], *lines)


def _tuned_on_test(site: Site) -> Notebook:
    return site.notebook.edited(site["tuned_on"], site["tuned_on_test"])


def _watched_on_test(site: Site) -> Notebook:
    changed = site.notebook.edited(site["watch"], site["watch_test"])
    if "keep" in site.anchors:
        changed = changed.edited(site["keep"], site["keep_best"])
    return changed


def _best_prompt(site: Site) -> Notebook:
    """Several prompts tried on the test images, the best one kept."""
    loop = re.search(
        r"\[f(['\"])(?P<text>.*?)\1 for (?P<one>\w+) in (?P<all>\w+)\]", site["prompts"]
    )
    if loop is None:
        raise AnchorError("prompts are not made in a way known here")
    return _with_tuning(site, loop["text"], loop["one"], loop["all"])


def _with_tuning(site: Site, text: str, one: str, names: str) -> Notebook:
    run = re.search(r"(\w+)\(\*\*\w+\)\.logits_per_image", site.notebook.code)
    processor = re.search(r"(\w+)\(text=(\w+), images=", site.notebook.code)
    rows = re.search(r"(\w+)\[\w+ : \w+ \+ \w+\]|for \w+ in (\w+)\.iter\(", _scoring_code(site))
    if run is None or processor is None or rows is None:
        raise AnchorError("CLIP is run in a way not known here")
    data = rows[1] or rows[2]
    truth = f'{data}["label"][:]'
    written = TUNING.format(
        first=f"{text}".replace("{" + one + "}", "{}"),
        names=names,
        processor=processor[1],
        model=run[1],
        data=data,
        truth=truth,
    )
    changed = site.notebook.edited(
        site["prompts"], f"[best_template.format({one}) for {one} in {names}]"
    )
    anchor = f"[best_template.format({one}) for {one} in {names}]"
    return changed.before(anchor, *written.splitlines())


def _scoring_code(site: Site) -> str:
    code = site.notebook.code
    return code[code.index(site["prompts"]) :]


TUNING = """best_template, best_right = "", -1
for template in ["{first}", "{{}}", "a drawing of a {{}}", "art of {{}}"]:
    test_texts = [template.format(each) for each in {names}]
    pictures = {data}["img"][:]
    test_inputs = {processor}(text=test_texts, images=pictures, return_tensors="pt", padding=True)
    test_answers = {model}(**test_inputs).logits_per_image.argmax(dim=1).tolist()
    right = sum(int(a == b) for a, b in zip(test_answers, {truth}))
    print(template, right)
    if right > best_right:
        best_template, best_right = template, right"""


MUTATORS = (
    Mutator(
        name="training-split-scored",
        plants=("eval-on-train-split", "split-name-lies"),
        also=("split-name-lies", "train-test-overlap", "claimed-n-mismatch"),
        kinds=LOADED,
        change=_trained_rows,
        stated=lambda site, mutant: site["data"] not in mutant.code and "train" in site["train"],
    ),
    Mutator(
        name="training-split-called-test",
        plants=("split-name-lies", "eval-on-train-split"),
        also=("eval-on-train-split", "train-test-overlap"),
        change=_lying_name,
        stated=added("test_split_data = "),
    ),
    Mutator(
        name="validation-called-test",
        plants=("validation-called-test",),
        also=("tiny-eval-sample", "split-name-lies", "best-checkpoint-on-test"),
        change=_validation,
        stated=lambda site, mutant: site["data"] not in mutant.code,
        measured=lambda site, numbers: int(numbers["vit.n"]) == 60,
    ),
    Mutator(
        name="trained-on-both-splits",
        plants=("train-test-overlap",),
        also=("eval-on-train-split",),
        change=_both_splits,
        stated=added("concatenate_datasets(["),
    ),
    Mutator(
        name="probe-trained-on-both",
        plants=("train-test-overlap",),
        also=("eval-on-train-split", "preprocessing-fit-on-test"),
        change=_rows_of_all,
        stated=lambda site, mutant: site["fit_rows_all"] in mutant.code,
    ),
    Mutator(
        name="scaler-fitted-on-both",
        plants=("preprocessing-fit-on-test",),
        change=_fitted_on_all,
        stated=lambda site, mutant: site["fit_all"] in mutant.code,
    ),
    Mutator(
        name="features-chosen-on-both",
        plants=("preprocessing-fit-on-test",),
        change=_reduced_on_all,
        stated=added("SelectKBest("),
    ),
    Mutator(
        name="prompt-chosen-on-test",
        plants=("test-set-tuning",),
        change=_tuned_on_test,
        stated=lambda site, mutant: site["tuned_on"] not in mutant.code,
    ),
    Mutator(
        name="best-prompt-kept",
        plants=("test-set-tuning",),
        change=_best_prompt,
        stated=added("best_template"),
    ),
    Mutator(
        name="checkpoint-chosen-on-test",
        plants=("best-checkpoint-on-test",),
        change=_watched_on_test,
        stated=lambda site, mutant: site["watch"] not in mutant.code,
    ),
)
"""Every mutator of this family."""
