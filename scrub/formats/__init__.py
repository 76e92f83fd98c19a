"""Containers behind one protocol, recognised by their bytes.

A new still format is one row in :data:`scrub.formats.still.STILLS` and one sample in the
tests; the command line, the documentation and the conformance suite follow the table.
"""

from __future__ import annotations

from pathlib import Path

from scrub.errors import DamagedError, InputError, UnsupportedError
from scrub.formats.media import Form, Format, Frame, Media, Paint
from scrub.formats.sniff import HEAD, kind_of
from scrub.formats.still import STILLS

__all__ = ["FORMATS", "Form", "Format", "Frame", "Media", "Paint", "format_of", "probe"]

FORMATS: dict[str, Format] = {still.kind: still for still in STILLS}
"""Kind -> how to read and write it."""


def format_of(path: Path) -> Format:
    """The format of the file at ``path``, from its first bytes.

    Raises InputError where it cannot be read, DamagedError where it is empty and
    UnsupportedError where it is not one of :data:`FORMATS`.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(path, f"cannot be read ({reason})", "change its permissions") from error
    if not head:
        raise DamagedError(path, "is empty", "get a whole copy of it")
    kind = kind_of(head)
    if kind in FORMATS:
        return FORMATS[kind]
    names = ", ".join(FORMATS)
    if kind is None:
        raise UnsupportedError(
            path, "is not a picture that scrub knows", f"convert it to one of {names} first"
        )
    raise UnsupportedError(
        path, f"is {kind}, which scrub does not clean", f"convert it to one of {names} first"
    )


def probe(path: Path, max_side: int | None = None) -> Media:
    """Recognise the file and read its header; raises what :func:`format_of` raises and more."""
    return format_of(path).probe(path, max_side)
