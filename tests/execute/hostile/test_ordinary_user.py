"""The whole corpus as a user without any right of root: graders seldom are root."""

import os
import re
import tempfile
from pathlib import Path

import pytest

from tests.execute.somebody import as_somebody

CORPUS = ("tests/execute/hostile/test_conformance.py", "tests/execute/test_walls.py")


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.timeout(1800)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_every_wall_holds_for_an_ordinary_user() -> None:
    # The paths of sockets are short, so this is no folder of pytest's own.
    with tempfile.TemporaryDirectory(prefix="user-") as made:
        Path(made).chmod(0o777)
        command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "sandbox and not slow"]
        done = as_somebody([*command, *CORPUS], Path(made))
    end = done.stdout.splitlines()[-1]
    print(end)  # noqa: T201 - the figures of the campaign
    assert done.returncode == 0, done.stdout[-20_000:]
    passed = re.search(r"(\d+) passed", end)
    assert passed
    assert int(passed[1]) > 200
