"""What a picture carries beside its pixels, and whether a clean one may carry it.

``entries`` lists all of it, to tell a person what an original gives away and to examine what
was written; ``judge`` then names what the allow-list does not permit. A new container is one
file with a reader, one row in ``READERS`` and one in ``allowed.ALLOWED``. A reader yields its
entries in file order, accounts for every byte, and neither raises nor loops on damaged ones.

Pixels are decoded only as far as zlib: what is hidden within the coded data of a JPEG, a VP8
or an LZW stream is not seen. None of it survives a file that is built anew from its pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from mmap import mmap

from scrub.metadata import (
    avi,
    bmp,
    gif,
    heif,
    jpeg,
    jpeg2000,
    matroska,
    mp4,
    png,
    tiff,
    webp,
)
from scrub.metadata.allowed import judge
from scrub.metadata.entry import Entry

__all__ = ["READERS", "Entry", "entries", "judge"]

VIDEOS: Mapping[str, Callable[[bytes | mmap], Iterator[Entry]]] = {
    "mp4": mp4.read,
    "webm": matroska.read,
    "mkv": matroska.read,
    "avi": avi.read,
}
READERS: Mapping[str, Callable[[bytes], Iterator[Entry]]] = {
    "jpeg": jpeg.read,
    "png": png.read,
    "webp": webp.read,
    "bmp": bmp.read,
    "tiff": tiff.read,
    "gif": gif.read,
    "heic": heif.read,
    "avif": heif.read,
    "jpeg2000": jpeg2000.read,
    **VIDEOS,
}
MOST_ENTRIES = 100_000


def entries(kind: str, data: bytes | mmap) -> tuple[Entry, ...]:
    """Everything that the container carries, in file order; KeyError for an unknown kind.

    A video may be mapped, and is then never copied as a whole.
    Places that read "outer / inner" are part of another entry; the sizes of all others add up
    to the file's. A file with more than 100000 parts is listed up to there and called broken.
    """
    parts = VIDEOS[kind](data) if kind in VIDEOS else READERS[kind](data[:])
    found = tuple(islice(parts, MOST_ENTRIES))
    if len(found) < MOST_ENTRIES:
        return found
    listed = sum(entry.size for entry in found if " / " not in entry.place)
    rest = Entry("broken", "too many parts to list", max(0, len(data) - listed))
    return (*found, rest)
