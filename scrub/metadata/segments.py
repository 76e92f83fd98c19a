"""The segments of a JPEG: markers and lengths, not meanings (ITU-T T.81 annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SOI = b"\xff\xd8"
_NAMES = {
    0xC4: "DHT",
    0xC8: "JPG",
    0xCC: "DAC",
    0xD8: "SOI",
    0xD9: "EOI",
    0xDA: "SOS",
    0xDB: "DQT",
    0xDC: "DNL",
    0xDD: "DRI",
    0xDE: "DHP",
    0xDF: "EXP",
    0xFE: "COM",
}
_MARKER = re.compile(rb"\xff[^\x00\xff]")
# Within a scan FF 00 is a coded FF; FF D0 to FF D7 are allowed where DRI asked for them.
_SCAN_END = re.compile(rb"\xff[^\x00]")
_SCAN_END_WITH_RESTARTS = re.compile(rb"\xff[^\x00\xd0-\xd7]")
_MOST_SEGMENTS = 1 << 16


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes ``start`` to ``end`` of the file, marker and length included.

    ``name`` is the marker's ("APP1", "SOF0", "DQT"), "scan data" for coded pixels, "stray
    bytes" between segments, or "broken" where nothing after can be trusted. ``body`` is what
    follows the length field.
    """

    name: str
    start: int
    end: int
    body: bytes = b""

    @property
    def size(self) -> int:
        return self.end - self.start


def segments(data: bytes | memoryview, start: int = 0) -> Iterator[Segment]:
    """The segments of the picture at ``start``, without a gap, up to and including EOI.

    What ends before EOI, or has more than 65536 segments, ends in a "broken" one.
    """
    if data[start : start + 2] != SOI:
        yield Segment("broken", start, len(data))
        return
    yield Segment("SOI", start, start + 2)
    at = start + 2
    scan_end = _SCAN_END
    for _ in range(_MOST_SEGMENTS):
        marker = _MARKER.search(data, at)
        found = marker.start() if marker else len(data)
        if found > at:
            yield Segment("stray bytes", at, found)
        if marker is None:
            yield Segment("broken", found, found)
            return
        at = found
        code = data[at + 1]
        if code == 0xD9:
            yield Segment("EOI", at, at + 2)
            return
        if code < 0xC0 or 0xD0 <= code <= 0xD8:  # no length: reserved, TEM, RSTn, a second SOI
            yield Segment("stray bytes", at, at + 2)
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(data):
            yield Segment("broken", at, len(data))
            return
        segment = Segment(_name(code), at, end, bytes(data[at + 4 : end]))
        yield segment
        at = end
        if segment.name == "DRI":
            scan_end = _SCAN_END_WITH_RESTARTS if any(segment.body) else _SCAN_END
        if segment.name == "SOS":
            stop = scan_end.search(data, at)
            at = stop.start() if stop else len(data)
            yield Segment("scan data", end, at)
    yield Segment("broken", at, len(data))


def _name(code: int) -> str:
    if code in _NAMES:
        return _NAMES[code]
    if code >= 0xE0:
        return f"APP{code - 0xE0}" if code < 0xF0 else f"JPG{code - 0xF0}"
    return f"SOF{code - 0xC0}"


def dimensions(frame: bytes) -> tuple[int, int]:
    """Width and height that the body of an SOF segment states; zeros if it is too short."""
    return int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big")
