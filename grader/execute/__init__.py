"""Run a submission in a sandbox and record what happens.

The notebook runs in a kernel forked from a warm fork server, behind walls it cannot pass; on
systems without such walls, and only if asked for, in an ordinary process. What its outputs say
and what the recorder saw become a ``Run``. What runs notebooks is imported when it is asked for: a
check that runs nothing needs none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from grader.model import Run, Submission

if TYPE_CHECKING:
    from grader.execute.fork import ForkSandbox
    from grader.execute.plain import PlainSandbox, open_sandbox
    from grader.execute.replay import ReplaySandbox
    from grader.execute.sandbox import KernelOptions, Level, Progress, RunOptions, Sandbox

__all__ = [
    "ForkSandbox",
    "KernelOptions",
    "Level",
    "PlainSandbox",
    "Progress",
    "ReplaySandbox",
    "RunOptions",
    "Sandbox",
    "execute",
    "open_sandbox",
]

_MODULES = {
    "ForkSandbox": "fork",
    "KernelOptions": "sandbox",
    "Level": "sandbox",
    "PlainSandbox": "plain",
    "Progress": "sandbox",
    "ReplaySandbox": "replay",
    "RunOptions": "sandbox",
    "Sandbox": "sandbox",
    "open_sandbox": "plain",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def execute(submission: Submission, sandbox: "Sandbox", options: "RunOptions | None" = None) -> Run:
    """Run a submission once.

    Raises:
        SandboxError: If the machine failed; a failing cell is not an error.
    """
    from grader.execute.sandbox import RunOptions

    return sandbox.run(submission, options or RunOptions())
