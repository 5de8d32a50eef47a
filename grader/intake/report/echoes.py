"""What code prints, told by the texts that it holds.

``print(f"Accuracy: {acc:.4f}")`` prints lines that begin with ``Accuracy:`` and go on with a
number. Signs and blanks are not compared, colons aside: reading a printed page loses them.
"""

import re
from collections import defaultdict, deque

from grader.patterns import regex

LITERAL = regex(
    r"(?P<triple>\"\"\"|''')(?P<long>.*?)(?P=triple)"
    r"|\"(?P<double>(?:\\.|[^\"\\\n])*)\"|'(?P<single>(?:\\.|[^'\\\n])*)'",
    re.DOTALL,
)
HOLE = regex(r"\{[^{}\n]{0,300}\}|%[-+#0 ]?\d{0,3}(?:\.\d{1,3})?[dfsegi]")
NUMBER = regex(r":[^:{}]{0,12}[dfeg%,]\}$|[dfegi]$")
BREAK = regex(r"\\n|\n")
SIGNS = regex(r"[^\w:]+|_+")
QUOTED = regex(r"\s{0,80}['\"].{0,400}['\"],?\s{0,80}$")

SHORTEST = 3
"""Letters and digits of a text without gaps."""

SHORTEST_SCATTERED = 6
"""Letters and digits of a text that begins with a gap."""

SHORTEST_OPEN = 8
"""Letters and digits of a beginning after which, without a colon, anything may follow."""

LONGEST = 300
"""Characters of a printed line with a gap."""

MOST_ALIKE = 60
"""Texts with a gap kept per first letter; the latest are those that matter."""


class Pattern:
    """One printed line with gaps."""

    def __init__(self, text: str) -> None:
        pieces = HOLE.split(text)
        self.parts = [bare(piece) for piece in pieces]
        holes = HOLE.findall(text)
        self.numeric = bool(holes) and NUMBER.search(holes[-1]) is not None

    @property
    def useful(self) -> bool:
        """Whether it says enough to know its lines again."""
        if not self.parts[0]:
            return sum(map(len, self.parts)) >= SHORTEST_SCATTERED
        text = "".join(self.parts)
        return ":" in text or self.numeric or len(text) >= SHORTEST_OPEN

    def fits(self, line: str) -> bool:
        """Whether a line, bare of signs, is one of its lines."""
        first, *rest = self.parts
        if not line.startswith(first) or not line.endswith(self.parts[-1]):
            return False
        at = len(first)
        for part in rest:
            found = line.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        gap = line[len(first) :]
        return bool(gap) and (not self.numeric or any(map(str.isdigit, gap)))


class Echoes:
    """The texts of all code read so far."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._by_letter: defaultdict[str, deque[Pattern]] = defaultdict(
            lambda: deque(maxlen=MOST_ALIKE)
        )

    def add(self, source: str) -> None:
        """Note what a piece of code may print."""
        for found in LITERAL.finditer(source):
            text = found["long"] or found["double"] or found["single"] or ""
            for line in BREAK.split(text):
                self._add(line)

    def _add(self, line: str) -> None:
        whole = bare(line)
        gaps = HOLE.search(line) is not None
        if not gaps and len(whole) >= SHORTEST:
            self._whole.add(whole)
        # print("Accuracy:", accuracy) fills no gap: the value follows the text.
        open_end = not gaps and line.rstrip().endswith((":", "="))
        if gaps or open_end:
            pattern = Pattern(line + "{}" if open_end else line)
            if pattern.useful:
                self._by_letter[pattern.parts[0][:1]].append(pattern)

    def knows(self, line: str) -> bool:
        """Whether some code read so far prints this line."""
        whole = bare(line)
        if not whole or QUOTED.match(line):
            # Code in several lines holds its texts in quotes; no program prints those.
            return False
        if whole in self._whole:
            return True
        if len(line) > LONGEST:
            return False
        # A line of code with a gap of its own would fit the text that it holds.
        scattered = () if "{" in line else self._by_letter.get("", ())
        candidates = (*self._by_letter.get(whole[:1], ()), *scattered)
        return any(pattern.fits(whole) for pattern in candidates)


def bare(text: str) -> str:
    """Letters, digits and colons only, in lower case."""
    return SIGNS.sub("", text.replace("\uff1a", ":")).lower()
