"""JPEG: segments up to EOI, and what was put after it.

Segments after ITU-T T.81 annex B and JFIF (ITU-T T.871); the applications' own after CIPA
DC-008 (Exif), DC-007 (MPF), ISO 16684-1 (XMP), ICC.1 annex B, ISO/IEC 19566-5 (JUMBF).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scrub.metadata import embedded
from scrub.metadata.embedded import Block, within
from scrub.metadata.entry import Entry
from scrub.metadata.segments import Segment, dimensions, segments
from scrub.metadata.tables import Tables
from scrub.metadata.text import printable, words
from scrub.metadata.thumbnail import thumbnail
from scrub.metadata.trailer import after_end

_WORDS = {
    "SOI": "start of the picture",
    "EOI": "end of the picture",
    "DQT": "quantisation tables",
    "DHT": "Huffman tables",
    "DRI": "restart interval",
    "SOS": "scan header",
    "scan data": "pixels",
    "stray bytes": "bytes between the segments",
    "broken": "picture cut short or damaged",
    "COM": "comment",
}


@dataclass(frozen=True, slots=True)
class _Application:
    """A use of an APPn segment, known by how its body begins.

    ``skip`` is where in the body the block starts that is shared with other containers.
    """

    marker: str
    prefix: bytes
    name: str
    what: str = ""
    block: Block | None = None
    skip: int = 0


_XMP, _EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_APPLICATIONS = (
    _Application("APP0", b"JFIF\0", "JFIF", "JFIF header"),
    _Application("APP0", b"JFXX\0", "JFXX", "uncovered thumbnail"),
    _Application("APP1", b"Exif\0", "Exif", block=embedded.EXIF, skip=6),
    _Application("APP1", _XMP, "XMP", block=embedded.XMP, skip=len(_XMP)),
    # After the prefix: a digest of 32 bytes, the full length and this part's offset.
    _Application(
        "APP1",
        _EXTENSION,
        "extended XMP",
        block=embedded.EXTENDED_XMP,
        skip=len(_EXTENSION) + 40,
    ),
    _Application("APP2", b"ICC_PROFILE\0", "ICC", block=embedded.ICC, skip=14),
    _Application("APP2", b"MPF\0", "MPF", "index of further pictures (MPF)"),
    _Application("APP2", b"FPXR\0", "FPXR", "FlashPix data"),
    _Application("APP2", b"urn:iso:std:iso:ts:21496", "gain map", "gain map"),
    _Application("APP11", b"JP", "JUMBF", block=embedded.C2PA),
    _Application("APP12", b"Ducky", "Ducky", "Photoshop's save settings"),
    _Application("APP13", b"Photoshop 3.0\0", "Photoshop", block=embedded.PHOTOSHOP, skip=14),
    _Application("APP14", b"Adobe", "Adobe", "Adobe's colour transform"),
)


_SHOWN = (b"JFIF\0", b"AVI1")
"""What segments begin with that say how frames of a video are to be shown."""


def read(data: bytes) -> Iterator[Entry]:
    """Every segment of the picture, then everything after it."""
    tables = Tables()
    end, indexed = 0, False
    for segment in segments(data):
        end = segment.end
        repeated = tables.repeats(segment.name, segment.body)
        if segment.name.startswith("APP"):
            yield from _application(segment)
            indexed = indexed or segment.body.startswith(b"MPF\0")
        elif repeated:
            yield Entry(f"repeated {segment.name}", "data that no decoder uses", segment.size)
        else:
            yield _entry(segment)
    for name in tables.unused():
        yield Entry(f"unused {name}", "data that no decoder uses", 0)
    yield from after_end(data, end, indexed)


def noted(frame: memoryview) -> Iterator[Entry]:
    """What the camera wrote before the pixels of a video's frame; nothing of one that is no JPEG.

    ``frame`` may end anywhere. It is read as far as these notes only: a video has many.
    """
    for segment in segments(frame):
        if segment.name == "SOS":
            return
        if segment.name == "COM":
            yield _entry(segment)
        elif segment.name.startswith("APP") and not segment.body.startswith(_SHOWN):
            yield from _application(segment)


def _entry(segment: Segment) -> Entry:
    name, body = segment.name, segment.body
    if name == "COM":
        return Entry(name, _WORDS[name], segment.size, printable(body))
    if name.startswith("SOF"):
        value = "{} x {}".format(*dimensions(body))
        return Entry(name, "frame header", segment.size, value, body)
    return Entry(name, _WORDS.get(name, "unusual segment"), segment.size, payload=body)


def _application(segment: Segment) -> Iterator[Entry]:
    name, body = segment.name, segment.body
    for use in _APPLICATIONS:
        if name != use.marker or not body.startswith(use.prefix):
            continue
        place = f"{name} {use.name}"
        if use.block:
            yield from embedded.find(use.block, place, segment.size, body[use.skip :])
        elif use.name == "JFIF":
            yield Entry(place, use.what, segment.size, _density(body), body)
            if len(body) > 14:
                shape = f"{body[12]} x {body[13]}"
                found = Entry("thumbnail", "uncovered thumbnail", len(body) - 14, shape)
                yield from within(place, [found])
        elif use.name == "JFXX":  # a JPEG follows, or the size and colours (T.871 section 10.2)
            yield thumbnail(place, segment.size, body[6:])
        else:
            yield Entry(place, use.what, segment.size)
        return
    yield Entry(name, f"unknown data ({name})", segment.size, words(body))


def _density(jfif: bytes) -> str:
    """Version and pixel density in words, from the body of a JFIF segment."""
    if len(jfif) < 12:
        return ""
    unit = {1: " per inch", 2: " per cm"}.get(jfif[7], "")
    across, down = int.from_bytes(jfif[8:10], "big"), int.from_bytes(jfif[10:12], "big")
    return f"version {jfif[5]}.{jfif[6]:02}, {across} x {down}{unit}"
