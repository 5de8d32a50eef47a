"""Lines that give a number a name: ``Total parameters: 151,277,313``, dictionaries, logs."""

import re
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from grader.evidence import numbers, vocabulary
from grader.evidence.headings import Line
from grader.evidence.numbers import Quantity
from grader.evidence.shown import words
from grader.evidence.shown.draft import LONGEST_NAME, Draft, named
from grader.evidence.shown.meaning import (
    Meaning,
    is_in_milliseconds,
    meaning,
    metric_in,
    says_nothing,
)
from grader.evidence.shown.units import Measured, in_seconds, measured_at
from grader.patterns import regex

__all__ = ["NamedReader", "is_noise"]

_TOKEN = regex(
    r"(?P<open>\{)|(?P<close>\})|(?P<mark>=>|->|\u2192|[:=]{1,2}(?!//))"
    r"|(?P<verb>\s(?:is|was|est|ist)(?=\s{1,3}\d))"
)
_LEAD = regex(
    r"[\s~\u2248*_`$\\\u20ac\u00a3]{0,20}"
    r"(?:(?:(?:np|numpy|torch)\.)?(?:float|int|tensor)\d{0,2}\([\s\[]?|['\"(]|(?:about|approx\.?)\s)?"
)
_LABEL_BEFORE = regex(
    r"['\"]label['\"]:\s?['\"](?P<label>[^'\"\n]{1,80})['\"],\s{0,8}['\"]score['\"]\Z"
)
_LABEL_BEHIND = regex(r",\s{0,8}['\"]label['\"]:\s?['\"](?P<label>[^'\"\n]{1,80})['\"]")
_BARE = regex(r"(?<![\w.,/:-])\d{1,15}(?:[.,]\d{1,18})?\s?(?=[a-zA-Z\u00b5\u03bc])")
_SHARE = regex(r"(?P<name>[^\W\d_][^()\n]{0,60})\s\((?=\d{1,3}(?:\.\d{1,6})?\s?%\))")
_HEDGE = regex(r"[~\u2248]|about|approx", re.IGNORECASE)
_CUT = regex(r"[,;|{}\t]|\s[-\u2013\u2022]\s|\]\s|\.\s")
_EDGES = " \t'\"*_`#=>-\u2013\u2014\u2022~:.)]&"
_BULLET = regex(r"[^\w(]{0,12}(?:\d{1,3}[.)]\s{1,3})?[^\w(]{0,6}")
_AGAIN = regex(r"\s{0,2}[(\[]\s?(?P<percent>\d{1,3}(?:\.\d{1,6})?)\s?%\s?[)\]]")
_RATIO = regex(r"\s?/\s?(?P<n>\d{1,9})(?![\w.])")
_NO_VALUE = regex(
    r"-\d|[-/]\d{1,2}[-/]|:\d|-[a-z]|\s?[x\u00d7]\s?\d|,\s?\d[^=:]{0,40}[)\]]", re.IGNORECASE
)
_EPOCH = regex(
    r"\W{0,8}(?P<at>(?:epoch|\u00e9poque|step|batch|iter\w{0,7}|fold)\W{0,3}\d{1,7})", re.IGNORECASE
)
_PLAIN = regex(r"\W{0,12}(?P<name>[^\W\d_][^:=|\[\]{}\n]{0,50}?)\s{1,20}(?=-?[\d.])", re.IGNORECASE)
_SPLIT_SIZE = regex(
    r"\W{0,8}(?P<name>train(?:ing)?|val(?:id|idation)?|test)(?:\s(?:set|size|images?))?\s{1,8}(?=\d)",
    re.IGNORECASE,
)
_MODULE = regex(r"\s{0,80}\(\w{1,60}\): \w{1,60}\(")
_NOISE = regex(vocabulary.alternation(vocabulary.every(words.LONG)), re.IGNORECASE)
_DOWNLOAD = regex(r"\.\w{2,12}:\s{1,4}\d{1,3}%")
_WORD = regex(r"[^\W\d_]+")
_HOLDERS = vocabulary.words(words.HOLDERS)
_KEY = regex(r"['\"](?P<key>\d{1,9})['\"]\s{0,3}:\s{0,3}\Z")
_BAR = regex(r"\s{0,60}(?:\||\d{1,12}/\d)")
_EACH = regex(r"(?<![^\W_])(?:each|every|per)(?![^\W_])", re.IGNORECASE)
_LONGEST_LINE = 6_000
_SENTENCE = 300
_MOST_BARE = 4
_DEEPEST = 12
_REACH = 120


class _Name(Struct, frozen=True, kw_only=True):
    """The words before a number."""

    text: str
    context: str


def is_noise(line: str) -> bool:
    """Whether a line tells of warnings, installations, downloads or the layers of a model."""
    return (
        _NOISE.search(line) is not None
        or _MODULE.match(line) is not None
        or _DOWNLOAD.search(line) is not None
    )


class NamedReader:
    """Reads the lines of one output, from top to bottom: dictionaries may span lines."""

    def __init__(self) -> None:
        self._owners: list[str] = []

    def read(self, index: int, line: Line) -> Iterator[Draft]:
        """The named numbers of a folded line, in order.

        Of a line longer than 12,000 characters only the first and the last 6,000 are read.
        """
        if not line.text.strip():
            self._owners.clear()
            return
        if is_noise(line.text[:_LONGEST_LINE]):
            return
        found = [each for piece in _pieces(line) for each in self._piece(index, piece)]
        yield from _with_support(_as_logged(found, line.text)) if found else _unmarked(index, line)

    def _piece(self, index: int, line: Line) -> Iterator[Draft]:
        left, mark = 0, 0
        above: tuple[_Name, Draft] | None = None
        for token in _TOKEN.finditer(line.text):
            if token["open"]:
                self._enter(line.text, left, mark, token.start())
                left, mark, above = token.end(), 0, None
            elif token["close"]:
                self._owners = self._owners[:-1]
                left = token.end()
            elif token.start() >= left:
                mark = token.start()
                above_now = self._read(index, line, token, left, above)
                if above_now is not None:
                    above = above_now
                    left = above[1].quantity.end
                    yield above[1]

    def _enter(self, text: str, left: int, mark: int, end: int) -> None:
        """What a brace opens is owned by the name before it: ``'macro avg': {``."""
        name = _name(text, left, mark) if mark >= left else None
        key = _KEY.search(text, max(left, end - _REACH), end)
        self._owners.append((_spoken(name.text) if name else "") or (key["key"] if key else ""))
        del self._owners[:-_DEEPEST]

    def _read(
        self,
        index: int,
        line: Line,
        token: re.Match[str],
        left: int,
        above: tuple[_Name, Draft] | None,
    ) -> tuple[_Name, Draft] | None:
        """The name before a mark and the number behind it, if both are there.

        Where nothing stands before it, the last name counts: ``Correct: 1790/2000 = 0.895``.
        """
        value = _value(line.text, token)
        if value is None:
            return None
        anew = _name(line.text, left, token.start())
        name = anew or (above[0] if above else None)
        if name is None or says_nothing(name.text):
            return None
        if token["verb"] and metric_in(name.text) is None:
            return None
        full = named(*self._owners, name.text)
        if value.kind == "items" and _EACH.search(full):
            return None
        draft = _made(index, line, value, full, f"{' '.join(self._owners)} {name.context}")
        hedged = _HEDGE.search(line.text, token.end(), value.quantity.start)
        draft = replace(draft, hedged=hedged is not None)
        draft = _labelled(draft, line.text, token.start())
        return name, draft if anew or above is None else _quotient(draft, above[1])


def _labelled(draft: Draft, text: str, mark: int) -> Draft:
    """A score of a pipeline is the probability of its label: ``{'label': 'cat', 'score': 0.9}``."""
    if draft.name.rpartition(" ")[2] != "score":
        return draft
    label = _LABEL_BEFORE.search(text, max(0, mark - _REACH), mark) or _LABEL_BEHIND.match(
        text, draft.quantity.end
    )
    if label is None:
        return draft
    meant = replace(draft.meaning, kind="probability")
    return replace(draft, name=named(label["label"]), meaning=meant)


def _value(text: str, token: re.Match[str]) -> Measured | None:
    """The number right behind a mark, unless it is part of a time, a range or a progress bar."""
    lead = _LEAD.match(text, token.end())
    found = measured_at(text, lead.end() if lead else token.end(), len(text))
    if found is None or _NO_VALUE.match(text, found.quantity.end) or _is_clock(text, token):
        return None
    is_bar = found.quantity.percent and _BAR.match(text, found.quantity.end)
    return None if is_bar else found


def _items_of(meant: Meaning, line: Line) -> int | None:
    """Items a line says a score rests on."""
    return numbers.item_count(line.text[:400]) if meant.kind in {"score", "loss"} else None


def _quotient(draft: Draft, above: Draft) -> Draft:
    """A number behind a ratio, such as ``Correct: 1790/2000 = 0.895``, rests on as many."""
    if above.n is None or above.meaning.kind != "count":
        return draft
    meant = draft.meaning
    is_open = meant.kind == "other"
    return replace(draft, n=above.n, meaning=replace(meant, kind="share") if is_open else meant)


def _with_support(found: Iterator[Draft]) -> Iterator[Draft]:
    """Scores of classes with their support, as dictionaries of a report hold it."""
    drafts = list(found)
    support = {
        draft.name[: -len("support")]: int(draft.quantity.value)
        for draft in drafts
        if draft.name.endswith(" support") and draft.quantity.value >= 1
    }
    for draft in drafts:
        owner = draft.name[: draft.name.rfind(" ") + 1]
        scored = draft.meaning.kind in {"score", "loss"} and owner in support
        yield replace(draft, n=support[owner]) if scored else draft


def _pieces(line: Line) -> list[Line]:
    if len(line.text) <= 2 * _LONGEST_LINE:
        return [line]
    cut = len(line.text) - _LONGEST_LINE
    return [
        Line(line.start, line.text[:_LONGEST_LINE]),
        # Spaces keep the offsets of the last part those of the line.
        Line(line.start, " " * cut + line.text[cut:]),
    ]


def _name(text: str, left: int, end: int) -> _Name | None:
    """The words before a mark, back to the last number, comma or bracket."""
    before = text[max(left, end - _REACH) : end].rstrip()
    behind = _unbalanced(before[:-1]) if before.endswith(")") else -1
    # What stands in brackets right before the mark is part of the name, commas and all.
    stem, bracket = (before[:behind], before[behind:]) if behind > 0 else (before, "")
    start = max((cut.end() for cut in _CUT.finditer(stem)), default=0)
    opened = _unbalanced(stem[start:])
    inner, outer = stem[start + opened + 1 :], stem[start : start + max(0, opened)]
    plain = inner.rpartition(": ")[2]
    bullet = _BULLET.match(outer)
    prefix = _spoken(outer[bullet.end() if bullet else 0 :].strip(_EDGES))
    plain = plain[_end_of(_BULLET, plain) :].strip(_EDGES)
    if not any(letter.isalpha() for letter in plain):
        return None
    return _Name(text=named(prefix, plain, bracket), context=text[max(0, end - _REACH) : end])


def _end_of(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match else 0


def _spoken(owner: str) -> str:
    """What stands around a name, unless it names nothing in particular: ``metrics``."""
    spoken = {word.lower() for word in _WORD.findall(owner)} - _HOLDERS
    return owner if spoken else ""


def _unbalanced(text: str) -> int:
    """Offset of the last bracket that is not closed; -1 for none."""
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        if text[index] in ")]":
            depth += 1
        elif text[index] in "([":
            depth -= 1
            if depth < 0:
                return index
    return -1


def _is_clock(text: str, token: re.Match[str]) -> bool:
    """Whether a colon stands between two digits, as in times and slices."""
    around = text[max(0, token.start() - 1) : token.start()], text[token.end() : token.end() + 1]
    return all(each.isdigit() for each in around)


def _made(index: int, line: Line, found: Measured, name: str, context: str) -> Draft:
    quantity = found.quantity
    if "%" in name or "percent" in name.lower():
        quantity = quantity.as_percent()
    meant = meaning(
        name, value=quantity.value, whole=_is_whole(quantity, name), percent=quantity.percent
    )
    behind = line.text[quantity.end : quantity.end + 60]
    ratio = _RATIO.match(behind)
    if ratio:
        meant = replace(meant, kind="count", metric=None)
    elif found.kind and meant.metric is None:
        meant = replace(meant, kind=found.kind)
    elif _is_said_twice(quantity.value, behind) and meant.metric is None:
        meant = replace(meant, kind="probability")
    elif meant.kind == "other" and found.unit == "" and is_in_milliseconds(name):
        quantity, meant = in_seconds(quantity), replace(meant, kind="seconds")
    return Draft(
        line=index,
        start=line.start + quantity.start,
        quantity=quantity,
        name=name,
        meaning=meant,
        unit=found.unit,
        context=context,
        n=int(ratio["n"]) if ratio else _items_of(meant, line),
    )


def _is_whole(quantity: Quantity, name: str) -> bool:
    """Whether a number counts; the support of a report is often printed as ``200.0``."""
    return quantity.whole or (name.lower().endswith("support") and quantity.value % 1 == 0)


def _is_said_twice(value: float, behind: str) -> bool:
    """Whether the same number follows as a percentage: ``0.5366 (53.66%)``."""
    match = _AGAIN.match(behind)
    return match is not None and abs(float(match["percent"]) - 100 * value) <= 0.51


def _as_logged(found: list[Draft], text: str) -> Iterator[Draft]:
    """Numbers of a training log: those of no other split are of the training."""
    epoch = _EPOCH.match(text)
    keys = {draft.name.lower() for draft in found}
    is_log = (
        epoch is not None
        or any(key.startswith("val_") for key in keys)
        or {"loss", "epoch"} <= keys
    )
    for draft in found:
        meant = draft.meaning
        is_open = meant.split is None and not draft.name.lower().startswith("eval")
        if is_log and is_open and meant.kind in {"loss", "score"}:
            meant = replace(meant, split="train")
        name = (
            named(epoch["at"], draft.name)
            if epoch and epoch["at"] not in draft.name
            else draft.name
        )
        yield replace(draft, meaning=meant, name=name)


def _unmarked(index: int, line: Line) -> Iterator[Draft]:
    """A line of nothing but a name and a number: ``ViT-B/32  0.0546``, ``test 128 [43 43 42]``."""
    if match := _SPLIT_SIZE.match(line.text):
        found = measured_at(line.text, match.end(), len(line.text))
        if found is not None and found.quantity.whole:
            draft = _made(index, line, found, match["name"], "")
            yield replace(draft, meaning=Meaning(kind="items", split=draft.meaning.split))
        return
    match = _PLAIN.match(line.text[:200])
    found = measured_at(line.text, match.end(), len(line.text)) if match else None
    if match is None or found is None or line.text[found.quantity.end :].strip(" .!*"):
        yield from _in_sentence(index, line)
        return
    name = match["name"].strip(_EDGES)
    bare = found.quantity.whole and not found.unit
    # Counts of items are read by the words around them.
    if bare or found.kind in {"items", "classes"} or not name or says_nothing(name):
        return
    if len(name.split()) <= 6:
        yield _made(index, line, found, named(name), name)


def _in_sentence(index: int, line: Line) -> Iterator[Draft]:
    """Times and rates in a sentence, and shares in brackets: ``cat (98.3%)``."""
    text = line.text[:_SENTENCE]
    if share := _SHARE.search(text):
        found = measured_at(line.text, share.end(), len(line.text))
        if found is not None:
            yield _made(index, line, found, named(share["name"].strip(_EDGES)), text)
    if "[" in text:
        return
    for match in islice(_BARE.finditer(text), _MOST_BARE):
        found = measured_at(line.text, match.start(), len(line.text))
        if found is not None and found.kind in {"seconds", "rate"}:
            draft = _made(index, line, found, named(text.strip()[:LONGEST_NAME]), text)
            yield replace(draft, meaning=replace(draft.meaning, kind=found.kind, metric=None))
