"""What the commands that run notebooks need: assets, a sandbox, workers."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import click
from msgspec.structs import replace

from grader.cli.environments import lab_environment
from grader.cli.running import How
from grader.errors import SandboxUnavailable
from grader.evidence import LazyImages, Truth
from grader.execute import ForkSandbox, KernelOptions, PlainSandbox, open_sandbox
from grader.execute.devices import Devices, said
from grader.model import Finding, Lab
from grader.pipeline import OnCell, Setup, conditions, starter_of
from grader.store import HandedIn, Store, load_reference

if TYPE_CHECKING:
    from grader.assets import AssetHome

__all__ = ["class_setup", "label"]

AnySandbox: TypeAlias = ForkSandbox | PlainSandbox
Opening: TypeAlias = Callable[[KernelOptions], AnySandbox]

_USUAL = How()


@contextmanager
def class_setup(
    lab: Lab,
    *,
    on_cell: OnCell | None = None,
    seed: int = 42,
    store: Store | None = None,
    submissions: Sequence[HandedIn] = (),
    how: How = _USUAL,
) -> Iterator[Setup]:
    """Assets prepared, sandbox open: everything a class is graded with.

    Args:
        lab: The lab.
        on_cell: Told of every cell that starts or ends.
        seed: Seed set before the first cell.
        store: Where runs are kept and looked up.
        submissions: The class; when all of it has run before, no kernel is started.
        how: How notebooks run.

    Raises:
        AssetError: If an asset of the lab cannot be provided.
        SandboxUnavailable: If a wall of the sandbox is missing on this machine, or kernels do
            not reach the GPUs asked for.
        click.UsageError: If a GPU is named that is not there.
    """
    # What is wrong with it shows at once; assets and libraries take their time.
    devices = how.devices()
    home = _assets(lab)
    options = KernelOptions(
        level=how.sandbox,
        environment=lab_environment(lab),
        cold=how.cold,
        devices=devices,
    )

    def is_needed(sandbox: AnySandbox) -> bool:
        """Whether a kernel is going to be started."""
        if store is None:
            # Kernels that are not forked share nothing: the one notebook's own proves as much.
            return isinstance(sandbox, ForkSandbox) or bool(devices.gpus)
        decided_by = conditions(lab, sandbox.conditions, seed)
        return store.settled(submissions, decided_by) < len(submissions)

    opening = partial(open_sandbox, home.root, lab.profile)
    with _proven(options, how, opening, is_needed) as sandbox:
        decided_by = conditions(lab, sandbox.conditions, seed)
        yield Setup(
            lab=lab,
            reference=load_reference(lab.id, lab.profile),
            revisions=home.revisions,
            starter=starter_of(lab),
            sandbox=sandbox,
            truth=_truth(home, lab),
            seed=seed,
            on_cell=on_cell,
            store=store,
            conditions=decided_by,
        )


def _proven(
    options: KernelOptions, how: How, opening: Opening, is_needed: Callable[[AnySandbox], bool]
) -> AnySandbox:
    """An open sandbox whose kernels start, on the CPU if no GPU was asked for by name."""
    sandbox = opening(options)
    try:
        if is_needed(sandbox):
            _prove(sandbox)
            for line in said(options.devices):
                click.echo(line, err=True)
    except SandboxUnavailable as error:
        sandbox.close()
        if how.device.kind != "auto" or not options.devices.gpus:
            raise
        click.echo(f"Notebooks run on the CPU: {error}.", err=True)
        return _proven(replace(options, devices=Devices()), how, opening, is_needed)
    except BaseException:
        sandbox.close()
        raise
    return sandbox


def _prove(sandbox: AnySandbox) -> None:
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


def _truth(home: "AssetHome", lab: Lab) -> Truth:
    """What is true of the rows served; the texts, which are slower to read, only where asked of."""
    texts = any(task.kind in ("captioning", "vqa") for task in lab.tasks)
    rows = home.truth() if texts else {}
    captions = {split: tuple(row.captions for row in each) for split, each in rows.items()}
    answers = {split: tuple(row.answers for row in each) for split, each in rows.items()}
    return Truth(
        labels=home.labels(),
        captions={split: each for split, each in captions.items() if any(each)},
        answers={split: each for split, each in answers.items() if any(each)},
        images=LazyImages(home.images),
    )


def label(finding: Finding) -> str:
    """Severity and confidence in words."""
    return f"{finding.severity}, {finding.confidence}"
