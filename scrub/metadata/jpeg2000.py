"""JPEG 2000: the boxes of JP2 and JPX, or a codestream alone (ITU-T T.800 annex I, T.801)."""

from __future__ import annotations

from collections.abc import Iterator

from scrub.metadata import embedded
from scrub.metadata.boxes import Box, all_boxes, boxes, first
from scrub.metadata.codestream import START, codestream
from scrub.metadata.embedded import within
from scrub.metadata.entry import STRUCTURE, Entry
from scrub.metadata.text import printable, words

_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
_CONTAINERS = ("jp2h", "res ", "asoc", "uinf", "jpch", "jplh", "cgrp", "ftbl")
_PLAIN = ("jP  ", "ftyp", "rreq", "jp2h", "ihdr", "bpcc", "colr", "pclr", "cmap", "cdef")
_WORDS = {
    **dict.fromkeys(_PLAIN, STRUCTURE),
    "res ": "pixel density",
    "resc": "pixel density",
    "resd": "pixel density",
    "jp2c": "pixels",
    "jp2i": "rights",
    "xml ": "XMP",
    "uuid": "an application's data",
    "uinf": "web address",
    "ulst": "web address",
    "url ": "web address",
    "asoc": "notes",
    "lbl ": "label",
    "jumb": "content credentials (C2PA)",
}
_TEXTS = ("url ", "lbl ", "jp2i")
_HEAD, _DEEPEST, _RESTRICTED = 4096, 8, (2, 3)


def read(data: bytes) -> Iterator[Entry]:
    """Every box with those within it and the markers of the pixels, then what follows the last."""
    view = memoryview(data)
    if data[:4] == START:
        yield from codestream(view, 0, len(view))
        return
    if data[:12] != _SIGNATURE:
        yield Entry("broken", "no JPEG 2000 header", len(view))
        return
    shown = first(view, 0, len(view), "jp2c")

    def entries(box: Box) -> Iterator[Entry]:
        if box.name == "jp2c" and box != shown:
            yield Entry("second jp2c", "second picture", box.size)
        else:
            yield from _tree(view, box, "", 0)

    yield from all_boxes(view, ("jp2c",), entries)


def _tree(view: memoryview, box: Box, place: str, depth: int) -> Iterator[Entry]:
    here = f"{place} / {box.name}" if place else box.name
    body = bytes(view[box.body : min(box.end, box.body + _HEAD)])
    block, skip = _block(box.name, body)
    value = printable(body) if box.name in _TEXTS else "" if box.name in _WORDS else words(body)
    what = block.what if block else _WORDS.get(box.name, "unknown box")
    yield Entry(here, what, box.size, value)
    if block:
        yield from within(here, block.read(bytes(view[box.body + skip : box.end])))
    elif box.name == "uuid":
        yield Entry(f"{here} / content", "an application's data", 0, words(body[16:]))
    elif box.name == "jp2c":
        yield from within(here, codestream(view, box.body, box.end))
    elif box.name in _CONTAINERS and depth < _DEEPEST:
        for child in boxes(view, box.body, box.end):
            yield from _tree(view, child, here, depth + 1)


def _block(name: str, body: bytes) -> tuple[embedded.Block | None, int]:
    """The kind of metadata that a box holds, and where in its body it starts."""
    if name == "uuid":
        return embedded.UUIDS.get(body[:16]), 16
    if name == "colr" and body[:1] and body[0] in _RESTRICTED:
        return embedded.ICC, 3
    if name == "xml ":
        return embedded.XMP, 0
    return (embedded.C2PA, 0) if name == "jumb" else (None, 0)
