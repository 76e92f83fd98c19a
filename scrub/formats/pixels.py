"""Turns any picture that Pillow decodes into upright sRGB, 8 bits a channel, and back."""

from __future__ import annotations

import io
import re
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from scrub.errors import DamagedError, UnsupportedError
from scrub.formats.media import HIDDEN

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each value of the EXIF tag Orientation (EXIF 2.32, table 4)."""

SIDEWAYS = {5, 6, 7, 8}
"""The orientations that swap width and height."""

ALPHA_MODES = {"LA", "La", "PA", "RGBA", "RGBa"}
NUMBER_MODES = {"F", "I"}
WIDE_MODES = {"I;16", "I;16B", "I;16L", "I;16N"}
GREY_MODES = {"1", "L"} | WIDE_MODES

DEEP = re.compile("(?!BGR).*;1[26]")
"""Pillow's names of pixels with 12 or 16 bits a channel; BGR;16 has them in all three."""

KEY_STEPS = {"L;2": 85, "L;4": 17}
"""How Pillow spreads grey of few bits; the colour key of a PNG stays as it was stored."""

PHOTOMETRIC = 262
WHITE_IS_ZERO = 0
"""TIFF 6.0, section 8. Pillow turns such greys round, but not those of 16 bits."""

PALETTE = 256
KEY = PALETTE - 1
KEY_COLOR = (255, 0, 255)
"""The transparent entry of a palette, and the colour that no other entry may have."""

BAND = 64
"""Rows that are copied at a time: so many stay in the processor's cache."""

FEWER_BITS = "more than 8 bits a channel became 8"
NOTES = "scrub notes"
"""Where a plugin leaves in a picture's info what else it could not keep."""

AROUND = 16
"""Pixels from anything visible in which a lossy encoder leaves traces of it, ..."""

TRACES = 32
"""... and levels of 255 by which its own colours differ elsewhere."""

PROFILE_IGNORED = "the colour profile could not be used; colours were taken for sRGB"


class Pixels(NamedTuple):
    """``rgb`` uint8 H x W x 3, ``alpha`` uint8 H x W or None where opaque, and what was lost."""

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    warnings: tuple[str, ...]


def decode(image: Image.Image, max_side: int | None, exact: bool = True) -> Pixels:
    """Decode ``image`` as a person sees it: turned upright, in sRGB.

    Colour under fully transparent pixels is zeroed: it is not seen, and has been used to
    hide pictures. Where it is not the same all over, a warning (:data:`scrub.formats.HIDDEN`) says
    so. ``exact`` tells that pixels were stored as they are. Raises UnsupportedError for measured
    values, which have no black and white, DamagedError where a palette is missing, and whatever
    Pillow raises on damaged data.
    """
    stored = _stored(image)
    image.load()
    turn = UPRIGHT.get(orientation(image))
    plain = _plain(image, stored)
    upright = _shrunk(plain if turn is None else plain.transpose(turn), max_side)
    alpha = _alpha(upright)
    warnings = list(image.info.get(NOTES, ()))
    if DEEP.match(stored):
        warnings.append(FEWER_BITS)
    if plain.mode in ("LA", "RGBA") and _hides(plain, exact):
        warnings.append(HIDDEN)
    color = _opaque(upright)
    srgb = _srgb(color, image.info.get("icc_profile"))
    if srgb is None:
        warnings.append(PROFILE_IGNORED)
        srgb = _plain_rgb(color)
    rgb = _array(srgb)
    if alpha is not None:
        rgb[alpha == 0] = 0
    return Pixels(rgb, alpha, tuple(warnings))


def orientation(image: Image.Image) -> int:
    """The EXIF tag Orientation, 1 where it is missing or its block is beyond reading."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # Pillow's EXIF parser raises almost anything on broken blocks.
        return 1


def encode(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> Image.Image:
    """The Pillow picture of the pixels, without info; grey if opaque and without any colour.

    Grey with transparency stays RGBA: among the frames of a clip, Pillow would drop one or
    the other.
    """
    # Row by row: most pictures show colour in the first one.
    if alpha is None and all((row[:, :1] == row[:, 1:]).all() for row in rgb):
        return Image.fromarray(np.ascontiguousarray(rgb[..., 0]))
    image = Image.fromarray(rgb)
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    return image


def indexed(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> Image.Image:
    """The Pillow picture in mode P, whose palette entry KEY is transparent and like no other.

    ``alpha`` of less than half is transparent, all else opaque. The colours are those of
    ``rgb`` where they are few enough.
    """
    hidden = np.zeros(rgb.shape[:2], np.bool_) if alpha is None else alpha < 128
    # What is not seen gets a colour that is, and so takes none of the palette's places.
    seen = rgb.copy()
    if not hidden.all():
        seen[hidden] = rgb[~hidden][0]
    image = Image.fromarray(seen).quantize(PALETTE - 1)
    colors = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    palette = np.zeros((PALETTE, 3), np.uint8)
    palette[: len(colors)] = colors
    palette[(palette == KEY_COLOR).all(axis=1)] = (254, 0, 255)
    palette[KEY] = KEY_COLOR
    picture = Image.fromarray(np.where(hidden, np.uint8(KEY), np.asarray(image)))
    picture.putpalette(palette.tobytes())
    return picture


def is_blank(image: Image.Image) -> bool:
    """Whether nothing is to be seen of a picture that :func:`indexed` made."""
    return image.mode == "P" and image.getextrema() == (KEY, KEY)


def with_key(image: Image.Image) -> Image.Image:
    """An opaque picture as :func:`indexed` makes it; one that has a palette already."""
    return image if image.mode == "P" else indexed(np.array(image.convert("RGB")), None)


def flatten(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels laid on white, for containers without transparency."""
    weight = alpha[..., None].astype(np.uint16)
    return ((rgb * weight + 255 * (255 - weight) + 127) // 255).astype(np.uint8)


def hardened(
    rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Each pixel wholly opaque or not at all, as :func:`indexed` will store it.

    A picture that was shrunk has pixels between the two.
    """
    hidden = alpha < 128
    return np.where(hidden[..., None], np.uint8(0), rgb), np.where(hidden, 0, 255).astype(np.uint8)


def _stored(image: Image.Image) -> str:
    """How Pillow calls the pixels in the file, such as "RGB;16B"; empty where it does not say.

    Only known before they are decoded.
    """
    for tile in getattr(image, "tile", ()):
        arguments = tile[3]
        return str(arguments[0]) if isinstance(arguments, tuple) else str(arguments)
    return ""


def _plain(image: Image.Image, stored: str) -> Image.Image:
    """The picture with 8 bits a channel, in mode L, LA, RGB, RGBA, CMYK or LAB."""
    if image.mode in NUMBER_MODES:
        raise UnsupportedError(
            None, "holds measured values", "save it with 8 or 16 bits a channel first"
        )
    if image.mode == "P" and image.palette is None:
        raise DamagedError(None, "has colours without a palette", "get a whole copy of it")
    if image.mode in GREY_MODES:
        return _grey(image, stored)
    if image.mode in ALPHA_MODES or "transparency" in image.info:
        return image.convert("LA" if image.mode in ("LA", "La") else "RGBA")
    return image if image.mode in ("CMYK", "LAB") else _plain_rgb(image)


def _grey(image: Image.Image, stored: str) -> Image.Image:
    """The grey picture with 8 bits, transparent where its colour key says so."""
    key = image.info.get("transparency")
    if key is None and image.mode not in WIDE_MODES:
        return image if image.mode == "L" else image.convert("L")
    values = np.asarray(image.convert("L") if image.mode == "1" else image)
    shown = None if key is None else values != key * KEY_STEPS.get(stored, 1)
    if image.mode in WIDE_MODES:
        values = values >> (4 if stored == "I;12" else 8)
        if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO:
            values = 255 - values
    grey = Image.fromarray(values.astype(np.uint8))
    if shown is not None:
        grey.putalpha(Image.fromarray(np.where(shown, np.uint8(255), np.uint8(0))))
    return grey


def _shrunk(image: Image.Image, max_side: int | None) -> Image.Image:
    """The picture with a long side of at most ``max_side`` pixels."""
    longest = max(image.size)
    if max_side is None or longest <= max_side:
        return image
    width, height = (max(1, round(side * max_side / longest)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _array(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of an RGB picture, band by band: at once, Pillow would make two more copies.

    Pillow keeps a fourth byte with each pixel, and takes longer than OpenCV to leave it out.
    """
    width, height = image.size
    rgb = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, BAND):
        bottom = min(height, top + BAND)
        stored = image.crop((0, top, width, bottom)).tobytes("raw", "RGBX")
        band = np.frombuffer(stored, np.uint8).reshape(bottom - top, width, 4)
        cv2.cvtColor(band, cv2.COLOR_RGBA2RGB, dst=rgb[top:bottom])
    return rgb


def _plain_rgb(image: Image.Image) -> Image.Image:
    """The picture in mode RGB, the same one where it is already: a copy may be large."""
    return image if image.mode == "RGB" else image.convert("RGB")


def _alpha(image: Image.Image) -> NDArray[np.uint8] | None:
    if image.mode not in ("LA", "RGBA"):
        return None
    alpha = np.array(image.getchannel("A"), dtype=np.uint8)
    return None if (alpha == 255).all() else alpha


def _hides(image: Image.Image, exact: bool) -> bool:
    """Whether fully transparent pixels have more than one colour."""
    hidden = (np.asarray(image.getchannel("A")) == 0).astype(np.uint8)
    if not exact:
        hidden = np.asarray(cv2.erode(hidden, np.ones((2 * AROUND + 1,) * 2, np.uint8)), np.uint8)
    width, height = image.size
    low, high = np.full(3, 255), np.zeros(3, np.int64)
    for top in range(0, height, BAND):
        part = hidden[top : top + BAND].astype(np.bool_)
        if part.any():
            band = np.asarray(image.crop((0, top, width, top + len(part))))[part][:, :-1]
            low, high = np.minimum(low, band.min(axis=0)), np.maximum(high, band.max(axis=0))
    return bool((high - low).max() > (0 if exact else TRACES))


def _opaque(image: Image.Image) -> Image.Image:
    """The picture without its transparency, the same one where it has none."""
    return image.convert(image.mode[:-1]) if image.mode in ("LA", "RGBA") else image


def _srgb(color: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Convert through the embedded colour profile; None where the profile cannot be used."""
    if color.mode != "LAB" and not profile:
        return _plain_rgb(color)
    try:
        if color.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
            if "sRGB" in ImageCms.getProfileDescription(source):
                return _plain_rgb(color)
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(color, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
