"""The text of a file, whatever encoding it was saved in."""

import json

from grader.errors import SubmissionError

BINARY = frozenset({*range(9), *range(14, 27), *range(28, 32)})
"""Bytes no text holds; tab, line and page ends and escape are not among them."""

CUT = ("unexpected end of data", "truncated data")
"""What codecs say of a text that ends within a character."""


NOTEBOOK = "a Jupyter notebook"


def decoded(content: bytes, what: str = NOTEBOOK) -> tuple[str, tuple[str, ...]]:
    """The text, and what had to be guessed to read it.

    UTF-8, UTF-16 and UTF-32 are read with or without a byte order mark. Text that is none of
    them is read as UTF-8 with the odd damaged byte, or as Windows-1252 (Latin-1), whichever
    fits more of its letters; a file that is not text is refused.

    Args:
        content: All of the file.
        what: What the file should be, for the message.

    Raises:
        SubmissionError: the file is not text.
    """
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding), ()
    except UnicodeDecodeError as error:
        if any(error.reason.startswith(each) for each in CUT) and not _rest(content, error):
            # Cut within a character: read on, to say where the notebook ends.
            return content[: error.start].decode(encoding), ()
    if not encoding.startswith("utf-8") or BINARY & frozenset(content):
        where = " in Jupyter" if what == NOTEBOOK else " as UTF-8"
        raise SubmissionError(
            f"The file is not {what}: its text is not UTF-8. Save it{where} and hand it in again."
        )
    return _guessed(content.removeprefix(b"\xef\xbb\xbf"))


def _rest(content: bytes, error: UnicodeDecodeError) -> bytes:
    return content[error.end :]


def _guessed(content: bytes) -> tuple[str, tuple[str, ...]]:
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    letters = sum(ord(char) > 127 for char in text) - damaged
    if letters > damaged:
        said = "byte was" if damaged == 1 else "bytes were"
        return text, (f"The file's text is UTF-8 with damage: {damaged} {said} replaced.",)
    guess = "The file's text is not UTF-8; it was read as Windows-1252 (Latin-1)."
    try:
        return content.decode("cp1252"), (guess,)
    except UnicodeDecodeError:
        return content.decode("latin-1"), (guess,)
