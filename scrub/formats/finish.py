"""Mends what Pillow's writers make of a new file: when and with what, how often it plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from scrub.formats.repeats import repeated
from scrub.metadata.boxes import boxes, first, inside

DATED = {"mvhd", "tkhd", "mdhd"}
NESTED = {"moov", "trak", "mdia"}
"""Boxes that carry when they were made, and those in which they are (14496-12, 8.2 to 8.4)."""

SAMPLES = ("mdia", "minf", "stbl", "stsd")
"""The way from a track to what its samples are coded in."""


EXTENDED, FLAGS, TRANSPARENT = b"VP8X", 20, 0x10
"""The first chunk of an animated WebP, where its flags are, and that of transparency (RFC 9649)."""


def without_dates(data: bytes) -> bytes:
    """The ISO file with all dates of making and changing it zero."""
    new = bytearray(data)
    for at in _dated(memoryview(data), 0, len(data)):
        wide = data[at] == 1
        new[at + 4 : at + (20 if wide else 12)] = bytes(16 if wide else 8)
    return bytes(new)


def without_encoder(data: bytes) -> bytes:
    """The ISO file with the names of all tracks' encoders empty (12.1.3)."""
    view = memoryview(data)
    new = bytearray(data)
    for track in inside(view, "moov"):
        entries = first(view, track.body, track.end, *SAMPLES) if track.name == "trak" else None
        if entries:
            # Behind the number of entries and the head of the first: sizes, then the name.
            at = entries.body + 16 + 42
            new[at : at + 32] = bytes(32)
    return bytes(new)


def transparent(data: bytes) -> bytes:
    """The animated WebP with its transparency announced.

    Where frames are opaque and smaller than their canvas, the encoder does not, and then viewers
    show black around them.
    """
    if data[12:16] != EXTENDED:
        return data
    return data[:FLAGS] + bytes([data[FLAGS] | TRANSPARENT]) + data[FLAGS + 1 :]


def _dated(view: memoryview, start: int, end: int) -> Iterator[int]:
    """Where the contents of the dated boxes start."""
    for box in boxes(view, start, end):
        if box.name in DATED:
            yield box.body
        elif box.name in NESTED:
            yield from _dated(view, box.body, box.end)


FINISH: Mapping[str, Callable[[bytes, int | None], bytes]] = {
    "avif": lambda data, loop: repeated(without_encoder(without_dates(data)), loop),
}
"""Kind -> what is done to the bytes of a file that was just written, and is to play so often."""
