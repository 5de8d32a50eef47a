"""What the commands that run notebooks need: assets, a sandbox, workers."""

from collections.abc import Iterator
from contextlib import contextmanager

from grader.model import Finding, Lab
from grader.pipeline import OnCell, Setup, starter_of
from grader.store import load_reference

__all__ = ["class_setup", "label"]


@contextmanager
def class_setup(lab: Lab, *, on_cell: OnCell | None = None, seed: int = 42) -> Iterator[Setup]:
    """Assets prepared, sandbox open: everything a class is graded with.

    Raises:
        AssetError: If an asset of the lab cannot be provided.
        SandboxUnavailable: If a wall of the sandbox is missing on this machine.
    """
    # Only commands that run notebooks need the sandbox and the assets.
    from grader.assets import prepare
    from grader.execute import ForkSandbox

    home = prepare(lab, lab.profile)
    with ForkSandbox(home.root, lab.profile) as sandbox:
        yield Setup(
            lab=lab,
            reference=load_reference(lab.id, lab.profile),
            starter=starter_of(lab),
            sandbox=sandbox,
            truth=home.labels(),
            seed=seed,
            on_cell=on_cell,
        )


def label(finding: Finding) -> str:
    """Severity and confidence in words."""
    return f"{finding.severity}, {finding.confidence}"
