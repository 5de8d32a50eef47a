"""What programs call the numbers they print; tables as in ``grader.evidence.vocabulary``."""

from collections.abc import Mapping

from grader.evidence.vocabulary import Table
from grader.model import FigureKind

WIDER_METRICS: Mapping[str, Table] = {
    "balanced_accuracy": {"en": r"balanced[-_\s]acc(?:uracy)?"},
    "roc_auc": {"en": r"(?:roc[-_\s]?)?auc(?:[-_\s]?roc)?, auroc, area[-_\s]under[-_\s]\w{0,12}"},
    "average_precision": {
        "en": r"(?<!macro[-_\s])(?<!micro[-_\s])(?<!weighted[-_\s])average[-_\s]precision"
    },
    "error_rate": {
        "en": (
            r"error[-_\s]rate, (?:test|classification|top[-_\s]?1)[-_\s]error, ^error, "
            r"misclassification[-_\s]rate"
        ),
        "fr": r"taux[-_\s]d['\u2019]erreur",
        "de": "fehlerrate",
    },
    "mcc": {"en": r"mcc, matthews(?:[-_\s]corr\w{0,12}){0,2}(?:[-_\s]coef\w{0,8})?"},
    "kappa": {"en": r"(?:cohen(?:['\u2019]?s)?[-_\s])?kappa"},
    "perplexity": {"en": "perplexity, ppl", "fr": "perplexité"},
    "specificity": {"en": "specificity"},
    "jaccard": {"en": r"jaccard(?:[-_\s]index)?, (?:mean[-_\s])?m?iou"},
    "dice": {"en": "dice"},
    "hamming_loss": {"en": r"hamming[-_\s]loss"},
    "mrr": {"en": r"mrr, mean[-_\s]reciprocal[-_\s]rank"},
    "bertscore": {"en": r"bert[-_\s]?score"},
    "clip_score": {"en": r"clip[-_\s]?score"},
    "spice": {"en": "spice"},
    "chrf": {"en": r"chr[-_\s]?f(?:\+\+)?"},
    "ter": {"en": "ter(?=$|[-_\\s]score)"},
    "wer": {"en": r"wer, word[-_\s]error[-_\s]rate"},
    "cer": {"en": r"cer, character[-_\s]error[-_\s]rate"},
    "mse": {"en": r"mse, mean[-_\s]squared[-_\s]error"},
    "rmse": {"en": r"rmse, root[-_\s]mean[-_\s]squared[-_\s]error"},
    "mae": {"en": r"mae, mean[-_\s]absolute[-_\s]error"},
    "r2": {"en": r"r2(?:[-_\s]score)?, r\u00b2"},
}
"""Metrics no lab asks for, more special ones first."""

KINDS: Mapping[FigureKind, Table] = {
    "loss": {
        "en": r"(?:val_?|eval_?|test_?|train_?)?loss(?:es)?, cross[-_\s]?entropy",
        "fr": "perte",
        "de": "verlust",
        "es": "pérdida",
        "zh": "损失",
    },
    "parameters": {
        "en": "params?, parameters",
        "fr": "paramètres",
        "de": "parameter",
        "es": "parámetros",
    },
    "rate": {
        "en": (
            r"\w{1,20}[-_\s]per[-_\s]s(?:ec(?:ond)?)?, throughput, fps, \w{1,20}/s(?:ec(?:ond)?)?"
        ),
        "fr": r"débit, \w{1,20} par seconde",
    },
    "similarity": {
        "en": "similarity, similarities, cosine, cos[-_]?sim, sims?",
        "fr": "similarité, similarités, similarite, cosinus",
        "de": "ähnlichkeit",
        "es": "similitud",
        "zh": "相似度",
    },
    "probability": {
        "en": "probability, probabilities, probs?, confidence, p",
        "fr": "probabilité, probabilités, confiance",
        "de": "wahrscheinlichkeit",
        "es": "probabilidad",
        "zh": "概率",
    },
    "seconds": {"en": r"runtime, seconds, secs, \w{1,20}_s, \(s(?:ec(?:onds?)?)?\)"},
    "score": {"en": "scores?, logits?", "fr": "scores?", "de": "punkte", "zh": "得分, 分数"},
    "share": {"en": "percentage, share, ratio, fraction", "fr": "pourcentage, part"},
}
"""Words of a name that tell what its number is of; the first that is found counts."""

COUNTED: Mapping[FigureKind, Table] = {
    "classes": {
        "en": "class, classes, categories, num_labels, labels",
        "fr": "classes, catégories",
        "de": "klassen",
        "es": "clases",
        "zh": "类别",
    },
    "items": {
        "en": (
            "images?, imgs, samples?, examples?, pictures?, photos?, instances?, items?, rows, "
            "num_rows, num_examples, questions?, captions?, texts, sentences, pairs, points, "
            "records, files, support, rows?, (?:test|train|training|validation|val|data)"
            r"[-_\s]?(?:set)?[-_\s]?size, dataset[-_\s]size, label_ids"
        ),
        "fr": "images?, exemples?, échantillons?, légendes?, photos?, lignes",
        "de": "bilder, beispiele, testbilder, zeilen, fragen",
        "es": "imágenes, ejemplos, muestras, filas, preguntas",
        "zh": "图片, 样本, 张",
    },
    "count": {
        "en": (
            "number, num, total, count, epochs?, steps?, batch(?:es)?, iterations?, layers?, "
            r"correct, wrong, tokens, words, size, length"
        ),
        "fr": "nombre, époques?, total, correctes?, justes?",
        "de": "anzahl, epochen?, gesamt",
        "es": "número, épocas?, total",
        "zh": "数量, 总数",
    },
}
"""Words of a name that tell what a whole number counts; the first that is found counts."""

SPLITS: Mapping[str, Table] = {
    "test": {"en": "test(?:ing)?, held[-_\\s]out", "zh": "测试集, 测试"},
    "validation": {"en": "val, valid, validation, dev"},
    "train": {"en": "train, training", "fr": "entraînement, entrainement", "zh": "训练集, 训练"},
}
"""Words that name a split."""

SECONDS: Mapping[str, float] = {
    "ns": 1e-9,
    "us": 1e-6,
    "\u00b5s": 1e-6,
    "\u03bcs": 1e-6,
    "ms": 1e-3,
    "msec": 1e-3,
    "milliseconds": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "secondes": 1.0,
    "sekunden": 1.0,
    "segundos": 1.0,
    "min": 60.0,
    "mins": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "heures": 3600.0,
    "days": 86400.0,
}
"""Units of time, in seconds."""

BYTES: Mapping[str, float] = {
    "bytes": 1.0,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "tb": 1e12,
    "ko": 1e3,
    "mo": 1e6,
    "go": 1e9,
    "kib": 1024.0,
    "mib": 1024.0**2,
    "gib": 1024.0**3,
}
"""Units of size, in bytes."""

THOUSANDS: Mapping[str, float] = {"k": 1e3, "m": 1e6, "b": 1e9, "million": 1e6, "billion": 1e9}
"""What may stand for zeros behind a number of parameters or images."""

NOT_A_RESULT: Table = {
    "en": (
        "version, date, timestamp, port, pid, python, pytorch, torch, torchvision, cuda, cudnn, "
        "tensorflow, keras, transformers, numpy, pandas, sklearn, scikit-learn, datasets, sha, "
        "sha256, md5, hash, commit, line, file, url, path, address, at, time_stamp, exception, "
        "error code, exit code, driver, object"
    )
}
"""Last words of a name whose number says nothing: versions, places, addresses."""

NO_METRIC: Table = {
    "en": (
        "std, stdev, deviation, variance, improvement, difference, delta, gap, drop, increase, "
        "decrease, threshold, patience, weight"
    ),
    "fr": "\u00e9cart, diff\u00e9rence, seuil, gain",
    "de": "abweichung, differenz, schwelle",
}
"""Words of a name that make a number something said of a metric, not the metric."""

AIMS: Table = {
    "en": "target, expected, required, minimum, goal",
    "fr": "objectif, cible, attendu, attendue",
    "de": "ziel, zielwert, gefordert, mindestens",
    "es": "objetivo, esperado, esperada",
}
"""Words of a name that make a number an aim."""

BASELINES: Table = {
    "en": "baseline, previous, paper, published, random, chance, dummy, majority",
    "fr": "hasard, publi\u00e9, publi\u00e9e, article",
    "de": "zufall, ver\u00f6ffentlicht",
}
"""Words of a name that make a number that of a baseline or of somebody else."""

HOLDERS: Table = {
    "en": "metric, metrics, result, results, scores, values, report, summary, performance, output"
}
"""Names of dictionaries that say nothing of what they hold."""

MODELS: Table = {
    "en": (
        r"vit[-_][a-z]{1,2}[-/_]\d{1,2}(?:@\d{3}(?:px)?)?, rn\d{2,3}(?:x\d{1,2})?, "
        r"resnet[-_]?\d{1,3}, efficientnet[-_]?\w{0,3}, mobilenet[-_]?\w{0,3}, vgg[-_]?\d{0,2}, "
        r"densenet[-_]?\d{0,3}, inception[-_]?\w{0,3}, clip(?:[-_]vit[-_][\w-]{1,30})?, "
        r"open[-_]?clip, siglip, align, blip(?:[-_]?2)?, llava(?:[-_]\w{1,10})?, git[-_]base, "
        r"vit(?:[-_](?:base|large|huge|tiny)[\w-]{0,40})?, deit[\w-]{0,30}, swin[\w-]{0,30}, "
        r"dino(?:v2)?, bert(?:[-_]base[\w-]{0,20})?, gpt[-_]?[\w.]{0,6}, vilt, flava, cnn"
    )
}
"""Names of models and of families of models, as programs print them."""

LONG: Table = {
    "en": (
        r"https?://, traceback, \w{0,30}warning:, requirement already, downloading, collecting, "
        r"using cached, successfully, looking in, installing, building wheel, attempting "
        r"uninstall, warnings\.warn, futurewarning, userwarning, deprecat\w{2,6}, eta \d, "
        r"0x[0-9a-f]{6,16}, [kmg]i?b/s, cuda version, \d{4}-\d\d-\d\d[ t]\d\d:\d\d, \^\^\^"
    )
}
"""What makes a line say nothing about results: warnings, installations, downloads, logs."""
