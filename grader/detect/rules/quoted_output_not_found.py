"""OUT008: quoted-output-not-found."""

from collections import defaultdict
from collections.abc import Iterator

from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Quotation,
    say,
    say_many,
)

FEWEST = 3
"""Words from which a quotation is a sentence; shorter ones are names and labels."""

SHOWN = 60
"""Characters of a quotation that are shown."""

PLACES = 4
"""Most quotations pointed at."""


@detector(
    code="OUT008",
    name="quoted-output-not-found",
    requires=frozenset({EvidenceKind.PROSE, EvidenceKind.SAVED}),
    since="0.2.0",
    status="stable",
    severity="review",
)
def quoted_output_not_found(case: Case) -> Iterator[Sighting]:
    """The text quotes words of a model that stand in no output.

    ## Why it matters
    Quoted captions and answers are the evidence of a discussion. When no output shows them, the
    reader cannot see whether a model ever said them.

    ## Example
    ```python
    print(caption(pictures[0]))
    ```

    ```output
    a man riding a horse on the beach
    ```

    ```markdown
    For the first picture BLIP wrote "a brown dog sleeping on a green sofa".
    ```

    ## Use instead
    ```python
    print(caption(pictures[0]))
    ```

    ```output
    a man riding a horse on the beach
    ```

    ```markdown
    For the first picture BLIP wrote "a man riding a horse on the beach".
    ```

    ## Verdict
    Review, a hint: outputs are shortened, edited and run again, and a quotation may be of
    something that was never meant to be printed. Only a person can tell.

    ## Known limits
    Compared are words, case and blanks aside. Quotations of fewer than three words are left out,
    and so are notebooks without outputs. Words shown only in a picture are not found.

    ## Source
    A search for the words in every code cell and output. No statistic takes part.
    """
    missing: dict[int, list[Quotation]] = defaultdict(list)
    for quotation in case.evidence.quotations:
        if quotation.found == () and _is_sentence(quotation.text):
            missing[quotation.place.cell].append(quotation)
    for cell, quotations in missing.items():
        yield _sighting(case, cell, quotations)


def _is_sentence(text: str) -> bool:
    # A Chinese, Japanese or Korean word is made of one character or two.
    run_on = sum("\u3040" <= each <= "\u9fff" or "\uac00" <= each <= "\ud7af" for each in text)
    return len(text.split()) >= FEWEST or run_on >= 2 * FEWEST


def _sighting(case: Case, cell: int, quotations: list[Quotation]) -> Sighting:
    words = quotations[0].text
    first = words if len(words) <= SHOWN else f"{words[:SHOWN]}..."
    return Sighting(
        severity="review",
        confidence=Confidence.HINT,
        task=case.evidence.cell_tasks.get(cell),
        message=say_many(
            'The text quotes "{words}", which stands in no code and no output.',
            'The text quotes {n} sentences, such as "{words}", that stand in no code and no '
            "output.",
            len(quotations),
            words=first,
        ),
        measured=say("Quotations found nowhere: {n}.", n=len(quotations)),
        remedy=say("Quote what an output shows, or print what is quoted."),
        sure=say("Outputs can be shortened or run again, so a person must look."),
        evidence=tuple(
            EvidenceRef(
                kind=EvidenceKind.PROSE, cell=cell, line=each.place.line, remark="not found"
            )
            for each in quotations[:PLACES]
        ),
    )
