"""Bytes and strings from a hostile file as a line that is safe to show."""

from __future__ import annotations

import re

LONGEST = 200
_RUN = re.compile(rb"[\x20-\x7e]{5,}")


def printable(text: str | bytes) -> str:
    """One line of at most 200 characters without control, format or bidirectional codes.

    Bytes are read as UTF-8, and as Latin-1 where they are not; zeros and blanks around the
    text are dropped, everything else that does not print becomes a question mark.
    """
    if isinstance(text, bytes):
        # A character may be cut at the end of the slice, hence the four bytes of slack.
        text = _decode(text[: 4 * LONGEST + 4])
    line = " ".join(text[: 4 * LONGEST].strip("\0 \t\r\n").split())
    return "".join(c if c.isprintable() else "?" for c in line[:LONGEST])


def words(raw: bytes) -> str:
    """The readable runs in the first 4096 bytes of data of an unknown form, as one line.

    A run has five or more ASCII characters; zeros between them, as in UTF-16, do not count.
    """
    return printable(b" ".join(_RUN.findall(raw[:4096].replace(b"\0", b""))))


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # Only a character cut off by the slice may be broken in text that is UTF-8.
        if error.start >= len(raw) - 3 and error.start > 0:
            return raw[: error.start].decode("utf-8")
        return raw.decode("latin-1")
