"""TIFF: every channel is listed in plain words and judged, unused bytes included."""

from __future__ import annotations

import functools
import io
import re
import struct
import zlib
from collections.abc import Mapping

import pytest
from PIL import Image, TiffImagePlugin

from scrub.metadata import entries, judge
from tests.test_metadata_jpeg import IPTC, PHOTOSHOP, XMP, profile
from tests.test_metadata_jpeg import picture as jpeg

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7
FORMS = {SHORT: "H", LONG: "I", RATIONAL: "I"}


@functools.cache
def image(mode: str = "RGB") -> Image.Image:
    return Image.radial_gradient("L").resize((48, 40)).convert(mode)


@functools.cache
def picture(compression: str = "raw") -> bytes:
    """A clean TIFF with something in it."""
    buffer = io.BytesIO()
    image().save(buffer, "TIFF", compression=compression)
    return buffer.getvalue()


@functools.cache
def pages() -> bytes:
    """A clean TIFF of three pages."""
    buffer = io.BytesIO()
    rest = [image("L"), image()]
    image().save(buffer, "TIFF", compression="tiff_lzw", save_all=True, append_images=rest)
    return buffer.getvalue()


def with_tags(tags: Mapping[int, tuple[int, bytes | str | int]]) -> bytes:
    """A picture to which Pillow writes these tags as well."""
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for number, (kind, value) in tags.items():
        directory.tagtype[number] = kind
        directory[number] = value
    buffer = io.BytesIO()
    image().save(buffer, "TIFF", tiffinfo=directory, compression="raw")
    return buffer.getvalue()


def built(
    pixels: bytes, tags: Mapping[int, tuple[int, tuple[int, ...]]], tail: bytes = b""
) -> bytes:
    """A grey picture of 4 x 2 pixels: header, pixels, directory, values, ``tail``."""
    rows = {
        0x0100: (LONG, (4,)),
        0x0101: (LONG, (2,)),
        0x0102: (SHORT, (8,)),
        0x0103: (SHORT, (1,)),
        0x0106: (SHORT, (1,)),
        0x0111: (LONG, (8,)),
        0x0117: (LONG, (len(pixels),)),
    } | dict(tags)
    start = 8 + len(pixels) + len(pixels) % 2
    values = start + 2 + 12 * len(rows) + 4
    table = extra = b""
    for number, (kind, numbers) in sorted(rows.items()):
        value = struct.pack(f"<{len(numbers)}{FORMS[kind]}", *numbers)
        if len(value) > 4:
            extra, value = extra + value, struct.pack("<I", values + len(extra))
        count = len(numbers) // 2 if kind == RATIONAL else len(numbers)
        table += struct.pack("<HHI", number, kind, count) + value.ljust(4, b"\0")
    head = b"II*\0" + struct.pack("<I", start) + pixels + bytes(len(pixels) % 2)
    return head + struct.pack("<H", len(rows)) + table + bytes(4) + extra + tail


def dirty() -> bytes:
    """Most of the channels at once, on several pages."""
    exif = Image.Exif()
    exif[0x010F] = "CANARY-make-1"
    where = {1: "N", 2: (10.0, 0.0, 0.0), 3: "E", 4: (20.0, 0.0, 0.0)}
    for number, tags in ((0x8769, {0xA431: "CANARY-serial-1"}), (0x8825, where)):
        exif.get_ifd(number).update(tags)
        exif[number] = exif.get_ifd(number)
    exif[0x02BC] = XMP
    exif[0x83BB] = IPTC
    exif[0x8649] = PHOTOSHOP
    buffer = io.BytesIO()
    image().save(buffer, "TIFF", save_all=True, append_images=[image("L")], exif=exif)
    return buffer.getvalue() + b"CANARY-tail-1" + jpeg()


TEXTS = {
    0x010D: "document name",
    0x010E: "caption",
    0x010F: "camera maker",
    0x0110: "camera model",
    0x0131: "software",
    0x013B: "author's name",
    0x013C: "computer's name",
    0x8298: "copyright",
    0xC62F: "camera serial number",
}


@pytest.mark.parametrize("number", TEXTS)
def test_text_tags_are_listed_and_judged(number: int) -> None:
    data = with_tags({number: (ASCII, "CANARY-text-1")})
    forbidden = {(entry.what, entry.value) for entry in judge("tiff", entries("tiff", data))}
    assert (TEXTS[number], "CANARY-text-1") in forbidden


@pytest.mark.parametrize(
    ("number", "value", "what", "shown"),
    [
        (0x02BC, XMP, "author's name", "CANARY-xmp-1"),
        (0x83BB, IPTC, "author's name", "CANARY-iptc-1"),
        (0x8649, PHOTOSHOP, "place name", "CANARY-city-1"),
        (0x8773, profile(), "colour profile's name", "sRGB built-in"),
        (0xCD41, b"jumb", "content credentials (C2PA)", ""),
        (0xFDE8, b"CANARY-own-1", "unknown EXIF tag", "0xfde8 CANARY-own-1"),
    ],
)
def test_blocks_are_listed_and_judged(number: int, value: bytes, what: str, shown: str) -> None:
    data = with_tags({number: (UNDEFINED, value)})
    forbidden = {(entry.what, entry.value) for entry in judge("tiff", entries("tiff", data))}
    assert (what, shown) in forbidden


def test_exif_directories_are_listed_and_judged() -> None:
    forbidden = {(entry.what, entry.value) for entry in judge("tiff", entries("tiff", dirty()))}
    assert {
        ("camera maker", "CANARY-make-1"),
        ("camera serial number", "CANARY-serial-1"),
        ("GPS position", "10.000000, 20.000000"),
        ("bytes after the picture", "CANARY-tail-1"),
        ("second picture after the picture", "48 x 40"),
    } <= forbidden


def test_big_endian_is_read() -> None:
    data = b"MM\0*\0\0\0\x08" + struct.pack(">HHHII", 1, 0x010F, ASCII, 13, 26) + bytes(4)
    found = entries("tiff", data + b"CANARY-make-1")
    assert ("camera maker", "CANARY-make-1") in {(entry.what, entry.value) for entry in found}


PIXELS = b"\1\2\3\4\5\6\7\x08"
TWO_STRIPS = {0x0111: (LONG, (8, 12)), 0x0117: (LONG, (4, 4)), 0x0116: (SHORT, (1,))}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(built(PIXELS, {}), id="plain"),
        pytest.param(built(PIXELS, TWO_STRIPS), id="two strips"),
        pytest.param(built(zlib.compress(PIXELS), {0x0103: (SHORT, (8,))}), id="deflated"),
        pytest.param(built(PIXELS, {0x0112: (SHORT, (1,))}), id="upright"),
        pytest.param(built(PIXELS, {}, bytes(9)), id="aligned"),
        pytest.param(pages(), id="pages"),
    ],
)
def test_what_a_decoder_needs_is_allowed(data: bytes) -> None:
    found = entries("tiff", data)
    assert judge("tiff", found) == ()
    assert sum(entry.size for entry in found if " / " not in entry.place) == len(data)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (built(PIXELS + b"CANARY", {}), "hidden bytes after the pixels"),
        (built(PIXELS[:-1], {}), "pixels cut short"),
        (
            built(zlib.compress(PIXELS) + b"CANARY", {0x0103: (SHORT, (8,))}),
            "hidden bytes after the pixels",
        ),
        (
            built(zlib.compress(PIXELS + b"C"), {0x0103: (SHORT, (8,))}),
            "hidden bytes after the pixels",
        ),
        (
            built(PIXELS, {0x0111: (LONG, (8,) * 99), 0x0117: (LONG, (99,) * 99)}),
            "pixels overlap (IFD0)",
        ),
        (built(PIXELS, {0x0111: (LONG, (8, 8))}), "pixels cut short or missing (IFD0)"),
        (built(PIXELS, {0x0117: (LONG, (9999,))}), "pixels cut short or missing (IFD0)"),
        (built(PIXELS, TWO_STRIPS | {0x0116: (SHORT, (2,))}), "pixels cut short or repeated"),
        (built(PIXELS, {}, b"CANARY-tail-1"), "bytes after the picture"),
        (built(PIXELS, {}, bytes(16)), "padding after the picture"),
        (
            built(PIXELS, {0x0117: (LONG, (4,)), 0x0101: (LONG, (1,))}),
            "bytes that nothing refers to",
        ),
        (built(PIXELS, {0x00FE: (LONG, (1,))}), "uncovered thumbnail"),
        (built(PIXELS, {0x0112: (SHORT, (6,))}), "orientation"),
        (built(PIXELS, {0x0128: (SHORT, (2,))}), "unit of the pixel density"),
        (built(PIXELS, {0x0100: (LONG, (4, 67, 65))}), "width"),
        (built(PIXELS, {0x0115: (SHORT, (1, 67, 65, 78))}), "samples per pixel"),
        (built(PIXELS, {0x00FE: (LONG, (4,))}), "kind of page"),
        (built(PIXELS, {0x0100: (RATIONAL, (8, 2))}), "width"),
        (built(PIXELS, {0x0102: (SHORT, (8,) * 20)}), "bits per sample"),
        (built(PIXELS, {0x0101: (LONG, (2, 67, 65))}), "height"),
        (built(PIXELS, {0x0116: (LONG, (2, 67, 65))}), "rows per strip"),
        (built(PIXELS, {0x010A: (SHORT, (3,))}), "bit order"),
        (built(PIXELS, {0x011B: (LONG, (300,))}), "pixel density"),
        (built(PIXELS, {0x011C: (SHORT, (2,))}), "planes"),
        (built(PIXELS, {0x013D: (SHORT, (67,))}), "predictor"),
        (built(PIXELS, {0x0153: (SHORT, (67,))}), "kind of numbers"),
        (built(PIXELS, {0x0140: (SHORT, tuple(range(9)))}), "palette"),
        (built(PIXELS, {0x0140: (SHORT, tuple(range(768)))}), "palette that no pixel uses"),
        (built(PIXELS, {0x0152: (SHORT, (67,))}), "transparency"),
        (built(PIXELS, {0x0103: (SHORT, (7,))}), "compression"),
        (built(PIXELS, {0x0106: (SHORT, (5,))}), "colour model"),
        (built(PIXELS, {0x0144: (LONG, (8,)), 0x0145: (LONG, (8,))}), "EXIF setting"),
    ],
)
def test_everything_else_is_judged(data: bytes, what: str) -> None:
    assert what in {entry.what for entry in judge("tiff", entries("tiff", data))}


def test_bytes_beside_a_short_value_are_judged() -> None:
    data = bytearray(built(PIXELS, {}))
    at = data.index(struct.pack("<HHI", 0x0106, SHORT, 1)) + 10
    data[at : at + 2] = b"CA"
    (entry,) = judge("tiff", entries("tiff", bytes(data)))
    assert (entry.place, entry.what) == (
        "IFD0 0x0106 / stray bytes",
        "hidden bytes after the value",
    )


def test_a_page_without_pixels_is_judged() -> None:
    colours = struct.pack("<HHHII", 1, 0x0140, SHORT, 6, 0) + bytes(4)
    data = bytearray(built(PIXELS, {}))
    following = data.index(struct.pack("<HHI", 0x0117, LONG, 1)) + 12
    data[following : following + 4] = struct.pack("<I", len(data))
    data += colours + b"CANARY-map-1"
    struct.pack_into("<I", data, len(data) - 12 - 8, len(data) - 12)
    found = judge("tiff", entries("tiff", bytes(data)))
    assert [entry.what for entry in found] == ["page without pixels (IFD1)"]


def test_the_gap_before_a_page_holds_nothing_else() -> None:
    data = pages()
    paddings = [match.start() + 2 for match in re.finditer(rb"\0\0\0II\*\0", data)]
    assert paddings
    for padding in paddings:
        for at in (padding, padding + 1, padding + 5):
            odd = data[:at] + b"C" + data[at + 1 :]
            assert {entry.place for entry in judge("tiff", entries("tiff", odd))} == {"stray bytes"}


@pytest.mark.parametrize(
    ("density", "allowed"),
    [((1, 1), True), ((300, 1), False), ((7, 7), False), ((1, 1, 9, 9), False)],
)
def test_density_of_one_is_allowed_and_any_other_is_not(
    density: tuple[int, ...], allowed: bool
) -> None:
    for number in (0x011A, 0x011B):
        data = built(PIXELS, {number: (RATIONAL, density)})
        assert (judge("tiff", entries("tiff", data)) == ()) is allowed


def test_big_tiff_is_listed_and_judged() -> None:
    row = struct.pack("<HHQQ", 0x010F, ASCII, 13, 16 + 8 + 20 + 8)
    data = b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 1) + row + bytes(8) + b"CANARY-make-1"
    forbidden = judge("tiff", entries("tiff", data))
    assert "header" in {entry.place for entry in forbidden}
    assert ("camera maker", "CANARY-make-1") in {(entry.what, entry.value) for entry in forbidden}
