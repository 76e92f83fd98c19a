"""Zlib streams of unknown honesty: what is in them and after them, in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from scrub.metadata.entry import Entry

_SLICE, _OUTPUT = 1 << 14, 1 << 18
# Four gigabytes take seconds; a picture that needs more cannot be examined in fair time.
MOST_PIXELS = 1 << 32


def surplus(pieces: Iterable[bytes | memoryview], expected: int) -> Iterator[Entry]:
    """What is wrong with one zlib stream, cut into pieces, that should hold ``expected`` bytes."""
    stream = zlib.decompressobj()
    inflated = after = 0
    try:
        for piece in pieces:
            for start in range(0, len(piece), _SLICE):
                pending = bytes(piece[start : start + _SLICE])
                if stream.eof:
                    after += len(pending)
                    continue
                while pending and not stream.eof:
                    inflated += len(stream.decompress(pending, _OUTPUT))
                    pending = stream.unconsumed_tail
                after += len(stream.unused_data)
                if inflated > expected:
                    yield Entry("surplus", "hidden bytes after the pixels", 0)
                    return
    except zlib.error:
        yield Entry("broken", "pixels that cannot be read", 0)
        return
    if after:
        yield Entry("surplus", "hidden bytes after the pixels", after)
    if inflated < expected or not stream.eof:
        yield Entry("broken", "pixels cut short", 0)


def text(data: bytes) -> bytes:
    """What a small zlib stream holds: at most a megabyte and 16 times its own size."""
    most = min(1 << 20, 4096 + 16 * len(data))
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error:
        return b""
