"""Record metrics of texts: BLEU and its like, with the texts they were given.

The libraries are imported by the notebooks that use them, a second or more each; they are fitted
then. Calls for one item each, as in a loop over captions, are put together and told when the
cell ends.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import types
from collections.abc import Callable

from . import plain
from .fitting import fit_later
from .foreign import Foreign, library
from .recorder import Recorder

_MAX_REFERENCES = 20
_NLTK = {
    "nltk.translate.bleu_score": ("corpus_bleu", "sentence_bleu"),
    "nltk.translate.meteor_score": ("meteor_score", "single_meteor_score"),
}


class Items:
    """Texts that were scored, and the references of each."""

    def __init__(self) -> None:
        self.n: int | None = 0
        """Number of items; ``None`` when it is unknown."""
        self.texts: list[str] | None = []
        """``None`` when they cannot be read."""
        self.references: list[list[str]] | None = []
        """Of every item, in the order given; ``None`` when they cannot be read."""

    def extend(self, texts: Foreign, references: Foreign) -> None:
        """Add items.

        Args:
            texts: One text, or list of tokens, an item.
            references: One, or a list of them, an item.
        """
        rows = plain.column(texts)
        self.n = None if rows is None or self.n is None else self.n + len(rows)
        self.texts = _joined(self.texts, _texts(rows))
        mine = plain.column(references)
        lists = None if mine is None else [_references(each) for each in mine]
        self.references = _joined(self.references, lists)


def _joined(kept: list[Foreign] | None, new: list[Foreign] | None) -> list[Foreign] | None:
    if kept is None or new is None or None in new:
        return None
    return kept + new if len(kept) + len(new) <= plain.MAX_TEXTS else None


def _texts(rows: list[Foreign] | None) -> list[str | None] | None:
    return None if rows is None else [_text(each) for each in rows]


def _text(value: Foreign) -> str | None:
    """A text, or tokens joined by blanks."""
    if type(value) in (list, tuple) and all(type(each) is str for each in value):
        value = " ".join(value)
    # numpy.str_, which an array of texts holds, is a str as well.
    if not isinstance(value, str) or len(value) > plain.MAX_CHARACTERS:
        return None
    return str(value)


def _references(value: Foreign) -> list[str] | None:
    found = [value] if isinstance(value, str) else plain.column(value)
    read = _texts(found)
    if read is None or len(read) > _MAX_REFERENCES or None in read:
        return None
    return [each for each in read if each is not None]


class Teller:
    """Sends what was scored."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._single: dict[tuple[str, str, str], tuple[Items, list[float | None]]] = {}
        recorder.at_cell_end.append(self.flush)

    def tell(self, call: tuple[str, str, str], items: Items, value: float | None) -> None:
        """Send one call, or keep it when it is about one item.

        Args:
            call: Library, function, and settings that tell calls apart which look the same.
            items: What was scored.
            value: The result.
        """
        if items.n != 1:
            self._emit(call, items, value)
            return
        kept, values = self._single.setdefault(call, (Items(), []))
        if len(values) < plain.MAX_TEXTS:
            kept.n = (kept.n or 0) + 1
            kept.texts = _joined(kept.texts, items.texts)
            kept.references = _joined(kept.references, items.references)
            values.append(value)

    def flush(self) -> None:
        """Send the calls about one item each."""
        with self._recorder.quietly("texts"):
            single, self._single = self._single, {}
            for call, (items, values) in single.items():
                known = [each for each in values if each is not None]
                mean = sum(known) / len(known) if len(known) == len(values) else None
                self._emit(call, items, mean)

    def _emit(self, call: tuple[str, str, str], items: Items, value: float | None) -> None:
        self._recorder.emit(
            "text",
            library=call[0],
            function=call[1],
            predictions=self._stored(items.texts),
            references=[self._stored(each) for each in _streams(items)],
            n=items.n,
            value=value,
        )

    def _stored(self, texts: list[str] | None) -> dict[str, Foreign] | None:
        if texts is None:
            return None
        found = plain.Labels(len(texts), list(texts))
        size = sum(map(len, texts)) + 4 * len(texts)
        named, new = self._recorder.bought("texts", found.digest, size)
        entry: dict[str, Foreign] = {"n": found.length}
        return {
            **entry,
            **({"id": found.digest} if named else {}),
            **({"values": texts} if new else {}),
        }


def _streams(items: Items) -> list[list[str]]:
    """The first reference of every item, the second, and so on; empty where there is none."""
    lists = items.references
    if not lists or len(lists) != items.n:
        return []
    return [
        [each[number] if number < len(each) else "" for each in lists]
        for number in range(max(map(len, lists)))
    ]


def items_of_streams(texts: Foreign, streams: Foreign) -> Items:
    """Items whose references come as streams, as sacrebleu wants them."""
    found, columns = Items(), plain.column(streams)
    found.extend(texts, [])
    read = None if columns is None else [plain.column(each) for each in columns]
    if read is None or None in read or any(each and len(each) != found.n for each in read):
        found.references = None
        return found
    rows = zip(*[["" if each is None else each for each in stream or ()] for stream in read])
    found.references = _joined([], [_references(list(row)) for row in rows])
    return found


def number(value: Foreign, name: str) -> float | None:
    """The result of a metric: a number, an object with a score, or a dictionary."""
    if isinstance(value, dict):
        value = value.get(name, value.get("score"))
    value = getattr(value, "score", value)
    return float(value) if isinstance(value, numbers.Real) else None


def install(recorder: Recorder) -> None:
    """Watch sacrebleu, nltk and rouge_score, once a notebook imports them."""
    teller = Teller(recorder)
    fit_later(recorder, "sacrebleu", functools.partial(_watch_sacrebleu, recorder, teller))
    for module, functions in _NLTK.items():
        watch = functools.partial(_watch_nltk, recorder, teller, module, functions)
        fit_later(recorder, module, watch)
    rouge = functools.partial(_watch_rouge, recorder, teller)
    fit_later(recorder, "rouge_score.rouge_scorer", rouge)


_Read = Callable[[dict[str, Foreign]], "tuple[str, str, Items] | None"]
"""Function, settings and items of a call, from its arguments by name; ``None`` to pass over."""


def _watch(
    recorder: Recorder, teller: Teller, place: tuple[Foreign, str, str], read: _Read
) -> None:
    owner, name, origin = place
    signature = inspect.signature(getattr(owner, name))

    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        return recorder.enter("metric"), args, kwargs

    def leave(note: Foreign, ended: bool, value: Foreign) -> None:
        outermost, args, kwargs = note
        recorder.leave("metric")
        if not (outermost and ended):
            return
        with recorder.quietly("texts"):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            found = read(bound.arguments)
            if found is not None:
                function, settings, items = found
                teller.tell((origin, function, settings), items, number(value, function))

    recorder.hooks.watch(owner, name, enter, leave)


def _watch_sacrebleu(recorder: Recorder, teller: Teller) -> None:
    """Its functions make a metric and call it; so what is watched are the metrics."""
    base = library("sacrebleu.metrics.base").Metric
    bleu = library("sacrebleu.metrics.bleu").BLEU

    def corpus(given: dict[str, Foreign]) -> tuple[str, str, Items]:
        name = f"corpus_{type(given['self']).__name__.lower()}"
        return name, "", items_of_streams(given["hypotheses"], given["references"])

    def sentence(given: dict[str, Foreign]) -> tuple[str, str, Items]:
        items = Items()
        items.extend([given["hypothesis"]], [given["references"]])
        return f"sentence_{type(given['self']).__name__.lower()}", "", items

    _watch(recorder, teller, (base, "corpus_score", "sacrebleu"), corpus)
    for kind in (base, bleu):
        if "sentence_score" in vars(kind):
            _watch(recorder, teller, (kind, "sentence_score", "sacrebleu"), sentence)


def _watch_nltk(
    recorder: Recorder, teller: Teller, module: str, functions: tuple[str, ...]
) -> None:
    owner = library(module)
    for name in functions:
        _watch(recorder, teller, (owner, name, "nltk"), functools.partial(_read_nltk, name))


def _read_nltk(name: str, given: dict[str, Foreign]) -> tuple[str, str, Items]:
    items = Items()
    if name == "corpus_bleu":
        items.extend(given["hypotheses"], given["list_of_references"])
    elif name == "single_meteor_score":
        items.extend([given["hypothesis"]], [[given["reference"]]])
    else:
        items.extend([given["hypothesis"]], [given["references"]])
    return name, _settings(given), items


def _settings(given: dict[str, Foreign]) -> str:
    weights, smoothing = given.get("weights"), given.get("smoothing_function")
    known = type(weights) is tuple and all(type(each) in (int, float) for each in weights)
    method = smoothing.__name__ if isinstance(smoothing, types.MethodType) else ""
    return f"{weights if known else ''} {method}"


def _watch_rouge(recorder: Recorder, teller: Teller) -> None:
    def read(given: dict[str, Foreign]) -> tuple[str, str, Items]:
        items = Items()
        items.extend([given["prediction"]], [[given["target"]]])
        return "score", "", items

    kind = library("rouge_score.rouge_scorer").RougeScorer
    _watch(recorder, teller, (kind, "score", "rouge_score"), read)
