"""Text that says what the notebook does not show."""

import re

from tests.corpus.mutators.api import ALL, Mutator, Site
from tests.corpus.notebooks import AnchorError, Notebook, spelled

MAIN = ("accuracy", "i2t_r1", "bleu4", "vqa_accuracy", "b32")


def _text_with(site: Site, pattern: str) -> tuple[int, re.Match[str]]:
    for index, cell in enumerate(site.notebook.cells):
        match = re.search(pattern, cell.source) if cell.kind == "markdown" else None
        if match:
            return index, match
    raise AnchorError(f"{site.notebook.name}: no text has {pattern}")


def _main(site: Site) -> str:
    return next(name for name in MAIN if f"{site.task}.{name}" in site.notebook.numbers)


def _wrong(site: Site) -> str:
    """The main score of the task, higher than it is."""
    value = site.number(_main(site))
    return f"{value + 2.13:.2f}" if value > 1 else f"{min(value + 0.0613, 0.9987):.4f}"


def _other_number(site: Site) -> Notebook:
    pattern = r"\{\{" + re.escape(f"{site.task}.{_main(site)}") + r"(?::([^{}]+))?\}\}"
    index, match = _text_with(site, pattern)
    source = site.notebook.cells[index].source
    said = spelled(_wrong(site), match[1] or "")
    return site.notebook.with_source(index, source[: match.start()] + said + source[match.end() :])


def _says_other(site: Site, mutant: Notebook) -> bool:
    forms = ("", "%", ",%", ",", "%1")
    wrong = {spelled(_wrong(site), form) for form in forms}
    honest = "".join(cell.source for cell in site.notebook.filled().cells)
    mutated = "".join(cell.source for cell in mutant.filled().cells)
    return any(each in mutated and each not in honest for each in wrong)


ELSEWHERE = (
    "I also evaluated ViT-Large on ImageNet in the same way, where it reached an accuracy of "
    "84.27% on 5000 test images."
)
QUOTED = (
    'For the first picture BLIP wrote "a brown dog sleeping on a green sofa", and for the second '
    '"two children flying a kite".'
)


def _appended(site: Site, sentence: str) -> Notebook:
    index, _ = _text_with(site, r"\{\{" + re.escape(site.task) + r"\.")
    return site.notebook.with_source(index, f"{site.notebook.cells[index].source}\n\n{sentence}")


MUTATORS = (
    Mutator(
        name="other-number-in-the-text",
        plants=("prose-number-mismatch",),
        also=("grim-inconsistent",),
        kinds=ALL,
        change=_other_number,
        stated=_says_other,
        source=False,
        most=10,
    ),
    Mutator(
        name="model-nobody-evaluated",
        plants=("claim-without-evaluation",),
        also=("prose-number-mismatch",),
        kinds=ALL,
        change=lambda site: _appended(site, ELSEWHERE),
        stated=lambda site, mutant: ELSEWHERE in mutant.text and "ImageNet" not in mutant.code,
        source=False,
        most=10,
    ),
    Mutator(
        name="caption-nobody-saw",
        plants=("quoted-output-not-found",),
        kinds=frozenset({"captioning"}),
        change=lambda site: _appended(site, QUOTED),
        stated=lambda site, mutant: (
            QUOTED in mutant.text
            and not any("flying a kite" in cell.printed for cell in mutant.cells)
        ),
        source=False,
        most=10,
    ),
)
"""Every mutator of this family."""
