"""Other submissions of the same class, as far as results can be compared."""

from grader.model._base import Artifact
from grader.model.arrays import Label


class PeerResult(Artifact):
    """What a submission shows of one task."""

    task: str
    """Id of the task."""

    by_chance: bool = False
    """Whether a model was trained with gradients, or answers were sampled, and nothing in the code
    sets a seed: two such runs never give the same by themselves."""

    scores: tuple[str, ...] = ()
    """Distinct scores of its saved outputs, at least four decimals each, as ``accuracy 0.9141``,
    in order; those of cells of the starter left out."""

    losses: tuple[str, ...] = ()
    """Distinct losses, likewise."""

    errors: int | None = None
    """Wrong answers among the items scored, by the saved accuracy; ``None`` when unknown."""

    work: tuple[str, ...] = ()
    """Trainings our run recorded, as ``AdamW 70 steps of google/vit-base``."""

    labels: str | None = None
    """Id of the array of true labels of our run, which tells which items in which order."""

    predictions: str | None = None
    """Id of the array of predictions."""

    answers: tuple[Label, ...] | None = None
    """The first predictions; ``None`` when not recorded."""


class Peer(Artifact):
    """One submission, without the name of whoever handed it in."""

    submission: str
    """Digest of its file."""

    results: tuple[PeerResult, ...] = ()
    """What it shows, by task."""

    def result(self, task: str) -> PeerResult | None:
        """What it shows of a task."""
        return next((each for each in self.results if each.task == task), None)


class Cohort(Artifact):
    """A submission beside the others of its class."""

    own: Peer
    """The submission itself."""

    others: tuple[Peer, ...] = ()
    """The others."""
