"""IPTC records: what newsrooms write into a picture (IPTC-IIM 4.2, chapters 3 and 6)."""

from __future__ import annotations

from collections.abc import Iterator

from scrub.metadata.entry import Entry
from scrub.metadata.text import printable

MARK = b"\x1c"
_WORDS = {
    5: "title",
    12: "keywords",
    22: "document number",
    25: "keywords",
    26: "place name",
    27: "place name",
    37: "time published",
    47: "time published",
    55: "time taken",
    60: "time taken",
    62: "time taken",
    63: "time taken",
    65: "software",
    80: "author's name",
    85: "author's name",
    90: "place name",
    92: "place name",
    95: "place name",
    100: "place name",
    101: "place name",
    103: "document number",
    105: "caption",
    110: "author's name",
    115: "source",
    116: "copyright",
    118: "contact",
    120: "caption",
    122: "author's name",
}


def read(data: bytes) -> Iterator[Entry]:
    """Each dataset; whatever does not follow the format ends the list as "broken"."""
    at = 0
    while at + 5 <= len(data) and data[at : at + 1] == MARK:
        record, number = data[at + 1], data[at + 2]
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        start = at + 5
        if size & 0x8000:  # an extended dataset: the length of the length
            width = size & 0x7FFF
            size = int.from_bytes(data[start : start + min(width, 8)], "big")
            start += width
        end = min(start + size, len(data))
        what = _WORDS.get(number, "IPTC record") if record == 2 else "IPTC record"
        value = data[start : min(end, start + 1000)]
        yield Entry(f"{record}:{number:02}", what, end - at, printable(value))
        at = max(end, start)
    if data[at:].strip(b"\0"):
        yield Entry("broken", "unreadable part of the IPTC", len(data) - at)
