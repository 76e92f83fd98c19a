"""GIF: every channel is listed in plain words and judged."""

from __future__ import annotations

import functools
import io

import pytest
from PIL import Image

from scrub.metadata import entries, judge
from tests.test_metadata_jpeg import IPTC, PHOTOSHOP, XMP, profile
from tests.test_metadata_jpeg import picture as jpeg


@functools.cache
def picture() -> bytes:
    """A clean animation of three frames that loops."""
    frames = [Image.new("P", (12, 9), color) for color in (1, 2, 3)]
    for frame in frames:
        frame.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=40, loop=0)
    return buffer.getvalue()


def blocks(body: bytes) -> bytes:
    """Sub-blocks of at most 255 bytes, and the terminator."""
    pieces = [body[at : at + 255] for at in range(0, len(body), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


def application(name: bytes, body: bytes) -> bytes:
    return b"!\xff\x0b" + name + blocks(body)


def before(mark: bytes, extra: bytes) -> bytes:
    """A clean picture with ``extra`` before the first ``mark``."""
    at = picture().index(mark)
    return picture()[:at] + extra + picture()[at:]


def patched(at: int, value: int) -> bytes:
    return picture()[:at] + bytes([value]) + picture()[at + 1 :]


MAGIC = b"\1" + bytes(range(255, -1, -1)) + b"\0"
EXTENSIONS = {
    "comment": (b"!\xfe" + blocks(b"CANARY-comment-1"), "comment", "CANARY-comment-1"),
    "plain text": (
        b"!\x01\x0c" + bytes(12) + blocks(b"CANARY-plain-1"),
        "text over the picture",
        "CANARY-plain-1",
    ),
    "XMP": (
        b"!\xff\x0bXMP DataXMP" + XMP + MAGIC,
        "author's name",
        "CANARY-xmp-1",
    ),
    "ICC": (application(b"ICCRGBG1012", profile()), "colour profile's name", "sRGB built-in"),
    "IPTC": (application(b"MGKIPTC0000", IPTC), "author's name", "CANARY-iptc-1"),
    "8BIM": (application(b"MGK8BIM0000", PHOTOSHOP), "uncovered thumbnail", ""),
    "C2PA": (application(b"C2PA_GIF\1\0\0", b"jumb"), "content credentials (C2PA)", ""),
    "other": (
        application(b"CANARYAPP / ", b"CANARY-app-1")[:14] + blocks(b"CANARY-app-1"),
        "an application's data",
        "CANARYAPP / CANARY-app-1",
    ),
    "unknown": (b"!\x42" + blocks(b"CANARY"), "unknown extension", ""),
    "second loop": (
        application(b"NETSCAPE2.0", b"\1\0\0"),
        "data that no decoder uses",
        "",
    ),
    "long loop": (application(b"ANIMEXTS1.0", b"\1\0\0CANARY"), "data that no decoder uses", ""),
    "control": (b"!\xf9\x04CAN1\0", "data that no decoder uses", ""),
}


def dirty() -> bytes:
    """Most of the channels at once."""
    extra = b"".join(data for data, _, _ in EXTENSIONS.values())
    return picture()[:-1] + extra + b";" + jpeg()


@pytest.mark.parametrize("channel", EXTENSIONS)
def test_channel_is_listed_and_judged(channel: str) -> None:
    extension, what, value = EXTENSIONS[channel]
    data = picture()[:-1] + extension + b";"
    found = entries("gif", data)
    assert (what, value) in {(entry.what, entry.value) for entry in judge("gif", found)}
    assert sum(entry.size for entry in found if " / " not in entry.place) == len(data)


def test_what_follows_an_xmp_element_is_not_its_text() -> None:
    data = picture()[:-1] + EXTENSIONS["XMP"][0] + b";"
    inside = [entry.place for entry in entries("gif", data) if " / " in entry.place]
    assert inside == ["application / exif:GPSLatitude", "application / dc:creator"]


@pytest.mark.parametrize(
    ("loop", "allowed"),
    [
        (b"\1\5\0", True),
        (b"\2\5\0", False),
        (b"\1\5\0C", False),
        (b"\1\5", False),
    ],
)
def test_loop_count_has_three_bytes(loop: bytes, allowed: bool) -> None:
    start = picture().index(b"!\xff")
    data = picture()[:start] + application(b"NETSCAPE2.0", loop) + picture()[start + 19 :]
    assert (judge("gif", entries("gif", data)) == ()) is allowed


CONTROL = picture().index(b"!\xf9")
IMAGE = picture().index(b",\0\0\0\0")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (patched(12, 49), "screen"),
        (patched(11, 200), "screen"),
        (patched(CONTROL + 3, 0x02), "graphic control"),
        (patched(CONTROL + 3, 0xE0), "graphic control"),
        (patched(CONTROL + 6, 9), "graphic control"),
        (patched(IMAGE + 9, 0x18), "image"),
        (patched(IMAGE + 10, 9), "pixels"),
        (picture() + b"CANARY", "after the end"),
        (picture()[:-1] + b"CANARY", "broken"),
        (picture()[:-1], "broken"),
    ],
)
def test_odd_fields_are_judged(data: bytes, place: str) -> None:
    assert place in {entry.place for entry in judge("gif", entries("gif", data))}
