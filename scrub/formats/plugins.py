"""What opens each container: Pillow's plugins, corrected where they would show something else."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Mapping
from typing import IO, Any

import pillow_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    PngImagePlugin,
)

from scrub.errors import DamagedError, UnsupportedError
from scrub.formats import items, nclx, pixels
from scrub.formats.nclx import Nclx
from scrub.formats.repeats import plays

OTHERS_DROPPED = "only the main picture of several was kept"
SEQUENCE_DROPPED = "only the main picture was kept, and not the moving one"
BRIGHTNESS_BENT = "brightness beyond what screens show (HDR) was brought down"
TURNED_BY_HINT = (
    "turned as EXIF or XMP says, because the container does not: see whether it is upright"
)
COLORS_UNKNOWN = "the colours could not be converted; they were taken for sRGB"

OTHER_CODINGS = {"av01", "avc1", "j2k1", "jpeg", "mski", "unci", "vvc1"}
"""Of pictures in a HEIF file (ISO/IEC 23008-12, annexes); HEVC alone is read here."""

PNG_HEAD, MOST_CHUNKS = 8, 1000
"""Bytes of a PNG's signature, and how many chunks are looked at before its pixels."""

XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')
"""As an attribute or as an element (XMP, part 2, 3.2)."""

Opener = Callable[[IO[bytes], str], ImageFile.ImageFile]

# Pillow then knows how to write HEIC too. Of what is not the picture, nothing is looked at.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def opener(name: str) -> Opener:
    """What opens a file with the plugin that Pillow calls so.

    Image.open would refuse a large JPEG before it can be decoded at a part of its size.
    """
    Image.init()
    return CORRECTED.get(name) or Image.OPEN[name][0]


def can_write(name: str) -> bool:
    """Whether the plugin that Pillow calls so can write here: not every build of it can."""
    Image.init()
    return name in Image.SAVE


class _Gif(GifImagePlugin.GifImageFile):
    """Keeps a palette even where it is a ramp of grey.

    Pillow drops such a one, and where that was the first frame's, it takes the later frames'
    entries for their colours.
    """

    def _is_palette_needed(self, p: bytes) -> bool:
        return True


class _Bmp(BmpImagePlugin.BmpImageFile):
    """Opaque where its transparency is nothing but zeros: browsers take that for not filled in."""

    def load_end(self) -> None:
        if self.mode == "RGBA" and not any(self.im.getband(3).getextrema()):
            self.im = self.im.convert("RGB", 0)
            self._mode = "RGB"


class _Png(PngImagePlugin.PngImageFile):
    """In the colours that its chunk cICP names, which Pillow passes over.

    They go before a profile (PNG, third edition, 4.3).
    """

    def _open(self) -> None:
        super()._open()
        colors = self._named()
        if colors is not None:
            notes: list[str] = []
            self.info.pop("icc_profile", None)
            _name_colors(self, colors, notes)

    def _named(self) -> Nclx | None:
        assert self.fp is not None
        here = self.fp.tell()
        self.fp.seek(PNG_HEAD)
        try:
            for _ in range(MOST_CHUNKS):
                size, name = struct.unpack(">I4s", self.fp.read(8).ljust(8, b"\0"))
                if name == b"cICP" and size == 4:
                    return Nclx(*self.fp.read(2))
                if name in (b"IDAT", bytes(4)):
                    break
                self.fp.seek(size + 4, os.SEEK_CUR)
        finally:
            self.fp.seek(here)
        return None


class _Heif(pillow_heif.HeifImageFile):
    """The primary picture alone, turned as the container says.

    The decoder turns it. Following EXIF too would turn it twice (ISO/IEC 23008-12, A.2.1); but
    where the container says nothing, some programs meant what EXIF says, or else XMP.
    """

    def _open(self) -> None:
        assert self.fp is not None
        found = items.properties(self.fp.read())
        if found.coding in OTHER_CODINGS:
            problem = f"holds a picture that is coded as {found.coding}"
            raise UnsupportedError(None, problem, "convert it to JPEG or PNG first")
        if found.moving and not found.coding:
            problem = "holds a moving picture and no still one"
            raise UnsupportedError(None, problem, "convert it to MP4 first, then clean that")
        super()._open()  # type: ignore[no-untyped-call]
        notes = []
        if self.n_frames > 1:
            notes.append(OTHERS_DROPPED)
        if found.moving:
            notes.append(SEQUENCE_DROPPED)
        if self.info["bit_depth"] > 8:
            notes.append(pixels.FEWER_BITS)
        said = self.info["original_orientation"] or 1
        # The decoder also looks for them in the tiles, where some phones put them.
        named = self.info.get("nclx_profile")
        colors = (
            Nclx(named["color_primaries"], named["transfer_characteristics"]) if named else None
        )
        self.info = {"icc_profile": self.info.get("icc_profile")}
        if said != 1 and not found.turned:
            self.info["exif"] = _turn(said)
            notes.append(TURNED_BY_HINT)
        _name_colors(self, colors, notes)

    def draft(self, mode: str | None, size: tuple[int, int] | None) -> None:
        """Never an embedded thumbnail in the picture's place: it may show something else."""


class _Avif(AvifImagePlugin.AvifImageFile):
    """In the colours that the container names, and cut as it says, which Pillow does not ask for.

    Pillow puts how the container turns it in the place of what EXIF says.
    """

    _shown: tuple[int, int, int, int] | None = None

    def _open(self) -> None:
        assert self.fp is not None
        if not AvifImagePlugin.SUPPORTED:
            problem = "is AVIF, which this build of Pillow cannot read"
            raise UnsupportedError(None, problem, "convert it to JPEG or PNG first")
        data = self.fp.read()
        found = items.properties(data)
        self.fp.seek(0)
        # The decoder only says that it is broken.
        if Image.MAX_IMAGE_PIXELS and found.area > 2 * Image.MAX_IMAGE_PIXELS:
            raise Image.DecompressionBombError
        super()._open()
        notes = [pixels.FEWER_BITS] if found.depth > 8 else []
        # Left in place, an orientation in XMP would turn what is turned already.
        said = _said(self._decoder.get_info()[4], self.info.pop("xmp", b""))
        if said != 1 and not found.turned:
            self.info["exif"] = _turn(said)
            notes.append(TURNED_BY_HINT)
        if self.n_frames > 1:
            self.info["loop"] = plays(data)
        elif found.shown:
            self._shown, self._whole = found.shown, self.size
            left, top, right, bottom = found.shown
            self._size = right - left, bottom - top
        _name_colors(self, found.colors, notes)

    def load(self) -> Any:
        if self._shown is None:
            return super().load()
        shown, self._shown = self._shown, None
        self._size = self._whole
        super().load()
        self.im = self.im.crop(shown)
        self._size = self.im.size
        return super().load()


class _Jpeg2000(Jpeg2KImagePlugin.Jpeg2KImageFile):
    """With the colour profile of its header, and only if header and pixels agree on the size."""

    def _open(self) -> None:
        super()._open()
        assert self.fp is not None
        self.fp.seek(0)
        stream = self.fp.read()
        if self.codec == "jp2":
            self.info["icc_profile"], stream = items.jpeg2000(stream)
        width, height, left, top = struct.unpack_from(">4I", stream, 8)
        if (width - left, height - top) != self.size:
            raise DamagedError(None, "says two different sizes", "get a whole copy of it")
        (count,) = struct.unpack_from(">H", stream, 40)
        if any((bits & 0x7F) >= 8 for bits in stream[42 : 42 + 3 * count : 3]):
            self.info[pixels.NOTES] = (pixels.FEWER_BITS,)


CORRECTED: Mapping[str, Opener] = {
    "BMP": _Bmp,
    "GIF": _Gif,
    "PNG": _Png,
    "HEIF": _Heif,
    "AVIF": _Avif,
    "JPEG2000": _Jpeg2000,
}


def _said(exif: bytes, xmp: bytes) -> int:
    """The orientation in an EXIF block, or else in XMP; 1 where there is none."""
    found = Image.Exif()
    found.load(exif)
    hint = XMP_ORIENTATION.search(xmp)
    return int(found.get(ExifTags.Base.Orientation, hint[1] if hint else 1))


def _turn(said: int) -> bytes:
    """An EXIF block with nothing but this orientation."""
    block = Image.Exif()
    block[ExifTags.Base.Orientation] = said
    return block.tobytes()


def _name_colors(image: ImageFile.ImageFile, colors: Nclx | None, notes: list[str]) -> None:
    """Give the picture the profile of its named colours where it has none of its own."""
    if not image.info.get("icc_profile") and colors is not None and not colors.plain:
        if colors.known:
            image.info["icc_profile"] = nclx.profile(colors)
            notes += [BRIGHTNESS_BENT] * colors.wide
        else:
            notes.append(COLORS_UNKNOWN)
    image.info[pixels.NOTES] = tuple(notes)
