"""JPEG files with something to hide, one for each place where it can be.

The functions return whole files. The names in the table say what is in them.
"""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Callable

import numpy as np
import piexif
from PIL import Image, ImageOps

from tests import parts
from tests.parts import comment, jpeg, segment, uncovered
from tests.pictures import canary, picture, second_face

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture is stored under each EXIF orientation (CIPA DC-008 4.6.5)."""

XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP = b"Photoshop 3.0\0"


def exif_gps() -> bytes:
    """As cameras write it: EXIF comes first, and there is no JFIF header."""
    file = jpeg()
    return file[:2] + segment(0xE1, parts.exif()) + file[20:]


def exif_thumbnail() -> bytes:
    return jpeg(segment(0xE1, parts.exif(thumbnail=uncovered("thumbnail"))))


def exif_twice() -> bytes:
    """A second EXIF block, which most programs do not look at."""
    second = {"0th": {piexif.ImageIFD.Artist: canary("second").encode()}}
    return jpeg(segment(0xE1, parts.exif()), segment(0xE1, piexif.dump(second)))


def orientation(number: int) -> bytes:
    stored = Image.fromarray(picture()).transpose(TURNS[number])
    return jpeg(segment(0xE1, parts.exif(orientation=number)), pixels=np.asarray(stored))


def jfif_thumbnail() -> bytes:
    """An uncompressed thumbnail in the JFIF header (ISO/IEC 10918-5, 10.1)."""
    side = 48
    small = bytearray(second_face(side).tobytes())
    mark = canary("jfif").encode()
    small[: len(mark)] = mark
    file = jpeg()
    header = b"JFIF\0\1\2\0\0\1\0\1" + bytes([side, side]) + bytes(small)
    return file[:2] + segment(0xE0, header) + file[20:]


def jfxx_thumbnail() -> bytes:
    return jpeg(segment(0xE0, b"JFXX\0\x10" + uncovered("jfxx")))


def xmp() -> bytes:
    return jpeg(segment(0xE1, XMP + parts.xmp()))


def xmp_thumbnail() -> bytes:
    return jpeg(segment(0xE1, XMP + parts.xmp(content=parts.xmp_thumbnail("inside"))))


def extended_xmp() -> bytes:
    """A packet continued in segments of its own (XMP part 3, 1.1.3.1)."""
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    note = f'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{guid.decode()}"'
    packet = parts.xmp("extended", content=parts.xmp_thumbnail("inside"))
    pieces = [
        segment(
            0xE1,
            EXTENSION + guid + struct.pack(">II", len(packet), start) + packet[start : start + 600],
        )
        for start in range(0, len(packet), 600)
    ]
    return jpeg(segment(0xE1, XMP + parts.xmp(attributes=note)), *pieces)


def iptc() -> bytes:
    return jpeg(segment(0xED, PHOTOSHOP + parts.photoshop(0x0404, parts.iptc())))


def photoshop_thumbnail() -> bytes:
    """A JPEG thumbnail in an image resource (Photoshop File Formats, resource 1036)."""
    small = uncovered("photoshop")
    header = struct.pack(">6I2H", 1, 64, 64, 192, 192 * 64, len(small), 24, 1)
    return jpeg(segment(0xED, PHOTOSHOP + parts.photoshop(0x040C, header + small)))


def icc() -> bytes:
    return jpeg(segment(0xE2, b"ICC_PROFILE\0\1\1" + parts.profile()))


def jpeg_comment() -> bytes:
    return jpeg(comment("comment"), comment("again"))


def unknown_segments() -> bytes:
    """Application segments of nobody in particular, a padded marker, and Adobe's "Ducky"."""
    ducky = b"Ducky" + struct.pack(">HHI", 2, 4 + 15, 15) + canary("ducky").encode()
    others = [
        segment(0xE0 + n, b"Private\0" + canary(f"app{n}").encode()) for n in (3, 5, 8, 10, 15)
    ]
    return jpeg(*others, b"\xff\xff", segment(0xEC, ducky))


def jumbf() -> bytes:
    """A provenance manifest in a JUMBF box (ISO/IEC 19566-5), as C2PA stores it."""
    described = b"c2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\x03c2pa\0"
    description = struct.pack(">I", 8 + len(described)) + b"jumd" + described
    claim = b'{"author": "' + canary("jumbf").encode() + b'"}'
    content = struct.pack(">I", 8 + len(claim)) + b"json" + claim
    box = struct.pack(">I", 8 + len(description + content)) + b"jumb" + description + content
    return jpeg(segment(0xEB, b"JP\0\1\0\0\0\1" + box))


def _index(size: int, offset: int, second: bytes) -> bytes:
    """A multi-picture index (CIPA DC-007) of this picture and a second one.

    ``size`` is that of this picture; ``offset`` counts from the byte order mark in the index.
    """
    entries = struct.pack("<HHI4s", 0xB000, 7, 4, b"0100")
    entries += struct.pack("<HHII", 0xB001, 4, 1, 2) + struct.pack("<HHII", 0xB002, 7, 32, 50)
    pictures = struct.pack("<3I2H", 0x030000, size, 0, 0, 0)
    pictures += struct.pack("<3I2H", 0, len(second), offset, 0, 0)
    directory = struct.pack("<H", 3) + entries + struct.pack("<I", 0) + pictures
    return segment(0xE2, b"MPF\0II*\0\x08\0\0\0" + directory)


def _pair(second: bytes, *segments: bytes) -> bytes:
    """The test picture and a second one behind it, with an index in the first."""
    blank = jpeg(*segments, _index(0, 0, second))
    offset = len(blank) - blank.index(b"II*\0\x08\0\0\0\x03\0")
    return jpeg(*segments, _index(len(blank), offset, second)) + second


def mpf() -> bytes:
    """A second picture behind the first, as cameras store previews and 3D pairs."""
    return _pair(uncovered("mpf"))


def gain_map() -> bytes:
    """A brightness map behind the picture: a greyscale copy of it, with every face."""
    grey = np.asarray(ImageOps.grayscale(Image.fromarray(picture())))
    note = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"'
    packet = segment(0xE1, XMP + parts.xmp(attributes=note))
    return _pair(jpeg(comment("gainmap"), pixels=grey), packet)


def motion_trailer() -> bytes:
    """A short film behind the picture, as phones store it (its frames are a JPEG here)."""
    film = uncovered("motion")
    film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + struct.pack(">I", 8 + len(film)) + b"mdat" + film
    note = (
        'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="1" '
        f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(film)}"'
    )
    return jpeg(segment(0xE1, XMP + parts.xmp(attributes=note))) + film


def trailer() -> bytes:
    return jpeg() + canary("trailer").encode() + uncovered("inside")


def cmyk() -> bytes:
    """Four inks, stored inverted with Adobe's marker; its first segment is that marker."""
    stream = io.BytesIO()
    Image.fromarray(picture()).convert("CMYK").save(stream, "JPEG", quality=90)
    file = stream.getvalue()
    return file[:2] + comment("comment") + file[2:]


def grey() -> bytes:
    shown = np.asarray(ImageOps.grayscale(Image.fromarray(picture())))
    return jpeg(comment("comment"), pixels=shown)


def progressive() -> bytes:
    """Several scans, with a comment between two of them."""
    file = jpeg(progressive=True)
    between = file.index(b"\xff\xc4", file.index(b"\xff\xda"))
    return file[:between] + comment("between") + file[between:]


def restarts() -> bytes:
    """Restart markers among the compressed pixels (ITU-T T.81 B.1.1.3)."""
    return jpeg(comment("comment"), restart_marker_rows=1)


JPEG: dict[str, Callable[[], bytes]] = {
    "jpeg-exif-gps": exif_gps,
    "jpeg-exif-thumbnail": exif_thumbnail,
    "jpeg-exif-twice": exif_twice,
    **{f"jpeg-orientation-{n}": functools.partial(orientation, n) for n in TURNS},
    "jpeg-jfif-thumbnail": jfif_thumbnail,
    "jpeg-jfxx-thumbnail": jfxx_thumbnail,
    "jpeg-xmp": xmp,
    "jpeg-xmp-thumbnail": xmp_thumbnail,
    "jpeg-extended-xmp": extended_xmp,
    "jpeg-iptc": iptc,
    "jpeg-photoshop-thumbnail": photoshop_thumbnail,
    "jpeg-icc": icc,
    "jpeg-comment": jpeg_comment,
    "jpeg-unknown-segments": unknown_segments,
    "jpeg-app11-jumbf": jumbf,
    "jpeg-mpf": mpf,
    "jpeg-gain-map": gain_map,
    "jpeg-motion-trailer": motion_trailer,
    "jpeg-trailer": trailer,
    "jpeg-cmyk": cmyk,
    "jpeg-grey": grey,
    "jpeg-progressive": progressive,
    "jpeg-restarts": restarts,
}
