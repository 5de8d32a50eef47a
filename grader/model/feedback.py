"""What the student or the reviewer reads."""

from typing import Literal

from grader.model._base import Artifact

Audience = Literal["student", "reviewer"]


class Feedback(Artifact):
    """One rendered page."""

    audience: Audience
    """Who may read it; hints and starter findings never reach a student."""

    html: str
    """A self-contained page."""
