"""The codestream of JPEG 2000: markers and tile parts (ITU-T T.800 annex A)."""

from __future__ import annotations

from collections.abc import Iterator

from scrub.metadata.boxes import number
from scrub.metadata.entry import STRUCTURE, Entry
from scrub.metadata.text import printable, words

START = b"\xff\x4f\xff\x51"
_SOC, _SOT, _SOD, _EOC = 0xFF4F, 0xFF90, 0xFF93, 0xFFD9
_NAMES = {
    0xFF51: "SIZ",
    0xFF52: "COD",
    0xFF53: "COC",
    0xFF55: "TLM",
    0xFF57: "PLM",
    0xFF58: "PLT",
    0xFF5C: "QCD",
    0xFF5D: "QCC",
    0xFF5E: "RGN",
    0xFF5F: "POC",
    0xFF60: "PPM",
    0xFF61: "PPT",
    0xFF63: "CRG",
    0xFF64: "COM",
}
_HEAD, _MOST_MARKERS = 4096, 1 << 16


def codestream(view: memoryview, start: int, end: int) -> Iterator[Entry]:
    """The parts of the codestream from ``start`` to ``end``, without a gap."""
    yield Entry("SOC", STRUCTURE, min(2, end - start))
    at = min(start + 2, end)
    for _ in range(_MOST_MARKERS):
        marker = number(view, at, 2)
        stop = at + 2 + number(view, at + 2, 2)
        if marker == _EOC and at + 2 <= end:
            yield Entry("EOC", STRUCTURE, 2)
            if at + 2 < end:
                hint = words(bytes(view[at + 2 : end][:_HEAD]))
                yield Entry("stray bytes", "bytes after the pixels", end - at - 2, hint)
            return
        if marker == _SOT:
            length = number(view, at + 6, 4)
            # A length of zero says that the part is the last one.
            part = at + length if length else end - 2
            if stop != at + 12 or not stop < part <= end:
                break
            yield from _tile_part(view, at, part)
            at = part
        elif marker >= 0xFF00 and marker != _SOD and at + 4 <= stop <= end:
            yield _segment(view, marker, at, stop)
            at = stop
        else:
            break
    yield Entry("broken", "picture cut short or damaged", end - at)


def _tile_part(view: memoryview, start: int, end: int) -> Iterator[Entry]:
    """The header of a tile part, the markers in it, and its pixels."""
    yield Entry("SOT", STRUCTURE, 12)
    at = start + 12
    while number(view, at, 2) != _SOD:
        stop = at + 2 + number(view, at + 2, 2)
        if number(view, at, 2) < 0xFF00 or not at + 4 <= stop <= end - 2:
            yield Entry("broken", "picture cut short or damaged", end - at)
            return
        yield _segment(view, number(view, at, 2), at, stop)
        at = stop
    yield Entry("SOD", "pixels", end - at)


def _segment(view: memoryview, marker: int, start: int, end: int) -> Entry:
    name, body = _NAMES.get(marker, f"marker {marker:X}"), bytes(view[start + 4 : end])
    if name == "COM":
        return Entry(name, "comment", end - start, printable(body[2:]))
    value = f"{number(view, start + 6, 4)} x {number(view, start + 10, 4)}" if name == "SIZ" else ""
    what = "unknown marker" if name.startswith("marker") else STRUCTURE
    return Entry(name, what, end - start, value)
