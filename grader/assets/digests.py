"""Digests of files and of what is made of several."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

CHUNK = 1 << 20


def sha256(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def git_sha1(file: Path) -> str:
    """The name git gives a file's content: SHA-1 of a header with its size, and the content."""
    digest = hashlib.sha1(f"blob {file.stat().st_size}\0".encode(), usedforsecurity=False)
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def combined(digests: Iterable[tuple[str, str]]) -> str:
    """One digest for several named contents, as a lab declares it.

    Args:
        digests: Name and SHA-256 of each; their order does not matter.

    Returns:
        ``sha256:`` and the digest of the only content, or of what ``sha256sum`` prints of all of
        them, sorted by name.
    """
    ordered = sorted(digests)
    if len(ordered) == 1:
        return f"sha256:{ordered[0][1]}"
    listing = "".join(f"{digest}  {name}\n" for name, digest in ordered)
    return f"sha256:{hashlib.sha256(listing.encode()).hexdigest()}"
