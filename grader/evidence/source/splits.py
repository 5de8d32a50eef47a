"""Which split a text, a folder, a file or a condition on rows names."""

from collections.abc import Sequence

from grader.evidence.source import knowledge
from grader.evidence.source.draft import Draft
from grader.patterns import regex

QUERY = regex(r"""==\s{0,4}["'](?P<split>[A-Za-z]{2,20})["']""")
"""``split == 'test'`` inside a query of pandas."""

FILE_WORDS = regex(r"[^A-Za-z]+")
CONDITIONS = frozenset({"BitAnd", "And", "BitOr", "Or"})


def folder_split(root: Draft | None) -> str | None:
    """The split a directory is named for."""
    parts = _text(root).replace("\\", "/").split("/")
    return next((s for s in map(knowledge.split_of, reversed(parts)) if s), None)


def file_split(root: Draft | None) -> str | None:
    """The split a file is named for, ``train`` left out.

    What a file named for training holds is often split once more, e.g. in competitions that
    keep the labels of the test file to themselves.
    """
    name = _text(root).replace("\\", "/")[-200:]
    last = name.rpartition("/")[2]
    found = {knowledge.split_of(word) for word in FILE_WORDS.split(last)} - {None}
    if len(found) > 1:
        return None
    split = found.pop() if found else folder_split(root)
    return None if split == "train" else split


def own_folder_split(root: Draft | None) -> str | None:
    """The split a folder on this machine is named for, ``train`` left out.

    The id of a published data set has one slash at most and names no split.
    """
    text = _text(root).replace("\\", "/")
    parts = [each for each in text.split("/") if each]
    own = text.startswith(("/", ".", "~")) or len(parts) > 2
    split = knowledge.split_of(parts[-1]) if own and parts else None
    return None if split == "train" else split


def query_split(text: object) -> str | None:
    """The split a query of a table asks for."""
    found = QUERY.search(text[:1000]) if isinstance(text, str) else None
    return None if found is None else knowledge.split_of(found["split"])


def mask_split(drafts: Sequence[Draft], mask: int, depth: int = 0) -> str | None:
    """The split a condition on rows keeps: ``table["split"] == "test"``."""
    draft = drafts[mask]
    if draft.name == "Eq":
        texts = [drafts[dep].fact.const for dep in draft.deps]
        known = [knowledge.split_of(text) for text in texts if isinstance(text, str)]
        return next((each for each in known if each), None)
    if draft.kind == "name" and len(draft.deps) == 1 and depth < 5:
        return mask_split(drafts, draft.deps[0], depth + 1)
    if draft.name in CONDITIONS and depth < 5:
        sides = {mask_split(drafts, dep, depth + 1) for dep in draft.deps} - {None}
        return sides.pop() if len(sides) == 1 else None
    return None


def _text(root: Draft | None) -> str:
    if root is None:
        return ""
    text = root.fact.const if isinstance(root.fact.const, str) else root.fact.tail
    return text or ""
