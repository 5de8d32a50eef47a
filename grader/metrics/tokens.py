"""How captions become words."""

from grader.patterns import regex

__all__ = ["words"]

WORD = regex(r"[^\W_]+(?:['\u2019][^\W_]+)*")


def words(caption: str) -> list[str]:
    """Words of a caption: lower case, punctuation left out, apostrophes within words kept.

    Close to what the COCO caption evaluation computes with (Chen et al. 2015, "Microsoft COCO
    Captions", section 3.1: Penn Treebank tokens, lower case, punctuation removed), which is a
    Java program; unlike it, ``don't`` stays one word and ``black-and-white`` becomes three.
    """
    return WORD.findall(caption.lower())
