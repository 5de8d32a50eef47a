"""Word lists the readers of outputs and prose share, one entry per language.

A table holds entries separated by a comma and a blank. Entries are regular-expression fragments
without groups; matching ignores case. Another language is another key of the same tables: the
readers themselves contain no words.
"""

import re
from collections.abc import Iterable, Mapping

from grader.model import Average, MetricName
from grader.patterns import regex

Table = Mapping[str, str]

# A check starts with hundreds of patterns, and a class takes a millisecond to compile for every
# ten thousand characters in it, far more where their case is looked up: hence classes of few.
_LAST = "\u058f"
_SPACED = rf"(?=(?-i:[\x00-{_LAST}]))"
LETTER = rf"(?:{_SPACED}[^\W\d_])"
"""A letter of a script that puts blanks between words: Latin, Greek, Cyrillic, Armenian."""

LETTER_OR_DIGIT = rf"(?:{_SPACED}[^\W_])"
"""The same, or a digit."""

RUN_ON = rf"(?-i:[^\x00-{_LAST}])"
"""What needs no blank beside it: a Chinese or Japanese character, a sign, or a letter of a script
that none of these tables are written in."""

METRICS: Mapping[MetricName, Table] = {
    "accuracy": {
        "en": "accuracy, accuracies, accurancy, accuarcy, acuracy, accurracy, acc",
        "de": "genauigkeit, treffergenauigkeit, testgenauigkeit, klassifikationsgenauigkeit",
        "es": "exactitud",
        "fr": "exactitude",
        "it": "accuratezza",
        "pt": "acurácia",
        "ru": "точность",
        "zh": "准确率, 準確率, 正确率, 正確率, 准确度",
    },
    "precision": {
        "en": "precision, precisions, precison, presicion, prec",
        "de": "präzision",
        "es": "precisión",
        "fr": "précision",
        "pt": "precisão",
        "zh": "精确率, 精確率, 查准率",
    },
    "recall": {
        "en": "recall, recalls, recal, rec(?=[\\s=:]|$)",
        "de": "trefferquote, sensitivität",
        "es": "sensibilidad, exhaustividad",
        "fr": "rappel",
        "pt": "revocação",
        "ru": "полнота",
        "zh": "召回率, 查全率",
    },
    "f1": {"en": r"f[-_]?1, f\s1(?=\sscore), f₁, fi(?=[-_\s]scores?\b), (?<=_)fl"},
    "top5_accuracy": {
        "en": r"top[-_\s]?5[-_\s](?:accuracy|acc), (?:accuracy|acc)[-_\s]?(?:@|at)[-_\s]?5",
        "de": "top[-_\\s]?5[-_\\s]genauigkeit",
        "fr": "exactitude[-_\\s]top[-_\\s]?5",
    },
    "similarity_score": {
        "en": r"similarity[-_\s]score",
        "fr": r"score[-_\s]de[-_\s]similarité, score[-_\s]de[-_\s]similarite",
    },
    "bleu1": {"en": r"(?:sacre)?bleu[-_@\s]?1(?![.,]?\d)"},
    "bleu2": {"en": r"(?:sacre)?bleu[-_@\s]?2(?![.,]?\d)"},
    "bleu3": {"en": r"(?:sacre)?bleu[-_@\s]?3(?![.,]?\d)"},
    "bleu4": {
        "en": (
            r"(?:sacre)?bleu[-_@\s]?4(?![.,]?\d), "
            r"(?<!self-)(?:sacre)?bleu(?![-_@\s]?\d(?![.,]?\d))"
        )
    },
    "meteor": {"en": "meteor"},
    "cider": {"en": "cider[-_]?d, cider"},
    "vqa_accuracy": {"en": r"vqa[-_\s]?(?:accuracy|acc|score)"},
    "exact_match": {"en": r"exact[-_\s]?match(?:[-_\s](?:accuracy|acc|rate|ratio))?"},
}
"""How each metric is spelled, misspellings included; bare BLEU is BLEU-4.

In programs every word counts. In prose those of ``AMBIGUOUS`` do only beside another metric.
"""

AMBIGUOUS: Table = {
    "de": "präzision",
    "es": "precisión",
    "fr": "précision",
    "pt": "precisão",
    "ru": "точность",
    "zh": "精度",
}
"""Words said of accuracy and of precision: in prose they name no metric when they stand alone."""

RECALL_AT: Table = {"en": r"(?:recall|r)[-_\s]?(?:@|at)[-_\s]?"}
"""What stands before the K of Recall@K."""

DIRECTIONS: Mapping[str, Table] = {
    "image_to_text": {
        "en": (
            r"images?[-_\s]{0,2}(?:to|2|→|->|=>)[-_\s]{0,2}(?:texts?|captions?)"
            r"(?:[-_\s]retrieval)?, "
            r"i2t, i→t, i->t, (?:text|caption)[-_\s]retrieval"
        ),
        "fr": r"image[-_\s]vers[-_\s]texte",
    },
    "text_to_image": {
        "en": (
            r"(?:texts?|captions?)[-_\s]{0,2}(?:to|2|→|->|=>)[-_\s]{0,2}images?"
            r"(?:[-_\s]retrieval)?, "
            r"t2i, t→i, t->i, image[-_\s]retrieval"
        ),
        "fr": r"texte[-_\s]vers[-_\s]image",
    },
}
"""What is looked for with what, in a retrieval; *text retrieval* finds texts for an image."""

AVERAGES: Mapping[Average, Table] = {
    "macro": {"en": "macro"},
    "weighted": {"en": "weighted"},
    "micro": {"en": "micro"},
}
"""Words that name an averaging."""

OTHER_SCORES: Table = {
    "en": (
        "train, training, trained, random, chance, dummy, majority, class, classwise, top, roc, "
        "auc, mean average"
    ),
    "de": "trainings, zufall, zufällig, zufällige, klasse",
    "es": "entrenamiento, azar, aleatorio, aleatoria, clase",
    "fr": "entraînement, entrainement, apprentissage, hasard, aléatoire, classe",
    "zh": "训练集, 训练, 随机, 类别, 每类",
}
"""Words before a metric that make it another quantity, e.g. training accuracy."""

OTHER_METRICS: Mapping[MetricName, Table] = {
    "accuracy": {"en": "balanced"},
    "precision": {"en": "bit, mixed, half, single, double"},
}
"""Words that make another quantity of one metric only, e.g. balanced accuracy."""

NOT_THEIRS: Table = {
    "en": "baseline, target, expected, required, minimum, previous, paper, published, original",
    "de": "ziel, zielwert, erwartet, erwartete, gefordert, mindestens, veröffentlicht",
    "es": "objetivo, esperado, esperada, mínimo, mínima, publicado, artículo",
    "fr": "objectif, cible, seuil, attendu, attendue, minimum, publié, publiée, article, référence",
    "zh": "目标, 期望, 论文, 基线, 参考",
}
"""Words before a metric that is printed beside a result, and is none."""

FILLERS: Table = {
    "en": (
        "of, on, the, for, is, was, are, were, a, an, its, our, this, these, avg, average, "
        "averaged, mean, overall, final, score, scores, value, values, rate, result, results, "
        "test, testing, tests, eval, evaluation, evaluated, validation, valid, val, set, split, "
        "data, dataset, image, images, sample, samples, example, examples, item, items, model, "
        "network, classifier, classification, zero, shot, zeroshot, total, percent, percentage, "
        "in, all, reached, achieved, across, np, numpy, float, tensor, metric, measure, macro, "
        "weighted, micro, s"
    ),
    "de": (
        "auf, dem, den, der, des, im, für, von, ist, beträgt, gesamt, insgesamt, testdaten, "
        "testmenge, testbilder, testbildern, mittel, mittelwert, makro, gewichtet"
    ),
    "es": "en, el, la, del, de, es, conjunto, prueba, datos, imágenes, media, total",
    "fr": (
        "sur, le, la, les, du, des, de, est, jeu, ensemble, données, moyenne, globale, totale, "
        "pondérée, obtenue"
    ),
    "zh": "为, 是, 分数, 得分, 值",
}
"""Words that may stand between a metric and its number without changing what the number is."""

NEUTRAL: Table = {
    "en": (
        "metric, metrics, result, results, score, scores, value, values, test, testing, eval, "
        "evaluation, validation, val, final, overall, summary, performance, model, report, set, "
        "dataset, mean, average, epoch, step, classification, zero, shot, image, recognition, "
        "the, on, of, for"
    ),
    "de": "ergebnis, ergebnisse, gesamt, insgesamt, testdaten, testmenge, auf, der, den, für",
    "es": "resultado, resultados, prueba, total, en, de",
    "fr": "résultat, résultats, jeu, ensemble, sur, le, de, du, pour",
    "zh": "测试集, 测试, 结果, 验证集, 验证, 总体",
}
"""Words of a row label, a column header or an output's prefix that name nothing in particular."""

PROGRESS: Table = {"en": "loss, epochs?, steps?, time, runtime"}
"""Column headers of a training log, whose rows are no classes."""

PER_CLASS: Table = {"en": "class, classes, label, labels, category, threshold, fold"}
"""Column headers whose rows are no scores of the whole task."""

ITEMS: Table = {
    "en": (
        "image, images, sample, samples, example, examples, picture, pictures, photo, photos, "
        "instance, instances, item, items"
    ),
    "de": "bilder, bildern, bild, testbilder, testbildern, stichproben, beispiele, beispielen",
    "es": "imágenes, imagen, muestras, muestra, ejemplos, fotos",
    "fr": "échantillons, échantillon, exemples, exemple, photos",
}
"""What test items are called."""

HEDGES: Table = {
    "en": (
        "about, around, approximately, approx, roughly, nearly, almost, over, under, above, "
        "below, circa, ca, more than, less than, close to, at most, up to, better than, "
        "higher than, lower than"
    ),
    "de": "rund, etwa, ungefähr, fast, knapp, zirka, mehr als, weniger als, bis zu, über",
    "es": "aproximadamente, alrededor de, alrededor, casi, cerca de, más de, menos de, unos, unas",
    "fr": (
        "environ, presque, approximativement, près de, autour de, plus de, moins de, "
        "jusqu['\u2019]à"
    ),
    "zh": "大约, 约为, 约, 大概, 接近, 超过, 将近",
}
"""Words right before a number that make it inexact."""

TARGETS: Table = {
    "en": (
        "aim(?:s|ed|ing)?, goals?, targets?, should, would, could, might, must, "
        "expect(?:s|ed|ing)?, thresholds?, at least, ideally, hop(?:e|es|ed|ing), requires?, "
        "required, need(?:s|ed)? to, want(?:s|ed)? to, if, imagine, suppose, "
        r"hypothetical(?:ly)?, for example, e\.g\., useless, worst, best possible, "
        "(?<!achieved )(?<!achieves )(?<!achieving )(?<!reached )(?<!obtained )(?<!got )"
        "(?<!scored )perfect(?:ly)?"
    ),
    "de": (
        "ziel, ziele, zielwert, angestrebt(?:e[nr]?)?, anstreben, sollten?, könnte, müsste, "
        "erwarte[nt]?, erwartete[nr]?, mindestens, wenn"
    ),
    "es": "objetivo, meta, debería, podría, esperad[oa], esperamos, al menos, si",
    "fr": (
        "objectifs?, cible, visons, viser, seuil, devrait, pourrait, attendue?, espérons, "
        "au moins, si"
    ),
    "zh": "目标, 应该, 期望, 预期, 至少, 如果",
}
"""Words of a sentence about an aim, a requirement or a made-up case."""

VERDICTS: Table = {"en": "good, bad, excellent, acceptable, poor, great, means"}
"""What a sentence calls every score beyond a bound."""

CITATIONS: Table = {
    "en": (
        "published, papers?, literature, reported (?:by|in), et al, baselines?, "
        "original(?:ly)?, state[- ]of[- ]the[- ]art, sota, authors?, according to, "
        "leaderboards?, openai(?! clip), lectures?, in class, humans?"
    ),
    "de": "artikel, veröffentlicht, literatur, autoren, laut, vorlesung, mensch(?:en)?",
    "es": "artículo, publicado, literatura, autores, según, clase",
    "fr": "article, papier, publiée?s?, littérature, auteurs, selon, cours, humains?",
    "zh": "论文, 文献, 作者, 原文, 课上",
}
"""Words that point to somebody else's result."""

OTHER_RUNS: Table = {
    "en": (
        "guess(?:es|ed|ing)?, chance, at random, random(?:ly)? (?:baseline|model|classifier|"
        "predictions?|choice|labels?), dummy, majority, most (?:common|frequent) class, "
        r"always (?:predict|answer|say)(?:s|ing)?, demo, demonstration, first (?:attempt|try|run|"
        r"version), initial(?:ly)?, at first, earlier, previous(?:ly)?, before (?:the )?"
        r"(?:fine-?tuning|training), untrained, after (?:the )?(?:\w+ )?epochs?(?: \d+)?, "
        r"epoch \d+, another (?:run|seed), on (?:the )?train(?:ing)? (?:set|data|split|images), "
        r"resnet\d*, vgg\d*, densenet\d*, efficientnet, mobilenet\w*, alexnet, convnext, "
        "inception, cnns?"
    ),
    "de": "zufall, zufällig(?:e[nrs]?)?, raten, trainingsdaten, anfangs, vorher",
    "es": "azar, aleatori[oa], datos de entrenamiento, al principio",
    "fr": "hasard, aléatoire, données d['\u2019]entraînement, au début, avant",
    "zh": "随机, 训练集, 猜测, 最初",
}
"""Words that make a number that of a baseline, of another model or of an earlier run."""

DIFFERENCES: Table = {
    "en": (
        "improvement, improvements, gain, gains, gap, drop, difference, increase, decrease, "
        "change, margin, delta, boost, advantage, reduction, variation, std, deviation, higher, "
        "lower, better, worse, points, point, more, less"
    ),
    "de": (
        "verbesserung, unterschied, differenz, steigerung, zunahme, abnahme, höher, niedriger, "
        "besser, schlechter, prozentpunkte, prozentpunkten, punkte"
    ),
    "es": "mejora, diferencia, aumento, caída, puntos, mejor, peor, mayor, menor",
    "fr": (
        "amélioration, écart, différence, baisse, hausse, augmentation, meilleure?, supérieure?, "
        "inférieure?"
    ),
    "zh": "提高了?, 提升了?, 下降了?, 差异, 差距, 高出",
}
"""Words that make a number the distance between two scores."""

LINKS: Table = {
    "en": (
        "of, is, was, are, were, be, been, at, reached, reaches, reaching, achieved, achieves, "
        "achieving, equals, equal, to, has, had, shows, showed, scored, scores, score, value, "
        "values, stands, stood, both, all, each, also, the, a, an, with, result, results, rate, "
        "on, test, set, its, hit, obtained, obtaining, came, out, images, image, samples, data, "
        "dataset, classification, zero, shot, respectively, for, this, overall, final, "
        "evaluation, validation, macro, weighted, micro, average, averaged, measured, percent, "
        "macro-averaged, being, only, even, least"
    ),
    "de": (
        "von, ist, war, sind, waren, beträgt, betrug, betragen, liegt, lag, liegen, lagen, bei, "
        "auf, erreicht, erreichte, erreichen, der, die, das, dem, den, des, eine, einer, einen, "
        "mit, im, für, testdaten, testdatensatz, testmenge, modells, modell, wert, jeweils"
    ),
    "es": (
        "de, del, es, fue, era, son, fueron, alcanza, alcanzó, obtuvo, obtiene, con, el, la, los, "
        "las, un, una, en, conjunto, prueba, datos, modelo, su, sus, al, valor, respectivamente"
    ),
    "fr": (
        "de, du, d, est, était, sont, étaient, à, le, la, les, l, un, une, atteint, "
        "atteignent, obtenu, obtenue, obtient, égal, égale, vaut, valeur, sur, jeu, ensemble, "
        "données, modèle, son, sa, ses, pour, avec, respectivement, au, été"
    ),
    "zh": (
        "分别为, 分别是, 约为, 达到了, 达到, 高达, 等于, 为, 是, 在, 上, 的, 了, 测试集, 模型, 均"
    ),
}
"""Words of prose that may stand between a metric and its number, in that order."""

EXPLICIT: Table = {
    "en": (
        "of, is, was, are, were, at, to, reached, reaches, reaching, achieved, equals, equal, "
        "scored, be"
    ),
    "de": (
        "von, ist, war, sind, waren, beträgt, betrug, betragen, liegt, lag, liegen, lagen, bei, "
        "erreicht, erreichte"
    ),
    "es": "de, es, fue, era, son, fueron, alcanza, alcanzó, obtuvo",
    "fr": "de, est, était, sont, étaient, à, atteint, vaut, obtenu, obtenue, égale, égal",
    "zh": "分别为, 分别是, 约为, 达到了, 达到, 高达, 等于, 为, 是",
}
"""Links one of which must stand there, unless a colon or an equals sign does."""

QUALIFIERS: Table = {
    "en": (
        "test, testing, overall, final, zero, shot, classification, macro, weighted, micro, "
        "averaged, average, validation, evaluation, top, image, in, for, of, on, model, the, "
        "its, an, a"
    ),
    "de": "an, bei, der, die",
    "es": "de, la, en",
    "fr": "de, d, l, la, en",
    "zh": "的",
}
"""Words of prose that may stand between a number and its metric, in that order."""

AGAINST: Table = {
    "en": (
        "than, outperform(?:s|ed|ing)?, compared (?:to|with), comparison (?:to|with), unlike, "
        "against, beat(?:s|ing)?, exceed(?:s|ed|ing)?, surpass(?:es|ed|ing)?"
    ),
    "de": "als, übertrifft, verglichen mit, im vergleich zu, gegenüber",
    "es": "que, supera(?: a)?, comparado con, en comparación con, frente a",
    "fr": "que, surpasse, dépasse, comparé à, par rapport à",
}
"""Words before the task a sentence is not about."""

COORDINATORS: Table = {
    "en": "and, or, as well as",
    "de": "und, sowie",
    "es": "y",
    "fr": "et, ainsi que",
    "zh": "和, 与, 以及",
}
"""Words that join the metrics of a list."""

NEGATIONS: Table = {
    "en": r"not(?! only), never, cannot, \w{1,12}n['\u2019]t, without, no",
    "de": "nicht, kein(?:e[nrs]?)?, ohne, nie",
    "es": "sin, nunca",
    "fr": "pas, sans, jamais",
}
"""Words that deny what follows."""

NUMBERED: Table = {"en": "task, part, exercise"}
"""Words before the number of a task; steps and questions are numbered within one."""

COMPARISONS: Table = {"en": "compar(?:e|es|ed|ing|ison|isons), contrast, versus, vs"}
"""Words of a heading that treats the tasks together."""

ENDINGS: Table = {
    "en": "conclusions?, references, bibliography, appendix, acknowledge?ments?, summary"
}
"""Headings that belong to no task and to no written answer."""

PLACEHOLDERS: Table = {
    "en": (
        r"double-click \(or enter\) to edit, (?:type|write|enter|add) your "
        "(?:answer|response|text|observations?) here, your (?:answer|response|observations?) "
        "here"
    )
}
"""What an editor or a starter notebook leaves where text should stand."""


def every(table: Table) -> tuple[str, ...]:
    """Entries of all languages."""
    return tuple(entry for entries in table.values() for entry in entries.split(", "))


def alternation(entries: Iterable[str]) -> str:
    """A fragment that matches any entry, longest first so that none hides another."""
    return "(?:" + "|".join(sorted(entries, key=len, reverse=True)) + ")"


def runs_on(word: str) -> bool:
    """Whether it is one character of a script that needs no blanks: see ``RUN_ON``."""
    return len(word) == 1 and word > _LAST


def ideographs(text: str) -> int:
    """How many Chinese and Japanese characters it has."""
    return 0 if text.isascii() else sum("\u3040" <= character <= "\u9fff" for character in text)


def phrases(table: Table) -> re.Pattern[str]:
    """Matches any entry as whole words; Chinese and Japanese put no blanks between words."""
    entries = every(table)
    spaced = [entry for entry in entries if not ideographs(entry)]
    run_on = [entry for entry in entries if ideographs(entry)]
    parts = [rf"(?<!\w){alternation(spaced)}(?!\w)"] if spaced else []
    parts += [alternation(run_on)] if run_on else []
    return regex("|".join(parts), re.IGNORECASE)


def words(table: Table) -> frozenset[str]:
    """The entries as a set, for tables whose entries are plain words."""
    return frozenset(every(table))
