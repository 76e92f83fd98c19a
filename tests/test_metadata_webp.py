"""WebP: every channel is listed in plain words and judged."""

from __future__ import annotations

import functools
import io
import struct

import pytest
from PIL import Image

from scrub.metadata import entries, judge
from tests.test_metadata_jpeg import XMP, exif, profile
from tests.test_metadata_jpeg import picture as jpeg


@functools.cache
def picture(mode: str = "RGB", **options: object) -> bytes:
    """A clean WebP with something in it."""
    image = Image.radial_gradient("L").resize((48, 40)).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    return buffer.getvalue()


@functools.cache
def animation() -> bytes:
    frames = [Image.new("RGB", (12, 9), color) for color in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], duration=40)
    return buffer.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def with_chunk(name: bytes, body: bytes) -> bytes:
    """A clean picture with one more chunk at its end."""
    return riff(picture()[12:], chunk(name, body))


def frame(*chunks: bytes, flags: int = 0) -> bytes:
    return chunk(b"ANMF", bytes(15) + bytes([flags]) + b"".join(chunks))


def header(flags: int, reserved: bytes = b"\0\0\0") -> bytes:
    return chunk(b"VP8X", bytes([flags]) + reserved + b"\x2f\0\0\x27\0\0")


def dirty() -> bytes:
    """Most of the channels at once, in an animation."""
    extra = chunk(b"EXIF", exif()) + chunk(b"XMP ", XMP) + chunk(b"caNy", b"CANARY-own-1")
    return riff(animation()[12:], chunk(b"ICCP", profile()), extra) + jpeg()


FRAME = frame(picture()[12:])
CHANNELS = {
    "EXIF": (with_chunk(b"EXIF", exif()), "EXIF", ""),
    "EXIF make": (with_chunk(b"EXIF", exif()), "camera maker", "CANARY-make-1"),
    "EXIF GPS": (with_chunk(b"EXIF", exif()), "GPS position", "10.000000, 20.000000"),
    "XMP": (with_chunk(b"XMP ", XMP), "author's name", "CANARY-xmp-1"),
    "ICCP": (with_chunk(b"ICCP", profile()), "colour profile", ""),
    "C2PA": (with_chunk(b"C2PA", b"jumb"), "content credentials (C2PA)", ""),
    "private": (with_chunk(b"caNy", b"CANARY-own-1"), "unknown chunk", "CANARY-own-1"),
    "odd name": (with_chunk(b" / x", b"CANARY-odd-1"), "unknown chunk", "CANARY-odd-1"),
    "tail": (picture() + b"CANARY-tail-1", "bytes after the picture", "CANARY-tail-1"),
    "picture": (picture() + jpeg(), "second picture after the picture", "48 x 40"),
    "flags": (riff(header(0x08), picture()[12:]), "announcement of metadata", ""),
    "reserved": (riff(header(0, b"\0\1\0"), picture()[12:]), "picture header", ""),
    "second picture": (riff(picture()[12:], picture()[12:]), "data that no decoder uses", ""),
    "still and frame": (
        riff(picture()[12:], frame(picture()[12:])),
        "data that no decoder uses",
        "",
    ),
    "alpha alone": (
        riff(header(0x10), chunk(b"ALPH", b"\0CANARY")),
        "data that no decoder uses",
        "",
    ),
    "in a frame": (
        riff(header(2), frame(picture()[12:], chunk(b"caNy", b"CANARY-in-1"))),
        "unknown chunk",
        "CANARY-in-1",
    ),
    "alpha": (riff(header(0x10), chunk(b"ALPH", b"\x40a"), picture()[12:]), "transparency", ""),
    "animation": (riff(header(2), chunk(b"ANIM", bytes(8)), FRAME), "animation header", ""),
    "frame": (riff(header(2), frame(picture()[12:], flags=4)), "frame", ""),
    "VP8 in a frame": (riff(header(2), frame(chunk(b"VP8 ", b"CANARY"))), "pixels", ""),
    "VP8L in a frame": (riff(header(2), frame(chunk(b"VP8L", b"CANARY"))), "pixels", ""),
    "alpha in a frame": (
        riff(header(2), frame(chunk(b"ALPH", b"\x40a"), picture()[12:])),
        "transparency",
        "",
    ),
    "nothing": (riff(), "no pixels", ""),
    "not VP8": (riff(chunk(b"VP8 ", b"CANARY")), "pixels", ""),
    "empty VP8L": (riff(chunk(b"VP8L", b"")), "pixels", ""),
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_channel_is_listed_and_judged(channel: str) -> None:
    data, what, value = CHANNELS[channel]
    found = entries("webp", data)
    assert (what, value) in {(entry.what, entry.value) for entry in judge("webp", found)}
    assert sum(entry.size for entry in found if " / " not in entry.place) == len(data)


def test_padding_must_be_zero() -> None:
    alpha = picture("RGBA")
    at = alpha.index(b"ALPH")
    size = int.from_bytes(alpha[at + 4 : at + 8], "little")
    body = alpha[at + 8 : at + 8 + size] + bytes(1 - size % 2)
    rest = alpha[at + 8 + size + size % 2 :]
    padded = b"ALPH" + struct.pack("<I", len(body)) + body
    assert judge("webp", entries("webp", riff(header(0x10), padded, b"\0", rest))) == ()
    (entry,) = judge("webp", entries("webp", riff(header(0x10), padded, b"C", rest)))
    assert (entry.place, entry.what) == ("ALPH / padding", "hidden byte in the padding")


def test_length_in_the_header_must_be_the_files() -> None:
    data = picture()
    for size in (len(data) - 9, len(data) - 7, 0, 1 << 31):
        wrong = data[:4] + struct.pack("<I", size) + data[8:]
        assert judge("webp", entries("webp", wrong)) != ()


def test_frames_within_frames_are_not_followed() -> None:
    nested = picture()[12:]
    for _ in range(20_000):
        nested = b"ANMF" + struct.pack("<I", 16 + len(nested)) + bytes(16) + nested
        if len(nested) > 200_000:
            break
    places = {entry.place for entry in judge("webp", entries("webp", riff(header(2), nested)))}
    assert "ANMF / ANMF" in places
