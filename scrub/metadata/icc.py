"""ICC profiles: the texts that name a screen, a camera or a maker (ICC.1:2022 sections 7, 9)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scrub.metadata.entry import Entry
from scrub.metadata.text import printable

_HEADER, _MOST_TAGS = 128, 100
_WORDS = {
    b"desc": "colour profile's name",
    b"cprt": "colour profile's copyright",
    b"dmnd": "device maker",
    b"dmdd": "device model",
    b"mmod": "screen's maker and model",
    b"vued": "viewing conditions",
    b"meta": "colour profile's metadata",
}


def read(data: bytes) -> Iterator[Entry]:
    """Creation time and texts of a profile, or of its first segment."""
    if len(data) < _HEADER + 4:
        return
    stamp = struct.unpack_from(">6H", data, 24)
    if any(stamp):
        date = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*stamp)
        yield Entry("header", "colour profile's time", 12, date)
    (count,) = struct.unpack_from(">I", data, _HEADER)
    rows = (len(data) - _HEADER - 4) // 12
    for index in range(min(count, rows, _MOST_TAGS)):
        name, start, size = struct.unpack_from(">4sII", data, _HEADER + 4 + 12 * index)
        if name in _WORDS:
            value = printable(_text(data[start : start + min(size, 4096)]))
            yield Entry(name.decode("ascii"), _WORDS[name], size, value)


def _text(element: bytes) -> str | bytes:
    """The text of an element of type text, desc or mluc (its first language)."""
    if element[:4] == b"text":
        return element[8:]
    if element[:4] == b"desc":
        return element[12:].partition(b"\0")[0]
    if element[:4] == b"mluc" and len(element) >= 28:
        length, start = struct.unpack_from(">II", element, 20)
        return element[start : start + length].decode("utf-16-be", "replace")
    return element[8:]
