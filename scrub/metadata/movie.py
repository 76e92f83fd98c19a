"""The tracks of a movie and what their samples hold beside pixels and sound."""

from __future__ import annotations

from collections.abc import Iterator

from scrub.metadata.boxes import Box
from scrub.metadata.coded import carried
from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.text import printable
from scrub.metadata.tracks import Track, tracks

# As many different notes of one track are listed.
_MOST_NOTES = 64
_TEXT = ("text", "sbtl", "subt", "clcp")
_WORDS = {
    "vide": "video",
    "pict": "pictures",
    "auxv": "transparency",
    "soun": "sound",
    "tmcd": "timecode",
    "text": "subtitles or chapters",
    "sbtl": "subtitles",
    "subt": "subtitles",
    "clcp": "subtitles",
    "hint": "streaming hints",
}
_CODECS = {
    "gpmd": "GPS and motion telemetry",
    "camm": "GPS and motion telemetry",
    "mebx": "telemetry",
    "mett": "telemetry",
    "rtmd": "telemetry",
    "tmcd": "timecode",
    "fdsc": "GPS and motion telemetry",
    "jpeg": "uncovered thumbnail",
    "png ": "uncovered thumbnail",
}
_HEAD = 4096


def movie(view: memoryview, box: Box, used: list[tuple[int, int]]) -> Iterator[Entry]:
    """An entry for each track of a "moov" box, with what its samples hold.

    The bytes of the samples are added to ``used``.
    """
    left = 2 * len(view)  # tracks that overlap could make a reader go over the file for ever
    seen: dict[str, int] = {}
    for track in tracks(view, box):
        count = seen[track.kind] = seen.get(track.kind, 0) + 1
        place = f"track {printable(track.kind).replace('/', '?')}"
        what = f"{_CODECS.get(track.codec) or _WORDS.get(track.kind, 'unknown data')} track"
        if count > 1:
            place, what = f"{place} {count}", f"further {what}"
        notes: dict[tuple[str, str], Entry] = {}
        size = 0
        for start, end in track.samples():
            size += end - start
            if size > left:
                notes["broken", ""] = Entry("broken", "samples overlap", 0)
                break
            _join(used, start, end)
            for note in _notes(view, track, start, end):
                if len(notes) < _MOST_NOTES:
                    notes.setdefault((note.place, note.value), note)
        left -= min(left, size)
        yield from within("moov", [Entry(place, what, 0)])
        yield from within(f"moov / {place}", notes.values())


def _join(used: list[tuple[int, int]], start: int, end: int) -> None:
    if used and used[-1][1] == start:
        used[-1] = (used[-1][0], end)
    else:
        used.append((start, end))


def _notes(view: memoryview, track: Track, start: int, end: int) -> Iterator[Entry]:
    if track.kind in _TEXT:
        value = printable(bytes(view[start + 2 : end][:_HEAD]))
        if value:
            yield Entry("text", "text of a subtitle", end - start, value)
    else:
        yield from carried(track.codec, view, start, end, track.length)
