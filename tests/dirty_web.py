"""WebP, GIF and BMP files with something to hide, one for each place where it can be.

The functions return whole files. The names in the tables say what is in them.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from tests import parts
from tests.parts import saved, uncovered
from tests.pictures import Pixels, canary, picture

# --- WebP ---------------------------------------------------------------------------------------


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def with_chunks(file: bytes, *chunks: bytes) -> bytes:
    """The same WebP with chunks behind all others."""
    body = file[12:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def webp_exif_xmp() -> bytes:
    block = parts.exif(thumbnail=uncovered("thumbnail"))
    return saved(picture(), "WEBP", quality=90, exif=block, xmp=parts.xmp())


def webp_orientation() -> bytes:
    stored = np.asarray(Image.fromarray(picture()).transpose(Image.Transpose.ROTATE_90))
    return saved(stored, "WEBP", quality=90, exif=parts.exif(orientation=6))


def webp_icc() -> bytes:
    return saved(picture(), "WEBP", quality=90, icc_profile=parts.profile())


def webp_alpha() -> bytes:
    """A face in the colours of fully transparent pixels, kept exactly."""
    alpha = np.full(picture().shape[:2], 255, np.uint8)
    alpha[:, 140:] = 0
    four = np.dstack([picture(), alpha])
    return saved(four, "WEBP", lossless=True, exact=True, xmp=parts.xmp())


def webp_animated() -> bytes:
    stream = io.BytesIO()
    first, *others = moving()
    options = {"duration": [80, 160, 240], "loop": 3, "quality": 85}
    first.save(
        stream,
        "WEBP",
        save_all=True,
        append_images=others,
        exif=parts.exif(),
        xmp=parts.xmp(),
        **options,
    )
    return stream.getvalue()


def webp_unknown_chunk() -> bytes:
    file = saved(picture(), "WEBP", quality=90, xmp=parts.xmp())
    return with_chunks(file, riff_chunk(b"PRVT", canary("private").encode()))


def webp_trailer() -> bytes:
    return saved(picture(), "WEBP", quality=90) + canary("trailer").encode() + uncovered("inside")


# --- GIF ----------------------------------------------------------------------------------------


def moving() -> list[Image.Image]:
    """Three frames in which the faces move to the right."""
    return [Image.fromarray(np.roll(picture(), 20 * step, axis=1)) for step in range(3)]


def sub_blocks(body: bytes) -> bytes:
    """Bytes cut into the sub-blocks of a GIF, with the closing one (GIF89a, 15 and 16)."""
    pieces = [body[start : start + 255] for start in range(0, len(body), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


def gif_comment_block(channel: str) -> bytes:
    """A comment extension that is a canary."""
    return b"!\xfe" + sub_blocks(canary(channel).encode())


def gif(
    *blocks: bytes,
    later: bytes = b"",
    frames: Sequence[Image.Image] = (),
    **options: object,
) -> bytes:
    """The test picture as GIF89a, with blocks before its first frame and behind its last.

    ``frames`` follow the first one.
    """
    stream = io.BytesIO()
    first = Image.fromarray(picture()).quantize(128)
    # Without a comment or a second frame, Pillow would write a GIF87a.
    options |= {"save_all": True, "append_images": list(frames)} if frames else {}
    first.save(stream, "GIF", comment=b"89a", **options)
    file = stream.getvalue()
    start = 13 + 3 * 2 ** ((file[10] & 7) + 1)
    return file[:start] + b"".join(blocks) + file[start:-1] + later + b";"


def gif_comment() -> bytes:
    return gif(gif_comment_block("comment"), later=gif_comment_block("late"))


def gif_animated() -> bytes:
    return gif(
        gif_comment_block("comment"),
        later=gif_comment_block("late"),
        frames=moving()[1:],
        duration=[80, 160, 240],
        loop=3,
        disposal=2,
    )


def gif_xmp() -> bytes:
    """A packet that is no sequence of sub-blocks, closed by a slide of 258 bytes (XMP part 3)."""
    slide = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return gif(b"!\xff\x0bXMP DataXMP" + parts.xmp() + slide)


def gif_extensions() -> bytes:
    """Text to be drawn, an application's own block, and a colour profile."""
    plain = b"!\x01\x0c" + struct.pack("<4H4B", 0, 0, 16, 16, 8, 8, 0, 1)
    return gif(
        b"!\xff\x0bPRIVATE 1.0" + sub_blocks(canary("application").encode()),
        b"!\xff\x0bICCRGBG1012" + sub_blocks(parts.profile()),
        later=plain + sub_blocks(canary("plaintext").encode()),
    )


def gif_trailer() -> bytes:
    return gif() + canary("trailer").encode() + uncovered("inside")


# --- BMP ----------------------------------------------------------------------------------------


def bmp(header: bytes, table: bytes, rows: Pixels, gap: bytes = b"") -> bytes:
    """A BMP of an information header, a palette and rows from the bottom up."""
    lines = rows.reshape(len(rows), -1)[::-1]
    lines = np.pad(lines, ((0, 0), (0, -lines.shape[1] % 4)))
    start = 14 + len(header) + len(table) + len(gap)
    data = header + table + gap + lines.tobytes()
    return b"BM" + struct.pack("<IHHI", 14 + len(data), 0, 0, start) + data


def info_header(bits: int, colours: int = 0) -> bytes:
    """The information header of 40 bytes for the test picture."""
    height, width = picture().shape[:2]
    return struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, 0, 2835, 2835, colours, 0)


def blue_first() -> Pixels:
    """The test picture in the order of channels that BMP wants."""
    return picture()[..., ::-1]


def bmp_trailer() -> bytes:
    file = bmp(info_header(24), b"", blue_first())
    return file + canary("trailer").encode() + uncovered("inside")


def bmp_gap() -> bytes:
    """Bytes between the headers and the pixels."""
    return bmp(info_header(24), b"", blue_first(), gap=canary("gap").encode().ljust(64, b"\0"))


def bmp_palette() -> bytes:
    """Palette entries that no pixel uses spell a word."""
    image = Image.fromarray(picture()).quantize(200)
    used = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)[:200]
    table = np.zeros((256, 4), np.uint8)
    table[: len(used), :3] = used[:, ::-1]
    mark = np.frombuffer(canary("palette").encode().ljust(32, b"\0"), np.uint8).reshape(-1, 4)
    table[240 : 240 + len(mark)] = mark
    return bmp(info_header(8, 256), table.tobytes(), np.asarray(image))


def bmp_v5_icc() -> bytes:
    """A profile behind the pixels, announced in a header of 124 bytes (BITMAPV5HEADER)."""
    profile = parts.profile()
    pixels = blue_first()
    start = 124 + pixels.nbytes
    header = bytearray(124)
    header[:40] = info_header(24)
    header[:4] = struct.pack("<I", 124)
    header[20:24] = struct.pack("<I", pixels.nbytes)
    header[40:56] = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0)
    header[56:60] = b"DEBM"  # "MBED" as a number
    header[112:120] = struct.pack("<II", start, len(profile))
    return bmp(bytes(header), b"", pixels) + profile


WEB: dict[str, Callable[[], bytes]] = {
    "webp-exif-xmp": webp_exif_xmp,
    "webp-orientation-6": webp_orientation,
    "webp-icc": webp_icc,
    "webp-alpha": webp_alpha,
    "webp-animated": webp_animated,
    "webp-unknown-chunk": webp_unknown_chunk,
    "webp-trailer": webp_trailer,
    "gif-comment": gif_comment,
    "gif-animated": gif_animated,
    "gif-xmp": gif_xmp,
    "gif-extensions": gif_extensions,
    "gif-trailer": gif_trailer,
    "bmp-trailer": bmp_trailer,
    "bmp-gap": bmp_gap,
    "bmp-palette": bmp_palette,
    "bmp-v5-icc": bmp_v5_icc,
}
