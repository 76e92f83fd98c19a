"""MP4, QuickTime, M4V and 3GP: the tree of boxes, then every track and what hides in it."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

from scrub.metadata.bmff import top_level, tree
from scrub.metadata.boxes import Box
from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.extents import gaps
from scrub.metadata.movie import live, movie
from scrub.metadata.text import words

# QuickTime files from before 2001 have no file type.
_FIRST = ("ftyp", "moov", "mdat", "wide", "free", "skip", "pnot")
_INSTA360 = b"8db42d694ccc418790edff439fe026bf"  # the last bytes of Insta360's files
_SAMSUNG = b"SEFT"
_HEAD = 4096


def read(data: bytes | mmap) -> Iterator[Entry]:
    """Every box in its order, with those within it, and what follows the last.

    ``data`` may be mapped: it is never copied as a whole.
    """
    view = memoryview(data)
    top = top_level(view)
    if not top or top[0].name not in _FIRST:
        yield Entry("broken", "no MP4 header", len(view))
        return
    used: list[tuple[int, int]] = []
    header = next((box for box in top if box.name == "moov"), None)
    for box in top:
        if box.name == "broken":
            yield _tail(view, box)
            continue
        yield from tree(view, box)
        if box.name == "moov":
            yield from movie(view, box, used)
    if header is not None:
        yield from live(view, header, [box for box in top if box.name == "moof"], used)
    for name in ("ftyp", "moov"):
        if sum(box.name == name for box in top) > 1:
            yield Entry("broken", f"more than one {name}", 0)
    if header is None:
        yield Entry("broken", "no movie", 0)
    for box in top:
        if box.name == "mdat":
            yield from within("mdat", gaps(view, box.body, box.end, used))


def _tail(view: memoryview, box: Box) -> Entry:
    """What a "broken" box at the end of a file is: one cut short, or something appended."""
    name = bytes(view[box.start + 4 : box.start + 8])
    if name in (b"mdat", b"moov", b"moof"):
        return Entry("broken", f"file cut short in its {name.decode()}", box.size)
    last = bytes(view[max(box.start, box.end - 32) : box.end])
    if last == _INSTA360:
        what = "Insta360 trailer (GPS and motion telemetry)"
    elif last.endswith(_SAMSUNG):
        what = "Samsung trailer"
    else:
        what = "bytes after the end"
    hint = words(bytes(view[box.start : box.end][:_HEAD]))
    return Entry("after the end", what, box.size, hint)
