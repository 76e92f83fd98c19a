"""Turns any picture that Pillow decodes into upright sRGB, 8 bits a channel, and back."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from scrub.errors import UnsupportedError

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
WIDE_MODES = {"I", "I;16", "I;16B", "I;16L", "I;16N"}
FEWER_BITS = "16 bits a channel became 8"
PROFILE_IGNORED = "the colour profile could not be used; colours were taken for sRGB"


class Pixels(NamedTuple):
    """``rgb`` uint8 H x W x 3, ``alpha`` uint8 H x W or None where opaque, and what was lost."""

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    warnings: tuple[str, ...]


def decode(image: Image.Image, max_side: int | None) -> Pixels:
    """Decode ``image`` as a person sees it: turned upright, in sRGB.

    Colour under fully transparent pixels is zeroed: it is not seen, and has been used to
    hide pictures. Raises UnsupportedError for floating point, and whatever Pillow raises
    on damaged data.
    """
    image.load()
    profile = image.info.get("icc_profile")
    turn = UPRIGHT.get(orientation(image))
    upright = image if turn is None else image.transpose(turn)
    if max_side is not None and max(upright.size) > max_side:
        upright = _eight_bits(upright)
        upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    warnings = []
    if image.mode in WIDE_MODES:
        warnings.append(FEWER_BITS)
    plain = _eight_bits(upright)
    alpha = _alpha(plain)
    color = plain.convert("RGB") if alpha is not None or plain.mode == "P" else plain
    srgb = _srgb(color, profile)
    if srgb is None:
        warnings.append(PROFILE_IGNORED)
        srgb = color.convert("RGB")
    rgb = np.array(srgb, dtype=np.uint8)
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
    """The Pillow picture of the pixels, grey where no pixel has any colour; carries no info."""
    grey = bool((rgb[..., :1] == rgb[..., 1:]).all())
    image = Image.fromarray(np.ascontiguousarray(rgb[..., 0]) if grey else rgb)
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    return image


def flatten(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels laid on white, for containers without transparency."""
    weight = alpha[..., None].astype(np.uint16)
    return ((rgb * weight + 255 * (255 - weight) + 127) // 255).astype(np.uint8)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Bring the 16-bit grey modes, which Pillow would clip, to 8 bits, and palettes to colours."""
    if image.mode in WIDE_MODES:
        values = np.asarray(image).astype(np.int64)
        return Image.fromarray((values.clip(0, 65535) >> 8).astype(np.uint8))
    if image.mode == "F":
        raise UnsupportedError(
            None, "holds floating-point pixels", "save it with 8 or 16 bits a channel first"
        )
    if image.mode in ALPHA_MODES or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB") if image.mode in ("P", "1") else image


def _alpha(image: Image.Image) -> NDArray[np.uint8] | None:
    if image.mode != "RGBA":
        return None
    alpha = np.array(image.getchannel("A"), dtype=np.uint8)
    return None if (alpha == 255).all() else alpha


def _srgb(color: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Convert through the embedded colour profile; None where the profile cannot be used."""
    if color.mode != "LAB" and not profile:
        return color.convert("RGB")
    try:
        if color.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
            if "sRGB" in ImageCms.getProfileDescription(source):
                return color.convert("RGB")
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(color, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
