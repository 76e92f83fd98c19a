"""AVI: the chunks of RIFF and what they say; scrub reads it and never writes it.

After Microsoft's AVI RIFF File Reference, OpenDML 1.02 and EXIF 2.32 section 5 (in lists).
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

from scrub.metadata import embedded
from scrub.metadata.embedded import within
from scrub.metadata.entry import STRUCTURE, Entry
from scrub.metadata.jpeg import noted
from scrub.metadata.riff import Chunk, chunks
from scrub.metadata.text import printable, words
from scrub.metadata.thumbnail import known

_PLAIN = (
    "movi",
    "idx1",
    "avih",
    "strh",
    "strf",
    "strl",
    "hdrl",
    "odml",
    "dmlh",
    "vprp",
    "indx",
    "INFO",
)
_WORDS = {
    **dict.fromkeys(_PLAIN, STRUCTURE),
    "ISFT": "software",
    "IENC": "software",
    "INAM": "title",
    "ISBJ": "caption",
    "IART": "author's name",
    "IENG": "author's name",
    "ITCH": "author's name",
    "ICOP": "copyright",
    "ICMT": "comment",
    "IKEY": "keywords",
    "IGNR": "keywords",
    "ICRD": "time taken",
    "IDIT": "time taken",
    "ISMP": "timecode",
    "ILOC": "place name",
    "ICNT": "place name",
    "strn": "title of the track",
    "strd": "maker note",
    "ecor": "camera maker",
    "emdl": "camera model",
    "etim": "time taken",
    "erel": "original file name",
    "eucm": "comment",
    "emnt": "maker note",
    "JUNK": "free space",
    "_PMX": "XMP",
    "exif": "EXIF",
}
_LISTS = ("LIST", "RIFF")
_TRACKS = {b"vids": "video", b"auds": "sound", b"txts": "subtitles", b"mids": "music"}
_USER_DATA, _START = b"\0\0\1\xb2", b"\0\0\1"  # of MPEG-4 part 2
_HEAD, _DEEPEST, _MOST_FRAMES = 4096, 6, 256


def read(data: bytes | mmap) -> Iterator[Entry]:
    """Each RIFF with the chunks in it, then whatever follows.

    ``data`` may be mapped: it is never copied as a whole.
    """
    view = memoryview(data)
    if bytes(view[:4]) != b"RIFF" or bytes(view[8:12]) != b"AVI ":
        yield Entry("broken", "no AVI header", len(view))
        return
    end = 0
    for chunk in chunks(view):
        if chunk.name != "RIFF" or bytes(chunk.body[:3]) != b"AVI":
            break
        end = chunk.end
        yield Entry("RIFF", STRUCTURE, chunk.size)
        yield from within("RIFF", _listed(chunk.body[4:], 0))
    if end < len(view):
        cut = not end
        hint = "" if cut else words(bytes(view[end:][:_HEAD]))
        what = "file cut short" if cut else "bytes after the end"
        yield Entry("broken" if cut else "after the end", what, len(view) - end, hint)


def _listed(view: memoryview, depth: int) -> Iterator[Entry]:
    end = 0
    for chunk in chunks(view):
        end = chunk.end
        yield from _entry(chunk, depth)
        if chunk.padding.strip(b"\0"):
            yield Entry(f"{chunk.name} / padding", "hidden byte in the padding", 1)
    if end < len(view):
        yield Entry("broken", "chunk cut short", len(view) - end)


def _entry(chunk: Chunk, depth: int) -> Iterator[Entry]:
    name, body = chunk.name, bytes(chunk.body[:_HEAD])
    if name in _LISTS:
        name = printable(body[:4]).replace("/", "?")
        yield Entry(name, _WORDS.get(name, "unknown list"), chunk.size)
        if name == "movi":
            yield from within(name, _frames(chunk.body[4:]))
        elif depth < _DEEPEST:
            yield from within(name, _listed(chunk.body[4:], depth + 1))
    elif name == "_PMX":
        yield from embedded.find(embedded.XMP, name, chunk.size, bytes(chunk.body))
    elif name == "strh":
        kind = _TRACKS.get(body[:4], "unknown data")
        yield Entry(name, f"{kind} track", chunk.size, printable(body[4:8]))
    else:
        what = _WORDS.get(name, "unknown chunk")
        plain = what in (STRUCTURE, "free space")
        value = (
            words(body) if name in ("JUNK", "strd") or what == "unknown chunk" else printable(body)
        )
        yield Entry(name, what, chunk.size, "" if plain and name != "JUNK" else value)


def _frames(view: memoryview) -> Iterator[Entry]:
    """What encoder and camera wrote into the first frames; all others are pixels and sound."""
    found: dict[tuple[str, str], Entry] = {}
    for index, chunk in enumerate(chunks(view)):
        if index == _MOST_FRAMES:
            break
        body = bytes(chunk.body[:_HEAD])
        at = body.find(_USER_DATA)
        if at >= 0:
            value = printable(body[at + 4 :].partition(_START)[0])
            note = Entry("user data", "software of the encoder", 0, value)
            found.setdefault((note.place, value), note)
        if known(body):
            for note in noted(chunk.body):
                found.setdefault((note.place, note.value), note)
    yield from found.values()
