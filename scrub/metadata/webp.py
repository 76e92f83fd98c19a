"""WebP: the RIFF chunks, those within frames included (RFC 9649 section 2)."""

from __future__ import annotations

from collections.abc import Iterator

from scrub.metadata import embedded
from scrub.metadata.embedded import within
from scrub.metadata.entry import Entry
from scrub.metadata.riff import Chunk, chunks
from scrub.metadata.text import words
from scrub.metadata.trailer import after_end

_WORDS = {
    "VP8 ": "pixels",
    "VP8L": "pixels",
    "ALPH": "transparency",
    "VP8X": "picture header",
    "ANIM": "animation header",
    "ANMF": "frame",
}
_BLOCKS = {
    "EXIF": embedded.EXIF,
    "XMP ": embedded.XMP,
    "ICCP": embedded.ICC,
    "C2PA": embedded.C2PA,
}
# Of the chunks with the same role a decoder uses one.
_ROLES = {"VP8 ": "pixels", "VP8L": "pixels", "ANMF": "pixels", "ALPH": "ALPH"}
_ROLES |= {"VP8X": "VP8X", "ANIM": "ANIM"}
_METADATA = 0x2C  # the flags of VP8X for a colour profile, EXIF and XMP
_HEADER, _FRAME_HEADER = 12, 16


def read(data: bytes) -> Iterator[Entry]:
    """RIFF header, every chunk, then everything after the length that the header states."""
    if len(data) < _HEADER or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        yield Entry("broken", "no WebP header", len(data))
        return
    yield Entry("RIFF", "WebP header", _HEADER)
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        yield Entry("broken", "picture cut short", 0)
    end = max(_HEADER, min(end, len(data)))
    yield from _list(memoryview(data)[_HEADER:end])
    yield from after_end(data, end)


def _list(view: memoryview, frame: bool = False) -> Iterator[Entry]:
    """The entries of the chunks in ``view``, without a gap; ``frame`` if it is an ANMF's."""
    roles: dict[str, str] = {}
    end = 0
    for chunk in chunks(view):
        name, end = chunk.name, chunk.end
        role = _ROLES.get(name)
        frames = name == "ANMF" and roles.get("pixels") == "ANMF"
        alone = name == "ALPH" and bytes(view[end : end + 4]) != b"VP8 "
        if (role in roles and not frames) or alone:
            yield Entry(f"misplaced {name}", "data that no decoder uses", chunk.size)
            continue
        if role:
            roles[role] = name
        yield _entry(chunk)
        if name in _BLOCKS:
            yield from within(name, _BLOCKS[name].read(bytes(chunk.body)))
        elif name == "ANMF" and not frame:
            yield from within(name, _list(chunk.body[_FRAME_HEADER:], frame=True))
        if chunk.padding.strip(b"\0"):
            yield from within(name, [Entry("padding", "hidden byte in the padding", 1)])
    if "pixels" not in roles:
        yield Entry("broken", "no pixels", 0)
    if end < len(view):
        yield Entry("broken", "chunk cut short", len(view) - end)


def _entry(chunk: Chunk) -> Entry:
    name, size, body = chunk.name, chunk.size, bytes(chunk.body[:4096])
    if name in _BLOCKS:
        return Entry(name, _BLOCKS[name].what, size)
    if name == "VP8X" and body and body[0] & _METADATA:
        return Entry(name, "announcement of metadata", size, payload=body[:16])
    if name in _WORDS:
        return Entry(name, _WORDS[name], size, payload=body[:16])
    return Entry(name, "unknown chunk", size, words(body))
