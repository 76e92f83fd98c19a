"""HEIC, AVIF and JPEG 2000 files with something to hide, one for each place where it can be.

The functions return whole files. The names in the tables say what is in them.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import pillow_heif
from PIL import Image

from tests import parts
from tests.dirty_heif import box, motion, samsung_trailer
from tests.dirty_web import moving
from tests.parts import saved, uncovered
from tests.pictures import PICTURE_SIZE, Pixels, canary, picture, second_face

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def stored_lying() -> Pixels:
    """The test picture on its side, as a phone stores it that says "turn me by 90 degrees"."""
    return np.asarray(Image.fromarray(picture()).transpose(Image.Transpose.ROTATE_90))


def hidden_face() -> Pixels:
    """The test picture with the face on the right under fully transparent pixels."""
    alpha = np.full(picture().shape[:2], 255, np.uint8)
    alpha[:, 140:] = 0
    return np.dstack([picture(), alpha])


def turned_by_exif(make: Callable[..., bytes], **options: object) -> bytes:
    """Turned in EXIF alone, as some camera programs write it.

    Under another number, the writer does not find the orientation, which it would put into a
    property.
    """
    known, other = (number + b"\0\3\0\0\0\1\0\6" for number in (b"\1\x12", b"\1\x13"))
    block = parts.exif(orientation=6).replace(known, other)
    return make(stored_lying(), exif=block, **options).replace(other, known)


# --- HEIC ---------------------------------------------------------------------------------------


def heic(pixels: Pixels | None = None, **options: object) -> bytes:
    """The test picture (or another) as HEIC."""
    shown = picture() if pixels is None else pixels
    fast = {"preset": "ultrafast"}
    return saved(shown, "HEIF", **{"quality": 85, "enc_params": fast, **options})


def heic_exif_xmp() -> bytes:
    return heic(exif=parts.exif(thumbnail=uncovered("thumbnail")), xmp=parts.xmp())


def heic_orientation() -> bytes:
    """Turned in its properties and once more in EXIF, as telephones write it."""
    return heic(stored_lying(), exif=parts.exif(orientation=6))


def heic_grid() -> bytes:
    """A grid of tiles, as telephones write it."""
    return heic(exif=parts.exif(), tile_size=64)


def heic_thumbnail() -> bytes:
    """A smaller picture beside the main one."""
    return heic(exif=parts.exif(), thumbnails=[128])


def heic_burst() -> bytes:
    """Another picture before the main one and another behind it."""
    stream = io.BytesIO()
    faces = [Image.fromarray(second_face(side)) for side in (96, 64)]
    faces[0].save(
        stream,
        "HEIF",
        save_all=True,
        append_images=[Image.fromarray(picture()), faces[1]],
        primary_index=1,
        quality=85,
        xmp=parts.xmp(),
    )
    return stream.getvalue()


def heic_motion() -> bytes:
    """A telephone's moving picture behind the still one, and its maker's trailer."""
    return heic(xmp=parts.xmp()) + box(b"mpvd", motion() + uncovered("inside")) + samsung_trailer()


def heic_boxes() -> bytes:
    """Boxes that readers skip."""
    return (
        heic()
        + box(b"free", canary("free").encode())
        + box(b"uuid", XMP_UUID + parts.xmp())
        + box(b"skip", canary("skip").encode())
    )


def heic_icc() -> bytes:
    return heic(icc_profile=parts.profile())


def heic_alpha() -> bytes:
    return heic(hidden_face(), xmp=parts.xmp())


def heic_deep() -> bytes:
    """Ten bits a channel."""
    wide = (picture().astype("<u2") * 257).tobytes()
    image = pillow_heif.from_bytes("RGB;16", PICTURE_SIZE, wide)
    stream = io.BytesIO()
    image.save(stream, quality=85, xmp=parts.xmp())
    return stream.getvalue()


# --- AVIF ---------------------------------------------------------------------------------------


def avif(pixels: Pixels | None = None, **options: object) -> bytes:
    """The test picture (or another) as AVIF."""
    shown = picture() if pixels is None else pixels
    return saved(shown, "AVIF", **{"quality": 90, "speed": 10, **options})


def avif_exif_xmp() -> bytes:
    return avif(exif=parts.exif(thumbnail=uncovered("thumbnail")), xmp=parts.xmp())


def avif_orientation() -> bytes:
    return avif(stored_lying(), exif=parts.exif(orientation=6))


def avif_icc() -> bytes:
    return avif(icc_profile=parts.profile())


def avif_alpha() -> bytes:
    return avif(hidden_face(), xmp=parts.xmp())


def avif_cut(width: int, height: int, right: int, down: int) -> bytes:
    """Of the test picture only a part is shown, its middle moved by so many pixels.

    The property "clap" (ISO/IEC 14496-12, 12.1.4) and an empty one take the place of a colour
    profile.
    """
    file = avif(icc_profile=parts.profile(), exif=parts.exif())
    at = file.index(b"colrprof") - 4
    size = int.from_bytes(file[at : at + 4], "big")
    cut = box(b"clap", struct.pack(">8i", width, 1, height, 1, right, 1, down, 1))
    file = file[:at] + cut + box(b"free", bytes(size - len(cut) - 8)) + file[at + size :]
    return file.replace(b"\x01\x02\x83\x04", b"\x01\x02\x83\x84")  # no viewer may ignore it


def avif_animated() -> bytes:
    """Three frames, with the time of their making in the boxes of their track."""
    stream = io.BytesIO()
    first, *others = moving()
    first.save(
        stream,
        "AVIF",
        save_all=True,
        append_images=others,
        duration=[80, 160, 240],
        quality=90,
        speed=10,
        xmp=parts.xmp(),
    )
    return stream.getvalue()


def avif_trailer() -> bytes:
    return avif() + box(b"free", canary("free").encode()) + uncovered("inside")


def named_colors(make: Callable[..., bytes], primaries: int, transfer: int) -> bytes:
    """With other numbers of colours in its property than the writer's (BT.709 and sRGB)."""
    old, new = (b"nclx" + struct.pack(">HH", *pair) for pair in ((1, 13), (primaries, transfer)))
    return make().replace(old, new)


# --- JPEG 2000 ----------------------------------------------------------------------------------


def jpeg2000(*boxes: bytes, pixels: Pixels | None = None, **options: object) -> bytes:
    """The test picture (or another) as JP2, with boxes before the coded pixels."""
    file = saved(picture() if pixels is None else pixels, "JPEG2000", **options)
    at = file.index(b"jp2c") - 4
    return file[:at] + b"".join(boxes) + file[at:]


def jpeg2000_metadata() -> bytes:
    return jpeg2000(
        box(b"uuid", XMP_UUID + parts.xmp()),
        box(b"uuid", b"JpgTiffExif->JP2" + parts.exif()[6:]),
        box(b"xml ", f"<note>{canary('xml')}</note>".encode()),
    )


def jpeg2000_comment() -> bytes:
    return jpeg2000(comment=canary("comment"))


def jpeg2000_icc() -> bytes:
    """A colour profile in the header (method 2 of the box colr)."""
    file = jpeg2000()
    plain = box(b"colr", b"\1\0\0" + struct.pack(">I", 16))
    named = box(b"colr", b"\2\0\0" + parts.profile())
    header = file.index(b"jp2h") - 4
    size = int.from_bytes(file[header : header + 4], "big") + len(named) - len(plain)
    return file[:header] + struct.pack(">I", size) + file[header + 4 :].replace(plain, named)


def jpeg2000_alpha() -> bytes:
    return jpeg2000(box(b"uuid", XMP_UUID + parts.xmp()), pixels=hidden_face())


def jpeg2000_bare() -> bytes:
    """A codestream without boxes."""
    return jpeg2000_comment()[jpeg2000_comment().index(b"\xff\x4f\xff\x51") :]


def jpeg2000_trailer() -> bytes:
    return jpeg2000() + canary("trailer").encode() + uncovered("inside")


ISO: dict[str, Callable[[], bytes]] = {
    "heic-exif-xmp": heic_exif_xmp,
    "heic-orientation-6": heic_orientation,
    "heic-grid": heic_grid,
    "heic-thumbnail": heic_thumbnail,
    "heic-burst": heic_burst,
    "heic-motion": heic_motion,
    "heic-boxes": heic_boxes,
    "heic-icc": heic_icc,
    "heic-alpha": heic_alpha,
    "heic-10bit": heic_deep,
    "avif-exif-xmp": avif_exif_xmp,
    "avif-orientation-6": avif_orientation,
    "avif-icc": avif_icc,
    "avif-alpha": avif_alpha,
    "avif-animated": avif_animated,
    "avif-trailer": avif_trailer,
    "jpeg2000-metadata": jpeg2000_metadata,
    "jpeg2000-comment": jpeg2000_comment,
    "jpeg2000-icc": jpeg2000_icc,
    "jpeg2000-alpha": jpeg2000_alpha,
    "jpeg2000-bare": jpeg2000_bare,
    "jpeg2000-trailer": jpeg2000_trailer,
}
