"""PNG: signature, chunks, and what follows IEND.

Chunks after the PNG specification (third edition), chapters 5, 11 and 12, APNG included.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scrub.metadata import embedded
from scrub.metadata.chunks import SIGNATURE, Chunk, Pixels, chunks
from scrub.metadata.embedded import Block, within
from scrub.metadata.entry import Entry
from scrub.metadata.inflate import text
from scrub.metadata.text import printable, words
from scrub.metadata.trailer import after_end
from scrub.metadata.xmp import meaning

_WORDS = {
    "IHDR": "picture header",
    "PLTE": "palette",
    "tRNS": "transparency",
    "IDAT": "pixels",
    "IEND": "end of the picture",
    "acTL": "animation header",
    "fcTL": "frame header",
    "fdAT": "pixels of a frame",
    "pHYs": "pixel density",
    "bKGD": "background colour",
    "gAMA": "colour space",
    "cHRM": "colour space",
    "sRGB": "colour space",
    "cICP": "colour space",
    "mDCV": "colour space of the screen",
    "sBIT": "original bit depth",
    "hIST": "palette histogram",
    "sPLT": "suggested palette",
    "oFFs": "position on a page",
    "pCAL": "scale of the subject",
    "sCAL": "scale of the subject",
    "dSIG": "digital signature",
    "tIME": "time changed",
    "iDOT": "Apple's decoding hints",
    "prVW": "uncovered thumbnail",
    "mkBF": "an editor's project",
    "mkBS": "an editor's project",
    "mkBT": "an editor's project",
    "mkTS": "an editor's project",
}
_BLOCKS = {"eXIf": embedded.EXIF, "caBX": embedded.C2PA}
_XMP_KEYWORD, _PROFILE = "XML:com.adobe.xmp", "Raw profile type "
_PROFILES = {  # as ImageMagick writes them
    "exif": embedded.EXIF,
    "APP1": embedded.EXIF,
    "xmp": embedded.XMP,
    "iptc": embedded.IPTC_PROFILE,
    "8bim": embedded.PHOTOSHOP,
    "icc": embedded.ICC,
    "icm": embedded.ICC,
}


def read(data: bytes) -> Iterator[Entry]:
    """Signature, every chunk up to IEND, then everything after it."""
    if not data.startswith(SIGNATURE):
        yield Entry("broken", "no PNG signature", len(data))
        return
    yield Entry("signature", "PNG signature", len(SIGNATURE))
    end = len(SIGNATURE)
    pixels = Pixels()
    for chunk in chunks(data):
        end += chunk.size
        yield from pixels.close(chunk.name)
        if pixels.accepts(chunk):
            yield from _entries(chunk)
        else:
            yield Entry(f"misplaced {chunk.name}", "data that no decoder uses", chunk.size)
        if not chunk.intact:
            yield from within(chunk.name, [Entry("broken", "wrong checksum", 0)])
        if chunk.name == "IEND":
            yield from after_end(data, end)
            return
    yield from pixels.close("")
    yield Entry("broken", "picture cut short", len(data) - end)


def _entries(chunk: Chunk) -> Iterator[Entry]:
    name, size, body = chunk.name, chunk.size, chunk.body
    if name in ("tEXt", "zTXt", "iTXt"):
        yield from _text(chunk)
    elif name == "iCCP":
        title, _, profile = bytes(body).partition(b"\0")
        value = printable(title)
        yield from embedded.find(embedded.ICC, name, size, text(profile[1:]), value)
    elif name in _BLOCKS:
        yield from embedded.find(_BLOCKS[name], name, size, bytes(body))
    elif name in ("IHDR", "acTL", "fcTL"):
        yield Entry(name, _WORDS[name], size, payload=bytes(body[:26]))
    elif name == "tIME" and len(body) == 7:
        date = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*struct.unpack(">HBBBBB", body))
        yield Entry(name, _WORDS[name], size, date)
    elif name in _WORDS:
        yield Entry(name, _WORDS[name], size)
    else:
        yield Entry(name, "unknown chunk", size, words(bytes(body[:4096])))


def _text(chunk: Chunk) -> Iterator[Entry]:
    """A textual chunk: a keyword with a text, or with XMP or a profile in disguise."""
    raw = bytes(chunk.body)
    keyword, _, value = raw.partition(b"\0")
    if chunk.name == "zTXt":
        value = text(value[1:])
    elif chunk.name == "iTXt":
        compressed = value[:1] == b"\1"
        _, _, value = value[2:].partition(b"\0")[2].partition(b"\0")
        value = text(value) if compressed else value
    name = printable(keyword)
    block = _block(name)
    if block is None:
        # Some repeat EXIF so: "exif:Make".
        what = meaning(name.rpartition(":")[2]) or f"text: {name}"
        yield Entry(chunk.name, what, chunk.size, printable(value))
    else:
        body = _unhex(value) if name.startswith(_PROFILE) else value
        yield from embedded.find(block, chunk.name, chunk.size, body)


def _block(keyword: str) -> Block | None:
    if keyword == _XMP_KEYWORD:
        return embedded.XMP
    return _PROFILES.get(keyword.removeprefix(_PROFILE)) if keyword.startswith(_PROFILE) else None


def _unhex(profile: bytes) -> bytes:
    """The bytes of a raw profile: a line of its name, one of its length, hexadecimal digits."""
    digits = b"".join(profile.strip().split(b"\n")[2:])
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return b""
