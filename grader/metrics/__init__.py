"""Metrics and statistics as pure functions of labels, scores and texts; nothing runs a model.

    labels, scores    classification  retrieval
    texts             bleu  meteor  cider  vqa          (tokens: how sentences become words)
    models            parameters  latency
    two runs          agreement  equivalence
    how sure          interval  bootstrap

Accuracy, precision, recall and F1 are computed where evaluations are (``grader.evidence``).
Functions of texts return one value per item, so that their mean, its interval and a paired
comparison come from the same figures; BLEU alone has no such form and says how it is resampled.

Nothing is re-exported here: ``grader.compare`` reads ``interval`` on the way of the static check,
which must not wait for numpy, scikit-learn, nltk or sacrebleu.
"""
