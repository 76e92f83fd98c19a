"""Matroska and WebM: every element, and what the tracks' frames hold beside pixels and sound.

Elements after RFC 9559 and the WebM container guidelines; a live recording may leave the sizes
of its Segment and Clusters open (RFC 9559 section 23.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from mmap import mmap

from scrub.metadata.coded import carried, configured, length_size
from scrub.metadata.ebml import CRC, VOID, Element, elements, value
from scrub.metadata.embedded import within
from scrub.metadata.entry import STRUCTURE, Entry
from scrub.metadata.extents import content
from scrub.metadata.jpeg import noted
from scrub.metadata.matroska_elements import (
    CLUSTER,
    ELEMENTS,
    SEGMENT,
    TOP,
    Kind,
)
from scrub.metadata.meanings import meaning
from scrub.metadata.quicktime import position
from scrub.metadata.text import printable, words
from scrub.metadata.thumbnail import thumbnail

_HEADER = 0x1A45DFA3
_HEAD, _DEEPEST, _MOST_NOTES, _MOST_PICTURE = 4096, 12, 64, 1 << 26
_EPOCH = datetime(2001, 1, 1)
_TRACKS = {1: "video", 2: "sound", 0x10: "logo", 0x11: "subtitles", 0x12: "buttons"}
_TRACKS |= {0x20: "control", 0x21: "telemetry"}
# What a codec is called by :mod:`coded`.
_CODECS = {
    "V_MPEG4/ISO/AVC": "avc1",
    "V_MPEGH/ISO/HEVC": "hvc1",
    "V_AV1": "av01",
    "A_AAC": "mp4a",
}
_LACED = 0x06


def read(data: bytes | mmap) -> Iterator[Entry]:
    """The EBML header, the segment with all within it, and whatever follows.

    ``data`` may be mapped: it is never copied as a whole.
    """
    view = memoryview(data)
    if bytes(view[:4]) != _HEADER.to_bytes(4, "big"):
        yield Entry("broken", "no Matroska header", len(view))
        return
    segments = 0
    for element in elements(view, 0, len(view)):
        if element.number == SEGMENT:
            segments += 1
            yield Entry("Segment", STRUCTURE, element.size)
            yield from within("Segment", _Segment(view).read(element))
        elif element.number in (_HEADER, VOID, CRC):
            yield from _element(view, element, "", 0)
        else:
            hint = words(bytes(view[element.start : element.end][:_HEAD]))
            yield Entry("after the end", "bytes after the end", element.size, hint)
    if segments != 1:
        yield Entry("broken", "no segment" if not segments else "more than one segment", 0)


@dataclass(frozen=True, slots=True)
class _Track:
    number: int
    kind: str
    codec: str
    length: int


@dataclass(slots=True)
class _Segment:
    """What is known of the tracks when their frames come, and what these were found to hold."""

    view: memoryview
    tracks: dict[int, _Track] = field(default_factory=dict)
    notes: dict[tuple[str, str], Entry] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def read(self, segment: Element) -> Iterator[Entry]:
        for element in self._parts(segment):
            if element.number == CLUSTER:
                self._count("Cluster")
                yield Entry("Cluster", "pixels and sound", element.size)
                for child in elements(self.view, element.body, element.end):
                    self._child(child, "Cluster")
            else:
                name = _kind(element.number).name
                if self._count(name) > 1 and name not in ("Void", "Tags", "broken"):
                    yield Entry("broken", f"more than one {name}", 0)
                yield from _element(self.view, element, "", 0)
                if name == "Tracks":
                    yield from self._tracks(element)
        yield from self.notes.values()

    def _count(self, name: str) -> int:
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]

    def _parts(self, segment: Element) -> Iterator[Element]:
        """The elements right below the segment; an open Cluster ends where the next begins."""
        at = segment.body
        while at < segment.end:
            element = next(elements(self.view, at, segment.end))
            if element.open:
                inside = elements(self.view, element.body, segment.end)
                stop = next(
                    (e.start for e in inside if e.number in TOP or not e.number), segment.end
                )
                cluster = element.number == CLUSTER
                element = replace(element, end=stop if cluster else segment.end)
            yield element
            at = element.end

    def _tracks(self, element: Element) -> Iterator[Entry]:
        """An entry for each track, and what its codec's configuration holds."""
        for entry in elements(self.view, element.body, element.end):
            if _kind(entry.number).name != "TrackEntry":
                continue
            parts = {
                _kind(part.number).name: part for part in elements(self.view, entry.body, entry.end)
            }
            key, number = (_number(self.view, parts.get(n)) for n in ("TrackNumber", "TrackType"))
            kind = _TRACKS.get(number, "unknown data")
            codec = printable(_bytes(self.view, parts.get("CodecID")))
            name = _CODECS.get(codec, codec)
            private = parts.get("CodecPrivate")
            length = 4
            count = self._count(f"track {kind}")
            place = f"track {kind}" if count == 1 else f"track {kind} {count}"
            yield Entry(place, f"{'further ' if count > 1 else ''}{kind} track", 0, codec)
            if private and name in _CODECS.values():
                length = length_size(name, self.view, private.body, private.end)
                found = configured(name, self.view, private.body, private.end)
                yield from within(place, found)
            self.tracks.setdefault(key, _Track(key, place, name, length))

    def _child(self, element: Element, place: str) -> None:
        """Notes what an element of a cluster is, and what a block holds."""
        kind = _kind(element.number)
        here = f"{place} / {kind.name}"
        if kind.name == "BlockGroup":
            for child in elements(self.view, element.body, element.end):
                self._child(child, here)
        elif kind.name in ("SimpleBlock", "Block"):
            self._block(element, here)
        elif (here, "") not in self.notes:
            for entry in _element(self.view, element, place, 1):
                self._note(entry)

    def _block(self, element: Element, here: str) -> None:
        key, at = value(self.view, element.body, element.end)
        flags = self.view[at + 2] if at + 2 < element.end else 0xFF
        if (here, f"{flags:02x}") not in self.notes and len(self.notes) < _MOST_NOTES:
            entry = Entry(here, "pixels and sound", element.size, payload=bytes([flags]))
            self.notes[here, f"{flags:02x}"] = entry
        track = self.tracks.get(key)
        if track is None:
            self._note(Entry(f"{here} / broken", "frames of a track that is not there", 0))
            return
        for note in _frame(self.view, track, at + 3, element.end, flags):
            self._note(replace(note, place=f"{track.kind} / {note.place}"))

    def _note(self, entry: Entry) -> None:
        if len(self.notes) < _MOST_NOTES:
            self.notes.setdefault((entry.place, entry.value), entry)


def _frame(view: memoryview, track: _Track, start: int, end: int, flags: int) -> Iterator[Entry]:
    """What the frame of a block holds beside pixels and sound."""
    if track.kind.startswith("track subtitles"):
        yield Entry(
            "text", "text of a subtitle", end - start, printable(bytes(view[start:end][:_HEAD]))
        )
    elif track.kind.startswith("track video") and track.codec == "V_MJPEG":
        yield Entry("picture", "uncovered thumbnail", end - start)
        yield from noted(view[start:end])
    elif not flags & _LACED:
        yield from carried(track.codec, view, start, end, track.length)


def _element(view: memoryview, element: Element, place: str, depth: int) -> Iterator[Entry]:
    """The entry of an element, what it says, and the elements in it."""
    kind = _kind(element.number)
    here = f"{place} / {kind.name}" if place else kind.name
    body = bytes(view[element.body : min(element.end, element.body + _HEAD)])
    if kind.name == "SimpleTag":
        yield from _tag(view, element, here)
        return
    if kind.name == "AttachedFile":
        yield from _attachment(view, element, here)
        return
    yield Entry(here, kind.what, element.size, _value(kind, body), body)
    if kind.name == "Void":
        yield from within(here, content(view, element.body, element.end))
    if kind.form == "m" and depth < _DEEPEST:
        for child in elements(view, element.body, element.end):
            yield from _element(view, child, here, depth + 1)


def _kind(number: int) -> Kind:
    if not number:
        return Kind("broken", "b", "damaged element")
    return ELEMENTS.get(number) or Kind(f"element {number:X}", "b", "unknown element")


def _value(kind: Kind, body: bytes) -> str:
    """The content in words, where it says something to a person."""
    if kind.form == "s":
        return printable(body)
    if kind.form == "d":
        try:
            moment = _EPOCH + timedelta(
                microseconds=int.from_bytes(body[:8], "big", signed=True) // 1000
            )
        except OverflowError:
            return ""
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    if kind.what == STRUCTURE or kind.form in ("m", "f"):
        return ""
    if kind.form == "u":
        return str(int.from_bytes(body[:8], "big"))
    return words(body) if kind.name != "Void" else ""


def _tag(view: memoryview, element: Element, here: str) -> Iterator[Entry]:
    """A tag: its name tells what its text is; other tags may be within it."""
    name, text = b"", b""
    for part in elements(view, element.body, element.end):
        label = _kind(part.number).name
        if label == "TagName":
            name = _bytes(view, part)
        elif label in ("TagString", "TagBinary"):
            text = _bytes(view, part)
    told = printable(name)
    yield Entry(
        here,
        meaning(told),
        element.size,
        printable(f"{told} {printable(text)}"),
        name + b"=" + text,
    )
    yield from within(here, position(text))
    for part in elements(view, element.body, element.end):
        if _kind(part.number).name == "SimpleTag":
            yield from _tag(view, part, f"{here} / SimpleTag"[-_HEAD:])


def _attachment(view: memoryview, element: Element, here: str) -> Iterator[Entry]:
    parts = {_kind(part.number).name: part for part in elements(view, element.body, element.end)}
    names = (_bytes(view, parts.get(name)) for name in ("FileName", "FileDescription"))
    title = printable(b" ".join(name for name in names if name))
    media = _bytes(view, parts.get("FileMediaType"))
    body = parts.get("FileData")
    raw = bytes(view[body.body : min(body.end, body.body + _MOST_PICTURE)]) if body else b""
    if media.startswith(b"image/"):
        found = thumbnail(here, element.size, raw)
        yield found
        yield Entry(f"{here} / FileName", "file name", 0, title)
    else:
        yield Entry(here, "attached file", element.size, printable(f"{title} {words(raw)}"))


def _bytes(view: memoryview, element: Element | None) -> bytes:
    return bytes(view[element.body : element.end][:_HEAD]) if element else b""


def _number(view: memoryview, element: Element | None) -> int:
    return int.from_bytes(_bytes(view, element)[:8], "big")
