"""What importing the package costs."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader import metrics

MODULES = tuple(sorted(path.stem for path in Path(metrics.__file__).parent.glob("[a-z]*.py")))


def loaded(names: tuple[str, ...], libraries: tuple[str, ...]) -> str:
    program = (
        f"import sys, importlib\nfor name in {names!r}:\n"
        "    importlib.import_module('grader.metrics.' + name)\n"
        f"print([name for name in {libraries!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("names", "libraries"),
    [
        (MODULES, ("torch", "scipy", "sklearn", "nltk", "sacrebleu", "pandas")),
        # read by grader.compare on the way of the static check
        (("interval",), ("numpy", "scipy")),
    ],
)
def test_importing_loads_nothing_heavy(names: tuple[str, ...], libraries: tuple[str, ...]) -> None:
    assert loaded(names, libraries) == "[]"
