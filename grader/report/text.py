"""Text for the page: what a student wrote made harmless, and numbers spelled one way."""

import math
import re
import unicodedata

__all__ = [
    "UNKNOWN",
    "clean",
    "count",
    "cut",
    "duration",
    "first_sentence",
    "listing",
    "number",
    "plural",
    "points",
]

UNKNOWN = "unknown"
MASK = "[key removed]"

# CSI and OSC sequences, then single escapes: what terminals obey and pages show as noise.
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?", re.S)
# Nearly all text is plain ASCII, which needs no second look.
_UNUSUAL = re.compile(r"[^\n\t\x20-\x7e]+")
_SECRETS = re.compile(
    r"\bhf_[A-Za-z0-9]{16,}|\bsk-[A-Za-z0-9_-]{16,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bxox[a-z]-[A-Za-z0-9-]{10,}"
    r"|\bAIza[A-Za-z0-9_-]{30,}"
)
_ASSIGNED = re.compile(
    r"""(?P<name>(?:api[_-]?key|token|secret|password|kaggle_key|["']key["'])["']?\s*[=:]\s*)"""
    r"""(?P<quote>["'])[A-Za-z0-9_\-.]{16,}(?P=quote)""",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“])")


def clean(text: str) -> str:
    """Text without terminal colours, control characters, or what looks like an access key.

    Characters that change the direction of the text around them are removed too, because they
    can make a line of code read differently from what it does.
    """
    plain = _ANSI.sub("", text)
    visible = _UNUSUAL.sub(lambda found: "".join(filter(_is_visible, found[0])), plain)
    hidden = _SECRETS.sub(MASK, visible)
    return _ASSIGNED.sub(rf"\g<name>\g<quote>{MASK}\g<quote>", hidden)


def _is_visible(character: str) -> bool:
    if character in "\u200c\u200d":  # joiners that many scripts need
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Cn"}


def cut(text: str, length: int) -> str:
    """At most ``length`` characters, the last one an ellipsis where something is missing."""
    return text if len(text) <= length else text[: length - 1] + "…"


def number(value: float | None) -> str:
    """A score with four decimals; what is not known is the word, never a zero."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:.4f}"


def points(value: float) -> str:
    """Points without superfluous decimals."""
    return f"{round(value, 2):,g}"


def count(n: int) -> str:
    """A count with a comma every three digits."""
    return f"{n:,}"


def plural(n: int, noun: str, many: str | None = None) -> str:
    """A count with its noun, ``1 cell`` or ``2 cells``."""
    return f"{n:,} {noun if n == 1 else many or noun + 's'}"


def listing(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def duration(seconds: float) -> str:
    """Wall time as a person would say it."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    parts.append(f"{rest} s" if rest and not hours else "")
    return " ".join(part for part in parts if part)


def first_sentence(text: str) -> tuple[str, str]:
    """The first sentence and the rest."""
    first, *rest = _SENTENCE.split(text.strip(), maxsplit=1)
    return first, rest[0] if rest else ""
