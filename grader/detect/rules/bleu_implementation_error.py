"""BLP001: bleu-implementation-error."""

from collections.abc import Iterator

from grader.detect._bleu import Misuse, OwnBleu, misuses, own_bleus
from grader.detect._samples import source_ref
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    TextMetricCall,
    Wording,
    metric_of,
    say,
)

APART = 0.005
"""Half a point of BLEU: what rounding, or another version of a library, cannot make."""


@detector(
    code="BLP001",
    name="bleu-implementation-error",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
    follows=frozenset({"reference-is-hypothesis"}),
)
def bleu_implementation_error(case: Case) -> Iterator[Sighting]:
    """A score called BLEU is something else.

    ## Why it matters
    BLEU is compared between papers and people because everybody computes the same quantity. Of
    letters instead of words, of references in the wrong order, or of single words alone, it is
    another number, often much higher, and no library complains.

    ## Example
    ```python
    from datasets import load_dataset
    from sacrebleu.metrics import BLEU
    coco = load_dataset("yerevann/coco-karpathy", split="test[:100]")
    generated = processor.batch_decode(blip.generate(**inputs), skip_special_tokens=True)
    references = [row["sentences"][:5] for row in coco]
    print(f"BLEU-4: {BLEU().corpus_score(generated, references).score:.2f}")
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sacrebleu.metrics import BLEU
    coco = load_dataset("yerevann/coco-karpathy", split="test[:100]")
    generated = processor.batch_decode(blip.generate(**inputs), skip_special_tokens=True)
    references = [row["sentences"][:5] for row in coco]
    print(f"BLEU-4: {BLEU().corpus_score(generated, list(zip(*references))).score:.2f}")
    ```

    ## Verdict
    Major where the number is another quantity than its name says: references listed by picture
    for sacrebleu, sentences where nltk wants words, BLEU-1 printed as BLEU-4, an overlap of words
    called BLEU. Minor where a hand-written overlap is called BLEU-1: the name is nearly right,
    and only what it leaves out must be said. Certain when our run printed a number that the same
    captions and references do not give, or exactly that overlap; likely when only the code shows
    it. Where our run recorded the call as it should be, nothing is said.

    ## Known limits
    A mean of sentence scores, another tokenizer or another smoothing is another convention and no
    mistake. Hand-written BLEU is judged by what its function mentions: sequences of words,
    clipping, the brevity penalty. Names of scores are compared with the n-grams asked for within
    one cell.

    ## Source
    K. Papineni et al., "BLEU: a method for automatic evaluation of machine translation" (2002);
    the order of sacrebleu's references: M. Post, "A call for clarity in reporting BLEU scores"
    (2018) and the manual of sacrebleu. Deductions, no statistic; that a score is another one is
    told from half a point on.
    """
    for misuse in misuses(case):
        confidence = _confidence(case, misuse)
        if confidence is not None:
            yield _misused(case, misuse, confidence)
            return
    for own in own_bleus(case):
        if _lacks(own):
            yield _simplified(case, own)
            return


def _confidence(case: Case, misuse: Misuse) -> Confidence | None:
    """How sure the run makes it; ``None`` where the run knows better."""
    cell = misuse.texts.node.cell
    calls = [
        call
        for call in case.evidence.recording.text_metrics
        if call.cell == cell and "bleu" in call.function and call.predictions is not None
    ]
    if misuse.kind == "turned":
        # References that belong to the texts one by one were listed as the library wants them.
        sound = any(call.references for call in calls) and misuse.texts.metric != "corpus_bleu"
        return None if sound else Confidence.LIKELY
    known = _bleus(case, cell, misuse.called if misuse.kind == "order" else None)
    if not calls or not known:
        return Confidence.LIKELY
    if misuse.kind == "order":
        return Confidence.CERTAIN if _prints_another(case, cell) else Confidence.LIKELY
    return Confidence.CERTAIN if not _agree(calls, known) else None


def _bleus(case: Case, cell: int, order: int | None) -> list[float]:
    """BLEU of the recorded texts by every convention, computed outside the notebook."""
    return [
        value
        for each in case.evidence.evaluations
        if each.kind == "captioning" and each.cell == cell
        for name, value in each.scores.items()
        if metric_of(name) == (f"bleu{order}" if order else metric_of(name)) and "bleu" in name
    ]


def _agree(calls: list[TextMetricCall], known: list[float]) -> bool:
    values = [call.value for call in calls if call.value is not None]
    return any(abs(value - each) <= APART for value in values for each in known)


def _prints_another(case: Case, cell: int) -> bool:
    """Whether our run printed a BLEU of several words that is the one of single words."""
    for each in case.evidence.evaluations:
        if each.kind != "captioning" or each.cell != cell or "bleu1" not in each.scores:
            continue
        for number in case.evidence.reported:
            right = each.scores.get(number.metric)
            if number.source == "rerun" and number.cell == cell and right is not None:
                value = number.value / 100 if number.value > 1 else number.value
                if abs(value - right) > APART >= abs(value - each.scores["bleu1"]):
                    return True
    return False


def _misused(case: Case, misuse: Misuse, confidence: Confidence) -> Sighting:
    node = misuse.texts.node
    message, measured, remedy = _said(misuse)
    return Sighting(
        severity="major",
        confidence=confidence,
        task=case.evidence.cell_tasks.get(node.cell),
        message=message,
        measured=measured,
        remedy=remedy,
        sure=say("The code shows it; the run did not confirm it.")
        if confidence is Confidence.LIKELY
        else say("The texts recorded in our run give another BLEU than the one printed."),
        evidence=(source_ref(node, "computes this BLEU"),),
    )


def _said(misuse: Misuse) -> tuple[Wording, Wording, Wording]:
    if misuse.kind == "turned":
        return _turned(misuse)
    if misuse.kind == "letters":
        return (
            say(
                "nltk gets sentences where it wants lists of words, so this BLEU compares letters "
                "and not words."
            ),
            say("Words made of the captions before they are scored: none."),
            say("Split captions and references into words first, or use sacrebleu."),
        )
    if misuse.kind == "flat":
        return (
            say(
                "`sentence_bleu` gets one reference where it wants a list of references, so every "
                "word of it counts as a reference of its own."
            ),
            say("The reference is a list of words, not a list of references."),
            say("Put the reference into a list: `sentence_bleu([reference], hypothesis)`."),
        )
    return _misnamed(misuse)


def _turned(misuse: Misuse) -> tuple[Wording, Wording, Wording]:
    if misuse.texts.is_nltk:
        return (
            say(
                "The references are listed by annotator, but nltk wants a list of references for "
                "each picture, so captions are compared with those of other pictures."
            ),
            say("References are listed by annotator where a list for each picture is wanted."),
            say("Turn the list: `list(zip(*references))`."),
        )
    return (
        say(
            "The references are listed by picture, but sacrebleu wants one list for each "
            "annotator, so only a few captions are scored, against captions of other pictures."
        ),
        say("References are listed by picture where lists by annotator are wanted."),
        say("Turn the list: `corpus_score(hypotheses, list(zip(*references)))`."),
    )


def _misnamed(misuse: Misuse) -> tuple[Wording, Wording, Wording]:
    asked = say("BLEU-{order}", order=misuse.asked or 0)
    measured = say("Longest sequence of words asked for: {order}.", order=misuse.asked or 0)
    remedy = say("Ask for the number of words in the name, for example with `max_ngram_order`.")
    if misuse.called is None:
        return (
            say("Every score printed here is {asked}, whatever number it is called by.",
                asked=asked),
            measured,
            remedy,
        )  # fmt: skip
    return (
        say("What is called BLEU-{called} is {asked}.", called=misuse.called, asked=asked),
        measured,
        remedy,
    )


def _lacks(own: OwnBleu) -> bool:
    return own.is_called_more or not own.clipped or not own.brevity


def _simplified(case: Case, own: OwnBleu) -> Sighting:
    overlap = any("overlap" in name for each in case.evidence.evaluations for name in each.scores)
    return Sighting(
        severity="major" if own.is_called_more else "minor",
        confidence=Confidence.CERTAIN if overlap and not own.grams else Confidence.LIKELY,
        task=case.evidence.cell_tasks.get(own.cell),
        message=say(
            "`{name}` is a simplified BLEU: it leaves out {parts}, so its scores cannot be "
            "compared with those of other people.",
            name=own.name,
            parts=_missing(own),
        ),
        measured=say(
            "Parts of BLEU that the function does not have: {parts}.", parts=_missing(own)
        ),
        remedy=say(
            "Use sacrebleu or nltk, or call the score what it is, for example the share of words "
            "found in the reference."
        ),
        sure=say("The printed score is exactly this overlap of the texts of our run.")
        if overlap and not own.grams
        else say("The code shows it; the run did not confirm it."),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SOURCE,
                cell=own.cell,
                line=own.line,
                remark="a BLEU written by hand",
            ),
        ),
    )


def _missing(own: OwnBleu) -> Wording:
    """The parts it leaves out, joined two by two."""
    parts = []
    if own.is_called_more:
        parts.append(say("sequences of several words"))
    if not own.clipped:
        parts.append(say("the counting of repeated words"))
    if not own.brevity:
        parts.append(say("the penalty for short captions"))
    said = parts[0]
    for part in parts[1:]:
        said = say("{one} and {other}", one=said, other=part)
    return said
