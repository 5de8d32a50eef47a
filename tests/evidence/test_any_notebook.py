"""Whatever a notebook holds, evidence comes back, soon."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.evidence import Truth, assemble, gather
from grader.intake import intake
from grader.model import Cell, Evidence, Output, Submission
from tests import build

HANG = 10.0
"""Seconds of processor time after which a reading counts as hung; a guard, no measurement."""

CODE = (
    "from datasets import load_dataset\nds = load_dataset('uoft-cs/cifar10', split='test[:20]')",
    "from sklearn.metrics import accuracy_score, f1_score\nacc = accuracy_score(y_true, y_pred)",
    "def compute_metrics(p):\n    return {'accuracy': (p.predictions == p.label_ids).mean()}",
    "class Net(torch.nn.Module):\n    def forward(self, x):\n        return self.f(x)\nnet = Net()",
    "trainer = Trainer(model=net, compute_metrics=compute_metrics)\ntrainer.evaluate(ds)",
    "for i, row in enumerate(ds):\n    if i >= 5:\n        break\n    y_pred.append(net(row))",
    "try:\n    y_true = ds['label']\nexcept Exception:\n    y_true = np.random.rand(3)",
    "with open('a.json') as f:\n    data = json.load(f)",
    "rows = [{'ok': a == b} for a, b in zip(y_true, y_pred)]\npd.DataFrame(rows)['ok'].mean()",
    "%matplotlib inline\n!pip install -q x\nx = !ls\n?print",
    "y_true, (a, *b) = data; a += b; del b",
    "print(f'Accuracy: {acc:.4f}', end='')",
    "lambda: (yield)",
    "if True\n  broken(",
)
PRINTED = (
    "Accuracy: 0.8895\nF1 Score: 0.8892\n",
    "test_accuracy: 1.0, label_ids=array([0]), 'eval_loss': 1e999",
    "         precision    recall  f1-score   support\n\n      0       0.5  0.5  0.5  10\n",
    "[[40  3]\n [ 2 45]]",
    "Epoch 3/10: 100%|██████████| 313/313 [00:12<00:00, 25.1it/s, loss=0.12]\r",
    "Found 1000 images belonging to 10 classes.\n",
    "tensor([[0.1, 0.9], [nan, -inf]], device='cuda:0')",
    "Recall@1: 12,5 % ± 0.3 (n = 1.000)",
    "准确率：９０．５％",  # noqa: RUF001 - as Chinese keyboards type it
)
HTML = (
    "<table><tr><th>Epoch</th><th>Accuracy</th></tr><tr><td>1</td><td>0.9</td></tr></table>",
    "<table><tr><td colspan=9999999>0.5</td></tr>" * 3,
    "<div>" * 200 + "0.5" + "</div>",
    "<!-- <table> --><script>1</script>&#x110000;&nbsp;",
)
PROSE = (
    "# Task 1: ViT\n\nThe accuracy is 88.95 % on a 10,000-sample test set.",
    "| Model | Accuracy |\n|-|-|\n| CLIP | 0.8895 |\n",
    "La précision est d'environ 0,91 ; l'objectif était 95 %.",
    'It said "a group of people" with BLEU-1 = 12.3.',
    "```python\nprint(1)\n```\n> quoted [1] 50%\n- * item",
)
HOSTILE = (
    "\ud800\udfff\udc00", "\x00\x1b[31m\x07\x85\u2028\u202e", "9" * 5000, "1e" * 300, "0." * 400,
    "-" * 500, "(((([[[[{{{{", "|||||\n|-|-|\n", "\\" * 99, "\u0663\u066b\u0661\u0664 ½ ² Ⅷ 🖼️" * 20,
)  # fmt: skip
ANY = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), st.floats().map(str))


def _mixed(known: tuple[str, ...]) -> st.SearchStrategy[str]:
    parts = st.lists(st.one_of(st.sampled_from(known), ANY), max_size=4)
    return st.tuples(parts, st.sampled_from(["\n", "", " ", "\n\n"])).map(lambda x: x[1].join(x[0]))


def _output(text: str, html: str, form: int) -> dict[str, object]:
    if form == 0:
        return {"output_type": "stream", "name": "stdout", "text": text.splitlines(True)}
    if form == 1:
        return {"output_type": "error", "ename": "E", "evalue": text, "traceback": [text, html]}
    data = {"text/plain": text, "text/html": [html], "image/png": "aaaa"}
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 3}


OUTPUTS = st.builds(_output, _mixed(PRINTED), _mixed(HTML), st.integers(0, 2))


def _code(source: str, outputs: list[dict[str, object]]) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "outputs": outputs, "execution_count": 1}


CELLS = st.one_of(
    st.builds(_code, _mixed(CODE), st.lists(OUTPUTS, max_size=2)),
    _mixed(PROSE).map(lambda text: {"cell_type": "markdown", "source": text}),
)


@given(st.lists(CELLS, max_size=6))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_notebook_gives_evidence(tmp_path: Path, cells: list[dict[str, object]]) -> None:
    path = tmp_path / "any.ipynb"
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        submission = intake(path, build.lab())
    except SubmissionError:
        return
    started = time.process_time()
    evidence = gather(submission, None, build.lab(), Truth())
    assert time.process_time() - started < HANG
    _sound(evidence)


def _sound(evidence: Evidence) -> None:
    """Everything points at something that is there, and can be stored."""
    cells = len(evidence.submission.cells)
    assert all(0 <= each.place.cell < cells for each in evidence.figures)
    assert all(each.place.start <= each.place.end for each in evidence.figures)
    for one in evidence.stated:
        assert 0 <= one.cell < cells
        assert all(0 <= score < len(evidence.figures) for score in one.scores)
    for matrix in evidence.matrices:
        assert len({len(row) for row in matrix.values}) <= 1
    evidence.model_dump_json()


RUNS: dict[str, str] = {
    "a": "a" * 100_000,
    "1,": "1," * 100_000,
    "(": "(" * 100_000,
    "|": "|" * 100_000,
    "| |": "| " * 50_000 + "\n" + "|-" * 50_000,
    "-": "-" * 100_000,
    "= ": "= " * 50_000,
    "[": "[" * 100_000,
    "[[": "[[" * 50_000 + "1" + "]]" * 50_000,
    "<": "<table><tr><td>" * 20_000,
    "quotes": "\"'«“" * 25_000,
    "`": "`" * 100_000,
    "#": "# " * 50_000,
    ">": "> " * 50_000,
    "*": "**" * 50_000,
    "digits": "9" * 100_000,
    "dots": "0." * 50_000,
    "percent": "5 % " * 10_000,
    "blanks": " " * 100_000 + "x",
    "lines": "\n" * 40_000,
    "columns": ("0.5   " * 20 + "\n") * 300,
    "names": "accuracy: " * 10_000,
    "scores": "accuracy: 0.5 " * 2_000,
    "score lines": "accuracy: 0.5\n" * 2_000,
    "models": "ViT CLIP accuracy f1 of the test " * 1_000,
    "carriage": "\r 10%|█ | 1/10" * 2_000,
    "escape": "\x1b[" * 50_000,
    "surrogates": "\ud800" * 50_000,
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("where", ["output", "html", "text", "code"])
def test_a_long_run_of_one_thing_is_read_soon(run: str, where: str) -> None:
    text = RUNS[run]
    cells = {
        "output": build.code(0, "show()", text),
        "html": _shown(html=text),
        "text": build.text(0, text),
        "code": build.code(0, text),
    }
    _read(cells[where])


def _shown(html: str) -> Cell:
    output = Output(kind="result", text="x", html=html)
    return Cell(index=0, kind="code", source="show()", outputs=(output,))


def _read(*cells: Cell) -> Evidence:
    submission = build.submission()
    notebook: Submission = submission.model_copy(update={"cells": cells})
    started = time.process_time()
    evidence = assemble(notebook, build.lab())
    assert time.process_time() - started < HANG
    return evidence


@pytest.mark.parametrize("megabytes", [2, pytest.param(49, marks=pytest.mark.slow)])
def test_an_output_of_many_megabytes_is_read_soon(tmp_path: Path, megabytes: int) -> None:
    path = tmp_path / "large.ipynb"
    line = "loss: 0.123 accuracy: 0.5 of 10 images\n"
    text = line * (megabytes * 1_000_000 // (len(line) + 1))
    cells = [_code("train()", [{"output_type": "stream", "name": "stdout", "text": text}])]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document), encoding="utf-8")
    submission = intake(path, build.lab())
    started = time.process_time()
    gather(submission, None, build.lab(), Truth())
    assert time.process_time() - started < HANG


@pytest.mark.parametrize("between", [" ", "\n"])
def test_a_million_numbers_are_read_soon(between: str) -> None:
    _read(build.code(0, "show()", between.join(str(i) for i in range(1_000_000))[: 1 << 20]))


def test_hundreds_of_cells_are_read_soon() -> None:
    cells = [
        build.code(i, CODE[i % len(CODE)], PRINTED[i % len(PRINTED)])
        if i % 3
        else build.text(i, PROSE[i % len(PROSE)])
        for i in range(400)
    ]
    _read(*cells)


@pytest.mark.parametrize("depth", [1000, 5000])
@pytest.mark.parametrize("form", ["(", "[", "f(", "-", "not ", "x.a", "{1:", "lambda: "])
def test_deep_expressions_are_read_soon(form: str, depth: int) -> None:
    closing = {"(": ")", "[": "]", "f(": ")", "{1:": "}"}.get(form, "")
    source = f"x = {form * depth}y{closing * depth}"
    evidence = _read(build.code(0, source), build.code(1, "after = 1"))
    assert "after" in {binding.name for binding in evidence.source.bindings}
