"""What opens each container: Pillow's plugins, corrected where they would show something else."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import IO

import pillow_heif
from PIL import AvifImagePlugin, GifImagePlugin, Image, ImageFile, Jpeg2KImagePlugin

from scrub.errors import DamagedError
from scrub.formats import items, nclx, pixels
from scrub.formats.nclx import Nclx

OTHERS_DROPPED = "only the main picture of several was kept"
SEQUENCE_DROPPED = "only the main picture was kept, and not the moving one"
BRIGHTNESS_BENT = "brightness beyond what screens show (HDR) was brought down"
COLORS_UNKNOWN = "the colours could not be converted; they were taken for sRGB"

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


class _Heif(pillow_heif.HeifImageFile):
    """The primary picture alone, turned as the container says.

    The decoder turns it. Orientations in EXIF and XMP are for programs that cannot, and
    following them too would turn it twice (ISO/IEC 23008-12, A.2.1).
    """

    def _open(self) -> None:
        assert self.fp is not None
        found = {kind for kind, _ in items.boxes(self.fp.read())}
        super()._open()  # type: ignore[no-untyped-call]
        notes = []
        if super().n_frames > 1:
            notes.append(OTHERS_DROPPED)
        if b"moov" in found:
            notes.append(SEQUENCE_DROPPED)
        if self.info["bit_depth"] > 8:
            notes.append(pixels.FEWER_BITS)
        named = self.info.get("nclx_profile")
        colors = named and Nclx(named["color_primaries"], named["transfer_characteristics"])
        self.info = {"icc_profile": self.info.get("icc_profile")}
        _name_colors(self, colors, notes)

    @property
    def n_frames(self) -> int:
        return 1

    def draft(self, mode: str | None, size: tuple[int, int] | None) -> None:
        """Never an embedded thumbnail in the picture's place: it may show something else."""


class _Avif(AvifImagePlugin.AvifImageFile):
    """In the colours that the container names, which Pillow does not ask for."""

    def _open(self) -> None:
        super()._open()
        assert self.fp is not None
        self.fp.seek(0)
        found = items.properties(self.fp.read())
        notes = [pixels.FEWER_BITS] if items.depth(found) > 8 else []
        # An orientation in XMP would turn what is turned already.
        self.info.pop("xmp", None)
        if self.n_frames > 1:
            # Nothing else can be written.
            self.info["loop"] = 0
        _name_colors(self, items.colors(found), notes)


class _Jpeg2000(Jpeg2KImagePlugin.Jpeg2KImageFile):
    """With the colour profile of its header, and only if header and pixels agree on the size."""

    def _open(self) -> None:
        super()._open()
        assert self.fp is not None
        self.fp.seek(0)
        data = self.fp.read()
        stream = data
        notes = []
        if self.codec == "jp2":
            header = dict(items.boxes(data))
            stream = header[b"jp2c"]
            for kind, content in items.boxes(header[b"jp2h"]):
                # Method 2: a profile follows (ISO/IEC 15444-1, I.5.3.3).
                if kind == b"colr" and content[0] == 2:
                    self.info["icc_profile"] = content[3:]
        width, height, left, top = struct.unpack_from(">4I", stream, 8)
        if (width - left, height - top) != self.size:
            raise DamagedError(None, "says two different sizes", "get a whole copy of it")
        (count,) = struct.unpack_from(">H", stream, 40)
        if any((bits & 0x7F) >= 8 for bits in stream[42 : 42 + 3 * count : 3]):
            notes.append(pixels.FEWER_BITS)
        self.info[pixels.NOTES] = tuple(notes)


CORRECTED: Mapping[str, Opener] = {
    "GIF": _Gif,
    "HEIF": _Heif,
    "AVIF": _Avif,
    "JPEG2000": _Jpeg2000,
}


def _name_colors(image: ImageFile.ImageFile, colors: Nclx | None, notes: list[str]) -> None:
    """Give the picture the profile of its named colours where it has none of its own."""
    if not image.info.get("icc_profile") and colors is not None and not colors.plain:
        if colors.known:
            image.info["icc_profile"] = nclx.profile(colors)
            notes += [BRIGHTNESS_BENT] * colors.wide
        else:
            notes.append(COLORS_UNKNOWN)
    image.info[pixels.NOTES] = tuple(notes)
