"""JPEG 2000: every box and every marker of its codestream is listed, and none is ever clean."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from scrub.metadata import Entry, entries, judge
from scrub.metadata.danger import PLAIN
from tests.dirty_heif import box
from tests.dirty_wavelet import LEAST, WAVELET, XMP_UUID, jp2
from tests.pictures import canaries, canary
from tests.test_metadata_jpeg import XMP, exif, profile


def dirty() -> bytes:
    """Most of the channels at once."""
    notes = box(b"uuid", b"JpgTiffExif->JP2" + exif().removeprefix(b"Exif\0\0"))
    notes += box(b"uuid", XMP_UUID + XMP) + box(b"lbl ", b"CANARY-label-1")
    notes += box(b"xml ", b'<a:b dc:title="CANARY-xml-1">') + box(b"CANA", b"CANARY-own-1")
    return jp2(comment="CANARY-com-1") + notes + box(b"colr", b"\2\0\0" + profile())


def told(data: bytes) -> set[tuple[str, str]]:
    """What there is beside a picture."""
    return {(one.what, one.value) for one in entries("jpeg2000", data) if one.what not in PLAIN}


def total(found: tuple[Entry, ...]) -> int:
    return sum(entry.size for entry in found if " / " not in entry.place)


@pytest.mark.parametrize("size", [(1, 1), (37, 53), (400, 300)])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("naked", [False, True])
def test_what_pillow_writes_is_a_picture(mode: str, size: tuple[int, int], naked: bool) -> None:
    for options in ({}, {"irreversible": True, "quality_layers": [20]}):
        buffer = io.BytesIO()
        shown = Image.radial_gradient("L").resize(size).convert(mode)
        shown.save(buffer, "JPEG2000", no_jp2=naked, comment=LEAST, **options)
        data = buffer.getvalue()
        assert told(data) == {("comment", "")}
        assert total(entries("jpeg2000", data)) == len(data)


CHANNELS = {
    "jpeg2000-comment": ("comment", canary("comment")),
    "jpeg2000-naked": ("comment", canary("comment")),
    "jpeg2000-xmp": ("author's name", canary("xmp")),
    "jpeg2000-exif": ("GPS position", "-48.875417, -123.392528"),
    "jpeg2000-geo": ("position on a map (GeoJP2)", ""),
    "jpeg2000-xml": ("author's name", canary("xmp")),
    "jpeg2000-uuid": ("an application's data", canary("uuid")),
    "jpeg2000-density": ("pixel density", ""),
    "jpeg2000-icc": ("colour profile", ""),
    "jpeg2000-second": ("second picture", ""),
    "jpeg2000-address": ("web address", canary("address")),
    "jpeg2000-trailer": ("second picture after the picture", "64 x 64"),
    "jpeg2000-after": ("bytes after the pixels", canary("after")),
}


@pytest.mark.parametrize("name", CHANNELS)
def test_channel_is_listed(name: str) -> None:
    data = WAVELET[name]()
    shown = {(what, text.strip("?")) for what, text in told(data)}
    assert CHANNELS[name] in shown
    assert total(entries("jpeg2000", data)) == len(data)


@pytest.mark.parametrize("name", sorted(set(CHANNELS) - {"jpeg2000-trailer"}))
def test_every_canary_is_shown(name: str) -> None:
    data = WAVELET[name]()
    shown = " ".join(entry.value for entry in entries("jpeg2000", data))
    assert [mark for mark in canaries(data) if mark not in shown] == []


def test_the_name_of_the_encoder_is_listed() -> None:
    assert any(what == "comment" and "OpenJPEG" in text for what, text in told(jp2(comment="")))


@pytest.mark.parametrize("naked", [False, True])
def test_none_is_clean(naked: bool) -> None:
    found = entries("jpeg2000", jp2(naked=naked))
    assert judge("jpeg2000", found) == found


def test_tiles_are_followed_to_the_end() -> None:
    data = bytearray(jp2(naked=True))
    at = data.index(b"\xff\x90") + 6
    size = int.from_bytes(data[at : at + 4], "big")
    assert data[at - 6 + size :] == b"\xff\xd9"
    data[at : at + 4] = bytes(4)  # up to the end, whatever its length
    assert told(bytes(data)) == {("comment", "")}
    for length in (size + 3, 12, 0xFFFFFFFF):
        data[at : at + 4] = struct.pack(">I", length)
        assert ("picture cut short or damaged", "") in told(bytes(data))


def test_a_marker_within_a_tile_is_listed() -> None:
    data = jp2(naked=True)
    at = data.index(b"\xff\x93")
    extra = b"\xff\x64" + struct.pack(">H", 4 + len(b"CANARY-in-1")) + b"\0\1CANARY-in-1"
    head = data.index(b"\xff\x90") + 6
    size = int.from_bytes(data[head : head + 4], "big") + len(extra)
    changed = data[:head] + struct.pack(">I", size) + data[head + 4 : at] + extra + data[at:]
    assert ("comment", "CANARY-in-1") in told(changed)
