"""PNG: every channel is listed in plain words and judged, hidden pixels included."""

from __future__ import annotations

import functools
import io
import struct
import tracemalloc
import zlib

import pytest
from PIL import Image

from scrub.metadata import entries, judge
from tests import dirty_png
from tests.test_metadata_jpeg import BYLINE, PHOTOSHOP, XMP, exif, profile
from tests.test_metadata_jpeg import picture as jpeg

SIGNATURE = 8


@functools.cache
def picture(mode: str = "RGB") -> bytes:
    """A clean PNG with something in it."""
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize((48, 40)).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


@functools.cache
def animation() -> bytes:
    """A clean APNG of three frames."""
    frames = [Image.new("RGB", (12, 9), color) for color in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:], duration=40, loop=0)
    return buffer.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def before(name: bytes, extra: bytes, data: bytes | None = None) -> bytes:
    """A clean picture with ``extra`` before the first chunk of that name."""
    data = data or picture()
    at = data.index(name) - 4
    return data[:at] + extra + data[at:]


def built(*chunks: bytes) -> bytes:
    return picture()[:SIGNATURE] + b"".join(chunks)


def header(
    width: int, height: int, depth: int = 8, colour: int = 2, interlaced: int = 0, methods: int = 0
) -> bytes:
    """``methods`` are those of compression and filtering, a byte each."""
    body = struct.pack(">IIBBHB", width, height, depth, colour, methods, interlaced)
    return chunk(b"IHDR", body)


def frame(dispose: int = 0, blend: int = 0) -> bytes:
    """The header of a frame of 48 x 40 pixels."""
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 48, 40, 0, 0, 1, 10, dispose, blend))


def hexed(kind: bytes, body: bytes) -> bytes:
    """A profile as ImageMagick writes it into text."""
    digits = body.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return b"\n" + kind + b"\n%8d\n" % len(body) + lines + b"\n"


def dirty() -> bytes:
    """Most of the channels at once, in an animation."""
    extra = b"".join(data for data, _, _ in BODIES.values())
    return before(b"IDAT", extra, animation()) + jpeg()


BODIES = {
    "tEXt": (chunk(b"tEXt", b"Author\0CANARY-text-1"), "author's name", "CANARY-text-1"),
    "zTXt": (
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"CANARY-ztxt-1")),
        "comment",
        "CANARY-ztxt-1",
    ),
    "iTXt": (
        chunk(b"iTXt", "Title\0\0\0de\0Titel\0CANARY-\u00fc-1".encode()),
        "caption",
        "CANARY-\u00fc-1",
    ),
    "iTXt deflated": (
        chunk(b"iTXt", b"Title\0\1\0\0\0" + zlib.compress(b"CANARY-itxt-1")),
        "caption",
        "CANARY-itxt-1",
    ),
    "tEXt repeating EXIF": (
        chunk(b"tEXt", b"exif:BodySerialNumber\0CANARY-number-1"),
        "camera serial number",
        "CANARY-number-1",
    ),
    "tEXt of one's own": (chunk(b"tEXt", b"Mine\0CANARY-mine-1"), "text: Mine", "CANARY-mine-1"),
    "XMP": (
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        "author's name",
        "CANARY-xmp-1",
    ),
    "eXIf": (chunk(b"eXIf", exif()), "camera maker", "CANARY-make-1"),
    "raw EXIF": (
        chunk(
            b"zTXt",
            b"Raw profile type exif\0\0" + zlib.compress(hexed(b"exif", exif())),
        ),
        "GPS position",
        "10.000000, 20.000000",
    ),
    "raw IPTC": (
        chunk(b"tEXt", b"Raw profile type iptc\0" + hexed(b"iptc", PHOTOSHOP)),
        "author's name",
        "CANARY-iptc-1",
    ),
    "raw IPTC by itself": (
        chunk(b"tEXt", b"Raw profile type iptc\0" + hexed(b"IPTC profile", BYLINE)),
        "author's name",
        "CANARY-iptc-2",
    ),
    "iCCP title": (
        chunk(b"iCCP", b"CANARY-icc-1\0\0" + zlib.compress(profile())),
        "colour profile",
        "CANARY-icc-1",
    ),
    "iCCP": (
        chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile())),
        "colour profile's name",
        "sRGB built-in",
    ),
    "tIME": (chunk(b"tIME", b"\x07\xea\1\2\3\4\5"), "time changed", "2026-01-02 03:04:05"),
    "pHYs": (chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1"), "pixel density", ""),
    "gAMA": (chunk(b"gAMA", b"\0\0\xb1\x8f"), "colour space", ""),
    "bKGD": (chunk(b"bKGD", b"\0\1\0\2\0\3"), "background colour", ""),
    "caBX": (chunk(b"caBX", b"jumb"), "content credentials (C2PA)", ""),
    "private": (chunk(b"caNy", b"\0CANARY-own-1"), "unknown chunk", "CANARY-own-1"),
    "odd name": (chunk(b" / x", b"CANARY-odd-1"), "unknown chunk", "CANARY-odd-1"),
}


@pytest.mark.parametrize("channel", BODIES)
@pytest.mark.parametrize("place", [b"IDAT", b"IEND"])
def test_channel_is_listed_and_judged(channel: str, place: bytes) -> None:
    body, what, value = BODIES[channel]
    data = before(place, body)
    found = entries("png", data)
    assert (what, value) in {(entry.what, entry.value) for entry in judge("png", found)}
    assert sum(entry.size for entry in found if " / " not in entry.place) == len(data)


@pytest.mark.parametrize(
    ("tail", "what"),
    [
        (b"CANARY-tail-1", "bytes after the picture"),
        (jpeg(), "second picture after the picture"),
        (picture(), "bytes after the picture"),
    ],
)
def test_bytes_after_the_end_are_judged(tail: bytes, what: str) -> None:
    (entry,) = judge("png", entries("png", picture() + tail))
    assert (entry.place, entry.what, entry.size) == ("after the end", what, len(tail))


ROWS = bytes(40 * (1 + 48 * 3))
PIXELS = chunk(b"IDAT", zlib.compress(ROWS))
END = chunk(b"IEND", b"")


def idat(body: bytes) -> bytes:
    return built(header(48, 40), chunk(b"IDAT", body), END)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (idat(zlib.compress(ROWS) + b"CANARY"), "hidden bytes after the pixels"),
        (idat(zlib.compress(ROWS + b"C")), "hidden bytes after the pixels"),
        (idat(zlib.compress(ROWS[:-1])), "pixels cut short"),
        (idat(zlib.compress(ROWS)[:-1]), "pixels cut short"),
        (idat(b"CANARY"), "pixels that cannot be read"),
        (built(header(48, 40), PIXELS, chunk(b"IDAT", b"CANARY"), END), "hidden bytes after the"),
        (built(header(48, 40), END), "pixels cut short"),
        (built(END), "no picture header"),
        (built(header(1 << 30, 1 << 30), PIXELS, END), "pixels too many to examine"),
    ],
)
def test_hidden_and_missing_pixels_are_judged(data: bytes, what: str) -> None:
    assert any(entry.what.startswith(what) for entry in judge("png", entries("png", data)))


def test_size_of_the_hidden_bytes_is_told() -> None:
    (entry,) = judge("png", entries("png", idat(zlib.compress(ROWS) + bytes(70_000))))
    assert (entry.place, entry.size) == ("IDAT / surplus", 70_000)


def test_interlaced_pictures_are_measured() -> None:
    # The passes of 5 x 3 pixels: 1 x 1, 1 x 1, none, 1 x 1, 3 x 1, 2 x 2, 5 x 1.
    rows = (1 + 1) + (1 + 1) + (1 + 1) + (1 + 3) + 2 * (1 + 2) + (1 + 5)
    exact = built(header(5, 3, 8, 0, 1), chunk(b"IDAT", zlib.compress(bytes(rows))), END)
    more = built(header(5, 3, 8, 0, 1), chunk(b"IDAT", zlib.compress(bytes(rows + 1))), END)
    assert judge("png", entries("png", exact)) == ()
    assert judge("png", entries("png", more)) != ()


def test_one_pixel_has_one_pass() -> None:
    one = built(header(1, 1, 8, 0, 1), chunk(b"IDAT", zlib.compress(bytes(2))), END)
    assert judge("png", entries("png", one)) == ()


def test_a_long_stream_is_followed_to_its_end() -> None:
    black = zlib.compress(bytes(3000 * 1001), 9)
    assert (
        judge("png", entries("png", built(header(1000, 3000, 8, 0), chunk(b"IDAT", black), END)))
        == ()
    )


def test_a_bomb_is_examined_in_little_memory() -> None:
    bomb = built(header(10_000, 10_000, 8, 0), chunk(b"IDAT", zlib.compress(bytes(10**8), 9)), END)
    tracemalloc.start()
    found = entries("png", bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [entry.place for entry in judge("png", found)] == ["IDAT / broken"]
    assert peak < 4_000_000


ANIMATED = chunk(b"acTL", b"\0\0\0\1" * 2)
PALETTE = chunk(b"PLTE", bytes(6))
ONE = chunk(b"IDAT", zlib.compress(bytes(2)))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (built(header(48, 40, interlaced=2), PIXELS, END), "IHDR"),
        (built(header(48, 40, methods=1), PIXELS, END), "IHDR"),
        (built(header(48, 40, methods=256), PIXELS, END), "IHDR"),
        (built(header(48, 40), ANIMATED, frame(dispose=3), PIXELS, END), "fcTL"),
        (built(header(48, 40), ANIMATED, frame(blend=2), PIXELS, END), "fcTL"),
        (built(header(48, 40), header(48, 40), PIXELS, END), "misplaced IHDR"),
        (before(b"IDAT", PALETTE), "misplaced PLTE"),
        (built(header(1, 1, 1, 3), PALETTE, PALETTE, ONE, END), "misplaced PLTE"),
        (built(header(1, 1, 1, 3), chunk(b"PLTE", bytes(9)), ONE, END), "misplaced PLTE"),
        (before(b"IDAT", chunk(b"tRNS", b"CANARY1")), "misplaced tRNS"),
        (before(b"IDAT", chunk(b"tRNS", bytes(6)) * 2), "misplaced tRNS"),
        (built(header(48, 41), ANIMATED, frame(), PIXELS, END), "misplaced fcTL"),
        (before(b"IEND", ANIMATED), "misplaced acTL"),
        (built(header(1, 1, 1, 3), PALETTE, chunk(b"tRNS", b"abc"), ONE, END), "misplaced tRNS"),
        (before(b"IDAT", chunk(b"fcTL", bytes(26))), "misplaced fcTL"),
        (before(b"IEND", chunk(b"fdAT", b"\0\0\0\0CANARY")), "misplaced fdAT"),
        (before(b"IEND", chunk(b"fdAT", b"\0\0\0\5CANARY"), animation()), "fdAT / surplus"),
        (before(b"IEND", chunk(b"acTL", bytes(8)), animation()), "misplaced acTL"),
        (before(b"fcTL", chunk(b"fcTL", bytes(26)), animation()), "misplaced fcTL"),
        (picture()[:-12] + chunk(b"IEND", b"CANARY"), "IEND"),
        (built(chunk(b"acTL", bytes(8)), chunk(b"fcTL", bytes(26)), END), "misplaced fcTL"),
        (built(PIXELS, header(48, 40), END), "misplaced IDAT"),
        (before(b"IEND", chunk(b"tEXt", b"a\0b") + PIXELS), "misplaced IDAT"),
    ],
)
def test_chunks_that_no_decoder_uses_are_judged(data: bytes, place: str) -> None:
    assert place in {entry.place for entry in judge("png", entries("png", data))}


def test_a_still_that_the_animation_does_not_show_is_judged() -> None:
    """Viewers that do not animate show it, and nothing else."""
    found = judge("png", entries("png", dirty_png.hidden_default()))
    assert [entry.what for entry in found] == ["comment", "second picture, beside the animation"]


def test_wrong_checksums_are_judged() -> None:
    for name in (b"IHDR", b"IDAT", b"IEND"):
        data = bytearray(picture())
        at = data.index(name)
        data[at + 4 + int.from_bytes(data[at - 4 : at], "big")] ^= 1
        (entry,) = judge("png", entries("png", bytes(data)))
        assert (entry.place, entry.what) == (f"{name.decode()} / broken", "wrong checksum")


def test_frames_that_are_missing_are_judged() -> None:
    data = animation()
    at = data.rindex(b"fcTL") - 4
    assert "wrong number of frames" in {
        entry.what for entry in judge("png", entries("png", data[:at] + END))
    }
