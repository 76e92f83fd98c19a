"""What encoders put between the pixels and the sound: settings, notes, filler.

Units after ISO/IEC 14496-15 (lengths), ITU-T H.264 7.3 and annex D, H.265 7.3 and annex D, the
AV1 specification 5.3 and ISO/IEC 14496-3 4.4. Pixels themselves are not decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scrub.metadata.boxes import number
from scrub.metadata.entry import Entry
from scrub.metadata.text import words

_SOFTWARE = "software and settings of the encoder"
_UNREADABLE = "coded data that cannot be read"
# As far as a note is read; x264 and x265 write one or two kilobytes.
_MOST_NOTE = 1 << 14


@dataclass(frozen=True, slots=True)
class _Family:
    """How a codec numbers its units, after a head of so many bytes.

    ``pixels`` are slices, ``settings`` the parameter sets, ``marks`` delimiters without content,
    ``notes`` supplemental information.
    """

    header: int
    kind: Callable[[int], int]
    pixels: frozenset[int]
    settings: frozenset[int]
    marks: frozenset[int]
    notes: frozenset[int]


# H.264 table 7-1 and H.265 table 7-1.
_AVC = _Family(
    1,
    lambda first: first & 31,
    frozenset(range(1, 6)),
    frozenset({7, 8}),
    frozenset(range(9, 12)),
    frozenset({6}),
)
_HEVC = _Family(
    2,
    lambda first: first >> 1 & 63,
    frozenset({*range(10), *range(16, 22)}),
    frozenset(range(32, 35)),
    frozenset(range(35, 38)),
    frozenset({39, 40}),
)
_FAMILIES = {
    **dict.fromkeys(("avc1", "avc2", "avc3", "avc4"), _AVC),
    **dict.fromkeys(("hvc1", "hev1", "hvc2", "hev2"), _HEVC),
}

_HIGH = (b"\x64", b"\x6e", b"\x7a", b"\xf4")  # profiles of more than 8 bits or 4:2:0 (5.3.3.1)

# H.264 D.1 and H.265 D.2.1.
_NOTES = {
    0: "buffering period",
    1: "picture timing",
    4: "user data",
    5: "user data",
    6: "recovery point",
    45: "stereo picture",
    47: "orientation of the display",
    129: "active parameter sets",
    132: "checksum of the pixels",
    136: "time code",
    137: "colours of the screen",
    144: "brightness of the scene",
    147: "transfer characteristics",
}
_USER_DATA, _IDENTIFIER, _STOP = 5, 16, 0x80

# AV1 6.2.2.
_OBU_SHOWN = {1, 2, 3, 4, 6, 7}
_OBU_DELIMITER, _OBU_METADATA, _OBU_PADDING = 2, 5, 15
_OBU_EXTENDED, _OBU_SIZED = 0x04, 0x02

# ISO/IEC 14496-3 table 4.85: elements that may come first in a frame of AAC.
_AAC_DATA, _AAC_FILL = 4, 6
_MOST_NAME = 24  # bytes at the start of a frame in which the encoder's name can stand


def carried(codec: str, view: memoryview, start: int, end: int, length: int) -> Iterator[Entry]:
    """What the sample, item or frame at ``start`` to ``end`` holds beside pixels and sound.

    ``codec`` is the four letters of its sample entry or item; ``length`` the bytes of the
    length before each unit, for H.264 and H.265. Nothing for other codecs.
    """
    if codec in _FAMILIES:
        yield from _units(_FAMILIES[codec], view, start, end, length)
    elif codec == "av01":
        yield from _obus(view, start, end)
    elif codec == "mp4a":
        yield from _frame(view, start, end)


def configured(codec: str, view: memoryview, start: int, end: int) -> Iterator[Entry]:
    """What a decoder's configuration (the body of avcC, hvcC or av1C) holds beside it."""
    if codec in _FAMILIES:
        family = _FAMILIES[codec]
        for at, stop in parameter_sets(codec, view, start, end):
            if at == stop or family.kind(view[at]) not in family.settings:
                yield from _unit(family, view, at, stop)
    elif codec == "av01":
        yield from _obus(view, start + 4, end)


def length_size(codec: str, view: memoryview, start: int, end: int) -> int:
    """Bytes of a unit's length, from the body of avcC or hvcC; 4 where it is cut short."""
    at = start + (21 if _FAMILIES.get(codec) is _HEVC else 4)
    return (view[at] & 3) + 1 if at < end else 4


def exact(codec: str, body: bytes) -> bool:
    """Whether the body of avcC or hvcC holds nothing but its units."""
    end = max(
        (stop for _, stop in parameter_sets(codec, memoryview(body), 0, len(body))), default=0
    )
    if _FAMILIES.get(codec) is _AVC and body[1:2] in _HIGH:
        end += 4  # sampling, bit depths and no further units
    return body[:1] == b"\1" and 0 < end == len(body)


def parameter_sets(codec: str, view: memoryview, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each unit within the body of avcC or hvcC starts and ends.

    ISO/IEC 14496-15 5.3.3.1 and 8.3.3.1.
    """
    hevc = _FAMILIES.get(codec) is _HEVC
    at = start + (22 if hevc else 5)
    arrays = number(view, at, 1) if hevc else 2  # H.264: SPS, then PPS
    at += hevc
    for index in range(arrays):
        if hevc:
            count, at = number(view, at + 1, 2), at + 3
        else:
            count, at = number(view, at, 1) & (255 if index else 31), at + 1
        for _ in range(count):
            stop = at + 2 + number(view, at, 2)
            if stop > end:
                return
            yield at + 2, stop
            at = stop


def _units(family: _Family, view: memoryview, start: int, end: int, length: int) -> Iterator[Entry]:
    at = start
    while at < end:
        size = number(view, at, length)
        stop = at + length + size
        if size < family.header or stop > end:
            yield Entry("broken", _UNREADABLE, end - at)
            return
        yield from _unit(family, view, at + length, stop)
        at = stop


def _unit(family: _Family, view: memoryview, start: int, stop: int) -> Iterator[Entry]:
    kind, size = family.kind(view[start]) if start < stop else -1, stop - start
    if kind in family.notes:
        yield from _messages(bytes(view[start + family.header : stop][:_MOST_NOTE]), size)
    elif kind not in family.pixels and (kind not in family.marks or size > family.header + 1):
        known = kind in family.settings  # their place is in the configuration
        what = "settings of the decoder" if known else "data that no decoder shows"
        yield Entry(f"unit {kind}", what, size, words(bytes(view[start:stop][:_MOST_NOTE])))


def _messages(body: bytes, size: int) -> Iterator[Entry]:
    """The messages of a unit of supplemental information (SEI), and what follows them."""
    body = body.replace(b"\0\0\3", b"\0\0")  # H.264 7.4.1.1
    at = 0
    while at + 1 < len(body) and body[at] != _STOP:
        kind, at = _extended(body, at)
        length, at = _extended(body, at)
        note = body[at : at + length]
        at += length
        value = words(note[_IDENTIFIER if kind == _USER_DATA else 0 :])
        what = _NOTES.get(kind, "note to the decoder")
        if kind == _USER_DATA and value:
            what = _SOFTWARE
        yield Entry(f"SEI {kind}", what, min(length, size), value)
    if body[at : at + 1] != bytes([_STOP]) or at + 1 < len(body):
        hint = words(body[at : at + _MOST_NOTE])
        yield Entry("SEI rest", "data that no decoder shows", max(0, len(body) - at), hint)


def _extended(body: bytes, at: int) -> tuple[int, int]:
    """A number in bytes of which all but the last are 255, and where it ends."""
    total = 0
    while at < len(body) and body[at] == 0xFF:
        total += 255
        at += 1
    return total + (body[at] if at < len(body) else 0), at + 1


def _obus(view: memoryview, start: int, end: int) -> Iterator[Entry]:
    at = start
    while at < end:
        head = view[at]
        kind = head >> 3 & 15
        body = at + 1 + (head & _OBU_EXTENDED > 0)
        stop = end
        if head & _OBU_SIZED:
            size, body = _leb128(view, body, end)
            stop = body + size
        if stop > end or head & 0x80:
            yield Entry("broken", _UNREADABLE, end - at)
            return
        if kind not in _OBU_SHOWN or (kind == _OBU_DELIMITER and stop > body):
            named = {_OBU_METADATA: "notes to the decoder", _OBU_PADDING: "padding"}
            hint = words(bytes(view[body:stop][:_MOST_NOTE]))
            yield Entry(
                f"OBU {kind}", named.get(kind, "data that no decoder shows"), stop - at, hint
            )
        at = stop


def _leb128(view: memoryview, at: int, end: int) -> tuple[int, int]:
    """A number in groups of seven bits, lowest first (AV1 4.10.5), and where it ends."""
    total = 0
    for index in range(8):
        if at >= end:
            return end, at
        byte = view[at]
        at += 1
        total |= (byte & 127) << 7 * index
        if not byte & 128:
            break
    return total, at


def _frame(view: memoryview, start: int, end: int) -> Iterator[Entry]:
    """The data and fill elements that a frame of AAC begins with."""
    if start < end and view[start] >> 5 in (_AAC_DATA, _AAC_FILL):
        # An encoder may fill with nothing; a name is text.
        value = words(bytes(view[start:end][:_MOST_NAME]))
        yield Entry("fill element", _SOFTWARE if value else "padding", 0, value)
