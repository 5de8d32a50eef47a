"""The answer first: what holds and what does not."""

from msgspec import Struct

from grader.model import Comparison, Confidence, EvidenceKind, Outcome, Task
from grader.report.text import count, plural
from grader.report.view.reading import Reading, task_name
from grader.report.view.spelling import metric_name, sample, spelled

__all__ = ["Clause", "clause", "verdict"]

# Said when a stage gave no sentence of its own.
_OUTCOMES = {
    Outcome.UNREADABLE: "The file could not be read; hand in a complete copy.",
    Outcome.TIMEOUT: "Your notebook reached the time limit; what ran before is graded.",
    Outcome.KILLED: "The kernel of your notebook stopped; what ran before is graded.",
    Outcome.ENVIRONMENT: "This runner lacks something your notebook needs, so it was not run.",
    Outcome.HARNESS_ERROR: "Our runner stopped before your notebook was finished.",
}
_AFTER = {
    Outcome.UNREADABLE: "Nothing in it has been judged.",
    Outcome.ENVIRONMENT: "This costs no points. The course repairs the runner and runs your "
    "notebook again.",
    Outcome.HARNESS_ERROR: "This costs no points. Your notebook will run again.",
}


class Clause(Struct, frozen=True):
    """What can be said about one task."""

    text: str
    holds: bool


def verdict(reading: Reading) -> tuple[str, str]:
    """The verdict and what follows it; the second may be empty."""
    result = reading.result
    if result.outcome in (Outcome.GRADED, Outcome.NEEDS_REVIEW):
        return _sentence(reading), ""
    ended = result.run.message if result.run else ""
    message = result.message or ended or _OUTCOMES[result.outcome]
    if result.outcome in _AFTER:
        said = "costs no points" in message
        return message, "" if said else _AFTER[result.outcome]
    return message, _sentence(reading) if result.evidence else ""


def _sentence(reading: Reading) -> str:
    clauses = [clause(reading, task) for task in reading.context.lab.tasks]
    ordered = [each.text for each in sorted(clauses, key=lambda each: not each.holds)]
    text = "; ".join(ordered)
    return f"{text[:1].upper()}{text[1:]}."


def clause(reading: Reading, task: Task) -> Clause:
    """One clause about a task, composed from what is known about it."""
    entry = reading.headline(task.id)
    limited = _too_few(reading, task) or _invalid(reading, task)
    if limited:
        return Clause(limited, False)
    name = task_name(task)
    if entry is None or entry.verdict == "not-evaluated":
        return Clause(_not_evaluated(reading, name, entry), False)
    return _compared(entry, reading, task)


def _too_few(reading: Reading, task: Task) -> str:
    best = reading.best(task.id)
    if best is None or best.n >= task.min_n:
        return ""
    noun = sample(task, best.split)
    if best.n == 1:
        nothing = "no accuracy" if task.kind == "classification" else "nothing"
        return (
            f"your {task_name(task)} score comes from one {noun}, "
            f"so {nothing} can be read from it yet"
        )
    return (
        f"your {task_name(task)} score comes from {count(best.n)} {noun}s, "
        f"fewer than the {count(task.min_n)} asked for"
    )


def _invalid(reading: Reading, task: Task) -> str:
    grave = [each for each in reading.of_task(task.id) if each.finding.severity == "invalid"]
    if not grave:
        return ""
    name = task_name(task)
    if any(each.finding.confidence is Confidence.CERTAIN for each in grave):
        return f"no {name} score can be read from this evaluation yet"
    return f"a person looks at your {name} score before it counts"


def _not_evaluated(reading: Reading, name: str, entry: Comparison | None) -> str:
    evidence = reading.result.evidence
    if evidence is None or EvidenceKind.RECORDING not in evidence.kinds:
        return f"your {name} score was not checked, because your notebook was not run"
    if entry is not None and entry.rerun is not None:
        return f"what your {name} score was computed from was not recorded"
    return f"no {name} evaluation was recorded when your notebook ran"


def _compared(entry: Comparison, reading: Reading, task: Task) -> Clause:
    subject = _subject(entry, reading, task)
    graver = [each for each in reading.of_task(task.id) if each.finding.severity == "major"]
    if entry.verdict in ("agrees", "within-band"):
        if graver:
            return Clause(f"{subject} was reproduced, but see {graver[0].finding.code}", False)
        return Clause(f"{subject} {_holding(entry)}", True)
    endings = {
        "not-reproduced": "was not reproduced by our run",
        "above-band": "lies above the reference band",
        "below-band": "lies below the reference band",
        "not-comparable": _difference(reading, task),
    }
    return Clause(f"{subject} {endings[entry.verdict]}", False)


def _subject(entry: Comparison, reading: Reading, task: Task) -> str:
    value = entry.recomputed or entry.rerun or entry.saved or entry.claimed
    of = f" of {spelled(entry.metric, value.value)}" if value else ""
    return f"your {task_name(task)} {metric_name(entry.metric)}{of}{_on(entry, reading, task)}"


def _on(entry: Comparison, reading: Reading, task: Task) -> str:
    if entry.n is None:
        return ""
    best = reading.best(task.id)
    return f" on {plural(entry.n, sample(task, best.split if best else None))}"


def _holding(entry: Comparison) -> str:
    if entry.verdict == "within-band":
        return "holds"
    if entry.saved is not None and entry.rerun is not None:
        return "was reproduced"
    return "was recomputed from your predictions"


def _difference(reading: Reading, task: Task) -> str:
    best = reading.best(task.id)
    if best is not None and best.is_training_data:
        return "was computed on the images the model was trained on"
    if best is not None and best.split not in (None, task.split):
        return f"was computed on the {best.split} split, not on the {task.split} split"
    return "could not be compared"
