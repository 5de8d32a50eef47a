"""Every level of the sandbox against every hostile notebook.

What a level promises is the same for all machines; where one cannot offer it, nothing runs.
"""

import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil
import pytest

from grader.evidence import Truth, gather
from grader.execute import ForkSandbox, Progress, RunOptions
from grader.model import Event, Limits, Recording, Result, Run, Submission
from grader.pipeline import judge
from tests import build
from tests.execute import attacks
from tests.execute.conftest import notebook, printed
from tests.execute.hostile import breaking, exhausting, forging, reaching
from tests.execute.hostile.notebook import Ending

pytestmark = pytest.mark.sandbox

ENDINGS = {**exhausting.ALL, **breaking.ALL}
FORGERIES = {**forging.ALONE, **forging.TOGETHER}
AT_ONCE = 4
"""Runs side by side: most of them wait for a limit."""


@dataclass(frozen=True, eq=False)
class Done:
    run: Run
    submission: Submission
    seconds: float


def run_all(
    sandbox: ForkSandbox, cases: Mapping[str, tuple[tuple[str, ...], Limits]]
) -> Mapping[str, Done]:
    def one(case: tuple[tuple[str, ...], Limits]) -> Done:
        began = time.monotonic()
        submission = notebook(*case[0])
        run = sandbox.run(submission, RunOptions(limits=case[1]))
        return Done(run, submission, time.monotonic() - began)

    with ThreadPoolExecutor(AT_ONCE) as engine:
        return dict(zip(cases, engine.map(one, cases.values()), strict=True))


def limits(**changed: float) -> Limits:
    return Limits.model_validate({"cell_seconds": 30, "run_seconds": 60, **changed})


# Reaching


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory(prefix="attacked-") as folder,
        attacks.targets(Path(folder)) as code,
    ):
        yield code


def reach(sandbox: ForkSandbox, names: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """What each attack printed, with another submission running beside it."""
    cells = [attacks.cell(attack) for attack in chosen.values()]
    sibling = notebook("import time; time.sleep(3)", student="sibling")
    with ThreadPoolExecutor(1) as beside:
        running = beside.submit(sandbox.run, sibling, RunOptions(limits=limits()))
        run = sandbox.run(notebook(names, *cells), RunOptions(limits=limits()))
        assert running.result().outcome == "completed"
    assert run.outcome == "completed", run.message
    return {name: printed(run, index + 1) for index, name in enumerate(chosen)}


REACHES = {name: each.code for name, each in reaching.ALL.items()}


@pytest.fixture(scope="module")
def walled(sandbox: ForkSandbox, names: str) -> dict[str, str]:
    return reach(sandbox, names, REACHES)


def _wins_without_walls(name: str) -> bool:
    who = reaching.ALL[name].control
    return who == "anybody" or (who == "root" and os.geteuid() == 0)


CONTROLLED = tuple(name for name in reaching.ALL if _wins_without_walls(name))


@pytest.fixture(scope="module")
def unwalled(open_sandbox: ForkSandbox, names: str) -> dict[str, str]:
    return reach(open_sandbox, names, {name: REACHES[name] for name in CONTROLLED})


@pytest.mark.parametrize("attack", reaching.ALL)
def test_cannot(walled: dict[str, str], attack: str) -> None:
    assert walled[attack]
    assert walled[attack] != "REACHED"


@pytest.mark.parametrize("attack", CONTROLLED)
def test_could_without_walls(unwalled: dict[str, str], attack: str) -> None:
    assert unwalled[attack] == "REACHED"


# The level landlock

OPEN_AT_LANDLOCK = {
    "see that a file exists": "a path can be asked about",
    "see that another process runs": "numbers of processes can be listed",
    "list the threads of the machine": "numbers of processes can be asked about",
    "use shared memory whose name it knows": "all notebooks use one /dev/shm",
}
"""What it cannot stop, each seen to succeed, so that this list says neither more nor less."""


@pytest.fixture(scope="module")
def fenced(fence: ForkSandbox, names: str) -> dict[str, str]:
    return reach(fence, names, EVERY_ATTACK)


EVERY_ATTACK = {**REACHES, **attacks.ATTACKS, **attacks.CLIMBS}


@pytest.mark.parametrize("attack", [name for name in EVERY_ATTACK if name not in OPEN_AT_LANDLOCK])
def test_cannot_at_landlock(fenced: dict[str, str], attack: str) -> None:
    assert fenced[attack]
    assert fenced[attack] != "REACHED"


@pytest.mark.parametrize("attack", OPEN_AT_LANDLOCK)
def test_can_at_landlock(fenced: dict[str, str], attack: str) -> None:
    assert fenced[attack] == "REACHED"


# Exhausting and breaking


@pytest.fixture(scope="module")
def ended(sandbox: ForkSandbox) -> Mapping[str, Done]:
    return run_all(sandbox, {name: (e.cells, limits(**e.limits)) for name, e in ENDINGS.items()})


@pytest.mark.parametrize("name", ENDINGS)
def test_ends_as_its_own_outcome(ended: Mapping[str, Done], name: str) -> None:
    check_ending(ENDINGS[name], ended[name].run)


FENCED = (
    "daemonise",
    "leave zombies",
    "kill whoever watches over it",
    "keep memory in a file without a name",
    "count for ever",
    "stop itself",
    "write to the terminal",
    "leave pipes and locked and deep folders",
    "leave links to what others own",
    "close every descriptor",
    "change the key of the messages",
    "leave by sys.exit",
    "ask for input",
    "write nonsense into every pipe",
)
"""Those whose end could be another where there are no namespaces."""


@pytest.fixture(scope="module")
def fenced_ends(fence: ForkSandbox) -> Mapping[str, Done]:
    chosen = {name: ENDINGS[name] for name in FENCED}
    return run_all(fence, {name: (e.cells, limits(**e.limits)) for name, e in chosen.items()})


@pytest.mark.parametrize("name", FENCED)
def test_ends_the_same_at_landlock(fenced_ends: Mapping[str, Done], name: str) -> None:
    check_ending(ENDINGS[name], fenced_ends[name].run)


def test_nothing_is_left_at_landlock(fenced_ends: Mapping[str, Done]) -> None:
    assert len(fenced_ends) == len(FENCED)
    assert not daemons()


def check_ending(case: Ending, run: Run) -> None:
    assert run.outcome in case.outcome.split(), run.message
    assert re.search(case.message, run.message)
    errors = {cell.index: cell.error or "" for cell in run.cells}
    for cell, pattern in case.errors.items():
        assert re.search(pattern, errors[cell]), errors
    if run.outcome == "completed":
        for cell, pattern in case.printed.items():
            assert re.search(pattern, printed(run, cell)), run.cells[cell]
    assert len(run.cells) == len(case.cells)


@pytest.mark.parametrize(
    "name", [name for name, each in ENDINGS.items() if each.outcome == "timeout"]
)
def test_is_stopped_within_two_seconds_of_its_limit(ended: Mapping[str, Done], name: str) -> None:
    # Counted from when the kernel ran the cell, not from when it was asked for.
    cell = ended[name].run.cells[0]
    assert cell.outcome == "timeout"
    assert cell.seconds < ENDINGS[name].limits["cell_seconds"] + 2


def test_outputs_stay_within_their_limits(ended: Mapping[str, Done]) -> None:
    for name in exhausting.OUTPUT:
        kept = ended[name].run.cells[0].outputs
        assert len(kept) <= Limits().outputs
        assert sum(len(each.text) for each in kept) <= Limits().output_bytes
    assert ended["show ten thousand outputs"].run.cells[0].outputs[-1].truncated


def test_everything_is_gone_within_five_seconds(sandbox: ForkSandbox) -> None:
    ended = 0.0

    def note(progress: Progress) -> None:
        nonlocal ended
        ended = time.monotonic()

    source = [exhausting.PROCESSES["daemonise"].cells[0]]
    source += [each.cells[0] for each in exhausting.FILES.values()]
    source.append("with open('/dev/shm/x', 'wb') as file: file.write(b'x' * (256 << 20))")
    run = sandbox.run(notebook(*source), RunOptions(limits=limits(), on_cell=note))
    assert run.outcome == "completed", run.message
    assert time.monotonic() - ended < 5


def test_memory_is_stopped_near_its_limit(sandbox: ForkSandbox) -> None:
    hog = (
        "import re, time\nhoard = []\n"
        "while True:\n"
        "    hoard.append(bytearray(b'x' * (32 << 20)))\n"
        "    status = open('/proc/self/status').read()\n"
        "    print(re.search(r'VmRSS:\\s+(\\d+)', status)[1], flush=True)\n"
        "    time.sleep(.02)"
    )
    run = sandbox.run(notebook(hog), RunOptions(limits=limits(memory_mib=1500)))
    assert run.outcome == "killed"
    assert int(printed(run).split()[-1]) >> 10 <= 1500 + 512


def test_nothing_of_them_is_left(ended: Mapping[str, Done]) -> None:
    assert len(ended) == len(ENDINGS)
    assert not daemons()


def daemons() -> list[list[str]]:
    left = [each.info["cmdline"] or [] for each in psutil.process_iter(["cmdline"])]
    return [line for line in left if "97531" in line]


# Forging


@pytest.fixture(scope="module")
def forged(sandbox: ForkSandbox) -> Mapping[str, tuple[Done, int]]:
    """Each forgery's run, and the index of its first cell."""
    cases = {name: ((forging.PREPARED, *f.cells), limits()) for name, f in forging.ALONE.items()}
    together = tuple(cell for each in forging.TOGETHER.values() for cell in each.cells)
    cases["together"] = ((forging.PREPARED, *together), limits())
    done = run_all(sandbox, cases)
    first: dict[str, tuple[Done, int]] = {name: (done[name], 1) for name in forging.ALONE}
    index = 1
    for name, each in forging.TOGETHER.items():
        first[name] = (done["together"], index)
        index += len(each.cells)
    return first


def judged(submission: Submission, run: Run) -> Result:
    lab = build.lab()
    return judge(gather(submission, run, lab, Truth(labels=build.TRUTH)), run, lab, None)


@cache
def result(done: Done) -> Result:
    return judged(done.submission, done.run)


def recorded(done: Done) -> Recording:
    evidence = result(done).evidence
    assert evidence is not None
    return evidence.recording


@pytest.mark.parametrize("name", FORGERIES)
def test_forging_is_reported_or_in_vain(forged: Mapping[str, tuple[Done, int]], name: str) -> None:
    case, (done, first) = FORGERIES[name], forged[name]
    last = first + len(case.cells) - 1
    cells = set(range(first, last + 1)) | ({None} if name in forging.ALONE else set())
    recording = recorded(done)
    kinds = {each.kind for each in recording.tampering if each.cell in cells}
    assert case.reported <= kinds
    assert not case.complete or not kinds
    errors = [cell.error for cell in done.run.cells if cell.index in cells and cell.error]
    assert errors == []
    if case.printed is not None:
        assert re.search(case.printed, printed(done.run, last))
    if case.reported:
        assert not recording.complete


@pytest.mark.parametrize("name", FORGERIES)
def test_every_report_becomes_a_finding_with_its_cell(
    forged: Mapping[str, tuple[Done, int]], name: str
) -> None:
    case, (done, first) = FORGERIES[name], forged[name]
    detection = result(done).detection
    assert detection is not None
    found = {
        ref.cell
        for one in detection.findings
        if one.name == "tracer-tampering"
        for ref in one.evidence
    }
    cells = set(range(first, first + len(case.cells)))
    assert bool(found & cells) or not case.reported


def points(submission: Submission, run: Run) -> float:
    grade = judged(submission, run).grade
    assert grade is not None
    return grade.score


@pytest.fixture(scope="module")
def honest(sandbox: ForkSandbox) -> Done:
    return run_all(sandbox, {"": ((forging.PREPARED, "1"), limits())})[""]


@pytest.mark.parametrize("name", [*forging.ALONE, "find the recorder among all objects"])
def test_no_forgery_earns_a_point(
    forged: Mapping[str, tuple[Done, int]], honest: Done, name: str
) -> None:
    done = forged[name][0]
    assert points(done.submission, done.run) <= points(honest.submission, honest.run)


def test_the_forged_events_would_earn_points_if_they_were_believed(
    forged: Mapping[str, tuple[Done, int]], honest: Done
) -> None:
    labels = [0] * 43 + [1] * 43 + [2] * 42
    data = {
        "library": "sklearn",
        "function": "accuracy_score",
        "y_true": {"id": "a", "n": 128, "values": labels},
        "y_pred": {"id": "a", "n": 128},
        "value": 1.0,
    }
    done = forged["write events of its own"][0]
    events = (
        *(event for event in done.run.events if event.name != "tamper"),
        Event.model_validate({"cell": 1, "name": "metric", "data": data}),
        Event.model_validate({"cell": 1, "name": "forward", "data": {"model": "m", "rows": 128}}),
    )
    believed = done.run.model_copy(update={"events": events, "recorder_complete": True})
    assert points(done.submission, believed) > points(honest.submission, honest.run)


def test_what_equals_everything_is_no_label(forged: Mapping[str, tuple[Done, int]]) -> None:
    for name in ("compare equal to everything", "be a word that equals everything"):
        done, cell = forged[name]
        calls = [each for each in recorded(done).metric_calls if each.cell == cell]
        assert [(each.y_true, each.n) for each in calls] == [(None, None)]


def test_there_are_enough() -> None:
    names = [*reaching.ALL, *ENDINGS, *FORGERIES, *attacks.ATTACKS, *attacks.CLIMBS]
    assert len(names) >= 100
    assert len(set(names)) == len(names)
