"""Run a submission in a sandbox and record what happens.

The notebook runs in a kernel forked from a warm fork server, behind walls it cannot pass; on
systems without such walls, and only if asked for, in an ordinary process. What its outputs say
and what the recorder saw become a ``Run``.
"""

from grader.execute.fork import ForkSandbox
from grader.execute.plain import PlainSandbox, open_sandbox
from grader.execute.replay import ReplaySandbox
from grader.execute.sandbox import KernelOptions, Level, Progress, RunOptions, Sandbox
from grader.model import Run, Submission

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


def execute(submission: Submission, sandbox: Sandbox, options: RunOptions | None = None) -> Run:
    """Run a submission once.

    Raises:
        SandboxError: If the machine failed; a failing cell is not an error.
    """
    return sandbox.run(submission, options or RunOptions())
