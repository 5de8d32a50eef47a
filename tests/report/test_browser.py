"""The pages in a real browser: narrow, wide, dark, printed, without network."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.report import class_page, student_page
from tests.report import sample_findings as facts
from tests.report import sample_results as sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
PAGES = [*sample.every_outcome(), "hostile", "huge", "class", "class-hostile"]
SIZES = [(1280, "light", "screen"), (360, "light", "screen"), (360, "dark", "screen")]
SIZES += [(1280, "dark", "screen")]
PRINTED = {"student": 688, "class": 1017}
"""Width of A4 between the margins in CSS pixels; the class page is printed across."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with api.sync_playwright() as started:
        launched = started.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pages")
    results = {
        **sample.every_outcome(),
        "hostile": sample.hostile("<b onclick=x>" + "W" * 300),
        "huge": sample.huge(),
    }
    for name, result in results.items():
        html = student_page(result, facts.CONTEXT, audience="reviewer").html
        (made / f"{name}.html").write_text(html, encoding="utf-8")
    usual = list(sample.every_outcome().values())
    for name, members in (("class", usual), ("class-hostile", [*usual, results["hostile"]])):
        pages = {each.student: f"{number}.html" for number, each in enumerate(members)}
        html = class_page(members, facts.CONTEXT, pages=pages)
        (made / f"{name}.html").write_text(html, encoding="utf-8")
    return made


def opened(page: "Page", path: Path) -> list[str]:
    """Open a file; everything the browser complained about or asked for."""
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    said += [url for url in asked if url != path.as_uri() and not url.startswith("data:")]
    return said


@pytest.mark.parametrize("name", PAGES)
def test_nothing_complains_and_nothing_sticks_out(
    browser: "Browser", folder: Path, name: str
) -> None:
    page = browser.new_page()
    said = opened(page, folder / f"{name}.html")
    paper = PRINTED["class" if name.startswith("class") else "student"]
    for width, scheme, medium in [*SIZES, (paper, "light", "print")]:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, media=medium)  # type: ignore[arg-type]
        used = page.evaluate("document.scrollingElement.scrollWidth")
        assert used <= width, f"{used} px at {width} px, {scheme}, {medium}"
    page.close()
    assert said == []


def test_the_class_table_sorts_and_filters(browser: "Browser", folder: Path) -> None:
    page = browser.new_page()
    said = opened(page, folder / "class.html")
    first = "document.querySelector('#submissions tbody tr').cells[0].textContent.trim()"
    last = "[...document.querySelectorAll('#submissions tbody tr')].at(-1).cells[2].textContent"
    assert page.evaluate(first) == "avocet"
    button = page.get_by_role("button", name="Points")
    for _ in range(2):
        button.click()
        assert page.evaluate(last).strip() == "none yet"  # unknown comes last either way
    assert page.evaluate(first) == "avocet"  # most points, descending
    page.get_by_label("Name or code").fill("SMP001")
    assert page.locator("#submissions tbody tr:visible").count() == 4
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.getElementById('shown').textContent.startsWith('8 of 8')")
    page.close()
    assert said == []


def test_the_class_page_is_whole_without_script(browser: "Browser", folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "class.html").as_uri())
    assert page.locator("#submissions tbody tr").count() == 8
    assert not page.locator("#filter").is_visible()
    context.close()
