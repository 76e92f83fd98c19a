"""A picture within a file, uncovered: its size in pixels, and its bytes where they stand alone."""

from __future__ import annotations

from scrub.metadata.entry import Entry
from scrub.metadata.segments import SOI, dimensions, segments

WHAT = "uncovered thumbnail"
_PNG, _HEADER = b"\x89PNG\r\n\x1a\n", slice(16, 24)


def thumbnail(place: str, size: int, body: bytes, what: str = WHAT) -> Entry:
    """The entry of a picture that takes ``size`` bytes; ``body`` may be none that is known."""
    return Entry(place, what, size, shape(body), picture=body if known(body) else b"")


def known(body: bytes) -> bool:
    """Whether the bytes begin like a JPEG or a PNG."""
    return body.startswith((SOI + b"\xff", _PNG))


def shape(body: bytes) -> str:
    """Width and height of a JPEG or a PNG, "160 x 120"; empty where they are not told."""
    if body.startswith(_PNG):
        edges = body[_HEADER]
        return f"{int.from_bytes(edges[:4], 'big')} x {int.from_bytes(edges[4:], 'big')}"
    if not known(body):
        return ""
    for segment in segments(body):
        if segment.name in ("SOF0", "SOF1", "SOF2"):
            return "{} x {}".format(*dimensions(segment.body))
    return ""
