"""DAT009: validation-called-test."""

from collections.abc import Iterator

from grader.detect._called import has_test_split, printed_test, test_names
from grader.detect._samples import source_ref
from grader.detect._seen import split_scored
from grader.detect._splits import Scored, rows_of, sinks, task_of
from grader.detect.api import Sighting, detector
from grader.model import Case, Confidence, EvidenceKind, SourceGraph, Wording, say

WATCHES = frozenset({"eval_dataset", "validation_data"})
"""Arguments whose data a training is watched with."""


@detector(
    code="DAT009",
    name="validation-called-test",
    requires=frozenset({EvidenceKind.SOURCE}),
    since="0.2.0",
    status="stable",
    severity="major",
)
def validation_called_test(case: Case) -> Iterator[Sighting]:
    """A score of the validation split is called a test score.

    ## Why it matters
    Validation data is there to make choices with: of the epoch, of the prompt, of the code. A
    score on it is too high by what was chosen, and cannot be compared with test scores of others.

    ## Example
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    rows = load_dataset("AI-Lab-Makerere/beans", split="validation")
    answers = [classify(row["image"]) for row in rows]
    print("Test accuracy:", accuracy_score(rows["labels"], answers))
    ```

    ## Use instead
    ```python
    from datasets import load_dataset
    from sklearn.metrics import accuracy_score
    rows = load_dataset("AI-Lab-Makerere/beans", split="test")
    answers = [classify(row["image"]) for row in rows]
    print("Test accuracy:", accuracy_score(rows["labels"], answers))
    ```

    ## Verdict
    Major where a training was also watched with the split, so that it may have chosen something;
    minor otherwise: the score is then only called by a wrong name. Certain when the recorder saw
    the validation split scored, likely from the source alone.

    ## Known limits
    Only where the data is known to have a test split with labels, or the notebook reads one the
    same way: of many published data sets the validation split is what papers report. Where the
    test split is scored as well, nothing is reported. Whether the text around the code says test
    is not looked at: outputs and variables are.

    ## Source
    A deduction: the split selected nearest to the score is the validation split; a printed text
    beside the score, or the variable scored, says test and names no other split.
    """
    graph = case.evidence.source
    if not any(node.split == "validation" for node in graph.nodes):
        return
    sites = [(each, task_of(case, each)) for each in sinks(graph)]
    tested = {task for each, task in sites if "test" in each.rows.splits}
    done: set[str | None] = set(tested)
    for each, task in sites:
        if task in done or not _asks_for_test(case, task) or _seen(case, task) == "test":
            continue
        says = _says_test(graph, each) if each.rows.splits == {"validation"} else None
        if says is not None and has_test_split(graph, each):
            done.add(task)
            yield _sighting(case, each, task, says)


def _asks_for_test(case: Case, task: str | None) -> bool:
    return all(each.split == "test" for each in case.lab.tasks if each.id == task)


def _seen(case: Case, task: str | None) -> str | None:
    best = case.evidence.best(task) if task is not None else None
    return split_scored(case, best) if best is not None else None


def _says_test(graph: SourceGraph, each: Scored) -> Wording | None:
    """Where it is called a test, in words for the student."""
    text = printed_test(graph, each)
    if text is not None:
        return say('the output says "{text}"', text=" ".join(text.split()).strip(" :=-")[:60])
    name = next(test_names(graph, each.rows.nodes), None)
    return None if name is None else say("the variable is called `{name}`", name=name.name)


def _watched(graph: SourceGraph, each: Scored) -> bool:
    """Whether a training was watched with the same part."""
    keys = {part.key for part in each.rows.parts}
    given = (
        argument.node
        for node in graph.nodes
        if node.kind == "call"
        for argument in node.arguments
        if argument.name in WATCHES
    )
    return any(part.key in keys for at in given for part in rows_of(graph, at).parts)


def _sighting(case: Case, each: Scored, task: str | None, says: Wording) -> Sighting:
    seen = _seen(case, task) == "validation"
    watched = _watched(case.evidence.source, each)
    return Sighting(
        severity="major" if watched else "minor",
        confidence=Confidence.CERTAIN if seen else Confidence.LIKELY,
        message=say(
            "Line {line} scores the validation split, but {says}. No score of the test split was "
            "found.",
            line=each.node.line,
            says=says,
        ),
        measured=say("Split of the data scored: validation. Scores of the test split: 0."),
        remedy=say("Score the test split, or call this a validation score."),
        sure=say("The recorder saw rows of the validation split scored.")
        if seen
        else say("The code shows which split is read; the run did not confirm it."),
        evidence=(source_ref(each.node, "scores the validation split"),),
        task=task,
    )
