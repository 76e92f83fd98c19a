"""The notes of camera makers, with a serial number in each."""

from __future__ import annotations

import functools
from collections.abc import Callable

from tests.parts import Fields, Value, directory, jpeg, segment, tiff

TEXT: Value = "CANARY-serial-1"


def exif(maker: str, note: bytes) -> bytes:
    """A TIFF structure of a maker's name and note."""
    return tiff({0x010F: maker, 0x8769: {0x927C: note}})


def noted(maker: str, prefix: bytes, order: str, fields: Fields, *, apart: bool) -> bytes:
    """EXIF with a note whose offsets count from the note or, two times built, from the header."""
    note = prefix + directory(order, fields, len(prefix), 0)
    if not apart:
        at = exif(maker, note).index(note) + len(prefix)
        note = prefix + directory(order, fields, at, 0)
    return exif(maker, note)


NOTES = {
    "Canon": noted("Canon", b"", "<", {0x000C: 123456789, 0x0009: TEXT}, apart=False),
    "Nikon": exif("NIKON", b"Nikon\0\2\x10\0\0" + tiff({0x001D: TEXT})),
    "Apple": noted("Apple", b"Apple iOS\0\0\1MM", ">", {0x0011: TEXT}, apart=True),
    "Fujifilm": noted("FUJIFILM", b"FUJIFILM\x0c\0\0\0", "<", {0x0010: TEXT}, apart=True),
    "Panasonic": noted(
        "Panasonic",
        b"Panasonic\0\0\0",
        "<",
        {0x0025: b"CANARY-serial-1\0", 0x0069: b"Somewhere"},
        apart=False,
    ),
    "Olympus": noted("OLYMPUS", b"OLYMPUS\0II\3\0", "<", {0x0404: TEXT}, apart=True),
    "Olympus, later": noted(
        "OLYMPUS", b"OLYMPUS\0II\3\0", "<", {0x2010: {0x0202: TEXT}}, apart=True
    ),
    "OM System": noted(
        "OM Digital Solutions", b"OM SYSTEM\0\0\0II\4\0", "<", {0x0404: TEXT}, apart=True
    ),
    "Motorola": noted("Motorola", b"MOT\0\1\1\1\1", "<", {0x5501: TEXT}, apart=True),
    "Ricoh": noted("RICOH", b"Ricoh\0\0\0", "<", {0x0005: b"CANARY-serial-1\0"}, apart=False),
    "Ricoh, later": noted("RICOH", b"RICOH\0MM", ">", {0x0229: TEXT}, apart=True),
    "Sigma": noted("SIGMA", b"SIGMA\0\0\0\1\0", "<", {0x0002: TEXT}, apart=False),
    "Sony": noted("SONY", b"SONY DSC \0\0\0", "<", {0x2031: TEXT}, apart=False),
    "Pentax, older": noted("PENTAX", b"AOC\0MM", ">", {0x0229: TEXT}, apart=False),
    "Pentax": noted("PENTAX", b"PENTAX \0II", "<", {0x0229: TEXT}, apart=True),
}


def noted_picture(maker: str) -> bytes:
    """A JPEG with the note of that maker."""
    return jpeg(segment(0xE1, b"Exif\0\0" + NOTES[maker]))


NOTED: dict[str, Callable[[], bytes]] = {
    f"jpeg-{maker}": functools.partial(noted_picture, maker) for maker in NOTES
}
