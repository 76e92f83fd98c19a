"""JPEG 2000 files with something to hide, one for each place where it can be.

The functions return whole files. The names in the table say what is in them.
"""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Callable

from tests import parts
from tests.dirty_heif import box, small
from tests.parts import uncovered
from tests.pictures import canary

LEAST = " "
"""The comment that keeps OpenJPEG from writing its name."""

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
GEO_UUID = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")


@functools.cache
def jp2(mode: str = "RGB", comment: str = LEAST, naked: bool = False) -> bytes:
    """The test picture, small, in boxes or as a codestream alone."""
    stream = io.BytesIO()
    shown = small().convert(mode)
    shown.save(stream, "JPEG2000", no_jp2=naked, comment=comment)
    return stream.getvalue()


def within_header(extra: bytes) -> bytes:
    """The test picture as JPEG 2000 with a box at the end of its header."""
    data = jp2()
    at = data.index(b"jp2h") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    grown = struct.pack(">I", size + len(extra)) + data[at + 4 : at + size] + extra
    return data[:at] + grown + data[at + size :]


def geotiff() -> bytes:
    """Where on a map the picture is: a TIFF of nothing but tags."""
    return parts.tiff({0x8482: [(0, 1), (0, 1)], 0x87B1: canary("map")})


WAVELET: dict[str, Callable[[], bytes]] = {
    "jpeg2000-comment": lambda: jp2(comment=canary("comment")),
    "jpeg2000-naked": lambda: jp2(comment=canary("comment"), naked=True),
    "jpeg2000-xmp": lambda: jp2() + box(b"uuid", XMP_UUID + parts.xmp()),
    "jpeg2000-exif": lambda: (
        jp2() + box(b"uuid", b"JpgTiffExif->JP2" + parts.exif().removeprefix(b"Exif\0\0"))
    ),
    "jpeg2000-geo": lambda: jp2() + box(b"uuid", GEO_UUID + geotiff()),
    "jpeg2000-xml": lambda: jp2() + box(b"xml ", parts.xmp()),
    "jpeg2000-uuid": lambda: jp2() + box(b"uuid", bytes(16) + canary("uuid").encode()),
    "jpeg2000-density": lambda: within_header(box(b"res ", box(b"resd", bytes(10)))),
    "jpeg2000-icc": lambda: within_header(box(b"colr", b"\2\0\0" + parts.profile())),
    "jpeg2000-second": lambda: jp2() + box(b"jp2c", jp2(naked=True)),
    "jpeg2000-address": lambda: (
        jp2() + box(b"uinf", box(b"url ", bytes(4) + canary("address").encode()))
    ),
    "jpeg2000-trailer": lambda: jp2() + uncovered("trailer"),
    "jpeg2000-after": lambda: jp2(naked=True) + canary("after").encode(),
}
