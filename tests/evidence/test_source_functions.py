"""Functions: inlining, callbacks, and those that nobody calls."""

from grader.model import Function, SourceGraph, Tag
from tests.evidence.source_cases import graph_of, slice_of, splits, tags_of

TRAINER = """
import evaluate, numpy as np
from datasets import load_dataset
from transformers import Trainer, TrainingArguments, ViTForImageClassification
ds = load_dataset("AI-Lab-Makerere/beans")
model = ViTForImageClassification.from_pretrained("google/vit-base-patch16-224-in21k")
metric = evaluate.load("accuracy")
def compute_metrics(p):
    preds = np.argmax(p.predictions, axis=1)
    return metric.compute(predictions=preds, references=p.label_ids)
trainer = Trainer(model=model, train_dataset=ds["train"], eval_dataset=ds["validation"],
                  compute_metrics=compute_metrics)
"""


def function(graph: SourceGraph, name: str) -> Function:
    """A function by name."""
    return next(each for each in graph.functions if each.name == name)


def test_a_function_nobody_calls_is_still_read() -> None:
    graph = graph_of(
        "import evaluate\nmetric = evaluate.load('accuracy')\n"
        "def compute_metrics(p):\n"
        "    return metric.compute(predictions=p.predictions, references=p.label_ids)\n"
    )
    found = function(graph, "compute_metrics")
    assert (found.called, found.passed, found.computes_metric) == (False, False, True)
    (call,) = graph.calls(".compute")
    assert (call.function, call.line) == ("compute_metrics", 4)
    assert {"parameter"} <= {node.kind for node in graph.slice(call.id)}


def test_a_function_called_by_one_nobody_calls_is_not_called() -> None:
    graph = graph_of(
        "def score(a, b):\n    return (a == b).mean()\ndef main():\n    return score(1, 2)\n"
    )
    assert not function(graph, "score").called
    assert function(graph, "score").computes_metric


def test_calls_are_followed_from_the_top_level() -> None:
    graph = graph_of(
        "def d():\n    pass\ndef c():\n    d()\ndef b():\n    c()\ndef a():\n    b()\n"
        "if __name__ == '__main__':\n    a()\n"
    )
    assert [function(graph, name).called for name in "abcd"] == [True] * 4


def test_a_function_that_calls_itself_ends() -> None:
    graph = graph_of("def f(n):\n    return n * f(n - 1)\nx = f(3)")
    assert function(graph, "f").called
    assert 3 in {node.value for node in slice_of(graph, "x")}


def test_the_same_function_is_followed_with_each_callers_arguments() -> None:
    graph = graph_of(
        "from datasets import load_dataset\nds = load_dataset('beans')\n"
        "def run(split):\n    return guess(split['image'])\n"
        "train = run(ds['train'])\ntest = run(ds['test'])"
    )
    assert splits(slice_of(graph, "train")) == {"train"}
    assert splits(slice_of(graph, "test")) == {"test"}


def test_a_default_is_evaluated_where_the_function_is_defined() -> None:
    graph = graph_of("n = 1\ndef f(v=n):\n    return v\nn = 2\nx = f()")
    values = {node.value for node in slice_of(graph, "x")}
    assert 1 in values
    assert 2 not in values


def test_methods_are_named_after_their_class() -> None:
    graph = graph_of(
        "class A:\n    def run(self):\n        return 1\n    def rest(self): pass\nA().run()"
    )
    assert [(f.name, f.called) for f in graph.functions] == [("A.run", True), ("A.rest", False)]


def test_methods_of_an_extended_class_are_for_its_base_to_call() -> None:
    graph = graph_of(
        "import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x\n"
        "net = Net()"
    )
    assert function(graph, "Net.forward").passed


def test_a_function_handed_over_is_passed() -> None:
    graph = graph_of(
        "def f(row):\n    return row\ndef g(row):\n    return row\nds.map(f)\nh = [g]\nk(h)"
    )
    assert function(graph, "f").passed
    assert function(graph, "g").passed


def test_a_metric_callback_sees_what_the_trainer_evaluates() -> None:
    graph = graph_of(TRAINER, "scores = trainer.evaluate()")
    assert function(graph, "compute_metrics") == Function(
        name="compute_metrics", cell=0, line=8, called=True, passed=True, computes_metric=True
    )
    metric = graph.calls(".compute")[-1]
    assert splits(graph.slice(metric.id)) == {"validation"}
    assert graph.tags(metric.id) >= {Tag.MODEL_OUTPUT, Tag.LABELS, Tag.METRIC, Tag.DATASET}
    assert Tag.METRIC in tags_of(graph, "scores")


def test_a_trainer_evaluates_the_dataset_it_is_given() -> None:
    graph = graph_of(TRAINER, "trainer.train()\nscores = trainer.evaluate(ds['test'])")
    assert splits(graph.slice(graph.calls(".compute")[-1].id)) == {"test"}


def test_the_parts_of_a_prediction_are_told_apart() -> None:
    graph = graph_of(
        TRAINER,
        "out = trainer.predict(ds['test'])\n"
        "preds = out.predictions\nlabels = out.label_ids\nscores = out.metrics",
    )
    assert Tag.MODEL_OUTPUT in tags_of(graph, "preds")
    assert Tag.LABELS not in tags_of(graph, "preds")
    assert Tag.LABELS in tags_of(graph, "labels")
    assert Tag.MODEL_OUTPUT not in tags_of(graph, "labels")
    assert Tag.METRIC in tags_of(graph, "scores")


def test_an_unpacked_prediction_is_labelled_by_position() -> None:
    graph = graph_of(
        TRAINER.replace("preds = np.argmax(p.predictions, axis=1)", "logits, labels = p").replace(
            "preds, references=p.label_ids", "logits.argmax(-1), references=labels"
        ),
        "trainer.evaluate()",
    )
    call = graph.calls(".compute")[-1]
    by_name = {argument.name: graph.tags(argument.node) for argument in call.arguments}
    assert Tag.MODEL_OUTPUT in by_name["predictions"]
    assert Tag.LABELS in by_name["references"]


def test_a_callback_set_afterwards_counts() -> None:
    code = TRAINER.replace(",\n                  compute_metrics=compute_metrics", "")
    graph = graph_of(code, "trainer.compute_metrics = compute_metrics\ntrainer.evaluate()")
    assert function(graph, "compute_metrics").called


def test_a_trainer_without_callback_calls_nothing() -> None:
    code = TRAINER.replace(",\n                  compute_metrics=compute_metrics", "")
    graph = graph_of(code, "trainer.evaluate()")
    assert not function(graph, "compute_metrics").called


def test_an_own_trainer_class_is_a_trainer() -> None:
    code = TRAINER.replace("trainer = Trainer(", "class Own(Trainer):\n    pass\ntrainer = Own(")
    graph = graph_of(code, "trainer.evaluate()")
    assert function(graph, "compute_metrics").called


def test_training_without_an_eval_dataset_evaluates_nothing() -> None:
    code = TRAINER.replace(' eval_dataset=ds["validation"],', "")
    assert not function(graph_of(code, "trainer.train()"), "compute_metrics").called
    assert function(graph_of(TRAINER, "trainer.train()"), "compute_metrics").called


def test_labels_of_a_prediction_owe_nothing_to_the_training() -> None:
    graph = graph_of(
        TRAINER,
        "trainer.train()\nout = trainer.predict(ds['test'])\nlabels = out.label_ids\n"
        "preds, again, scores = trainer.predict(ds['test'])",
    )
    for name in ("labels", "again"):
        assert splits(slice_of(graph, name)) == {"test"}
        assert tags_of(graph, name) == {Tag.LABELS, Tag.DATASET}
    assert Tag.FIT in tags_of(graph, "preds")


def test_a_metric_written_by_hand_is_known_by_name_and_division() -> None:
    graph = graph_of(
        "def accuracy(cm):\n    return cm.trace() / cm.sum()\n"
        "def similarity(a, b):\n    return a @ b / 100\n"
        "x = accuracy(table)\ny = similarity(1, 2)"
    )
    assert function(graph, "accuracy").computes_metric
    assert tags_of(graph, "x") == {Tag.METRIC}
    assert not function(graph, "similarity").computes_metric
    assert tags_of(graph, "y") == set()
