"""EXIF: what each tag is called, where the picture was taken, and what hostile blocks do."""

from __future__ import annotations

import io
import struct

import piexif
import pytest
from piexif import GPSIFD, ExifIFD, ImageIFD
from PIL import ExifTags, Image

from scrub.metadata import exif
from scrub.metadata.entry import Entry


def dump(**sections: object) -> bytes:
    """An EXIF block without its "Exif" prefix."""
    return bytes(piexif.dump(sections)).removeprefix(b"Exif\0\0")


def said(block: bytes) -> set[tuple[str, str]]:
    return {(entry.what, entry.value) for entry in exif.read(block)}


def whats(block: bytes) -> set[str]:
    return {entry.what for entry in exif.read(block)}


def tiff(*rows: tuple[int, int, int, int], following: int = 0, order: str = "<") -> bytes:
    """A block with one directory of (number, type, count, value or offset)."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    table = b"".join(struct.pack(f"{order}HHII", *row) for row in rows)
    count = struct.pack(f"{order}H", len(rows))
    return mark + struct.pack(f"{order}I", 8) + count + table + struct.pack(f"{order}I", following)


WHERE = {
    GPSIFD.GPSLatitudeRef: b"N",
    GPSIFD.GPSLatitude: ((48, 1), (51, 1), (2960, 100)),
    GPSIFD.GPSLongitudeRef: b"E",
    GPSIFD.GPSLongitude: ((2, 1), (17, 1), (4020, 100)),
}


@pytest.mark.parametrize(
    ("section", "tag", "value", "what"),
    [
        ("0th", ImageIFD.ImageDescription, b"CANARY-caption-1", "caption"),
        ("0th", ImageIFD.Make, b"CANARY-make-1", "camera maker"),
        ("0th", ImageIFD.Model, b"CANARY-model-1", "camera model"),
        ("0th", ImageIFD.Software, b"CANARY-software-1", "software"),
        ("0th", ImageIFD.Artist, b"CANARY-artist-1", "author's name"),
        ("0th", ImageIFD.Copyright, b"CANARY-rights-1", "copyright"),
        ("0th", ImageIFD.HostComputer, b"CANARY-host-1", "computer's name"),
        ("0th", ImageIFD.DateTime, b"2026:01:02 03:04:05", "time changed"),
        ("0th", ImageIFD.CameraSerialNumber, b"CANARY-dng-1", "camera serial number"),
        ("Exif", ExifIFD.DateTimeOriginal, b"2026:01:02 03:04:05", "time taken"),
        ("Exif", ExifIFD.CameraOwnerName, b"CANARY-owner-1", "owner's name"),
        ("Exif", ExifIFD.BodySerialNumber, b"CANARY-body-1", "camera serial number"),
        ("Exif", ExifIFD.LensSerialNumber, b"CANARY-lens-1", "lens serial number"),
        ("Exif", ExifIFD.ImageUniqueID, b"CANARY-id-1", "picture's unique number"),
        ("GPS", GPSIFD.GPSDateStamp, b"2026:01:02", "GPS time"),
    ],
)
def test_text_tags_are_listed_in_plain_words(
    section: str, tag: int, value: bytes, what: str
) -> None:
    assert (what, value.decode()) in said(dump(**{section: {tag: value}}))


@pytest.mark.parametrize(
    ("north", "east", "position"),
    [
        (b"N", b"E", "48.858222, 2.294500"),
        (b"S", b"W", "-48.858222, -2.294500"),
    ],
)
def test_position_is_in_decimal_degrees(north: bytes, east: bytes, position: str) -> None:
    gps = WHERE | {GPSIFD.GPSLatitudeRef: north, GPSIFD.GPSLongitudeRef: east}
    assert ("GPS position", position) in said(dump(GPS=gps))


def test_position_needs_both_coordinates() -> None:
    for tag, what in ((GPSIFD.GPSLatitude, "GPS latitude"), (GPSIFD.GPSLongitude, "GPS longitude")):
        found = whats(dump(GPS={tag: WHERE[tag]}))
        assert what in found
        assert "GPS position" not in found


def test_position_with_a_zero_denominator_is_still_one() -> None:
    gps = WHERE | {GPSIFD.GPSLatitude: ((48, 1), (30, 1), (0, 0))}
    assert ("GPS position", "48.500000, 2.294500") in said(dump(GPS=gps))


def test_comments_are_decoded() -> None:
    plain = dump(Exif={ExifIFD.UserComment: b"ASCII\0\0\0CANARY-comment-1"})
    wide = dump(Exif={ExifIFD.UserComment: b"UNICODE\0" + "CANARY-comment-é".encode("utf-16-be")})
    windows = dump(**{"0th": {ImageIFD.XPAuthor: "CANARY-xp-1".encode("utf-16-le")}})
    assert ("comment", "CANARY-comment-1") in said(plain)
    assert ("comment", "CANARY-comment-é") in said(wide)
    assert ("author's name", "CANARY-xp-1") in said(windows)


def test_comments_are_decoded_though_of_another_type() -> None:
    """Pillow writes them as bytes, which are numbers."""
    block = Image.Exif()
    block.get_ifd(ExifTags.IFD.Exif)[ExifIFD.UserComment] = b"ASCII\0\0\0CANARY-comment-1"
    assert ("comment", "CANARY-comment-1") in said(block.tobytes())


def test_offsets_of_directories_tell_nothing() -> None:
    found = said(dump(Exif={ExifIFD.BodySerialNumber: b"1"}, GPS=WHERE))
    assert {("EXIF", ""), ("GPS data", "")} <= found


def test_maker_note_shows_what_is_readable_in_it() -> None:
    note = b"\1\2\3CANARY-note-1\0\0\xff\xfeSER\0\0"
    assert ("maker note", "CANARY-note-1") in said(dump(Exif={ExifIFD.MakerNote: note}))


def test_thumbnail_is_called_uncovered() -> None:
    jpeg = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(jpeg, "JPEG")
    block = bytes(
        piexif.dump({"0th": {}, "1st": {ImageIFD.Make: b"x"}, "thumbnail": jpeg.getvalue()})
    )
    (thumbnail,) = [entry for entry in exif.read(block) if entry.what == "uncovered thumbnail"]
    jfif = 18  # which piexif leaves out
    assert thumbnail.size == len(jpeg.getvalue()) - jfif


def test_settings_and_unknown_tags_are_told_apart() -> None:
    found = said(tiff((0x0112, 3, 1, 6), (0xFDE8, 3, 1, 7)))
    assert ("EXIF setting", "Orientation 6") in found
    assert ("unknown EXIF tag", "0xfde8 7") in found


def test_both_byte_orders_are_read() -> None:
    for order in "<>":
        block = tiff((0x010F, 2, 14, 26), order=order) + b"CANARY-order-1"
        assert ("camera maker", "CANARY-order-1") in said(block)


def test_big_tiff_is_read() -> None:
    row = struct.pack("<HHQQ", 0x010F, 2, 12, 16 + 8 + 20 + 8)
    block = b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 1) + row + bytes(8) + b"CANARY-big-1"
    assert ("camera maker", "CANARY-big-1") in said(block)


def test_directories_of_exif_need_no_successor() -> None:
    note = {ExifIFD.MakerNote: b"\x7f" * 40}
    assert "broken" not in {entry.place for entry in exif.read(dump(Exif=note, GPS=WHERE))}


def test_sub_directories_are_followed() -> None:
    block = tiff((0x014A, 4, 1, 26)) + struct.pack("<HHHII", 1, 0x010F, 2, 12, 44) + bytes(4)
    assert ("camera maker", "CANARY-sub-1") in said(block + b"CANARY-sub-1")


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"Exif\0\0", id="only the prefix"),
        pytest.param(b"II*\0\xff\xff\xff\xff", id="first directory outside"),
        pytest.param(tiff((0x010F, 2, 99, 8)), id="value outside"),
        pytest.param(tiff((0x010F, 2, 0xFFFFFFFF, 8)), id="count beyond everything"),
        pytest.param(tiff((0x010F, 99, 1, 8)), id="unknown type"),
        pytest.param(tiff((0x010F, 3, 1, 8), following=8), id="chain that bites its tail"),
        pytest.param(tiff((0x8769, 4, 1, 8)), id="EXIF that is its own parent"),
        pytest.param(tiff((0x014A, 4, 3, 8)), id="directories in a header"),
        pytest.param(tiff((0x0112, 3, 1, 1), (0x0112, 3, 1, 8)), id="tag twice"),
        pytest.param(tiff((0x0112, 3, 1, 1))[:-1], id="directory cut short"),
        pytest.param(b"II*\0\x08\0\0\0" + b"\xff" * 70000, id="65535 tags"),
    ],
)
def test_hostile_blocks_are_broken(block: bytes) -> None:
    assert "broken" in {entry.place for entry in exif.read(block)}


def test_many_directories_end() -> None:
    chain = b"".join(struct.pack("<HI", 0, 14 + 6 * index) for index in range(10_000))
    found = list(exif.read(b"II*\0\x08\0\0\0" + chain + bytes(6)))
    assert found[-1].place == "broken"
    assert len(found) < 10


def test_values_are_short_and_printable() -> None:
    ugly = b"\x1b[31m\xe2\x80\xae" + b"A" * 5000
    for entry in exif.read(tiff((0x010F, 2, len(ugly), 26)) + ugly):
        assert isinstance(entry, Entry)
        assert len(entry.value) <= 200
        assert entry.value.isprintable()
