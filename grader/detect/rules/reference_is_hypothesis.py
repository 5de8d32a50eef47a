"""BLP002: reference-is-hypothesis."""

from collections.abc import Iterator

from grader.detect._flow import opaque
from grader.detect._samples import source_ref
from grader.detect._texts import (
    CAPTION_KEYS,
    Texts,
    beyond,
    compared_texts,
    is_generated,
    keys,
    made_of,
    text_ref,
)
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    SourceGraph,
    Tag,
    TextMetricCall,
    Wording,
    say,
)

SENTENCE = 3
"""Words of a typed text from which it is a reference, not a separator."""

FREE = 4
"""Words an answer must have on average to be free text; short answers are often equal."""

FEWEST = 5
"""Fewest items whose equality tells something."""

MOST = 0.9
"""Share of items whose references are all the model's own text, above which nothing is left."""


@detector(
    code="BLP002",
    name="reference-is-hypothesis",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="invalid",
)
def reference_is_hypothesis(case: Case) -> Iterator[Sighting]:
    """Captions are compared with themselves.

    ## Why it matters
    A text that is its own reference gets the best possible score whatever it says. The score then
    shows that a text equals itself, and nothing about the model.

    ## Example
    ```python
    from sacrebleu.metrics import BLEU
    generated = processor.batch_decode(blip.generate(**inputs), skip_special_tokens=True)
    references = [list(generated)]
    print(f"BLEU-4: {BLEU().corpus_score(generated, references).score:.2f}")
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sacrebleu.metrics import BLEU
    coco = load_dataset("yerevann/coco-karpathy", split="test[:100]")
    generated = processor.batch_decode(blip.generate(**inputs), skip_special_tokens=True)
    references = [[row["sentences"][k] for row in coco] for k in range(5)]
    print(f"BLEU-4: {BLEU().corpus_score(generated, references).score:.2f}")
    ```

    ## Verdict
    Invalid: no text of a person takes part. Certain when the run recorded the comparison and nine
    of ten items or more have no other reference than the very text that is scored; likely when
    only the code shows it. Where the run recorded other references, nothing is said.

    ## Known limits
    References made by another model, or by the same model in another call, are not reported. Nor
    is a comparison of answers of few words, which are often equal by right, unless the code shows
    that one is made of the other.

    ## Source
    A deduction, no statistic: what is scored flows into the references, and no column of captions,
    file or typed sentence does. That equal long sentences in nine of ten items are no accident
    follows from human captions of one picture being hardly ever equal.
    """
    for each in compared_texts(case):
        if not _own(case.evidence.source, each):
            continue
        calls = [one for one in case.evidence.recording.text_metrics if one.cell == each.node.cell]
        equal = [one for one in (_equal(case, call) for call in calls) if one is not None]
        if equal and not any(same >= MOST * n for same, n in equal):
            continue
        yield _seen(case, each, max(equal, default=None))
        return
    yield from _recorded(case)


def _own(graph: SourceGraph, texts: Texts) -> bool:
    """Whether the references are made of the texts that are scored, and of nothing else."""
    mine, theirs = made_of(graph, texts.hypotheses), made_of(graph, texts.references)
    made = {node.id for node in mine if is_generated([node])}
    if not made & {node.id for node in theirs}:
        return False
    more = beyond(graph, texts.references, texts.hypotheses)
    typed = any(isinstance(node.value, str) and node.value.count(" ") >= SENTENCE - 1
                for node in more if node.kind == "literal")  # fmt: skip
    read = any(node.tags & {Tag.FILE, Tag.LABELS, Tag.DATASET} for node in more)
    return not (typed or read or keys(theirs) & CAPTION_KEYS or keys(more) or opaque(graph, more))


def _recorded(case: Case) -> Iterator[Sighting]:
    """What only the run shows."""
    for call in case.evidence.recording.text_metrics:
        found = _equal(case, call)
        if found is not None and found[0] >= MOST * found[1] and call.cell is not None:
            ref = text_ref(case, call.cell, "scores these texts")
            yield _sighting(case, ref, found)
            return


def _equal(case: Case, call: TextMetricCall) -> tuple[int, int] | None:
    """Items whose references are all the text itself, and all items; ``None`` when unknown."""
    recording = case.evidence.recording
    said = recording.labels(call.predictions)
    streams = [recording.labels(each) for each in call.references]
    if not said or not streams or len(said) < FEWEST:
        return None
    if sum(len(str(each).split()) for each in said) < FREE * len(said):
        return None
    known = [stream for stream in streams if stream is not None and len(stream) == len(said)]
    if len(known) != len(streams):
        return None
    rows = zip(said, zip(*known, strict=True), strict=True)
    same = sum({_plain(each) for each in several if each} == {_plain(one)} for one, several in rows)
    return same, len(said)


def _plain(text: object) -> str:
    return " ".join(str(text).casefold().split())


def _seen(case: Case, texts: Texts, equal: tuple[int, int] | None) -> Sighting:
    return _sighting(case, source_ref(texts.node, "compares the texts with themselves"), equal)


def _sighting(case: Case, ref: EvidenceRef, equal: tuple[int, int] | None) -> Sighting:
    return Sighting(
        severity="invalid",
        confidence=Confidence.LIKELY if equal is None else Confidence.CERTAIN,
        task=case.evidence.cell_tasks.get(ref.cell),
        message=say(
            "The references are the model's own texts, so every text is compared with itself and "
            "the score is perfect whatever the model says."
        ),
        measured=_measured(equal),
        remedy=say(
            "Take as references what people wrote, for example all captions of "
            '`row["sentences"]`, and score the texts of the model against them.'
        ),
        sure=say("The code shows it; the run did not confirm it.")
        if equal is None
        else say("The texts and their references were recorded in our run."),
        evidence=(ref,),
    )


def _measured(equal: tuple[int, int] | None) -> Wording:
    if equal is None:
        return say(
            "The references are made of the texts that are scored; no caption of a data set, file "
            "or person takes part."
        )
    same, n = equal
    return say("Texts with no other reference than themselves: {same} of {n}.", same=same, n=n)
