"""Compare runs of the staff notebook with a record of earlier ones, and two records."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from grader.compare.items import Scored
from grader.compare.reference import Texts, answers_of, judged, spelled
from grader.metrics.agreement import agreement
from grader.model import (
    Evidence,
    Lab,
    Machine,
    ReferenceRecord,
    ReferenceRun,
    ReferenceScore,
    ReferenceTask,
    Task,
)

__all__ = ["Checked", "check", "diff", "same_machine"]

CLOSE = 1e-4
"""Largest difference of a score that is the same: a sum of 32-bit floats in another order."""


class Checked(Struct, frozen=True, kw_only=True):
    """One task of one run beside the record."""

    task: str
    seed: int
    said: str
    """What was compared and found; one line."""

    wrong: tuple[str, ...] = ()
    """How the run contradicts the record; empty where it does not."""


def same_machine(record: ReferenceRecord, machine: Machine, cpu: str | None) -> bool:
    """Whether the same seed must give the same answers: same versions, device and processor."""
    here = (machine.versions, machine.device, machine.cores, cpu)
    there = record.machine
    return cpu is not None and here == (there.versions, there.device, there.cores, record.cpu)


def check(
    record: ReferenceRecord,
    lab: Lab,
    runs: Mapping[int, Evidence],
    texts: Texts,
    *,
    exactly: bool,
) -> Iterator[Checked]:
    """Compare new runs with the record, task by task.

    A task that trains must land in the band of each metric. Deterministic inference must give the
    recorded answer to every item where it runs on the same machine, and else, because another
    processor adds floats up in another order, stay in the band of each metric.

    Args:
        record: What was recorded.
        lab: Tasks and metrics.
        runs: Evidence of the new runs, by seed.
        texts: Captions and answers served.
        exactly: Whether machine and versions are those of the record (``same_machine``).

    Raises:
        LabError: If a run did not evaluate a task.
    """
    for seed, evidence in runs.items():
        for task in lab.tasks:
            yield _checked(record, judged(evidence, task, seed, texts), seed, exactly=exactly)


def _checked(record: ReferenceRecord, now: Scored, seed: int, *, exactly: bool) -> Checked:
    task, there = now.task, record.task(now.task.id)
    if there is None:
        return _told(now, seed, "not compared", "the record has no such task")
    wrong = [*_other(there, now), *_outside(record, now)]
    alike = None if wrong else _alike(record, now, seed)
    demanded = exactly and not task.trained and there.exact is True
    if demanded and not wrong and alike != 1.0:
        share = "unknown" if alike is None else f"{alike:.2%}"
        wrong.append(f"answers as recorded: {share}, not all of them")
    return _told(now, seed, _said(alike, demanded=demanded, there=there), *wrong)


def _told(now: Scored, seed: int, said: str, *wrong: str) -> Checked:
    scores = ", ".join(
        f"{metric} {value:.4f}"
        for metric in now.task.metrics
        if (value := _value(now, metric, now.task)) is not None
    )
    said = f"{scores}, n={now.evaluation.n:,}; {said}"
    return Checked(task=now.task.id, seed=seed, said=said, wrong=wrong)


def _value(now: Scored, metric: str, task: Task) -> float | None:
    scores = now.evaluation.scores
    return scores.get(metric, scores.get(spelled(metric, task.average)))


def _said(alike: float | None, *, demanded: bool, there: ReferenceTask) -> str:
    if demanded:
        return "answers compared one by one"
    shared = "" if alike is None else f", {alike:.2%} of the answers as recorded"
    why = "the model is trained" if there.trained else "another machine or other versions"
    return f"scores compared with the band ({why}){shared}"


def _other(there: ReferenceTask, now: Scored) -> Iterator[str]:
    """What was evaluated otherwise than in the record."""
    best = now.evaluation
    for what, recorded, found in (
        ("n", there.n, best.n),
        ("model", there.model, best.model),
        ("dataset", there.dataset, best.dataset),
        ("split", there.split, best.split),
    ):
        if recorded != found:
            yield f"{what} is {found}, not {recorded}"


def _outside(record: ReferenceRecord, now: Scored) -> Iterator[str]:
    for score in (each for each in record.scores if each.task == now.task.id):
        name = spelled(score.metric, score.average)
        value, band = now.evaluation.scores.get(name), score.band
        if value is None:
            yield f"{name} is not known"
        elif not band.low - CLOSE <= value <= band.high + CLOSE:
            yield f"{name} {value:.4f} lies outside {band.low:.4f} to {band.high:.4f}"


def _alike(record: ReferenceRecord, now: Scored, seed: int) -> float | None:
    """Share of items answered as in the recorded run of this seed, else of the first one."""
    run = next((each for each in record.runs if each.seed == seed), None)
    there = _recorded(record, run or next(iter(record.runs), None), now)
    here = answers_of(now)
    if not there or len(there) != len(here):
        return None
    return agreement(list(map(str, there)), list(map(str, here))).share


def _recorded(
    record: ReferenceRecord, run: ReferenceRun | None, now: Scored
) -> Sequence[int | str]:
    """Recorded answers; of a matrix, what each item scored."""
    evaluation = run.evaluation(now.task.id) if run else None
    if evaluation is not None and evaluation.y_pred is not None:
        return record.labels(evaluation.y_pred) or ()
    task = record.task(now.task.id)
    if task is None:
        return ()
    return [f"{name} {each:.4f}" for name in sorted(task.items) for each in task.items[name]]


def diff(one: ReferenceRecord, other: ReferenceRecord) -> Iterator[str]:
    """What differs between two records, one line each; nothing where they say the same.

    Dates, seconds and what is derived from the rest are not compared.
    """
    yield from _circumstances(one, other)
    for task in dict.fromkeys(each.task for each in (*one.tasks, *other.tasks)):
        yield from _tasks(task, one, other)
    theirs = {_key(score): score for score in other.scores}
    for score in one.scores:
        yield from _scores(score, theirs.pop(_key(score), None))
    yield from (f"{_named(score)}: only in the second" for score in theirs.values())


def _circumstances(one: ReferenceRecord, other: ReferenceRecord) -> Iterator[str]:
    pairs: dict[str, tuple[object, object]] = {
        "lab": (one.lab, other.lab),
        "lab version": (one.lab_version, other.lab_version),
        "profile": (one.profile, other.profile),
        "seeds": (list(one.seeds), list(other.seeds)),
        "staff notebook": (one.notebook[:12], other.notebook[:12]),
        "Python": (one.machine.python, other.machine.python),
        "platform": (one.machine.platform, other.machine.platform),
        "device": (one.machine.device, other.machine.device),
        "processor": (one.cpu, other.cpu),
    }
    for kind, (left, right) in {
        "": (one.machine.versions, other.machine.versions),
        "asset ": (one.assets, other.assets),
    }.items():
        for name in sorted({*left, *right}):
            pairs[f"{kind}{name}"] = (left.get(name), right.get(name))
    for what, (left_value, right_value) in pairs.items():
        if left_value != right_value:
            yield f"{what}: {left_value} / {right_value}"


def _tasks(name: str, one: ReferenceRecord, other: ReferenceRecord) -> Iterator[str]:
    left, right = one.task(name), other.task(name)
    if left is None or right is None:
        yield f"{name}: only in the {'second' if left is None else 'first'}"
        return
    for what in ("model", "dataset", "split", "n", "trained", "exact", "prompts"):
        if getattr(left, what) != getattr(right, what):
            yield f"{name}, {what}: {getattr(left, what)} / {getattr(right, what)}"
    for metric in left.items.keys() & right.items.keys():
        values, others = left.items[metric], right.items[metric]
        if len(values) == len(others):
            changed = sum(
                abs(mine - theirs) > CLOSE for mine, theirs in zip(values, others, strict=True)
            )
            if changed:
                yield f"{name}, {metric}: {changed:,} of {len(values):,} items differ"


def _scores(left: ReferenceScore, right: ReferenceScore | None) -> Iterator[str]:
    if right is None:
        yield f"{_named(left)}: only in the first"
        return
    if abs(left.mean - right.mean) > CLOSE:
        yield f"{_named(left)}: {left.mean:.4f} / {right.mean:.4f} ({right.mean - left.mean:+.4f})"
    bands = (left.band.low, left.band.high), (right.band.low, right.band.high)
    if any(abs(mine - theirs) > CLOSE for mine, theirs in zip(*bands, strict=True)):
        spans = " / ".join(f"{low:.4f} to {high:.4f}" for low, high in bands)
        yield f"{_named(left)}, band: {spans}"


def _key(score: ReferenceScore) -> tuple[str, str, str | None]:
    return score.task, score.metric, score.average


def _named(score: ReferenceScore) -> str:
    return f"{score.task} {spelled(score.metric, score.average)}"
