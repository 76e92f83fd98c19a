"""JPEG XL: every box is listed and judged, and what a codestream cannot hold is found in it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from scrub.metadata import Entry, entries, judge
from tests.dirty_heif import box
from tests.dirty_wavelet import WAVELET, boxed, jxl
from tests.pictures import canary
from tests.test_metadata_jpeg import XMP, exif


def dirty() -> bytes:
    """Most of the channels at once."""
    notes = box(b"Exif", bytes(4) + exif().removeprefix(b"Exif\0\0")) + box(b"xml ", XMP)
    return boxed(notes, box(b"uuid", bytes(16) + b"CANARY-uuid-1"), box(b"CANA", b"CANARY-own-1"))


def told(data: bytes) -> set[tuple[str, str]]:
    return {(entry.what, entry.value) for entry in judge("jxl", entries("jxl", data))}


def total(found: tuple[Entry, ...]) -> int:
    return sum(entry.size for entry in found if " / " not in entry.place)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (53, 37), (150, 100)])
def test_what_pillow_writes_is_clean(mode: str, size: tuple[int, int]) -> None:
    for shown in (Image.radial_gradient("L").resize(size), Image.new("L", size, 85)):
        for options in ({}, {"quality": 92}, {"lossless": True}):
            buffer = io.BytesIO()
            shown.convert(mode).save(buffer, "JXL", **options)
            found = entries("jxl", buffer.getvalue())
            assert judge("jxl", found) == ()
            assert total(found) == len(buffer.getvalue())


CHANNELS = {
    "jxl-exif-xmp": ("GPS position", "-48.875417, -123.392528"),
    "jxl-boxes": ("an application's data", canary("uuid")),
    "jxl-compressed": ("EXIF (compressed)", ""),
    "jxl-jpeg": ("parts of the JPEG that it was made from", ""),
    "jxl-gain-map": ("gain map", ""),
    "jxl-text": ("bytes after the pixels", canary("a text that is long")),
    "jxl-after": ("bytes after the picture", canary("after")),
}


@pytest.mark.parametrize("name", CHANNELS)
def test_channel_is_listed_and_judged(name: str) -> None:
    data = WAVELET[name]()
    assert CHANNELS[name] in {(what, "" if text == "Exif" else text) for what, text in told(data)}
    assert total(entries("jxl", data)) == len(data)


def test_pictures_behind_a_codestream_are_found() -> None:
    assert "bytes after the pixels" in {what for what, _ in told(WAVELET["jxl-trailer"]())}
    movie = box(b"ftyp", b"mp42\0\0\0\0") + b"moving faces"
    assert "bytes after the pixels" in {what for what, _ in told(jxl() + movie)}


def test_a_byte_that_repeats_is_no_text() -> None:
    assert told(jxl() + b"U" * 99 + b"\xff") == set()


def test_boxes_with_nothing_but_pixels_are_clean() -> None:
    assert judge("jxl", entries("jxl", boxed())) == ()


def test_boxes_without_pixels_are_broken() -> None:
    data = boxed()
    assert ("no pixels", "") in told(data[: data.index(b"jxlc") - 4])
