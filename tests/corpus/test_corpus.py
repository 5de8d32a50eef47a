"""The corpus is what it says: honest notebooks that run, and mutants with one flaw each."""

import re
from collections import Counter
from collections.abc import Iterator

import nbformat
import pytest

from grader.assets import prepare
from grader.execute import ForkSandbox
from grader.labs import load_lab
from tests.corpus import LABS, MUTATORS, Mutant, Notebook, honest, mutants
from tests.corpus.__main__ import ran
from tests.corpus.mutants import known_outputs, with_known_outputs
from tests.corpus.notebooks import HERE, AnchorError, filled, spelled

AT_LEAST = {"week9-vit-clip": 12, "module08-vlm": 8, "tp1-multimodal": 4}
FACTS = """
    kind classes fixed truth pred hyp refs layout rows gold sim names own recount train cut
    repeat fit_all fit_rows_all watch_test keep_best tuned_on_test axis macro score matrix report
"""
"""Entries of the front matter that are no piece of source standing once."""

DETECTORS = """
    single-sample-eval tiny-eval-sample duplicated-eval-items class-coverage-gap
    claimed-n-mismatch cherry-picked-subset random-labels labels-differ-from-dataset
    label-map-permuted hard-coded-ground-truth labels-from-predictions label-derived-predictions
    predictions-depend-on-labels predictions-ignore-inputs chance-level-predictions
    majority-class-accuracy missing-forward-passes stored-or-literal-predictions
    hard-coded-metric metric-defined-never-called trainer-eval-not-wired unexplained-number
    wrong-averaging batch-mean-aggregation logits-or-axis-misuse swapped-metric-arguments
    metric-function-shadowed grim-inconsistent macro-scores-inconsistent
    averaging-identity-violated confusion-matrix-mismatch range-or-monotonicity-violated
    eval-on-train-split train-test-overlap preprocessing-fit-on-test test-set-tuning
    best-checkpoint-on-test unnormalised-embeddings candidate-set-collapse
    similarity-matrix-mismatch score-contradicts-matrix trivial-retrieval
    softmax-axis-or-direction bleu-implementation-error reference-is-hypothesis
    vqa-nonstandard-scoring single-reference-captioning answer-leak-in-prompt stale-output
    out-of-order-execution prose-number-mismatch evaluation-cell-not-executed simulated-fallback
    tracer-tampering claim-without-evaluation quoted-output-not-found edited-output
    misaligned-labels validation-called-test split-name-lies degenerate-labels
"""

NOTEBOOKS = pytest.mark.parametrize(
    "notebook", honest(), ids=lambda each: f"{each.lab}/{each.name}"
)
MANY = pytest.mark.parametrize("mutator", MUTATORS, ids=lambda each: each.name)


def of(mutator: object) -> list[Mutant]:
    made = [each for each in mutants() if each.mutator is mutator]
    assert made, "no notebook has a place for this flaw"
    return made


def test_there_are_enough_notebooks_of_different_style() -> None:
    counted = Counter(notebook.lab for notebook in honest())
    assert all(counted[lab] >= least for lab, least in AT_LEAST.items())
    assert len({notebook.style for notebook in honest()}) == len(honest())


@NOTEBOOKS
def test_every_anchor_stands_once(notebook: Notebook) -> None:
    for anchors in notebook.tasks.values():
        for name, anchor in anchors.items():
            if name not in FACTS.split():
                notebook.where(anchor)
        for variable in ("truth", "pred", "hyp", "refs", "gold"):
            if variable in anchors:
                assert re.search(rf"\b{re.escape(anchors[variable])}\b", notebook.code)


@NOTEBOOKS
def test_every_score_is_printed_and_the_text_says_it(notebook: Notebook) -> None:
    wanted = {name for names in notebook.shown.values() for name in names}
    assert set(notebook.numbers) == wanted
    text = notebook.filled().text
    assert "{{" not in text
    assert text.count(" ") >= notebook.text.count(" "), "no sentence was left out"


@NOTEBOOKS
def test_the_file_is_the_source_with_its_outputs(notebook: Notebook) -> None:
    path = HERE / notebook.lab / f"{notebook.name}.ipynb"
    assert path.read_text(encoding="utf-8") == notebook.as_ipynb()
    assert all(
        output.get("output_type") != "error" for cell in notebook.cells for output in cell.outputs
    )


def test_no_file_is_left_over() -> None:
    known = {(notebook.lab, notebook.name) for notebook in honest()}
    assert {(path.parent.name, path.stem) for path in HERE.glob("*/*.ipynb")} == known


def test_there_are_enough_mutants_and_no_two_are_alike() -> None:
    assert len(mutants()) >= 300
    assert len({each.id for each in mutants()}) == len(mutants())
    assert len({repr(each.notebook.cells) for each in mutants()}) == len(mutants())


def test_mutants_are_the_same_every_time() -> None:
    first = [(each.id, each.notebook) for each in mutants()]
    mutants.cache_clear()
    assert [(each.id, each.notebook) for each in mutants()] == first


def test_every_kind_of_flaw_is_planted() -> None:
    planted = {name for each in mutants() for name in each.mutator.plants}
    assert set(DETECTORS.split()) <= planted
    assert len({each.name for each in MUTATORS}) == len(MUTATORS)


@MANY
def test_the_files_show_the_flaw(mutator: object) -> None:
    for each in of(mutator):
        assert each.mutator.stated(each.site, each.changed), each.id


@MANY
def test_nothing_else_is_changed(mutator: object) -> None:
    for each in of(mutator):
        before, after = each.site.notebook, each.changed
        if each.mutator.source:
            assert after.text == before.text, each.id
            assert after.code != before.code, each.id
        else:
            assert after.code == before.code, each.id
            assert after != before, each.id


@MANY
def test_what_a_mutant_prints_shows_the_flaw(mutator: object) -> None:
    for each in of(mutator):
        printed = with_known_outputs(each.changed, each.id)
        if each.mutator.measured is not None and printed is not None:
            assert each.mutator.measured(each.site, printed.numbers), each.id


@MANY
def test_a_mutant_is_a_notebook_that_says_what_it_shows(mutator: object) -> None:
    for each in of(mutator)[:2]:
        nbformat.validate(nbformat.reads(each.notebook.as_ipynb(), as_version=4))
        assert "{{" not in each.notebook.filled().text
        if not each.ran:
            assert not any(cell.outputs for cell in each.notebook.cells)


def test_what_is_kept_is_of_present_mutants_and_without_errors() -> None:
    present = {each.id for each in mutants() if each.mutator.source}
    for lab in LABS:
        for name, kept in known_outputs(lab).items():
            assert name in present, "run python -m tests.corpus mutants"
            assert '"error"' not in str(kept).replace("'", '"'), name


def test_a_number_is_written_in_the_way_of_its_text() -> None:
    assert spelled("0.9062", "%") == "90.62%"
    assert spelled("0.9062", ",%") == "90,62 %"
    assert spelled("0.9062", ",") == "0,9062"
    assert spelled("0.9062", "%1") == "90.6%"
    assert spelled("1.0000", "") == "1.0000"


def test_a_sentence_whose_number_is_unknown_is_left_out() -> None:
    text = "It works. On {{a.n}} images accuracy is {{a.accuracy:%}}! The end."
    assert filled(text, {}) == "It works. The end."
    assert filled(text, {"a.n": "128", "a.accuracy": "0.5"}) == (
        "It works. On 128 images accuracy is 50.00%! The end."
    )
    assert filled("有{{a.n}}张图片。很好。", {}) == "很好。"


def test_an_anchor_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AnchorError, match="stands 0 times"):
        honest()[0].where("no such source")


@pytest.fixture(scope="module", params=LABS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, ForkSandbox]]:
    home = prepare(load_lab(request.param))
    with ForkSandbox(home.root, home.profile) as sandbox:
        yield request.param, sandbox


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.timeout(900)
def test_every_honest_notebook_runs_and_prints_what_it_says(
    served: tuple[str, ForkSandbox],
) -> None:
    lab, sandbox = served
    for notebook in honest():
        if notebook.lab == lab:
            run, printed = ran(notebook, sandbox)
            assert {cell.outcome for cell in run.cells} == {"ok"}, notebook.name
            assert printed.numbers == notebook.numbers, notebook.name


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.timeout(1800)
def test_one_mutant_of_every_mutator_prints_its_flaw(served: tuple[str, ForkSandbox]) -> None:
    lab, sandbox = served
    chosen = {
        each.mutator.name: each
        for each in mutants()
        if each.mutator.source and each.changed.lab == lab
    }
    for each in chosen.values():
        run, printed = ran(each.changed, sandbox)
        assert {cell.outcome for cell in run.cells} == {"ok"}, each.id
        if each.mutator.measured is not None:
            assert each.mutator.measured(each.site, printed.numbers), each.id
        known = with_known_outputs(each.changed, each.id)
        assert known is None or known.numbers == printed.numbers, each.id
