"""Decide what the findings are worth."""

from grader.model import (
    Case,
    Criterion,
    CriterionGrade,
    Detection,
    Finding,
    Grade,
    Verdict,
)
from grader.score.conditions import Answer, check

__all__ = ["score"]


def score(case: Case, detection: Detection) -> Grade:
    """Apply the lab's criteria to evidence, comparisons and findings.

    A criterion is met when every condition it names holds, and not met only for something
    certain: a certain finding, or a count of the recorder. Everything else waits for a person.
    """
    return Grade(
        submission=case.evidence.submission.digest,
        rubric=f"{case.lab.id}@{case.lab.version}",
        criteria=tuple(_judge(each, case, detection) for each in case.lab.criteria),
    )


def _judge(criterion: Criterion, case: Case, detection: Detection) -> CriterionGrade:
    answers = check(criterion, case, detection)
    decisive = _decisive(answers)
    points = {Verdict.MET: criterion.points, Verdict.NOT_MET: 0.0}.get(decisive.verdict)
    return CriterionGrade(
        criterion=criterion.id,
        title=criterion.title,
        task=criterion.task,
        verdict=decisive.verdict,
        points=points,
        max_points=criterion.points,
        why=decisive.why,
        findings=_findings(answers, decisive),
        manual=criterion.manual,
    )


ORDER = (Verdict.NOT_MET, Verdict.NEEDS_REVIEW, Verdict.NOT_ASSESSED, Verdict.MET)


def _decisive(answers: tuple[Answer, ...]) -> Answer:
    """The gravest answer decides; among equals one with findings, then the first one asked."""
    return min(answers, key=lambda answer: (ORDER.index(answer.verdict), not answer.findings))


def _findings(answers: tuple[Answer, ...], decisive: Answer) -> tuple[Finding, ...]:
    kept: list[Finding] = []
    for answer in answers:
        if answer.verdict == decisive.verdict:
            kept.extend(one for one in answer.findings if one not in kept)
    return tuple(kept)
