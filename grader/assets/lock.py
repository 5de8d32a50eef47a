"""What ``grader assets pull`` got, so that a branch stays at the commit it stood for then."""

import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.errors import AssetError

FILE = "pulled.json"
"""Name of the lock file, in the grader's cache."""


class PulledFile(BaseModel):
    """One downloaded file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int
    """Bytes."""

    sha256: str
    """In hexadecimal."""


class Pulled(BaseModel):
    """One repository, or one address, as it was downloaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commit: str
    """Commit the declared revision stood for; empty for an address."""

    files: dict[str, PulledFile]
    """By path below the snapshot."""


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    pulled: dict[str, Pulled] = {}


class Lock:
    """The lock file of one cache.

    Args:
        cache: The grader's cache.

    Raises:
        AssetError: If the file is there and cannot be read.
    """

    def __init__(self, cache: Path) -> None:
        self._path = cache / FILE
        self._pulled = self._read()

    def pulled(self, kind: str, repository: str, revision: str) -> Pulled | None:
        """What was got for this revision of this repository, if it was pulled here."""
        return self._pulled.get(_key(kind, repository, revision))

    def record(self, kind: str, repository: str, revision: str, pulled: Pulled) -> None:
        """Add what was got; the file is there completely or as it was before."""
        self._pulled = self._read() | {_key(kind, repository, revision): pulled}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = _Document(pulled=self._pulled).model_dump_json(indent=1)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".pulled-")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(self._path)

    def _read(self) -> dict[str, Pulled]:
        try:
            text = self._path.read_text(encoding="utf-8")
            return dict(_Document.model_validate_json(text).pulled)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            said = " ".join(str(error).split())
            raise AssetError(
                f"{self._path} cannot be read: {said}. Delete it, and pull the assets again."
            ) from error


def _key(kind: str, repository: str, revision: str) -> str:
    return f"{kind} {repository}@{revision}"
