"""The elements of EBML, which Matroska and WebM are made of: where each sits (RFC 8794)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

VOID, CRC = 0xEC, 0xBF


@dataclass(frozen=True, slots=True)
class Element:
    """Bytes ``start`` to ``end`` of the file, of which the content begins at ``body``.

    ``number`` is its ID with the marker, or 0 where no element fits and nothing after can be
    trusted; ``open`` says that it does not tell its size, as in a live recording.
    """

    number: int
    start: int
    body: int
    end: int
    open: bool = False

    @property
    def size(self) -> int:
        return self.end - self.start


def elements(view: memoryview, start: int, end: int) -> Iterator[Element]:
    """The elements from ``start`` to ``end`` without a gap; one numbered 0 takes what is left.

    An open one reaches to ``end``.
    """
    at = start
    while at < end:
        element = _element(view, at, end)
        yield element
        at = element.end


def _element(view: memoryview, at: int, end: int) -> Element:
    broken = Element(0, at, at, end)
    width = _width(view[at])
    if width > 4 or at + width >= end:
        return broken
    number = int.from_bytes(view[at : at + width], "big")
    body = at + width
    length = _width(view[body])
    if length > 8 or body + length > end:
        return broken
    ones = (1 << 7 * length) - 1
    size = int.from_bytes(view[body : body + length], "big") & ones
    body += length
    if size == ones:
        return Element(number, at, body, end, open=True)
    if body + size > end:
        return broken
    return Element(number, at, body, body + size)


def _width(byte: int) -> int:
    """Bytes of a number that begins so: one more than it has leading zero bits."""
    return 9 - byte.bit_length()


def value(view: memoryview, at: int, end: int) -> tuple[int, int]:
    """A number of variable width without its marker, and where it ends."""
    width = _width(view[at]) if at < end else 9
    if width > 8 or at + width > end:
        return 0, end
    return int.from_bytes(view[at : at + width], "big") & (1 << 7 * width) - 1, at + width
