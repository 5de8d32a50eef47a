"""``grader evidence``: a notebook, a report, one that is run."""

import json
from pathlib import Path

import pytest

from grader.model import EvidenceFile
from tests.cli.command import SAMPLES, grader

ROWS = (
    "a bowl of soup\t0.31\t0.12\t0.15",
    "a sleeping dog\t0.14\t0.35\t0.11",
    "a wooden bridge\t0.10\t0.16\t0.29",
)
REPORT = f"""# Week 9, capstone

## Task 1: evaluate ViT

```
[24] pred = trainer.predict(prepared_ds['test'].select(range(1)))
pred

PredictionOutput(predictions=array([[ 2.71, -1.02, -1.33]], dtype=float32), label_ids=array([0]), \
metrics={{'test_loss': 0.0312, 'test_accuracy': 1.0, 'test_fl': 1.0}})
```

The ViT model reached 100% accuracy on the single test sample; that is not meaningful.

## Task 2: evaluate CLIP

Accuracy: 0.8712 Precision: 0.8755 Recall: 0.8712 Fi Score: 0.8707

CLIP reached an accuracy of 87.12% and an F1 score of 87.07% on a 5,000-sample test set. Asked for a
caption, a captioning model said "a bowl of hot soup".

| Model | Score |
|---|---|
| RN50 | 0.052011 |
| ViT-B/32 | 0.054636 |

Cosine similarity for ViT-B/32

{chr(10).join(ROWS)}
"""


def document(*arguments: str | Path) -> EvidenceFile:
    done = grader("evidence", *arguments, "--format", "json")
    assert (done.code, done.err) == (0, "")
    return EvidenceFile.model_validate_json(done.out)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> EvidenceFile:
    path = tmp_path_factory.mktemp("report") / "heron.md"
    path.write_text(REPORT, encoding="utf-8")
    return document(path)


def line_of(text: str) -> int:
    return REPORT[: REPORT.index(text)].count("\n") + 1


def numbers(found: EvidenceFile, **wanted: object) -> list[tuple[str, int | None]]:
    return [
        (row.figure.printed, row.figure.place.file_line)
        for row in found.numbers
        if all(getattr(row.figure, name) == value for name, value in wanted.items())
    ]


def test_a_report_tells_its_evaluations_with_their_sizes(report: EvidenceFile) -> None:
    found = {each.task: each for each in report.evaluations if each.n is not None}
    assert (found["vit"].n, found["clip"].n) == (1, 5000)
    assert found["clip"].scores == {
        "accuracy": 0.8712,
        "precision": 0.8755,
        "recall": 0.8712,
        "f1": 0.8707,
    }
    assert (report.form, report.ran, report.recorded) == ("report", False, None)


def test_every_number_has_its_line_of_the_file(report: EvidenceFile) -> None:
    assert ("0.8755", line_of("Precision: 0.8755")) in numbers(report, metric="precision")
    assert ("87.12%", line_of("87.12%")) in numbers(report, metric="accuracy", n=5000)
    assert numbers(report, disclaimed=True, metric="accuracy") == [("100%", line_of("100%"))]


def test_scores_of_models_in_a_table(report: EvidenceFile) -> None:
    assert numbers(report, model="RN50", name="Score") == [("0.052011", line_of("| RN50"))]
    assert numbers(report, model="ViT-B/32", name="Score") == [("0.054636", line_of("| ViT-B"))]


def test_a_matrix_in_the_text_keeps_its_captions(report: EvidenceFile) -> None:
    (matrix,) = report.matrices
    assert (matrix.kind, matrix.model) == ("similarity", "ViT-B/32")
    assert matrix.rows == tuple(row.partition("\t")[0] for row in ROWS)
    assert matrix.values[1] == (0.14, 0.35, 0.11)


def test_a_quotation_is_looked_for_in_the_outputs(report: EvidenceFile) -> None:
    found = {each.text.rstrip("."): each.found for each in report.quotations}
    assert found["a bowl of hot soup"] == ()


def test_text_for_people_names_line_verdict_and_size(tmp_path: Path) -> None:
    path = tmp_path / "heron.md"
    path.write_text(REPORT, encoding="utf-8")
    done = grader("evidence", path)
    assert done.code == 0
    assert f"line {line_of('Accuracy: 0.8712')}" in done.out
    assert "5,000" in done.out
    assert "undecidable" in done.out
    assert "numbers were understood" in done.out


def test_a_run_explains_what_an_honest_notebook_prints() -> None:
    path = SAMPLES / "honest-loop.ipynb"
    found = document(path, "--run", "--lab", "week9-vit-clip")
    assert (found.ran, found.outcome, found.recorded) == (True, "completed", True)
    rerun = [
        row for row in found.numbers if row.figure.place.source == "rerun" and row.figure.metric
    ]
    assert rerun
    assert {row.verdict for row in rerun} == {"explained"}
    assert all(row.explained_by[0].n for row in rerun)
    headlines = {each.task: each for each in found.evaluations if each.headline}
    assert headlines["vit"].split == headlines["clip"].split == "test"
    assert headlines["clip"].model == "openai/clip-vit-base-patch32"


def test_of_a_score_that_is_given_twice_the_finer_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "heron.md"
    fence = "```"
    code = "print(f'Recall@3: {recall:.3f}')\nprint(f'- Recall@3: {recall:.0%} of relevant images')"
    printed = "Recall@3: 0.667\n- Recall@3: 67% of relevant images"
    path.write_text(f"{fence}\n{code}\n{fence}\n\n{printed}\n", encoding="utf-8")
    (scored,) = [each for each in document(path).evaluations if each.scores]
    assert scored.scores == {"recall_at_3": 0.667}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.ipynb"], "nowhere.ipynb"),
        ([str(SAMPLES / "honest.ipynb"), "--run"], "say which with --lab"),
        ([str(SAMPLES / "truncated-json.ipynb")], "hand in a complete copy"),
    ],
)
def test_what_cannot_be_read_is_a_usage_error(arguments: list[str], said: str) -> None:
    done = grader("evidence", *arguments)
    assert done.code == 2
    assert said in done.err


def test_the_document_follows_its_schema() -> None:
    schema = json.loads(
        (Path(__file__).parents[2] / "docs" / "evidence.schema.json").read_text(encoding="utf-8")
    )
    done = grader("evidence", SAMPLES / "honest.ipynb", "--format", "json")
    assert set(json.loads(done.out)) == set(schema["properties"])
