"""What clean JPEG 2000 and JPEG XL files may carry: what OpenJPEG and libjxl write for Pillow."""

from __future__ import annotations

from collections.abc import Mapping

from scrub.metadata.entry import Entry
from scrub.metadata.rules import Test, always, matches


def _size(entry: Entry) -> bool:
    """No offsets, one tile, and three bytes for each component (T.800 A.5.1)."""
    body = entry.payload
    sides, parts = body[2:10], int.from_bytes(body[34:36], "big")
    plain = not any(body[:2]) and not any(body[10:18]) and not any(body[26:34])
    return plain and body[18:26] == sides and len(body) == 36 + 3 * parts


_CODESTREAM: Mapping[str, Test] = {
    "SOC": always,
    "SIZ": _size,
    "COD": matches("00 0[0-4] .{4} 0[01] .. .. .. .. 0[01]"),
    "QCD": lambda entry: entry.size <= 4 + 1 + 2 * 97,
    # OpenJPEG puts its name where nothing else is given: a blank says least.
    "COM": matches("0001 20"),
    "SOT": matches("ff90 000a 0000 .{8} 00 01"),
    "SOD": always,
    "EOC": always,
}

JPEG2000: Mapping[str, Test] = {
    **_CODESTREAM,
    **{f"jp2c / {place}": test for place, test in _CODESTREAM.items()},
    "jP  ": always,
    "ftyp": matches(f"{b'jp2 '.hex()} 00000000 {b'jp2 '.hex()}"),
    "jp2h": always,
    "jp2h / ihdr": matches(".{16} 000[1-4] 07 07 00 00"),
    "jp2h / colr": matches("01 00 00 000000(10|11)"),
    "jp2h / cdef": matches("000[1-4] (000. 000[01] 000.)+"),
    "jp2c": always,
}

JXL: Mapping[str, Test] = {
    "codestream": always,
    "JXL ": always,
    "ftyp": matches(f"{b'jxl '.hex()} 00000000 {b'jxl '.hex()}"),
    "jxlc": always,
}
