"""JPEG XL: the boxes of its container, or a codestream alone (ISO/IEC 18181-2).

Where a codestream does not say in a simple way where it ends, what stands in it or behind it is
found only if it is text, or begins like a file or a block of metadata that is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scrub.metadata import embedded
from scrub.metadata.boxes import Box, all_boxes
from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.jxl_frames import end_of_frames
from scrub.metadata.text import words

_SIGNATURE, _NAKED = b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\n"
# Each is so long that a hundred megabytes of pixels hold it by chance once in ten thousand.
_STRANGE = re.compile(
    rb"[\x20-\x7e]{28,}|\xff\xd8\xff\xe0\0\x10JFIF|Exif\0\0|\x89PNG\r\n\x1a\n|\0\0\0[\x08-\x40]ftyp"
)
_LETTERS = 10  # that a text has at least; a plain picture may repeat a byte for long
_WORDS = {
    "JXL ": "signature",
    "ftyp": "file type",
    "jxll": "level",
    "jxlc": "pixels",
    "jxlp": "pixels",
    "jxli": "index of the frames",
    "jbrd": "parts of the JPEG that it was made from",
    "jhgm": "gain map",
    "xml ": "XMP",
    "Exif": "EXIF",
    "jumb": "content credentials (C2PA)",
    "uuid": "an application's data",
}
_BLOCKS = {"xml ": embedded.XMP, "Exif": embedded.BOXED_EXIF, "jumb": embedded.C2PA}
_PIXELS = ("jxlc", "jxlp")
_HEAD = 4096


def read(data: bytes) -> Iterator[Entry]:
    """Every box, or the codestream, and what of it cannot be pixels."""
    view = memoryview(data)
    if data[:2] == _NAKED:
        yield Entry("codestream", "pixels", len(view))
        yield from within("codestream", _besides(view))
        return
    if data[:12] != _SIGNATURE:
        yield Entry("broken", "no JPEG XL header", len(view))
        return
    yield from all_boxes(view, _PIXELS, partial(_box, view))


def _box(view: memoryview, box: Box) -> Iterator[Entry]:
    body = bytes(view[box.body : min(box.end, box.body + _HEAD)])
    if box.name == "brob":  # compressed with Brotli, behind its true name
        name = body[:4].decode("latin-1")
        what = f"{_WORDS.get(name, 'unknown data')} (compressed)"
        yield Entry("brob", what, box.size, words(body[:4]))
        return
    value = "" if box.name in _WORDS else words(body)
    yield Entry(box.name, _WORDS.get(box.name, "unknown box"), box.size, value)
    if box.name == "jxlc":
        yield from within(box.name, _besides(view[box.body : box.end]))
    elif box.name == "jxlp":  # a part, behind its number
        yield from within(box.name, _strange(view[box.body + 4 : box.end]))
    elif box.name in _BLOCKS:
        yield from within(box.name, _BLOCKS[box.name].read(bytes(view[box.body : box.end])))
    elif box.name == "uuid":
        yield Entry("uuid / content", "an application's data", 0, words(body))


def _besides(pixels: memoryview) -> Iterator[Entry]:
    """What a codestream holds that is no pixels."""
    end = end_of_frames(pixels)
    if end is None:
        yield from _strange(pixels)
    elif end > len(pixels):
        yield Entry("broken", "pixels cut short", 0)
    elif end < len(pixels):
        hint = words(bytes(pixels[end:][:_HEAD]))
        yield Entry("stray bytes", "bytes after the pixels", len(pixels) - end, hint)


def _strange(pixels: memoryview) -> Iterator[Entry]:
    """The first thing among the pixels that cannot be pixels, and all that follows it."""
    for found in _STRANGE.finditer(pixels):
        if len(set(found[0])) >= _LETTERS or not found[0].isascii() or b"\0" in found[0]:
            hint = words(bytes(pixels[found.start() :][:_HEAD]))
            yield Entry("stray bytes", "bytes after the pixels", len(pixels) - found.start(), hint)
            return
