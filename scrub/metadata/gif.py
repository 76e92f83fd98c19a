"""GIF: blocks up to the trailer, and what follows it (GIF89a specification).

Application extensions after their owners: NETSCAPE2.0 (loop count), ICCRGBG1 (ICC.1 annex B),
XMP Data (XMP part 3), MGK8BIM, MGKIPTC (ImageMagick), C2PA_GIF.
"""

from __future__ import annotations

from collections.abc import Iterator

from scrub.metadata import embedded
from scrub.metadata.entry import Entry
from scrub.metadata.text import printable, words
from scrub.metadata.trailer import after_end

_SCREEN, _IMAGE = 13, 10
_EXTENSION, _SEPARATOR, _TRAILER = b"!", b",", b";"
_CONTROL, _COMMENT, _TEXT, _APPLICATION = 0xF9, 0xFE, 0x01, 0xFF
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_BLOCKS = {
    b"ICCRGBG1012": embedded.ICC,
    b"MGK8BIM0000": embedded.PHOTOSHOP,
    b"MGKIPTC0000": embedded.IPTC,
    b"C2PA_GIF\1\0\0": embedded.C2PA,
}
_XMP = b"XMP DataXMP"


def read(data: bytes) -> Iterator[Entry]:
    """Header, colour tables, every block up to the trailer, then everything after it."""
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < _SCREEN:
        yield Entry("broken", "no GIF header", len(data))
        return
    yield Entry("screen", "picture header", _SCREEN, payload=data[:_SCREEN])
    at = _SCREEN + _table(data[10])
    if at > len(data):
        yield Entry("broken", "palette cut short", len(data) - _SCREEN)
        return
    if at > _SCREEN:
        yield Entry("colours", "palette", at - _SCREEN)
    looped = False
    while (end := _end(data, at)) <= len(data):
        if data.startswith(_TRAILER, at):
            yield Entry("trailer", "end of the picture", end - at)
            yield from after_end(data, end)
            return
        if data.startswith(_SEPARATOR, at):
            yield from _image(data, at, end)
        elif looped and data[at + 3 : at + 14] in _LOOPS:
            yield Entry("misplaced loop count", "data that no decoder uses", end - at)
        else:
            looped = looped or data[at + 3 : at + 14] in _LOOPS
            yield from _extension(data, at, end)
        at = end
    yield Entry("broken", "picture cut short or damaged", len(data) - at)


def _table(packed: int) -> int:
    """Bytes of the colour table that the flags of a screen or an image announce."""
    return 3 * (2 << (packed & 7)) if packed & 0x80 else 0


def _end(data: bytes, at: int) -> int:
    """Where the block at ``at`` ends; beyond the data if it is cut short or none begins."""
    if data.startswith(_TRAILER, at):
        return at + 1
    if data.startswith(_EXTENSION, at):
        return _chain_end(data, at + 2)
    if data.startswith(_SEPARATOR, at) and at + _IMAGE <= len(data):
        return _chain_end(data, at + _IMAGE + _table(data[at + 9]) + 1)
    return len(data) + 1


def _chain_end(data: bytes, at: int) -> int:
    """Where the sub-blocks that begin at ``at`` end, their terminator included."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def _image(data: bytes, at: int, end: int) -> Iterator[Entry]:
    pixels = at + _IMAGE + _table(data[at + 9])
    yield Entry("image", "frame header", _IMAGE, payload=data[at : at + _IMAGE])
    if pixels > at + _IMAGE:
        yield Entry("local colours", "palette of a frame", pixels - at - _IMAGE)
    yield Entry("pixels", "pixels", end - pixels, payload=data[pixels : pixels + 1])


def _extension(data: bytes, at: int, end: int) -> Iterator[Entry]:
    label, size = data[at + 1], end - at
    if label == _CONTROL and data.startswith(_SEPARATOR, end):
        yield Entry("graphic control", "frame delay", size, payload=data[at:end][:16])
    elif label == _CONTROL:
        yield Entry("misplaced graphic control", "data that no decoder uses", size)
    elif label == _COMMENT:
        yield Entry("comment", "comment", size, printable(_joined(data, at + 2, end, 1000)))
    elif label == _TEXT:
        text = _joined(data, at + 2 + 13, end, 1000)  # after the grid's position and colours
        yield Entry("plain text", "text over the picture", size, printable(text))
    elif label == _APPLICATION:
        yield from _application(data, at, end)
    else:
        yield Entry(f"extension 0x{label:02X}", "unknown extension", size)


def _application(data: bytes, at: int, end: int) -> Iterator[Entry]:
    name, size, body = data[at + 3 : at + 14], end - at, at + 14
    if name in _LOOPS:
        yield Entry(name.decode("ascii"), "loop count", size, payload=data[at:end][:32])
    elif name == _XMP:  # its text is not cut into sub-blocks
        yield from embedded.find(embedded.XMP, "application", size, data[body:end])
    elif name in _BLOCKS:
        joined = _joined(data, body, end, size)
        yield from embedded.find(_BLOCKS[name], "application", size, joined)
    else:
        value = f"{printable(name)} {words(_joined(data, body, end, 4096))}"
        yield Entry("application", "an application's data", size, printable(value))


def _joined(data: bytes, at: int, end: int, most: int) -> bytes:
    """What the sub-blocks between ``at`` and ``end`` hold, at least up to ``most`` bytes."""
    pieces = []
    found = 0
    while at < end and data[at] and found < most:
        piece = data[at + 1 : at + 1 + data[at]]
        pieces.append(piece)
        found += len(piece)
        at += 1 + data[at]
    return b"".join(pieces)
