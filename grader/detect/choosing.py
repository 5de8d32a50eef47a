"""Choose detectors by name, code or the letters of a family."""

from collections.abc import Sequence
from difflib import get_close_matches

from grader.detect.api import Detector
from grader.errors import InputError

__all__ = ["chosen"]


def chosen(
    detectors: Sequence[Detector], *, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> tuple[Detector, ...]:
    """The detectors selected and not ignored, in their order.

    Args:
        detectors: All there are.
        select: Names, codes, or the first letters of codes, as ``SMP``; none selects all.
        ignore: Likewise; what is both selected and ignored is ignored.

    Raises:
        InputError: If a word means no detector.
    """
    for word in (*select, *ignore):
        if not any(_means(word, each) for each in detectors):
            raise InputError(f"There is no detector {word!r}{_nearest(word, detectors)}")
    return tuple(
        each
        for each in detectors
        if (not select or any(_means(word, each) for word in select))
        and not any(_means(word, each) for word in ignore)
    )


def _means(word: str, detector: Detector) -> bool:
    return word == detector.name or (word != "" and detector.code.startswith(word.upper()))


def _nearest(word: str, detectors: Sequence[Detector]) -> str:
    known = [name for each in detectors for name in (each.name, each.code)]
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    said = f"; did you mean {close[0]!r}?" if close else "."
    return f"{said} `grader detectors` lists them."
