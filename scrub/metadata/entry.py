"""One thing that a file carries."""

from __future__ import annotations

from dataclasses import dataclass, field

STRUCTURE = "structure of the file"
"""What an entry is that tells a person nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A segment, chunk, tag, extension, trailer or embedded picture of a file.

    ``place`` is where it sits in the container's own words and is what the allow-list is
    keyed by ("APP1 Exif", "IFD0 0x8825", "tEXt", "after the end"); ``what`` says the same
    to a person ("GPS position", "uncovered thumbnail"); ``size`` is in bytes; ``value`` is
    printable and at most 200 characters long, or empty; ``payload`` holds the bytes that
    the allow-list looks into, or is empty where their presence alone decides; ``picture`` is a
    picture or video within the file that can be shown as it is, or is empty.
    """

    place: str
    what: str
    size: int
    value: str = ""
    payload: bytes = field(default=b"", repr=False)
    picture: bytes = field(default=b"", repr=False, compare=False)
