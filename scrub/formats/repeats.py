"""How often an animated AVIF plays, which Pillow neither tells nor writes.

Its track's edit list shows the frames once or again and again (ISO/IEC 14496-12, 8.6.6), until the
length is reached that the header of the track says (8.3.2).
"""

from __future__ import annotations

from collections.abc import Iterator

from scrub.metadata.boxes import Box, first, inside, number

AGAIN = 1
"""The flag of an edit list that repeats."""

LENGTHS = {"mvhd": (16, 24), "tkhd": (20, 28), "elst": (8, 8)}
"""Where in the body of a box its length stands, in short and in long numbers."""


def plays(data: bytes) -> int | None:
    """How often: 0 for ever, None once. What does not say plays for ever, as in browsers."""
    view = memoryview(data)
    for header, edits in _tracks(view):
        if not number(view, edits.body, 4) & AGAIN:
            return None
        at, size = _length(view, header)
        whole, once = number(view, at, size), number(view, *_length(view, edits))
        if whole == _endless(size) or not once:
            return 0
        times = whole // once
        return times if times > 1 else None
    return 0


def repeated(data: bytes, loop: int | None) -> bytes:
    """The file, which plays for ever, playing as often as ``loop`` says; a still as it is."""
    view = memoryview(data)
    movie = first(view, 0, len(view), "moov", "mvhd")
    if loop == 0 or movie is None:
        return data
    times = loop or 1
    new = bytearray(data)
    longest = 0
    for header, edits in _tracks(view):
        length = times * number(view, *_length(view, edits))
        longest = max(longest, length)
        _put(new, view, header, length)
        new[edits.body + 3] = AGAIN * (times > 1)
    _put(new, view, movie, longest)
    return bytes(new)


def _tracks(view: memoryview) -> Iterator[tuple[Box, Box]]:
    """Header and edit list of each track that has both: of the picture and of its transparency."""
    for box in inside(view, "moov"):
        header = first(view, box.body, box.end, "tkhd")
        edits = first(view, box.body, box.end, "edts", "elst")
        if box.name == "trak" and header and edits:
            yield header, edits


def _length(view: memoryview, box: Box) -> tuple[int, int]:
    """Where the length stands that a box says, and in how many bytes."""
    wide = number(view, box.body, 1) == 1
    return box.body + LENGTHS[box.name][wide], 8 if wide else 4


def _put(new: bytearray, view: memoryview, box: Box, length: int) -> None:
    at, size = _length(view, box)
    new[at : at + size] = min(length, _endless(size) - 1).to_bytes(size, "big")


def _endless(size: int) -> int:
    """The largest number of so many bytes: a length without an end."""
    return (1 << 8 * size) - 1
