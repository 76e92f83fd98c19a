"""The tree of boxes of a movie or a HEIF picture, each with what it says to a person.

Boxes after ISO/IEC 14496-12, 14496-14 and 14496-15, ISO/IEC 23008-12 (HEIF), the AV1 bindings
of both, and the QuickTime File Format Specification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

from scrub.metadata import embedded
from scrub.metadata.boxes import Box, boxes, number
from scrub.metadata.coded import configured
from scrub.metadata.embedded import within
from scrub.metadata.entry import STRUCTURE, Entry
from scrub.metadata.extents import content
from scrub.metadata.meanings import UNKNOWN, meaning
from scrub.metadata.quicktime import item, keys, measured, user_text
from scrub.metadata.text import printable, words

MOST_PAYLOAD = 4096
_DEEPEST, _MOST_KEYS, _MOST_BOXES = 12, 1024, 1 << 16

# Bytes between the head of a container and the first box in it.
_CONTAINERS = {
    **dict.fromkeys(("moov", "trak", "mdia", "minf", "stbl", "dinf", "edts", "mvex"), 0),
    **dict.fromkeys(("moof", "traf", "mfra", "gmhd", "udta", "iprp", "ipco", "grpl", "ilst"), 0),
    **{"iref": 4, "dref": 8, "stsd": 8},
}
_VISUAL = """avc1 avc2 avc3 avc4 hvc1 hev1 hvc2 hev2 av01 vp08 vp09 mp4v s263 jpeg mjpa mjpb apch
    apcn apcs apco ap4h ap4x encv dvh1 dvhe"""
_SOUND = "mp4a alac ac-3 ec-3 Opus fLaC sowt twos lpcm samr sawb enca in24 in32 .mp3 ulaw alaw"
_SAMPLE_HEADERS = {**dict.fromkeys(_VISUAL.split(), 78), **dict.fromkeys(_SOUND.split(), 28)}
_QUICKTIME_SOUND = {1: 16, 2: 36}  # bytes more, by version of the sample entry

_WORDS = {
    "mdat": "pixels and sound",
    "moof": "part of a live recording",
    "mfra": "index of a live recording",
    "sidx": "index of a live recording",
    "clli": "brightness of the scene",
    "mdcv": "colours of the screen",
    "udta": "user data",
    "free": "free space",
    "skip": "free space",
    "wide": "free space",
    "mpvd": "motion video after the picture",
    "sefd": "Samsung trailer",
    "uuid": "an application's data",
    "Exif": "EXIF",
    "PICT": "uncovered thumbnail",
    "pnot": "uncovered thumbnail",
    "thmb": "uncovered thumbnail",
    "jumb": "content credentials (C2PA)",
    "pssh": "copy protection",
    "sinf": "copy protection",
}
# Names of boxes that only a player's machinery reads.
_STRUCTURE = frozenset(
    """ftyp styp moov trak mvhd tkhd mdhd hdlr mdia minf stbl stsd stts stss stsc stsz stz2 stco
    co64 ctts cslg sdtp vmhd smhd nmhd hmhd dinf dref url urn btrt fiel colr av1C avcC hvcC vpcC
    esds ccst sgpd sbgp mvex mehd trex mfhd tfhd tfdt trun mfro tfra saiz saio chrm gama iods lsel
    a1op a1lx dOps dfLa load alis traf wave chan tapt clef prof enof edts elst elng tref gmin gmhd
    keys ilst meta pitm iloc iinf infe iref iprp ipco ipma ipro grpl ispe pixi auxC auxi irot imir
    clap pasp idat""".split()  # noqa: SIM905 (one word a line would be forty lines)
)
_FREE = ("free", "skip", "wide")
_SHOWN = ("uuid", "mpvd", "sefd")
_BLOCKS = {"XMP_": embedded.XMP, "Exif": embedded.BOXED_EXIF, "jumb": embedded.C2PA}
_NO_NAMES = (b"", b"VideoHandler", b"SoundHandler")
_EPOCH = datetime(1904, 1, 1)
# Languages are three letters in groups of five bits; smaller numbers are QuickTime's own.
_LETTERS, _UNDETERMINED, _UNSPECIFIED = 0x400, 0x55C4, 0x7FFF
_ICC = (b"prof", b"rICC")


def top_level(view: memoryview) -> list[Box]:
    """The boxes of a file; what a "broken" one at the end takes is not understood."""
    found = list(islice(boxes(view, 0, len(view)), _MOST_BOXES))
    if found and found[-1].end < len(view):
        found.append(Box("broken", found[-1].end, found[-1].end, len(view)))
    return found


def tree(
    view: memoryview, box: Box, place: str = "", depth: int = 0, names: tuple[str, ...] = ()
) -> Iterator[Entry]:
    """The entry of a box, what it says, and the boxes in it, whose places read "outer / inner".

    ``names`` are those that the items of a list have.
    """
    here = f"{place} / {box.name}" if place else box.name
    body = bytes(view[box.body : min(box.end, box.body + MOST_PAYLOAD)])
    yield Entry(here, _what(box.name, place), box.size, _value(box.name, place, body), body)
    yield from within(here, _facts(view, box, place, body, names))
    skip = _header(view, box, place)
    if skip >= 0 and depth < _DEEPEST:
        inside = Box(box.name, box.start, box.body + skip, box.end)
        yield from _children(view, inside, here, depth, names)


def _children(
    view: memoryview, box: Box, here: str, depth: int, names: tuple[str, ...]
) -> Iterator[Entry]:
    for child in boxes(view, box.body, box.end):
        if child.name == "keys":
            names = tuple(islice(keys(view, child), _MOST_KEYS))
        if child.name != "broken":
            yield from tree(view, child, here, depth + 1, names)
        elif child.size == 4 and not any(view[child.start : child.end]):
            yield Entry(f"{here} / end", STRUCTURE, 4)  # QuickTime's
        else:
            hint = words(bytes(view[child.start : child.end][:MOST_PAYLOAD]))
            yield Entry(f"{here} / broken", "damaged box", child.size, hint)


def _header(view: memoryview, box: Box, place: str) -> int:
    """Bytes before the first box within this one; -1 where it holds none."""
    parent = place.rpartition(" / ")[2]
    if box.name == "meta":
        return 0 if bytes(view[box.body + 4 : box.body + 8]) == b"hdlr" else 4
    if box.name == "iinf":
        return 8 if number(view, box.body, 1) else 6
    if parent == "stsd":
        more = 0
        if _SAMPLE_HEADERS.get(box.name) == 28:
            more = _QUICKTIME_SOUND.get(number(view, box.body + 8, 2), 0)
        return _SAMPLE_HEADERS.get(box.name, -1 - more) + more
    return _CONTAINERS.get(box.name, -1) if parent != "ilst" else -1


def _what(name: str, place: str) -> str:
    parent = place.rpartition(" / ")[2]
    if parent in ("iref", "tref"):
        return STRUCTURE
    if parent in ("udta", "ilst") and name != "meta":
        return meaning(name)
    plain = parent == "stsd" or name.strip() in _STRUCTURE
    return STRUCTURE if plain else _WORDS.get(name, "unknown box")


def _value(name: str, place: str, body: bytes) -> str:
    """What a person may want to see of a box, in short."""
    parent = place.rpartition(" / ")[2]
    if name == "ftyp":
        return printable(body[:4])
    if name == "ispe":
        return f"{int.from_bytes(body[4:8], 'big')} x {int.from_bytes(body[8:12], 'big')}"
    if name in ("auxC", "auxi"):
        return printable(body[4:])
    told = parent == "ilst" or (parent == "udta" and meaning(name) != UNKNOWN)
    known = name.strip() in _STRUCTURE or name in _WORDS or name in _SAMPLE_HEADERS
    return "" if told or (known and name not in _SHOWN) else words(body)


def _facts(
    view: memoryview, box: Box, place: str, body: bytes, names: tuple[str, ...]
) -> Iterator[Entry]:
    """What the content of a box says to a person, as entries of their own."""
    parent = place.rpartition(" / ")[2]
    if parent == "udta":
        yield from user_text(view, box)
    elif parent == "ilst":
        yield from item(view, box, names)
    elif parent == "stsd" and _SAMPLE_HEADERS.get(box.name) == 78:
        yield from _compressor(body)
    elif parent == "stsd" and box.name == "mebx":
        yield from measured(body)
    elif box.name in _FREE:
        yield from content(view, box.body, box.end)
    elif box.name in _FACTS:
        yield from _FACTS[box.name](body)
    elif box.name in ("avcC", "hvcC", "av1C"):
        yield from configured(_CODECS[box.name], view, box.body, box.end)
    block, skip = _block(box.name, body)
    if block:
        found = bytes(view[box.body + skip : box.end])
        yield from embedded.find(block, "content", len(found), found)


_CODECS = {"avcC": "avc1", "hvcC": "hvc1", "av1C": "av01"}


def _block(name: str, body: bytes) -> tuple[embedded.Block | None, int]:
    """The kind of metadata that a box holds, and where in its body it starts."""
    if name == "uuid":
        return embedded.UUIDS.get(body[:16]), 16
    if name == "colr" and body[:4] in _ICC:
        return embedded.ICC, 4
    return _BLOCKS.get(name), 0


def _compressor(body: bytes) -> Iterator[Entry]:
    """The name of the encoder in a sample entry (14496-12 12.1.3): a length, then 31 bytes."""
    name = (
        body[43:74] if body[42:43] > b"\x1f" else body[43 : 43 + int.from_bytes(body[42:43], "big")]
    )
    if name.strip(b"\0"):
        yield Entry("compressor", "software (compressor's name)", 0, printable(name))


def _handler(body: bytes) -> Iterator[Entry]:
    maker, name = body[12:16].strip(b"\0"), body[24:].strip(b"\0")
    if maker not in (b"", b"appl"):
        yield Entry("maker", "software (handler's maker)", 0, printable(maker))
    pascal = name[1:] if name[:1] and name[0] == len(name) - 1 else name
    if name not in _NO_NAMES:
        yield Entry("name", "software (handler's name)", 0, printable(pascal))


def _dates(body: bytes) -> Iterator[Entry]:
    """When the movie, track or media was made and changed (8.2.2, 8.3.2, 8.4.2)."""
    width = 8 if body[:1] == b"\1" else 4
    for index, what in enumerate(("time taken", "time changed")):
        at = 4 + index * width
        seconds = int.from_bytes(body[at : at + width], "big")
        if seconds:
            yield Entry(what, what, 0, moment(seconds))


def _media(body: bytes) -> Iterator[Entry]:
    yield from _dates(body)
    at = 32 if body[:1] == b"\1" else 20
    code = int.from_bytes(body[at : at + 2], "big")
    if code >= _LETTERS and code not in (_UNDETERMINED, _UNSPECIFIED):
        letters = "".join(chr(0x60 + (code >> shift & 31)) for shift in (10, 5, 0))
        yield Entry("language", "language", 0, printable(letters))


_FACTS: Mapping[str, Callable[[bytes], Iterator[Entry]]] = {
    "hdlr": _handler,
    "mvhd": _dates,
    "tkhd": _dates,
    "mdhd": _media,
}


def moment(seconds: int) -> str:
    """A time in seconds since 1904, in words; empty where there is no such day."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")
    except OverflowError:
        return ""
