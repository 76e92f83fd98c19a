"""BMP: every channel is listed in plain words and judged."""

from __future__ import annotations

import functools
import io
import struct

import pytest
from PIL import Image

from scrub.metadata import entries, judge
from tests.test_metadata_jpeg import picture as jpeg
from tests.test_metadata_jpeg import profile

HEADERS = 54


@functools.cache
def picture(mode: str = "RGB", width: int = 47) -> bytes:
    """A clean BMP with something in it; each of its rows ends in padding."""
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize((width, 40)).convert(mode).save(buffer, "BMP")
    return buffer.getvalue()


def patched(at: int, form: str, value: int, data: bytes | None = None) -> bytes:
    """A clean picture with a number of its headers changed."""
    changed = bytearray(data or picture())
    struct.pack_into(form, changed, at, value)
    return bytes(changed)


def with_gap(gap: bytes) -> bytes:
    """A clean picture with bytes between headers and pixels, and the offsets corrected."""
    data = picture()[:HEADERS] + gap + picture()[HEADERS:]
    return patched(10, "<I", HEADERS + len(gap), patched(2, "<I", len(data), data))


def with_profile(kind: bytes, body: bytes) -> bytes:
    """A picture with a V5 header and a profile after the pixels."""
    pixels = picture()[HEADERS:]
    info = struct.pack("<I", 124) + picture()[18:HEADERS] + bytes(16) + kind
    info += bytes(124 - len(info) - 12) + struct.pack("<III", 124 + len(pixels), len(body), 0)
    size = 14 + len(info) + len(pixels) + len(body)
    return b"BM" + struct.pack("<III", size, 0, 14 + 124) + info + pixels + body


def dirty() -> bytes:
    """Most of the channels at once."""
    return with_profile(b"DEBM", profile()) + b"CANARY-tail-1" + jpeg()


LINK = rb"C:\Users\CANARY\x.icm"
CHANNELS = {
    "gap": (with_gap(b"CANARY-gap-1"), "bytes before the pixels", "CANARY-gap-1"),
    "tail": (picture() + b"CANARY-tail-1", "bytes after the picture", "CANARY-tail-1"),
    "picture": (picture() + jpeg(), "second picture after the picture", "48 x 40"),
    "profile": (with_profile(b"DEBM", profile()), "colour profile", ""),
    "profile name": (with_profile(b"DEBM", profile()), "colour profile's name", "sRGB built-in"),
    "link": (with_profile(b"KNIL", LINK), "link to a colour profile", LINK.decode()),
    "V5": (with_profile(b"BGRs", b""), "picture header", ""),
    "reserved": (patched(6, "<I", 0xCA4A41), "file header", ""),
    "file size": (patched(2, "<I", 7), "wrong file size in the header", ""),
    "density": (patched(38, "<I", 11811), "picture header", ""),
    "one density": (patched(42, "<I", 0), "picture header", ""),
    "picture size": (patched(34, "<I", 7), "picture header", ""),
    "planes": (patched(26, "<H", 7), "picture header", ""),
    "colours": (patched(46, "<I", 2), "parts overlap or are cut short", ""),
    "important": (patched(50, "<I", 2), "picture header", ""),
    "palette": (patched(HEADERS + 3, "B", 7, picture("L")), "palette", ""),
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_channel_is_listed_and_judged(channel: str) -> None:
    data, what, value = CHANNELS[channel]
    found = entries("bmp", data)
    assert (what, value) in {(entry.what, entry.value) for entry in judge("bmp", found)}
    assert sum(entry.size for entry in found if " / " not in entry.place) == len(data)


@pytest.mark.parametrize(
    ("mode", "width", "bit"),
    [("RGB", 47, 0), ("L", 47, 0), ("1", 47, 0), ("1", 33, 6), ("1", 40, 7)],
)
def test_bits_that_no_pixel_uses_must_be_zero(mode: str, width: int, bit: int) -> None:
    clean = picture(mode, width)
    assert judge("bmp", entries("bmp", clean)) == ()
    hidden = clean[:-1] + bytes([clean[-1] | 1 << bit])
    (entry,) = judge("bmp", entries("bmp", hidden))
    assert (entry.what, entry.size) == ("hidden bytes in the row padding", 1)


def test_densities_may_be_absent() -> None:
    none = patched(42, "<I", 0, patched(38, "<I", 0))
    assert judge("bmp", entries("bmp", none)) == ()


def test_profile_before_the_pixels_is_listed() -> None:
    data = with_profile(b"DEBM", b"")
    size = struct.pack("<II", 124, len(profile()))
    data = data[: 14 + 112] + size + bytes(4) + profile() + data[14 + 124 :]
    data = patched(10, "<I", 14 + 124 + len(profile()), patched(2, "<I", len(data), data))
    found = entries("bmp", data)
    assert "colour profile" in {entry.what for entry in found}
    assert sum(entry.size for entry in found if " / " not in entry.place) == len(data)
