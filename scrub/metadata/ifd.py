"""The directories of TIFF and EXIF: where each tag sits, not what it means.

Layout after TIFF 6.0 section 2 (classic) and its 64-bit extension BigTIFF; the directories
that tags point to after CIPA DC-008 (EXIF) 4.6.3 and TIFF Tech Note 1 (SubIFDs).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

SUB_IFDS, EXIF, GPS, INTEROP = 0x014A, 0x8769, 0x8825, 0xA005
_CHILDREN = {SUB_IFDS: "SubIFD", EXIF: "Exif", GPS: "GPS", INTEROP: "Interop"}

# Type -> (letters of one value for `struct`, bytes of one value).
_TYPES = {
    1: ("B", 1),
    2: ("s", 1),
    3: ("H", 2),
    4: ("I", 4),
    5: ("II", 8),
    6: ("b", 1),
    7: ("s", 1),
    8: ("h", 2),
    9: ("i", 4),
    10: ("ii", 8),
    11: ("f", 4),
    12: ("d", 8),
    13: ("I", 4),
    16: ("Q", 8),
    17: ("q", 8),
    18: ("Q", 8),
}
BYTE, ASCII, UNDEFINED = 1, 2, 7
_TEXT = (ASCII, UNDEFINED)
_RATIONAL = (5, 10)

# Far above what cameras and editors write; a file beyond them wants to exhaust its reader.
_MOST_TAGS, _MOST_CHILDREN, _MOST_DIRECTORIES = 4096, 64, 4096


@dataclass(frozen=True, slots=True)
class Tag:
    """One row of a directory; its value lies at ``start``, ``size`` bytes long."""

    number: int
    type: int
    count: int
    start: int
    size: int
    inline: bool


@dataclass(frozen=True, slots=True)
class Directory:
    """A table of tags at ``start``; ``faults`` are half sentences about what is wrong in it."""

    name: str
    start: int
    size: int
    tags: tuple[Tag, ...]
    faults: tuple[str, ...]

    def tag(self, number: int) -> Tag | None:
        return next((tag for tag in self.tags if tag.number == number), None)


@dataclass(frozen=True, slots=True)
class Tiff:
    """A TIFF structure: ``order`` is "<" or ">", ``first`` the offset of IFD0."""

    data: bytes
    order: str
    big: bool
    first: int

    @classmethod
    def open(cls, data: bytes) -> Tiff | None:
        """The structure that starts at the first byte, or None where none does."""
        order = {b"II": "<", b"MM": ">"}.get(data[:2])
        if order is None or len(data) < 8:
            return None
        version, first = struct.unpack_from(f"{order}HI", data, 2)
        if version == 42:
            return cls(data, order, False, first)
        if version == 43 and len(data) >= 16 and data[4:8] == struct.pack(f"{order}HH", 8, 0):
            return cls(data, order, True, struct.unpack_from(f"{order}Q", data, 8)[0])
        return None

    @property
    def header(self) -> int:
        """Bytes before anything that offsets point to."""
        return 16 if self.big else 8

    @property
    def row(self) -> int:
        """Bytes of one tag's row in a directory."""
        return 20 if self.big else 12

    def directories(self) -> Iterator[Directory]:
        """Every directory once: each page (IFD0, IFD1, ...), followed by those it points to."""
        waiting = [("IFD0", self.first)]
        seen: set[int] = set()
        while waiting:
            name, start = waiting.pop()
            if start in seen or len(seen) == _MOST_DIRECTORIES:
                yield Directory(name, start, 0, (), ("repeated or endless directories",))
                continue
            seen.add(start)
            directory, following = self._directory(name, start)
            yield directory
            if following:
                waiting.append((_successor(name), following))
            waiting.extend(reversed(self._children(directory)))

    def numbers(self, tag: Tag, most: int = 64) -> tuple[float, ...]:
        """The first ``most`` values; fractions as floats (NaN for x/0), none for text."""
        letters, _ = _TYPES[tag.type]
        if tag.type in _TEXT:
            return ()
        count = min(tag.count, most) * len(letters)
        found = struct.unpack_from(f"{self.order}{count}{letters[0]}", self.data, tag.start)
        if tag.type not in _RATIONAL:
            return found
        pairs = zip(found[::2], found[1::2], strict=True)
        return tuple(above / below if below else math.nan for above, below in pairs)

    def whole(self, tag: Tag | None, most: int = 64) -> tuple[int, ...]:
        """The first ``most`` values of an integer tag; none for another type or for no tag.

        Those below zero are left out: no offset or size is.
        """
        values = self.numbers(tag, most) if tag else ()
        return tuple(value for value in values if isinstance(value, int) and value >= 0)

    def text(self, tag: Tag) -> str:
        """The first 16 numbers of a tag with blanks between them; empty for text."""
        numbers = self.numbers(tag, 16)
        return " ".join(str(n) if isinstance(n, int) else f"{n:g}" for n in numbers)

    def raw(self, tag: Tag, most: int) -> bytes:
        """The first ``most`` bytes of the value."""
        return self.data[tag.start : tag.start + min(tag.size, most)]

    def _directory(self, name: str, start: int) -> tuple[Directory, int]:
        """The directory at ``start`` and the offset of the next in its chain, 0 for none."""
        letter, width = ("Q", 8) if self.big else ("H", 2)
        if start < self.header or start + width > len(self.data):
            return Directory(name, start, 0, (), ("directory outside the file",)), 0
        (count,) = struct.unpack_from(f"{self.order}{letter}", self.data, start)
        pointer = (8 if self.big else 4) if _chained(name) else 0
        size = width + count * self.row + pointer
        room = (len(self.data) - start - width) // self.row
        rows = min(count, room, _MOST_TAGS)
        found = [self._tag(start + width + index * self.row) for index in range(rows)]
        tags = tuple(tag for tag in found if tag)
        faults = []
        if start + size > len(self.data):
            faults.append("directory cut short")
        elif rows < count:
            faults.append("directory too long to read")
        if len(tags) < rows:
            faults.append(f"{rows - len(tags)} unreadable tags")
        if len({tag.number for tag in tags}) < len(tags):
            faults.append("repeated tags")
        end = start + size
        following = self._offset(end - pointer) if pointer and end <= len(self.data) else 0
        return Directory(name, start, size, tags, tuple(faults)), following

    def _offset(self, at: int) -> int:
        return int(struct.unpack_from(self.order + ("Q" if self.big else "I"), self.data, at)[0])

    def _tag(self, at: int) -> Tag | None:
        """The tag whose row is at ``at``; None if its type is unknown or its value not there."""
        letter, room = ("Q", 8) if self.big else ("I", 4)
        number, kind, count = struct.unpack_from(f"{self.order}HH{letter}", self.data, at)
        if kind not in _TYPES:
            return None
        size = count * _TYPES[kind][1]
        start = at + self.row - room
        if size > room:
            start = self._offset(start)
        if start + size > len(self.data):
            return None
        return Tag(number, kind, count, start, size, inline=size <= room)

    def _children(self, directory: Directory) -> list[tuple[str, int]]:
        """Names and offsets of the directories that tags of this one point to."""
        found: dict[int, str] = {}
        for number, name in _CHILDREN.items():
            for offset in self.whole(directory.tag(number), _MOST_CHILDREN):
                found.setdefault(offset, name)
        return [(name, offset) for offset, name in found.items()]


def _chained(name: str) -> bool:
    """Whether another directory may follow: pages and SubIFDs have one, EXIF's own do not.

    Some writers even leave out the offset of a next one there.
    """
    return "IFD" in name


def _successor(name: str) -> str:
    """Name of the next directory in the chain of ``name``: pages are counted."""
    page = name.removeprefix("IFD")
    return f"IFD{int(page) + 1}" if page.isdigit() else f"{name}+"
