"""What a page holds, as a browser's parser would see it."""

from collections import Counter
from html.parser import HTMLParser
from typing import NamedTuple


class Element(NamedTuple):
    """A start tag."""

    tag: str
    attributes: dict[str, str | None]


class Page(HTMLParser):
    """Elements, visible text, and the exact contents of style and script tags."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self.words: list[str] = []
        self._inside: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))
        if tag in self.raw:
            self._inside = tag
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside][-1] += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        """Visible text with single spaces."""
        return " ".join(" ".join(self.words).split())

    @property
    def tags(self) -> Counter[str]:
        """How often each tag occurs."""
        return Counter(element.tag for element in self.elements)

    @property
    def ids(self) -> list[str]:
        """Every id, in order."""
        return [str(each.attributes["id"]) for each in self.elements if "id" in each.attributes]

    def values(self, attribute: str) -> list[str]:
        """Every value of an attribute."""
        found = (each.attributes.get(attribute) for each in self.elements)
        return [value for value in found if value is not None]
