"""Which bytes of a file nothing refers to, and which of them are not empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scrub.metadata.entry import Entry
from scrub.metadata.text import words

_MOST_GAPS, _SLICE, _HEAD = 64, 1 << 20, 4096


def gaps(
    view: memoryview, start: int, end: int, used: Iterable[tuple[int, int]]
) -> Iterator[Entry]:
    """The bytes from ``start`` to ``end`` that none of the (start, end) in ``used`` covers."""
    reached, count, hidden = start, 0, 0
    for begin, stop in [*sorted(used), (end, end)]:
        begin, stop = min(max(begin, start), end), min(stop, end)
        if begin > reached:
            count += 1
            if count <= _MOST_GAPS:
                yield _gap(view, reached, begin)
            else:
                hidden += begin - reached
        reached = max(reached, stop)
    if hidden:
        yield Entry("stray bytes", "bytes that nothing refers to", hidden)


def content(view: memoryview, start: int, end: int) -> Iterator[Entry]:
    """What free space holds beside zeros."""
    for at in range(start, end, _SLICE):
        piece = bytes(view[at : min(end, at + _SLICE)])
        if piece.count(0) < len(piece):
            text = words(piece[len(piece) - len(piece.lstrip(b"\0")) :])
            yield Entry("content", "bytes in the free space", 0, text)
            return


def _gap(view: memoryview, start: int, end: int) -> Entry:
    return Entry(
        "stray bytes",
        "bytes that nothing refers to",
        end - start,
        words(bytes(view[start : min(end, start + _HEAD)])),
    )
