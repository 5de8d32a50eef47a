"""OUT009: silent-data-fallback."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from grader.detect._fallbacks import Block, block_of, blocks_of, message_of, printed
from grader.detect._samples import source_ref
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    Node,
    Severity,
    Wording,
    say,
)
from grader.patterns import regex

BLANK = regex(
    r"(?:^|\.)(?:PIL\.Image\.new|Image\.new"
    r"|(?:numpy|torch|tensorflow)\.(?:zeros|ones|full|empty|rand|randn)(?:_like)?"
    r"|numpy\.random\.(?:rand|randint|random))$"
)
"""Calls that make a picture, or what stands for one, of nothing."""

READS = regex(
    r"Image\.open|imread|read_image|load_img|requests\.get|urlopen|decode_(?:image|jpeg|png)"
    r"|image_path|img_path|load_image|\.convert\(|get_(?:image|text)_features|encode_image"
)
"""What is tried before: to read a picture, or to make features of one."""

CODE_ERRORS = frozenset({
    "UnidentifiedImageError", "KeyError", "TypeError", "AttributeError", "IndexError",
    "ValueError", "NameError", "ZeroDivisionError", "RuntimeError",
})  # fmt: skip
"""Errors of the code or the data themselves, which do not depend on the machine."""

ABOVE, BELOW = 20, 4
"""Lines round a branch in which a picture is read."""

FEW = 0.01
"""Share of items below which the score hardly changes."""


class _Taken(Struct, frozen=True, kw_only=True):
    """What is known of whether a branch was taken."""

    confidence: Confidence
    sure: Wording
    times: int | None = None
    """How many items it gave blanks to; ``None`` when not known."""

    n: int | None = None
    """Of how many."""


@detector(
    code="OUT009",
    name="silent-data-fallback",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    severity="major",
    follows=frozenset({"simulated-fallback"}),
)
def silent_data_fallback(case: Case) -> Iterator[Sighting]:
    """Pictures that cannot be read are replaced by blank ones.

    ## Why it matters
    A blank picture keeps the label of the picture it stands for. It is scored like the others, so
    the score is partly of pictures that do not exist, and nothing says how many there were.

    ## Example
    ```python
    from PIL import Image
    def load(path):
        try:
            return Image.open(path).convert("RGB")
        except Exception:
            print("could not read the picture")
            return Image.new("RGB", (224, 224), "white")
    pictures = [load(path) for path in paths]
    ```

    ```output
    could not read the picture
    could not read the picture
    ```

    ## Use instead
    ```python
    from PIL import Image
    def load(path):
        return Image.open(path).convert("RGB")
    pictures = [load(path) for path in paths]
    ```

    ## Verdict
    Major, minor where fewer than one item in a hundred is known to be affected. Certain when our
    run took the branch and the saved output shows its message; likely when only one of the two is
    there and the error does not depend on the machine. A hint when nothing tells whether the
    branch was taken, or when a file or address was missing in our run, which may be ours alone.
    Nothing is said when our run was recorded to its end and the branch never took an error.

    ## Known limits
    Items that are left out instead of replaced are not meant, and neither is one picture that is
    read outside of loops and functions. A branch that only tests whether
    something is there is seen by the message it prints. Blanks that are made on purpose, as
    padding, stand in no such branch.

    ## Source
    A deduction, no statistic: a call that makes a picture or an array of nothing stands in the
    branch that is taken when one could not be read. One in a hundred is chosen.
    """
    graph = case.evidence.source
    made = [node for node in graph.nodes if node.kind == "call" and BLANK.search(node.name)]
    if not made:
        return
    blocks = [block for cell in case.evidence.submission.code_cells for block in blocks_of(cell)]
    for node in made:
        block = block_of(node, blocks)
        if block is None or _is_single(case, block) or not _reads(case, node, block):
            continue
        taken = _taken(case, block)
        if taken is not None:
            yield _sighting(case, node, taken)
            return


def _is_single(case: Case, block: Block) -> bool:
    """Whether a branch stands in no loop and no function, and so is for one picture."""
    lines = case.evidence.submission.cells[block.cell].source.splitlines()
    return not lines[block.header - 1][:1].isspace()


def _reads(case: Case, node: Node, block: Block) -> bool:
    """Whether the branch stands for a picture that could not be read."""
    if "Image.new" in node.name:
        return True
    lines = case.evidence.submission.cells[block.cell].source.splitlines()
    around = "\n".join(lines[max(0, block.header - ABOVE) : block.last + BELOW])
    return bool(READS.search(around[:5000]))


def _taken(case: Case, block: Block) -> _Taken | None:
    """Whether the branch was taken; ``None`` when our run shows that it was not."""
    message = message_of(block)
    saved = case.evidence.submission.code_cells
    lines = printed(message, saved) if message else 0
    caught, error = _caught(case, block)
    again = printed(message, case.evidence.rerun) if message else 0
    if caught == 0:
        return None
    if caught or again:
        free = bool(caught) and error in CODE_ERRORS
        return _ran(case, caught or again, in_both=lines > 0, machine_free=free)
    if lines:
        sure = say("The saved output shows the message of this branch.")
        return _Taken(confidence=Confidence.LIKELY, sure=sure, times=lines, n=_items(case))
    if message and any(cell.outputs for cell in saved):
        return None
    sure = say("Nothing shows whether this branch was taken.")
    return _Taken(confidence=Confidence.HINT, sure=sure)


def _ran(case: Case, times: int, *, in_both: bool, machine_free: bool) -> _Taken:
    """What a branch that our run took tells of the student's own run."""
    if in_both:
        confidence = Confidence.CERTAIN
        sure = say("Our run took this branch, and the saved output shows its message.")
    elif machine_free:
        confidence = Confidence.LIKELY
        sure = say("Our run took this branch, for an error that does not depend on the machine.")
    else:
        confidence = Confidence.HINT
        sure = say("Our run took this branch; what failed may be missing on this machine alone.")
    return _Taken(confidence=confidence, sure=sure, times=times, n=_items(case))


def _caught(case: Case, block: Block) -> tuple[int | None, str]:
    """How often our run took an ``except`` clause, and of what; ``None`` when not known."""
    recording = case.evidence.recording
    known = EvidenceKind.RECORDING in case.evidence.kinds and recording.complete
    if not (known and block.is_except):
        return None, ""
    mine = [
        each
        for each in recording.caught
        if (each.cell if each.defined_in is None else each.defined_in, each.line)
        == (block.cell, block.header)
    ]
    unwatched = any(each.what.startswith("caught") for each in recording.dropped)
    if not mine and (unwatched or not _all_ran(case)):
        return None, ""
    return sum(each.times for each in mine), mine[0].error if mine else ""


def _all_ran(case: Case) -> bool:
    return all(run.outcome == "ok" for run in case.evidence.rerun)


def _items(case: Case) -> int | None:
    """Items of the largest evaluation that is known."""
    sizes: Sequence[int] = [each.n for each in case.evidence.evaluations]
    stated = [each.n for each in case.evidence.stated if each.n is not None]
    return max(sizes or stated, default=None)


def _sighting(case: Case, node: Node, taken: _Taken) -> Sighting:
    few = taken.times is not None and taken.n is not None and taken.times < FEW * taken.n
    severity: Severity = "minor" if few else "major"
    return Sighting(
        severity=severity,
        confidence=taken.confidence,
        task=case.evidence.cell_tasks.get(node.cell),
        message=_message(node, taken),
        measured=_measured(taken),
        remedy=say(
            "Let the error stop the notebook, or leave such items out of pictures and labels "
            "alike, and report how many there were."
        ),
        sure=taken.sure,
        evidence=(source_ref(node, "a blank in the place of a picture"),),
    )


def _message(node: Node, taken: _Taken) -> Wording:
    values = node.name.rpartition(".")[2]
    if taken.times is None:
        return say(
            "Where a picture cannot be read, `{values}` puts a blank in its place, which is scored "
            "like the others.",
            values=values,
        )
    if taken.n is None or taken.n < taken.times:
        return say(
            "Pictures that could not be read were replaced by blanks (`{values}`) {times} times, "
            "and the blanks are scored like the others.",
            values=values,
            times=taken.times,
        )
    return say(
        "Pictures that could not be read were replaced by blanks (`{values}`) {times} times, with "
        "{n} items scored, and the blanks are scored like the others.",
        values=values,
        times=taken.times,
        n=taken.n,
    )


def _measured(taken: _Taken) -> Wording:
    if taken.times is None:
        return say("A blank is made in the branch for pictures that cannot be read.")
    return say("How often the branch was taken: {times}.", times=taken.times)
