"""Choose, for each metric of each task, the five values that belong together."""

from functools import partial

from msgspec import Struct

from grader.compare.against import SHARES, Against, Meeting
from grader.compare.present import Present, misfit, other_assets, renewing, warnings
from grader.compare.prompts import prompts
from grader.compare.verdict import (
    Row,
    changed_from,
    decide,
    different,
    interval,
    rounds_to,
    unexplained_by,
)
from grader.model import (
    METRICS,
    Band,
    Claim,
    Comparison,
    Comparisons,
    Evaluation,
    Evidence,
    Lab,
    MetricName,
    ReferenceRecord,
    Reported,
    Task,
    Value,
)

__all__ = ["compare"]


UNKNOWN = Present()


def compare(
    evidence: Evidence,
    lab: Lab,
    reference: ReferenceRecord | None,
    present: Present = UNKNOWN,
) -> Comparisons:
    """Compare what was claimed, saved, printed again, recomputed and reached by the reference.

    Args:
        evidence: What is known of the submission.
        lab: Tasks and their metrics.
        reference: Recorded runs of the staff notebook, if there are any. A record of another lab
            or profile is not compared with; one made with other libraries, assets or another staff
            notebook is, with a warning.
        present: What this run was made with, to be compared with what the reference had.
    """
    missing = "No reference run is recorded for this lab and profile."
    wrong = misfit(reference, lab) if reference else None
    if wrong is not None:
        missing, reference = f"{wrong} `{renewing(lab.id, lab.profile)}` makes one.", None
    entries = tuple(
        _comparison(_Side(evidence=evidence, task=task, metric=metric), opposite)
        for task in lab.tasks
        for opposite in [_opposite(evidence, lab, task, reference, present)]
        for metric in task.metrics
    )
    return Comparisons(
        entries=entries,
        reference_missing=None if reference else missing,
        reference_warnings=warnings(reference, lab, present) if reference else (),
    )


class _Opposite(Struct, frozen=True, kw_only=True):
    """What the reference has of one task."""

    record: ReferenceRecord
    meeting: Meeting | None
    """Its evaluation against the submission's, where that has one."""

    other_assets: str | None


def _opposite(
    evidence: Evidence, lab: Lab, task: Task, reference: ReferenceRecord | None, present: Present
) -> _Opposite | None:
    if reference is None:
        return None
    best = evidence.best(task.id)
    meeting = (
        Meeting(task=task, best=best, recording=evidence.recording, record=reference)
        if best is not None
        else None
    )
    return _Opposite(
        record=reference,
        meeting=meeting,
        other_assets=other_assets(reference, lab, task, present),
    )


class _Side(Struct, frozen=True, kw_only=True):
    """One metric of one task."""

    evidence: Evidence
    task: Task
    metric: MetricName

    @property
    def best(self) -> Evaluation | None:
        return self.evidence.best(self.task.id)

    def printed(self, source: str) -> list[Reported]:
        """Numbers of this metric printed for this task, in notebook order."""
        return [
            number
            for number in self.evidence.reported
            if (number.source, number.task, number.metric) == (source, self.task.id, self.metric)
        ]


def _comparison(side: _Side, opposite: _Opposite | None) -> Comparison:
    best = side.best
    average = _average(side)
    score = _score(best, side.metric, average)
    accepted = _accepted(best, side.metric, average)
    rerun = _rerun(side, accepted)
    against = _against(opposite, side, average, score)
    row = Row(
        task=side.task,
        metric=side.metric,
        best=best,
        ran=bool(side.evidence.rerun),
        claimed=_claimed(side),
        saved=_saved(side, rerun),
        rerun=rerun,
        recomputed=score,
        accepted=accepted,
        band=against.band if against else _band(opposite, side, average),
        average=average,
        against=against,
        reference=opposite.record.task(side.task.id) if opposite else None,
        other_assets=opposite.other_assets if opposite else None,
        prompts=partial(_prompts, side),
    )
    return _entry(row)


def _entry(row: Row) -> Comparison:
    """The row of the table, with its verdict."""
    best, score = row.best, row.recomputed
    n = best.n if best else None
    verdict, why = decide(row)
    unexplained, changed = unexplained_by(row), changed_from(row)
    return Comparison(
        task=row.task.id,
        metric=row.metric,
        average=row.average,
        claimed=_claim_value(row.claimed),
        saved=_printed_value(row.saved),
        rerun=_printed_value(row.rerun, n if score is not None else None),
        recomputed=_recomputed_value(score, best),
        explained=None if row.rerun is None or score is None else unexplained is None,
        reproduced=None if row.rerun is None or row.saved is None else changed is None,
        n=n,
        interval=interval(score, n) if row.metric in SHARES else None,
        reference=row.band,
        paired=row.against.paired if row.against else None,
        difficulty=row.against.difficulty if row.against else None,
        difference=row.against.difference if row.against else None,
        verdict=verdict,
        why=why,
    )


def _against(
    opposite: _Opposite | None, side: _Side, average: str | None, score: float | None
) -> Against | None:
    """What the reference says; nothing of an evaluation that is not what the task asks for."""
    meeting = opposite.meeting if opposite else None
    if meeting is None or score is None or different(side.task, meeting.best, score):
        return None
    return meeting.against(side.metric, average, score)


def _band(opposite: _Opposite | None, side: _Side, average: str | None) -> Band | None:
    """The band of a score that is not known."""
    if opposite is None:
        return None
    return opposite.record.band(side.task.id, side.metric, average)


def _prompts(side: _Side) -> tuple[str, ...] | None:
    best = side.best
    return prompts(side.evidence, side.task.id, best.cell if best else None)


def _average(side: _Side) -> str | None:
    """Averaging the student used for this metric, else the one the lab asks for."""
    if not METRICS[side.metric].averaged:
        return None
    best = side.best
    for call in side.evidence.recording.metric_calls:
        in_best = best is not None and (call.y_true, call.y_pred) == (best.y_true, best.y_pred)
        of_metric = call.function.startswith(side.metric) or call.function == _ALL_AT_ONCE
        if in_best and of_metric and call.average in _AVERAGES:
            return call.average
    named = {number.average for number in side.printed("saved") if number.average in _AVERAGES}
    return named.pop() if len(named) == 1 else side.task.average


_AVERAGES = ("macro", "weighted")
_ALL_AT_ONCE = "precision_recall_fscore_support"


def _score(best: Evaluation | None, metric: str, average: str | None) -> float | None:
    if best is None:
        return None
    return best.scores.get(metric if average is None else f"{metric}_{average}")


def _accepted(best: Evaluation | None, metric: str, average: str | None) -> tuple[float, ...]:
    """The recomputed score, then those of other conventions (``bleu4@...``) of the metric."""
    if best is None:
        return ()
    name = metric if average is None else f"{metric}_{average}"
    others = [value for each, value in best.scores.items() if each.startswith(f"{name}@")]
    return (*([best.scores[name]] if name in best.scores else []), *others)


def _rerun(side: _Side, accepted: tuple[float, ...]) -> Reported | None:
    """The printed number that is the recomputed one, most precise first, else the last."""
    printed = side.printed("rerun")
    same = [each for each in printed if any(rounds_to(value, each) for value in accepted)]
    if same:
        return max(same, key=lambda each: each.decimals)
    return printed[-1] if printed else None


def _saved(side: _Side, rerun: Reported | None) -> Reported | None:
    """The saved number at the place of the re-run one, else the last of the task."""
    saved = side.printed("saved")
    if rerun is not None:
        again = [each for each in side.printed("rerun") if each.cell == rerun.cell]
        there = [each for each in saved if each.cell == rerun.cell]
        if len(there) == len(again):
            return there[again.index(rerun)]
    return saved[-1] if saved else None


def _claimed(side: _Side) -> Claim | None:
    """The last claim that states a result; plain ones before hedged ones."""
    claims = [
        claim
        for claim in side.evidence.claims
        if (claim.task, claim.metric) == (side.task.id, side.metric)
        and not claim.target
        and not claim.cited
    ]
    plain = [claim for claim in claims if not claim.hedged]
    chosen = plain or claims
    return chosen[-1] if chosen else None


def _claim_value(claim: Claim | None) -> Value | None:
    if claim is None:
        return None
    return Value(value=claim.value, printed=claim.printed, n=claim.n, cell=claim.cell)


def _printed_value(number: Reported | None, n: int | None = None) -> Value | None:
    if number is None:
        return None
    return Value(value=number.value, printed=number.printed, n=number.n or n, cell=number.cell)


def _recomputed_value(score: float | None, best: Evaluation | None) -> Value | None:
    if score is None or best is None:
        return None
    return Value(value=score, n=best.n, cell=best.cell)
