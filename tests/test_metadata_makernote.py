"""The notes of makers give away which camera it was, and whose."""

from __future__ import annotations

import pytest

from scrub.metadata import entries, judge
from tests.dirty_notes import NOTES, TEXT, exif, noted, noted_picture
from tests.parts import Fields, directory, jpeg, page, saved, segment, tiff, uncovered
from tests.pictures import picture


def told(data: bytes, kind: str = "jpeg") -> set[tuple[str, str]]:
    return {(entry.what, entry.value) for entry in judge(kind, entries(kind, data))}


@pytest.mark.parametrize("maker", NOTES)
def test_serial_numbers_are_found_in_the_notes(maker: str) -> None:
    found = told(noted_picture(maker))
    what = {
        "Apple": "picture's unique number",
        "Canon": "owner's name",
        "Olympus, later": "lens serial number",
    }
    assert (what.get(maker, "camera serial number"), "CANARY-serial-1") in found


def test_numbers_and_places_are_found_in_the_notes() -> None:
    canon = told(noted_picture("Canon"))
    assert ("camera serial number", "123456789") in canon
    panasonic = told(noted_picture("Panasonic"))
    assert ("place name", "Somewhere") in panasonic
    equipment = directory("<", {0x0101: "123"}, 0, 0)
    for prefix, fields, number in (
        (b"OLYMP\0\1\0", {0x2010: equipment}, "123"),
        (b"PENTAX \0II", {0x0215: [77, 20, 4, 8, 6322]}, "77 20 4 8 6322"),
    ):
        note = noted("", prefix, "<", fields, apart=prefix.startswith(b"P"))
        found = told(jpeg(segment(0xE1, b"Exif\0\0" + note)))
        assert ("camera serial number", number) in found


def test_zeros_name_nobody() -> None:
    fields: Fields = {0x0054: "0000000", 0x0066: bytes(20), 0x0025: b"F9210"}
    note = noted("", b"Panasonic\0\0\0", "<", fields, apart=False)
    found = told(jpeg(segment(0xE1, b"Exif\0\0" + note)))
    assert {what for what, _ in found} & {"person's name", "accessory's serial number"} == set()
    assert ("camera serial number", "F9210") in found


def test_notes_are_parts_of_their_tag() -> None:
    data = noted_picture("Apple")
    places = {entry.place for entry in entries("jpeg", data)}
    assert "APP1 Exif / Exif 0x927C / maker's 0x0011" in places


def test_picture_in_the_notes_is_found() -> None:
    note = b"NIKON" + bytes(99) + uncovered("inside") + bytes(9)
    data = jpeg(segment(0xE1, b"Exif\0\0" + exif("NIKON", note)))
    [found] = [entry for entry in entries("jpeg", data) if "maker's picture" in entry.place]
    assert (found.what, found.value) == ("uncovered thumbnail", "64 x 64")
    assert found.picture.startswith(uncovered("inside"))


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
