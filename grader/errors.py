"""Everything the grader raises on purpose.

* GraderError
  x InputError            the person running the grader can fix it; exit 2
    + LabError
    + StoreError
    + SubmissionError     one file; the batch goes on
  x MachineError          the machine failed; nothing is charged; exit 3
    + AssetError
    + SandboxError
      - SandboxUnavailable
      - SandboxTimeout
"""


class GraderError(Exception):
    """Base class; a notebook's own failure is never one of these."""


class InputError(GraderError):
    """The caller gave us something we cannot grade."""


class LabError(InputError):
    """A lab does not exist, or its ``lab.yaml`` is malformed."""


class StoreError(InputError):
    """A folder of results is missing, incomplete or from another version."""


class SubmissionError(InputError):
    """A submission could not be read; the message is written for the student."""


class MachineError(GraderError):
    """The machinery failed, so nothing may be concluded about a student."""


class AssetError(MachineError):
    """A model, dataset or metric of the lab is missing on this machine."""


class SandboxError(MachineError):
    """The sandbox failed."""


class SandboxUnavailable(SandboxError):  # noqa: N818
    """The sandbox could not start, or a wall it promises is missing here."""


class SandboxTimeout(SandboxError):  # noqa: N818
    """The sandbox stopped answering, as opposed to a cell that ran too long."""
