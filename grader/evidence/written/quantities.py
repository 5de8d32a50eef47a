"""Every number of a text with its unit: percentages, times, sizes, counts, ranges."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from grader.evidence import vocabulary
from grader.evidence.written import words
from grader.model import FigureKind
from grader.patterns import regex

__all__ = ["Amount", "amounts"]

_MOST = 50_000
"""Numbers read in one text cell."""

_NUMBER = regex(
    rf"""
    (?:(?<![\w.])(?<!\d,)(?<![^\W\d]-)(?<![@^\\§])(?<!\D/)|(?<={vocabulary.RUN_ON}))
    (?P<sign>(?<![\w)\]])[-\u2212](?=[\d.]))?
    (?P<digits>(?>
        [1-9]\d{{0,2}}(?:[,\u00a0\u202f\u2009'\x20]\d{{3}})+(?!\d)(?:[.,]\d{{1,18}})?
      | [1-9]\d{{0,2}}(?:\.\d{{3}}){{2,5}}(?!\d)
      | \d{{1,15}}(?:[.,]\d{{1,18}})?
      | \.\d{{1,18}}
    ))
    (?:[eE](?P<exponent>[+-]?\d{{1,3}}))?
    (?![\d@^])(?!\.\d)(?!,\d)
    """,
    re.VERBOSE,
)
_PERCENT = regex(
    r"\s?\\?%|\s?(?:percent|per\scent|pour\s?cent|prozent|por\sciento)\b", re.IGNORECASE
)
_PERCENT_BEFORE = regex("百分之$")
_END = rf"(?!{vocabulary.LETTER_OR_DIGIT})"
_GROUPED = regex(r"[1-9]\d{0,2}(?:[,\u00a0\u202f\u2009' ]\d{3})+(?:[.,]\d+)?")
_DOTTED = regex(r"[1-9]\d{0,2}\.\d{3}")
_MORE = regex(r"\s?\+(?!\d)")
_CURRENCY = regex(r"(?:\\?\$|€|£|¥)\s?$")
_N_BEFORE = regex(r"(?<!\w)n\s?[=:]\s?$", re.IGNORECASE)
_RANGE = regex(r"\s?[-\u2013\u2014~]\s?|\s(?:to|and|à|et|bis|und|y|a)\s|[到至]", re.IGNORECASE)
_DASH = regex(r"\s?[-\u2013\u2014~]\s?|\s(?:to|à|bis)\s|[到至]", re.IGNORECASE)
_BETWEEN = regex(
    r"(?<!\w)(?:between|from|entre|zwischen|von|de|desde)\s(?:\w{1,12}\s)?$", re.IGNORECASE
)


def _groups(table: Mapping[float, str], prefix: str) -> str:
    return "|".join(f"(?P<{prefix}{index}>{each})" for index, each in enumerate(table.values()))


_MULTIPLE = regex(_groups(words.MULTIPLES, "m"))
_TIME = regex(rf"\s?-?(?:{_groups(words.SECONDS, 't')}){_END}(?!\s?/)", re.IGNORECASE)
_SIZE = regex(rf"\s?(?:{_groups(words.BYTES, 'b')}){_END}(?!/)")
_RATE = regex(
    r"\s?(?:fps|(?:[a-zé]{1,12}\s?)(?:/|\sper\s|\spar\s|\spro\s|\spor\s)\s?"
    rf"(?:s|sec|seconds?|secondes?|sekunde|segundo)){_END}",
    re.IGNORECASE,
)
# "0.27 between images" counts no images.
_JOINING = (
    r"(?!(?:between|of|and|or|for|on|in|to|per|with|from|is|was|are|than|by|as|at|de|des|du|et|sur|"
    r"dans|und|auf|von|mit|bei|y|en|del|con|para)\s)"
)
_WORDS_BETWEEN = rf"(?:{_JOINING}[^\W\d_][\w\u2013§/-]{{0,20}}[\s-]){{0,2}}"
_WORD_BETWEEN = rf"(?:{_JOINING}[^\W\d_][\w-]{{0,14}}\s)?"
_KINDS: tuple[tuple[FigureKind, str, str], ...] = (
    (
        "parameters",
        r"(?:[^\W\d_][\w-]{0,14}\s)?(?:de\s)?个?",
        words.one_of(words.NOUNS["parameters"]),
    ),
    ("classes", _WORD_BETWEEN, words.one_of(words.CLASSES)),
    ("items", _WORDS_BETWEEN, words.one_of(words.ITEMS)),
    ("count", _WORD_BETWEEN, words.one_of(words.COUNTED)),
    ("other", "", words.one_of(words.MEASURED)),
)
_OF_KIND = tuple(
    (kind, regex(rf"[\s-]?{between}(?:{fragment}){_END}", re.IGNORECASE))
    for kind, between, fragment in _KINDS
)
_PER = regex(r"\s?(?:/\s?|(?:per|par|pro|por)\s)\w{1,10}", re.IGNORECASE)


class Amount(Struct, frozen=True, kw_only=True):
    """A number as written, with the unit behind it."""

    start: int
    """Offset of its first character."""

    end: int
    """Offset behind its last, unit included."""

    figures: int
    """Offset behind its last digit, or behind its percent sign."""

    value: float
    """As a fraction with a percent sign, in seconds for times, in bytes for sizes."""

    decimals: int
    """Decimals of ``value`` that were written; none for what was multiplied."""

    digits: int
    """Significant digits written."""

    kind: FigureKind | None
    """What the unit says it is of; ``share`` with a percent sign; ``None`` without a unit."""

    unit: str = ""
    """The unit, as written."""

    hedged: bool = False
    """Whether it is one end of a range, or followed by a plus sign."""

    @property
    def percent(self) -> bool:
        """Whether a percent sign or the word stands with it."""
        return self.kind == "share"


def amounts(text: str) -> list[Amount]:
    """Every number of a folded text, at most fifty thousand.

    Both ends of a range are numbers of their own, hedged; the first takes the unit of the second.
    """
    matches = islice(_NUMBER.finditer(text), _MOST)
    found = [amount for match in matches if (amount := _amount(match)) is not None]
    for index in range(len(found) - 1, 0, -1):
        found[index - 1 : index + 1] = _as_range(text, found[index - 1], found[index])
    return found


def significant(digits: str) -> int:
    """Significant digits of a number as written: of a whole one all but trailing zeros."""
    plain = re.sub(r"\D", "", digits).lstrip("0")
    return max(1, len(plain if re.search(r"[.,]\d*$", digits) else plain.rstrip("0")))


def _amount(match: re.Match[str]) -> Amount | None:
    text, start, end = match.string, match.start(), match.end()
    plain = _plain(match)
    if plain is None or _glued(text, end):
        return None
    exponent = int(match["exponent"] or 0)
    decimals = max(0, len(plain.partition(".")[2]) - exponent)
    value = Decimal(f"{'-' if match['sign'] else ''}{plain}E{exponent}")
    digits = significant(plain)
    if percent := _PERCENT.match(text, end):
        return Amount(
            start=start,
            end=percent.end(),
            figures=percent.end(),
            value=float(value.scaleb(-2)),
            decimals=decimals + 2,
            digits=digits,
            kind="share",
            unit=percent[0].strip().lstrip("\\"),
        )
    if _PERCENT_BEFORE.search(text, max(0, start - 3), start):
        return Amount(
            start=start - 3,
            end=end,
            figures=end,
            value=float(value.scaleb(-2)),
            decimals=decimals + 2,
            digits=digits,
            kind="share",
            unit="百分之",
        )
    multiple = _MULTIPLE.match(text, end)
    factor = _factor(multiple, words.MULTIPLES)
    behind = multiple.end() if multiple else end
    more = _MORE.match(text, behind)
    made = Amount(
        start=start,
        end=more.end() if more else behind,
        figures=behind,
        value=float(value) * factor,
        decimals=0 if multiple else decimals,
        digits=digits,
        kind=None,
        hedged=more is not None,
    )
    return _with_unit(text, made)


def _glued(text: str, end: int) -> bool:
    """Whether letters run on that are no unit: ``3D``, ``2nd``, ``4x4``."""
    follows = text[end : end + 1]
    if not (follows.isalpha() or follows == "_") or vocabulary.ideographs(follows):
        return False
    return not any(pattern.match(text, end) for pattern in (_MULTIPLE, _TIME, _SIZE, _RATE, _TIMES))


_TIMES = regex(rf"(?:x|px|d){_END}", re.IGNORECASE)


def _factor(match: re.Match[str] | None, table: Mapping[float, str]) -> float:
    if match is None:
        return 1.0
    return list(table)[int(str(match.lastgroup)[1:])]


def _with_unit(text: str, amount: Amount) -> Amount:
    """The number with the unit right behind it, or the currency before it."""
    at = amount.end
    if rate := _RATE.match(text, at):
        return replace(amount, end=rate.end(), kind="rate", unit=rate[0].strip())
    for pattern, table, kind in ((_TIME, words.SECONDS, "seconds"), (_SIZE, words.BYTES, "bytes")):
        if unit := pattern.match(text, at):
            return _scaled(amount, unit, _factor(unit, table), kind)
    if _CURRENCY.search(text, max(0, amount.start - 3), amount.start):
        per = _PER.match(text, at)
        unit_text = "$" + (per[0] if per else "")
        return replace(amount, end=per.end() if per else at, kind="other", unit=unit_text)
    if _N_BEFORE.search(text, max(0, amount.start - 6), amount.start):
        return replace(amount, kind="items", unit="n")
    for of_kind, pattern in _OF_KIND:
        whole = amount.decimals == 0 or of_kind in {"other", "parameters"}
        if whole and (unit := pattern.match(text, at)):
            return _of(text, amount, unit, of_kind)
    return amount


def _of(text: str, amount: Amount, unit: re.Match[str], kind: FigureKind) -> Amount:
    """A count; so many a month, say, is a number of nothing known."""
    per = _PER.match(text, unit.end())
    end = per.end() if per else unit.end()
    given: FigureKind = "other" if per else kind
    return replace(
        amount, end=end, kind=given, unit=text[amount.end : end].strip().lstrip("-").strip()
    )


def _scaled(amount: Amount, unit: re.Match[str], factor: float, kind: str) -> Amount:
    """A time in seconds or a size in bytes; decimals only where they are still the ones written."""
    decimals = amount.decimals
    if factor < 1:
        decimals += 3 if factor == 1e-3 else 6
    return replace(
        amount,
        end=unit.end(),
        value=float(Decimal(repr(amount.value)) * Decimal(repr(factor))),
        decimals=decimals if factor <= 1 else 0,
        kind="seconds" if kind == "seconds" else "bytes",
        unit=unit[0].strip().lstrip("-"),
    )


def _plain(match: re.Match[str]) -> str | None:
    """The digits as Python writes them; ``None`` for items of a list such as ``[0,1]``."""
    digits, text, start, end = match["digits"], match.string, match.start(), match.end()
    if "," in digits and text[start - 1 : start] == "[":
        return None
    percent = _PERCENT.match(text, end) is not None
    if _GROUPED.fullmatch(digits) and not (percent and len(digits) <= 6 and "," in digits):
        head = re.sub(r"[,\u00a0\u202f\u2009' ](?=\d{3}(?:\D|$))", "", digits)
        return head.replace(",", ".")
    if digits.count(".") > 1:
        return digits.replace(".", "")
    if _DOTTED.fullmatch(digits) and not percent and _counts(text, start, end):
        return digits.replace(".", "")
    return digits.replace(",", ".")


def _counts(text: str, start: int, end: int) -> bool:
    """Whether ``10.000`` is ten thousand: things are counted behind it, or ``n`` stands before."""
    if _N_BEFORE.search(text, max(0, start - 6), start):
        return True
    return any(kind != "other" and each.match(text, end) for kind, each in _OF_KIND)


def _as_range(text: str, low: Amount, high: Amount) -> tuple[Amount, Amount]:
    gap = text[low.figures : high.start]
    if len(gap) > 6 or not _RANGE.fullmatch(gap):
        return low, high
    if not _DASH.fullmatch(gap) and not _BETWEEN.search(text[max(0, low.start - 30) : low.start]):
        return low, high
    if not low.unit and high.unit:
        low = _in_unit_of(low, high)
    return replace(low, hedged=True), replace(high, hedged=True)


def _in_unit_of(low: Amount, high: Amount) -> Amount:
    if high.percent:
        value, decimals = float(Decimal(repr(low.value)).scaleb(-2)), low.decimals + 2
        return replace(low, value=value, decimals=decimals, kind="share", unit=high.unit)
    for unit in (high.unit, f" {high.unit}"):
        for pattern, table, kind in (
            (_TIME, words.SECONDS, "seconds"),
            (_SIZE, words.BYTES, "bytes"),
        ):
            if match := pattern.match(unit):
                scaled = _scaled(low, match, _factor(match, table), kind)
                return replace(scaled, end=low.end)
    return replace(low, kind=high.kind, unit=high.unit)


def spans(found: list[Amount]) -> Iterator[tuple[int, int]]:
    """Where the digits stand."""
    return ((each.start, each.figures) for each in found)
