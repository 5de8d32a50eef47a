"""Run a command as a user without any right of root, for which the tests need root."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOBODY = 65534


def as_somebody(
    command: Sequence[str | Path], folder: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run Python with these arguments as an ordinary user.

    Args:
        command: Arguments of Python.
        folder: A folder everybody may write into; the user's home and temporary folder.
        **environment: Variables besides the usual ones.
    """
    drop = f"exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
    line = f"{drop} {sys.executable} {shlex.join(map(str, command))}"
    # Root's home is closed to others, and Python may be installed there.
    base, home = Path(sys.base_prefix).resolve(), Path.home()
    if base.is_relative_to(home):
        line = (
            f"mkdir {folder}/base && mount --bind {base} {folder}/base && "
            f"mount -t tmpfs -o mode=755 none {home} && mkdir -p {base} && "
            f"mount --bind {folder}/base {base} && {line}"
        )
    usual: Mapping[str, str] = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
        "TMPDIR": str(folder),
    }
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", line],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**usual, **environment},
        check=False,
    )
