"""OUT005: simulated-fallback."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.detect._flow import flow
from grader.detect._metrics import Scoring, dead, recorded, scorings
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Cell,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Node,
    Output,
    Tag,
)

HEADER = re.compile(r"^(?P<indent>[ \t]*)(?P<word>except|else|elif|if)\b(?P<test>.*?):\s*(#.*)?$")
WORDS = re.compile(
    r"simulat|dummy|mock|placeholder|\bfake|synthetic|made.?up|for demonstration|demo purposes"
    r"|factice|fictif|模拟|虚拟|假数据|占位",
    re.I,
)
MISSING = re.compile(r"exists|is None|is not None|isfile|isdir|available|loaded|success|found", re.I)
DEVICE = re.compile(r"cuda|mps|device|gpu", re.I)
SAID = re.compile(r"\b(?:print|warn|warning|info|error|display)\(\s*f?(?P<q>[\"'])(?P<text>.*?)(?P=q)")
BLANK = re.compile(
    r"(?:^|\.)(?:PIL\.Image\.new|(?:numpy|torch)\.(?:zeros|ones|full|empty|rand|randn)(?:_like)?)$"
)
METRIC = re.compile(r"acc|precision|recall|f1|score", re.I)
SHORTEST_MESSAGE = 8
"""Characters of a constant message that tell it from other outputs."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A branch taken when something failed or is absent."""

    cell: int
    first: int
    last: int
    text: str


@detector(
    code="OUT005",
    name="simulated-fallback",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.1.0",
)
def simulated_fallback(case: Case) -> Iterator[Sighting]:
    """Made-up data takes the place of what could not be loaded.

    ## Why it matters
    When loading fails and the code goes on with random or constant values, the scores are computed
    correctly from data that does not exist. The failure is the result, and it is hidden.

    ## Example
    ```python
    import numpy as np
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    try:
        ds = load_dataset("uoft-cs/cifar10", split="test")
        y_true, y_pred = ds["label"], [classify(image) for image in ds["img"]]
    except Exception:
        print("could not load the data, using simulated labels")
        y_true = np.random.randint(0, 10, 100)
        y_pred = np.random.randint(0, 10, 100)
    print(accuracy_score(y_true, y_pred))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    ds = load_dataset("uoft-cs/cifar10", split="test")
    y_true, y_pred = ds["label"], [classify(image) for image in ds["img"]]
    print(accuracy_score(y_true, y_pred))
    ```

    ## Known limits
    Whether the branch was taken is told by the run: by the message it prints, or by the labels and
    images recorded. Without a run and without saved outputs the finding is a hint for a reviewer.
    Branches that assign other than random or constant data are not seen.

    ## Source
    A deduction, no statistic: a random or constant value that stands in an `except` or fallback
    branch flows into what is scored. Certain only when our run printed the branch's message, or
    scored labels of no served data set with fewer images through a model than labels.
    """
    tasks = case.evidence.cell_tasks
    seen: set[str | None] = set()
    for node, scoring in _made_up(case):
        task = tasks.get(node.cell)
        verdict = _taken(case, node, scoring)
        if task not in seen and verdict is not None:
            seen.add(task)
            yield _sighting(node, task, *verdict)
