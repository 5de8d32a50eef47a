"""BLP006: special-tokens-in-bleu."""

import re
from collections.abc import Iterator

from msgspec import Struct

from grader.detect._samples import source_ref
from grader.detect._texts import Texts, compared_texts, made_of, text_ref
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Node,
    SourceGraph,
    Tag,
    Wording,
    say,
)
from grader.patterns import regex

MARK = regex(
    r"\bstartseq\b|\bendseq\b|<(?:start|end|bos|eos|sos|s|/s|pad|unk)>|\[(?:CLS|SEP|PAD|BOS|EOS)\]"
    r"|<\|[a-z_]{1,24}\|>",
    re.I,
)
"""Tokens that mark where a sentence begins and ends."""

CLEANS = regex(
    r"(?:^|\.)(?:replace|re\.sub|sub|strip|lstrip|rstrip|remove\w{0,12}|clean\w{0,20}|index|find"
    r"|partition|removeprefix|removesuffix|group|groups)$"
)
"""Calls that take something out of a text."""

MOST = 0.5
"""Share of the texts from which the marks are no accident."""


class _Marked(Struct, frozen=True, kw_only=True):
    """Texts that were scored with their marks."""

    ref: EvidenceRef
    token: str
    """One of the marks; empty where only the code shows that they stay."""

    counted: tuple[int, int] | None = None
    """Texts with marks and all texts, where our run recorded them."""


@detector(
    code="BLP006",
    name="special-tokens-in-bleu",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    severity="major",
    follows=frozenset({"reference-is-hypothesis"}),
)
def special_tokens_in_bleu(case: Case) -> Iterator[Sighting]:
    """Captions are scored together with the marks of their beginning and end.

    ## Why it matters
    Marks such as `startseq` or `[SEP]` are no words anybody says. In both texts they are right
    guesses for nothing and raise the score; in the model's text alone they lower it.

    ## Example
    ```python
    from nltk.translate.bleu_score import corpus_bleu
    ids = blip.generate(**inputs)
    generated = [text.split() for text in processor.batch_decode(ids)]
    print(f"BLEU-4: {corpus_bleu(references, generated):.4f}")
    ```

    ## Use instead
    ```python
    from nltk.translate.bleu_score import corpus_bleu
    ids = blip.generate(**inputs)
    generated = [text.split() for text in processor.batch_decode(ids, skip_special_tokens=True)]
    print(f"BLEU-4: {corpus_bleu(references, generated):.4f}")
    ```

    ## Verdict
    Major: the number is of other texts than the captions. Certain when our run recorded marks in
    more than half of the texts that were scored; likely when only the code shows that nothing
    takes them away.

    ## Known limits
    Texts that pass through a call that replaces or strips something are taken to be cleaned
    unless the run shows otherwise. Marks with unusual names are not known.

    ## Source
    A deduction, no statistic: ids of a model are made into text without leaving out its special
    tokens, or the marks are typed into the texts, and both reach the metric.
    """
    found = next(_recorded(case), None) or next(_written(case), None)
    if found is not None:
        yield _sighting(case, found)


def _recorded(case: Case) -> Iterator[_Marked]:
    recording = case.evidence.recording
    for call in recording.text_metrics:
        texts = recording.labels(call.predictions) or ()
        marked = [found for each in texts if (found := MARK.search(str(each)[:2000]))]
        if len(marked) > MOST * len(texts) and call.cell is not None:
            ref = text_ref(case, call.cell, "scores these texts")
            yield _Marked(ref=ref, token=marked[0][0], counted=(len(marked), len(texts)))


def _written(case: Case) -> Iterator[_Marked]:
    recorded = {
        call.cell for call in case.evidence.recording.text_metrics if call.predictions is not None
    }
    graph = case.evidence.source
    for each in compared_texts(case):
        if each.node.cell in recorded:
            continue
        inside = made_of(graph, each.hypotheses)
        if any(node.kind == "call" and CLEANS.search(node.name) for node in inside):
            continue
        yield from _kept(graph, each, inside)


def _kept(graph: SourceGraph, texts: Texts, inside: tuple[Node, ...]) -> Iterator[_Marked]:
    for node in inside:
        if node.kind == "literal" and isinstance(node.value, str) and len(node.value) < 80:
            mark = MARK.search(node.value)
            if mark is not None and not _cut_off(graph, node, inside):
                yield _Marked(ref=source_ref(node, "puts a mark into the text"), token=mark[0])
    for node in inside:
        if node.name in {".batch_decode", ".decode"} and _of_ids(graph, node):
            yield _Marked(ref=source_ref(node, "keeps the special tokens"), token="")


def _cut_off(graph: SourceGraph, mark: Node, inside: tuple[Node, ...]) -> bool:
    """Whether a stretch is taken of the text with the mark, as in ``words[1:-1]``."""
    slices = [node for node in inside if node.name == "Slice"]
    return any(mark.id in {each.id for each in made_of(graph, node.id)} for node in slices)


def _of_ids(graph: SourceGraph, node: Node) -> bool:
    """Whether ids of a model are made into text with their special tokens."""
    if any(each.name in {"skip_special_tokens", "**"} for each in node.arguments):
        flag = next(each for each in node.arguments if each.name in {"skip_special_tokens", "**"})
        return graph.nodes[flag.node].value is False
    ids = [each.node for each in node.arguments if each.name is None]
    if len(ids) != 1:
        return False
    return any(
        each.name == ".generate" or Tag.MODEL_OUTPUT in each.tags for each in made_of(graph, ids[0])
    )


def _sighting(case: Case, found: _Marked) -> Sighting:
    return Sighting(
        severity="major",
        confidence=Confidence.LIKELY if found.counted is None else Confidence.CERTAIN,
        task=case.evidence.cell_tasks.get(found.ref.cell),
        message=say(
            "The captions are scored together with marks such as `{token}`, which nobody says, so "
            "the score is of other texts.",
            token=found.token or "[SEP]",
        ),
        measured=_measured(found),
        remedy=say(
            "Take the marks away before scoring, for example with `skip_special_tokens=True`, in "
            "captions and references alike."
        ),
        sure=say("The code shows it; the run did not confirm it.")
        if found.counted is None
        else say("The texts were recorded in our run."),
        evidence=(found.ref,),
    )


def _measured(found: _Marked) -> Wording:
    if found.counted is None:
        return say("Calls that take the marks out of the texts before they are scored: none.")
    marked, n = found.counted
    return say("Scored texts with such marks: {marked} of {n}.", marked=marked, n=n)
