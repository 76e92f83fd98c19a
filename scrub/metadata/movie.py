"""The tracks of a movie and what their samples hold beside pixels and sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from scrub.metadata.boxes import Box, number
from scrub.metadata.coded import carried
from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.jpeg import noted
from scrub.metadata.telemetry import positions
from scrub.metadata.text import printable
from scrub.metadata.thumbnail import known, thumbnail
from scrub.metadata.tracks import Track, chapters, fragments, tracks

# As many different notes of one track are listed, and as many of its samples are pictures.
_MOST_NOTES, _MOST_PICTURES = 64, 16
_MOST_PICTURE = 1 << 24
_TEXT = ("text", "sbtl", "subt", "clcp")
_WORDS = {
    "vide": "video",
    "pict": "pictures",
    "auxv": "transparency",
    "soun": "sound",
    "tmcd": "timecode",
    "text": "text",
    "sbtl": "subtitles",
    "subt": "subtitles",
    "clcp": "subtitles",
    "hint": "streaming hints",
    "meta": "telemetry",
    "camm": "GPS and motion telemetry",
}
_CODECS = {
    "gpmd": "GPS and motion telemetry",
    "camm": "GPS and motion telemetry",
    "fdsc": "GPS and motion telemetry",
    "rtmd": "telemetry",
    "mebx": "telemetry",
    "mett": "telemetry",
    "jpeg": "uncovered pictures",
    "png ": "uncovered pictures",
}
_HEAD = 4096


@dataclass(slots=True)
class _Finds:
    """What the samples of one track were found to hold, each kind of note once."""

    notes: dict[tuple[str, str], Entry] = field(default_factory=dict)
    pictures: list[Entry] = field(default_factory=list)

    def add(self, found: Iterable[Entry]) -> None:
        for note in found:
            if note.picture:
                if len(self.pictures) < _MOST_PICTURES:
                    self.pictures.append(note)
            elif len(self.notes) < _MOST_NOTES:
                self.notes.setdefault((note.place, note.value), note)

    def entries(self) -> Iterator[Entry]:
        yield from self.notes.values()
        yield from self.pictures


def movie(view: memoryview, box: Box, used: list[tuple[int, int]]) -> Iterator[Entry]:
    """An entry for each track of a "moov" box, with what its samples hold.

    The bytes of the samples are added to ``used``.
    """
    left = 2 * len(view)  # tracks that overlap could make a reader go over the file for ever
    seen: dict[str, int] = {}
    named = chapters(view, box)
    for track in tracks(view, box):
        kind = printable(track.kind).replace("/", "?")
        count = seen[kind] = seen.get(kind, 0) + 1
        place, what = f"track {kind}", f"{_kind(track)} track"
        if track.number in named:
            place, what = "track of chapters", f"chapters ({what})"
        elif count > 1:
            place, what = f"{place} {count}", f"further {what}"
        finds = _Finds()
        for start, end in track.samples():
            left -= end - start
            if left < 0:
                finds.add([Entry("broken", "samples overlap", 0)])
                break
            _join(used, start, end)
            finds.add(_notes(view, track, start, end))
        yield from within("moov", [Entry(place, what, 0)])
        yield from within(f"moov / {place}", finds.entries())


def live(
    view: memoryview, movie: Box, pieces: Sequence[Box], used: list[tuple[int, int]]
) -> Iterator[Entry]:
    """What the samples of a live recording's pieces ("moof") hold, under their first piece."""
    known_tracks = {track.number: track for track in tracks(view, movie)}
    left = 2 * len(view)
    finds = _Finds()
    for piece in pieces:
        for key, start, end in fragments(view, piece):
            left -= end - start
            if left < 0:
                finds.add([Entry("broken", "samples overlap", 0)])
                break
            used.append((start, end))
            if key in known_tracks:
                # Units follow each other from sample to sample, so that a run is read like one.
                finds.add(_notes(view, known_tracks[key], start, end))
    yield from within("moof", finds.entries())


def _kind(track: Track) -> str:
    return _CODECS.get(track.codec) or _WORDS.get(track.kind, "unknown data")


def _join(used: list[tuple[int, int]], start: int, end: int) -> None:
    if used and used[-1][1] == start:
        used[-1] = (used[-1][0], end)
    else:
        used.append((start, end))


def _notes(view: memoryview, track: Track, start: int, end: int) -> Iterator[Entry]:
    if track.kind in _TEXT:  # after its length
        stop = min(end, start + 2 + number(view, start, 2))
        value = printable(bytes(view[start + 2 : stop][:_HEAD]))
        if value:
            yield Entry("text", "text of a subtitle or chapter", end - start, value)
    elif track.kind in ("meta", "camm"):
        yield from positions(track.codec, bytes(view[start:end][:_MOST_PICTURE]))
    elif known(bytes(view[start : start + 8])):
        yield thumbnail("picture", end - start, bytes(view[start:end][:_MOST_PICTURE]))
        yield from noted(view[start:end])
    else:
        yield from carried(track.codec, view, start, end, track.length)
