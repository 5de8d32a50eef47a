"""Evaluations of captions, answers and matrices are rebuilt, and only where they are explained."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.translate import bleu_score as nltk_bleu
from sacrebleu import corpus_bleu
from sacrebleu.metrics.bleu import BLEU

from grader.evidence.conventions import bleu_conventions
from grader.metrics.bleu import bleu
from grader.metrics.classification import top_k_accuracy
from grader.metrics.retrieval import retrieval, similarity_score
from grader.metrics.vqa import vqa_accuracy
from grader.model import METRICS, Cell, Evaluation, Evidence, MetricName, metric_of
from tests import build

ROWS = build.CAPTIONS[build.WORLD, "test"]
FIRST = [several[0] for several in ROWS[:60]]
SAID = [text.replace("beside", "next to") if i % 3 else text for i, text in enumerate(FIRST)]
"""Captions of a model, most of them not quite a reference."""

STREAMS = [list(stream) for stream in zip(*ROWS[:60], strict=True)]
PEOPLE = build.ANSWERS[build.QUESTIONS, "test"][:100]
RIGHT = [several[0] for several in PEOPLE]
GIVEN = [several[8] if i % 4 == 0 else several[0] for i, several in enumerate(PEOPLE)]
"""Answers of a model, a quarter of them those of one person."""


def evidence(
    title: str, *facts: dict[str, dict[str, object]], printed: str | None = None
) -> Evidence:
    cells: list[Cell | str] = [build.text(0, f"# {title}"), "work()", "show()"]
    shown = {2: printed} if printed is not None else None
    return build.case(*cells, rerun=shown, recorded=facts, lab=build.many_kinds()).evidence


def only(found: Evidence) -> Evaluation:
    assert len(found.evaluations) == 1
    return found.evaluations[0]


def scored(
    predictions: Sequence[str], streams: Sequence[Sequence[str]], **fields: object
) -> dict[str, dict[str, object]]:
    call = {"cell": 1, "library": "sacrebleu", "function": "corpus_bleu", **fields}
    return {"text_metric": {**call, "predictions": list(predictions), "references": streams}}


def named(name: str, values: Sequence[str]) -> dict[str, dict[str, object]]:
    return {"named": {"cell": 1, "name": name, "array": list(values)}}


def matrix(values: np.ndarray, name: str = "similarity") -> dict[str, dict[str, object]]:
    return {"named_matrix": {"cell": 1, "name": name, "matrix": values.tolist()}}


def test_captions_are_scored_against_every_caption_served() -> None:
    found = only(evidence("Captioning", scored(SAID, STREAMS[4:])))
    assert (found.kind, found.task, found.n) == ("captioning", "captioning", 60)
    assert found.scores["bleu4"] == pytest.approx(bleu(SAID, ROWS[:60]).score / 100)
    assert found.scores["bleu4@recorded"] < found.scores["bleu4"]
    assert 0 < found.scores["meteor"] < 1 < found.scores["cider"]
    assert found.origin is not None
    assert (found.origin.dataset, found.origin.split, found.origin.start) == (
        build.WORLD,
        "test",
        0,
    )


def test_shuffled_captions_are_placed_row_by_row() -> None:
    rows = [7, 3, 99, 40, 41, 5]
    streams = [[ROWS[row][k] for row in rows] for k in (1, 4)]
    found = only(evidence("Captioning", scored([ROWS[row][0] for row in rows], streams)))
    assert found.origin is not None
    assert (found.origin.start, found.origin.rows) == (7, tuple(rows))
    assert found.scores["bleu4"] == pytest.approx(1.0)


def test_captions_of_nowhere_are_scored_against_those_recorded() -> None:
    streams = [[f"nobody wrote number {i} like this" for i in range(60)]]
    found = only(evidence("Captioning", scored(SAID, streams)))
    assert (found.origin, found.split, found.off_task) == (None, None, False)
    assert found.scores["bleu1"] == pytest.approx(
        bleu(SAID, [[text] for text in streams[0]], order=1).score / 100
    )


def test_captions_of_the_training_split_are_off_the_task() -> None:
    train = build.CAPTIONS[build.WORLD, "train"]
    streams = [[several[0] for several in train[:60]]]
    found = only(evidence("Captioning", scored(SAID, streams)))
    assert (found.split, found.off_task) == ("train", True)


def test_calls_once_a_caption_are_one_evaluation() -> None:
    once = [
        scored([said], [[text] for text in several], library="nltk", function="sentence_bleu")
        for said, several in zip(SAID, ROWS, strict=False)
        for _ in range(4)
    ]
    found = evidence("Captioning", *once)
    assert only(found).n == 60
    assert found.recording.labels(only(found).y_pred) == tuple(SAID)
    assert only(found).origin is not None


def test_the_same_captions_read_by_two_libraries_are_one_evaluation() -> None:
    bare = [text.lower().rstrip(".") for text in SAID]
    found = evidence(
        "Captioning", scored(SAID, STREAMS), scored(bare, STREAMS, library="nltk", cell=2)
    )
    assert only(found).source == "sacrebleu"


@pytest.mark.parametrize("name", ["nltk", "nltk-sentences-method1", "overlap", "evaluate"])
def test_bleu_by_another_convention_is_explained(name: str) -> None:
    references = [[text] for text in FIRST]
    values = dict(bleu_conventions(SAID, references))[name]
    metric = min(values)
    line = f"BLEU-{metric[-1]}: {values[metric]:.6f}"
    found = only(evidence("Captioning", scored(SAID, [FIRST]), printed=line))
    close = [
        each
        for each, value in found.scores.items()
        if each.startswith(metric) and value == pytest.approx(values[metric], abs=1e-6)
    ]
    assert close


def test_conventions_are_those_of_the_libraries() -> None:
    several, alone = [list(each) for each in ROWS[:60]], [[text] for text in FIRST]
    split = [[text.split() for text in each] for each in several]
    values = dict(bleu_conventions(SAID, several))
    cased = corpus_bleu(SAID, STREAMS).score / 100
    assert values["cased"]["bleu4"] == pytest.approx(cased)
    whole = nltk_bleu.corpus_bleu(split, [text.split() for text in SAID])
    assert values["nltk"]["bleu4"] == pytest.approx(whole)
    smooth = nltk_bleu.SmoothingFunction().method4
    each_one = [
        nltk_bleu.sentence_bleu(known, said.split(), (0.5, 0.5), smoothing_function=smooth)
        for known, said in zip(split, SAID, strict=True)
    ]
    assert values["nltk-sentences-method4"]["bleu2"] == pytest.approx(np.mean(each_one))
    # With one reference an item, the shortest is the closest.
    raw = BLEU(smooth_method="none", force=True).corpus_score(SAID, [FIRST]).score / 100
    assert dict(bleu_conventions(SAID, alone))["evaluate"]["bleu4"] == pytest.approx(raw)


def test_captions_in_the_namespace_count_where_a_printed_score_is_theirs() -> None:
    value = bleu(SAID, ROWS[:60]).score
    facts = named("generated", SAID)
    assert evidence("Captioning", facts, printed="BLEU: 12.34").evaluations == ()
    found = only(evidence("Captioning", facts, printed=f"BLEU: {value:.2f}"))
    assert (found.source, found.n, found.split) == ("namespace", 60, "test")


def test_answers_are_placed_among_those_most_people_gave() -> None:
    call = {"cell": 1, "library": "sklearn", "function": "accuracy_score"}
    found = only(evidence("Answering", {"metric": {**call, "y_true": RIGHT, "y_pred": GIVEN}}))
    assert (found.kind, found.task, found.split) == ("vqa", "vqa", "test")
    assert found.classes is None
    assert found.scores["vqa_accuracy"] == pytest.approx(vqa_accuracy(GIVEN, PEOPLE).mean())
    assert "accuracy" not in found.scores


def test_vqa_accuracy_needs_no_labels_in_the_namespace() -> None:
    value = float(vqa_accuracy(GIVEN, PEOPLE, leave_one_out=True).mean())
    facts = named("predictions", GIVEN)
    assert evidence("Answering", facts, printed="VQA accuracy: 0.1234").evaluations == ()
    found = only(evidence("Answering", facts, printed=f"VQA accuracy: {value:.4f}"))
    assert found.scores["vqa_accuracy@leave-one-out"] == pytest.approx(value)
    assert found.y_true is None
    assert found.origin is not None


def test_equality_of_the_texts_as_they_are_is_a_convention() -> None:
    shouted = [each.upper() if i % 2 else each for i, each in enumerate(RIGHT)]
    call = {"cell": 1, "library": "sklearn", "function": "accuracy_score"}
    line = f"Exact match: {np.mean([a == b for a, b in zip(RIGHT, shouted, strict=True)]):.4f}"
    fact = {"metric": {**call, "y_true": RIGHT, "y_pred": shouted}}
    found = only(evidence("Answering", fact, printed=line))
    assert found.scores["exact_match"] == 1.0
    assert found.scores["exact_match@raw"] == pytest.approx(0.5)
    assert "exact_match@raw" not in only(evidence("Answering", fact)).scores


@pytest.mark.parametrize("transposed", [False, True])
def test_retrieval_is_explained_by_a_printed_recall(transposed: bool) -> None:
    table = np.random.default_rng(3).normal(size=(60, 300))
    table += np.repeat(np.eye(60), 5, axis=1) * 2
    found = retrieval(table, [column // 5 for column in range(300)], (1, 5))
    facts = matrix(table.T if transposed else table)
    line = f"Image-to-text Recall@1: {found.image_to_text[1]:.4f}"
    assert evidence("Retrieval", facts, printed="Image-to-text R@1: 0.123").evaluations == ()
    seen = only(evidence("Retrieval", facts, printed=line))
    assert (seen.kind, seen.n, seen.transposed) == ("retrieval", 60, transposed)
    assert seen.scores["text_to_image_recall_at_5"] == pytest.approx(found.text_to_image[5])
    assert evidence("Similarity", facts, printed=line).evaluations == ()


def test_a_recall_that_an_order_of_ties_gives_is_explained() -> None:
    table = np.eye(50)
    table[:, 1] = np.maximum(table[:, 1], table[:, 0])
    table[0, 1] = 1.0
    line = "image_to_text_recall_at_1: {:.4f}"
    found = only(evidence("Retrieval", matrix(table), printed=line.format(49 / 50)))
    assert found.scores["image_to_text_recall_at_1"] == pytest.approx(49.5 / 50)
    assert found.scores["image_to_text_recall_at_1@ties"] == pytest.approx(49 / 50)
    assert evidence("Retrieval", matrix(table), printed=line.format(48 / 50)).evaluations == ()


def test_the_score_of_a_square_matrix_needs_no_name() -> None:
    table = np.random.default_rng(3).normal(size=(8, 8))
    line = f"ViT-B/32  {similarity_score(table):.6f}"
    found = only(evidence("Similarity", matrix(table), printed=line))
    assert found.scores == {"similarity_score": pytest.approx(similarity_score(table))}
    assert evidence("Similarity", matrix(table), printed="ViT-B/32  0.123456").evaluations == ()


def test_top_5_accuracy_is_read_off_the_scores_of_the_predictions() -> None:
    labels = list(build.TRUTH["uoft-cs/cifar10", "test"][:200])
    table = np.random.default_rng(3).normal(size=(200, 10)) + np.eye(10)[labels]
    call = {"cell": 1, "library": "sklearn", "function": "accuracy_score", "y_true": labels}
    facts = [{"metric": {**call, "y_pred": table.argmax(axis=1).tolist()}}, matrix(table, "logits")]
    clip = build.lab().task("clip").model_copy(update={"metrics": ("accuracy", "top5_accuracy")})
    lab = build.lab().model_copy(update={"tasks": (clip,)})
    found = only(build.case("show()", "score()", recorded=facts, lab=lab).evidence)
    assert found.scores["top5_accuracy"] == pytest.approx(top_k_accuracy(table, labels, 5))
    others = [facts[0], matrix(-table, "logits")]
    found = only(build.case("show()", "score()", recorded=others, lab=lab).evidence)
    assert "top5_accuracy" not in found.scores


@pytest.mark.parametrize("name", METRICS)
def test_the_name_of_a_score_tells_its_metric(name: MetricName) -> None:
    assert metric_of(name) == metric_of(f"{name}@convention") == name
    assert metric_of(f"{name}_macro") == name
    assert metric_of("loss") is None


def test_a_flood_of_captions_is_not_scored_to_the_end() -> None:
    flood = [scored([f"{SAID[i]} {k}" for i in range(60)], STREAMS) for k in range(3)]
    long = scored(["a text"] * 20_000, [["a text"] * 20_000] * 6)
    found = evidence("Captioning", *flood, long).evaluations
    assert [bool(each.scores) for each in found] == [True, True, True, False]


def test_a_kind_the_lab_does_not_ask_for_is_not_rebuilt() -> None:
    cells: list[Cell | str] = [build.text(0, "# Task 2: CLIP"), "score()"]
    assert build.case(*cells, recorded=[scored(SAID, STREAMS)]).evidence.evaluations == ()


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(len(ROWS))), st.integers(1, 5), st.integers(1, 40))
def test_rows_are_found_in_any_order(order: list[int], several: int, n: int) -> None:
    streams = [[ROWS[row][k] for row in order[:n]] for k in range(several)]
    found = only(evidence("Captioning", scored(["a text"] * n, streams)))
    assert found.origin is not None
    rows = found.origin.rows or range(found.origin.start, found.origin.start + n)
    assert list(rows) == order[:n]
