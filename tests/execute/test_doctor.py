"""What ``grader doctor`` finds by trying, and that its promises name tests there are."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.execute import gaps
from grader.execute.doctor import Attempt, Examination, examine
from grader.execute.promises import PROMISES, Promise
from grader.execute.server import missing_wall

# What has no walls shares its memory segments with every other test.
pytestmark = [pytest.mark.sandbox, pytest.mark.alone]

ROOT = Path(__file__).parents[2]
SELDOM_POSSIBLE = {"open a vsock", "hold a capability", "use io_uring", "make a user namespace"}


@pytest.fixture(scope="module")
def found() -> Examination:
    return examine()


def test_every_attempt_is_held_by_the_full_level(found: Examination) -> None:
    assert found.missing == ""
    assert {each.name for each in found.attempts if not each.holds} == set(gaps.FULL)
    assert found.full_holds
    assert found.walls[:5] == ("user", "net", "ipc", "pid", "mount")


def test_the_level_landlock_leaves_open_what_is_listed(found: Examination) -> None:
    assert found.fence_missing == ""
    opened = {each.name for each in found.attempts if not each.fenced}
    assert opened == set(gaps.landlock(found.abi))
    assert found.landlock_holds
    assert found.fence == (f"landlock-{found.abi}", "seccomp")


def test_attempts_succeed_without_walls(found: Examination) -> None:
    refused = {each.name for each in found.attempts if each.none}
    assert refused <= SELDOM_POSSIBLE


def test_the_machine_is_described(found: Examination) -> None:
    names = [each.name for each in found.offers]
    assert names[:4] == ["system", "cores", "memory", "GPU"]
    assert {"user namespaces", "Landlock", "seccomp", "control groups", "bubblewrap"} <= set(names)


def test_one_open_attempt_or_a_missing_wall_means_that_it_does_not_hold() -> None:
    held = Attempt(name="a", none="", full="refused")
    opened = Attempt(name="b", none="", full="")
    known = Attempt(name=next(iter(gaps.FULL)), none="", full="")

    def holds(*attempts: Attempt, missing: str = "") -> bool:
        facts = {"offers": (), "walls": (), "remedy": "", "missing": missing}
        return Examination(attempts=attempts, **facts).full_holds  # type: ignore[arg-type]

    assert holds(held, known)
    assert not holds(held, opened)
    assert not holds(held, missing="Landlock: no")


@pytest.mark.parametrize("promise", [each for each in PROMISES if each.test], ids=lambda p: p.what)
def test_each_kept_promise_names_a_test(promise: Promise) -> None:
    file, _, function = str(promise.test).partition("::")
    assert re.search(rf"^def {function}\(", (ROOT / file).read_text(encoding="utf-8"), re.M)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can forbid namespaces to itself")
def test_where_namespaces_are_refused_it_says_so_and_fails() -> None:
    # In a namespace of its own, the setting is the child's alone.
    command = (
        f"echo 0 > /proc/sys/user/max_user_namespaces && exec {sys.executable} -m grader doctor"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "The level full cannot be had here: namespaces" in done.stdout
    assert "To change it: sudo sysctl -w user.max_user_namespaces=" in done.stdout
    assert "The level landlock holds, but for what is listed above: landlock-" in done.stdout


def test_the_sandbox_that_cannot_be_had_names_the_one_that_can() -> None:
    assert "run with --sandbox landlock" in str(missing_wall("namespaces", "refused"))
    assert "--sandbox" not in str(missing_wall("Landlock", "ABI 1"))


def test_the_table_fits_a_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grader", "doctor"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    table = done.stdout[done.stdout.index("What a notebook tries") :]
    assert max(map(len, table.splitlines())) <= 80


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_full_level_holds_for_an_ordinary_user_too() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o777)
        # Root's home is closed to others, and Python may be installed there.
        base, home = Path(sys.base_prefix).resolve(), Path.home()
        command = (
            "exec setpriv --reuid=65534 --regid=65534 --clear-groups "
            f"{sys.executable} -m grader doctor"
        )
        if base.is_relative_to(home):
            command = (
                f"mkdir {folder}/base && mount --bind {base} {folder}/base && "
                f"mount -t tmpfs -o mode=755 none {home} && mkdir -p {base} && "
                f"mount --bind {folder}/base {base} && {command}"
            )
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", command],
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": made},
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The level full holds: user net ipc pid mount" in done.stdout
