"""The record of reference runs holds what verdicts and readers need."""

import pytest
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_score

from grader.compare.reference import record
from grader.errors import LabError
from grader.model import ReferenceRecord
from tests import build
from tests.compare.runs import CIFAR, answers, circumstances, recorded, staff, zero_shot


def test_every_metric_has_a_value_an_n_and_an_interval_for_each_seed() -> None:
    scores = recorded().scores
    assert {(each.task, each.metric, each.average) for each in scores} >= {
        ("vit", "accuracy", None),
        ("vit", "f1", "macro"),
        ("clip", "precision", "weighted"),
    }
    for each in scores:
        assert len(each.values) == len(each.n) == len(each.intervals) == 3
        for value, span in zip(each.values, each.intervals, strict=True):
            assert span is not None
            assert 0 <= span.low <= value <= span.high <= 1


def test_the_interval_of_an_accuracy_is_wilsons() -> None:
    found = recorded().score("clip", "accuracy")
    assert found is not None
    assert found.intervals[0] is not None
    by_scipy = binomtest(1800, 2000).proportion_ci(method="wilson")
    assert found.intervals[0].low == pytest.approx(by_scipy.low)
    assert "Wilson" in found.intervals[0].method


def test_runs_that_differ_have_a_band_over_seeds_and_equal_ones_the_margin() -> None:
    vit, clip = recorded().band("vit", "accuracy"), recorded().band("clip", "accuracy")
    assert vit is not None
    assert clip is not None
    assert "prediction interval over 3 seeds" in vit.method
    assert vit.low < 114 / 128 < 118 / 128 < vit.high <= 1.0
    assert [clip.low, clip.high] == pytest.approx([0.87, 0.93])
    assert (recorded().tasks[0].exact, recorded().tasks[1].exact) == (False, True)
    assert recorded().tasks[0].same == pytest.approx(124 / 128)


def test_difficulty_is_the_share_of_seeds_that_have_an_item_right() -> None:
    vit = recorded().tasks[0].items["accuracy"]
    assert vit[:15] == (*[0.0] * 10, *[pytest.approx(1 / 3)] * 2, *[pytest.approx(2 / 3)] * 2, 1.0)
    clip = recorded().tasks[1].items["accuracy"]
    right = [label == said for label, said in zip(CIFAR, answers(200), strict=True)]
    assert list(clip) == [float(each) for each in right]


def test_classes_and_confusion_are_those_of_scikit_learn() -> None:
    clip = recorded().tasks[1]
    said = answers(200)
    assert [[each // 3 for each in row] for row in clip.confusion] == (
        confusion_matrix(CIFAR, said).tolist()
    )
    precision = precision_score(CIFAR, said, average=None)
    assert [each.precision for each in clip.classes] == pytest.approx(list(precision))
    assert (clip.classes[3].name, clip.classes[3].n) == ("cat", 200)


def test_prompts_conditions_and_published_figures_are_kept() -> None:
    found = recorded()
    assert found.tasks[1].prompts == ("a photo of a {}",)
    assert found.tasks[0].prompts is None
    assert (found.lab_version, found.cpu) == (build.lab().version, "a processor")
    assert found.assets["openai/clip-vit-base-patch32"].startswith("sha256:")
    assert found.published[0].source == "course report"
    assert len(found.labels(found.runs[2].evaluations[1].y_pred) or ()) == 2000


def test_a_record_survives_its_file() -> None:
    assert ReferenceRecord.model_validate_json(recorded().model_dump_json()) == recorded()


def test_a_record_of_an_older_form_is_read_with_what_it_lacks_left_open() -> None:
    old = recorded().model_dump(
        mode="json", exclude={"cpu", "lab_version", "assets", "published", "runs"}
    )
    for each in old["scores"]:
        del each["n"], each["intervals"]
    found = ReferenceRecord.model_validate(old)
    assert (found.lab_version, found.runs, found.scores[0].intervals) == (None, (), ())


def test_too_few_runs_and_a_task_that_was_not_evaluated_are_refused() -> None:
    with pytest.raises(LabError, match="at least 3 runs, not 2"):
        record(build.lab(), {1: staff(1), 2: staff(2)}, circumstances())
    only_clip = {seed: zero_shot(answers(200)) for seed in (1, 2, 3)}
    with pytest.raises(LabError, match="seed 1 did not evaluate task 'vit'"):
        record(build.lab(), only_clip, circumstances())
