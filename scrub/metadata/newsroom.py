"""What programs of newsrooms append to a picture: IPTC and small pictures, once more.

AFCP after the AXS File Concatenation Protocol; the records of FotoStation as the documentation of
ExifTool has them (Image::ExifTool::FotoStation).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from scrub.metadata import embedded
from scrub.metadata.entry import Entry
from scrub.metadata.segments import SOI
from scrub.metadata.text import printable, words
from scrub.metadata.thumbnail import thumbnail

_ORDERS = {b"AXS!": ">", b"AXS*": "<"}
_ROW, _FOOTER, _SIGNATURE = 12, 10, 0xA1B2C3D4
_PICTURES = (b"Nail", b"PrVw", b"3", b"4")
_TEXTS = {b"IPTC": embedded.IPTC, b"1": embedded.IPTC}
_MOST = 64


@dataclass(frozen=True, slots=True)
class Appendix:
    """A trailer from ``start`` to ``end``; its ``parts`` have a name and bytes each."""

    start: int
    end: int
    what: str
    parts: tuple[tuple[bytes, bytes], ...]

    def entries(self) -> Iterator[Entry]:
        """What is in it."""
        for name, body in self.parts:
            place = printable(name)
            if name in _TEXTS:
                yield from embedded.find(_TEXTS[name], place, len(body), body)
            elif name in _PICTURES:
                yield thumbnail(place, len(body), body[max(0, body.find(SOI)) :])
            else:
                yield Entry(place, "data of an editor", len(body), words(body))


def appendices(data: bytes, start: int, end: int) -> tuple[Appendix, ...]:
    """The last few trailers of ``data[start:end]``, in their order."""
    found: list[Appendix] = []
    while len(found) < _MOST and (last := _afcp(data, start, end) or _record(data, start, end)):
        found.insert(0, last)
        end = last.start
    return tuple(found)


def _afcp(data: bytes, start: int, end: int) -> Appendix | None:
    """A directory of parts, whose offsets count from the file's start; it ends as it begins."""
    mark = data[max(start, end - _ROW) : end][:4]
    order = _ORDERS.get(mark)
    begin = data.find(mark, start, end - _ROW) if order else -1
    if begin < 0:
        return None
    (stated,) = struct.unpack_from(f"{order}I", data, end - 8)
    (count,) = struct.unpack_from(f"{order}H", data, begin + 6)
    rows = min(count, (end - begin) // _ROW - 2)
    parts, room = [], end - begin
    for row in range(rows):
        name, size, offset = struct.unpack_from(f"{order}4sII", data, begin + _ROW * (1 + row))
        at = offset - stated + begin  # what came later may have moved it
        room -= size
        if at < begin or room < 0:
            break
        parts.append((name, data[at : min(at + size, end)]))
    return Appendix(begin, end, "IPTC trailer (AFCP)", tuple(parts))


def _record(data: bytes, start: int, end: int) -> Appendix | None:
    """One part, then its number, the size of both and a signature."""
    if end - start < _FOOTER:
        return None
    number, size, signature = struct.unpack_from(">HII", data, end - _FOOTER)
    begin = end - size
    if signature != _SIGNATURE or size < _FOOTER or begin < start:
        return None
    part = str(number).encode(), data[begin : end - _FOOTER]
    return Appendix(begin, end, "IPTC trailer (FotoStation)", (part,))
