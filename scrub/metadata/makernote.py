"""What makers hide in their notes about a camera, its owner and where it was.

The notes are undocumented; their forms and tags are what makers are seen to write. Only what
tells of a person or of one single device is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scrub.metadata.entry import Entry
from scrub.metadata.ifd import ASCII, UNDEFINED, Tag, Tiff
from scrub.metadata.segments import SOI
from scrub.metadata.text import printable, words
from scrub.metadata.thumbnail import shape, thumbnail

NUMBER = 0x927C
_SERIAL, _UNIQUE = "camera serial number", "picture's unique number"


@dataclass(frozen=True, slots=True)
class _Maker:
    """A note that begins with ``prefix`` and has its directory at ``start``.

    Offsets count from the note itself if it is ``apart``, otherwise from the EXIF's header.
    """

    prefix: bytes
    start: int
    apart: bool
    tags: Mapping[int, str]
    order: str = ""


_NIKON = {0x001D: _SERIAL, 0x00A0: _SERIAL}
_PANASONIC = {
    0x0025: _SERIAL,
    0x0066: "person's name",
    0x0067: "place name",
    0x0069: "place name",
    0x006B: "place name",
    0x006D: "place name",
    0x006F: "place name",
}
_APPLE = dict.fromkeys((0x000B, 0x0011, 0x0015, 0x0020, 0x002B), _UNIQUE)
_CANON = {0x0009: "owner's name", 0x000C: _SERIAL, 0x0028: _UNIQUE, 0x0096: _SERIAL}
_MAKERS = (
    _Maker(b"Nikon\0\1", 8, False, _NIKON),
    _Maker(b"Apple iOS\0", 14, True, _APPLE, ">"),
    _Maker(b"FUJIFILM", 12, True, {0x0010: _SERIAL}, "<"),
    _Maker(b"Panasonic\0", 12, False, _PANASONIC),
    _Maker(b"OLYMPUS\0", 12, True, {0x0404: _SERIAL}),
    _Maker(b"OLYMP\0", 8, False, {0x0404: _SERIAL}),
    _Maker(b"SONY ", 12, False, {0x2031: _SERIAL}),
    _Maker(b"AOC\0", 6, False, {0x0229: _SERIAL}),
    _Maker(b"PENTAX \0", 10, True, {0x0229: _SERIAL}),
)
_OWN_HEADER, _HEADER_AT = b"Nikon\0\2", 10


def read(tiff: Tiff, note: Tag, maker: str) -> Iterator[Entry]:
    """The telling tags of a note; ``maker`` is who EXIF says made the camera."""
    raw = tiff.raw(note, note.size)
    own = Tiff.open(raw[_HEADER_AT:]) if raw.startswith(_OWN_HEADER) else None
    if own:
        yield from _listed(own, _NIKON)
    elif maker.lower().startswith("canon"):
        yield from _listed(Tiff(tiff.data, tiff.order, False, note.start), _CANON)
    for one in _MAKERS:
        if raw.startswith(one.prefix):
            order = one.order or tiff.order
            start = one.start if one.apart else note.start + one.start
            yield from _listed(Tiff(raw if one.apart else tiff.data, order, False, start), one.tags)
    yield from _preview(raw)


def _preview(raw: bytes) -> Iterator[Entry]:
    """The first picture in the note, wherever it says that one is: it shows the uncovered face."""
    at = raw.find(SOI + b"\xff")
    if at >= 0 and shape(raw[at:]):
        yield thumbnail("maker's picture", len(raw) - at, raw[at:])


def _listed(tiff: Tiff, known: Mapping[int, str]) -> Iterator[Entry]:
    """The known tags of the first directory."""
    for tag in next(tiff.directories()).tags:
        if tag.number in known and (value := _text(tiff, tag)):
            yield Entry(f"maker's 0x{tag.number:04X}", known[tag.number], tag.size, value)


def _text(tiff: Tiff, tag: Tag) -> str:
    raw = tiff.raw(tag, 4096)
    if tag.type == ASCII:
        return printable(raw)
    return words(raw) or raw[:32].hex() if tag.type == UNDEFINED else tiff.text(tag)
