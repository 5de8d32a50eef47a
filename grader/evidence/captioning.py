"""Evaluations of captions: texts and the references they were scored against."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from grader.evidence.conventions import bleu_conventions
from grader.evidence.placing import Place, tests_first
from grader.evidence.rows import place_captions, plain, rows_at
from grader.evidence.scene import FEWEST_UNPLACED, Scene, Scored
from grader.model import Evaluation, LabelOrigin, MetricName, TextMetricCall
from grader.patterns import regex

__all__ = ["captionings"]

NAMED_CAPTIONS = regex(r"pred|guess|gener|hypothes|output|(?<![a-z])(?:hyps?|p)(?![a-z])", re.I)
"""Names of variables that tell a model's captions from references."""

BLEU: tuple[MetricName, ...] = ("bleu1", "bleu2", "bleu3", "bleu4")

OF_A_CONVENTION = 0.2
"""Work of BLEU by one convention, where that of all metrics by their definitions is 1."""

NOT_OF_CAPTIONS = "exact_match"
"""A metric of the same libraries for answers."""

Several = tuple[tuple[str, ...], ...]


def captionings(scene: Scene) -> list[Evaluation]:
    """From calls of metric libraries for texts, and from the namespace."""
    if not scene.tasks("captioning"):
        return []
    found = list(_from_calls(scene))
    found.extend(_from_namespace(scene, {each.y_pred for each in found}))
    return found


def _from_calls(scene: Scene) -> Iterator[Evaluation]:
    """One evaluation of the same captions, whatever libraries read them, and how.

    Those that take words, not texts, get the same captions without case and punctuation.
    """
    seen: set[tuple[object, ...]] = set()
    for call in scene.recording.text_metrics:
        said = scene.texts(call.predictions)
        key = (call.predictions, call.cell) if said is None else tuple(map(plain, said))
        if not call.n or key in seen or call.function == NOT_OF_CAPTIONS:
            continue
        seen.add(key)
        yield _of_call(scene, call, call.n)


def _of_call(scene: Scene, call: TextMetricCall, n: int) -> Evaluation:
    predictions, references = scene.texts(call.predictions), _references(scene, call)
    place = place_captions(references or (), scene.truth.captions)
    return scene.evaluation(
        Scored(
            kind="captioning",
            source=call.library,
            cell=call.cell,
            n=n,
            y_pred=call.predictions,
            references=call.references,
            place=place,
            scores=_scores(scene, predictions, references, place),
        )
    )


def _references(scene: Scene, call: TextMetricCall) -> Several | None:
    """References of each item; ``None`` when some are unknown or an item has none."""
    streams = [scene.texts(each) for each in call.references]
    if not streams or None in streams:
        return None
    known = [stream for stream in streams if stream is not None]
    items = tuple(
        tuple(each for each in several if each) for several in zip_longest(*known, fillvalue="")
    )
    return items if all(items) else None


def _from_namespace(scene: Scene, known: set[str | None]) -> Iterator[Evaluation]:
    """Captions in variables, against references that make a printed score theirs.

    References are another array of the same length that holds served captions, else what was
    served for the first rows of a split: the captions of a picture are a list in a list, which
    is no array.
    """
    if not scene.printed("captioning"):
        return
    named = scene.named_texts()
    for y_pred, cell in named.items():
        predictions = scene.texts(y_pred) or ()
        if y_pred in known or len(predictions) < FEWEST_UNPLACED or not _is_named_so(scene, y_pred):
            continue
        for y_true, place, references in _candidates(scene, y_pred, named):
            scores = _scores(scene, predictions, references, place)
            if scene.explained(scores, "captioning"):
                yield scene.evaluation(
                    Scored(
                        kind="captioning",
                        source="namespace",
                        cell=max(cell, named.get(y_true or "", 0)),
                        n=len(predictions),
                        y_pred=y_pred,
                        references=(y_true,) if y_true else (),
                        place=place,
                        scores=scores,
                    )
                )
                break


def _is_named_so(scene: Scene, array: str) -> bool:
    return any(NAMED_CAPTIONS.search(name) for name in scene.names(array))


def _candidates(
    scene: Scene, y_pred: str, named: Iterable[str]
) -> Iterator[tuple[str | None, Place, Several]]:
    """Arrays of references, and rows, that predictions may have been scored against."""
    n = scene.recording.arrays[y_pred].length
    for other in named:
        texts = scene.texts(other) or ()
        if other != y_pred and len(texts) == n and not _is_named_so(scene, other):
            references = tuple((text,) for text in texts)
            place = place_captions(references, scene.truth.captions)
            if place is not None:
                yield other, place, references
    datasets = {each for task in scene.tasks("captioning") for each in task.datasets}
    for dataset, split in tests_first(scene.truth.captions):
        rows = scene.truth.captions[dataset, split][:n]
        if dataset in datasets and len(rows) == n and all(rows):
            origin = LabelOrigin(dataset=dataset, split=split, start=0)
            yield None, Place(dataset=dataset, split=split, origin=origin), rows


def _scores(
    scene: Scene, predictions: Sequence[str] | None, recorded: Several | None, place: Place | None
) -> dict[str, float]:
    """Against all captions served for the rows, else against the references recorded."""
    if predictions is None or recorded is None or len(predictions) != len(recorded):
        return {}
    served = rows_at(place, len(predictions), scene.truth.captions)
    if not scene.budget.take(_pairs(served or recorded) + _pairs(recorded)):
        return {}
    scores = _by_definition(scene, predictions, served or recorded)
    if served is not None and [len(each) for each in served] != [len(each) for each in recorded]:
        other = _by_definition(scene, predictions, recorded)
        scores |= {f"{name}@recorded": value for name, value in other.items()}
    return scores | _conventional(scene, scores, predictions, recorded)


def _conventional(
    scene: Scene, scores: dict[str, float], predictions: Sequence[str], references: Several
) -> dict[str, float]:
    """BLEU by the first conventions that give what is printed and the definition does not."""
    found: dict[str, float] = {}
    printed = scene.printed("captioning") & set(BLEU)
    missing = printed - scene.explained(scores, "captioning")
    for name, values in bleu_conventions(predictions, references) if missing else ():
        named = {f"{metric}@{name}": value for metric, value in values.items()}
        theirs = missing & scene.explained(named, "captioning")
        found |= {f"{metric}@{name}": values[metric] for metric in sorted(theirs)}
        missing -= theirs
        if not missing or not scene.budget.take(_pairs(references) * OF_A_CONVENTION):
            break
    return found


def _pairs(references: Several) -> int:
    return sum(map(len, references))


def _by_definition(
    scene: Scene, predictions: Sequence[str], references: Several
) -> dict[str, float]:
    """The metrics the lab asks for, by the definitions of ``grader.metrics``."""
    # sacrebleu, nltk and numpy take seconds to import; the static check never comes here
    from grader.metrics.bleu import bleu
    from grader.metrics.cider import cider_d
    from grader.metrics.meteor import meteor

    asked = {metric for task in scene.tasks("captioning") for metric in task.metrics}
    scores: dict[str, float] = {
        metric: bleu(predictions, references, order=order).score / 100
        for order, metric in enumerate(BLEU, start=1)
        if metric in asked
    }
    if "meteor" in asked:
        scores["meteor"] = float(meteor(predictions, references).mean())
    if "cider" in asked and len(predictions) > 1:
        scores["cider"] = float(cider_d(predictions, references).mean())
    return scores
