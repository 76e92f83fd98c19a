"""The blocks of metadata that several containers carry in the same form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from scrub.metadata import exif, icc, iptc, xmp
from scrub.metadata.entry import Entry
from scrub.metadata.text import words
from scrub.metadata.thumbnail import thumbnail


@dataclass(frozen=True, slots=True)
class Block:
    """A kind of block: what it is to a person, and how to look inside."""

    what: str
    read: Callable[[bytes], Iterator[Entry]]


def find(block: Block, place: str, size: int, body: bytes, value: str = "") -> Iterator[Entry]:
    """The entry of a block that takes ``size`` bytes of its container, then what is inside."""
    yield Entry(place, block.what, size, value)
    yield from within(place, block.read(body))


def within(place: str, found: Iterable[Entry]) -> Iterator[Entry]:
    """Entries that are part of the entry at ``place``: their bytes are counted there already.

    Their places read "outer / inner"; no other place contains " / ".
    """
    for entry in found:
        yield replace(entry, place=f"{place} / {entry.place}")


def _photoshop(data: bytes) -> Iterator[Entry]:
    """Image resource blocks (Adobe Photoshop File Formats Specification, "Image Resources")."""
    at = 0
    while at + 7 <= len(data) and data[at : at + 4] in (b"8BIM", b"MeSa", b"AgHg", b"PHUT"):
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        start = at + 6 + (data[at + 6] + 2) // 2 * 2  # a name of even length, its count included
        size = int.from_bytes(data[start : start + 4], "big")
        start += 4
        end = min(start + size, len(data))
        place, body = f"0x{number:04X}", data[start:end]
        if number in _THUMBNAILS:  # behind 28 bytes about its format
            yield thumbnail(place, end - at, body[28:])
        elif number in _RESOURCES:
            yield from find(_RESOURCES[number], place, end - at, body)
        else:
            what = _RESOURCE_WORDS.get(number, "Photoshop resource")
            yield Entry(place, what, end - at, words(body))
        at = max(end + size % 2, start)
    if data[at:].strip(b"\0"):
        yield Entry("broken", "unreadable part of the Photoshop resources", len(data) - at)


def _profile(data: bytes) -> Iterator[Entry]:
    """IPTC by itself, or among Photoshop's resources."""
    return iptc.read(data) if data[:1] == iptc.MARK else _photoshop(data)


def _nothing(data: bytes) -> Iterator[Entry]:
    return iter(())


EXIF = Block("EXIF", exif.read)
BOXED_EXIF = Block("EXIF", lambda body: exif.read(exif.boxed(body)))
XMP = Block("XMP", xmp.read)
EXTENDED_XMP = Block("extended XMP", xmp.read)
ICC = Block("colour profile", icc.read)
IPTC = Block("IPTC", iptc.read)
IPTC_PROFILE = Block("IPTC", _profile)
PHOTOSHOP = Block("Photoshop resources", _photoshop)
C2PA = Block("content credentials (C2PA)", _nothing)

_RESOURCES = {0x0404: IPTC, 0x040F: ICC, 0x0422: EXIF, 0x0423: EXIF, 0x0424: XMP}
_THUMBNAILS = (0x0409, 0x040C)
_RESOURCE_WORDS = {
    0x03ED: "pixel density",
    0x040A: "copyright",
    0x040B: "web address",
    0x041E: "web address",
    0x0421: "software",
}

UUIDS = {
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): XMP,
    bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"): EXIF,
    b"JpgTiffExif->JP2": EXIF,
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): IPTC,
    bytes.fromhex("2c4c0100850440b9a03e562148d6dfeb"): PHOTOSHOP,
    bytes.fromhex("d8fec3d61b0e483c92975828877ec481"): C2PA,
    bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03"): Block(
        "position on a map (GeoJP2)", exif.read
    ),
}
"""What the "uuid" boxes of MP4, HEIF and JPEG 2000 hold, by their first 16 bytes."""
