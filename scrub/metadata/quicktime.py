"""The texts of MP4 and QuickTime: user data, item lists and their keys.

After the QuickTime File Format Specification ("User Data Atoms", "Metadata Atoms"), 3GPP TS
26.244 section 8, and what phones and cameras are seen to write.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scrub.metadata.boxes import Box, boxes, number
from scrub.metadata.entry import Entry
from scrub.metadata.meanings import UNKNOWN, meaning
from scrub.metadata.text import printable, words
from scrub.metadata.thumbnail import known, thumbnail

_ISO6709 = re.compile(rb"([+-]\d+(?:\.\d*)?)([+-]\d+(?:\.\d*)?)")
_KEY = re.compile(rb"com\.apple\.quicktime\.[a-zA-Z.-]+[a-zA-Z]")
_TEXT_TYPES = (0, 1, 2)  # of a data atom: reserved, UTF-8, UTF-16
_PICTURES = (13, 14, 27)  # JPEG, PNG, BMP
_HEAD = 4096


def user_text(view: memoryview, box: Box) -> Iterator[Entry]:
    """What a box within user data says."""
    body = bytes(view[box.body : box.end][:_HEAD])
    if box.name == "meta":
        return
    what = meaning(box.name)
    if box.name.startswith("\xa9"):  # a length, a language, then the text
        size = number(view, box.body, 2)
        body = body[4 : 4 + size]
        yield Entry("text", what, 0, printable(body))
        yield from position(body)
    elif box.name == "loci":
        yield from _place(body)
    elif box.name in _3GPP:  # version, flags and a language, then the text
        yield Entry("text", what, 0, printable(body[6:]))
    elif what != UNKNOWN:
        yield Entry("text", what, 0, words(body))


_3GPP = ("titl", "dscp", "cprt", "perf", "auth", "gnre", "albm", "kywd")


def keys(view: memoryview, box: Box) -> Iterator[str]:
    """The names that the items of a list refer to by number."""
    for key in boxes(view, box.body + 8, box.end):
        yield printable(bytes(view[key.body : key.end][:_HEAD]))


def measured(body: bytes) -> Iterator[Entry]:
    """What a track of timed metadata ("mebx") measures, by the keys in its sample entry."""
    for key in _KEY.findall(body):
        name = key.decode("ascii")
        what = meaning(name)
        yield Entry("key", "telemetry" if what == UNKNOWN else what, 0, name)


def item(view: memoryview, box: Box, names: tuple[str, ...]) -> Iterator[Entry]:
    """The value of an item; its name is the box's own, one of ``names``, or in it ("----")."""
    parts = list(boxes(view, box.body, box.end))
    name = _name(box.name, names)
    for part in parts:
        if part.name == "name":
            name = printable(bytes(view[part.body + 4 : part.end][:_HEAD]))
    for part in parts:
        if part.name != "data":
            continue
        kind = number(view, part.body, 4)
        body = bytes(view[part.body + 8 : part.end])
        if kind in _PICTURES or known(body):
            yield thumbnail("picture", len(body), body)
            continue
        what, shown = meaning(name), _plain(kind, body[:_HEAD])
        value = shown if what != UNKNOWN else printable(f"{name} {shown}")
        yield Entry("text", what, len(body), value)
        yield from position(body[:_HEAD])


def _name(name: str, names: tuple[str, ...]) -> str:
    """The key that a box of a list refers to by its number, from 1 on."""
    if name.startswith("box 0000"):
        index = int(name[4:], 16)
        return names[index - 1] if 0 < index <= len(names) else ""
    return name


def _plain(kind: int, body: bytes) -> str:
    if kind == 2:
        return printable(body.decode("utf-16-be", "replace"))
    if kind in _TEXT_TYPES:
        return printable(body)
    return words(body)


def position(text: bytes) -> Iterator[Entry]:
    """The position in a text after ISO 6709 ("+48.8577+002.2950+035/"), in degrees."""
    found = _ISO6709.match(text)
    if found:
        latitude, longitude = (float(part) for part in found.groups())
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            yield Entry("position", "GPS position", 0, f"{latitude:.6f}, {longitude:.6f}")


def _place(body: bytes) -> Iterator[Entry]:
    """The "loci" box (TS 26.244 8.12): language, name, role, longitude and latitude."""
    name, found, rest = body[6:].partition(b"\0")
    yield Entry("text", "place name", 0, printable(name))
    if found and len(rest) >= 13:
        longitude, latitude = struct.unpack_from(">ii", rest, 1)
        where = f"{latitude / 65536:.6f}, {longitude / 65536:.6f}"
        yield Entry("position", "GPS position", 0, where)
