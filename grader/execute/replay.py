"""A sandbox that plays back recorded runs."""

from collections.abc import Mapping

from msgspec import Struct

from grader.errors import SandboxUnavailable
from grader.execute.sandbox import RunOptions
from grader.model import Run, Submission


class ReplaySandbox(Struct, frozen=True):
    """Answer from recordings, by submission digest. Needs no kernel."""

    recordings: Mapping[str, Run]

    def run(self, submission: Submission, options: RunOptions) -> Run:
        """Return the recording of exactly this submission; the options change nothing.

        Raises:
            SandboxUnavailable: If there is none.
        """
        try:
            return self.recordings[submission.digest]
        except KeyError:
            raise SandboxUnavailable(
                f"no recording of submission {submission.digest[:12]}"
            ) from None
