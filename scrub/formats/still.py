"""The pictures that Pillow and its plugins read and write: one row of the table each.

A picture is decoded into upright RGB frames and built anew from them; nothing of the old
container is carried over, so nothing has to be removed.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

from scrub import files, metadata
from scrub.errors import (
    DamagedError,
    ScrubError,
    StorageError,
    TooLargeError,
    UnsupportedError,
)
from scrub.formats import pixels
from scrub.formats.finish import FINISH, transparent
from scrub.formats.media import Form, Frame, Media, Paint
from scrub.formats.plugins import can_write, opener
from scrub.metadata import Entry
from scrub.silence import silence

MEGA = 1_000_000

LARGEST_PICTURE = 100 * MEGA
"""Pixels: decoding, painting and comparing need 10 bytes for each, the detectors 500 MB."""

LARGEST_MODERN = 64 * MEGA
"""Pixels of a HEIC or AVIF, whose encoders need 25 bytes for each."""

LARGEST_CLIP = 250 * MEGA
"""Pixels of all frames together: Pillow holds all of them while it writes."""

LARGEST_FILE = 1000 * MEGA
"""Bytes; no picture of so many pixels needs more."""

UNSAID_DELAY = 100.0
"""Milliseconds that browsers give a frame which says 0."""

SHRINK = "shrink it with --max-side 8000 or less"
SHRINK_ELSEWHERE = "shrink it with another program first"

CLEARED, BACK = 2, 3
"""How a frame of a GIF is taken away: to the background, or to what was there (GIF89a, 23)."""

FLATTENED = "transparency was laid on white"

RAW_TAGS = {50706: "DNGVersion", 33421: "CFARepeatPatternDim"}
"""TIFF tags that only a camera's raw file has (DNG 1.7, TIFF/EP)."""

REDUCED = 1
"""TIFF NewSubfileType of a small preview: as first page, the rest is a raw file."""

# The size of the first picture is checked here, with a remedy of our own, before anything is
# decoded. Pillow, which refuses twice its limit, guards what comes up later: a page or a frame
# that is larger. A large text is no reason to refuse a picture whose text is dropped anyway.
Image.MAX_IMAGE_PIXELS = LARGEST_PICTURE // 2
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Still:
    """A row: how Pillow calls the container, what more it holds and how it is written.

    ``several`` is what several frames are in it, None where only the first one counts (what
    follows the first picture of a JPEG is a hidden one); ``alpha`` says whether it can be
    transparent, ``exact`` whether pixels come out of it as they went in, ``largest`` how many
    of them one picture may have; ``options`` go to Pillow's writer, those of animations from
    ``moving``; ``target`` is the kind that is written in its place, None where that is its own.
    """

    kind: str
    suffixes: tuple[str, ...]
    plugin: str
    several: Form | None = None
    alpha: bool = True
    exact: bool = True
    largest: int = LARGEST_PICTURE
    options: Mapping[str, Any] = field(default_factory=dict)
    moving: Mapping[str, Any] = field(default_factory=dict)
    target: str | None = None

    @property
    def writable(self) -> bool:
        """Whether it can be written on this machine; JPEG always can."""
        return can_write(self.plugin)

    def probe(self, path: Path, max_side: int | None = None) -> Media:
        """Read the header; see :class:`scrub.formats.media.Format`."""
        with _opened(path, self.plugin, max_side) as image, silence:
            if self.kind == "tiff":
                _refuse_raw(path, image)
            width, height = image.size
            if width * height > min(self.largest, LARGEST_PICTURE):
                raise TooLargeError(
                    path,
                    f"has {width} x {height} pixels, over {self.largest // MEGA} million",
                    SHRINK if self.kind == "jpeg" else SHRINK_ELSEWHERE,
                )
            count = int(getattr(image, "n_frames", 1)) if self.several else 1
            count -= _hidden_first(image)
            if count > 1 and width * height * count > LARGEST_CLIP:
                raise _long_clip(path, f"holds {count} frames of {width} x {height} pixels")
            # Of a TIFF, Pillow says the size as it is turned.
            if pixels.orientation(image) in pixels.SIDEWAYS and self.kind != "tiff":
                width, height = height, width
            return Media(
                path=path,
                kind=self.kind,
                form=self.several if self.several and count > 1 else "still",
                width=width,
                height=height,
                frames=count,
                loop=image.info.get("loop"),
                max_side=max_side,
                lossless=self._lossless(path),
            )

    def frames(self, media: Media) -> Iterator[Frame]:
        """Decode frame by frame; see :class:`scrub.formats.media.Format`."""
        if media.frames == 1:
            # Nothing here may hold on to it: a large picture is a third of a gigabyte.
            yield media.only or self._only(media)
            return
        with _opened(media.path, self.plugin, media.max_side) as image:
            together = 0
            time = 0.0
            for index in range(media.frames):
                frame = self._frame(image, media, index)
                together += frame.rgb.size // 3
                if together > LARGEST_CLIP:
                    raise _long_clip(media.path, "holds pages of different sizes")
                yield replace(frame, time=time)
                time += frame.duration

    def entries(self, path: Path) -> tuple[Entry, ...]:
        """Everything that the file carries."""
        return metadata.entries(self.kind, path.read_bytes())

    def rewrite(self, media: Media, target: Path, paint: Paint) -> None:
        """Build a new file from painted frames; see :class:`scrub.formats.media.Format`."""
        painted = []
        durations = []
        for frame in ROWS[media.kind].frames(media):
            frame = paint(frame)
            painted.append(self._image(frame))
            durations.append(frame.duration)
            del frame
        painted = self._alike(painted)
        first, *others = painted
        options = self._options(media, durations)
        if self.kind == "gif" and media.form == "animation":
            options["disposal"] = _disposal(painted)
        if first.mode == "P":
            # Transparency is said of every frame, or some readers clear the others to a colour.
            options |= {"transparency": pixels.KEY, "optimize": False}
        if others:
            options |= {"save_all": True, "append_images": others}
        with _saving(media, target):
            first.save(target, self.plugin, **options)
            if self.kind in FINISH:
                target.write_bytes(FINISH[self.kind](target.read_bytes(), media.loop))
            if self.kind == "webp" and any(image.mode == "RGBA" for image in painted):
                target.write_bytes(transparent(target.read_bytes()))

    def _alike(self, painted: list[Image.Image]) -> list[Image.Image]:
        """The pictures in one mode, where the first one's would be taken for all."""
        modes = {image.mode for image in painted}
        if self.kind == "avif" and "RGBA" in modes:
            return [image.convert("RGBA") for image in painted]
        return [pixels.with_key(image) for image in painted] if "P" in modes else painted

    def _options(self, media: Media, durations: list[float]) -> dict[str, Any]:
        """What Pillow's writer is told, but for the frames themselves."""
        options = dict(self.options)
        if self.kind == "webp":
            options |= {"lossless": media.lossless, "exact": media.lossless}
        if media.form != "animation":
            return options
        options |= self.moving
        options["duration"] = [*map(round, durations)] if self.kind == "avif" else durations
        if media.loop is not None:
            options["loop"] = media.loop
        elif self.kind == "png":
            options["loop"] = 1
        return options

    def _only(self, media: Media) -> Frame:
        with _opened(media.path, self.plugin, media.max_side) as image:
            return self._frame(image, media, 0)

    def _frame(self, image: Image.Image, media: Media, index: int) -> Frame:
        with silence:
            number = index + _hidden_first(image)
            if number:
                image.seek(number)
            rgb, alpha, warnings = pixels.decode(
                _clipped(image, media), media.max_side, media.lossless
            )
        duration = 0.0
        if media.form == "animation":
            duration = float(image.info.get("duration") or UNSAID_DELAY)
        if alpha is not None and not ROWS[media.written].alpha:
            rgb, alpha = pixels.flatten(rgb, alpha), None
            warnings += (FLATTENED,)
        if alpha is not None and self.kind == "gif":
            rgb, alpha = pixels.hardened(rgb, alpha)
        return Frame(index, rgb, alpha, duration, warnings)

    def _image(self, frame: Frame) -> Image.Image:
        if self.kind == "gif" and frame.alpha is not None:
            return pixels.indexed(frame.rgb, frame.alpha)
        return pixels.encode(frame.rgb, frame.alpha)

    def _lossless(self, path: Path) -> bool:
        if self.kind != "webp":
            return self.exact
        return any("VP8L" in entry.place for entry in self.entries(path))


STILLS = (
    Still(
        "jpeg",
        (".jpg", ".jpeg", ".jpe", ".jfif"),
        "JPEG",
        alpha=False,
        exact=False,
        # The same tables and subsampling for everybody, so that they tell nothing. Tables
        # fitted to each picture would save a twentieth and need 3 bytes more for each pixel.
        options={"quality": 92, "subsampling": "4:2:0"},
    ),
    Still("png", (".png", ".apng"), "PNG", several="animation"),
    Still(
        "webp",
        (".webp",),
        "WEBP",
        several="animation",
        options={"quality": 90, "method": 4},
    ),
    Still(
        "gif",
        (".gif",),
        "GIF",
        several="animation",
        # Each frame replaces the last one whole, so that no transparent pixel shows what an
        # earlier frame left there.
    ),
    Still(
        "tiff",
        (".tif", ".tiff"),
        "TIFF",
        several="pages",
        options={"compression": "tiff_adobe_deflate"},
    ),
    Still("bmp", (".bmp", ".dib"), "BMP", alpha=False),
    Still(
        "heic",
        (".heic", ".heif", ".hif"),
        "HEIF",
        exact=False,
        largest=LARGEST_MODERN,
        # A slower preset takes five times as long and saves a tenth.
        options={"quality": 85, "chroma": 420, "enc_params": {"preset": "ultrafast"}},
    ),
    Still(
        "avif",
        (".avif", ".avifs"),
        "AVIF",
        several="animation",
        exact=False,
        largest=LARGEST_MODERN,
        # Transparency is kept to the bit: what is opaque must not become less so.
        options={"quality": 85, "speed": 8, "advanced": {"a:lossless": "1"}},
        # Faster, one in seventy short clips keeps a block of the frame before (libaom).
        moving={"speed": 6},
    ),
    Still(
        "jpeg2000",
        (".jp2", ".j2k", ".j2c", ".jpx", ".jpf"),
        "JPEG2000",
        # Its decoder needs up to 24 bytes for each.
        largest=50 * MEGA,
        # Most browsers do not show it; PNG keeps each pixel too.
        target="png",
    ),
)

ROWS: Mapping[str, Still] = {still.kind: still for still in STILLS}
"""Kind -> its row."""


@contextlib.contextmanager
def _opened(path: Path, plugin: str, max_side: int | None) -> Iterator[Image.Image]:
    """Open with one of Pillow's plugins; what it raises comes out as an error of ours.

    Where pictures are to be shrunk, a JPEG is decoded at a half, a quarter or an eighth of
    its size if that is still enough.
    """
    try:
        # Of a file that has a name, Pillow may map the pixels into memory: those of a grey TIFF
        # that is turned then come out in rows of the wrong length.
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST_FILE:
                raise TooLargeError(path, f"has {size:,} bytes", SHRINK_ELSEWHERE)
            with silence:
                image = opener(plugin)(file, "")
            # Unlike leaving its own block, closing a picture frees its pixels too.
            with contextlib.closing(image):
                if max_side is not None:
                    scale = min(1.0, max_side / max(image.size))
                    width, height = (math.ceil(side * scale) for side in image.size)
                    image.draft(None, (width, height))
                yield image
    except ScrubError as error:
        # Code below that sees pixels only does not know the file's name.
        raise type(error)(error.path or path, error.problem, error.remedy) from error
    except (PermissionError, FileNotFoundError) as error:
        raise files.unreadable(path, error) from error
    except Image.DecompressionBombError as error:
        problem = f"holds a picture of more than {LARGEST_PICTURE // MEGA} million pixels"
        raise TooLargeError(path, problem, SHRINK_ELSEWHERE) from error
    except MemoryError as error:
        raise TooLargeError(path, "needs more memory than there is", SHRINK_ELSEWHERE) from error
    except Exception as error:  # Pillow's decoders raise almost anything on broken data.
        raise DamagedError(
            path, "is damaged or cut short and cannot be read to its end", "get a whole copy of it"
        ) from error


@contextlib.contextmanager
def _saving(media: Media, target: Path) -> Iterator[None]:
    """What Pillow raises while it writes comes out as an error of ours."""
    try:
        with silence:
            yield
    except OSError as error:
        problem = f"cannot be written to ({error.strerror or error})"
        raise StorageError(target.parent, problem, "look whether its disk is full") from error
    except MemoryError as error:
        problem = "needs more memory than there is"
        raise TooLargeError(media.path, problem, SHRINK_ELSEWHERE) from error
    except Exception as error:  # Such as a sum of delays that its field has no room for.
        problem = f"cannot be written as {media.written} ({error})"
        raise UnsupportedError(media.path, problem, "convert it to PNG first") from error


def _long_clip(path: Path, problem: str) -> TooLargeError:
    return TooLargeError(
        path,
        f"{problem}, more than {LARGEST_CLIP // MEGA} million pixels together",
        "cut it into shorter pieces first",
    )


def _clipped(image: Image.Image, media: Media) -> Image.Image:
    """The picture, of a frame of a GIF only what lies on its screen, as browsers show it.

    For Pillow the screen grows with a frame that reaches beyond it (GIF89a, 20).
    """
    screen = media.width, media.height
    if media.kind != "gif" or image.size == screen:
        return image
    return image.crop((0, 0, *screen))


def _disposal(painted: list[Image.Image]) -> int | list[int]:
    """How each frame of a GIF is taken away.

    Each one replaces the last whole, so that no transparent pixel shows what an earlier frame left
    there. Before a frame of nothing, at which Pillow would begin the file anew, what was there
    before comes back, which is nothing too.
    """
    blanks = [pixels.is_blank(image) for image in painted]
    vanish = [after and not now for now, after in zip(blanks, [*blanks[1:], False], strict=True)]
    return [BACK if one else CLEARED for one in vanish] if any(vanish) else CLEARED


def _hidden_first(image: Image.Image) -> int:
    """1 where the first frame of an animated PNG is a still that the animation never shows."""
    return int(bool(image.info.get("default_image")))


def _refuse_raw(path: Path, image: Image.Image) -> None:
    tags = getattr(image, "tag_v2", {})
    if any(tag in tags for tag in RAW_TAGS) or tags.get(254) == REDUCED:
        raise UnsupportedError(
            path, "is a camera's raw file", "develop it to JPEG or PNG first, then clean that"
        )
