"""BMP: headers, palette, rows, colour profile, and the gaps between them.

Headers after Microsoft's BITMAPFILEHEADER, BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from scrub.metadata import embedded
from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.text import printable, words
from scrub.metadata.trailer import after_end

_FILE_HEADER = 14
_NAMES = {12: "core header", 40: "info header", 108: "V4 header", 124: "V5 header"}
_V5 = 124
_BIT_FIELDS = 3
_EMBEDDED, _LINKED = b"DEBM", b"KNIL"  # little-endian 'MBED' and 'LINK'


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the headers say: ``stride`` is the bytes of a row with its padding."""

    header: int
    width: int
    height: int
    bits: int
    compression: int
    pixel_bytes: int
    colours: int
    start: int

    @property
    def stride(self) -> int:
        return (self.width * self.bits + 31) // 32 * 4

    @property
    def palette(self) -> int:
        """Bytes of the palette; bit masks after a 40-byte header count as one."""
        if self.header == 12:
            return 3 << self.bits if self.bits <= 8 else 0
        if self.header == 40 and self.compression == _BIT_FIELDS:
            return 12
        return 4 * (self.colours or (1 << self.bits if self.bits <= 8 else 0))


def read(data: bytes) -> Iterator[Entry]:
    """Every part of the file in its order, and whatever lies between and after them."""
    shape = _shape(data)
    if shape is None:
        yield Entry("broken", "no BMP header", len(data))
        return
    body = _FILE_HEADER + shape.header
    yield Entry("file header", "file header", _FILE_HEADER, payload=data[:_FILE_HEADER])
    name = _NAMES.get(shape.header, "unusual header")
    yield Entry(name, "picture header", shape.header, payload=data[_FILE_HEADER:body])
    if int.from_bytes(data[2:6], "little") != len(data):
        yield Entry("broken", "wrong file size in the header", 0)
    palette = body + shape.palette
    end = shape.start + shape.pixel_bytes
    if not palette <= shape.start or end > len(data):
        yield Entry("broken", "parts overlap or are cut short", len(data) - body)
        return
    if shape.palette:
        yield Entry("palette", "palette", shape.palette, payload=data[body:palette][:1024])
    if palette < shape.start:
        hidden = words(data[palette : min(shape.start, palette + 4096)])
        yield Entry("stray bytes", "bytes before the pixels", shape.start - palette, hidden)
    yield Entry("pixels", "pixels", shape.pixel_bytes)
    if shape.compression == 0 and (count := _padding(data, shape)):
        found = Entry("row padding", "hidden bytes in the row padding", count)
        yield from within("pixels", [found])
    yield from _after_pixels(data, shape, end)


def _shape(data: bytes) -> _Shape | None:
    if len(data) < 26 or data[:2] != b"BM":
        return None
    start, header = struct.unpack_from("<II", data, 10)
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = size = colours = 0
    elif 40 <= header <= len(data) - _FILE_HEADER:
        width, height, _, bits, compression, size, _, _, colours = struct.unpack_from(
            "<iiHHIIiiI", data, 18
        )
    else:
        return None
    if width <= 0 or bits not in (1, 2, 4, 8, 16, 24, 32):
        return None
    if compression in (0, _BIT_FIELDS):
        size = (width * bits + 31) // 32 * 4 * abs(height)
    return _Shape(header, width, abs(height), bits, compression, size, colours, start)


def _padding(data: bytes, shape: _Shape) -> int:
    """How many bytes at the ends of rows hold bits that no pixel uses."""
    whole, rest = divmod(shape.width * shape.bits, 8)
    end = shape.start + shape.pixel_bytes
    used = bytes(value & 0xFF >> rest for value in range(256))
    found = 0
    for column in range(whole, shape.stride):
        values = data[shape.start + column : end : shape.stride]
        if column == whole:  # its first bits may still be a pixel's
            values = values.translate(used)
        found += len(values) - values.count(0)
    return found


def _after_pixels(data: bytes, shape: _Shape, end: int) -> Iterator[Entry]:
    """The profile that a V5 header points to, then everything else after the pixels."""
    kind = data[_FILE_HEADER + 56 : _FILE_HEADER + 60]
    if shape.header < _V5 or kind not in (_EMBEDDED, _LINKED):
        yield from after_end(data, end)
        return
    offset, size = struct.unpack_from("<II", data, _FILE_HEADER + 112)
    start = min(_FILE_HEADER + offset, len(data))
    stop = min(start + size, len(data))
    if kind == _EMBEDDED:
        found = list(embedded.find(embedded.ICC, "profile", stop - start, data[start:stop]))
    else:
        link = printable(data[start : min(stop, start + 1000)])
        found = [Entry("profile", "link to a colour profile", stop - start, link)]
    if start < end:  # its bytes are counted as something else already
        yield from within(_NAMES[_V5], found)
        yield from after_end(data, end)
        return
    if start > end:
        yield Entry("stray bytes", "bytes before the colour profile", start - end)
    yield from found
    yield from after_end(data, stop)
