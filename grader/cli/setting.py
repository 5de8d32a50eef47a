"""What the commands that run notebooks need: assets, a sandbox, workers."""

import importlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grader.cli.unsafe import Level
from grader.errors import SandboxUnavailable
from grader.execute import ForkSandbox, KernelOptions
from grader.model import Finding, Lab
from grader.pipeline import OnCell, Setup, conditions, starter_of
from grader.store import HandedIn, Store, load_reference

if TYPE_CHECKING:
    from grader.assets import AssetHome

__all__ = ["class_setup", "label"]


@contextmanager
def class_setup(
    lab: Lab,
    *,
    on_cell: OnCell | None = None,
    seed: int = 42,
    store: Store | None = None,
    submissions: Sequence[HandedIn] = (),
    level: Level = "full",
) -> Iterator[Setup]:
    """Assets prepared, sandbox open: everything a class is graded with.

    Args:
        lab: The lab.
        on_cell: Told of every cell that starts or ends.
        seed: Seed set before the first cell.
        store: Where runs are kept and looked up.
        submissions: The class; when all of it has run before, no kernel is started.
        level: Walls round each notebook.

    Raises:
        AssetError: If an asset of the lab cannot be provided.
        SandboxUnavailable: If a wall of the sandbox is missing on this machine.
    """
    home = _assets(lab)
    with ForkSandbox(home.root, lab.profile, KernelOptions(level=level)) as sandbox:
        decided_by = conditions(lab, sandbox.conditions, seed)
        if store is None or store.settled(submissions, decided_by) < len(submissions):
            _prove(sandbox)
        yield Setup(
            lab=lab,
            reference=load_reference(lab.id, lab.profile),
            starter=starter_of(lab),
            sandbox=sandbox,
            truth=home.labels(),
            seed=seed,
            on_cell=on_cell,
            store=store,
            conditions=decided_by,
        )


def _prove(sandbox: ForkSandbox) -> None:
    """See that kernels start, and import meanwhile what the first result would wait for.

    The fork server imports for seconds and keeps one core busy; scikit-learn takes one second.
    """
    with ThreadPoolExecutor(1) as aside:
        proven = aside.submit(sandbox.prove)
        importlib.import_module("sklearn.metrics")
        proven.result()


def _assets(lab: Lab) -> "AssetHome":
    try:
        # The drawings need Pillow and pyarrow, which only those who run notebooks install.
        from grader.assets import prepare

        return prepare(lab, lab.profile)
    except ModuleNotFoundError as error:
        raise SandboxUnavailable(
            f"{error.name} is not installed; running notebooks needs the extra `lab`: "
            'pip install "lab-grader[lab]"'
        ) from None


def label(finding: Finding) -> str:
    """Severity and confidence in words."""
    return f"{finding.severity}, {finding.confidence}"
