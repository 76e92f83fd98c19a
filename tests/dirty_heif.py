"""HEIC and AVIF files with something to hide, one for each place where it can be.

The functions return whole files. The names in the tables say what is in them.
"""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Callable

import numpy as np
import pillow_heif
from PIL import Image

from tests import parts
from tests.parts import uncovered
from tests.pictures import canary, picture

pillow_heif.register_heif_opener()

SEFT = struct.pack("<I", 24)


def box(kind: bytes, body: bytes) -> bytes:
    """A box of an ISO base media file (ISO/IEC 14496-12, 4.2)."""
    return struct.pack(">I", 8 + len(body)) + kind + body


def saved(kind: str, *others: Image.Image, **options: object) -> bytes:
    """The test picture, small, as "HEIF" or "AVIF"; ``others`` follow it."""
    stream = io.BytesIO()
    if others:
        options |= {"save_all": True, "append_images": list(others)}
    small().save(stream, kind, **{"quality": 60, **options})
    return stream.getvalue()


@functools.cache
def small() -> Image.Image:
    return Image.fromarray(picture()).resize((128, 96))


def transparent() -> Image.Image:
    image = small().copy()
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def turned() -> Image.Image:
    """The picture lying on its side, for a tag that turns it upright."""
    return Image.fromarray(np.rot90(np.asarray(small())).copy())


def carrying(kind: str) -> bytes:
    """EXIF, XMP and a colour profile."""
    return saved(
        kind,
        exif=parts.exif(thumbnail=uncovered("thumbnail")),
        xmp=parts.xmp(),
        icc_profile=parts.profile(),
    )


def samsung_trailer() -> bytes:
    """A directory of one block that ends a file of a Samsung phone."""
    name = b"Image_UTC_Data"
    block = struct.pack("<II", 0x0A010000, len(name)) + name + canary("samsung").encode()
    directory = b"SEFH" + struct.pack("<II", 107, 1)
    directory += struct.pack("<III", 0x0A010000, len(block), len(block))
    return block + directory + struct.pack("<I", len(directory)) + b"SEFT"


def motion() -> bytes:
    """The beginning of a movie, as it stands behind a picture."""
    return box(b"ftyp", b"mp42\0\0\0\0mp42") + box(b"mdat", canary("motion").encode())


HEIF: dict[str, Callable[[], bytes]] = {
    "heic-exif-xmp-icc": lambda: carrying("HEIF"),
    "heic-second-picture": lambda: saved("HEIF", turned()),
    "heic-motion": lambda: saved("HEIF") + box(b"mpvd", motion()),
    "heic-motion-after": lambda: saved("HEIF") + motion(),
    "heic-uuid": lambda: saved("HEIF") + box(b"uuid", bytes(16) + canary("uuid").encode()),
    "heic-free": lambda: saved("HEIF") + box(b"free", canary("free").encode()),
    "heic-samsung": lambda: saved("HEIF") + samsung_trailer(),
    "heic-trailer": lambda: saved("HEIF") + uncovered("trailer"),
    "avif-exif-xmp-icc": lambda: carrying("AVIF"),
    "avif-animated": lambda: saved("AVIF", turned().resize(small().size), exif=parts.exif()),
    "avif-trailer": lambda: saved("AVIF") + uncovered("trailer"),
    "avif-free": lambda: saved("AVIF") + box(b"skip", canary("skip").encode()),
}
