"""Word lists of the readers of text: what numbers are of, what is no result, what is disclaimed.

Tables as in ``vocabulary``: entries separated by a comma and a blank, each a fragment of a regular
expression without groups; matching ignores case.
"""

import re
from collections.abc import Mapping

from grader.evidence import vocabulary
from grader.evidence.vocabulary import Table
from grader.model import FigureKind
from grader.patterns import regex

SCORES: Mapping[str, Table] = {
    "balanced_accuracy": {
        "en": r"balanced[-\s]accuracy",
        "de": r"balancierte\sgenauigkeit",
        "es": r"exactitud\sequilibrada",
        "fr": r"exactitude\séquilibrée",
        "zh": "平衡准确率",
    },
    "roc_auc": {"en": r"(?:roc[-\s]?)?auc(?:[-\s]?roc)?, auroc"},
    "error_rate": {
        "en": r"error\srate",
        "de": "fehlerrate, fehlerquote",
        "es": r"tasa\sde\serror",
        "fr": r"taux\sd['\u2019]erreur",
        "zh": "错误率",
    },
    "perplexity": {
        "en": "perplexity",
        "de": "perplexität",
        "es": "perplejidad",
        "fr": "perplexité",
    },
    "mean_average_precision": {"en": r"mean\saverage\sprecision"},
    "meteor": {"en": "meteor"},
    "cider": {"en": r"cider(?:-d)?"},
    "vqa_accuracy": {"en": r"vqa\saccuracy"},
    "exact_match": {"en": r"exact\smatch"},
    "word_error_rate": {"en": r"word\serror\srate, wer"},
}
"""Scores no lab need ask for, under the names they get in ``Figure.metric``."""

RANKED = r"(?:recall|rappel|召回率)\s?(?:@|at)\s?(?P<at>\d{1,3})|r@(?P<short>\d{1,3})"
TOP = r"top[-\s]?(?P<top>\d{1,3})[-\s](?:accuracy|acc|genauigkeit|exactitude|准确率)"
BLEU = r"bleu(?:[-@_\s]?(?P<bleu>[1-4]))?"
ROUGE = r"rouge[-\s]?(?P<rouge>[12l])(?:sum)?"

NOUNS: Mapping[FigureKind, Table] = {
    "loss": {
        "en": r"(?:(?:training|train|validation|test|eval|contrastive)[-\s])?loss(?:es)?",
        "de": "verlust",
        "es": "pérdida",
        "fr": "perte",
        "zh": "损失",
    },
    "similarity": {
        "en": r"(?:cosine\s)?similarit(?:y|ies)(?:\sscores?)?",
        "de": r"(?:kosinus-?)?ähnlichkeit",
        "es": "similitud",
        "fr": "similarités?",
        "zh": "相似度",
    },
    "probability": {
        "en": "probabilit(?:y|ies), confidence",
        "de": "wahrscheinlichkeit, konfidenz",
        "es": "probabilidad, confianza",
        "fr": "probabilités?, confiance",
        "zh": "概率, 置信度",
    },
    "rate": {
        "en": "throughput",
        "de": "durchsatz",
        "es": "rendimiento por segundo",
        "fr": "débit",
        "zh": "吞吐量",
    },
    "seconds": {
        "en": (
            r"(?:(?:inference|training|execution|processing|response|loading|total|average|run)\s)?"
            r"(?:time|latency)(?:\sper\simage)?, runtime, duration"
        ),
        "de": "trainingszeit, laufzeit, inferenzzeit, dauer, zeit, latenz",
        "es": r"tiempo(?:\sde\s(?:inferencia|entrenamiento|ejecución))?, duración, latencia",
        "fr": (
            r"temps(?:\sd['\u2019](?:inférence|entraînement|exécution|apprentissage))?, durée, "
            "latence"
        ),
        "zh": "推理时间, 训练时间, 时间, 耗时, 延迟",
    },
    "parameters": {
        "en": r"(?:(?:trainable|total|model)\s)?param(?:eter)?s?",
        "de": r"(?:trainierbare\s)?parametern?",
        "es": r"parámetros(?:\s(?:entrenables|totales))?",
        "fr": r"paramètres(?:\s(?:entraînables|totaux))?",
        "zh": "参数量, 参数",
    },
    "bytes": {
        "en": r"model\ssize, file\ssize, memory(?:\susage)?, vram",
        "de": "speicherbedarf, speicher, modellgröße",
        "es": r"memoria, tamaño\sdel\smodelo",
        "fr": r"mémoire, taille\sdu\smodèle",
        "zh": "显存, 内存, 模型大小",
    },
    "items": {
        "en": r"(?:test|sample|dataset)\ssize, number\sof\s(?:images|samples|examples)",
        "de": r"anzahl\sder\sbilder",
        "es": r"número\sde\simágenes",
        "fr": r"nombre\sd['\u2019](?:images|échantillons|exemples)",
        "zh": "样本数, 图像数",
    },
    "classes": {
        "en": r"number\sof\s(?:classes|categories)",
        "de": r"anzahl\sder\sklassen",
        "es": r"número\sde\sclases",
        "fr": r"nombre\sde\sclasses",
        "zh": "类别数",
    },
    "other": {
        "en": (
            r"batch[-\s]size, learning\srate, weight\sdecay, temperature, dropout, patch\ssize, "
            r"(?:embedding\s)?dimension(?:ality)?s?, (?:random\s)?seed, threshold, costs?, price, "
            "resolution, number\\sof\\sepochs, deviation, std, variance, mean, median, "
            "margin, gap, difference, ratio, trace, rank"
        ),
        "de": "lernrate, schwelle, schwellenwert, kosten, preis, auflösung, mittelwert",
        "es": r"tasa\sde\saprendizaje, umbral, costo, coste, precio, media, diferencia",
        "fr": r"taux\sd['\u2019]apprentissage, seuil, coût, prix, moyenne, écart, trace",
        "zh": "学习率, 阈值, 成本, 批大小, 平均值",
    },
}
"""Words a number may be of, by the kind of the number."""

GENERIC_SCORES: Table = {
    "en": "scores?, metrics, performance, results?",
    "de": "punktzahl, werte, leistung, ergebnis",
    "es": "puntuación, puntaje, rendimiento, resultado",
    "fr": "scores?, performances?, résultats?",
    "zh": "得分, 分数, 性能",
}
"""Words for a score that do not say which."""

ITEMS: Table = {
    "en": (
        r"images?, samples?, examples?, pictures?, photos?, instances?, items?, pairs, questions?, "
        "captions?, rows, sentences, labels, documents, products?, predictions?, results?, queries"
    ),
    "de": (
        "bildern?, bild, testbildern?, stichproben?, beispielen?, paaren?, fragen, "
        "bildunterschriften, zeilen"
    ),
    "es": "imágenes, imagen, muestras?, ejemplos?, fotos?, pares, preguntas?, leyendas",
    "fr": r"images?, échantillons?, exemples?, photos?, paires, questions?, légendes?, lignes",
    "zh": "张图像, 张图片, 张图, 张, 个样本, 样本, 条, 幅图像, 对图像, 个问题, 图像, 图片",
}
"""What is counted: images, rows, questions."""

CLASSES: Table = {
    "en": "classes, class, categories, labels",
    "de": "klassen, kategorien",
    "es": "clases, categorías",
    "fr": "classes, catégories",
    "zh": "个类别, 个类, 类",
}
"""What classes are called."""

COUNTED: Table = {
    "en": (
        "epochs?, steps?, iterations?, layers?, heads?, tokens?, runs?, trials?, seeds?, folds?, "
        "batches, words?, people, users?, gpus?, cores?, models?, correct, errors?, experts?, "
        "features, blocks?, patches, neighbou?rs, guesses, cells?, tasks?"
    ),
    "de": "epochen?, schritten?, schichten?, durchläufen?, wörter, modelle, fehler, läufe",
    "es": "épocas?, pasos?, capas?, iteraciones, palabras?, modelos?, errores",
    "fr": r"époques?, epochs?, étapes?, couches?, itérations?, mots?, modèles?, erreurs?",
    "zh": "轮, 个epoch, 步, 层, 个模型, 次",
}
"""What else is counted."""

MEASURED: Table = {
    "en": (
        r"(?:-|\s)?dimension(?:s|al)?, pixels?, px, (?:percentage\s)?points?, (?:us\s)?dollars?, "
        "euros?, months?, weeks?, years?, times, x, fold, watts?, kwh, kg, usd, eur"
    ),
    "de": "dimensionen?, pixel, prozentpunkten?, punkten?, monaten?, wochen?, jahren?, mal",
    "es": "dimensiones, píxeles, puntos?, dólares, meses, semanas?, años?, veces",
    "fr": r"dimensions?, pixels?, points?, mois, semaines?, ans, années?, fois",
    "zh": "维, 像素, 个百分点, 个月, 周, 年, 倍, 美元, 元",
}
"""Units of other numbers."""

SECONDS: Mapping[float, str] = {
    1e-6: r"µs|us|microseconds?|微秒",
    1e-3: r"ms|msec|milliseconds?|millisekunden?|milisegundos?|millisecondes?|毫秒",
    1.0: r"s|secs?|seconds?|sekunden?|segundos?|secondes?|秒",
    60.0: r"mins?|minutes?|minuten?|minutos?|分钟",
    3600.0: r"h|hrs?|hours?|stunden?|horas?|heures?|小时",
    86400.0: r"days?|tagen?|tage|días?|jours?|天",
}
"""Units of time and the seconds of one."""

BYTES: Mapping[float, str] = {
    1.0: r"bytes?|octets?",
    1e3: r"[kK]B|[kK]o",
    1e6: r"MB|Mo",
    1e9: r"GB|Go",
    1e12: r"TB|To",
    1024.0: r"KiB",
    1048576.0: r"MiB",
    1073741824.0: r"GiB",
}
"""Units of size and the bytes of one; these alone heed case."""

MULTIPLES: Mapping[float, str] = {
    1e3: r"[kK](?![A-Za-z])|\s(?:thousand|tausend|mil(?!l)|mille)\b|千",
    1e4: r"万|萬",
    1e6: (
        r"M(?![A-Za-z])|\sM(?=\s(?:param|image|paire|pair))"
        r"|\s(?:[Mm]illions?|[Mm]illionen|[Mm]io\.?|millón|millones)(?!\w)|百万"
    ),
    1e8: r"亿",
    1e9: (
        r"B(?![A-Za-z])"
        r"|\s(?:[Bb]illions?|milliards?|[Mm]illiarden?|[Mm]rd\.?|mil\smillones)(?!\w)|十亿"
    ),
}
"""Words and letters that multiply the number before them."""

SPLITS: Mapping[str, Table] = {
    "test": {
        "en": r"test(?:ing)?[-\s](?:set|split|data(?:set)?|images?|samples?), test, held[-\s]out",
        "de": "testdaten(?:satz)?, testmenge, testbilder, testbildern, testset",
        "es": r"(?:conjunto|datos|imágenes|muestras)\sde\sprueba",
        "fr": r"(?:jeu|ensemble|données|images)\sde\stest",
        "zh": "测试集, 测试数据, 测试图像",
    },
    "validation": {
        "en": r"validation(?:[-\s](?:set|split|data|images?))?, dev[-\s]set",
        "de": "validierungsdaten, validierungsmenge, validierung",
        "es": "validación",
        "fr": r"(?:jeu|ensemble|données)\sde\svalidation",
        "zh": "验证集",
    },
    "train": {
        "en": r"train(?:ing)?[-\s](?:set|split|data|images?|samples?|accuracy|loss)",
        "de": "trainingsdaten, trainingsmenge, trainingsset",
        "es": r"(?:conjunto|datos)\sde\sentrenamiento",
        "fr": r"(?:jeu|ensemble|données)\sd['\u2019](?:entraînement|apprentissage)",
        "zh": "训练集",
    },
}
"""How the parts of a dataset are called."""

DISCLAIMERS: Table = {
    "en": (
        r"(?:single|sole)[-\s](?:\w{1,12}[-\s])?(?:sample|image|example|instance|picture), "
        r"(?:only|just)\s(?:one|a\ssingle|1)\s(?:\w{1,12}\s)?(?:sample|image|example|instance), "
        r"(?:not|n['\u2019]t|hardly|never)\s(?:\w{1,16}\s){0,2}(?:meaningful|representative|"
        r"significant|reliable|conclusive|robust|informative|trustworthy), "
        r"statistically\s(?:in|un)\w{3,16}, meaningless, inconclusive, "
        r"(?:sample|test\sset|dataset)\s(?:size\s)?(?:is|was)\s(?:far\s|much\s|very\s)?too\ssmall, "
        r"too\s(?:few|small)\s(?:\w{1,12}\s){0,2}to, no\sstatistical\s\w{3,14}, "
        r"(?:can\s?not|should\snot|must\snot)\sbe\s(?:trusted|generali[sz]ed|over-?interpreted)"
    ),
    "de": (
        r"nicht\s(?:\w{1,14}\s){0,2}(?:aussagekräftig|repräsentativ|signifikant|verlässlich|"
        r"belastbar|zuverlässig), wenig\saussagekräftig, "
        r"(?:einzelne[nsr]?|einzige[nsr]?)\s(?:test)?(?:bild|bildes|beispiel|stichprobe|probe), "
        r"nur\sein(?:em|e|er|en)?\s(?:test)?(?:bild|beispiel|stichprobe|probe), "
        r"zu\sklein(?:e[rn]?)?\sum"
    ),
    "es": (
        r"no\s(?:es|son|resultan?|tienen?)\s(?:\w{1,18}\s){0,2}(?:significativ[oa]s?|"
        r"representativ[oa]s?|fiables?|concluyentes?|significado|valor), "
        r"(?:una\ssola|única)\s(?:muestra|imagen), un\s(?:solo|único)\sejemplo, "
        r"demasiado\spequeñ[oa]"
    ),
    "fr": (
        r"(?:pas|peu|guère)\s(?:\w{1,18}\s){0,2}(?:significati(?:f|fs|ve|ves)|"
        r"représentati(?:f|fs|ve|ves)|fiables?|concluants?|concluantes?), "
        r"(?:un\sseul|seul|unique)\s(?:échantillon|exemple), (?:une\s)?seule\simage, "
        r"(?:image|échantillon)\sunique, trop\spetite?s?\spour"
    ),
    "zh": (
        "没有统计(?:学)?意义, 不具有?(?:统计(?:学)?(?:意义|显著性)|代表性), 不具备代表性, "
        "没有代表性, 单个(?:测试)?样本, 单一样本, 只有一(?:个|张)\\w{0,4}(?:样本|图|图像|图片), "
        "仅一(?:个|张)\\w{0,4}(?:样本|图|图像|图片), 样本(?:量)?太(?:小|少), 不可靠, 没有意义"
    ),
}
"""What takes a number back: it rests on one item, or means little."""

SINGLE: Table = {
    "en": (
        r"(?:single|sole|only\sone|just\sone)[-\s](?:test[-\s])?(?:sample|image|example|instance|picture)"
    ),
    "de": (
        r"(?:einzelne[nsrm]?|einzige[nsrm]?|nur\sein(?:em|e|er|en)?)\s"
        r"(?:test)?(?:bild|bildes|beispiel|stichprobe|probe)"
    ),
    "es": r"una\ssola\s(?:muestra|imagen), un\ssolo\sejemplo",
    "fr": r"un\sseul\s(?:échantillon|exemple), une\sseule\simage",
    "zh": (
        "单个(?:测试)?样本, 单一样本, (?:只有|仅)一(?:个|张)(?:测试)?(?:样本|图像|图片|图), "
        "单张(?:图像|图片|图)"
    ),
}
"""One item alone."""

CHANGES: Table = {
    "zh": "提高了, 提升了, 下降了, 增加了, 减少了",
}
"""Words right before a number that make it the distance between two others."""

ANAPHORS: Table = {
    "en": "this, these, that, those, such, however, but, it, they",
    "de": "dies, diese[rsnm]?, solche, allerdings, jedoch, das",
    "es": "est[eoa]s?, est[oa]s, tales, sin embargo, pero",
    "fr": r"ces?, cette, cela, ceci, tels, cependant, toutefois, mais, ils, elles",
    "zh": "这, 这些, 该, 但, 然而",
}
"""Words with which a sentence speaks of the one before."""

ANSWERS: Table = {
    "en": (
        r"answer(?:s|ed)?, predict(?:s|ed|ion)?, caption(?:s|ed)?, generat(?:es|ed), output, "
        r"respon(?:se|ded|ds), said, says, replied, labell?ed, classified, returned, described"
    ),
    "de": (
        "antwort(?:et|ete|en)?, vorhersage, sagte, erzeugte?, beschreibung, bildunterschrift, "
        "klassifizierte"
    ),
    "es": (
        "respondió, respuesta, predijo, predicción, generó, leyenda, descripción, dijo, clasificó"
    ),
    "fr": (
        r"réponse, répond(?:u)?, prédi(?:t|ction), généré, légende, description, classé, dit, "
        "renvoyé"
    ),
    "zh": "回答, 预测, 生成, 输出, 描述, 标题",
}
"""Words that make a single quoted word the answer of a model."""


def one_of(table: Table) -> str:
    """A fragment that matches any entry of any language."""
    return vocabulary.alternation(vocabulary.every(table))


def bounded(fragment: str) -> re.Pattern[str]:
    """Matches a fragment as whole words; next to Chinese characters nothing need end a word."""
    letter, run_on = vocabulary.LETTER_OR_DIGIT, vocabulary.RUN_ON
    return regex(
        rf"(?:(?<!{letter})|(?={run_on}))(?:{fragment})(?:(?!{letter})|(?<={run_on}))",
        re.IGNORECASE,
    )
