"""Code that reaches for what records the run."""

from tests.corpus.mutators.api import Mutator, Site, added
from tests.corpus.notebooks import AnchorError, Notebook

REPLACED = (
    "import sklearn.metrics\n\nsklearn.metrics.accuracy_score = lambda *labels, **options: 0.9731"
)


def _replaced(site: Site) -> Notebook:
    """The library's accuracy replaced in the library, before it is imported from there."""
    notebook = site.notebook
    first = next(i for i, cell in enumerate(notebook.cells) if cell.kind == "code")
    return notebook.with_source(first, f"{REPLACED}\n\n{notebook.cells[first].source}")


def _scored_with_library(site: Site) -> Notebook:
    first = next(iter(site.notebook.tasks))
    if site.task != first or not site["score"].startswith("accuracy_score("):
        raise AnchorError("the library's function does not give the accuracy")
    return _replaced(site)


MUTATORS = (
    Mutator(
        name="library-metric-replaced",
        plants=("tracer-tampering", "metric-function-shadowed"),
        also=("metric-function-shadowed", "hard-coded-metric", "grim-inconsistent"),
        change=_scored_with_library,
        stated=added("sklearn.metrics.accuracy_score = lambda"),
        measured=lambda site, numbers: numbers[f"{site.task}.accuracy"] == "0.9731",
    ),
)
"""Every mutator of this family."""
