"""PNG files with something to hide, one for each place where it can be.

The functions return whole files. The names in the table say what is in them.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

from tests import parts
from tests.parts import chunk, png, text, uncovered
from tests.pictures import PICTURE_SIZE, Pixels, canary, picture


def _grey() -> Pixels:
    return np.asarray(ImageOps.grayscale(Image.fromarray(picture())))


def _fading() -> Pixels:
    """Transparency from left to right: nothing of the left eighth shows."""
    row = np.linspace(-36, 255, PICTURE_SIZE[0]).clip(0, 255).astype(np.uint8)
    return np.tile(row, (PICTURE_SIZE[1], 1))


def texts() -> bytes:
    """Each kind of text chunk, before and behind the pixels (PNG 11.3.3)."""
    plain, packed, international = (canary(c).encode() for c in ("text", "ztxt", "itxt"))
    return png(
        picture(),
        chunk(b"tEXt", b"Author\0" + plain),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(packed)),
        chunk(b"iTXt", b"Title\0\0\0en\0Titel\0" + international),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(parts.xmp())),
        after=(
            text("late"),
            chunk(b"zTXt", b"Comment\0\0" + zlib.compress(canary("latez").encode())),
        ),
    )


def exif() -> bytes:
    return png(picture(), chunk(b"eXIf", parts.exif(thumbnail=uncovered("thumbnail"))[6:]))


def late_exif() -> bytes:
    return png(picture(), after=(chunk(b"eXIf", parts.exif(orientation=1)[6:]),))


def orientation() -> bytes:
    stored = np.asarray(Image.fromarray(picture()).transpose(Image.Transpose.ROTATE_90))
    return png(stored, chunk(b"eXIf", parts.exif(orientation=6)[6:]))


def raw_profile() -> bytes:
    """EXIF in hexadecimal digits, as ImageMagick stores it."""
    digits = parts.exif().hex()
    lines = "\n".join(digits[start : start + 72] for start in range(0, len(digits), 72))
    profile = f"\nexif\n{len(digits) // 2:8}\n{lines}\n".encode()
    return png(
        picture(),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(profile)),
        chunk(b"tEXt", b"Raw profile type APP1\0" + canary("raw").encode()),
    )


def time() -> bytes:
    changed = chunk(b"tIME", struct.pack(">H5B", 2026, 3, 14, 18, 15, 2))
    return png(picture(), changed, chunk(b"tEXt", b"Creation Time\0" + canary("time").encode()))


def icc() -> bytes:
    name = canary("name").encode()
    return png(picture(), chunk(b"iCCP", name + b"\0\0" + zlib.compress(parts.profile())))


def private_chunk() -> bytes:
    """Chunks that no standard knows, and a provenance manifest."""
    return png(
        picture(),
        chunk(b"prVt", canary("private").encode()),
        chunk(b"caBX", canary("manifest").encode()),
        after=(chunk(b"laTe", canary("late").encode()),),
    )


def trailer() -> bytes:
    return png(picture()) + canary("trailer").encode() + uncovered("inside")


def hidden_in_pixel_data() -> bytes:
    """Bytes in the chunk of the pixels, behind the end of their compressed stream."""
    file = png(picture())
    start = file.index(b"IDAT")
    length = int.from_bytes(file[start - 4 : start], "big")
    body = file[start + 4 : start + 4 + length] + canary("idat").encode()
    return file[: start - 4] + chunk(b"IDAT", body) + file[start + 8 + length :]


def palette() -> bytes:
    """Transparent palette entries, and unused ones that spell a word."""
    image = Image.fromarray(picture()).quantize(200)
    colours = bytes(image.getpalette("RGB") or b"")[:600]
    unused = canary("palette").encode().ljust(30, b"\0")
    alpha = bytes(40) + bytes([255]) * 160
    chunks = (chunk(b"PLTE", colours + unused), chunk(b"tRNS", alpha), text("text"))
    return png(np.asarray(image), *chunks, colour=3)


def deep_rgb() -> bytes:
    return png(picture().astype(np.uint16) * 257, text("text"))


def deep_grey() -> bytes:
    return png(_grey().astype(np.uint16) * 257, text("text"))


def grey_alpha() -> bytes:
    return png(np.dstack([_grey(), _fading()]), text("text"))


def one_bit() -> bytes:
    return png(_grey() > 128, text("text"))


def colour_key() -> bytes:
    """One grey is transparent."""
    return png(_grey(), chunk(b"tRNS", struct.pack(">H", 128)), text("text"))


def hidden_rgb() -> bytes:
    """The second face, and a word, in the colours of fully transparent pixels."""
    shown = picture()
    alpha = np.full(shown.shape[:2], 255, np.uint8)
    alpha[:, 140:] = 0
    four = np.dstack([shown, alpha])
    mark = np.frombuffer(canary("hidden").encode().ljust(24, b"-"), np.uint8).reshape(-1, 3)
    four[2, 200 : 200 + len(mark), :3] = mark
    return png(four, text("text"))


def _animation(*frames: Pixels, **options: object) -> bytes:
    stream = io.BytesIO()
    first, *others = (Image.fromarray(frame) for frame in frames)
    first.save(
        stream,
        "PNG",
        save_all=True,
        append_images=others,
        duration=[80, 160, 240],
        loop=3,
        **options,
    )
    file = stream.getvalue()
    return file[:33] + text("text") + file[33:]


def animation() -> bytes:
    """Three frames in which the faces move to the right."""
    return _animation(*(np.roll(picture(), 20 * step, axis=1) for step in range(3)))


def hidden_default() -> bytes:
    """An animation of nobody; its still picture, which viewers skip, shows two faces."""
    ground = np.full_like(picture(), 90)
    frames = [
        np.roll(np.where(np.arange(240)[:, None] < 30, 200, ground), 40 * n, 1) for n in range(3)
    ]
    return _animation(picture(), *(f.astype(np.uint8) for f in frames), default_image=True)


PNG: dict[str, Callable[[], bytes]] = {
    "png-text": texts,
    "png-exif": exif,
    "png-late-exif": late_exif,
    "png-orientation-6": orientation,
    "png-raw-profile": raw_profile,
    "png-time": time,
    "png-icc": icc,
    "png-private-chunk": private_chunk,
    "png-trailer": trailer,
    "png-hidden-in-pixel-data": hidden_in_pixel_data,
    "png-palette-transparency": palette,
    "png-16bit-rgb": deep_rgb,
    "png-16bit-grey": deep_grey,
    "png-la": grey_alpha,
    "png-1bit": one_bit,
    "png-colour-key": colour_key,
    "png-hidden-rgb": hidden_rgb,
    "apng": animation,
    "apng-hidden-default": hidden_default,
}
