"""BLP005: answer-leak-in-prompt."""

from collections.abc import Iterator

from grader.detect._metrics import dead
from grader.detect._samples import source_ref
from grader.detect._texts import made_of
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, Node, SourceGraph, say

ANSWERS = frozenset({"multiple_choice_answer", "answer", "answers", "gt_answer"})
"""Columns that hold the right answer."""

QUESTIONS = frozenset({"question", "questions", "prompt", "query"})
"""Columns that hold what is asked."""

MOST = 40
"""Generating calls that are looked at in one notebook, so that time stays bounded."""


@detector(
    code="BLP005",
    name="answer-leak-in-prompt",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="invalid",
)
def answer_leak_in_prompt(case: Case) -> Iterator[Sighting]:
    """The right answer is part of what the model is asked.

    ## Why it matters
    A model that is told the answer only has to repeat it. The score then measures copying, and it
    is high even for a model that never looks at the picture.

    ## Example
    ```python
    from datasets import load_dataset
    vqa = load_dataset("lmms-lab/VQAv2", split="validation[:100]")
    said = []
    for row in vqa:
        prompt = "Question: " + row["question"] + " Answer: " + row["multiple_choice_answer"]
        inputs = processor(images=row["image"], text=prompt, return_tensors="pt")
        said.append(processor.decode(blip.generate(**inputs)[0], skip_special_tokens=True))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    vqa = load_dataset("lmms-lab/VQAv2", split="validation[:100]")
    said = []
    for row in vqa:
        inputs = processor(images=row["image"], text=row["question"], return_tensors="pt")
        said.append(processor.decode(blip.generate(**inputs)[0], skip_special_tokens=True))
    ```

    ## Verdict
    Invalid: what the model says no longer follows from the picture. Likely, because the code alone
    shows it; that predictions follow permuted answers is the business of another check.

    ## Known limits
    Question and answer must be columns of the same row under their usual names, and both must
    reach the model that answers. Examples of other rows in a prompt, texts for training, prompts
    for a judge, and the choices of a question are not meant. An answer that a question mentions by
    itself is the data set's.

    ## Source
    A deduction, no statistic: the column with the answer flows into the input of the model whose
    output is read as the answer to the question of the same row.
    """
    graph = case.evidence.source
    if not any(node.value in ANSWERS for node in graph.nodes if node.kind == "subscript"):
        return
    starts = [node.id for node in graph.calls(".generate") if not dead(graph, node)]
    starts += [each.y_pred for each in graph.scorings if each.y_pred is not None]
    for start in starts[:MOST]:
        inside = made_of(graph, start)
        # A model that judges answers is told the right one, and the answer of another model.
        judged = any(node.name == ".generate" and node.id != start for node in inside)
        told = None if judged else _told(graph, inside)
        if told is not None:
            yield _sighting(case, told)
            return


def _told(graph: SourceGraph, inside: tuple[Node, ...]) -> Node | None:
    """The answer of a row whose question is asked, among what flows into the model."""
    columns = [node for node in inside if node.kind == "subscript" and node.receiver is not None]
    asked = {_row(graph, node) for node in columns if node.value in QUESTIONS}
    for node in columns:
        if node.value in ANSWERS and _row(graph, node) in asked:
            return node
    return None


def _row(graph: SourceGraph, node: Node) -> int:
    """What a column is taken of, by the value behind its name."""
    source = graph.nodes[node.receiver if node.receiver is not None else node.id]
    return source.deps[0] if source.kind == "name" and len(source.deps) == 1 else source.id


def _sighting(case: Case, node: Node) -> Sighting:
    return Sighting(
        severity="invalid",
        confidence=Confidence.LIKELY,
        task=case.evidence.cell_tasks.get(node.cell),
        message=say(
            "The right answer (`{column}`) is part of the text the model gets with the question, "
            "so the model only has to repeat it.",
            column=str(node.value),
        ),
        measured=say("Columns of one row that reach the model: question and answer."),
        remedy=say("Give the model the picture and the question alone, and run it again."),
        sure=say("The code shows it; the run did not confirm it."),
        evidence=(source_ref(node, "puts the answer into the prompt"),),
    )
