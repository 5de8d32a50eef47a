"""The conditions a criterion may name, each answered on its own."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from grader.model import (
    METRICS,
    Case,
    Confidence,
    Criterion,
    Detection,
    EvidenceKind,
    Finding,
    MetricName,
    Verdict,
)

__all__ = ["Answer", "check"]


class Answer(Struct, frozen=True, kw_only=True):
    """One condition, decided or not."""

    verdict: Verdict
    why: str
    findings: tuple[Finding, ...] = ()


def check(criterion: Criterion, case: Case, detection: Detection) -> tuple[Answer, ...]:
    """Answers to every condition of a criterion, in the order they are explained.

    Never empty: a criterion without conditions waits for a person.
    """
    if criterion.manual:
        return (_manual(criterion, case),)
    answers = [
        *_min_n(criterion, case),
        *_reported(criterion, case),
        *_reproduced(criterion, case),
        *_length(criterion, case),
        *_absent(criterion, case, detection),
        *_doubtful(criterion, case),
    ]
    return tuple(answers) or (_manual(criterion, case),)


def _manual(criterion: Criterion, case: Case) -> Answer:
    found = _words(criterion, case)
    help_ = f" {found:,} words were found." if found is not None else ""
    return Answer(verdict=Verdict.NEEDS_REVIEW, why=f"A person reads this.{help_}")


def _absent(criterion: Criterion, case: Case, detection: Detection) -> Iterator[Answer]:
    if not (criterion.absent or criterion.valid):
        return
    found = (*detection.findings, *detection.folded)
    counted = [one for one in found if _counts(one, criterion)]
    certain = tuple(one for one in counted if one.confidence == Confidence.CERTAIN)
    waiting = tuple(one for one in counted if one.confidence == Confidence.LIKELY)
    decided = tuple(one for one in certain if one.severity != "review")
    silent = [each for each in detection.unassessed if each.name in criterion.absent]
    if decided:
        yield Answer(verdict=Verdict.NOT_MET, why=decided[0].message, findings=decided)
    if waiting or certain:
        both = (*certain, *waiting)
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why=both[0].message, findings=both)
    if silent:
        why = f"{silent[0].name} could not look: {silent[0].reason}"
        yield Answer(verdict=Verdict.NOT_ASSESSED, why=why)
    if criterion.task is not None and case.evidence.best(criterion.task) is None:
        # Nothing is found where nothing was evaluated; that earns no points by itself.
        yield _unseen(case)
    else:
        yield Answer(verdict=Verdict.MET, why=_nothing(criterion))


def _nothing(criterion: Criterion) -> str:
    if criterion.valid:
        return "Nothing was found that makes it invalid."
    n = len(criterion.absent)
    return f"{'The check' if n == 1 else f'All {n} checks'} found nothing."


def _counts(finding: Finding, criterion: Criterion) -> bool:
    """Whether a finding bears on this criterion: not the course's own, no hint, not minor."""
    invalid = criterion.valid and finding.severity == "invalid"
    return (
        (finding.name in criterion.absent or invalid)
        and not finding.from_starter
        and finding.severity != "minor"
        and finding.confidence != Confidence.HINT
        and (criterion.task is None or finding.task in (None, criterion.task))
    )


def _doubtful(criterion: Criterion, case: Case) -> Iterator[Answer]:
    """Nothing is earned by a recording that may not be what happened."""
    rests_on_it = criterion.task is not None or criterion.absent or criterion.valid
    if rests_on_it and case.evidence.recording.tampering:
        why = "What was recorded in our run may be incomplete or untrue, so a person looks."
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why=why)


def _min_n(criterion: Criterion, case: Case) -> Iterator[Answer]:
    if criterion.min_n is None or criterion.task is None:
        return
    best = case.evidence.best(criterion.task)
    if best is None:
        yield _unseen(case)
    elif best.n < criterion.min_n:
        why = f"{best.n:,} of at least {criterion.min_n:,} test items were scored."
        yield Answer(verdict=Verdict.NOT_MET, why=why)
    else:
        yield Answer(verdict=Verdict.MET, why=f"{best.n:,} test items were scored.")


def _unseen(case: Case) -> Answer:
    if EvidenceKind.RECORDING not in case.evidence.kinds:
        return Answer(verdict=Verdict.NOT_ASSESSED, why="The notebook was not run.")
    why = "No evaluation of this task was recorded in our run, so a person looks."
    return Answer(verdict=Verdict.NEEDS_REVIEW, why=why)


def _reported(criterion: Criterion, case: Case) -> Iterator[Answer]:
    if not criterion.reported or criterion.task is None:
        return
    if case.evidence.best(criterion.task) is None:
        yield _unseen(case)
        return
    entries = {
        metric: case.comparisons.get(criterion.task, metric) for metric in criterion.reported
    }
    missing = [name for name, each in entries.items() if each is None or each.rerun is None]
    unseen = [name for name, each in entries.items() if each and each.recomputed is None]
    changed = [each.why for each in entries.values() if each and each.explained is False]
    if missing:
        why = f"{_metrics(missing)} did not appear in our run, so a person looks."
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why=why)
    elif unseen:
        why = f"The predictions behind {_metrics(unseen)} were not recorded."
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why=why)
    elif changed:
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why=changed[0])
    else:
        why = f"{_metrics(criterion.reported)} equal the values recomputed from the predictions."
        yield Answer(verdict=Verdict.MET, why=why)


def _metrics(names: Iterable[MetricName]) -> str:
    return ", ".join(METRICS[name].spoken for name in names)


def _reproduced(criterion: Criterion, case: Case) -> Iterator[Answer]:
    if not criterion.reproduced or criterion.task is None:
        return
    entries = [each for each in case.comparisons.entries if each.task == criterion.task]
    saved = [each for each in entries if each.saved is not None]
    changed = [each for each in saved if each.reproduced is False]
    unknown = [each for each in saved if each.rerun is None]
    if not saved:
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why="The file holds no saved score.")
    elif unknown:
        why = f"Our run printed no {METRICS[unknown[0].metric].spoken}, so a person compares."
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why=why)
    elif changed:
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why=changed[0].why)
    else:
        yield Answer(verdict=Verdict.MET, why="Our run printed the saved scores.")


def _length(criterion: Criterion, case: Case) -> Iterator[Answer]:
    if criterion.min_words is None:
        return
    found = _words(criterion, case)
    if found is None:
        why = "No text under such a heading was found, so a person looks."
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why=why)
    elif found < criterion.min_words:
        why = f"{found:,} of at least {criterion.min_words:,} words were found; a person decides."
        yield Answer(verdict=Verdict.NEEDS_REVIEW, why=why)
    else:
        yield Answer(verdict=Verdict.MET, why=f"{found:,} words were found.")


def _words(criterion: Criterion, case: Case) -> int | None:
    found = [each.words for each in case.evidence.answers if each.id == criterion.answer]
    return sum(found) if found else None
