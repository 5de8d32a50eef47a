"""Arguments of the libraries' metrics: which are the right answers and which the predictions."""

import re

from msgspec import Struct

from grader.evidence.source import knowledge
from grader.evidence.source.knowledge import words
from grader.model import Node, Tag
from grader.model.source import ScoringHow
from grader.patterns import regex

Where = tuple[tuple[str, ...], int | None]
"""Keywords and position of an argument; ``None`` where it must be named."""


class Signature(Struct, frozen=True, kw_only=True):
    """How a metric is called."""

    how: ScoringHow
    """Whose it is."""

    true: Where = ((), None)
    """The right answers."""

    pred: Where = ((), None)
    """The predictions."""

    alone: bool = False
    """Whether it is a scoring even where an argument is not given."""


SKLEARN = regex(
    r"^sklearn\.metrics\.(?:\w+\.){0,4}(?:(?:balanced_)?accuracy_score|precision_score"
    r"|recall_score|f1_score|fbeta_score|precision_recall_fscore_support|classification_report"
    r"|confusion_matrix|multilabel_confusion_matrix|matthews_corrcoef|cohen_kappa_score"
    r"|jaccard_score|hamming_loss|zero_one_loss|top_k_accuracy_score|roc_auc_score"
    r"|average_precision_score|log_loss)$"
)
FUNCTIONAL = regex(r"^(?:torchmetrics\.functional|torcheval\.metrics\.functional)\.")
OBJECT_MODULES = ("torchmetrics.", "torcheval.metrics.", "ignite.metrics.")
TEXT_SCORES = regex(
    r"(?:bleu|rouge|meteor|chrf|gleu|nist|cider|spice|bert_?score|word_error|char_error|wer|cer"
    r"|edit_distance|squad|translation_edit|match_error|perplexity)",
    re.IGNORECASE,
)
"""Names of metrics of sentences, inside libraries that have others as well."""

REFERENCES = ("references", "reference", "list_of_references", "refs", "target", "gts", "truth")
HYPOTHESES = ("hypotheses", "hypothesis", "predictions", "prediction", "preds", "cands", "res")
REFERENCES_FIRST = ("nltk.translate.", "jiwer.")
HYPOTHESES_FIRST = ("sacrebleu.", "bert_score.")

_FIRST = Signature(how="text", true=(REFERENCES, 0), pred=(HYPOTHESES, 1))
_SECOND = Signature(how="text", true=(REFERENCES, 1), pred=(HYPOTHESES, 0))
_NAMED = Signature(how="evaluate", true=(("references",), None), pred=(("predictions",), None))
_TENSORS: tuple[Where, Where] = (("target", "targets"), 1), (("preds", "input"), 0)

TEXT_METHODS = {
    "sacrebleu": (words(".corpus_score .sentence_score"), _SECOND),
    "pycocoevalcap": (words(".compute_score"), _FIRST),
    "rouge_score": (words(".score"), _FIRST),
    "rouge": (words(".get_scores"), _SECOND),
}
"""Methods of metric objects for sentences, by library."""


def of_function(path: str) -> Signature | None:
    """How a library's function scores, by its dotted name; ``None`` when it scores nothing."""
    if SKLEARN.match(path):
        return Signature(how="sklearn", true=(("y_true",), 0), pred=(("y_pred", "y_score"), 1))
    if FUNCTIONAL.match(path):
        true, pred = _TENSORS
        text = TEXT_SCORES.search(path)
        return Signature(how="text" if text else "functional", true=true, pred=pred)
    if not knowledge.is_metric(path):
        return None
    if path.startswith(REFERENCES_FIRST):
        return _FIRST
    return _SECOND if path.startswith(HYPOTHESES_FIRST) else None


def of_unknown(node: Node, receiver: Node) -> Signature | None:
    """How a method of something never made scores: a report quotes single cells.

    Only what is called a trainer is taken for one.
    """
    free = receiver.kind == "name" and not receiver.deps
    named = free and receiver.name.lower().endswith("trainer")
    scores = named and node.name in {".predict", ".evaluate"}
    return Signature(how="trainer", alone=True) if scores else None


def of_method(node: Node, maker: Node | None) -> Signature | None:
    """How a method scores; ``None`` when it scores nothing.

    Args:
        node: The call.
        maker: Call that made the object, where known.
    """
    made = "" if maker is None else knowledge.canonical(maker.name)
    methods, known = TEXT_METHODS.get(made.partition(".")[0], (frozenset(), None))
    if node.name in methods:
        return known
    if made == "evaluate.evaluator":
        return Signature(how="evaluate", alone=True)
    if node.name in {".compute", ".add_batch"}:
        return _NAMED
    if made.startswith(OBJECT_MODULES):
        return _of_object(node, made)
    return None if maker is None else _of_model(node, maker)


def _of_object(node: Node, made: str) -> Signature | None:
    true, pred = _TENSORS
    if not node.name.startswith(".") or node.name in {".update", ".forward"}:
        how: ScoringHow = "text" if TEXT_SCORES.search(made) else "torchmetrics"
        return Signature(how=how, true=true, pred=pred)
    return None


def _of_model(node: Node, maker: Node) -> Signature | None:
    """Models and trainers that score by themselves."""
    if Tag.MODEL not in maker.tags:
        return None
    if maker.name.endswith("Trainer") or Tag.METRIC not in node.tags:
        scores = maker.name.endswith("Trainer") and node.name in {".predict", ".evaluate"}
        return Signature(how="trainer", alone=True) if scores else None
    if node.name == ".score":
        return Signature(how="sklearn", true=(("y",), 1), alone=True)
    if node.name == ".evaluate":
        # A class of the notebook's own that extends a trainer is called as it likes.
        how: ScoringHow = "keras" if "." in maker.name or len(node.arguments) > 1 else "trainer"
        return Signature(how=how, true=(("y",), 1), alone=True)
    return None
