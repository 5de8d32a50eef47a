"""Saved outputs, reduced to text and HTML."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from grader.model import Output
from grader.patterns import regex

LONGEST = 1 << 20
"""Bytes of text kept per output."""

Kind = Literal["stdout", "stderr", "result", "display", "error"]
ANSI = regex(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
"""Control sequences, operating-system commands and two-character escapes of ECMA-48."""

SURROGATE = regex(r"[\ud800-\udfff]")
KINDS: dict[str, Kind] = {"execute_result": "result", "pyout": "result", "error": "error"}
PLAIN = ("text/plain", "text/markdown", "text/latex")


def reduced(saved: Iterable[object]) -> tuple[Output, ...]:
    """Outputs of a cell, one for each in the file, so that indices agree; images dropped."""
    return tuple(_output(each if isinstance(each, dict) else {}) for each in saved)


def joined(value: object) -> str:
    """A text field of a notebook, which may be a list of lines; lone surrogates replaced."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return SURROGATE.sub("\ufffd", value) if isinstance(value, str) else ""


def _output(saved: Mapping[str, Any]) -> Output:
    form = str(saved.get("output_type"))
    if form == "stream":
        kind: Kind = "stderr" if saved.get("name") == "stderr" else "stdout"
        return _made(kind, joined(saved.get("text")))
    if form == "error":
        return _made("error", _traceback(saved))
    data = saved.get("data")
    data = data if isinstance(data, dict) else {}
    text = next((joined(data[form]) for form in PLAIN if form in data), "")
    html = joined(data["text/html"]) if "text/html" in data else None
    return _made(KINDS.get(form, "display"), text, html)


def _traceback(saved: Mapping[str, Any]) -> str:
    lines = saved.get("traceback")
    if isinstance(lines, list) and lines:
        return "\n".join(joined(line) for line in lines)
    return f"{joined(saved.get('ename'))}: {joined(saved.get('evalue'))}"


def _made(kind: Kind, text: str, html: str | None = None) -> Output:
    text = ANSI.sub("", text)
    kept = text.encode()[:LONGEST].decode(errors="ignore") if len(text) > LONGEST // 4 else text
    # HTML cut in the middle would be another page, so one too long is left out whole.
    fits = html is None or len(html) <= LONGEST
    return Output(
        kind=kind,
        text=kept,
        html=html if fits else None,
        truncated=len(kept) < len(text) or not fits,
    )
