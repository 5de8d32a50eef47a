"""What the recorder sees beside data and models: draws, exceptions taken, ways out."""

import pytest

from grader.evidence.recording import parse
from grader.model import Recording, Run
from tests.execute.conftest import Runner, printed

pytestmark = pytest.mark.sandbox

DRAWS = """
import numpy as np, pickle, random, inspect
y_true = [random.randint(0, 9) for _ in range(50)]
y_pred = np.random.randint(0, 10, 50)
noise = np.random.rand(4, 3)
words = np.random.choice(["cat", "dog"], 6)
order = list(range(8)); random.shuffle(order)
scores = np.random.uniform(size=5)
print(pickle.loads(pickle.dumps(np.random.rand)) is np.random.rand, random.choice.__name__)
"""
BY_LIBRARY = """
from sklearn.model_selection import train_test_split
parts = train_test_split(list(range(20)), random_state=np.random.RandomState(0))
"""
CATCHES = """

def load(name):
    try:
        return {}[name]
    except KeyError as error:
        if not name:
            raise ValueError("empty") from error
        return None
    except (TypeError,
            OSError):
        return 0

load("a")
for _ in range(3):
    try: 1 / 0
    except: pass
def numbers():
    for each in (1, 2):
        try:
            yield int("x")
        except Exception:
            yield each
    try:
        return
    finally:
        pass
print(list(numbers()))
"""
ELSEWHERE = "load([])"
FAILS = "load('')"
MAGIC = "%%time\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    pass"
DEEP = "print(" + "+".join(["1"] * 900) + ")"
ATTEMPTS = """
import os, socket, subprocess, threading
subprocess.run(["echo", "one"], capture_output=True)
subprocess.run("echo two", shell=True, capture_output=True)
for _ in range(2): os.system("echo three >/dev/null")
def shell(args):
    !echo {args}
shell('four')
for address in (("93.184.216.34", 80), ("example.org", 443)):
    try: socket.create_connection(address, timeout=1)
    except OSError: pass
print([name for name in dir() if 'audit' in name or 'except' in name])
"""
QUIET = "import platform; platform.processor; 1 + 1"
CELLS = (DRAWS, BY_LIBRARY, CATCHES, ELSEWHERE, FAILS, MAGIC, DEEP, ATTEMPTS, QUIET)
(DRAWS_, BY_LIBRARY_, CATCHES_, ELSEWHERE_, FAILS_, MAGIC_, DEEP_, ATTEMPTS_, QUIET_) = range(
    len(CELLS)
)


@pytest.fixture(scope="module")
def lab(run: Runner) -> Run:
    result = run(*CELLS)
    failed = [cell.index for cell in result.cells if cell.outcome != "ok"]
    assert failed == [FAILS_], [cell.error for cell in result.cells]
    assert not [event.data for event in result.events if event.name == "recorder-error"]
    assert result.recorder_complete
    return result


@pytest.fixture(scope="module")
def recording(lab: Run) -> Recording:
    return parse(lab.events, lab.recorder_complete)


def test_what_was_drawn_is_what_the_notebook_holds(recording: Recording) -> None:
    drawn = {each.function: (each.n, each.array) for each in recording.draws if each.cell == DRAWS_}
    held = {each.name: each.array for each in recording.named + recording.named_floats}
    held |= {each.name: each.matrix for each in recording.named_matrices}
    assert drawn == {
        "random.randint": (50, held["y_true"]),
        "numpy.random.randint": (50, held["y_pred"]),
        "numpy.random.rand": (12, held["noise"]),
        "numpy.random.choice": (6, held["words"]),
        "random.shuffle": (8, held["order"]),
        "numpy.random.uniform": (5, held["scores"]),
    }


def test_watched_generators_are_found_by_name(lab: Run, recording: Recording) -> None:
    assert printed(lab, DRAWS_) == "True choice"
    assert not [each for each in recording.draws if each.cell == BY_LIBRARY_]


def test_exceptions_taken_name_the_clause_and_its_cell(recording: Recording) -> None:
    found = {
        (each.cell, each.defined_in, each.line, each.error, each.times)
        for each in recording.caught
        if each.cell != ATTEMPTS_
    }
    assert found == {
        (CATCHES_, None, 6, "KeyError", 1),
        (CATCHES_, None, 17, "ZeroDivisionError", 3),
        (CATCHES_, None, 22, "ValueError", 2),
        (ELSEWHERE_, CATCHES_, 10, "TypeError", 1),
        (FAILS_, CATCHES_, 6, "KeyError", 1),
        (MAGIC_, None, 4, "ZeroDivisionError", 1),
    }


def test_cells_run_as_they_would(lab: Run) -> None:
    assert printed(lab, CATCHES_) == "[1, 2]"
    assert printed(lab, DEEP_) == "900"
    error = next(cell.error for cell in lab.cells if cell.index == FAILS_)
    assert error == "ValueError: empty"


def test_nothing_of_it_shows(lab: Run) -> None:
    assert printed(lab, ATTEMPTS_).split() == ["four", "[]"]


def test_programs_and_addresses_are_told_once(recording: Recording) -> None:
    found = [(each.cell, each.kind, each.target) for each in recording.attempts]
    assert found[:4] == [
        (ATTEMPTS_, "subprocess", "echo one"),
        (ATTEMPTS_, "subprocess", "echo two"),
        (ATTEMPTS_, "subprocess", "echo three >/dev/null"),
        (ATTEMPTS_, "subprocess", "echo four"),
    ]
    assert {each[1] for each in found[4:]} == {"socket"}
    assert {target for _, _, target in found} >= {"93.184.216.34:80", "example.org"}


def test_what_is_too_much_is_said_to_be_dropped(run: Runner) -> None:
    result = run(
        "import os\nfor i in range(60): os.system(f'true {i}')",
        "long = list(range(300_000)); rates = [i / 3 for i in range(300_000)]",
        "for i in range(5): globals()[f'rates{i}'] = [i + each / 3 for each in range(150_000)]",
    )
    recorded = parse(result.events, result.recorder_complete)
    found = {(each.cell, each.what, each.why) for each in recorded.dropped}
    assert found >= {(0, "attempts", "number"), (1, "arrays", "number"), (1, "floats", "number")}
    assert (2, "arrays", "bytes") in found
    assert len(recorded.attempts) == 50
    assert result.recorder_complete
