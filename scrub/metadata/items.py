"""The items of a HEIF picture: which bytes are which picture or note, and their properties.

Item boxes after ISO/IEC 14496-12 8.11; properties and links after ISO/IEC 23008-12.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from scrub.metadata.boxes import Box, boxes, first, number, text

# More than any camera writes; a grid of a hundred megapixels has 400 tiles.
_MOST_ITEMS, _MOST_EXTENTS, _MOST_LINKS = 4096, 1 << 16, 1 << 16
_HIDDEN = 1
_OF_THE_FILE, _OF_IDAT = 0, 1


@dataclass(frozen=True, slots=True)
class Item:
    """A picture, a plan of pictures, or a note.

    ``kind`` is its four letters ("hvc1", "grid", "Exif", "mime"), ``content`` the media type
    of a "mime" item; ``extents`` are (start, end) in the file, in their order; ``located`` is
    False where they lie outside it or are told in a way that is not understood.
    """

    number: int
    kind: str
    name: str = ""
    content: str = ""
    hidden: bool = False
    extents: tuple[tuple[int, int], ...] = ()
    located: bool = True
    properties: tuple[Box, ...] = ()

    def property(self, name: str) -> Box | None:
        return next((box for box in self.properties if box.name == name), None)


@dataclass(frozen=True, slots=True)
class Album:
    """All items of a file, and the first link of each kind from and to each of them.

    ``targets`` tell what an item is a thumbnail ("thmb") of, auxiliary ("auxl") to, and so on;
    ``sources`` which item is made ("dimg") of it. ``unused`` counts the properties that no
    item has.
    """

    items: Mapping[int, Item] = field(default_factory=dict)
    primary: int = 0
    targets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    sources: Mapping[tuple[str, int], int] = field(default_factory=dict)
    unused: int = 0


def album(view: memoryview, meta: Box) -> Album:
    """The items that a "meta" box lists; what is damaged is left out."""
    parts = {box.name: box for box in boxes(view, meta.body + 4, meta.end)}
    listed = {item.number: item for item in _listed(view, parts.get("iinf"))}
    places = _places(view, parts.get("iloc"), parts.get("idat"))
    properties, unused = _properties(view, parts.get("iprp"))
    found = {}
    for key, item in listed.items():
        extents, located = places.get(key, ((), item.kind in ("tmap", "iden")))
        found[key] = Item(
            key,
            item.kind,
            item.name,
            item.content,
            item.hidden,
            extents,
            located,
            tuple(properties.get(key, ())),
        )
    pitm = parts.get("pitm")
    primary = number(view, pitm.body + 4, _wide(view, pitm, 1)) if pitm else 0
    targets: dict[tuple[str, int], int] = {}
    sources: dict[tuple[str, int], int] = {}
    for kind, of, to in _links(view, parts.get("iref")):
        targets.setdefault((kind, of), to)
        sources.setdefault((kind, to), of)
    return Album(found, primary, targets, sources, unused)


def _wide(view: memoryview, box: Box, version: int) -> int:
    """Bytes of an item's number: 4 from that version of the box on."""
    return 4 if number(view, box.body, 1) >= version else 2


def _listed(view: memoryview, box: Box | None) -> Iterator[Item]:
    """The items of "iinf", without their data (8.11.6)."""
    if box is None:
        return
    start = box.body + (8 if number(view, box.body, 1) else 6)
    for entry in islice(boxes(view, start, box.end), _MOST_ITEMS):
        if entry.name != "infe":
            continue
        version = number(view, entry.body, 1)
        width = _wide(view, entry, 3)
        hidden = number(view, entry.body + 3, 1) & _HIDDEN > 0
        key, at = number(view, entry.body + 4, width), entry.body + 4 + width + 2
        kind = ""
        if version >= 2:
            kind, at = bytes(view[at : at + 4]).decode("latin-1"), at + 4
        name = text(view, at, entry.end)
        content = text(view, at + len(name) + 1, entry.end) if kind in ("mime", "uri ", "") else b""
        yield Item(key, kind, name.decode("latin-1"), content.decode("latin-1"), hidden)


def _places(
    view: memoryview, box: Box | None, idat: Box | None
) -> dict[int, tuple[tuple[tuple[int, int], ...], bool]]:
    """Where each item lies, and whether all of that is in the file (8.11.3)."""
    found: dict[int, tuple[tuple[tuple[int, int], ...], bool]] = {}
    if box is None:
        return found
    version = number(view, box.body, 1)
    sizes = number(view, box.body + 4, 2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    index = index if version else 0
    width = 4 if version == 2 else 2
    count, at = number(view, box.body + 6, width), box.body + 6 + width
    left = _MOST_EXTENTS
    for _ in range(min(count, _MOST_ITEMS)):
        if at >= box.end:
            break
        key, at = number(view, at, width), at + width
        method = 0
        if version:
            method, at = number(view, at, 2) & 15, at + 2
        at += 2  # the file that holds it: this one
        start, at = number(view, at, base), at + base
        extents = []
        rows, at = number(view, at, 2), at + 2
        limit = idat if method == _OF_IDAT else Box("file", 0, 0, len(view))
        located = method in (_OF_THE_FILE, _OF_IDAT) and limit is not None
        for _ in range(min(rows, left)):
            left -= 1
            at += index
            begin, at = start + number(view, at, offset), at + offset
            size, at = number(view, at, length), at + length
            if limit is None or limit.body + begin + size > limit.end or at > box.end:
                located = False
            elif located:
                extents.append((limit.body + begin, limit.body + begin + size))
        found[key] = (tuple(extents), located and left > 0)
    return found


def _links(view: memoryview, box: Box | None) -> Iterator[tuple[str, int, int]]:
    """Kind, from and to of each link of "iref" (8.11.12)."""
    if box is None:
        return
    width, left = _wide(view, box, 1), _MOST_LINKS
    for link in boxes(view, box.body + 4, box.end):
        of, count = number(view, link.body, width), number(view, link.body + width, 2)
        at = link.body + width + 2
        for _ in range(min(count, left, (link.end - at) // width)):
            yield link.name, of, number(view, at, width)
            at += width
            left -= 1


def _properties(view: memoryview, box: Box | None) -> tuple[dict[int, list[Box]], int]:
    """The properties of each item (23008-12 9.3), and how many belong to none."""
    found: dict[int, list[Box]] = defaultdict(list)
    if box is None:
        return found, 0
    container = first(view, box.body, box.end, "ipco")
    known = list(boxes(view, container.body, container.end)) if container else []
    used = set()
    for part in boxes(view, box.body, box.end):
        if part.name != "ipma":
            continue
        width, wide = _wide(view, part, 1), number(view, part.body + 3, 1) & 1
        count, at = number(view, part.body + 4, 4), part.body + 8
        for _ in range(min(count, _MOST_ITEMS)):
            key, rows = number(view, at, width), number(view, at + width, 1)
            at += width + 1
            for _ in range(rows):
                index = number(view, at, 2) & 0x7FFF if wide else number(view, at, 1) & 0x7F
                at += 2 if wide else 1
                used.add(index)
                if 0 < index <= len(known) and at <= part.end:
                    found[key].append(known[index - 1])
            if at >= part.end:
                break
    return found, len(set(range(1, len(known) + 1)) - used)
