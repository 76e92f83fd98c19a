"""What phones and editors append to a picture: videos, second pictures, notes.

Nothing after the end is ever allowed; this tells a person what it is.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.newsroom import appendices
from scrub.metadata.segments import SOI, dimensions, segments
from scrub.metadata.text import printable, words

PLACE = "after the end"
_KNOWN = re.compile(rb"\xff\xd8\xff|(?s:....)ftyp")
_GAIN_MAP = (b"urn:iso:std:iso:ts:21496", b"hdrgm:", b"HDRGainMap")
MOTION = "motion video after the picture"


def after_end(data: bytes, start: int, indexed: bool = False) -> Iterator[Entry]:
    """The entries of everything from ``start`` on, without a gap.

    ``indexed`` says that the file has an index of its pictures (CIPA DC-007, "MPF").
    """
    samsung = _samsung_start(data, start)
    appended = appendices(data, start, samsung)
    end = appended[0].start if appended else samsung
    at = start
    while at < end:
        if data.startswith(SOI + b"\xff", at):
            entry = _picture(data, at, end, indexed)
        elif data[at + 4 : at + 8] == b"ftyp":
            stop = _movie_end(data, at, end)
            entry = Entry(PLACE, MOTION, stop - at, picture=data[at:stop])
        else:
            known = _KNOWN.search(data, at, end)
            stop = known.start() if known else end
            empty = data.count(0, at, stop) == stop - at
            what = "padding after the picture" if empty else "bytes after the picture"
            entry = Entry(PLACE, what, stop - at, words(data[at : min(stop, at + 4096)]))
        yield entry
        at += entry.size
    for one in appended:
        yield Entry(PLACE, one.what, one.end - one.start)
        yield from within(PLACE, one.entries())
    if samsung < len(data):
        yield Entry(PLACE, "Samsung trailer", len(data) - samsung)
        yield from within(PLACE, _samsung_blocks(data))


def _picture(data: bytes, start: int, end: int, indexed: bool) -> Entry:
    """The JPEG that begins at ``start``."""
    what = "second picture after the picture" + (" (MPF)" if indexed else "")
    value, stop = "", start
    for segment in segments(data, start):
        stop = min(segment.end, end)
        if segment.name in ("SOF0", "SOF1", "SOF2") and not value:
            value = "{} x {}".format(*dimensions(segment.body))
        if segment.name in ("APP1", "APP2") and any(key in segment.body for key in _GAIN_MAP):
            what = "gain map"
    return Entry(PLACE, what, stop - start, value, picture=data[start:stop])


def _movie_end(data: bytes, start: int, end: int) -> int:
    """Where the boxes that begin at ``start`` end (ISO/IEC 14496-12 4.2)."""
    at = start
    while at + 8 <= end and data[at + 4 : at + 8].isalnum():
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:
            return end
        at += size
    return max(start + 8, min(at, end))


def _samsung_rows(data: bytes) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Offset of the directory that ends a Samsung file, and (start, size) of its blocks.

    "SEFH", version, count, rows of (type, distance back from SEFH, size), length, "SEFT".
    """
    if not data.endswith(b"SEFT") or len(data) < 20:
        return len(data), ()
    head = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    if head < 0 or data[head : head + 4] != b"SEFH":
        return len(data), ()
    rows = struct.iter_unpack(
        "<III", data[head + 12 : head + 12 + (len(data) - head - 20) // 12 * 12]
    )
    return head, tuple((head - back, size) for _, back, size in rows if back <= head)


def _samsung_start(data: bytes, start: int) -> int:
    """Where the Samsung trailer begins; the end of the file where there is none."""
    head, rows = _samsung_rows(data)
    return max(start, min([head, *(at for at, _ in rows)]))


def _samsung_blocks(data: bytes) -> Iterator[Entry]:
    for at, size in _samsung_rows(data)[1]:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        name = printable(data[at + 8 : at + 8 + min(length, 64)])
        motion = name.startswith("MotionPhoto_Data")
        if motion:
            yield Entry(name, MOTION, size, name, picture=data[at + 8 + length : at + size])
        else:
            yield Entry(name or "block", "Samsung data", size, name)
