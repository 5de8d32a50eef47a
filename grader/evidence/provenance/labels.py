"""What can be computed of an array of labels and one of predictions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from grader.evidence.provenance.candidates import Candidate, Source
from grader.model import Label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["Encoded", "encoded", "label_candidates"]

MOST_CLASSES = 300
"""Most different labels of a pair that are counted against each other; of more, such as captions,
only the share of equal ones is computed."""

MOST_OF_CLASSES = 120
"""Most classes whose own precision, recall and F1 are computed."""


class Encoded(Struct, frozen=True, kw_only=True):
    """An array of labels as numbers of its different labels."""

    labels: tuple[Label, ...]
    """Each different label once."""

    codes: "Integers"
    """Shape (n,): index in ``labels``."""


def encoded(values: Sequence[Label], class_names: Sequence[Sequence[str]]) -> Encoded:
    """An array, names of classes turned into their numbers, so that both forms can be compared.

    Args:
        values: The elements.
        class_names: Names of the classes of each task, in label order.
    """
    # numpy takes a moment to import; the static check never comes here
    import numpy as np

    places = {label: place for place, label in enumerate(dict.fromkeys(values))}
    codes = np.fromiter((places[each] for each in values), dtype=np.int64, count=len(values))
    return Encoded(labels=_numbered(tuple(places), class_names), codes=codes)


def _numbered(labels: tuple[Label, ...], class_names: Sequence[Sequence[str]]) -> tuple[Label, ...]:
    for names in class_names:
        numbers: Mapping[Label, int] = {name: number for number, name in enumerate(names)}
        if all(label in numbers for label in labels):
            return tuple(numbers[label] for label in labels)
    return labels


def label_candidates(
    true: Encoded, said: Encoded, source: Source, class_names: Sequence[Sequence[str]]
) -> Iterator[Candidate]:
    """Every score of a classification.

    A class that is never predicted has precision 0, as by default in scikit-learn.

    Args:
        true: Labels.
        said: Predictions, equally many.
        source: What they are.
        class_names: Names of the classes of each task, in label order.
    """
    if not source.known and set(map(str, true.labels)).isdisjoint(map(str, said.labels)):
        return
    one, other, labels = _aligned(true, said)
    accuracy = float((one == other).mean())
    yield Candidate(source=source, function="accuracy", metric="accuracy", value=accuracy)
    yield Candidate(
        source=source, function="1 - accuracy", metric="error_rate", value=1.0 - accuracy
    )
    if any(isinstance(label, str) for label in labels):
        yield Candidate(source=source, function="exact match", metric="exact_match", value=accuracy)
    if len(labels) <= MOST_CLASSES:
        # numpy takes a moment to import; the static check never comes here
        import numpy as np

        size = len(labels)
        counts = np.bincount(one * size + other, minlength=size * size).reshape(size, size)
        yield from _averages(counts, source)
        if source.known and size <= MOST_OF_CLASSES:
            yield from _of_classes(counts, labels, _named(labels, class_names), source)


def _aligned(true: Encoded, said: Encoded) -> tuple["Integers", "Integers", list[Label]]:
    """Both arrays as indices in one list of labels; numbers and texts are compared as texts."""
    import numpy as np

    one, other = true.labels, said.labels
    if {isinstance(each, str) for each in one} != {isinstance(each, str) for each in other}:
        one, other = tuple(map(str, one)), tuple(map(str, other))
    places: dict[Label, int] = {}
    tables = [
        np.array([places.setdefault(label, len(places)) for label in labels], dtype=np.int64)
        for labels in (one, other)
    ]
    return tables[0][true.codes], tables[1][said.codes], list(places)


def _named(labels: Sequence[Label], class_names: Sequence[Sequence[str]]) -> list[str]:
    """What people call the classes: their names where one task alone has as many."""
    fitting = [
        names
        for names in class_names
        if all(isinstance(each, int) and 0 <= each < len(names) for each in labels)
    ]
    exact = [names for names in fitting if len(names) == len(labels)] or fitting
    if not exact:
        return [str(each) for each in labels]
    return [exact[0][each] if isinstance(each, int) else each for each in labels]


def _averages(counts: "Integers", source: Source) -> Iterator[Candidate]:
    true, said, right = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    n, occurs = int(counts.sum()), true > 0
    rates = _rates(counts)
    for metric, rate in rates.items():
        for average, value in {
            "macro": float(rate.mean()),
            "weighted": float((rate * true).sum() / n),
            "micro": float(right.sum() / n),
        }.items():
            yield Candidate(
                source=source,
                function=f"{metric} ({average})",
                metric=metric,
                average=average,
                value=value,
            )
        yield Candidate(
            source=source,
            function=f"{metric} (macro, classes with items)",
            metric=metric,
            average="macro",
            value=float(rate[occurs].mean()),
        )
    precision, recall = float(rates["precision"].mean()), float(rates["recall"].mean())
    others = {
        ("balanced accuracy", "balanced_accuracy"): float(rates["recall"][occurs].mean()),
        ("f1 of macro precision and macro recall", "f1"): _harmonic(precision, recall),
        ("Cohen's kappa", "kappa"): _kappa(float(right.sum() / n), float(true @ said) / n**2),
        ("Matthews correlation", "mcc"): _mcc(counts),
    }
    for (function, metric), value in others.items():
        yield Candidate(source=source, function=function, metric=metric, value=value)


def _rates(counts: "Integers") -> dict[str, "Floats"]:
    """Precision, recall and F1 of each class; 0 where nothing was predicted or there is none."""
    import numpy as np

    true, said, right = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    return {
        "precision": right / np.maximum(said, 1),
        "recall": right / np.maximum(true, 1),
        "f1": 2 * right / np.maximum(true + said, 1),
    }


def _of_classes(
    counts: "Integers", labels: Sequence[Label], names: Sequence[str], source: Source
) -> Iterator[Candidate]:
    for metric, rate in _rates(counts).items():
        for label, name, value in zip(labels, names, rate.tolist(), strict=True):
            yield Candidate(
                source=source,
                function=f"{metric} of class {name[:40]}",
                metric=metric,
                average="class",
                labels=tuple(dict.fromkeys((name, str(label)))),
                value=value,
            )


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def _kappa(observed: float, expected: float) -> float:
    """Cohen 1960: agreement beyond that of independent answers with the same frequencies."""
    return (observed - expected) / (1 - expected) if expected < 1 else 0.0


def _mcc(counts: "Integers") -> float:
    """Matthews correlation for any number of classes (Gorodkin 2004)."""
    true, said = counts.sum(axis=1).astype(float), counts.sum(axis=0).astype(float)
    n, right = float(true.sum()), float(counts.diagonal().sum())
    spread = (n**2 - float(said @ said)) * (n**2 - float(true @ true))
    return (right * n - float(true @ said)) / spread**0.5 if spread > 0 else 0.0
