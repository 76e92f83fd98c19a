"""Properties of the picture that a HEIF or AVIF file shows (ISO/IEC 23008-12).

The decoders do not always tell which colours and how many bits it has.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from math import floor
from typing import NamedTuple

from scrub.formats.nclx import Nclx
from scrub.metadata.boxes import Box, boxes, first, number
from scrub.metadata.items import album


class Properties(NamedTuple):
    """Of the primary picture.

    ``coding`` is its kind in four letters, such as "hvc1", or "grid" where it is made of tiles;
    ``area`` is in pixels as it is stored, 0 where nothing is said; ``depth`` the most bits that
    a channel has; ``turned`` whether the container says how to turn it; ``colors`` which
    ones its numbers mean; ``moving`` whether the file holds a sequence too; ``shown`` is the part
    that is shown before it is turned (left, top, right, bottom), None where that is all.
    """

    coding: str = ""
    area: int = 0
    depth: int = 8
    turned: bool = False
    colors: Nclx | None = None
    moving: bool = False
    shown: tuple[int, int, int, int] | None = None


def properties(data: bytes) -> Properties:
    """What the container says of its primary picture; whatever is damaged counts for nothing."""
    view = memoryview(data)
    moving = first(view, 0, len(view), "moov") is not None
    meta = first(view, 0, len(view), "meta")
    if meta is None:
        return Properties(moving=moving)
    found = album(view, meta)
    if found.primary not in found.items:
        return Properties(moving=moving)
    primary = found.items[found.primary]
    size, bits = primary.property("ispe"), primary.property("pixi")
    return Properties(
        primary.kind,
        number(view, size.body + 4, 4) * number(view, size.body + 8, 4) if size else 0,
        max(view[bits.body + 5 : bits.end], default=8) if bits else 8,
        any(primary.property(name) for name in ("irot", "imir")),
        _colors(view, primary.properties),
        moving,
        _shown(view, size, primary.property("clap")),
    )


def _shown(view: memoryview, size: Box | None, cut: Box | None) -> tuple[int, int, int, int] | None:
    """What is left of a picture of this size when it is cut; None where that makes no sense.

    Width, height and how far the middle is moved, as fractions (ISO/IEC 14496-12, 12.1.4).
    """
    if size is None or cut is None or cut.end - cut.body < 32:
        return None
    numbers = struct.unpack_from(">8i", view, cut.body)
    if not all(numbers[1::2]):
        return None
    width, height, right, down = map(Fraction, numbers[::2], numbers[1::2])
    edges = []
    for whole, part, moved in zip(
        struct.unpack_from(">II", view, size.body + 4), (width, height), (right, down), strict=True
    ):
        start = floor(moved + (whole - part) / 2)
        edges.append((start, start + floor(part)))
        if not 0 <= start < start + floor(part) <= whole:
            return None
    (left, end), (top, bottom) = edges
    return left, top, end, bottom


def _colors(view: memoryview, stored: tuple[Box, ...]) -> Nclx | None:
    """The numbers of the box that names colours instead of carrying a profile (12.1.5)."""
    for box in stored:
        if box.name == "colr" and bytes(view[box.body : box.body + 4]) == b"nclx":
            return Nclx(number(view, box.body + 4, 2), number(view, box.body + 6, 2))
    return None


def jpeg2000(data: bytes) -> tuple[bytes, bytes]:
    """The colour profile, empty where there is none, and the codestream of a JP2 file.

    Raises ValueError where it has none (ISO/IEC 15444-1, annex I).
    """
    view = memoryview(data)
    header = first(view, 0, len(view), "jp2h")
    stream = first(view, 0, len(view), "jp2c")
    if header is None or stream is None:
        raise ValueError("no header or no codestream")
    profile = b""
    for box in boxes(view, header.body, header.end):
        # Method 2: a profile follows (I.5.3.3).
        if box.name == "colr" and number(view, box.body, 1) == 2:
            profile = bytes(view[box.body + 3 : box.end])
    return profile, data[stream.body : stream.end]
