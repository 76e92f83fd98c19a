"""The door to the pictures and files of the tests.

``DIRTY`` maps a hazard to a function that writes a file with it at the path it is given and
returns that path; all of these can be cleaned. ``BROKEN`` does so for files that must be refused;
its names carry a suffix. ``write`` picks the name and the suffix itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from tests.broken import BROKEN as BROKEN_BYTES
from tests.dirty_iso import ISO
from tests.dirty_jpeg import JPEG
from tests.dirty_png import PNG
from tests.dirty_tiff import TIFF
from tests.dirty_web import WEB
from tests.pictures import (
    CANARY,
    CROWD,
    CROWD_FACES,
    PICTURE_FACES,
    SAMPLES,
    Edges,
    Pixels,
    canaries,
    canary,
    crowd,
    face,
    picture,
    second_face,
)

__all__ = [
    "BROKEN",
    "CANARY",
    "CROWD",
    "CROWD_FACES",
    "DIRTY",
    "PICTURE_FACES",
    "SAMPLES",
    "Edges",
    "Pixels",
    "Writer",
    "canaries",
    "canary",
    "crowd",
    "face",
    "kind",
    "picture",
    "second_face",
    "write",
]

Writer = Callable[[Path], Path]

SUFFIXES = {
    "jpeg": ".jpg",
    "png": ".png",
    "apng": ".png",
    "webp": ".webp",
    "gif": ".gif",
    "bmp": ".bmp",
    "tiff": ".tif",
    "heic": ".heic",
    "avif": ".avif",
    "jpeg2000": ".jp2",
}


def _writers(makers: Mapping[str, Callable[[], bytes]]) -> dict[str, Writer]:
    def writer(make: Callable[[], bytes]) -> Writer:
        # Made twice, it would not be the same: the encoder of AVIF writes down the time.
        made = cache(make)

        def write_file(path: Path) -> Path:
            path.write_bytes(made())
            return path

        return write_file

    return {name: writer(make) for name, make in makers.items()}


DIRTY: dict[str, Writer] = _writers({**JPEG, **PNG, **WEB, **TIFF, **ISO})
BROKEN: dict[str, Writer] = _writers(BROKEN_BYTES)


def kind(name: str) -> str:
    """The container of a dirty file: a key of scrub's table of formats."""
    first = name.partition("-")[0]
    return "png" if first == "apng" else first


def write(name: str, folder: Path) -> Path:
    """The dirty or broken file of that name, written into a folder with a fitting suffix."""
    if name in BROKEN:
        return BROKEN[name](folder / name)
    return DIRTY[name](folder / (name + SUFFIXES[name.partition("-")[0]]))
