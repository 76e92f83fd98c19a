"""Properties of the picture that a HEIF or AVIF file shows (ISO/IEC 14496-12 and 23008-12).

The decoders tell how large it is, but not always which colours and how many bits it has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scrub.formats.nclx import Nclx

Box = tuple[bytes, bytes]
"""Type and content."""


def boxes(data: bytes) -> Iterator[Box]:
    """The boxes that follow each other in ``data``. Raises ValueError where one is cut short."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1:
            size = int.from_bytes(data[start : start + 8], "big")
            start += 8
        end = at + size if size else len(data)
        if not start <= end <= len(data):
            raise ValueError("a box is cut short")
        yield kind, data[start:end]
        at = end


def properties(data: bytes) -> list[Box]:
    """The properties of the primary item, none where the file has no items.

    Raises ValueError, IndexError or struct.error where the boxes contradict each other.
    """
    meta = dict(boxes(data)).get(b"meta", b"")
    inside = dict(boxes(meta[4:]))
    if b"pitm" not in inside or b"iprp" not in inside:
        return []
    wide = inside[b"pitm"][0] > 0
    primary = int.from_bytes(inside[b"pitm"][4 : 8 if wide else 6], "big")
    stored: list[Box] = []
    numbers: list[int] = []
    for kind, content in boxes(inside[b"iprp"]):
        if kind == b"ipco":
            stored = list(boxes(content))
        elif kind == b"ipma":
            numbers += _associated(content, primary)
    return [stored[number - 1] for number in numbers if number]


def _associated(ipma: bytes, item: int) -> list[int]:
    """Numbers of the item's properties, counted from one (23008-12, 9.3.3)."""
    version, flags = ipma[0], ipma[3]
    name, number = ">I" if version else ">H", ">H" if flags & 1 else ">B"
    marked = 0x7FFF if flags & 1 else 0x7F
    (count,) = struct.unpack_from(">I", ipma, 4)
    at = 8
    for _ in range(count):
        (found,) = struct.unpack_from(name, ipma, at)
        at += struct.calcsize(name)
        length = ipma[at]
        at += 1
        values = [
            struct.unpack_from(number, ipma, at + n * struct.calcsize(number))[0] & marked
            for n in range(length)
        ]
        at += length * struct.calcsize(number)
        if found == item:
            return values
    return []


def depth(found: list[Box]) -> int:
    """The most bits that a channel has, 8 where nothing is said (23008-12, 6.5.6)."""
    return max(
        (max(content[5:], default=8) for kind, content in found if kind == b"pixi"), default=8
    )


def colors(found: list[Box]) -> Nclx | None:
    """Which colours the numbers mean, None where nothing is said (14496-12, 12.1.5)."""
    for kind, content in found:
        if kind == b"colr" and content[:4] == b"nclx":
            return Nclx(*struct.unpack_from(">HH", content, 4))
    return None
