"""Containers behind one protocol, recognised by their bytes.

A new still format is one row in :data:`scrub.formats.still.STILLS` and one sample in the
tests; the command line, the documentation and the conformance suite follow the table.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scrub.errors import DamagedError, InputError, UnsupportedError
from scrub.formats.media import Form, Format, Frame, Media, Paint
from scrub.formats.sniff import HEAD, called, kind_of
from scrub.formats.still import ROWS, STILLS
from scrub.formats.strangers import remedy
from scrub.formats.video import VIDEOS, WRITTEN, Video, sound_length

__all__ = [
    "FORMATS",
    "Form",
    "Format",
    "Frame",
    "Media",
    "Paint",
    "called",
    "format_of",
    "kind_of",
    "probe",
    "sound_length",
    "target_of",
]

FORMATS: dict[str, Format] = {row.kind: row for row in (*STILLS, *VIDEOS)}
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
    names = ", ".join(map(called, FORMATS))
    if kind is None:
        raise UnsupportedError(
            path, "is not a picture or video that scrub knows", remedy(kind, names)
        )
    problem = f"is of a kind that scrub does not clean ({kind})"
    raise UnsupportedError(path, problem, remedy(kind, names))


def target_of(form: Format, to: str) -> Format:
    """What a file of ``form`` is written as.

    What ``to`` is not for stays the same: a picture becomes no video and a video no picture.
    What is never written becomes what its row says, and what cannot be written here JPEG.
    """
    if isinstance(form, Video):
        return FORMATS[to if to in WRITTEN else form.target]
    row = ROWS[to if to in ROWS else ROWS[form.kind].target or form.kind]
    return row if row.writable else ROWS["jpeg"]


def probe(path: Path, max_side: int | None = None, to: str = "same") -> Media:
    """Recognise the file and read its header; raises what :func:`format_of` raises and more.

    Raises UnsupportedError where the kind it is to be written as cannot hold all of it.
    """
    form = format_of(path)
    media = form.probe(path, max_side)
    target = target_of(form, to)
    if target is form:
        return media
    if media.form != "video" and media.frames > 1 and ROWS[target.kind].several != media.form:
        problem = f"holds {media.frames} pictures, which {called(target.kind)} cannot hold"
        raise UnsupportedError(path, problem, "use --to same")
    return replace(media, target=target.kind)
