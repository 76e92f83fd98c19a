"""Properties of the picture that a HEIF or AVIF file shows (ISO/IEC 23008-12).

The decoders do not always tell which colours and how many bits it has.
"""

from __future__ import annotations

from typing import NamedTuple

from scrub.formats.nclx import Nclx
from scrub.metadata.boxes import Box, boxes, first, number
from scrub.metadata.items import album


class Properties(NamedTuple):
    """Of the primary picture.

    ``coding`` is its kind in four letters, such as "hvc1", or "grid" where it is made of tiles;
    ``area`` is in pixels as it is stored, 0 where nothing is said; ``depth`` the most bits that
    a channel has; ``turned`` whether the container says how to turn it; ``colors`` which
    ones its numbers mean; ``moving`` whether the file holds a sequence too.
    """

    coding: str = ""
    area: int = 0
    depth: int = 8
    turned: bool = False
    colors: Nclx | None = None
    moving: bool = False


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
    )


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
