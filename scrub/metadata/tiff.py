"""TIFF: every page's tags and pixels, and the bytes that nothing refers to.

Layout after TIFF 6.0 and BigTIFF. Directories, values and pixels may lie anywhere, so what
they take is collected on the way and the rest of the file is reported as gaps.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from scrub.metadata import embedded
from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.exif import describe, made_by, notes, position
from scrub.metadata.ifd import Directory, Tag, Tiff
from scrub.metadata.inflate import MOST_PIXELS, surplus
from scrub.metadata.text import printable
from scrub.metadata.trailer import after_end

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION = 0x00FE, 0x0100, 0x0101, 0x0102, 0x0103
_COLOURS, _STRIPS, _SAMPLES, _ROWS, _PLANES = 0x0106, 0x0111, 0x0115, 0x0116, 0x011C
_SIZES = {_STRIPS: 0x0117, 0x0144: 0x0145, 0x0201: 0x0202}  # of strips, tiles, a whole JPEG
_PALETTE = 0x0140
_RAW, _DEFLATE, _INDEXED, _YCBCR = 1, 8, 3, 6
_BLOCKS = {
    0x02BC: embedded.XMP,
    0x83BB: embedded.IPTC,
    0x8649: embedded.PHOTOSHOP,
    0x8773: embedded.ICC,
    0xCD41: embedded.C2PA,
}
_WORDS = {
    0x00FE: "kind of page",
    0x0100: "width",
    0x0101: "height",
    0x0102: "bits per sample",
    0x0103: "compression",
    0x0106: "colour model",
    0x010A: "bit order",
    0x0111: "place of the pixels",
    0x0112: "orientation",
    0x0115: "samples per pixel",
    0x0116: "rows per strip",
    0x0117: "size of the pixels",
    0x011A: "pixel density",
    0x011B: "pixel density",
    0x011C: "planes",
    0x0128: "unit of the pixel density",
    0x013D: "predictor",
    0x0140: "palette",
    0x0152: "transparency",
    0x0153: "kind of numbers",
}
_MOST_STRIPS = 1 << 18
# Writers align what they append; Pillow does so to 16 bytes.
_ALIGNMENT = 16


def read(data: bytes) -> Iterator[Entry]:
    """Header, then each directory with its tags and pixels, then the bytes between them."""
    tiff = Tiff.open(data)
    if tiff is None:
        yield Entry("broken", "no TIFF header", len(data))
        return
    yield Entry("header", "TIFF header", tiff.header)
    survey = _Survey(tiff, [(0, tiff.header)])
    for directory in tiff.directories():
        yield from survey.directory(directory)
    yield from survey.gaps()


@dataclass(slots=True)
class _Survey:
    """What the directories so far refer to, as (start, end), and how much may still be read."""

    tiff: Tiff
    parts: list[tuple[int, int]]
    tables: set[int] = field(default_factory=set)
    blocks_left: int = field(init=False)
    pixels_left: int = field(init=False)
    inflated_left: int = MOST_PIXELS
    maker: str = ""

    def __post_init__(self) -> None:
        # Parts that overlap could make a reader go over the file again and again.
        self.blocks_left = self.pixels_left = len(self.tiff.data)

    def directory(self, directory: Directory) -> Iterator[Entry]:
        """A directory, its tags, what is wrong with them, and its pixels."""
        tiff = self.tiff
        self.maker = self.maker or made_by(tiff, directory)
        self.tables.add(directory.start)
        if not directory.faults:  # a damaged one may reach over anything
            self.parts.append((directory.start, directory.start + directory.size))
            self.parts += [
                (tag.start, tag.start + tag.size) for tag in directory.tags if not tag.inline
            ]
        own = 0 if directory.faults else directory.size - tiff.row * len(directory.tags)
        yield replace(_page(tiff, directory), size=own)
        for tag in directory.tags:
            yield from self._tag(directory, tag)
        for fault in directory.faults:
            yield Entry("broken", f"{fault} ({directory.name})", 0)
        pixels = [tag for tag in directory.tags if tag.number in _SIZES]
        for tag in pixels:
            yield from self._pixels(directory, tag)
        if directory.name.startswith("IFD") and not pixels:
            yield Entry("broken", f"page without pixels ({directory.name})", 0)

    def gaps(self) -> Iterator[Entry]:
        """Everything that no part covers, in file order."""
        data, reached = self.tiff.data, 0
        for start, end in sorted(self.parts):
            if start > reached:
                yield self._gap(reached, start)
            reached = max(reached, end)
        if reached >= len(data):
            return
        last = self._gap(reached, len(data))
        if last.place == "padding":
            yield last
        else:
            yield from after_end(data, reached)

    def _tag(self, directory: Directory, tag: Tag) -> Iterator[Entry]:
        tiff = self.tiff
        entry = describe(tiff, directory, tag)
        if tag.number in _BLOCKS and tag.size <= self.blocks_left:
            self.blocks_left -= tag.size
            block, body = _BLOCKS[tag.number], tiff.raw(tag, tag.size)
            yield from embedded.find(block, entry.place, entry.size, body)
            return
        if directory.name.startswith("IFD") and tag.number in _WORDS:
            value, raw = printable(tiff.text(tag)), tiff.raw(tag, 8)
            entry = replace(entry, what=_WORDS[tag.number], value=value, payload=raw)
        yield entry
        yield from notes(tiff, directory, tag, self.maker)
        field_end = tag.start + (tiff.row - 4) // 2 if tag.inline else 0
        if any(tiff.data[tag.start + tag.size : field_end]):
            size = field_end - tag.start - tag.size
            found = Entry("stray bytes", "hidden bytes after the value", size)
            yield from within(entry.place, [found])

    def _pixels(self, directory: Directory, tag: Tag) -> Iterator[Entry]:
        """The strips, tiles or JPEG of a page, and what they hide."""
        tiff = self.tiff
        starts = tiff.whole(tag, _MOST_STRIPS)
        sizes = tiff.whole(directory.tag(_SIZES[tag.number]), _MOST_STRIPS)
        total = sum(sizes)
        place = f"{directory.name} pixels"
        reach = max((at + size for at, size in zip(starts, sizes, strict=False)), default=0)
        if len(starts) != len(sizes) or tag.count > _MOST_STRIPS or reach > len(tiff.data):
            yield Entry("broken", f"pixels cut short or missing ({directory.name})", 0)
            return
        if total > self.pixels_left:
            yield Entry("broken", f"pixels overlap ({directory.name})", 0)
            return
        self.pixels_left -= total
        self.parts.extend((at, at + size) for at, size in zip(starts, sizes, strict=True))
        yield Entry(place, "pixels", total)
        if tag.number == _STRIPS:
            yield from within(place, self._hidden(directory, starts, sizes))

    def _hidden(
        self, directory: Directory, starts: Sequence[int], sizes: Sequence[int]
    ) -> Iterator[Entry]:
        """What is wrong with the strips of a page whose pixels lie in one plane."""
        tiff = self.tiff

        def one(number: int, default: int) -> int:
            return next(iter(tiff.whole(directory.tag(number))), default)

        height, planes, colours = one(_HEIGHT, 0), one(_PLANES, 1), one(_COLOURS, 0)
        rows = max(1, min(one(_ROWS, height), height))
        if directory.tag(_PALETTE) and colours != _INDEXED:
            yield Entry("broken", "palette that no pixel uses", 0)
        if planes != 1 or colours == _YCBCR:
            return
        if len(starts) != -(-height // rows):
            yield Entry("broken", "pixels cut short or repeated", 0)
            return
        bits = tiff.whole(directory.tag(_BITS)) or (1,)
        pixel = sum(bits) if len(bits) > 1 else bits[0] * one(_SAMPLES, 1)
        row = (one(_WIDTH, 0) * pixel + 7) // 8
        compression = one(_COMPRESSION, _RAW)
        for index, (at, size) in enumerate(zip(starts, sizes, strict=True)):
            expected = row * min(rows, height - index * rows)
            if compression == _RAW and size != expected:
                what = "hidden bytes after the pixels" if size > expected else "pixels cut short"
                yield Entry("surplus", what, max(0, size - expected))
            if compression == _DEFLATE:
                self.inflated_left -= expected
                if self.inflated_left < 0:
                    yield Entry("broken", "pixels too many to examine", 0)
                    return
                yield from surplus([memoryview(tiff.data)[at : at + size]], expected)

    def _gap(self, start: int, end: int) -> Entry:
        data, size = self.tiff.data, end - start
        if size < _ALIGNMENT and not any(data[start:end]):
            return Entry("padding", "padding", size)
        head = end - 8
        if start <= head < start + _ALIGNMENT and not any(data[start:head]):
            # Pillow appends a page as a file of its own, whose header nobody reads again.
            mark, first = data[head : head + 4], data[head + 4 : end]
            offset = struct.unpack(f"{self.tiff.order}I", first)[0]
            if mark == data[:4] and head + offset in self.tables:
                return Entry("page header", "TIFF header of a page", size)
        return Entry("stray bytes", "bytes that nothing refers to", size)


def _page(tiff: Tiff, directory: Directory) -> Entry:
    """The entry of the directory as such; its size is left to the caller."""
    if directory.name == "GPS":
        where = position(tiff, directory)
        return Entry("GPS", "GPS position" if where else "GPS data", 0, where)
    kind = tiff.whole(directory.tag(_SUBFILE))
    if kind and kind[0] & 1:
        return Entry(directory.name, "uncovered thumbnail", 0)
    what = "page" if directory.name.startswith("IFD") else "further tags"
    return Entry(directory.name, "further picture" if "SubIFD" in directory.name else what, 0)
