"""The chunks of a PNG that a decoder shows: in which order, and what hides in their pixels.

After the PNG specification (third edition): chapter 5 for chunks and their order, 7 to 9 for
the bytes of a picture, 11.3.7 for animations.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.inflate import MOST_PIXELS, surplus

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_PALETTE = 3
_SHOWN = {"PLTE", "tRNS", "acTL", "fcTL", "IDAT", "fdAT"}
# First column and row, steps across and down, of each pass of an interlaced picture.
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of ``size`` bytes in all; ``intact`` if its checksum is right.

    ``name`` is its four letters, or "chunk" and hexadecimal digits where it has others.
    """

    name: str
    size: int
    body: memoryview
    intact: bool


def chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks after the signature without a gap, up to IEND or the first that does not fit."""
    view = memoryview(data)
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        size = 12 + int.from_bytes(view[at : at + 4], "big")
        if at + size > len(data):
            return
        kind = bytes(view[at + 4 : at + 8])
        checksum = int.from_bytes(view[at + size - 4 : at + size], "big")
        intact = zlib.crc32(view[at + 4 : at + size - 4]) == checksum
        name = kind.decode("ascii") if kind.isalpha() else f"chunk {kind.hex()}"
        yield Chunk(name, size, view[at + 8 : at + size - 4], intact)
        if name == "IEND":
            return
        at += size


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int
    compression: int
    filters: int
    interlaced: int

    def length(self, width: int, height: int) -> int:
        """Bytes of a picture of this colour type: each row after the type of its filter."""
        bits = self.depth * _SAMPLES.get(self.colour, 1)
        total = 0
        for left, top, across, down in _ADAM7 if self.interlaced else ((0, 0, 1, 1),):
            columns, rows = -(-(width - left) // across), -(-(height - top) // down)
            if columns > 0 and rows > 0:
                total += rows * (1 + (columns * bits + 7) // 8)
        return total


@dataclass(slots=True)
class _Stream:
    """The pixels of the picture (from IDAT) or of a frame (from fdAT), still in pieces."""

    name: str
    expected: int
    pieces: list[memoryview] = field(default_factory=list)


@dataclass(slots=True)
class Pixels:
    """Follows the chunks that a decoder shows, to tell those it skips and what they hide."""

    _header: _Header | None = None
    _stream: _Stream | None = None
    _colours: int = 0
    _transparent: bool = False
    _animated: bool = False
    _frames_left: int = 0
    _sequence: int = 0
    _allowance: int = MOST_PIXELS

    def accepts(self, chunk: Chunk) -> bool:
        """Whether a decoder can use the chunk at this place; True for those that it never shows."""
        name, header = chunk.name, self._header
        if name == "IHDR":
            return header is None and self._accepts_header(chunk)
        if name not in _SHOWN:
            return True
        if header is None or (name in ("fcTL", "fdAT") and not self._follows(chunk)):
            return False
        if name == "PLTE":
            return self._accepts_palette(chunk, header)
        if name == "tRNS":
            return self._accepts_transparency(chunk, header)
        if name == "acTL":
            return self._accepts_animation(chunk)
        if name == "fcTL":
            return self._accepts_frame(chunk, header)
        return self._accepts_pixels(chunk)

    def close(self, following: str) -> Iterator[Entry]:
        """What is wrong with the pixels that end because a chunk named ``following`` comes.

        The name is empty at the end of the file.
        """
        last = following in ("IEND", "")
        stream = self._stream
        if stream and following != stream.name and (stream.pieces or last):
            self._stream = None
            self._allowance -= stream.expected
            if self._allowance < 0:
                yield Entry("broken", "pixels too many to examine", 0)
            else:
                yield from within(stream.name, surplus(stream.pieces, stream.expected))
            if self._animated and not self._sequence:
                # No frame was described before it: only viewers without animation show it.
                what = "second picture, beside the animation"
                yield from within(stream.name, [Entry("hidden picture", what, 0)])
        if last and self._frames_left:
            yield Entry("broken", "wrong number of frames", 0)
        if last and not self._header:
            yield Entry("broken", "no picture header", 0)

    def _follows(self, chunk: Chunk) -> bool:
        """Whether the chunk is the next of an animation's."""
        if not self._animated or int.from_bytes(chunk.body[:4], "big") != self._sequence:
            return False
        self._sequence += 1
        return True

    def _accepts_header(self, chunk: Chunk) -> bool:
        if len(chunk.body) != 13:
            return False
        header = _Header(*struct.unpack(">IIBBBBB", chunk.body))
        self._header = header
        self._stream = _Stream("IDAT", header.length(header.width, header.height))
        return True

    def _accepts_palette(self, chunk: Chunk, header: _Header) -> bool:
        colours, rest = divmod(len(chunk.body), 3)
        if self._colours or rest or header.colour != _PALETTE:
            return False
        self._colours = colours
        return 0 < colours <= 1 << header.depth

    def _accepts_transparency(self, chunk: Chunk, header: _Header) -> bool:
        if self._transparent:
            return False
        self._transparent = True
        if header.colour == _PALETTE:
            return len(chunk.body) <= self._colours
        return len(chunk.body) == {0: 2, 2: 6}.get(header.colour)

    def _accepts_animation(self, chunk: Chunk) -> bool:
        if self._animated or len(chunk.body) != 8 or self._stream is None:
            return False
        self._animated = True
        self._frames_left = int.from_bytes(chunk.body[:4], "big")
        return True

    def _accepts_frame(self, chunk: Chunk, header: _Header) -> bool:
        if len(chunk.body) != 26:
            return False
        self._frames_left -= 1
        width, height = struct.unpack_from(">II", chunk.body, 4)
        if self._stream is None:
            self._stream = _Stream("fdAT", header.length(width, height))
            return True
        # Before IDAT it describes the picture itself; two in a row describe nothing.
        first = self._stream.name == "IDAT" and self._sequence == 1
        return first and (width, height) == (header.width, header.height)

    def _accepts_pixels(self, chunk: Chunk) -> bool:
        if self._stream is None or self._stream.name != chunk.name:
            return False
        self._stream.pieces.append(chunk.body[4:] if chunk.name == "fdAT" else chunk.body)
        return True
