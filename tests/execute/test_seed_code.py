"""The code of a real course on visual language models, written for transformers 4.

``module08_vlm.ipynb`` holds the course's code cells, path A and path B, as they were handed out.
"""

import ast
from pathlib import Path

import pytest

from grader.assets import prepare
from grader.evidence.recording import parse
from grader.execute import ForkSandbox, RunOptions
from grader.execute.adapt import adapt
from grader.intake import intake
from grader.labs import load_lab
from grader.model import Cell, Limits, Run
from tests.execute.conftest import printed

NOTEBOOK = Path(__file__).with_name("module08_vlm.ipynb")
INSTALL, EMBEDDINGS = 1, 14


@pytest.fixture(scope="module")
def run() -> Run:
    lab = load_lab("module08-vlm")
    home = prepare(lab, lab.profile)
    submission = intake(NOTEBOOK, lab)
    with ForkSandbox(home.root, lab.profile) as sandbox:
        return sandbox.run(submission, RunOptions(limits=Limits(cell_seconds=90, run_seconds=240)))


@pytest.mark.sandbox
def test_every_cell_of_both_paths_runs(run: Run) -> None:
    assert [(cell.index, cell.error) for cell in run.cells if cell.outcome != "ok"] == []
    assert run.outcome == "completed"
    assert run.recorder_complete
    shown = "".join(output.text for cell in run.cells for output in cell.outputs)
    assert shown.count("Loaded 12 images") == 2
    assert "Failed to load image" not in shown


@pytest.mark.sandbox
def test_only_installs_and_what_transformers_changed_are_adapted(run: Run) -> None:
    assert {each.cell for each in run.adaptations} == {INSTALL, EMBEDDINGS}
    features = [each for each in run.adaptations if each.cell == EMBEDDINGS]
    assert [each.text.split(" = ")[1] for each in features] == [
        "clip_model.get_image_features(**image_inputs)",
        "clip_model.get_text_features(**text_inputs)",
    ]
    assert "Image embeddings shape: (8, " in printed(run, EMBEDDINGS)


@pytest.mark.sandbox
def test_what_it_loads_and_scores_is_recorded(run: Run) -> None:
    recording = parse(run.events, run.recorder_complete)
    assert {each.kind for each in recording.loads} == {"model", "dataset", "url"}
    fetched = {each.asset for each in recording.loads if each.kind == "url"}
    assert len(fetched) >= 12
    shapes = {
        each.name: (recording.matrices[each.matrix].rows, recording.matrices[each.matrix].columns)
        for each in recording.named_matrices
    }
    assert shapes["similarity_matrix"] == (8, 4)
    assert shapes["similarity"] == (4, 4)


def adapted(*sources: str) -> tuple[list[str], list[tuple[int, int]]]:
    """What is executed instead of each cell, and cell and line of each adaptation."""
    cells = [Cell(index=index, kind="code", source=each) for index, each in enumerate(sources)]
    done = [adapt(each, others=[other for other in cells if other is not each]) for each in cells]
    return [each[0] for each in done], [(note.cell, note.line) for _, new in done for note in new]


@pytest.mark.parametrize(
    "use",
    [
        "f = m.get_image_features(**x)\nf /= f.norm(dim=-1, keepdim=True)",
        "f = m.get_text_features(**x)\nf = f / 2",
        "f = m.get_image_features(**x).detach().cpu()",
        "f = m.get_image_features(\n    **x,\n)  # é\nprint(f.shape)",
        "def é(): return m.get_image_features(pixel_values=x)",
        "f = torch.cat([m.get_image_features(x) for x in y])",
        "a, b = m.get_image_features(x), m.get_text_features(y)\ns = a @ b.T",
        "f = F.normalize(m.get_image_features(x), dim=-1)",
        "f = m.get_image_features(x)[:, :5]",
        "!pip install torch\nf = m.get_image_features(x).cpu()",
        "with torch.no_grad():\n    f = m.get_image_features(x).to('cuda')",
    ],
)
def test_features_used_as_a_tensor_are_taken_from_the_object(use: str) -> None:
    (executed,), notes = adapted(use)
    assert notes
    assert executed.count(").pooler_output") == use.count("_features(")
    assert executed.count("\n") == use.count("\n")
    ast.parse(executed)


@pytest.mark.parametrize(
    "use",
    [
        "f = m.get_image_features(**x).pooler_output\nf = f / f.norm()",
        "o = m.get_image_features(**x)\nf = o.pooler_output / 2",
        "o = m.get_image_features(**x)\nf = o if isinstance(o, torch.Tensor) else o.pooler_output",
        "f = m.get_image_features(**x, return_dict=False)[1] / 2",
        "f = m.get_image_features(x)['pooler_output']",
        "_, f = m.get_image_features(x)",
        "f = m.get_image_features(x)[1]",
        "class M:\n    def get_image_features(self): return 1\nf = M().get_image_features() / 2",
        "s = 'm.get_image_features(x) / 2'",
        "f = v(x).last_hidden_state",
    ],
)
def test_notebooks_written_for_transformers_5_stay_as_they_are(use: str) -> None:
    assert adapted(use) == ([use], [])


def test_a_variable_may_be_used_in_another_cell() -> None:
    call = "f = m.get_image_features(x)"
    assert adapted(call, "f = f / f.norm()") == (
        [f"{call}.pooler_output", "f = f / f.norm()"],
        [(0, 1)],
    )
    assert adapted(call, "f = f.pooler_output")[1] == []
    # It knows of the object, and hands this one on: what becomes of it is not guessed.
    assert adapted("keep(m.get_image_features(x))", "g = h(x).pooler_output")[1] == []
