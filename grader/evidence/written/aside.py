"""Numbers of a text that state nothing: of dates, names, references, code and formulas."""

import re

from grader.evidence import vocabulary
from grader.evidence.headings import lines
from grader.evidence.written import words
from grader.evidence.written.naming import Names
from grader.patterns import regex

__all__ = ["without_asides"]

_MONTH = (
    r"(?:jan|feb|fév|mar|mär|apr|avr|may|mai|mayo|jun|juin|jul|juil|aug|août|ago|sep|oct|okt|nov|dec"
    r"|déc|dez|dic|ene|abr)[^\W\d_]{0,8}\.?"
)
_REFERENCES = (
    "task|part|exercise|question|fig(?:ure)?s?|table|section|chapter|step|equation|eq|image|photo|"
    "picture|example|cell|week|module|lab|assignment|experiment|option|scenario|version|page|slide|"
    "appendix|phase|check|reflection|limitation|product|tp|class|epoch|layer|top|task|path|model|"
    "aufgabe|teil|frage|abbildung|abb|bild|tabelle|kapitel|schritt|gleichung|woche|seite|beispiel|"
    "tarea|parte|pregunta|figura|tabla|sección|capítulo|paso|ecuación|semana|imagen|ejemplo|"
    "tâche|partie|tableau|chapitre|étape|équation|semaine|exercice|exemple"
)
_TOOLS = (
    r"python|pytorch|torch|transformers|cuda|tensorflow|keras|numpy|pandas|sklearn|scikit-learn|"
    r"ubuntu|windows|java|datasets|license|lizenz|licence|cc[-\s]by|http|rtx|gtx|tesla|v|release"
)
_END = rf"(?!{vocabulary.LETTER_OR_DIGIT})"
# Each pattern is linear: every repetition is bounded and none is nested in another unbounded one.
_ASIDES = tuple(
    regex(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)",
        r"(?<![\d.,])\d{1,2}([/.])\d{1,2}\1(?:19|20)?\d\d(?![\d,./])",
        r"(?<![\d.,])\d{1,2}:\d\d(?::\d\d)?(?!\d)",
        rf"(?<![\d.,])\d{{1,2}}(?:st|nd|rd|th|er|\.)?\s(?:de\s)?{_MONTH}(?:\s(?:de\s)?(?:19|20)\d\d)?{_END}",
        rf"(?<!\w){_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s(?:19|20)\d\d)?(?![\w.,%]\d|\s?%)",
        rf"(?<![\w.,$€])(?:19|20)\d\d(?![\d.,]\d|\s?[%/+]|\s(?:\w{{1,15}}\s)?(?:{words.one_of(words.ITEMS)}"
        rf"|{words.one_of(words.COUNTED)}|{words.one_of(words.CLASSES)}){_END})(?=年|\W|$)",
        r"(?<![\w.])v?\d{1,4}\.\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?!\w)",
        rf"(?<![^\W_])(?:{_TOOLS})[\s-]{{0,2}}(?:version\s)?v?\d{{1,4}}(?:\.\d{{1,4}})?(?![\w%])",
        rf"(?<![^\W_])(?:{_REFERENCES})s?\.?\s(?:no\.?\s|#|n°\s?|nr\.?\s)?\d{{1,3}}(?:\.\d{{1,3}}){{0,3}}"
        r"(?:(?:,\s|\s?[-\u2013]\s?|\s(?:and|et|und|y|or)\s)\d{1,3}){0,6}"
        rf"(?![.,]?\d|\s?%){_END}",
        r"第\s?\d{1,3}\s?[章节步题周部页张个]|[图表步任务问题]\s?\d{1,3}",
        r"\[\d{1,3}(?:\s?[,\u2013-]\s?\d{1,3}){0,10}\](?!\()",
        r"\([^\W\d_][\w\s.&'-]{1,60},?\s(?:19|20)\d\d[a-z]?\)",
        r"(?<![\w.])\d{1,4}\s?[x\u00d7]\s?\d{1,4}(?:\s?[x\u00d7]\s?\d{1,4})?(?!\w)",
        r"\(\d{1,3}\s?/\s?\d{1,3}\)",
        r"[\[(]\d{1,6}(?:,\s?\d{1,6}){1,6},?[\])]",
        r"\.[a-z]{1,5}:\d{1,6}",
        r"(?<=[:*])\s?\*{0,2}\d{1,2}[.)](?=\*{0,2}\s)",
        r"(?-i:(?<![A-Z])[A-Z]{2,5}\s\d{3,4}(?!\d|[.,]\d|\s?%))",
        r"[\w.+-]{1,60}@[\w-]{1,60}\.[\w.]{1,60}",
        r"(?:recall|precision|rappel|r|p|ndcg|map|hit|hits)\s?(?:@|at)\s?\d{1,3}",
        r"bleu[-@_\s]?[1-4](?![.,]?\d)|rouge[-\s]?[12l]|f[-_]?1(?!\d)|f\s1(?=\sscore)|top[-\s]?\d{1,3}",
        # Letters run into digits: a name, such as Food101 or patch32.
        rf"(?<![^\W_]){vocabulary.LETTER}{{1,40}}[-_]?\d{{1,9}}(?:[-_./]\d{{1,4}}){{0,4}}"
        r"(?![\d%])",
    )
)
_LIST_NUMBER = regex(
    r"\s{0,40}(?:[-*+•▪>]\s{1,3})?\**\(?(?:\d{1,3}(?:\.\d{1,3}){0,3}[.)]|\d{1,3}\s?-)(?=\s)"
)
_HEADING_NUMBER = regex(
    r"\s{0,3}#{1,6}\s{1,3}\**[1-9]\d{0,2}(?:\.\d{1,3}){0,3}(?=[\s.):-])(?!\s?%)"
)
_CODE = regex(r"(`{1,3})[^`\n]{1,300}\1")
_PLAIN_CODE = regex(r"`{1,3}\s?[~\u2248]?-?[\d.,]{1,20}\s?%?\s?`{1,3}")
_FORMULA = regex(r"\$\$[^$]{1,2000}\$\$|(?<!\\)\$[^$\n]{1,200}\$|\\\([^\n]{1,200}?\\\)")
_IS_FORMULA = regex(r"\\(?!%)|[=^_{}]|^\$+\s?[A-Za-z]")
_RAISED = regex(r"<su[pb]>[^<\n]{1,60}</su[pb]>", re.IGNORECASE)
_ENTITY = regex(r"&#x?[0-9a-f]{1,6};", re.IGNORECASE)
_DIGIT = regex(r"\d")


def without_asides(source: str, text: str, names: Names) -> str:
    """A folded text with the digits of what states nothing struck out; offsets stay the same.

    Left out are dates, years, times of day, versions, names of models and datasets, numbers of
    figures, tasks and images, list numbers, citations, sizes such as ``224x224``, ranks such as
    ``Recall@5``, code, formulas, raised marks and addresses.

    Args:
        source: The cell as it stands, for its tags.
        text: The same with tags blank, as ``sentences.masked`` gives it.
        names: Names of models and datasets.
    """
    marks = [*_RAISED.finditer(source), *_ENTITY.finditer(source)]
    cuts = [match.span() for match in marks]
    cuts += [match.span() for match in _CODE.finditer(text) if not _PLAIN_CODE.fullmatch(match[0])]
    cuts += [match.span() for match in _FORMULA.finditer(text) if _IS_FORMULA.search(match[0])]
    cuts += [(name.start, name.end) for name in names.models(text)]
    cuts += [(name.start, name.end) for name in names.datasets(text)]
    for row in lines(text):
        opening = row.text[:80]
        if number := _LIST_NUMBER.match(opening) or _HEADING_NUMBER.match(opening):
            cuts.append((row.start, row.start + number.end()))
    text = _struck(text, cuts)
    return "\n".join(_without_names(row) for row in text.split("\n"))


def _without_names(row: str) -> str:
    if _DIGIT.search(row):
        for pattern in _ASIDES:
            row = pattern.sub(_strike, row)
    return row


def _strike(match: re.Match[str]) -> str:
    return _DIGIT.sub("§", match[0])


def _struck(text: str, cuts: list[tuple[int, int]]) -> str:
    kept, position = [], 0
    for start, end in sorted(cuts):
        if end > position:
            kept += [text[position : max(start, position)]]
            kept += [_DIGIT.sub("§", text[max(start, position) : end])]
            position = end
    return "".join([*kept, text[position:]])
