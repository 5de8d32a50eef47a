"""Render a view with its template into one self-contained page."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.config import data_folder
from grader.report.text import clean

__all__ = ["render"]


def render(template: str, page: object, *, script: str | None = None) -> str:
    """Fill a template.

    Args:
        template: Name of the template, e.g. ``student.html.j2``.
        page: What the template reads.
        script: Name of a script to carry along, for the class page.

    Returns:
        A page that loads nothing. Its policy names the digests of the exact bytes between the
        style and script tags, so that nothing else could run even if it got into the page.
    """
    folder = data_folder("templates")
    css = _asset(folder, "style.css")
    js = _asset(folder, script) if script else ""
    return (
        _environment(folder)
        .get_template(template)
        .render(
            page=page, css=css, css_hash=_csp_hash(css), js=js, js_hash=_csp_hash(js) if js else ""
        )
    )


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


def _finalize(value: object) -> object:
    # Every inserted text passes here before it is escaped, so no template can forget it.
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _asset(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
