"""Say findings in the language of whoever reads them.

Catalogues are ``locale/<language>/LC_MESSAGES/grader.po`` and, compiled, ``.mo``. ``make
messages`` compiles them; the tests see to it that none is stale and no sentence is missing.
"""

import gettext
from functools import cache
from pathlib import Path

from grader.model import Finding, Wording
from grader.model.wording import Part, filled

__all__ = ["LANGUAGES", "in_language", "said"]

LANGUAGES = ("en", "fr", "zh")
FOLDER = Path(__file__).parent / "locale"
DOMAIN = "grader"
# A narrow blank that no line is broken at, as French typography asks for.
SEPARATORS = {"fr": "\u202f"}


def said(wording: Wording, language: str) -> str:
    """A sentence in a language; in English where it has no translation."""
    if language == "en":
        return str(wording)
    catalogue = _catalogue(language)
    if wording.plural and wording.count is not None:
        text = catalogue.ngettext(wording.text, wording.plural, wording.count)
    else:
        text = catalogue.gettext(wording.text)
    return filled(text, {name: _part(value, language) for name, value in wording.values})


def in_language(finding: Finding, language: str) -> Finding:
    """The finding with its sentences in a language, those that have a wording."""
    if language == "en":
        return finding
    texts = {name: said(wording, language) for name, wording in finding.wordings}
    return finding.model_copy(update=texts)


def _part(value: Part, language: str) -> str:
    if isinstance(value, Wording):
        return said(value, language)
    if isinstance(value, int):
        return f"{value:,}".replace(",", SEPARATORS.get(language, ","))
    return value


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, languages=[language], fallback=True)
