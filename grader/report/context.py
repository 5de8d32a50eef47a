"""What every page of one grading has in common."""

from datetime import datetime

from msgspec import Struct

from grader.model import Lab

__all__ = ["Context"]


class Context(Struct, frozen=True, kw_only=True):
    """The grading a page belongs to."""

    lab: Lab
    """The lab that was graded."""

    grader_version: str
    """Version of this program."""

    graded_at: datetime
    """When the grading ended, in UTC."""

    profile: str
    """Profile of the assets served, e.g. ``tiny``."""

    @property
    def date(self) -> str:
        """The moment as the pages write it, e.g. ``14 Nov 2026, 09:42 UTC``."""
        return f"{self.graded_at.day} {self.graded_at:%b %Y, %H:%M} UTC"
