"""EXIF: what each tag says about a person, a place, a time or a device.

Tags after CIPA DC-008 (EXIF 2.32 and 3.0), TIFF 6.0 and DNG 1.7; their names from piexif.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from piexif import TAGS

from scrub.metadata import makernote
from scrub.metadata.entry import Entry
from scrub.metadata.ifd import ASCII, BYTE, GPS, INTEROP, UNDEFINED, Directory, Tag, Tiff
from scrub.metadata.ifd import EXIF as EXIF_POINTER
from scrub.metadata.text import printable, words
from scrub.metadata.thumbnail import thumbnail

_WORDS = {
    0x010D: "document name",
    0x010E: "caption",
    0x010F: "camera maker",
    0x0110: "camera model",
    0x011D: "page name",
    0x0131: "software",
    0x0132: "time changed",
    0x013B: "author's name",
    0x013C: "computer's name",
    0x02BC: "XMP",
    0x4746: "rating",
    0x4749: "rating",
    0x8298: "copyright",
    0x83BB: "IPTC",
    0x8649: "Photoshop resources",
    EXIF_POINTER: "EXIF",
    0x8773: "colour profile",
    GPS: "GPS data",
    0x9003: "time taken",
    0x9004: "time taken",
    0x9010: "time zone",
    0x9011: "time zone",
    0x9012: "time zone",
    0x882A: "time zone",
    0x9290: "time changed",
    0x9291: "time taken",
    0x9292: "time taken",
    0x927C: "maker note",
    0x9286: "comment",
    0x9400: "surroundings of the camera",
    0x9401: "surroundings of the camera",
    0x9402: "surroundings of the camera",
    0x9403: "surroundings of the camera",
    0x9404: "surroundings of the camera",
    0x9405: "surroundings of the camera",
    0x9C9B: "title",
    0x9C9C: "comment",
    0x9C9D: "author's name",
    0x9C9E: "keywords",
    0x9C9F: "caption",
    INTEROP: "EXIF",
    0xA420: "picture's unique number",
    0xA430: "owner's name",
    0xA431: "camera serial number",
    0xA432: "lens model",
    0xA433: "lens maker",
    0xA434: "lens model",
    0xA435: "lens serial number",
    0xA436: "title",
    0xA437: "author's name",
    0xA438: "author's name",
    0xA439: "software",
    0xA43A: "software",
    0xA43B: "software",
    0xA43C: "software",
    0xC4A5: "printer settings",
    0xC614: "camera model",
    0xC615: "camera model",
    0xC62F: "camera serial number",
    0xC634: "maker note",
    0xC65D: "picture's unique number",
    0xC68B: "original file name",
    0xC71B: "time changed",
    0xCD41: "content credentials (C2PA)",
    0xCD49: "content credentials (C2PA)",
}
_GPS_WORDS = {
    1: "GPS latitude",
    2: "GPS latitude",
    3: "GPS longitude",
    4: "GPS longitude",
    5: "GPS altitude",
    6: "GPS altitude",
    7: "GPS time",
    12: "GPS speed",
    13: "GPS speed",
    14: "GPS direction",
    15: "GPS direction",
    16: "GPS direction",
    17: "GPS direction",
    19: "GPS destination",
    20: "GPS destination",
    21: "GPS destination",
    22: "GPS destination",
    23: "GPS destination",
    24: "GPS destination",
    25: "GPS destination",
    26: "GPS destination",
    28: "GPS place name",
    29: "GPS time",
}
_MAKER = 0x010F
_THUMBNAIL, _THUMBNAIL_SIZE, _STRIPS, _STRIP_SIZES = 0x0201, 0x0202, 0x0111, 0x0117
_UTF16 = range(0x9C9B, 0x9CA0)  # what Windows writes
_CHARSETS = (0x9286, 27, 28)  # values that begin with the name of their character set
_POINTERS = (EXIF_POINTER, GPS, INTEROP)  # whose values are offsets, and tell nothing


def read(data: bytes) -> Iterator[Entry]:
    """Every tag, thumbnail and position of an EXIF block, with or without its "Exif" prefix."""
    data = data.removeprefix(b"Exif\0\0")
    tiff = Tiff.open(data)
    if tiff is None:
        yield Entry("broken", "unreadable EXIF", len(data))
        return
    maker = ""
    for directory in tiff.directories():
        maker = maker or made_by(tiff, directory)
        if directory.name == "GPS" and (where := position(tiff, directory)):
            yield Entry("GPS", "GPS position", directory.size, where)
        for row in directory.tags:
            yield describe(tiff, directory, row)
            yield from notes(tiff, directory, row, maker)
        if "IFD" in directory.name and directory.name != "IFD0":
            yield from _thumbnail(tiff, directory)
        for fault in directory.faults:
            yield Entry("broken", f"{fault} ({directory.name})", 0)


def boxed(body: bytes) -> bytes:
    """The EXIF in a box or an item: behind an offset (ISO/IEC 23008-12 A.2.1), or without it."""
    if body.startswith((b"II*\0", b"MM\0*")):
        return body
    return body[4 + int.from_bytes(body[:4], "big") :]


def describe(tiff: Tiff, directory: Directory, tag: Tag) -> Entry:
    """The entry of one tag; the row and a value kept elsewhere make up its size."""
    place = f"{directory.name} 0x{tag.number:04X}"
    size = tiff.row + (0 if tag.inline else tag.size)
    value = printable(_text(tiff, tag))
    if directory.name == "GPS":
        return Entry(place, _GPS_WORDS.get(tag.number, "GPS data"), size, value)
    what = _WORDS.get(tag.number)
    if what is not None:
        return Entry(place, what, size, value)
    name = _name(directory.name, tag.number)
    what = "EXIF setting" if name or directory.name == "Interop" else "unknown EXIF tag"
    return Entry(place, what, size, printable(f"{name or hex(tag.number)} {value}"))


def made_by(tiff: Tiff, directory: Directory) -> str:
    """The maker of the camera, as far as this directory tells."""
    tag = directory.tag(_MAKER)
    return printable(tiff.raw(tag, 64)) if tag else ""


def notes(tiff: Tiff, directory: Directory, tag: Tag, maker: str) -> Iterator[Entry]:
    """What a maker's note tells, if the tag is one, as parts of the tag's entry."""
    if tag.number == makernote.NUMBER:
        place = f"{directory.name} 0x{tag.number:04X}"
        for entry in makernote.read(tiff, tag, maker):
            yield replace(entry, place=f"{place} / {entry.place}")


def position(tiff: Tiff, gps: Directory) -> str:
    """Latitude and longitude in decimal degrees, south and west negative; empty if not there."""
    latitude = _degrees(tiff, gps, 1, 2, b"S")
    longitude = _degrees(tiff, gps, 3, 4, b"W")
    if math.isnan(latitude) or math.isnan(longitude):
        return ""
    return f"{latitude:.6f}, {longitude:.6f}"


def _degrees(tiff: Tiff, gps: Directory, reference: int, number: int, negative: bytes) -> float:
    """Degrees, minutes and seconds as one number; NaN where the tag is not there."""
    tag, side = gps.tag(number), gps.tag(reference)
    parts = tiff.numbers(tag, 3) if tag else ()
    if not parts:
        return math.nan
    degrees = sum(
        0.0 if math.isnan(part) else part / unit
        for part, unit in zip(parts, (1, 60, 3600), strict=False)
    )
    return -degrees if side and tiff.raw(side, 1) == negative else degrees


def _thumbnail(tiff: Tiff, directory: Directory) -> Iterator[Entry]:
    place = f"{directory.name} picture"
    for start, length in ((_THUMBNAIL, _THUMBNAIL_SIZE), (_STRIPS, _STRIP_SIZES)):
        if directory.tag(start) and directory.tag(length):
            at = next(iter(tiff.whole(directory.tag(start))), 0)
            size = min(sum(tiff.whole(directory.tag(length))), len(tiff.data))
            yield thumbnail(place, size, tiff.data[at : at + size])


def _name(directory: str, number: int) -> str:
    section = {"Exif": "Exif", "GPS": "GPS", "Interop": "Interop"}.get(directory, "Image")
    return str(TAGS[section].get(number, {}).get("name", ""))


def _text(tiff: Tiff, tag: Tag) -> str:
    raw = tiff.raw(tag, 4096)
    if tag.number in _UTF16:
        return printable(raw.decode("utf-16-le", "replace"))
    if tag.number in _POINTERS:
        return ""
    if tag.number in _CHARSETS and tag.type in (BYTE, UNDEFINED):
        if raw.startswith(b"UNICODE\0"):
            encoding = "utf-16-le" if tiff.order == "<" else "utf-16-be"
            return printable(raw[8:].decode(encoding, "replace"))
        return printable(raw[8:])
    if tag.type == ASCII:
        return printable(raw)
    if tag.type == UNDEFINED:
        return printable(raw) if tag.size <= 8 else words(raw)
    return tiff.text(tag)
