"""What a clean file may carry: container -> place -> test on the entry.

A place that is not here is not allowed, and neither is an entry that fails its test. The
tables hold what a decoder needs to show the picture in the way that scrub writes it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping

from scrub.metadata.allowed_boxes import AVIF, HEIC, MP4
from scrub.metadata.allowed_matroska import WEBM
from scrub.metadata.entry import Entry
from scrub.metadata.rules import Test, always, equals, never
from scrub.metadata.tables import huffman_ids, quantisation_ids, scan

# JPEG

_JFIF = b"JFIF\0\x01\x01\0\0\1\0\1\0\0"  # version 1.01, aspect ratio 1:1, no thumbnail


def _frame(entry: Entry) -> bool:
    """Eight bits, one component or three, numbered as JFIF asks (ITU-T T.871 section 10.1)."""
    body = entry.payload
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        return False
    return body[0] == 8 and list(body[6::3]) in ([1], [1, 2, 3])


_JPEG: Mapping[str, Test] = {
    "SOI": always,
    "APP0 JFIF": equals(_JFIF),
    "DQT": lambda entry: bool(quantisation_ids(entry.payload)),
    "SOF0": _frame,
    "SOF2": _frame,
    "DHT": lambda entry: bool(huffman_ids(entry.payload)),
    "DRI": lambda entry: len(entry.payload) == 2,
    "SOS": lambda entry: bool(scan(entry.payload)[0]),
    "scan data": always,
    "EOI": always,
}

# PNG: the reader has checked lengths, order and checksums.


def _png_header(entry: Entry) -> bool:
    """The only methods of compression and filtering there are; interlaced or not."""
    return entry.payload[10:] in (b"\0\0\0", b"\0\0\1")


def _png_frame(entry: Entry) -> bool:
    """One of three ways to dispose of the frame, one of two to blend it."""
    dispose, blend = entry.payload[24:26]
    return dispose <= 2 and blend <= 1


_PNG: Mapping[str, Test] = {
    "signature": always,
    "IHDR": _png_header,
    "PLTE": always,
    "tRNS": always,
    "acTL": always,
    "fcTL": _png_frame,
    "IDAT": always,
    "fdAT": always,
    "IEND": lambda entry: entry.size == 12,
}

# WebP

_ANIMATION, _ALPHA = 0x02, 0x10


def _features(entry: Entry) -> bool:
    """Nothing announced but animation and transparency (RFC 9649 2.7)."""
    if len(entry.payload) != 10 or any(entry.payload[1:4]):
        return False
    return not entry.payload[0] & ~(_ANIMATION | _ALPHA)


def _vp8(entry: Entry) -> bool:
    """A key frame: its start code after the frame's tag (RFC 6386 9.1)."""
    return entry.payload[3:6] == b"\x9d\x01\x2a" and entry.payload[0] & 1 == 0


def _vp8l(entry: Entry) -> bool:
    """The signature, and version 0 in the top bits of the size (RFC 9649 3.4)."""
    return entry.payload[:1] == b"\x2f" and int.from_bytes(entry.payload[4:5], "big") < 0x20


def _alpha(entry: Entry) -> bool:
    """Reserved bits zero (RFC 9649 2.7.1.2)."""
    return len(entry.payload) > 1 and entry.payload[0] < 0x40


_WEBP: Mapping[str, Test] = {
    "RIFF": always,
    "VP8X": _features,
    "VP8 ": _vp8,
    "VP8L": _vp8l,
    "ALPH": _alpha,
    "ANIM": lambda entry: len(entry.payload) == 6,
    "ANMF": lambda entry: len(entry.payload) == 16 and entry.payload[15] < 4,
    "ANMF / VP8 ": _vp8,
    "ANMF / VP8L": _vp8l,
    "ANMF / ALPH": _alpha,
}

# BMP


def _bmp_header(entry: Entry) -> bool:
    """Uncompressed, no colour space, and the density that Pillow writes (96 per inch) or none."""
    _, width, height, planes, bits, compression, size, across, down, colours, important = (
        struct.unpack("<IiiHHIIiiII", entry.payload)
    )
    return (
        planes == 1
        and bits in (1, 4, 8, 24, 32)
        and compression == 0
        and size in (0, (width * bits + 31) // 32 * 4 * abs(height))
        and (across, down) in ((0, 0), (3780, 3780))
        and important <= colours <= (1 << bits if bits <= 8 else 0)
    )


_BMP: Mapping[str, Test] = {
    "file header": lambda entry: not any(entry.payload[6:10]),
    "info header": _bmp_header,
    "palette": lambda entry: not any(entry.payload[3::4]),
    "pixels": always,
}

# GIF


def _screen(entry: Entry) -> bool:
    """No aspect ratio, and a background that is a colour of the palette."""
    flags, background, aspect = entry.payload[10:13]
    colours = 2 << (flags & 7) if flags & 0x80 else 1
    return aspect == 0 and background < colours


def _control(entry: Entry) -> bool:
    """Reserved bits zero, no waiting for the user, no transparent colour without its flag."""
    if len(entry.payload) != 8 or entry.payload[2] != 4:
        return False
    flags, transparent = entry.payload[3], entry.payload[6]
    return flags >> 2 <= 3 and not flags & 2 and (flags & 1 == 1 or transparent == 0)


def _loop(entry: Entry) -> bool:
    """One sub-block of three bytes: 1 and the count."""
    return len(entry.payload) == 19 and entry.payload[14:16] == b"\3\1"


_GIF: Mapping[str, Test] = {
    "screen": _screen,
    "colours": always,
    "NETSCAPE2.0": _loop,
    "graphic control": _control,
    "image": lambda entry: not entry.payload[9] & 0x18,
    "local colours": always,
    "pixels": lambda entry: 2 <= entry.payload[0] <= 8,
    "trailer": always,
}

# TIFF: values as the text that the reader shows, rows of 12 bytes as in the classic form.

_ROW = 12


def _number(*values: int) -> Test:
    """One of these numbers, or any where none is given, without a value outside the row."""

    def test(entry: Entry) -> bool:
        known = not values or entry.value in map(str, values)
        return entry.size == _ROW and entry.value.isdigit() and known

    return test


def _numbers(*values: int) -> Test:
    """At most eight of these numbers, one a sample."""
    known = set(map(str, values))
    return lambda entry: len(entry.value.split()) <= 8 and known.issuperset(entry.value.split())


def _one(entry: Entry) -> bool:
    """The density that says nothing: 1/1 (the same ratio of other numbers could say something)."""
    return entry.size == _ROW + 8 and entry.payload in (b"\1\0\0\0" * 2, b"\0\0\0\1" * 2)


_TIFF: Mapping[str, Test] = {
    "header": lambda entry: entry.size == 8,
    "padding": always,
    "page header": always,
    "IFD": lambda entry: entry.what == "page",
    "IFD pixels": always,
    "IFD 0x00FE": _number(0, 2),
    "IFD 0x0100": _number(),
    "IFD 0x0101": _number(),
    "IFD 0x0102": _numbers(1, 2, 4, 8, 16, 32),
    "IFD 0x0103": _number(1, 5, 8),
    "IFD 0x0106": _number(0, 1, 2, 3),
    "IFD 0x010A": _number(1, 2),
    "IFD 0x0111": always,
    "IFD 0x0112": _number(1),
    "IFD 0x0115": _number(1, 2, 3, 4),
    "IFD 0x0116": _number(),
    "IFD 0x0117": always,
    "IFD 0x011A": _one,
    "IFD 0x011B": _one,
    "IFD 0x011C": _number(1),
    "IFD 0x0128": _number(1),
    "IFD 0x013D": _number(1, 2, 3),
    "IFD 0x0140": lambda entry: entry.size in {_ROW + 6 * 2**bits for bits in (1, 2, 4, 8)},
    "IFD 0x0152": _numbers(0, 1, 2),
    "IFD 0x0153": _numbers(1, 2, 3),
}

ALLOWED: Mapping[str, Mapping[str, Test]] = {
    "jpeg": _JPEG,
    "png": _PNG,
    "webp": _WEBP,
    "bmp": _BMP,
    "gif": _GIF,
    "tiff": _TIFF,
    "heic": HEIC,
    "avif": AVIF,
    "mp4": MP4,
    "webm": WEBM,
    # Never written, so that none is clean.
    "avi": {},
    "mkv": {},
    "jpeg2000": {},
}


def judge(kind: str, found: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that a clean file of this kind may not carry; KeyError for another kind."""
    tests = ALLOWED[kind]
    return tuple(entry for entry in found if not tests.get(_key(entry.place), never)(entry))


def _key(place: str) -> str:
    """The pages of a TIFF are judged alike: "IFD7 0x0100" by the test for "IFD 0x0100"."""
    return re.sub(r"^IFD\d+", "IFD", place)
