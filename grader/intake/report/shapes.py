"""What lines look like that a program printed, whatever the program."""

import re

from grader.patterns import regex

LONGEST = 400
"""Characters of a line that are looked at."""

PROGRESS = regex(
    r"\d%\s{0,80}[|\u2588]|\d%\s{1,80}\d|\[\d\d:\d\d<|\bit/s\b|\bs/it\b|\d ?[kMG]?B/s\b|\beta \d"
    r"|\d[kMG]?B? ?/ ?\d[\d.]{0,12} ?[kMG]?B\b|\d ?/ ?\d{1,9} \["
)
MESSAGE = regex(
    r"^(?:Traceback \(most recent|Requirement already satisfied|Successfully installed"
    r"|Collecting \S|Downloading \S|Generating \S{1,40} split|Found \d{1,12} |<class '"
    r"|Out ?\[\d{1,5}\]|[A-Z]\w{1,40}(?:Error|Exception|Warning)\b"
    r"|.{0,200}?\b[A-Z]\w{0,40}Warning:|.{0,60}?warnings\.warn\()"
)
TITLE = regex(r"^(?:={2,80}>?\s?\S.{0,200}?={2,80}>?|-{3,80}\s?\w.{0,200}?-{3,80})$")
DIALOGUE = regex(r"^[QA]: \S")
EPOCH = regex(r"^(?:Epoch|Step|Iteration|Batch|Fold)\b[ :#]{0,3}\[?\d", re.IGNORECASE)
VALUE = regex(
    r"^[^\W\d_][\w @/.()\[\]+*-]{0,50}?\s?[:=]\s{0,20}[-+~$\u20ac]{0,2}\d[\d,.]{0,20}"
    r"(?:e[-+]?\d{1,3})?\s?(?:%|[a-zA-Z\u00b5]{1,12}(?:/[a-z]{1,10})?)?[.,]?$"
)
REPR = regex(
    r"^(?:(?:array|tensor|dict_\w{1,10}|Dataset(?:Dict)?|[A-Z]\w{0,40}Output\w{0,20}"
    r"|OrderedDict|defaultdict|Counter)\(|[A-Z]\w{1,60}\($|\{['\"]\w|\[{1,4}\s{0,8}-?\d|torch\.Size\()"
)
ROW = regex(r"^(?:\S[^\t]{0,40}?)?(?: {1,30}-?\d{1,12}(?:\.\d{0,12})?%?){2,14}$")
REPORT_HEAD = regex(r"^precision +recall +f1-score", re.IGNORECASE)
_SHAPES = (
    *(PROGRESS, MESSAGE, TITLE, DIALOGUE, EPOCH, VALUE, REPR),
    *(ROW, REPORT_HEAD),
)

PAIR = regex(r"(?P<name>[^\W\d_][\w@ -]{0,30}?)\s?[:=]\s?\d{1,6}[.,]\d{3,12}(?:\s?%)?(?=[\s,;|]|$)")
METRIC = regex(
    r"\b(?:acc|accuracy|precision|recall(?:@\d{1,4})?|f[1il](?:[ -]?score)?|bleu(?:-\d)?|loss|auc"
    r"|score|exactitude|pr\u00e9cision|rappel|genauigkeit|exactitud|precisi\u00f3n)\b",
    re.IGNORECASE,
)
HEADING = regex(r"^ {0,3}#{1,6}\s+\S|^\s{0,8}[\u25bc\u25be\u2304\u25b6\u25ba\u25b8]\s{0,4}\S")
LABEL = regex(
    r"^[#*_ >]{0,6}(?:out(?:put)?|result|r\u00e9sultat|sortie|ausgabe|ergebnis|salida|resultado"
    r"|\u8f93\u51fa|\u7ed3\u679c)s?(?: ?\[\d{1,5}\])?[*_ ]{0,4}[:\uff1a]?[*_ ]{0,4}$",
    re.IGNORECASE,
)
SENTENCE = regex(r"^[\W_]{0,6}[A-Z\u00c0-\u00dd]\S{0,40} .{20,}[.!?:]\W{0,4}$")
FEWEST_WORDS = 8
"""Words of a sentence below which it may be anything."""


def looks_printed(line: str) -> bool:
    """Whether a line has the shape of printed text: progress, warning, title, value, matrix."""
    text = line.strip()[:LONGEST]
    return any(shape.search(text) for shape in _SHAPES)


def is_heading(line: str) -> bool:
    """Whether a line is a heading, also one with the triangle that Colab puts before it."""
    return HEADING.match(line) is not None


def is_label(line: str) -> bool:
    """Whether a line only says that output follows."""
    return LABEL.match(line.strip()[:LONGEST]) is not None


def is_sentence(line: str) -> bool:
    """Whether a line is a sentence of some length."""
    text = line.strip()
    beginning, end = text[:LONGEST], text[-LONGEST:]
    whole = text if len(text) <= LONGEST else beginning[: LONGEST // 2] + end[LONGEST // 2 :]
    return SENTENCE.match(whole) is not None and len(beginning.split()) >= FEWEST_WORDS


def is_scores(lines: list[str]) -> bool:
    """Whether lines are nothing but names of metrics with values, two at least.

    Values have three decimals or more, as programs print and people seldom type them.
    """
    text = "\n".join(line[:LONGEST] for line in lines[:20])
    found = list(PAIR.finditer(text))
    if len(found) < 2 or not all(METRIC.search(each["name"]) for each in found):
        return False
    return not PAIR.sub("", text).strip(" \t\n,;|")
