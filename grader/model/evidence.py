"""Facts about a submission, and how to point at one."""

from enum import StrEnum

from pydantic import Field

from grader.model._base import Artifact
from grader.model.figure import Coverage, Figure, PrintedMatrix, Quotation, Stated
from grader.model.metric import TaskKind
from grader.model.provenance import Provenance
from grader.model.recording import Recording
from grader.model.run import CellRun
from grader.model.source import SourceGraph
from grader.model.statement import Claim, Reported, WrittenAnswer
from grader.model.submission import Submission


class EvidenceKind(StrEnum):
    """A kind of fact a detector may ask for."""

    SOURCE = "source"
    """What the cells say; known for every notebook that could be read."""

    SAVED = "saved"
    """Outputs saved in the file."""

    PROSE = "prose"
    """Text cells."""

    RERUN = "rerun"
    """Outputs of our own run."""

    RECORDING = "recording"
    """What the recorder saw during our own run."""


class EvidenceRef(Artifact):
    """A pointer into the evidence, kept with every finding."""

    kind: EvidenceKind
    """Which kind of fact."""

    cell: int
    """Cell it came from."""

    line: int | None = None
    """One-based line: of the source, or of the output's text."""

    end_line: int | None = None
    """Last line, when there are several."""

    remark: str = ""
    """A few words shown beside the line, e.g. ``keeps 1 of 128 images``."""


class LabelOrigin(Artifact):
    """Where an array of true labels was found among the labels the harness served."""

    dataset: str
    """Canonical id of the dataset."""

    split: str
    """Its split."""

    start: int
    """First row; the labels equal rows ``start`` to ``start + n`` exactly."""

    rows: tuple[int, ...] = ()
    """The row of every item where they do not follow one another; ``start`` is then the first."""


class Evaluation(Artifact):
    """One scoring of predictions against labels, rebuilt outside the student's process."""

    task: str | None
    """Task it belongs to, where that could be told."""

    cell: int | None
    """Cell that made it."""

    kind: TaskKind = "classification"
    """What was evaluated."""

    source: str
    """``trainer.predict``, ``trainer.evaluate``, ``namespace``, or the library whose metric was
    called: ``sklearn``, ``evaluate``, ``sacrebleu``."""

    n: int
    """Items scored."""

    y_true: str | None
    """Array of labels in the recording."""

    y_pred: str | None
    """Array of predictions."""

    classes: int | None
    """Distinct labels in ``y_true``."""

    references: tuple[str, ...] = ()
    """Arrays of reference texts, as in ``TextMetricCall``, of captions."""

    matrix: str | None = None
    """Matrix in the recording: of similarities, images by captions; of scores, items by classes."""

    transposed: bool = False
    """Whether ``matrix`` is captions by images instead."""

    origin: LabelOrigin | None = None
    """Which served rows the labels are; ``None`` when they could not be placed."""

    dataset: str | None = None
    """Dataset scored, from the trainer or the origin of the labels."""

    split: str | None = None
    """Split scored, likewise."""

    is_training_data: bool | None = None
    """Whether a model was trained on exactly these rows; ``None`` when not known."""

    off_task: bool = False
    """Whether it was made on another split than the task's, on the data trained on, or with
    another task's model: it then stands for the task only when nothing else does."""

    headline: bool = False
    """Whether it is the one the notebook reports for its task; at most one of a task is."""

    model: str | None = None
    """Model that predicted, where one is known."""

    forward_rows: int | None = None
    """Image rows through any loaded model up to the end of this cell."""

    scores: dict[str, float] = Field(default_factory=dict)
    """Recomputed, by name of the metric; ``precision_macro``, ``precision_weighted``,
    ``recall_*`` and ``f1_*`` where it depends on averaging. Empty when what they are computed
    from is unknown. Behind an ``@`` stands another convention under which the same items give
    another value that a notebook may print without being wrong, e.g. ``bleu4@nltk``;
    ``metric_of`` tells the metric."""


class Evidence(Artifact):
    """Everything later stages may know about a submission."""

    submission: Submission
    """What was handed in."""

    kinds: frozenset[EvidenceKind]
    """What was captured. An absent kind is unknown, not empty."""

    source: SourceGraph = SourceGraph()
    """Def-use graph, with ``SOURCE``."""

    reported: tuple[Reported, ...] = ()
    """Metrics in outputs: ``saved`` ones with ``SAVED``, ``rerun`` ones with ``RERUN``."""

    claims: tuple[Claim, ...] = ()
    """Metrics in text, with ``PROSE``."""

    answers: tuple[WrittenAnswer, ...] = ()
    """Written answers, with ``PROSE``."""

    figures: tuple[Figure, ...] = ()
    """Every number that outputs and text give a name to, metrics among them: those in saved
    outputs, in outputs of our run, in text, each in the order in which they stand."""

    matrices: tuple[PrintedMatrix, ...] = ()
    """Confusion matrices, similarity matrices and their like, in outputs and in text."""

    quotations: tuple[Quotation, ...] = ()
    """Words the text quotes, with ``PROSE``."""

    coverage: Coverage = Coverage()
    """How many numbers of the text were understood, with ``PROSE``."""

    stated: tuple[Stated, ...] = ()
    """Evaluations as the submission itself shows them."""

    provenance: tuple[Provenance, ...] = ()
    """Where figures come from: of scores, losses, similarities and shares."""

    rerun: tuple[CellRun, ...] = ()
    """Cells as our run saw them, with ``RERUN``."""

    recording: Recording = Recording()
    """Events, with ``RECORDING``."""

    evaluations: tuple[Evaluation, ...] = ()
    """Scorings, best evidence first within a task, with ``RECORDING``."""

    cell_tasks: dict[int, str] = Field(default_factory=dict)
    """Task each cell belongs to, by headings, comments and the models it uses."""

    tampering: bool = False
    """Whether the recorder stopped before the end without the kernel dying."""

    def best(self, task: str) -> Evaluation | None:
        """The evaluation a task is judged by: the headline, else on its own split, with most items.

        A demonstration on one picture before a full evaluation is therefore never judged, and
        what was scored while training does not hide a test on one image.
        """
        of_task = [each for each in self.evaluations if each.task == task]
        return max(
            of_task,
            key=lambda each: (each.headline, not each.off_task, each.n, each.cell or -1),
            default=None,
        )
