"""What makers hide in their notes about a camera, its owner and where it was.

The notes are undocumented; their forms and tags are what makers are seen to write, as far as the
documentation of ExifTool lists them (Image::ExifTool::TagNames). Only what tells of a person or of
one single device is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scrub.metadata.entry import Entry
from scrub.metadata.ifd import ASCII, UNDEFINED, Tag, Tiff
from scrub.metadata.segments import SOI
from scrub.metadata.text import printable, words
from scrub.metadata.thumbnail import shape, thumbnail

NUMBER = 0x927C
_SERIAL, _UNIQUE = "camera serial number", "picture's unique number"
_LENS, _ACCESSORY = "lens serial number", "accessory's serial number"

_Known = Mapping[int, "str | _Known"]
"""Tag -> what it is, or the tags of the directory that it leads to."""


@dataclass(frozen=True, slots=True)
class _Maker:
    """A note that begins with ``prefix`` and has its directory at ``start``.

    Offsets count from the note itself if it is ``apart``, otherwise from the EXIF's header. Where
    it does not say its byte order before its directory, that is ``order``, or else the EXIF's.
    """

    prefix: bytes
    start: int
    apart: bool
    tags: _Known
    order: str = ""

    def directory(self, tiff: Tiff, note: int, raw: bytes) -> Tiff:
        """Where the tags of the note at ``note`` begin."""
        marks = {b"II": "<", b"MM": ">"}
        said = (order for mark, order in marks.items() if mark in raw[: self.start])
        order = next(said, self.order or tiff.order)
        if self.apart:
            return Tiff(raw, order, False, self.start)
        return Tiff(tiff.data, order, False, note + self.start)


_NIKON = {0x001D: _SERIAL, 0x00A0: _SERIAL}
_PANASONIC = {
    0x0025: _SERIAL,
    0x0052: _LENS,
    0x0054: _ACCESSORY,
    0x0066: "person's name",
    0x0067: "place name",
    0x0069: "place name",
    0x006B: "place name",
    0x006D: "place name",
    0x006F: "place name",
}
_APPLE = dict.fromkeys((0x000B, 0x0011, 0x0015, 0x0020, 0x002B), _UNIQUE)
_CANON = {0x0009: "owner's name", 0x000C: _SERIAL, 0x0028: _UNIQUE, 0x0096: _SERIAL}
_EQUIPMENT: _Known = {
    0x0101: _SERIAL,
    0x0102: _SERIAL,
    0x0202: _LENS,
    0x0302: _ACCESSORY,
    0x1003: _ACCESSORY,
}
_OLYMPUS: _Known = {0x0404: _SERIAL, 0x101A: _SERIAL, 0x2010: _EQUIPMENT}
# The first: model, date of making, two numbers of the factory, and the serial number.
_PENTAX = {0x0215: _SERIAL, 0x0229: _SERIAL}
_MAKERS = (
    _Maker(b"Nikon\0\1", 8, False, _NIKON),
    _Maker(b"Apple iOS\0", 14, True, _APPLE),
    _Maker(b"FUJIFILM", 12, True, {0x0010: _SERIAL}, "<"),
    _Maker(b"Panasonic\0", 12, False, _PANASONIC),
    _Maker(b"OLYMPUS\0", 12, True, _OLYMPUS),
    _Maker(b"OLYMP\0", 8, False, _OLYMPUS),
    _Maker(b"OM SYSTEM\0", 16, True, _OLYMPUS),
    _Maker(b"SONY ", 12, False, {0x2031: _SERIAL}),
    _Maker(b"AOC\0", 6, False, _PENTAX),
    _Maker(b"PENTAX \0", 10, True, _PENTAX),
    _Maker(b"RICOH\0II", 8, True, _PENTAX),
    _Maker(b"RICOH\0MM", 8, True, _PENTAX),
    _Maker(b"Ricoh", 8, False, {0x0005: _SERIAL}),
    _Maker(b"MOT\0", 8, True, {0x5501: _SERIAL}),
    _Maker(b"SIGMA\0", 10, False, {0x0002: _SERIAL}),
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
            yield from _listed(one.directory(tiff, note.start, raw), one.tags)
    yield from _preview(raw)


def _preview(raw: bytes) -> Iterator[Entry]:
    """The first picture in the note, wherever it says that one is: it shows the uncovered face."""
    at = raw.find(SOI + b"\xff")
    if at >= 0 and shape(raw[at:]):
        yield thumbnail("maker's picture", len(raw) - at, raw[at:])


def _listed(tiff: Tiff, known: _Known) -> Iterator[Entry]:
    """The known tags of the first directory that hold more than zeros, and of those below it."""
    for tag in next(tiff.directories()).tags:
        what = known.get(tag.number)
        if isinstance(what, str):
            if (value := _text(tiff, tag)).strip("0 "):
                yield Entry(f"maker's 0x{tag.number:04X}", what, tag.size, value)
        elif what is not None:
            # Older cameras put the directory here, later ones where this points to.
            starts = (tag.start,) if tag.type == UNDEFINED else tiff.whole(tag, 1)
            for start in starts:
                yield from _listed(replace(tiff, first=start), what)


def _text(tiff: Tiff, tag: Tag) -> str:
    raw = tiff.raw(tag, 4096)
    if tag.type == ASCII:
        return printable(raw)
    return words(raw) or raw[:32].hex() if tag.type == UNDEFINED else tiff.text(tag)
