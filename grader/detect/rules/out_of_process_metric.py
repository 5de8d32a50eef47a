"""TAM002: out-of-process-metric."""

import re
from collections.abc import Iterator

from grader.detect.api import Sighting, detector
from grader.model import (
    Attempt,
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Figure,
    Place,
    say,
)
from grader.patterns import regex

HARMLESS = frozenset({
    "pip", "pip3", "conda", "mamba", "uv", "apt", "apt-get", "sudo", "nvidia-smi", "nvcc", "git",
    "git-lfs", "wget", "curl", "unzip", "tar", "gzip", "ls", "cat", "head", "tail", "mkdir", "rm",
    "cp", "mv", "pwd", "which", "df", "du", "free", "lscpu", "uname", "gdown", "kaggle",
    "huggingface-cli", "hf", "chmod", "find", "wc", "ldconfig", "gcc", "cc", "c++", "ptxas",
    "ninja", "java", "tree", "nproc", "ffmpeg", "lsb_release", "dot", "tensorboard", "touch",
})  # fmt: skip
"""Programs that install, fetch, list, compile for a library, or show the machine."""

INSTALLS = regex(r"\bpython[\d.]*\s(?:-\S\s){0,3}-m\s(?:pip|venv|ensurepip|spacy|nltk)\b")
"""Python as it is called to install."""

PREFIX = regex(r"^(?:[A-Za-z_]\w{0,60}=\S{0,200}\s{1,9})+")
"""Settings in front of a command."""


@detector(
    code="TAM002",
    name="out-of-process-metric",
    requires=frozenset({EvidenceKind.RECORDING}),
    since="0.2.0",
    severity="review",
)
def out_of_process_metric(case: Case) -> Iterator[Sighting]:
    """A score is printed by a cell that starts another program, and nothing recorded explains it.

    ## Why it matters
    Scores are checked against what the notebook computed. What another program computes is not
    seen, so a score it prints rests on its word alone.

    ## Example
    ```python
    # Task 2: CLIP
    from datasets import load_dataset
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
    test = load_dataset("uoft-cs/cifar10", split="test")
    !python evaluate.py
    ```

    ```rerun
    Accuracy: 0.91237
    ```

    ```recorded
    - attempt: {cell: 0, kind: subprocess, target: python evaluate.py}
    ```

    ## Use instead
    ```python
    # Task 2: CLIP
    from sklearn.metrics import accuracy_score

    !pip install scikit-learn
    print("Accuracy:", accuracy_score(labels, predictions))
    ```

    ```rerun
    Accuracy: 0.75
    ```

    ```recorded
    - attempt: {cell: 0, kind: subprocess, target: pip install scikit-learn}
    - metric: {cell: 0, library: sklearn, function: accuracy_score, y_true: [0, 1, 1, 0],
               y_pred: [0, 1, 0, 0], value: 0.75}
    ```

    ## Verdict
    Review and likely: that a program was started and that nothing recorded gives the number are
    facts, that the number is the program's is not. A script of one's own is a common way to work,
    so a person should run it and look.

    ## Known limits
    Programs that install, fetch or list are left out. A score with few digits, or one that
    something recorded gives by coincidence, is not reported, nor is one that a program writes to
    a file and a later cell reads.

    ## Source
    A deduction from the recorder's list of programs (PEP 578) and the search for the origin of
    each number; see `grader evidence --why`.
    """
    for figure in _unexplained(case):
        started = [each for each in _programs(case) if each.cell == figure.place.cell]
        if started:
            yield _sighting(case, figure, started[0])
            return


def _programs(case: Case) -> Iterator[Attempt]:
    """Programs that may compute something."""
    for each in case.evidence.recording.attempts:
        if each.kind == "subprocess" and not _is_harmless(each.target):
            yield each


def _is_harmless(command: str) -> bool:
    words = PREFIX.sub("", command.strip()).split()
    program = words[0].rpartition("/")[2] if words else ""
    return not program or program in HARMLESS or INSTALLS.search(command) is not None


def _unexplained(case: Case) -> Iterator[Figure]:
    """Scores our run printed that nothing recorded gives."""
    figures = case.evidence.figures
    for each in case.evidence.provenance:
        figure = figures[each.figure]
        unexplained = each.verdict == "unexplained" and figure.kind == "score"
        if unexplained and figure.place.source == "rerun":
            yield figure


def _line(case: Case, place: Place, command: str) -> int | None:
    """The line that starts the program, where it stands in the cell as it was run."""
    words = [word for word in re.split(r"[\s/]", command) if word][:6]
    sources = {each.index: each.source for each in case.evidence.submission.code_cells}
    for number, line in enumerate(sources.get(place.cell, "").split("\n"), 1):
        if sum(word in line for word in words) * 2 > len(words):
            return number
    return None


def _sighting(case: Case, figure: Figure, started: Attempt) -> Sighting:
    place = figure.place
    return Sighting(
        severity="review",
        confidence=Confidence.LIKELY,
        task=figure.task,
        message=say(
            "Cell {cell} starts another program (`{program}`) and shows `{name}` {value}, which "
            "nothing that was recorded in the notebook gives.",
            cell=str(place.cell),
            program=started.target[:80],
            name=figure.name,
            value=figure.printed,
        ),
        measured=say("Programs started by this cell, and values computed from what was recorded."),
        remedy=say("Compute the score in the notebook, from labels and predictions it holds."),
        sure=say("Both facts were recorded; that one follows from the other is not known."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=place.cell,
                line=_line(case, place, started.target),
                remark="starts another program",
            ),
            EvidenceRef(kind=EvidenceKind.RERUN, cell=place.cell, line=place.line),
        ),
    )
