"""The tracks of a movie: what kind each is, and where its samples lie.

Sample tables after ISO/IEC 14496-12 8.5 to 8.8, movie fragments included.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from scrub.metadata.boxes import Box, boxes, first, number
from scrub.metadata.coded import length_size

_CONFIGURATIONS = ("avcC", "hvcC", "av1C")
_VISUAL_HEADER = 78
MOST_TRACKS = 256


@dataclass(frozen=True, slots=True)
class Track:
    """A track of the movie box, or of nothing but fragments.

    ``kind`` is its handler's four letters ("vide", "soun", "text"), ``codec`` those of its
    first sample entry; ``length`` is the size of a unit's length (see :mod:`coded`).
    """

    view: memoryview = field(repr=False)
    number: int
    kind: str
    codec: str
    length: int
    table: Box | None

    def samples(self) -> Iterator[tuple[int, int]]:
        """Start and end of each sample, as far as the tables and the file agree.

        Samples of one size, as those of plain sound, come as whole chunks: there are millions.
        """
        if self.table is None:
            return
        view, table = self.view, self.table
        parts = {box.name: box for box in boxes(view, table.body, table.end)}
        one, sizes = _sizes(view, parts)
        for offset, count in _chunks(view, parts):
            at = offset
            for size in [one * count] if one else islice(sizes, count):
                if at + size > len(view):
                    return
                yield at, at + size
                at += size


def tracks(view: memoryview, movie: Box) -> Iterator[Track]:
    """The tracks of a "moov" box, in their order."""
    found = (box for box in boxes(view, movie.body, movie.end) if box.name == "trak")
    for box in islice(found, MOST_TRACKS):
        header = first(view, box.body, box.end, "tkhd")
        identifier = 0
        if header:
            wide = number(view, header.body, 1) == 1
            identifier = number(view, header.body + (20 if wide else 12), 4)
        handler = first(view, box.body, box.end, "mdia", "hdlr")
        kind = bytes(view[handler.body + 8 : handler.body + 12]) if handler else b""
        table = first(view, box.body, box.end, "mdia", "minf", "stbl")
        codec, length = _codec(view, table)
        yield Track(view, identifier, kind.decode("latin-1"), codec, length, table)


def chapters(view: memoryview, movie: Box) -> set[int]:
    """The numbers of the tracks that hold the chapters of another (QuickTime's "chap")."""
    found: set[int] = set()
    for box in islice(boxes(view, movie.body, movie.end), MOST_TRACKS):
        link = first(view, box.body, box.end, "tref", "chap") if box.name == "trak" else None
        if link:
            found.update(_numbers(view, link.body, link.end, MOST_TRACKS))
    return found


def _codec(view: memoryview, table: Box | None) -> tuple[str, int]:
    """The first sample entry's name, and the bytes of a unit's length."""
    found = first(view, table.body, table.end, "stsd") if table else None
    entry = next(boxes(view, found.body + 8, found.end), None) if found else None
    if entry is None:
        return "", 4
    for box in boxes(view, entry.body + _VISUAL_HEADER, entry.end):
        if box.name in _CONFIGURATIONS:
            return entry.name, length_size(entry.name, view, box.body, box.end)
    return entry.name, 4


def _numbers(view: memoryview, at: int, end: int, count: int, letter: str = "I") -> array[int]:
    """The first ``count`` big-endian numbers from ``at`` on, as many as there are."""
    found = array(letter)
    whole = max(0, min(count, (end - at) // found.itemsize))
    found.frombytes(view[at : at + whole * found.itemsize])
    if sys.byteorder == "little":
        found.byteswap()
    return found


def _sizes(view: memoryview, parts: dict[str, Box]) -> tuple[int, Iterator[int]]:
    """The size that all samples have, or 0 and the size of each (8.7.3)."""
    if "stsz" in parts:
        box = parts["stsz"]
        one, count = number(view, box.body + 4, 4), number(view, box.body + 8, 4)
        return one, iter(() if one else _numbers(view, box.body + 12, box.end, count))
    return 0, _short_sizes(view, parts["stz2"]) if "stz2" in parts else iter(())


def _short_sizes(view: memoryview, box: Box) -> Iterator[int]:
    bits, count, at = number(view, box.body + 7, 1), number(view, box.body + 8, 4), box.body + 12
    if bits == 16:
        yield from _numbers(view, at, box.end, count, "H")
    elif bits == 8:
        yield from view[at : min(box.end, at + count)]
    elif bits == 4:
        for byte in view[at : min(box.end, at + (count + 1) // 2)]:
            yield from (byte >> 4, byte & 15)


def _chunks(view: memoryview, parts: dict[str, Box]) -> Iterator[tuple[int, int]]:
    """Offset and number of samples of each chunk (8.7.4, 8.7.5)."""
    box = parts.get("stco") or parts.get("co64")
    groups = parts.get("stsc")
    if box is None or groups is None:
        return
    letter = "I" if box.name == "stco" else "Q"
    offsets = _numbers(view, box.body + 8, box.end, number(view, box.body + 4, 4), letter)
    rows = _numbers(view, groups.body + 8, groups.end, 3 * number(view, groups.body + 4, 4))
    starts, counts = rows[::3], rows[1::3]
    group = 0
    for chunk, offset in enumerate(offsets, 1):
        while group + 1 < len(starts) and starts[group + 1] <= chunk:
            group += 1
        if group < len(counts):
            yield offset, counts[group]


def fragments(view: memoryview, box: Box) -> Iterator[tuple[int, int, int]]:
    """Track number, start and end of each run of samples in a "moof" box (8.8.4 to 8.8.8)."""
    for part in boxes(view, box.body, box.end):
        if part.name != "traf":
            continue
        base, track, size, at = box.start, 0, 0, None
        for one in boxes(view, part.body, part.end):
            if one.name == "tfhd":
                flags, track = number(view, one.body, 4) & 0xFFFFFF, number(view, one.body + 4, 4)
                field_at = one.body + 8
                if flags & 1:
                    base, field_at = number(view, field_at, 8), field_at + 8
                field_at += 4 * bool(flags & 2) + 4 * bool(flags & 8)
                size = number(view, field_at, 4) if flags & 0x10 else 0
            elif one.name == "trun":
                flags, count = number(view, one.body, 4) & 0xFFFFFF, number(view, one.body + 4, 4)
                field_at = one.body + 8
                start = base if at is None else at
                if flags & 1:
                    start = base + number(view, field_at, 4)
                field_at += 4 * bool(flags & 1) + 4 * bool(flags & 4)
                total = size * count
                if flags & 0x200:
                    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
                    rows = _numbers(view, field_at, one.end, count * len(columns))
                    total = sum(rows[columns.index(0x200) :: len(columns)])
                at = start + total
                if at <= len(view):
                    yield track, start, at
