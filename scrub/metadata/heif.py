"""HEIF pictures, HEIC and AVIF: the tree of boxes, then every picture and note in it.

Items after ISO/IEC 14496-12 8.11 and ISO/IEC 23008-12; the kinds of auxiliary pictures after
its 6.5.8, ISO 21496-1 (gain maps) and what Apple's phones write.
"""

from __future__ import annotations

from collections.abc import Iterator

from scrub.metadata import embedded
from scrub.metadata.bmff import top_level, tree
from scrub.metadata.boxes import MOST_TAIL, Box, broken_tail, first, number
from scrub.metadata.coded import carried, length_size
from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.extents import gaps
from scrub.metadata.items import Album, Item, album
from scrub.metadata.movie import movie
from scrub.metadata.text import printable, words
from scrub.metadata.trailer import MOTION

_HEAD = 4096
_LEAST_SIDE = 64  # that libheif pads pictures to
_PICTURES = {"hvc1", "hev1", "av01", "avc1", "jpeg", "j2k1", "vvc1", "unci"}
_PLANS = {
    "grid": "plan of the picture",
    "iovl": "plan of the picture",
    "iden": "plan of the picture",
}
# Words in the name of an auxiliary picture's kind (a URN).
_AUXILIARY = {
    "alpha": "transparency",
    "auxid:1": "transparency",
    "depth": "depth map",
    "auxid:2": "depth map",
    "disparity": "depth map",
    "gainmap": "gain map",
    "matte": "mask of persons",
}


def read(data: bytes) -> Iterator[Entry]:
    """Every box in its order, with those within it, and what follows the last."""
    view = memoryview(data)
    top, motion = _split(top_level(view))
    if not top or top[0].name != "ftyp":
        yield Entry("broken", "no HEIF header", len(view))
        return
    meta = next((box for box in top if box.name == "meta"), None)
    found = album(view, meta) if meta else Album()
    used = [extent for item in found.items.values() for extent in item.extents]
    for box in top:
        if box.name == "broken":
            yield from broken_tail(view, box)
            continue
        yield from tree(view, box)
        if box is meta:
            yield from within("meta", _pictures(view, found))
        elif box.name == "moov":
            yield from movie(view, box, used)
    if motion:
        body = bytes(view[motion.start : motion.end][:MOST_TAIL])
        yield Entry("after the end", MOTION, motion.size, picture=body)
    for name in ("meta", "moov"):
        if sum(box.name == name for box in top) > 1:
            yield Entry("broken", f"more than one {name}", 0)
    for box in top:
        if box.name == "mdat":
            yield from within("mdat", gaps(view, box.body, box.end, used))
    idat = first(view, meta.body + 4, meta.end, "idat") if meta else None
    if idat:
        yield from within("meta / idat", gaps(view, idat.body, idat.end, used))


def _split(top: list[Box]) -> tuple[list[Box], Box | None]:
    """The boxes of the picture, and the movie behind it, which begins like a file of its own."""
    second = next((box for box in top[1:] if box.name == "ftyp"), None)
    if second is None:
        return top, None
    return top[: top.index(second)], Box("movie", second.start, second.body, top[-1].end)


def _pictures(view: memoryview, found: Album) -> Iterator[Entry]:
    """An entry for each item, and what it holds beside pixels."""
    left = 2 * len(view)  # items that overlap could make a reader go over the file for ever
    if found.primary not in found.items:
        yield Entry("broken", "no picture to show", 0)
    if found.unused:
        yield Entry("unused property", "data that no decoder uses", found.unused)
    read: set[tuple[str, tuple[tuple[int, int], ...]]] = set()
    for item in found.items.values():
        size = sum(end - start for start, end in item.extents)
        again = (item.kind, item.extents) in read  # as equal tiles are stored
        read.add((item.kind, item.extents))
        left -= 0 if again else size
        if left < 0:
            yield Entry("broken", "pictures overlap", 0)
            return
        role = _role(view, found, item)
        place = f"item {role}"
        yield Entry(place, role, size, _dimensions(view, item), item.kind.encode("latin-1"))
        if not item.located:
            yield Entry(f"{place} / broken", "picture or note outside the file", 0)
        if _cut(view, item):
            yield Entry(f"{place} / margin", "pixels outside the cut-out", 0)
        if not again:
            yield from within(place, _content(view, item))


def _role(view: memoryview, found: Album, item: Item, depth: int = 0) -> str:
    """What the item is to a person."""
    if item.number == found.primary:
        return "pixels" if item.kind in _PICTURES else _PLANS.get(item.kind, "pixels")
    if item.kind == "Exif":
        return "EXIF"
    if item.kind == "mime":
        return "XMP" if item.content == "application/rdf+xml" else "note"
    if item.kind == "tmap":
        return "gain map"
    if item.kind not in _PICTURES and item.kind not in _PLANS:
        return "note"
    if ("thmb", item.number) in found.targets:
        return "uncovered thumbnail"
    of = found.targets.get(("auxl", item.number))
    if of is not None:
        return _auxiliary(view, item, of == found.primary)
    whole = found.sources.get(("dimg", item.number))
    if whole is not None and whole in found.items and depth < 4:
        role = _role(view, found, found.items[whole], depth + 1)
        return "tile of the picture" if role.startswith("plan") else role
    return "second picture"


def _dimensions(view: memoryview, item: Item) -> str:
    shape = item.property("ispe")
    if shape is None:
        return printable(item.content or item.name)
    return f"{number(view, shape.body + 4, 4)} x {number(view, shape.body + 8, 4)}"


def _auxiliary(view: memoryview, item: Item, shown: bool) -> str:
    """What an auxiliary picture is; ``shown`` says that it belongs to the picture shown."""
    named = item.property("auxC")
    kind = bytes(view[named.body + 4 : named.end][:_HEAD]).lower() if named else b""
    for word, role in _AUXILIARY.items():
        if word.encode("ascii") in kind:
            return role if shown or role != "transparency" else "transparency of another picture"
    return "auxiliary picture"


def _cut(view: memoryview, item: Item) -> bool:
    """Whether the part that is shown leaves out more than an encoder's padding."""
    stored, shown = item.property("ispe"), item.property("clap")
    if stored is None or shown is None:
        return False
    for index in (0, 1):
        whole = number(view, stored.body + 4 + 4 * index, 4)
        part, unit = (number(view, shown.body + 8 * index + at, 4) for at in (0, 4))
        if unit != 1 or whole > max(_LEAST_SIDE, part + 1):
            return True
    return False


def _content(view: memoryview, item: Item) -> Iterator[Entry]:
    """What an item holds: the notes within coded pixels, EXIF, XMP, or readable words."""
    body = _joined(view, item)
    if item.kind == "Exif":
        yield from embedded.BOXED_EXIF.read(bytes(body))
    elif item.kind == "mime":
        raw = bytes(body)
        if item.content == "application/rdf+xml":
            yield from embedded.XMP.read(raw)
        else:
            yield Entry("text", "note", len(raw), words(raw))
    elif item.kind in _PICTURES:
        configuration = item.property("hvcC") or item.property("avcC")
        length = 4
        if configuration:
            length = length_size(item.kind, view, configuration.body, configuration.end)
        yield from carried(item.kind, body, 0, len(body), length)
    elif item.kind not in _PLANS and item.kind != "tmap":
        yield Entry("text", "note", len(body), words(bytes(body[:_HEAD])))


def _joined(view: memoryview, item: Item) -> memoryview:
    if len(item.extents) == 1:
        start, end = item.extents[0]
        return view[start:end]
    return memoryview(b"".join(view[start:end] for start, end in item.extents))
