"""The pictures of the tests, and the marked words that are hidden in their files.

Real faces come from the sample crowd; all arrays are uint8 RGB, height x width x 3, and boxes
are (left, top, right, bottom) in half-open pixels.
"""

from __future__ import annotations

import functools
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[1] / "sample_images"
CROWD = SAMPLES / "IMG_20260314_181502.jpg"

Pixels = NDArray[np.uint8]
Edges = tuple[int, int, int, int]

# --- canaries -----------------------------------------------------------------------------------

CANARY = re.compile(rb"CANARY-[a-z0-9]+-[0-9a-f]{4}")
INFLATED = 8_000_000  # bytes; enough for any picture of the tests


def canary(channel: str) -> str:
    """The marked word for one channel of a file, such as "CANARY-gps-5d0c".

    ``channel`` is made of lower case letters and digits; the same one gives the same word.
    """
    return f"CANARY-{channel}-{zlib.crc32(channel.encode()) & 0xFFFF:04x}"


def canaries(data: bytes) -> set[str]:
    """Every canary left in the bytes: plain, as UTF-16 of either order, or in a zlib stream."""
    found: set[str] = set()
    for stream in (data, *_inflated(data), *_inflated(_image_data(data))):
        # Without its zero bytes, UTF-16 of either order reads like ASCII.
        for text in (stream, stream.replace(b"\0", b"")):
            found.update(match.decode() for match in CANARY.findall(text))
    return found


def _inflated(data: bytes) -> Iterator[bytes]:
    """Whatever inflates, from wherever a zlib header could be (RFC 1950, 2.2)."""
    view = memoryview(data)
    for match in re.finditer(rb"[\x08\x18\x28\x38\x48\x58\x68\x78]", data):
        start = match.start()
        if int.from_bytes(view[start : start + 2], "big") % 31 == 0:
            yield _inflate(view[start:])


def _inflate(data: memoryview) -> bytes:
    """As much as can be inflated before the stream ends, breaks or grows out of hand."""
    stream = zlib.decompressobj()
    inflated = bytearray()
    for start in range(0, len(data), 512):
        try:
            inflated += stream.decompress(data[start : start + 512])
        except zlib.error:
            break
        if stream.eof or len(inflated) > INFLATED:
            break
    return bytes(inflated)


def _image_data(data: bytes) -> bytes:
    """The IDAT chunks of a PNG in one piece; empty for anything else."""
    joined = bytearray()
    at = 8 if data.startswith(b"\x89PNG\r\n\x1a\n") else len(data)
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            joined += data[at + 8 : at + 8 + length]
        at += 12 + length
    return bytes(joined)


# --- faces --------------------------------------------------------------------------------------


def _crowd_faces() -> list[tuple[str, Edges]]:
    faces = json.loads((SAMPLES / "crowd_faces.json").read_text(encoding="utf-8"))
    return [(face["who"], tuple(face["box"])) for face in faces]


CROWD_FACES: list[Edges] = [box for _, box in _crowd_faces()]
"""Tight face boxes of :func:`crowd`, the largest first, known from how it was put together."""


@functools.cache
def _crowd() -> Pixels:
    with Image.open(CROWD) as image:
        return np.asarray(image.convert("RGB"))


def crowd() -> Pixels:
    """The grandstand of the samples, 1200 x 1600: many real faces, 24 to 200 pixels high."""
    return _crowd().copy()


def _portrait(who: str) -> tuple[Edges, Edges]:
    """Where the largest face of that name is in the crowd: a square around it, and its box."""
    left, top, right, bottom = next(box for name, box in _crowd_faces() if name == who)
    half = round(0.85 * max(right - left, bottom - top))
    x, y = (left + right) // 2, (top + bottom) // 2
    return (x - half, y - half, x + half, y + half), (left, top, right, bottom)


def _square(who: str, size: int) -> Pixels:
    square, _ = _portrait(who)
    crop = Image.fromarray(_crowd()).crop(square)
    return np.array(crop.resize((size, size), Image.Resampling.LANCZOS))


def portrait(who: str, size: int) -> tuple[Pixels, Edges]:
    """A square with the head of "hopper" or "collins" in it, and the face's tight box there."""
    square, box = _portrait(who)
    scale = size / (square[2] - square[0])
    left, top, right, bottom = (
        round(scale * (edge - square[at % 2])) for at, edge in enumerate(box)
    )
    return _square(who, size), (left, top, right, bottom)


def face(size: int) -> Pixels:
    """A real face, frontal and upright, with its hat and a little background: size x size."""
    return _square("hopper", size)


def second_face(size: int) -> Pixels:
    """Another person's face, frontal and upright, with all of the hair: size x size."""
    return _square("collins", size)


PICTURE_SIZE = (240, 180)
PLACES = {"hopper": (12, 34, 136), "collins": (146, 8, 88)}  # left, top and side of the square


def picture() -> Pixels:
    """Two faces on a coloured ground, 180 x 240; no turn and no mirror image maps it on itself."""
    rows, columns = np.mgrid[: PICTURE_SIZE[1], : PICTURE_SIZE[0]]
    pixels = np.stack([40 + columns // 2, 190 - rows // 2, 120 + 0 * rows], axis=-1)
    pixels = pixels.astype(np.uint8)
    for who, (left, top, side) in PLACES.items():
        pixels[top : top + side, left : left + side] = _square(who, side)
    return pixels


def _picture_face(who: str) -> Edges:
    square, box = _portrait(who)
    left, top, side = PLACES[who]
    scale = side / (square[2] - square[0])
    return (
        round(left + scale * (box[0] - square[0])),
        round(top + scale * (box[1] - square[1])),
        round(left + scale * (box[2] - square[0])),
        round(top + scale * (box[3] - square[1])),
    )


PICTURE_FACES: list[Edges] = [_picture_face(who) for who in PLACES]
"""Tight face boxes of :func:`picture`."""
