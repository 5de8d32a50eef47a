"""Idioms of Colab and Jupyter run as they stand; what cannot is answered and listed."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.execute import ForkSandbox, RunOptions
from grader.execute.adapt import adapt
from grader.intake import intake
from grader.labs import load_lab
from grader.model import Cell, Run
from tests.execute.conftest import Runner, printed

real = pytest.mark.sandbox


def changed(source: str, device: str = "cpu") -> tuple[str, list[tuple[int, str]]]:
    """What is executed instead, and the lines and reasons noted."""
    executed, notes = adapt(Cell(index=0, kind="code", source=source), device)
    return executed, [(each.line, each.reason) for each in notes]


def outcomes(run: Run) -> list[str]:
    return [cell.outcome for cell in run.cells]


INSTALLS = [
    "!pip install -q torch \\\n   nosuchpackage\nprint('a')",
    "pip install evaluate",
    "%pip install datasets\nif True:\n    !apt-get install jq\nprint('b')",
    "text = '''\npip install nothing\n'''\nprint(text.strip())\n!echo done",
    "%%bash\npip install nosuchpackage\necho c",
    "!pip install nosuchpackage && echo after",
    "!conda install -y nosuchpackage",
    "get_ipython().system('pip install torch')",
    "import subprocess, sys\n"
    "subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'torch'])",
    "%%capture\n!pip install torch",
    "%%writefile setup.sh\npip install torch",
    "!cat setup.sh",
    "!pip install 'numpy>=1' 'transformers==4.1' git+https://example.org/x.git",
]


@real
def test_installs_are_answered_and_listed(run: Runner) -> None:
    result = run(*INSTALLS)
    assert outcomes(result) == ["ok"] * len(INSTALLS), result.cells
    shown = [printed(result, cell) for cell in range(len(INSTALLS))]
    missing = "Not installed: nosuchpackage is missing here."
    assert shown[:6] == [
        f"Requirement already satisfied: torch\n{missing}\na",
        "Requirement already satisfied: evaluate",
        "Requirement already satisfied: datasets\n"
        "apt-get was not run: packages come with this runner, which has no network.\nb",
        "pip install nothing\ndone",
        f"{missing}\nc",
        f"{missing}\nafter",
    ]
    assert shown[6].startswith("conda was not run")
    assert shown[7:9] == ["Requirement already satisfied: torch"] * 2
    assert (shown[9], shown[11]) == ("", "pip install torch")
    satisfied, other, fetched = shown[12].splitlines()
    assert satisfied == "Requirement already satisfied: numpy"
    assert other.endswith("is here instead of transformers==4.1.")
    assert fetched == "Not installed: git+https://example.org/x.git, which needs a network."
    assert [(each.cell, each.line) for each in result.adaptations] == [
        (0, 1),
        (1, 1),
        (2, 1),
        (2, 3),
        (4, 2),
        (5, 1),
        (6, 1),
        (7, 1),
        (8, 2),
        (9, 2),
        (12, 1),
    ]
    assert result.adaptations[0].text == "!pip install -q torch \\\n   nosuchpackage"
    assert result.adaptations[0].reason == (
        "not run: packages come with this runner, which has no network; "
        "torch is here, nosuchpackage is missing here"
    )


@real
def test_what_was_not_installed_is_missing_later(run: Runner) -> None:
    result = run("!pip install nosuchpackage", "import nosuchpackage")
    assert result.outcome == "environment"
    assert result.message == "This runner does not have the package nosuchpackage."


@real
def test_colabs_modules_are_answered(run: Runner) -> None:
    result = run(
        "import sys\nprint('google.colab' in sys.modules)",
        "from google.colab import drive, files, userdata, output\ndrive.mount('/content/drive')",
        "import os\nprint(os.listdir('/content/drive/MyDrive'), files.upload())",
        "open('a.csv', 'w').write('x,y')\nfiles.download('a.csv')",
        "print(open('/content/a.csv').read(), os.path.samefile('/content', '.'))",
        "%cd /content/drive/MyDrive\n!touch b\nprint(os.listdir('.'))",
        "import google.colab\noutput.clear()\n%load_ext google.colab.data_table",
        "try:\n    userdata.get('HF_TOKEN')\nexcept userdata.SecretNotFoundError as e: print(e)",
        "%tensorflow_version 2.x",
        "%%shell\necho from $0",
    )
    assert result.outcome == "completed"
    assert outcomes(result) == ["ok"] * 10, result.cells
    assert printed(result, 0) == "False"
    assert "nobody's Google Drive can be reached here" in printed(result, 1)
    assert printed(result, 2).splitlines() == [
        "Nothing was uploaded: nobody is there to choose a file.",
        "[] {}",
    ]
    assert printed(result, 3) == "a.csv was not downloaded: it stays on the runner."
    assert printed(result, 4) == "x,y True"
    assert printed(result, 5).endswith("['b']")
    assert printed(result, 7) == "Secret HF_TOKEN does not exist."
    assert printed(result, 9) == "from bash"
    assert [(each.cell, each.line) for each in result.adaptations] == [(1, 1), (6, 1)]
    assert result.recorder_complete


@real
def test_logins_bars_and_magics_do_no_harm(run: Runner) -> None:
    result = run(
        "from huggingface_hub import login, notebook_login\nnotebook_login()\nlogin(token='x')",
        "from tqdm.notebook import tqdm, trange\nprint(list(tqdm(range(2))), *trange(2))",
        "%%time\nx = 1",
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "%matplotlib notebook\n%load_ext autoreload\n%autoreload 2",
        "%%capture kept\nprint('hidden')",
        "%%writefile own.py\nvalue = 5",
        "from own import value\nprint(value, kept.stdout)",
        "!nvidia-smi\n!wget -q https://example.org/a.csv\n%cd ..",
        "%load_ext tensorboard\n%tensorboard --logdir runs",
    )
    assert result.outcome == "completed"
    assert outcomes(result) == ["ok"] * 10, result.cells
    assert printed(result, 0).count("Not logged in: this runner has no network") == 2
    assert printed(result, 1) == "[0, 1] 0 1"
    assert [each.kind for each in result.cells[3].outputs] == ["display"]
    assert printed(result, 5) == ""
    assert printed(result, 7) == "5 hidden"
    assert printed(result, 8).splitlines() == [
        "This runner has no NVIDIA GPU.",
        "wget was not run: this runner has no network (https://example.org/a.csv).",
        "/home/student",
    ]
    assert [(each.cell, each.line) for each in result.adaptations] == [
        (0, 1),
        (1, 1),
        (4, 1),
        (8, 1),
        (8, 2),
        (9, 1),
    ]


@real
def test_a_shell_cell_stays_behind_the_walls(run: Runner, assets: Path) -> None:
    result = run(
        "%%bash\necho $HOME\nls /root /home\ntouch /assets/x || echo refused\n"
        "exec 3<>/dev/tcp/127.0.0.1/22 || echo no network",
        "%%bash\ntouch here; ls",
    )
    shown = printed(result, 0)
    assert shown.startswith("/home/student")
    assert "refused" in shown
    assert "no network" in shown or result.cells[0].outcome == "error"
    assert printed(result, 1) == "here"
    assert not (assets / "x").exists()


@real
def test_questions_and_exits_are_the_cells_own_errors(run: Runner) -> None:
    parser = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', default=1)\n"
    result = run(
        f"{parser}p.parse_args()",
        f"{parser}print(p.parse_args([]), p.parse_known_args()[0])",
        "input('Your name? ')",
        "import getpass\ngetpass.getpass()",
        "import sys\nsys.exit('enough')",
        "print('still here')",
    )
    assert result.outcome == "completed"
    assert outcomes(result) == ["error", "ok", "error", "error", "error", "ok"]
    assert result.cells[0].error == "SystemExit: 2"
    assert result.cells[2].error == (
        "StdinNotImplementedError: input() was called, but nobody is there to answer: "
        "the notebook runs unattended. Put the value into the code instead."
    )
    assert result.cells[4].error == "SystemExit: enough"
    assert printed(result, 5) == "still here"


LACKS = [
    (["import ipywidgets as widgets"], "does not have the package ipywidgets"),
    (["import plotly.express as px"], "does not have the package plotly"),
    (["from google.colab import widgets"], "does not have google.colab.widgets"),
    (["from google.colab import userdata\nuserdata.get('KEY')"], "does not have the secret KEY"),
    (
        ["from google.colab import files\nname = list(files.upload())[0]"],
        "asks for a file to be uploaded",
    ),
    (["open('/content/drive/MyDrive/a.csv')"], "/content/drive/MyDrive/a.csv from a Google Drive"),
    (
        ["!wget https://example.org/data/b.csv -O c.csv", "open('c.csv')"],
        "could not fetch https://example.org/data/b.csv",
    ),
    (["import torch\nmodel = torch.nn.Linear(2, 2).to('cuda')"], "no NVIDIA GPU, which cell 0"),
    (["undefined", "import torch\ntorch.zeros(1).cuda()"], "no NVIDIA GPU, which cell 1 asks for"),
    (["import torch\ntorch.zeros(2, device='cuda:0')"], "no NVIDIA GPU"),
    (["import torch\ntorch.ones(1).to('mps')"], "no Apple GPU"),
]


@real
@pytest.mark.parametrize(("sources", "said"), LACKS)
def test_what_only_a_hosting_service_has_is_named(
    run: Runner, sources: list[str], said: str
) -> None:
    result = run(*sources)
    assert result.outcome == "environment", result.cells
    assert said in result.message


@real
def test_own_mistakes_stay_own_mistakes(run: Runner) -> None:
    fetched = "!wget https://example.org/b.csv"
    result = run("open('mine.csv')", fetched, "[][0]", "raise KeyError('cuda')")
    assert result.outcome == "completed"
    assert outcomes(result) == ["error", "ok", "error", "error"]


@real
def test_metadata_and_tags_change_nothing(sandbox: ForkSandbox, tmp_path: Path) -> None:
    sources = ["print('one')", "1 / 0", "print('three')"]
    tagged = {"tags": ["skip-execution", "raises-exception", "remove-output", "parameters"]}
    runs = []
    for name, metadata in (("plain", {}), ("tagged", tagged)):
        cells = [
            {"cell_type": "code", "source": each, "metadata": metadata, "outputs": []}
            for each in sources
        ]
        about = {"kernelspec": {"name": "ir", "language": "R"}, "execution": {"timeout": 1}}
        whole = {
            "cells": cells,
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": about if metadata else {},
        }
        path = tmp_path / f"{name}.ipynb"
        path.write_text(json.dumps(whole), encoding="utf-8")
        runs.append(sandbox.run(intake(path, load_lab("week9-vit-clip")), RunOptions()))
    assert [outcomes(run) for run in runs] == [["ok", "error", "ok"]] * 2
    assert [printed(run, 2) for run in runs] == ["three"] * 2


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n",
        "'''\n!pip install x\n'''\n!ls",
        "%%writefile a.sh\n!pip install x",
        "%%html\n<p>\npip install x",
        "%%bash\ncat <<END\npip install x\nEND",
        "!pip list",
        "%pip show torch",
        "files = !ls",
        "pip = 1\npip",
        "%cd /content",
        "%matplotlib inline",
        "import os\nx = os.system('pip install torch')",
        "print(1); os.system('pip install torch')",
        "!echo wget https://example.org",
        "!git status",
        "x = (1\n%2)",
    ],
)
def test_what_runs_as_written_is_left_alone(source: str) -> None:
    assert changed(source) == (source, [])


@pytest.mark.parametrize(
    ("source", "executed"),
    [
        ("!nvidia-smi", "print('This runner has no NVIDIA GPU.')"),
        (
            "!echo it's\n!pip uninstall -y torch",
            "!echo it's\nprint('Nothing was uninstalled: packages belong to this runner.')",
        ),
        (
            "for x in y:\n\t%pip install -r requirements.txt",
            "for x in y:\n\tprint('Nothing was installed: packages come with this runner, which "
            "has no network.')",
        ),
        (
            "!git clone -q https://example.org/r && cd r",
            "!printf '%s\\n' 'git was not run: this runner has no network (https://example.org/r).'"
            " && cd r",
        ),
        (
            "!git clone https://ada:secret@example.org/r",
            "print('git was not run: this runner has no network (https://example.org/r).')",
        ),
        (
            "!huggingface-cli login --token secret",
            "print('huggingface-cli was not run: this runner has no network.')",
        ),
        (
            "!sudo DEBIAN=1 apt-get -y install x | tail -1",
            "!printf '%s\\n' 'apt-get was not run: packages come with this runner, which has no "
            "network.' | tail -1",
        ),
        ("x = 1\r\n!nvidia-smi\r\n", "x = 1\nprint('This runner has no NVIDIA GPU.')\n"),
        ("%matplotlib qt5\nplot()", "%matplotlib inline\nplot()"),
        (
            "import os\nos.system(\n  'nvidia-smi'\n)  # look\nx = 1",
            "import os\nprint('This runner has no NVIDIA GPU.')\n\n\nx = 1",
        ),
    ],
)
def test_lines_are_answered_where_they_stand(source: str, executed: str) -> None:
    text, notes = changed(source)
    assert text == executed
    assert len(notes) == 1


def test_a_gpu_is_shown_where_there_is_one() -> None:
    assert changed("!nvidia-smi", "NVIDIA H200") == ("!nvidia-smi", [])


COMMANDS = [
    "!pip install x",
    "%pip install y",
    "pip install z",
    "    !nvidia-smi",
    "os.system('x')",
]
TEXT = [
    "x = 1",
    "if x:",
    "print(1)",
    "%%bash",
    "&&",
    "'''",
    '"',
    "(",
    "\\",
    "\r",
    "\x0c",
    "é",
    "  ",
]
PIECE = st.sampled_from([*COMMANDS, *TEXT])


@given(st.lists(PIECE | st.text(max_size=5), max_size=8), st.sampled_from(["\n", "", " "]))
@example(["    !nvidia-smi", "\r", "!pip install x"], " ")
@example(["!pip install x", "!pip install x", "&0"], "")
@settings(deadline=None)  # The first one imports IPython.
def test_lines_stay_where_they_are(pieces: list[str], between: str) -> None:
    source = between.join(pieces)
    executed, notes = changed(source)
    written = source.replace("\r\n", "\n").replace("\r", "\n")
    assert executed.count("\n") == written.count("\n")
    assert notes or executed == written
