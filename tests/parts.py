"""What test files are put together from: segments, chunks, tags, profiles, packets.

Each function returns bytes that are valid in their place and carry canaries, where they can.
"""

from __future__ import annotations

import base64
import functools
import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

import numpy as np
import piexif
from PIL import Image

from tests.pictures import Pixels, canary, picture, second_face

WHEN = "2026:03:14 18:15:02"
GPS = {
    piexif.GPSIFD.GPSLatitudeRef: b"S",
    piexif.GPSIFD.GPSLatitude: ((48, 1), (52, 1), (3150, 100)),
    piexif.GPSIFD.GPSLongitudeRef: b"W",
    piexif.GPSIFD.GPSLongitude: ((123, 1), (23, 1), (3310, 100)),
    piexif.GPSIFD.GPSMapDatum: canary("gps").encode(),
    piexif.GPSIFD.GPSProcessingMethod: b"ASCII\0\0\0" + canary("gpsmethod").encode(),
    piexif.GPSIFD.GPSDateStamp: WHEN[:10].encode(),
}


# --- JPEG ---------------------------------------------------------------------------------------


def segment(marker: int, payload: bytes) -> bytes:
    """A JPEG marker segment (ITU-T T.81 B.1.1.4), such as 0xE1 for APP1."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def comment(channel: str) -> bytes:
    """A JPEG comment that is a canary."""
    return segment(0xFE, canary(channel).encode())


def saved(pixels: Pixels, kind: str, **options: object) -> bytes:
    """A file in memory, written by Pillow."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def jpeg(*segments: bytes, pixels: Pixels | None = None, **options: object) -> bytes:
    """The test picture (or another) as JPEG, with segments behind its JFIF header."""
    shown = picture() if pixels is None else pixels
    file = saved(shown, "JPEG", **{"quality": 90, **options})
    return file[:20] + b"".join(segments) + file[20:]


@functools.cache
def uncovered(channel: str) -> bytes:
    """A small JPEG of a face, marked by a comment: what thumbnails and trailers hold."""
    return jpeg(comment(channel), pixels=second_face(64))


# --- EXIF and XMP -------------------------------------------------------------------------------


def exif(orientation: int = 1, thumbnail: bytes | None = None) -> bytes:
    """An EXIF block, "Exif" header included: place, owner, serial numbers, maker's note."""
    zeroth, details = piexif.ImageIFD, piexif.ExifIFD
    block: dict[str, object] = {
        "0th": {
            zeroth.Make: canary("make").encode(),
            zeroth.Artist: canary("artist").encode(),
            zeroth.DateTime: WHEN.encode(),
            zeroth.Orientation: orientation,
            zeroth.XPAuthor: canary("xpauthor").encode("utf-16-le"),
        },
        "Exif": {
            details.DateTimeOriginal: WHEN.encode(),
            details.CameraOwnerName: canary("owner").encode(),
            details.BodySerialNumber: canary("serial").encode(),
            details.MakerNote: b"maker\0" + canary("makernote").encode(),
            details.UserComment: b"UNICODE\0" + canary("usercomment").encode("utf-16-be"),
        },
        "GPS": GPS,
    }
    if thumbnail is not None:
        block |= {"1st": {zeroth.Compression: 6}, "thumbnail": thumbnail}
    packed: bytes = piexif.dump(block)
    return packed


def xmp(channel: str = "xmp", attributes: str = "", content: str = "") -> bytes:
    """An XMP packet with a canary as its creator, and whatever is added."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:xmp="http://ns.adobe.com/xap/1.0/" {attributes}><dc:creator><rdf:Seq>'
        f"<rdf:li>{canary(channel)}</rdf:li></rdf:Seq></dc:creator>{content}"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def xmp_thumbnail(channel: str) -> str:
    """Properties of an XMP packet that hold an uncovered picture in base 64."""
    picture64 = base64.b64encode(uncovered(channel)).decode()
    return (
        '<xmp:Thumbnails xmlns:g="http://ns.adobe.com/xap/1.0/g/img/"><rdf:Alt>'
        '<rdf:li rdf:parseType="Resource"><g:format>JPEG</g:format><g:width>64</g:width>'
        f"<g:height>64</g:height><g:image>{picture64}</g:image></rdf:li></rdf:Alt></xmp:Thumbnails>"
    )


def iptc() -> bytes:
    """Records of an agency: by-line, city and caption (IPTC-IIM 4.2, record 2)."""
    return b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(canary(channel))) + canary(channel).encode()
        for number, channel in ((80, "byline"), (90, "city"), (120, "caption"))
    )


def photoshop(number: int, body: bytes) -> bytes:
    """An image resource block as Photoshop writes it."""
    padding = b"\0" * (len(body) % 2)
    return b"8BIM" + struct.pack(">HHI", number, 0, len(body)) + body + padding


# --- ICC ----------------------------------------------------------------------------------------

# Display P3, adapted to D50, as s15Fixed16 numbers would hold it.
P3 = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
    b"wtpt": (0.96420, 1.0, 0.82491),
}


def profile(channel: str = "icc") -> bytes:
    """A colour profile (ICC.1:2001-04): Display P3 with gamma 2.2, and a canary as its name."""
    name = canary(channel).encode() + b"\0"
    bodies = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 78,
        b"cprt": b"text\0\0\0\0" + canary("copyright").encode() + b"\0",
    }
    for key, numbers in P3.items():
        bodies[key] = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(n * 65536) for n in numbers))
    for key in (b"rTRC", b"gTRC", b"bTRC"):
        bodies[key] = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256))
    return profile_of(b"RGB ", bodies)


def profile_of(space: bytes, bodies: Mapping[bytes, bytes]) -> bytes:
    """A display's profile for the colour space, with these tags (ICC.1:2001-04)."""
    start = 128 + 4 + 12 * len(bodies)
    table, data = b"", b""
    for key, body in bodies.items():
        table += key + struct.pack(">II", start + len(data), len(body))
        data += body + b"\0" * (-len(body) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s28s3i48s",
        *(start + len(data), b"", 0x02400000, b"mntr", space, b"XYZ ", b"", b"acsp", b""),
        *(63190, 65536, 54061, b""),
    )
    return header + struct.pack(">I", len(bodies)) + table + data


# --- PNG ----------------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its checksum (PNG 5.3)."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def text(channel: str) -> bytes:
    """A tEXt chunk with a canary."""
    return chunk(b"tEXt", b"Comment\0" + canary(channel).encode())


COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # by number of channels (PNG 11.2.1)


def png(
    pixels: np.ndarray, *before: bytes, after: Sequence[bytes] = (), colour: int | None = None
) -> bytes:
    """A PNG of 8 or 16 bits, or of 1 bit from booleans, its rows stored without a filter.

    Chunks ``before`` and ``after`` go before and behind the pixels; ``colour`` is a colour type
    that the number of channels does not tell, such as 3 for a palette.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    depth = 1 if pixels.dtype == bool else 8 * pixels.dtype.itemsize
    packed = np.packbits(pixels, axis=1) if depth == 1 else pixels.astype(f">u{depth // 8}")
    rows = b"".join(b"\0" + row.tobytes() for row in packed)
    kind = COLOURS[channels] if colour is None else colour
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    parts = (chunk(b"IHDR", header), *before, chunk(b"IDAT", zlib.compress(rows)), *after)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


# --- TIFF ---------------------------------------------------------------------------------------

Field: TypeAlias = tuple[int, int, bytes]
Value: TypeAlias = Union[bytes, str, int, list[int], list[tuple[int, int]], "Fields"]
Fields: TypeAlias = Mapping[int, "Value"]
STRIP = 273  # StripOffsets: its bytes are the strip itself


def _field(order: str, value: bytes | str | int | list[int] | list[tuple[int, int]]) -> Field:
    """Type, count and bytes of a value (TIFF 6.0, section 2)."""
    if isinstance(value, bytes):
        return 7, len(value), value
    if isinstance(value, str):
        return 2, len(value) + 1, value.encode() + b"\0"
    if isinstance(value, int):
        return 4, 1, struct.pack(order + "I", value)
    numbers = np.array(value)
    if numbers.ndim == 2:
        return 5, len(value), numbers.astype(order + "u4").tobytes()
    return 3, len(value), numbers.astype(order + "u2").tobytes()


def directory(order: str, fields: Fields, at: int, follows: int) -> bytes:
    """An image file directory placed at offset ``at``, its values and strips behind it.

    ``order`` is "<" or ">"; bytes are written as UNDEFINED, a str as ASCII, an int as LONG, a list
    as SHORT, pairs as RATIONAL, and a mapping as a directory of its own; ``follows`` is the offset
    of the next one.
    """
    entries = struct.pack(order + "H", len(fields))
    data = b""
    for tag, value in sorted(fields.items()):
        here = at + 2 + 12 * len(fields) + 4 + len(data)
        if isinstance(value, Mapping):
            kind, count, inner = 4, 1, directory(order, value, here, 0)
        elif tag == STRIP:
            kind, count, inner = 4, 1, _field(order, value)[2]
        else:
            kind, count, inner = _field(order, value)
        inline = len(inner) <= 4
        entries += struct.pack(order + "HHI", tag, kind, count)
        entries += inner.ljust(4, b"\0") if inline else struct.pack(order + "I", here)
        data += b"" if inline else inner + b"\0" * (len(inner) % 2)
    return entries + struct.pack(order + "I", follows) + data


def tiff(*pages: Fields, order: str = "<") -> bytes:
    """A TIFF of one directory a page."""
    file = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    for number, fields in enumerate(pages):
        length = len(directory(order, fields, len(file), 0))
        follows = len(file) + length if number + 1 < len(pages) else 0
        file += directory(order, fields, len(file), follows)
    return file


def page(pixels: np.ndarray) -> dict[int, Value]:
    """The fields of an uncompressed page of grey (2 axes), RGB or CMYK (3 axes) pixels."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    bits = 1 if pixels.dtype == bool else 8 * pixels.dtype.itemsize
    strip = np.packbits(pixels, axis=1) if bits == 1 else pixels
    return {
        256: width,
        257: height,
        258: [bits] * channels,
        259: [1],
        262: [{1: 1, 3: 2, 4: 5}[channels]],
        STRIP: strip.tobytes(),
        277: [channels],
        278: height,
        279: strip.nbytes,
    }
