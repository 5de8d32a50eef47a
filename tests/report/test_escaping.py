"""Nothing a student wrote is markup, loads anything, or shows an access key."""

import base64
import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.model import Result
from grader.report import class_page, student_page
from grader.report.text import clean
from tests.report import sample_findings as facts
from tests.report import sample_results as sample
from tests.report.reading_html import Page

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>x</script>",
    "</code></div></article></main><h1>owned</h1>",
    "{{ 7 * 7 }}{% for x in y %}",
    "javascript:alert(1)",
    "<!--",
    "<svg onload=alert(1)>",
    "]]>&lt;b&gt;",
    "\x1b[31mred\x1b[0m \x00\x08\u202e",
    "a" * 500,
    "",
]
PLAIN = "plain words"


def pages(result: Result) -> list[str]:
    return [
        student_page(result, facts.CONTEXT).html,
        student_page(result, facts.CONTEXT, audience="reviewer").html,
        class_page([result], facts.CONTEXT, pages={result.student: "students/1.html"}),
    ]


def assert_inert(html: str, like: str) -> None:
    """The page has only tags and attributes that a page of plain words has too."""
    page, model = Page(html), Page(like)
    assert set(page.tags) <= set(model.tags)
    for tag in ("script", "style", "img", "iframe", "h1", "link", "meta", "base", "form"):
        assert page.tags[tag] == model.tags[tag], tag
    names = {name for element in page.elements for name in element.attributes}
    assert names <= {name for element in model.elements for name in element.attributes}
    assert not any(name.startswith("on") or name == "style" for name in names)
    for address in page.values("href") + page.values("src"):
        assert re.match(r"#|data:,$|students/", address), address


@pytest.mark.parametrize("text", HOSTILE)
def test_student_text_is_never_markup(text: str) -> None:
    models = pages(sample.hostile(PLAIN))
    for html, like in zip(pages(sample.hostile(text)), models, strict=True):
        assert_inert(html, like)


MODELS = pages(sample.hostile(PLAIN))


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>\"'&{}%#/=`ab \n\x00\x1b[m-!"), min_size=1, max_size=60))
def test_no_text_is_markup(text: str) -> None:
    for html, like in zip(pages(sample.hostile(text)), MODELS, strict=True):
        assert_inert(html, like)


def test_jinja_in_student_text_is_not_run() -> None:
    text = Page(student_page(sample.hostile("{{ 7 * 7 }}"), facts.CONTEXT).html).text
    assert "{{ 7 * 7 }}" in text
    assert "49" not in text


@pytest.mark.parametrize(
    "key",
    [
        "hf_AbCdEfGhIjKlMnOpQrStUvWx",
        "sk-proj-abcdefghijklmnopqrstuv",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "api_key = '0123456789abcdef0123456789abcdef'",
    ],
)
def test_access_keys_are_masked_everywhere(key: str) -> None:
    secret = key.rpartition("'")[0].rpartition("'")[2] or key
    for html in pages(sample.hostile(f"login({key})")):
        assert secret not in html
    assert "[key removed]" in clean(key)


def test_ordinary_code_is_not_taken_for_a_key() -> None:
    code = "hf_hub_download('x'); task-specific; tokenizer = 'google/vit'; sk-learn"
    assert clean(code) == code


@given(st.text())
def test_cleaning_twice_changes_nothing_and_leaves_no_control_character(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", once)


@pytest.mark.parametrize("html", pages(sample.single_sample()))
def test_the_policy_names_the_exact_bytes(html: str) -> None:
    page = Page(html)
    policy = next(value for value in page.values("content") if "default-src" in value)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    allowed = set(re.findall(r"'(sha256-[^']+)'", policy))
    found = set()
    for tag in ("style", "script"):
        blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
        assert len(blocks) == page.tags[tag]
        for block in blocks:
            digest = hashlib.sha256(block.encode()).digest()
            found.add(f"sha256-{base64.b64encode(digest).decode()}")
    assert found == allowed


@pytest.mark.parametrize("html", pages(sample.single_sample()))
def test_nothing_is_loaded_from_elsewhere(html: str) -> None:
    page = Page(html)
    for element in page.elements:
        for name in ("src", "srcset", "action", "data", "poster"):
            assert name not in element.attributes
        if element.tag != "a" and "href" in element.attributes:
            assert str(element.attributes["href"]).startswith(("#", "data:,"))
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_the_student_page_needs_no_script() -> None:
    assert Page(student_page(sample.single_sample(), facts.CONTEXT).html).tags["script"] == 0


def test_a_huge_notebook_stays_a_small_page() -> None:
    html = student_page(sample.huge(), facts.CONTEXT).html
    assert len(html.encode()) < 5_000_000
    assert "The first 20 of 60 classes are shown." in html
    assert "Only the beginning is shown." in html
