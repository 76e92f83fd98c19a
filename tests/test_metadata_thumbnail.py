"""Uncovered pictures within a file can be told by their size and taken out to be shown."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from scrub.metadata import entries
from scrub.metadata.thumbnail import shape, thumbnail
from tests import parts
from tests.parts import jpeg, photoshop, segment, uncovered

PICTURE = uncovered("thumbnail")
FORMAT = struct.pack(">7I", 1, 64, 64, 192, 64 * 192, len(PICTURE), 0x00180001)
WITHIN: dict[str, Callable[[], bytes]] = {
    "EXIF": lambda: jpeg(segment(0xE1, parts.exif(thumbnail=PICTURE))),
    "JFXX": lambda: jpeg(segment(0xE0, b"JFXX\0\x10" + PICTURE)),
    "Photoshop": lambda: jpeg(
        segment(0xED, b"Photoshop 3.0\0" + photoshop(0x040C, FORMAT + PICTURE))
    ),
    "XMP": lambda: jpeg(
        segment(
            0xE1,
            b"http://ns.adobe.com/xap/1.0/\0" + parts.xmp(content=parts.xmp_thumbnail("thumbnail")),
        )
    ),
    "XMP in lines": lambda: jpeg(
        segment(
            0xE1,
            b"http://ns.adobe.com/xap/1.0/\0"
            b"<xmpGImg:image>" + b"&#xA;".join(base64.encodebytes(PICTURE).split()) + b"</a:b>",
        )
    ),
    "after the end": lambda: jpeg() + PICTURE,
}


@pytest.mark.parametrize("place", WITHIN)
def test_a_picture_within_can_be_shown(place: str) -> None:
    found = [entry for entry in entries("jpeg", WITHIN[place]()) if entry.picture]
    assert [entry.value for entry in found] == ["64 x 64"]
    # piexif leaves out the JFIF header.
    assert found[0].picture in (PICTURE, PICTURE[:2] + PICTURE[20:])
    assert Image.open(io.BytesIO(found[0].picture)).size == (64, 64)


def test_sizes_are_told_where_they_are_known() -> None:
    assert shape(parts.saved(np.zeros((20, 30), np.uint8), "PNG")) == "30 x 20"
    assert shape(b"\xff\xd8\xff\xd9") == ""
    assert shape(b"GIF89a") == ""


def test_unknown_bytes_are_no_picture() -> None:
    entry = thumbnail("here", 9, b"\0\1\2")
    assert (entry.value, entry.picture, entry.size) == ("", b"", 9)


def test_a_motion_video_can_be_shown() -> None:
    movie = b"\0\0\0\x10ftypmp42\0\0\0\0" + b"\0\0\0\x14mdatmoving faces"
    (found,) = [entry for entry in entries("jpeg", jpeg() + movie) if entry.picture]
    assert found.picture == movie
