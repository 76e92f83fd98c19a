"""Takes out what FFmpeg's muxers write of themselves into a new file, and cannot be told not to."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator
from pathlib import Path

from scrub.metadata.boxes import inside
from scrub.metadata.ebml import VOID, Element, elements

SEGMENT, INFO = 0x18538067, 0x1549A966
NAMES = {0x4D80, 0x5741}
"""All of a WebM but its header, what it says of itself, MuxingApp, WritingApp (RFC 9559, 5.1)."""


def without_user_data(path: Path) -> None:
    """Turn the empty box for user data of an MP4 into free space (ISO/IEC 14496-12, 8.1.2)."""
    with _mapped(path) as view:
        for box in inside(view, "moov"):
            if box.name == "udta":
                # A box begins with its length and its type, four bytes each.
                view[box.start + 4 : box.end] = b"free" + bytes(box.size - 8)


def without_names(path: Path) -> None:
    """Turn what names the muxer of a WebM into free space.

    Both elements should be there, but players do without them, and empty ones still make some tell
    of a nameless encoder.
    """
    with _mapped(path) as view:
        info = _info(view)
        for element in elements(view, info.body, info.end) if info else ():
            if element.number in NAMES:
                # An ID of one byte, a length of one byte, and nothing.
                rest = element.size - 2
                view[element.start : element.end] = bytes([VOID, 0x80 | rest]) + bytes(rest)


@contextlib.contextmanager
def _mapped(path: Path) -> Iterator[memoryview]:
    """The bytes of the file; what is changed in them is changed in it."""
    with (
        path.open("r+b") as file,
        mmap.mmap(file.fileno(), 0) as data,
        memoryview(data) as view,
    ):
        yield view


def _info(view: memoryview) -> Element | None:
    """Where a WebM tells of itself, which is before all frames."""
    for segment in elements(view, 0, len(view)):
        if segment.number == SEGMENT:
            for element in elements(view, segment.body, segment.end):
                if element.number == INFO:
                    return element
    return None
