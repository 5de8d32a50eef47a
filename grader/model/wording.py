"""Sentences kept apart from the values in them, so that they can be said in other languages."""

from typing import Union

from grader.model._base import Artifact

Part = Union[str, int, "Wording"]
"""A value in a sentence: text as it stands, a count, or words that are translated themselves."""


class Wording(Artifact):
    """A sentence in English with the names of its values in braces."""

    text: str
    """The sentence, e.g. ``{n} test image was also used for training.``"""

    plural: str = ""
    """The same for other counts than one; empty where the sentence does not depend on one."""

    count: int | None = None
    """The count that decides between the two."""

    values: tuple[tuple[str, Part], ...] = ()
    """Each name with what stands for it."""

    def __str__(self) -> str:
        """The sentence in English, counts with commas."""
        text = self.text if not self.plural or self.count == 1 else self.plural
        return filled(text, {name: _english(value) for name, value in self.values})


def say(text: str, /, **values: Part) -> Wording:
    """A sentence with its values.

    Written with a literal, from which the catalogues of translations are made.
    """
    return Wording(text=text, values=tuple(values.items()))


def say_many(text: str, plural: str, n: int, /, **values: Part) -> Wording:
    """A sentence about ``n`` things, for one and for any other number; ``n`` is a value of it."""
    return Wording(text=text, plural=plural, count=n, values=(("n", n), *values.items()))


def filled(text: str, values: dict[str, str]) -> str:
    """The text with every name in braces replaced; braces that name no value stay.

    ``str.format`` would reach into what a notebook says; this only replaces.
    """
    parts = text.split("{")
    done = [parts[0]]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        done.append(f"{values[name]}{rest}" if closed and name in values else "{" + part)
    return "".join(done)


def _english(value: Part) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
