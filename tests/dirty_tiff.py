"""TIFF files with something to hide, one for each place where it can be.

The functions return whole files. The names in the table say what is in them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

from tests import parts
from tests.parts import STRIP, Value, page, tiff, uncovered
from tests.pictures import Pixels, canary, picture, second_face

DESCRIPTION, ORIENTATION, NEW_SUBFILE = 270, 274, 254
EXIF, GPS, SUB_DIRECTORIES = 34665, 34853, 330


def _described(pixels: np.ndarray, channel: str = "description") -> dict[int, Value]:
    return page(pixels) | {DESCRIPTION: canary(channel)}


def _grey() -> Pixels:
    return np.asarray(ImageOps.grayscale(Image.fromarray(picture())))


def tags_gps() -> bytes:
    """Author, time, host, serial number and place, in the three directories."""
    return tiff(
        _described(picture())
        | {
            271: canary("make"),
            305: canary("software"),
            306: parts.WHEN,
            315: canary("artist"),
            316: canary("host"),
            EXIF: {0x9003: parts.WHEN, 0xA430: canary("owner"), 0xA431: canary("serial")},
            GPS: {
                1: "S",
                2: [(48, 1), (52, 1), (3150, 100)],
                3: "W",
                4: [(123, 1), (23, 1), (3310, 100)],
                18: canary("gps"),
            },
        }
    )


def pages() -> bytes:
    """Two pages of different sizes, in the other byte order."""
    first, second = _described(picture(), "first"), _described(second_face(120), "second")
    return tiff(first, second, order=">")


def thumbnail_page() -> bytes:
    """A second page that says it is a small copy of the first."""
    small = _described(second_face(64), "thumbnail") | {NEW_SUBFILE: 1}
    return tiff(_described(picture()), small)


def sub_directory() -> bytes:
    """A preview in a directory below the page (TIFF Technical Note 1)."""
    return tiff(_described(picture()) | {SUB_DIRECTORIES: _described(second_face(64), "preview")})


def packets() -> bytes:
    """XMP, IPTC and Photoshop resources in their tags."""
    return tiff(
        _described(picture())
        | {
            700: parts.xmp(),
            33723: parts.iptc(),
            34377: parts.photoshop(0x0404, parts.iptc())
            + parts.photoshop(1, b"x" + canary("resource").encode()),
        }
    )


def icc() -> bytes:
    return tiff(_described(picture()) | {34675: parts.profile()})


def private_tag() -> bytes:
    return tiff(
        _described(picture())
        | {50341: b"PrintIM\0" + canary("printim").encode(), 65000: canary("private")}
    )


def orientation() -> bytes:
    stored = np.asarray(Image.fromarray(picture()).transpose(Image.Transpose.ROTATE_90))
    return tiff(_described(stored) | {ORIENTATION: [6]})


def unreferenced() -> bytes:
    """Bytes that no directory points to: what an editor left behind."""
    return tiff(_described(picture())) + canary("trailer").encode() + uncovered("inside")


def one_bit() -> bytes:
    return tiff(_described(_grey() > 128))


def deep_grey() -> bytes:
    return tiff(_described(_grey().astype("<u2") * 257))


def cmyk() -> bytes:
    return tiff(_described(np.asarray(Image.fromarray(picture()).convert("CMYK"))))


def palette() -> bytes:
    image = Image.fromarray(picture()).quantize(256)
    colours = np.zeros((256, 3), np.uint16)
    used = np.array(image.getpalette("RGB"), np.uint16).reshape(-1, 3)
    colours[: len(used)] = used * 257
    fields = _described(np.asarray(image)) | {262: [3], 320: colours.T.ravel().tolist()}
    return tiff(fields)


def transparent() -> bytes:
    """A face in the colours of fully transparent pixels."""
    alpha = np.full(picture().shape[:2], 255, np.uint8)
    alpha[:, 140:] = 0
    fields = page(np.dstack([picture(), alpha]))
    return tiff(fields | {DESCRIPTION: canary("description"), 262: [2], 338: [2]})


def jpeg_inside() -> bytes:
    """A strip that is a JPEG with a comment of its own (TIFF Technical Note 2)."""
    strip = parts.jpeg(parts.comment("inside"), subsampling=0)
    fields = _described(picture()) | {259: [7], 262: [6], STRIP: strip, 279: len(strip)}
    return tiff(fields)


def deflated() -> bytes:
    rows = zlib.compress(picture().tobytes())
    return tiff(_described(picture()) | {259: [8], STRIP: rows, 279: len(rows)})


def endless() -> bytes:
    """A directory that says that the next one is itself."""
    fields = _described(picture())
    file = bytearray(tiff(fields))
    link = 8 + 2 + 12 * len(fields)
    file[link : link + 4] = (8).to_bytes(4, "little")
    return bytes(file)


TIFF: dict[str, Callable[[], bytes]] = {
    "tiff-tags-gps": tags_gps,
    "tiff-pages": pages,
    "tiff-thumbnail-page": thumbnail_page,
    "tiff-sub-directory": sub_directory,
    "tiff-xmp-iptc": packets,
    "tiff-icc": icc,
    "tiff-private-tag": private_tag,
    "tiff-orientation-6": orientation,
    "tiff-trailer": unreferenced,
    "tiff-1bit": one_bit,
    "tiff-16bit-grey": deep_grey,
    "tiff-cmyk": cmyk,
    "tiff-palette": palette,
    "tiff-transparent": transparent,
    "tiff-jpeg-in-tiff": jpeg_inside,
    "tiff-deflate": deflated,
    "tiff-endless": endless,
}
