"""The boxes of an ISO base media file: where each sits, not what it means.

Layout after ISO/IEC 14496-12 section 4.2; MP4, QuickTime, HEIF and JPEG 2000 share it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from scrub.metadata.entry import Entry
from scrub.metadata.text import words
from scrub.metadata.trailer import after_end

# Letters, digits and blanks; the sign of copyright begins QuickTime's texts ("\xa9xyz").
_NAME = re.compile(rb"[\w\xa9 -][\w .:-]{3}", re.ASCII)
_LARGE, _TO_THE_END = 1, 0

MOST_TAIL = 1 << 26
"""Bytes behind the last box that are looked into; a video's may be as large as the video."""


@dataclass(frozen=True, slots=True)
class Box:
    """Bytes ``start`` to ``end`` of the file, of which the content begins at ``body``.

    ``name`` is its four letters, or "box" and hexadecimal digits where it has others, or
    "broken" where no box fits and nothing after can be trusted.
    """

    name: str
    start: int
    body: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def boxes(view: memoryview, start: int, end: int) -> Iterator[Box]:
    """The boxes from ``start`` to ``end`` without a gap; a "broken" one takes what is left."""
    at = start
    while at < end:
        box = _box(view, at, end)
        yield box
        at = box.end


def first(view: memoryview, start: int, end: int, *path: str) -> Box | None:
    """The box that is reached by taking the first of each name; None where one is missing."""
    found = None
    for name in path:
        found = next((box for box in boxes(view, start, end) if box.name == name), None)
        if found is None:
            return None
        start, end = found.body, found.end
    return found


def inside(view: memoryview, *path: str) -> Iterator[Box]:
    """The boxes in the one that the path leads to from the top; none where it leads nowhere."""
    outer = first(view, 0, len(view), *path)
    return boxes(view, outer.body, outer.end) if outer else iter(())


def _box(view: memoryview, at: int, end: int) -> Box:
    broken = Box("broken", at, at, end)
    if at + 8 > end:
        return broken
    size, kind = int.from_bytes(view[at : at + 4], "big"), bytes(view[at + 4 : at + 8])
    known = _NAME.fullmatch(kind)
    body = at + 8
    if size == _LARGE:
        body, size = at + 16, int.from_bytes(view[at + 8 : at + 16], "big")
    elif size == _TO_THE_END and known:
        size = end - at
    if size < body - at or at + size > end:
        return broken
    name = kind.decode("latin-1") if known else f"box {kind.hex()}"
    return Box(name, at, body, at + size)


def number(view: memoryview, at: int, size: int) -> int:
    """The unsigned number at ``at``, of so many bytes; those beyond the end do not count."""
    return int.from_bytes(view[at : at + size], "big")


def text(view: memoryview, start: int, end: int) -> bytes:
    """What stands between ``start`` and the first zero, or ``end``."""
    return bytes(view[start:end]).partition(b"\0")[0]


def all_boxes(
    view: memoryview, pixels: Container[str], entries: Callable[[Box], Iterator[Entry]]
) -> Iterator[Entry]:
    """The ``entries`` of every box of a file, and whether none of them holds ``pixels``."""
    shown = False
    for box in boxes(view, 0, len(view)):
        shown |= box.name in pixels
        yield from broken_tail(view, box) if box.name == "broken" else entries(box)
    if not shown:
        yield Entry("broken", "no pixels", 0)


def broken_tail(view: memoryview, box: Box) -> Iterator[Entry]:
    """What a "broken" box at the end of a file is: one cut short, or something appended."""
    name = bytes(view[box.start + 4 : box.start + 8])
    if name in (b"mdat", b"moov", b"meta"):
        yield Entry("broken", f"file cut short in its {name.decode()}", box.size)
    elif box.size > MOST_TAIL:
        hint = words(bytes(view[box.start : box.start + 4096]))
        yield Entry("after the end", "bytes after the picture", box.size, hint)
    else:
        yield from after_end(bytes(view[box.start : box.end]), 0)
