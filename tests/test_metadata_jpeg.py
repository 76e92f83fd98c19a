"""JPEG: every channel is listed in plain words and judged."""

from __future__ import annotations

import functools
import io
import struct

import piexif
import pytest
from PIL import Image, ImageCms

from scrub.metadata import entries, judge, xmp

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description exif:GPSLatitude="48,51.5N">'
    b"<dc:creator><rdf:Seq><rdf:li>CANARY-xmp-1</rdf:li></rdf:Seq></dc:creator>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
IPTC = b"\x1c\x02\x50\0\x0dCANARY-iptc-1\x1c\x02\x5a\0\x0dCANARY-city-1"
PHOTOSHOP = (
    b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC + b"8BIM\x04\x0c\0\0\0\0\0\4abcd"
)


@functools.cache
def picture(mode: str = "RGB", **options: object) -> bytes:
    """A clean JPEG with something in it."""
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize((48, 40)).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@functools.cache
def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segment(marker: int, body: bytes) -> bytes:
    """A clean picture with one more segment right after SOI."""
    return picture()[:2] + segment(marker, body) + picture()[2:]


def before(marker: bytes, extra: bytes) -> bytes:
    """A clean picture with ``extra`` before the first ``marker``."""
    at = picture().index(marker)
    return picture()[:at] + extra + picture()[at:]


def exif() -> bytes:
    return bytes(
        piexif.dump(
            {
                "0th": {piexif.ImageIFD.Make: b"CANARY-make-1"},
                "Exif": {piexif.ExifIFD.BodySerialNumber: b"CANARY-serial-1"},
                "GPS": {
                    piexif.GPSIFD.GPSLatitudeRef: b"N",
                    piexif.GPSIFD.GPSLatitude: ((10, 1), (0, 1), (0, 1)),
                    piexif.GPSIFD.GPSLongitudeRef: b"E",
                    piexif.GPSIFD.GPSLongitude: ((20, 1), (0, 1), (0, 1)),
                },
            }
        )
    )


def movie() -> bytes:
    """The boxes that a motion photo's video begins with."""
    return b"\0\0\0\x10ftypmp42\0\0\0\0" + b"\0\0\0\x14mdatmoving faces"


def samsung() -> bytes:
    """A Samsung trailer with a motion video."""
    block = b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + movie()
    head = b"SEFH" + struct.pack("<II", 107, 1)
    head += struct.pack("<HHII", 0, 0x0A30, len(block), len(block))
    return block + head + struct.pack("<I", len(head)) + b"SEFT"


BYLINE = b"\x1c\2\x50\0\x0dCANARY-iptc-2"


def afcp(data: bytes, order: str = ">", moved: int = 0) -> bytes:
    """The file with IPTC and a preview in a trailer, which was written ``moved`` bytes earlier."""
    mark = b"AXS!" if order == ">" else b"AXS*"
    parts = {b"IPTC": BYLINE, b"PrVw": bytes(18) + picture("L")}
    begin = len(data) - moved
    at = begin + 12 * (1 + len(parts))
    trailer = mark + struct.pack(order + "HHI", 1, len(parts), 0)
    for name, body in parts.items():
        trailer += name + struct.pack(order + "II", len(body), at)
        at += len(body)
    return data + trailer + b"".join(parts.values()) + mark + struct.pack(order + "II", begin, 0)


def fotostation() -> bytes:
    """Two records as FotoStation appends them: IPTC, and a preview."""
    return b"".join(
        body + struct.pack(">HII", number, len(body) + 10, 0xA1B2C3D4)
        for number, body in ((1, BYLINE), (4, picture("L")))
    )


def dirty() -> bytes:
    """Most of the channels at once."""
    extra = segment(0xE1, exif()) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    extra += segment(0xE2, b"ICC_PROFILE\0\1\1" + profile())
    extra += segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP) + segment(0xFE, b"CANARY-com-1")
    return picture()[:2] + extra + picture()[2:] + picture("L") + movie() + samsung()


BROKEN = "picture cut short or damaged"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + bytes(8) + XMP
CHANNELS = {
    "COM": (with_segment(0xFE, b"CANARY-com-1"), "comment", "CANARY-com-1"),
    "Exif": (with_segment(0xE1, exif()), "EXIF", ""),
    "Exif make": (with_segment(0xE1, exif()), "camera maker", "CANARY-make-1"),
    "Exif serial": (with_segment(0xE1, exif()), "camera serial number", "CANARY-serial-1"),
    "Exif GPS": (with_segment(0xE1, exif()), "GPS position", "10.000000, 20.000000"),
    "XMP": (
        with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        "author's name",
        "CANARY-xmp-1",
    ),
    "XMP GPS": (
        with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        "GPS position",
        "48,51.5N",
    ),
    "extended XMP": (with_segment(0xE1, EXTENSION), "extended XMP", ""),
    "extended XMP author": (with_segment(0xE1, EXTENSION), "author's name", "CANARY-xmp-1"),
    "ICC": (with_segment(0xE2, b"ICC_PROFILE\0\1\1" + profile()), "colour profile", ""),
    "MPF": (with_segment(0xE2, b"MPF\0II*\0"), "index of further pictures (MPF)", ""),
    "FlashPix": (with_segment(0xE2, b"FPXR\0CANARY"), "FlashPix data", ""),
    "gain map": (with_segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0"), "gain map", ""),
    "JUMBF": (with_segment(0xEB, b"JP\0\1jumbc2pa"), "content credentials (C2PA)", ""),
    "Ducky": (with_segment(0xEC, b"Ducky\0\1\0\4"), "Photoshop's save settings", ""),
    "IRB": (with_segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP), "Photoshop resources", ""),
    "IRB thumbnail": (
        with_segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP),
        "uncovered thumbnail",
        "",
    ),
    "IPTC": (
        with_segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP),
        "author's name",
        "CANARY-iptc-1",
    ),
    "IPTC city": (
        with_segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP),
        "place name",
        "CANARY-city-1",
    ),
    "Adobe": (with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\1"), "Adobe's colour transform", ""),
    "JFXX": (with_segment(0xE0, b"JFXX\0\x10CANARY"), "uncovered thumbnail", ""),
    "APP7": (with_segment(0xE7, b"\1\2CANARY-app7-1"), "unknown data (APP7)", "CANARY-app7-1"),
    "reserved": (with_segment(0xF5, b"CANARY"), "unusual segment", ""),
    "between": (before(b"\xff\xdb", b"CANARY-gap-1"), "bytes between the segments", ""),
    "fill": (before(b"\xff\xd9", b"\xff\xff"), "bytes between the segments", ""),
    "restart": (before(b"\xff\xd9", b"\xff\xd0"), "bytes between the segments", ""),
    "restart with an interval of none": (
        before(b"\xff\xda", b"\xff\xdd\0\4\0\0").replace(b"\xff\xd9", b"\xff\xd0\xff\xd9"),
        "bytes between the segments",
        "",
    ),
    "length of nothing": (before(b"\xff\xdb", b"\xff\xfe\0\1"), BROKEN, ""),
    "length beyond the end": (before(b"\xff\xdb", b"\xff\xfe\xff\xff"), BROKEN, ""),
    "second start": (before(b"\xff\xdb", b"\xff\xd8"), "bytes between the segments", ""),
    "bytes": (picture() + b"CANARY-tail-1", "bytes after the picture", "CANARY-tail-1"),
    "zeros": (picture() + bytes(9), "padding after the picture", ""),
    "picture": (picture() + picture("L"), "second picture after the picture", "48 x 40"),
    "motion": (picture() + movie(), "motion video after the picture", ""),
    "Samsung": (picture() + samsung(), "Samsung trailer", ""),
    "AFCP": (afcp(picture()), "IPTC trailer (AFCP)", ""),
    "AFCP text": (afcp(picture()), "author's name", "CANARY-iptc-2"),
    "AFCP picture": (afcp(picture(), "<"), "uncovered thumbnail", "48 x 40"),
    "AFCP moved": (afcp(picture() + b"more", moved=4), "author's name", "CANARY-iptc-2"),
    "FotoStation": (picture() + fotostation(), "IPTC trailer (FotoStation)", ""),
    "FotoStation text": (picture() + fotostation(), "author's name", "CANARY-iptc-2"),
    "FotoStation picture": (picture() + fotostation(), "uncovered thumbnail", "48 x 40"),
    "all of them": (
        afcp(picture() + fotostation()) + samsung(),
        "IPTC trailer (FotoStation)",
        "",
    ),
    "Samsung motion": (
        picture() + samsung(),
        "motion video after the picture",
        "MotionPhoto_Data",
    ),
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_channel_is_listed_and_judged(channel: str) -> None:
    data, what, value = CHANNELS[channel]
    found = entries("jpeg", data)
    assert (what, value) in {(entry.what, entry.value) for entry in judge("jpeg", found)}
    assert sum(entry.size for entry in found if " / " not in entry.place) == len(data)


def test_trailers_that_lie_are_bounded() -> None:
    """A directory of overlapping rows, each of which says that it is the whole file."""
    lies = b"".join(b"PrVw" + struct.pack(">II", 1 << 20, 0) for _ in range(65535))
    body = b"AXS!" + struct.pack(">HHI", 1, 65535, 0) + lies + bytes(1 << 20)
    found = entries("jpeg", picture() + body + b"AXS!" + struct.pack(">II", len(picture()), 0))
    assert sum(len(entry.picture) for entry in found) <= len(body)
    tiny = struct.pack(">HII", 9, 10, 0xA1B2C3D4) * 100_000
    assert len(entries("jpeg", picture() + tiny)) < 300


def test_second_picture_is_told_from_a_gain_map() -> None:
    index = with_segment(0xE2, b"MPF\0II*\0")
    gain = picture("L")[:2] + segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0") + picture("L")[2:]
    second = "second picture after the picture (MPF)"
    assert second in {entry.what for entry in entries("jpeg", index + picture("L"))}
    assert entries("jpeg", index + gain)[-1].what == "gain map"


def test_what_follows_a_second_picture_is_listed_too() -> None:
    data = picture() + picture("L") + b"CANARY-1" + movie() + b"CANARY-2"
    assert [entry.what for entry in entries("jpeg", data)[-4:]] == [
        "second picture after the picture",
        "bytes after the picture",
        "motion video after the picture",
        "bytes after the picture",
    ]


@pytest.mark.parametrize(
    "jfif",
    [
        pytest.param(b"JFIF\0\1\2\0\0\1\0\1\0\0", id="version"),
        pytest.param(b"JFIF\0\1\1\1\1\x2c\1\x2c\0\0", id="density"),
        pytest.param(b"JFIF\0\1\1\0\0\1\0\1\1\1abc", id="thumbnail"),
        pytest.param(b"JFIF\0\1\1\0\0\1\0\1\0\0more", id="longer"),
        pytest.param(b"JFIF\0", id="shorter"),
    ],
)
def test_only_the_neutral_jfif_header_is_allowed(jfif: bytes) -> None:
    end = picture().index(b"\xff\xdb")
    data = picture()[:2] + segment(0xE0, jfif) + picture()[end:]
    assert "APP0 JFIF" in {entry.place for entry in judge("jpeg", entries("jpeg", data))}


def tables(marker: int) -> bytes:
    """The first segment of that kind in a clean picture."""
    at = picture().index(bytes([0xFF, marker]))
    return picture()[at : at + 2 + int.from_bytes(picture()[at + 2 : at + 4], "big")]


@pytest.mark.parametrize(
    ("marker", "extra", "place"),
    [
        (b"\xff\xc0", tables(0xDB), "repeated DQT"),
        (b"\xff\xc0", b"\xff\xdb\0\x43\3" + bytes(64), "unused DQT"),
        (b"\xff\xda", tables(0xC4), "repeated DHT"),
        (b"\xff\xda", b"\xff\xc4\0\x14\3\1" + bytes(15) + b"A", "unused DHT"),
        (b"\xff\xda", tables(0xC0), "repeated SOF0"),
        (b"\xff\xd9", tables(0xDA), "repeated SOS"),
        (b"\xff\xc0", b"\xff\xdb\0\x84" + (b"\2" + bytes(64)) * 2, "repeated DQT"),
        (b"\xff\xc0", b"\xff\xdb\0\x09CANARY1", "DQT"),
        (b"\xff\xc0", b"\xff\xdb\0\x09\2ANARY1", "DQT"),
        (b"\xff\xda", b"\xff\xc4\0\x09CANARY1", "DHT"),
        (b"\xff\xda", b"\xff\xdd\0\x06CAN1", "DRI"),
        (b"\xff\xd9", b"\xff\xda\0\x09CANARY1", "SOS"),
    ],
)
def test_tables_that_no_decoder_uses_are_judged(marker: bytes, extra: bytes, place: str) -> None:
    forbidden = judge("jpeg", entries("jpeg", before(marker, extra)))
    assert place in {entry.place for entry in forbidden}


def test_four_components_and_odd_names_are_judged() -> None:
    places = {entry.place for entry in judge("jpeg", entries("jpeg", picture("CMYK")))}
    assert places == {"APP14 Adobe", "SOF0"}
    for data, name in ((picture(), "SOF0"), (picture(progressive=True), "SOF2")):
        at = data.index(b"\xff\xc0" if name == "SOF0" else b"\xff\xc2")
        for place, value in ((4, 12), (10, 82), (13, 1), (16, 7)):  # precision, the three names
            odd = data[: at + place] + bytes([value]) + data[at + place + 1 :]
            assert name in {entry.place for entry in judge("jpeg", entries("jpeg", odd))}


@pytest.mark.parametrize(
    ("body", "what", "value"),
    [
        (b"\x1c\2\x78\x80\2\0\x0cCANARY-iim-1" + IPTC, "place name", "CANARY-city-1"),
        (IPTC + b"CANARY-iim-1", "unreadable part of the IPTC", ""),
        (b"\x1c\2\x78\xff\xff", "caption", ""),
    ],
)
def test_odd_iptc_is_listed(body: bytes, what: str, value: str) -> None:
    resources = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(body)) + body + b"\0" * (len(body) % 2)
    data = with_segment(0xED, b"Photoshop 3.0\0" + resources)
    assert (what, value) in {(entry.what, entry.value) for entry in entries("jpeg", data)}


def test_odd_photoshop_resources_are_listed() -> None:
    data = with_segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP + b"CANARY-irb-1")
    found = {entry.what for entry in entries("jpeg", data)}
    assert "unreadable part of the Photoshop resources" in found


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_xmp_in_wide_letters_is_read(coding: str) -> None:
    packet = '\ufeff<rdf:Description photoshop:City="Zürich"><dc:creator>A. Muñoz</dc:creator>'
    found = {(entry.what, entry.value) for entry in xmp.read(packet.encode(coding))}
    assert found == {("place name", "Zürich"), ("author's name", "A. Muñoz")}


def test_xmp_names_values_not_code_points() -> None:
    packet = b"<a:Title\n>\x1b[2J\xe2\x80\xae" + b"A" * 900 + b"</a:Title>"
    data = with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)
    (title,) = [entry for entry in entries("jpeg", data) if entry.what == "caption"]
    assert title.value.isprintable()
    assert len(title.value) == 200
