"""TAM001: tracer-tampering."""

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Severity,
    Tampering,
    TamperingKind,
    Wording,
    say,
)


@detector(
    code="TAM001",
    name="tracer-tampering",
    requires=frozenset({EvidenceKind.RECORDING}),
    since="0.1.0",
    status="stable",
    severity="invalid",
)
def tracer_tampering(case: Case) -> Iterator[Sighting]:
    """What records the evaluation was changed, or its record has gaps.

    ## Why it matters
    Scores are recomputed from what was recorded while the notebook ran. Where the recording can
    be something else than what happened, nothing follows from it, good or bad, until a person
    has looked.

    ## Example
    ```python
    # Task 1: ViT
    import sklearn.metrics

    sklearn.metrics.accuracy_score = lambda y_true, y_pred: 0.97
    print(sklearn.metrics.accuracy_score(labels, predictions))
    ```

    ```recorded
    - tamper: {cell: 0, kind: replaced, detail: sklearn.metrics.accuracy_score}
    ```

    ## Use instead
    ```python
    # Task 1: ViT
    from sklearn.metrics import accuracy_score

    print(accuracy_score(labels, predictions))
    ```

    ```recorded
    - metric: {cell: 0, library: sklearn, function: accuracy_score, y_true: [0, 1],
               y_pred: [0, 1], value: 1.0}
    ```

    ## Verdict
    Invalid and certain when the recorder's own lines or parts are not what they were: nothing can
    be taken from such a run. A recorded function replaced by the notebook's own is invalid and
    likely, because a function of this name may have been wanted. Ways into the process are for
    review: the fact is certain, what it was for is not.

    ## Known limits
    A notebook shares its process with the recorder, so silence proves nothing: what a process
    says of itself is never believed where the labels served, which lie outside, say otherwise.
    Debuggers, profilers and loops over `gc.get_objects()` use the same ways into the process, so
    they are named for a person to look at and are never held against anybody. A function that a
    library puts in the place of a recorded one is a hint.

    ## Source
    Each line of the recorder carries a number and a keyed digest (RFC 7693). Certain when a line
    has another digest or a part of the recorder is not what was installed: neither happens by
    itself. PEP 578 says which ways into the process an interpreter reports.
    """
    groups: dict[tuple[str, str, str], list[Tampering]] = {}
    for each in case.evidence.recording.tampering:
        # Reloading a module replaces everything in it; that is one thing to tell.
        detail = each.detail if each.by == "notebook" else ""
        groups.setdefault((each.kind, detail, each.by), []).append(each)
    for group in groups.values():
        yield _sighting(case, group)


class _Words(Struct, frozen=True):
    """How one kind of thing is told."""

    severity: Severity
    confidence: Confidence
    message: Callable[[str, str], Wording]
    """Says it, of a cell and a detail."""

    remedy: Wording
    looked_for: str
    """Pattern of the line to show."""


_BY_ITSELF = say(
    "Neither a library nor a mistake writes there by itself; the line fails its check."
)
_OPEN = say("The fact is certain; what it was for is not.")
_KEEP = say("Leave the recording alone and call the library's functions as they are.")
_OUT = say("Take this out of the notebook you hand in.")


def _uses(cell: str, detail: str) -> Wording:
    return say(
        "Cell {cell} uses {detail}, which reaches every object of the process, the recorder's too.",
        cell=cell,
        detail=detail,
    )


_LIKELY, _CERTAIN = Confidence.LIKELY, Confidence.CERTAIN
_WORDS: dict[TamperingKind, _Words] = {
    "forged": _Words(
        "invalid",
        _CERTAIN,
        lambda cell, _detail: say(
            "Cell {cell} wrote lines in the form of events into the stream of the recorder.",
            cell=cell,
        ),
        _KEEP,
        r"os\.write|/proc/self/fd",
    ),
    "called": _Words(
        "invalid",
        _CERTAIN,
        lambda _cell, detail: say(
            "A part of the recorder ({detail}) was called by something else than the recorder.",
            detail=detail,
        ),
        _KEEP,
        r"__closure__|cell_contents|f_back|callbacks",
    ),
    "changed": _Words(
        "invalid",
        _CERTAIN,
        lambda _cell, detail: say(
            "The recorder's hook in {detail} is not the one that was installed any more.",
            detail=detail,
        ),
        _KEEP,
        r"__code__|cell_contents|__defaults__",
    ),
    "copied": _Words(
        "review",
        _LIKELY,
        lambda _cell, detail: say(
            "A function was made from the code of the recorder's hook ({detail}).", detail=detail
        ),
        _KEEP,
        r"FunctionType|__code__",
    ),
    "replaced": _Words(
        "invalid",
        _LIKELY,
        lambda cell, detail: say(
            "After cell {cell}, {detail} is a function of the notebook, not the library's, so what "
            "it returned was not recorded.",
            cell=cell,
            detail=detail,
        ),
        say("Give your own function a name of its own, and call the library's for the scores."),
        r"{last}\s*=(?!=)|setattr|{last}",
    ),
    "import": _Words(
        "review",
        _LIKELY,
        lambda cell, detail: say("Cell {cell} asks for {detail}.", cell=cell, detail=detail),
        _OUT,
        r"{detail}",
    ),
    "memory": _Words(
        "review",
        _LIKELY,
        lambda cell, detail: say("Cell {cell} opens {detail}.", cell=cell, detail=detail),
        _OUT,
        r"/mem",
    ),
    "gc": _Words("review", _LIKELY, _uses, _OUT, r"{last}"),
    "ctypes": _Words("review", _LIKELY, _uses, _OUT, r"ctypes|cdll|CDLL|pythonapi"),
    "frames": _Words("review", _LIKELY, _uses, _OUT, r"_current_frames"),
    "trace": _Words(
        "review",
        _LIKELY,
        lambda cell, detail: say(
            "Cell {cell} calls {detail}, which runs its own code inside every function, the "
            "recorder's too.",
            cell=cell,
            detail=detail,
        ),
        _OUT,
        r"settrace|setprofile",
    ),
    "audit": _Words("review", _LIKELY, _uses, _OUT, r"addaudithook"),
    "noise": _Words(
        "review",
        _LIKELY,
        lambda cell, _detail: say(
            "In cell {cell}, bytes that are no event arrived in the stream of the recorder.",
            cell=cell,
        ),
        say("Write only to files the notebook has opened itself."),
        r"os\.write|write\(",
    ),
    "lost": _Words(
        "review",
        _LIKELY,
        lambda _cell, _detail: say(
            "Not everything that was recorded in our run has arrived, so what is missing is "
            "unknown."
        ),
        say("Close only files the notebook has opened itself, and leave IPython's events alone."),
        r"closerange|os\.close|events\.|callbacks",
    ),
}


def _sighting(case: Case, group: list[Tampering]) -> Sighting:
    seen = group[0]
    words = _WORDS[seen.kind]
    severity, confidence = words.severity, words.confidence
    cells = tuple(dict.fromkeys(_cell(case, each) for each in group))
    message = words.message(str(cells[0]), seen.detail)
    if seen.by == "library":
        severity, confidence = "review", Confidence.HINT
        message = say(
            "After cell {cell}, a library has put something else in the place of {detail}.",
            cell=str(cells[0]),
            detail=seen.detail,
        )
    return Sighting(
        severity=severity,
        confidence=confidence,
        message=message,
        measured=say(
            "Reported as `{kind}`{detail}.",
            kind=seen.kind,
            detail=f": {seen.detail}" if seen.detail else "",
        ),
        remedy=words.remedy,
        sure=_BY_ITSELF if confidence is Confidence.CERTAIN else _OPEN,
        evidence=tuple(_where(case, cell, words.looked_for, seen.detail) for cell in cells),
    )


def _cell(case: Case, seen: Tampering) -> int:
    """The cell that ran; what shows only at the end is pointed at in the last one."""
    if seen.cell is not None:
        return seen.cell
    ran = [cell.index for cell in case.evidence.rerun if cell.outcome != "skipped"]
    return ran[-1] if ran else 0


def _where(case: Case, cell: int, looked_for: str, detail: str) -> EvidenceRef:
    names = {"detail": re.escape(detail), "last": re.escape(detail.rpartition(".")[2])}
    pattern = looked_for
    for name, text in names.items():
        pattern = pattern.replace(f"{{{name}}}", text)
    sources = {each.index: each.source for each in case.evidence.submission.code_cells}
    lines = sources.get(cell, "").split("\n")
    found = (number for number, line in enumerate(lines, 1) if re.search(pattern, line))
    return EvidenceRef(kind=EvidenceKind.SOURCE, cell=cell, line=next(found, None))
