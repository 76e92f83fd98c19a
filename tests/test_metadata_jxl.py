"""JPEG XL: every box is listed, what a codestream cannot hold is found, and none is ever clean."""

from __future__ import annotations

import pytest

from scrub.metadata import Entry, entries, judge
from scrub.metadata.jxl_frames import end_of_frames
from tests.codestreams import CODESTREAMS
from tests.dirty_heif import box
from tests.dirty_wavelet import WAVELET, boxed, jxl
from tests.pictures import canary
from tests.test_metadata_jpeg import XMP, exif


def dirty() -> bytes:
    """Most of the channels at once."""
    notes = box(b"Exif", bytes(4) + exif().removeprefix(b"Exif\0\0")) + box(b"xml ", XMP)
    return boxed(notes, box(b"uuid", bytes(16) + b"CANARY-uuid-1"), box(b"CANA", b"CANARY-own-1"))


PLAIN = {"signature", "file type", "pixels"}
"""What a picture and nothing else is made of."""


def told(data: bytes) -> set[tuple[str, str]]:
    """What there is beside a picture."""
    return {(one.what, one.value) for one in entries("jxl", data) if one.what not in PLAIN}


def total(found: tuple[Entry, ...]) -> int:
    return sum(entry.size for entry in found if " / " not in entry.place)


@pytest.mark.parametrize("name", CODESTREAMS)
def test_what_libjxl_writes_is_a_picture(name: str) -> None:
    data = CODESTREAMS[name]
    assert told(data) == set()
    assert total(entries("jxl", data)) == len(data)


@pytest.mark.parametrize("name", CODESTREAMS)
def test_frames_are_followed_to_their_end(name: str) -> None:
    data = CODESTREAMS[name]
    for end in range(3, len(data)):
        assert end_of_frames(memoryview(data)[:end]) != end
    assert end_of_frames(memoryview(data + b"behind it")) == len(data)


CHANNELS = {
    "jxl-exif-xmp": ("GPS position", "-48.875417, -123.392528"),
    "jxl-bare-exif": ("GPS position", "-48.875417, -123.392528"),
    "jxl-boxes": ("an application's data", canary("uuid")),
    "jxl-compressed": ("EXIF (compressed)", ""),
    "jxl-jpeg": ("parts of the JPEG that it was made from", ""),
    "jxl-gain-map": ("gain map", ""),
    "jxl-text": ("bytes after the pixels", canary("a text that is long")),
    "jxl-after": ("bytes after the picture", canary("after")),
}


@pytest.mark.parametrize("name", CHANNELS)
def test_channel_is_listed(name: str) -> None:
    data = WAVELET[name]()
    assert CHANNELS[name] in {(what, "" if text == "Exif" else text) for what, text in told(data)}
    assert total(entries("jxl", data)) == len(data)


def test_pictures_behind_a_codestream_are_found() -> None:
    assert "bytes after the pixels" in {what for what, _ in told(WAVELET["jxl-trailer"]())}
    movie = box(b"ftyp", b"mp42\0\0\0\0") + b"moving faces"
    assert "bytes after the pixels" in {what for what, _ in told(jxl() + movie)}


def test_any_bytes_behind_a_codestream_are_found() -> None:
    assert told(jxl() + b"\0") == {("bytes after the pixels", "")}
    assert told(boxed()[:-1]) != set()
    assert ("pixels cut short", "") in told(jxl()[:-1])
    assert ("pixels cut short", "") in told(jxl()[:4])


@pytest.mark.parametrize(
    ("pixels", "hint"),
    [
        (b"U" * 99, None),
        (b"a text that is longer than chance", "a text that is longer than chance"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", ""),
        (b"Exif\0\0", ""),
        (b"\xf0\xf1", None),
    ],
)
def test_parts_of_a_codestream_are_searched(pixels: bytes, hint: str | None) -> None:
    data = boxed(box(b"jxlp", bytes(4) + b"\xfe\xfd" + pixels))
    found = {text for what, text in told(data) if what == "bytes after the pixels"}
    assert found == (set() if hint is None else {hint})


def test_boxes_with_nothing_but_pixels_are_a_picture() -> None:
    assert told(boxed()) == set()


def test_boxes_without_pixels_are_broken() -> None:
    data = boxed()
    assert ("no pixels", "") in told(data[: data.index(b"jxlc") - 4])


@pytest.mark.parametrize("data", [jxl(), boxed()])
def test_none_is_clean(data: bytes) -> None:
    assert judge("jxl", entries("jxl", data)) == entries("jxl", data)
