"""BLP004: single-reference-captioning."""

from collections.abc import Iterator

from grader.detect._samples import source_ref
from grader.detect._texts import (
    LISTS,
    Texts,
    compared_texts,
    iterated,
    listed_by,
    made_of,
    text_ref,
)
from grader.detect.api import Sighting, detector
from grader.model import (
    Case,
    Confidence,
    Evaluation,
    EvidenceKind,
    EvidenceRef,
    Node,
    SourceGraph,
    say,
)


@detector(
    code="BLP004",
    name="single-reference-captioning",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="minor",
    follows=frozenset({"reference-is-hypothesis", "bleu-implementation-error"}),
)
def single_reference_captioning(case: Case) -> Iterator[Sighting]:
    """Captions are scored against one reference although the data set has several.

    ## Why it matters
    People describe one picture in different words. With a single reference a good caption that
    chose other words counts as wrong, so the score is lower, varies more, and cannot be compared
    with published ones, which use all references.

    ## Example
    ```python
    from datasets import load_dataset
    from sacrebleu.metrics import BLEU
    coco = load_dataset("yerevann/coco-karpathy", split="test[:100]")
    generated = processor.batch_decode(blip.generate(**inputs), skip_special_tokens=True)
    references = [row["sentences"][0] for row in coco]
    print(f"BLEU-4: {BLEU().corpus_score(generated, [references]).score:.2f}")
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
    Minor: the score is what it says, of a weaker kind. Certain when the run recorded one reference
    an item where several were served for the same pictures; likely when only the code shows it.
    The richest comparison counts: nothing is said where another one takes all references.

    ## Known limits
    Seen are lists of captions under their usual names, cut with `[0]` or `[:1]`;
    without a run a list that holds only one is taken for several. References of which the code
    does not show where they come from are not reported.

    ## Source
    COCO gives five captions a picture and its evaluation uses them all (X. Chen et al., "Microsoft
    COCO captions: data collection and evaluation server", 2015). No statistic takes part.
    """
    every = compared_texts(case)
    cut = [(each, at) for each in every if (at := _cut(case, each)) is not None]
    told = _recorded(case)
    if told is False or (len(cut) < len(every) and told is not True):
        return
    if cut:
        yield _sighting(case, source_ref(cut[0][1], "keeps one reference"), sure=bool(told))
    elif told and (best := _best(case)) is not None and best.cell is not None:
        ref = text_ref(case, best.cell, "scores the captions")
        yield _sighting(case, ref, sure=True)


def _cut(case: Case, texts: Texts) -> Node | None:
    """Where the references of a comparison are cut to the first of each picture."""
    graph = case.evidence.source
    kept = made_of(graph, texts.references)
    if not any(node.value in LISTS for node in kept if node.kind == "subscript"):
        return None
    for node in kept:
        if node.kind == "subscript" and node.receiver is not None and _is_first(graph, node):
            source = graph.nodes[node.receiver]
            if _of_one_picture(graph, source) or (
                node.name == "Slice" and listed_by(graph, source.id) == "annotator"
            ):
                return node
    return None


def _is_first(graph: SourceGraph, node: Node) -> bool:
    """Whether a subscript is ``[0]`` or ``[:1]``."""
    if node.name == "Slice":
        return [graph.nodes[dep].value for dep in node.deps[1:]] in ([1], [0, 1])
    return type(node.value) is int and node.value == 0


def _of_one_picture(graph: SourceGraph, source: Node) -> bool:
    """Whether a value is the list of captions of one picture."""
    if source.kind == "subscript" and source.value in LISTS and source.receiver is not None:
        return _is_item(graph, graph.nodes[source.receiver])
    over = iterated(graph, source)
    return over is not None and listed_by(graph, over) == "picture"


def _is_item(graph: SourceGraph, node: Node) -> bool:
    """Whether a value is one row of a data set: of a loop, or taken by its number."""
    if node.kind == "subscript" and node.name != "Slice":
        return not isinstance(node.value, str)
    return node.kind == "parameter" or iterated(graph, node) is not None


def _recorded(case: Case) -> bool | None:
    """Whether the best evaluation used one reference of several; ``None`` when not known."""
    best = _best(case)
    if best is None or not best.references:
        return None
    if len(best.references) > 1:
        return False
    return any(name.endswith("@recorded") for name in best.scores) or None


def _best(case: Case) -> Evaluation | None:
    captions = [each for each in case.evidence.evaluations if each.kind == "captioning"]
    return max(captions, key=lambda each: (len(each.references), each.n), default=None)


def _sighting(case: Case, ref: EvidenceRef, *, sure: bool) -> Sighting:
    return Sighting(
        severity="minor",
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        task=case.evidence.cell_tasks.get(ref.cell),
        message=say(
            "Each caption is compared with 1 reference although the data set has several for every "
            "picture, so good captions in other words count as wrong."
        ),
        measured=say("References used for each picture: 1."),
        remedy=say("Use all references of each picture, and say how many there are."),
        sure=say("Recorded in our run: more references were served for these pictures.")
        if sure
        else say("The code shows it; the run did not confirm it."),
        evidence=(ref,),
    )
