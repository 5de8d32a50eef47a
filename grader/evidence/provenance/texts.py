"""Scores of texts that a library scored and no evaluation holds."""

from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest

from grader.evidence.conventions import bleu_conventions
from grader.evidence.provenance.candidates import Candidate, Source
from grader.model import Recording, TextMetricCall

__all__ = ["text_candidates"]

MOST_TEXTS = 2_000
"""Pairs of texts that are scored of one notebook; BLEU by all its conventions takes about two
milliseconds a pair."""


def text_candidates(recording: Recording, held: Collection[str]) -> Iterator[Candidate]:
    """BLEU-1 to BLEU-4, by its definition here and by each convention of the libraries.

    Args:
        recording: What was captured.
        held: Arrays of texts whose scores evaluations hold already.
    """
    left = MOST_TEXTS
    seen: set[tuple[str | None, ...]] = set()
    for call in recording.text_metrics:
        key = (call.predictions, *call.references)
        if call.predictions is None or call.predictions in held or key in seen:
            continue
        seen.add(key)
        said, known = _texts(recording, call.predictions), _references(recording, call)
        if said is None or known is None or len(said) > left or len(said) != len(known):
            continue
        left -= len(said)
        yield from _scores(call, said, known)


def _scores(
    call: TextMetricCall, said: Sequence[str], known: Sequence[Sequence[str]]
) -> Iterator[Candidate]:
    # sacrebleu, nltk and numpy take seconds to import; the static check never comes here
    from grader.metrics.bleu import bleu

    source = Source(
        of=(f"texts scored by {call.function}",),
        arrays=(call.predictions or "", *call.references),
        cell=call.cell,
        n=len(said),
    )
    own = {f"bleu{order}": bleu(said, known, order=order).score / 100 for order in range(1, 5)}
    for convention, values in (("", own), *bleu_conventions(said, known)):
        for metric, value in values.items():
            yield Candidate(
                source=source,
                function=f"{metric} ({convention})" if convention else metric,
                metric=metric,
                value=value,
            )


def _texts(recording: Recording, array: str | None) -> tuple[str, ...] | None:
    found = recording.labels(array)
    texts = tuple(each for each in found or () if isinstance(each, str))
    return texts if texts and found is not None and len(texts) == len(found) else None


def _references(recording: Recording, call: TextMetricCall) -> tuple[tuple[str, ...], ...] | None:
    """References of each item; ``None`` when some are unknown or an item has none."""
    streams = [_texts(recording, each) for each in call.references]
    if not streams or None in streams:
        return None
    known = [stream for stream in streams if stream is not None]
    items = tuple(
        tuple(each for each in several if each) for several in zip_longest(*known, fillvalue="")
    )
    return items if all(items) else None
