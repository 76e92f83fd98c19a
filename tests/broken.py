"""Files that cannot be cleaned and must be refused: empty, cut short, lying about their size.

The functions return whole files. The names in the table say what is wrong, and carry a suffix.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Callable

import numpy as np

from tests import dirty_iso, dirty_web, parts
from tests.parts import chunk, jpeg, png, saved
from tests.pictures import PICTURE_SIZE, picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def cut(make: Callable[[], bytes]) -> bytes:
    """The first three fifths of a file."""
    whole = make()
    return whole[: len(whole) * 3 // 5]


def plain(kind: str) -> bytes:
    return saved(picture(), kind)


def no_scan() -> bytes:
    """A JPEG that ends where its compressed pixels would start."""
    file = jpeg()
    return file[: file.index(b"\xff\xda")] + b"\xff\xd9"


def huge_jpeg() -> bytes:
    """A frame header (ITU-T T.81 B.2.2) that claims 65535 x 65535 pixels."""
    file = bytearray(jpeg())
    size = file.index(b"\xff\xc0") + 5
    file[size : size + 4] = b"\xff\xff\xff\xff"
    return bytes(file)


def huge_png() -> bytes:
    """A header that claims the largest size there is (PNG 11.2.1)."""
    header = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return SIGNATURE + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def huge_gif() -> bytes:
    """A screen and a frame of 65535 x 65535."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<4HB", 0, 0, 65535, 65535, 0) + b"\x02" + b"\x02\x44\x01\0"
    return screen + frame + b";"


def huge_bmp() -> bytes:
    file = bytearray(plain("BMP"))
    file[18:26] = struct.pack("<ii", 60000, 60000)
    return bytes(file)


def huge_tiff() -> bytes:
    return parts.tiff(parts.page(picture()) | {256: 60000, 257: 60000})


def huge_items(make: Callable[[], bytes]) -> bytes:
    """A HEIC or AVIF whose property (ISO/IEC 23008-12, 6.5.3) claims 60000 x 60000 pixels."""
    file = bytearray(make())
    size = file.index(b"ispe") + 8
    file[size : size + 8] = struct.pack(">II", 60000, 60000)
    return bytes(file)


def huge_jpeg2000() -> bytes:
    """A header and a codestream that claim 60000 x 60000 (ISO/IEC 15444-1, I.5.3.1 and A.5.1)."""
    file = bytearray(dirty_iso.jpeg2000())
    for size in (file.index(b"ihdr") + 4, file.index(b"\xff\x4f\xff\x51") + 8):
        file[size : size + 8] = struct.pack(">II", 60000, 60000)
    return bytes(file)


def two_sizes() -> bytes:
    """A JP2 whose codestream is larger than its header says."""
    file = bytearray(dirty_iso.jpeg2000())
    size = file.index(b"\xff\x4f\xff\x51") + 8
    file[size : size + 8] = struct.pack(">II", 60000, 60000)
    return bytes(file)


def no_items() -> bytes:
    """A HEIC that ends behind the list of its brands."""
    return dirty_iso.heic()[:28]


def bomb() -> bytes:
    """30000 x 30000 black pixels of one bit: 110 kB here, 2.7 GB as RGB."""
    side = 30_000
    squeeze = zlib.compressobj(9)
    rows = bytes((1 + side // 8) * 1000)
    data = b"".join(squeeze.compress(rows) for _ in range(side // 1000)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def no_pixels() -> bytes:
    """A PNG without pixel data."""
    header = struct.pack(">IIBBBBB", *PICTURE_SIZE, 8, 2, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IEND", b"")


def flipped_bits() -> bytes:
    """A PNG whose compressed pixels were damaged in the middle, checksum and all."""
    file = bytearray(png(picture()))
    middle = len(file) // 2
    for at in range(middle, middle + 200):
        file[at] ^= 0xA5
    return bytes(file)


def no_frames() -> bytes:
    """A GIF of a screen, a palette and an end, with a comment between."""
    screen = b"GIF89a" + struct.pack("<HHBBB", *PICTURE_SIZE, 0x80, 0, 0) + bytes(6)
    return screen + dirty_web.gif_comment_block("comment") + b";"


def wild_offset() -> bytes:
    """A TIFF whose first directory is far behind its end."""
    return b"II*\0" + struct.pack("<I", 10_000_000) + bytes(100)


def noise() -> bytes:
    """Random bytes behind the signature of a JPEG."""
    return b"\xff\xd8\xff" + np.random.default_rng(7).bytes(5000)


def unknown() -> bytes:
    """Random bytes."""
    return b"\0\1\2\3" + np.random.default_rng(8).bytes(5000)


BROKEN: dict[str, Callable[[], bytes]] = {
    "empty.jpg": bytes,
    "text.jpg": lambda: b"This is a letter and no picture.\n" * 40,
    "signature-only.png": lambda: SIGNATURE,
    "unknown.bin": unknown,
    "noise.jpg": noise,
    "truncated.jpg": functools.partial(cut, jpeg),
    "truncated.png": functools.partial(cut, functools.partial(plain, "PNG")),
    "truncated.webp": functools.partial(cut, functools.partial(plain, "WEBP")),
    "truncated.gif": functools.partial(cut, dirty_web.gif),
    "truncated.tif": functools.partial(cut, lambda: parts.tiff(parts.page(picture()))),
    "truncated.bmp": functools.partial(cut, functools.partial(plain, "BMP")),
    "truncated.heic": functools.partial(cut, dirty_iso.heic),
    "truncated.avif": functools.partial(cut, dirty_iso.avif),
    "truncated.jp2": functools.partial(cut, dirty_iso.jpeg2000),
    "no-items.heic": no_items,
    "two-sizes.jp2": two_sizes,
    "no-scan.jpg": no_scan,
    "no-pixels.png": no_pixels,
    "no-frames.gif": no_frames,
    "flipped-bits.png": flipped_bits,
    "wild-offset.tif": wild_offset,
    "huge-claim.jpg": huge_jpeg,
    "huge-claim.png": huge_png,
    "huge-claim.gif": huge_gif,
    "huge-claim.bmp": huge_bmp,
    "huge-claim.tif": huge_tiff,
    "huge-claim.heic": functools.partial(huge_items, dirty_iso.heic),
    "huge-claim.avif": functools.partial(huge_items, dirty_iso.avif),
    "huge-claim.jp2": huge_jpeg2000,
    "bomb.png": bomb,
}
