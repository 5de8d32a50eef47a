"""The catalogues of translations; ``python -m tests.messages write`` compiles them.

``python -m tests.messages missing`` prints what has no translation, ready to be appended.
"""

import ast
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from grader.languages import DOMAIN, FOLDER, LANGUAGES

ROOT = Path(__file__).parent.parent
TRANSLATED = tuple(language for language in LANGUAGES if language != "en")
Message = str | tuple[str, str]
"""A sentence, or one for a single thing and one for several."""


def messages() -> list[Message]:
    """Every sentence detectors say, in the order of their files."""
    files = sorted((ROOT / "grader" / "detect").rglob("*.py"))
    found = [each for file in files for each in _said(ast.parse(file.read_text(encoding="utf-8")))]
    return list(dict.fromkeys(found))


def _said(tree: ast.Module) -> Iterator[Message]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            if node.func.id == "say":
                yield _literal(node, texts, 1)[0]
            elif node.func.id == "say_many":
                one, several = _literal(node, texts, 2)
                yield one, several


def _literal(node: ast.Call, texts: Sequence[object], number: int) -> list[str]:
    found = [text for text in texts[:number] if isinstance(text, str)]
    assert len(found) == number, f"line {node.lineno}: a sentence is a literal"
    return found


def path(language: str, suffix: str) -> Path:
    """The catalogue of a language, as written (``.po``) or compiled (``.mo``)."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}{suffix}"


def catalogue(language: str) -> Catalog:
    """What is translated into a language."""
    with path(language, ".po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def compiled(language: str) -> bytes:
    """The catalogue as programs read it."""
    file = io.BytesIO()
    write_mo(file, catalogue(language))
    return file.getvalue()


def missing(language: str) -> list[Message]:
    """Sentences without a translation."""
    there = catalogue(language)
    return [each for each in messages() if not _has(there, each)]


def _has(there: Catalog, message: Message) -> bool:
    # pybabel keeps a sentence with a plural under its singular.
    found = there.get(message if isinstance(message, str) else message[0])
    if found is None or isinstance(message, str) == found.pluralizable:
        return False
    texts = found.string if isinstance(found.string, (tuple, list)) else [found.string]
    return bool(texts) and all(texts)


def _entry(message: Message) -> str:
    if isinstance(message, str):
        return f'msgid {_quoted(message)}\nmsgstr ""\n'
    one, several = map(_quoted, message)
    return f'msgid {one}\nmsgid_plural {several}\nmsgstr[0] ""\n'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        for each in TRANSLATED:
            path(each, ".mo").write_bytes(compiled(each))
    elif sys.argv[1:] == ["missing"]:
        for each in TRANSLATED:
            sys.stdout.write(f"# {each}\n" + "\n".join(map(_entry, missing(each))))
