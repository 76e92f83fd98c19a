"""The notes of makers give away which camera it was, and whose."""

from __future__ import annotations

import pytest

from scrub.metadata import entries, judge
from tests.parts import Fields, Value, directory, jpeg, page, saved, segment, tiff
from tests.pictures import picture

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
    "Sony": noted("SONY", b"SONY DSC \0\0\0", "<", {0x2031: TEXT}, apart=False),
    "Pentax": noted("PENTAX", b"PENTAX \0II", "<", {0x0229: TEXT}, apart=True),
}


def told(data: bytes, kind: str = "jpeg") -> set[tuple[str, str]]:
    return {(entry.what, entry.value) for entry in judge(kind, entries(kind, data))}


@pytest.mark.parametrize("maker", NOTES)
def test_serial_numbers_are_found_in_the_notes(maker: str) -> None:
    found = told(jpeg(segment(0xE1, b"Exif\0\0" + NOTES[maker])))
    what = {"Apple": "picture's unique number", "Canon": "owner's name"}
    assert (what.get(maker, "camera serial number"), "CANARY-serial-1") in found


def test_numbers_and_places_are_found_in_the_notes() -> None:
    canon = told(jpeg(segment(0xE1, b"Exif\0\0" + NOTES["Canon"])))
    assert ("camera serial number", "123456789") in canon
    panasonic = told(jpeg(segment(0xE1, b"Exif\0\0" + NOTES["Panasonic"])))
    assert ("place name", "Somewhere") in panasonic


def test_notes_are_parts_of_their_tag() -> None:
    data = jpeg(segment(0xE1, b"Exif\0\0" + NOTES["Apple"]))
    places = {entry.place for entry in entries("jpeg", data)}
    assert "APP1 Exif / Exif 0x927C / maker's 0x0011" in places


def test_notes_are_found_in_a_tiff() -> None:
    note = b"FUJIFILM\x0c\0\0\0" + directory("<", {0x0010: TEXT}, 12, 0)
    fields = page(picture()[:8, :8]) | {0x010F: "FUJIFILM", 0x8769: {0x927C: note}}
    assert ("camera serial number", "CANARY-serial-1") in told(tiff(fields), "tiff")


@pytest.mark.parametrize("note", [b"", b"Nikon\0\2", b"Apple iOS\0", b"FUJIFILM", b"\xff" * 40])
@pytest.mark.parametrize("maker", ["", "Canon"])
def test_notes_that_cannot_be_read_are_left(maker: str, note: bytes) -> None:
    data = jpeg(segment(0xE1, b"Exif\0\0" + exif(maker, note)))
    assert not [entry for entry in entries("jpeg", data) if "maker's" in entry.place]


def test_pictures_without_notes_are_clean() -> None:
    assert told(saved(picture(), "JPEG")) == set()
