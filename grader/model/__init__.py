"""Frozen artifacts handed from one stage to the next.

Submission -> Run -> Evidence -> Comparisons -> Detection -> Grade -> Feedback
"""

from grader.model.case import Case
from grader.model.comparison import Band, Comparison, Comparisons, ComparisonVerdict, Value
from grader.model.evidence import Evaluation, Evidence, EvidenceKind, EvidenceRef, LabelOrigin
from grader.model.feedback import Audience, Feedback
from grader.model.finding import SEVERITIES, Confidence, Detection, Finding, Unassessed
from grader.model.grade import CriterionGrade, Grade, Verdict
from grader.model.lab import Answer, Asset, Criterion, Lab, Limits, MetricName, Severity, Task
from grader.model.recording import (
    ForwardPass,
    Label,
    LabelArray,
    LoadedAsset,
    MetricCall,
    NamedArray,
    Recording,
    Tampering,
    TamperingKind,
    TrainerCall,
)
from grader.model.reference import ReferenceRecord, ReferenceRun, ReferenceScore, ReferenceTask
from grader.model.result import (
    SCHEMA,
    BandRow,
    ComparisonRow,
    CriterionRow,
    FindingRow,
    Outcome,
    Result,
    Results,
    SubmissionRow,
    UnassessedRow,
)
from grader.model.run import Adaptation, CellRun, Event, Machine, Run, RunOutcome
from grader.model.source import (
    Argument,
    Binding,
    Function,
    Node,
    NodeKind,
    SourceGraph,
    Tag,
    Unparsed,
)
from grader.model.statement import Average, Claim, Reported, WrittenAnswer
from grader.model.submission import Cell, Output, Submission

__all__ = [
    "SCHEMA",
    "SEVERITIES",
    "Adaptation",
    "Answer",
    "Argument",
    "Asset",
    "Audience",
    "Average",
    "Band",
    "BandRow",
    "Binding",
    "Case",
    "Cell",
    "CellRun",
    "Claim",
    "Comparison",
    "ComparisonRow",
    "ComparisonVerdict",
    "Comparisons",
    "Confidence",
    "Criterion",
    "CriterionGrade",
    "CriterionRow",
    "Detection",
    "Evaluation",
    "Event",
    "Evidence",
    "EvidenceKind",
    "EvidenceRef",
    "Feedback",
    "Finding",
    "FindingRow",
    "ForwardPass",
    "Function",
    "Grade",
    "Lab",
    "Label",
    "LabelArray",
    "LabelOrigin",
    "Limits",
    "LoadedAsset",
    "Machine",
    "MetricCall",
    "MetricName",
    "NamedArray",
    "Node",
    "NodeKind",
    "Outcome",
    "Output",
    "Recording",
    "ReferenceRecord",
    "ReferenceRun",
    "ReferenceScore",
    "ReferenceTask",
    "Reported",
    "Result",
    "Results",
    "Run",
    "RunOutcome",
    "Severity",
    "SourceGraph",
    "Submission",
    "SubmissionRow",
    "Tag",
    "Tampering",
    "TamperingKind",
    "Task",
    "TrainerCall",
    "Unassessed",
    "UnassessedRow",
    "Unparsed",
    "Value",
    "Verdict",
    "WrittenAnswer",
]
