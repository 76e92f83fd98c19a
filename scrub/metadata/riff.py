"""The chunks of RIFF, which WebP and AVI are made of: where each sits, not what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9 ]{3}")  # "VP8 " and "XMP " end in a blank


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk from ``start`` to ``end``, with its head and its padding to an even length.

    ``name`` is its four letters, or "chunk" and hexadecimal digits where it has others.
    """

    name: str
    start: int
    end: int
    body: memoryview
    padding: bytes

    @property
    def size(self) -> int:
        return self.end - self.start


def chunks(view: memoryview) -> Iterator[Chunk]:
    """The chunks in ``view`` without a gap, up to the first that does not fit."""
    at = 0
    while at + 8 <= len(view):
        kind = bytes(view[at : at + 4])
        stop = at + 8 + int.from_bytes(view[at + 4 : at + 8], "little")
        end = stop + (stop - at) % 2
        if end > len(view):
            return
        plain = _NAME.fullmatch(kind)
        name = kind.decode("ascii") if plain else f"chunk {kind.hex()}"
        yield Chunk(name, at, end, view[at + 8 : stop], bytes(view[stop:end]))
        at = end
