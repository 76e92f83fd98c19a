"""The pictures that Pillow reads and writes: one row of the table each.

A picture is decoded into upright RGB frames and built anew from them; nothing of the old
container is carried over, so nothing has to be removed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

from scrub import metadata
from scrub.errors import DamagedError, InputError, ScrubError, TooLargeError, UnsupportedError
from scrub.formats import pixels
from scrub.formats.media import Form, Frame, Media, Paint
from scrub.metadata import Entry

MEGA = 1_000_000

LARGEST_PICTURE = 200 * MEGA
"""Pixels; the largest telephone sensors have as many, and decoded they need 800 MB."""

LARGEST_CLIP = 250 * MEGA
"""Pixels of all frames together: Pillow holds all of them while it writes."""

LARGEST_FILE = 1000 * MEGA
"""Bytes; no picture of 200 megapixels needs more."""

UNSAID_DELAY = 100.0
"""Milliseconds that browsers give a frame which says 0."""

FLATTENED = "transparency was laid on white"

RAW_TAGS = {50706: "DNGVersion", 33421: "CFARepeatPatternDim"}
"""TIFF tags that only a camera's raw file has (DNG 1.7, TIFF/EP)."""

REDUCED = 1
"""TIFF NewSubfileType of a small preview: as first page, the rest is a raw file."""

# Both are checked here, with a message and a remedy of our own, before anything is decoded;
# a large text chunk is no reason to refuse a picture whose text is dropped anyway.
Image.MAX_IMAGE_PIXELS = None
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Still:
    """A row: how Pillow calls the container, what more it holds and how it is written.

    ``several`` is what several frames are in it, None where only the first one counts (what
    follows the first picture of a JPEG is a hidden one); ``alpha`` says whether it can be
    transparent; ``options`` go to Pillow's writer.
    """

    kind: str
    suffixes: tuple[str, ...]
    plugin: str
    several: Form | None = None
    alpha: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    def probe(self, path: Path, max_side: int | None = None) -> Media:
        """Read the header; see :class:`scrub.formats.media.Format`."""
        size = os.path.getsize(path)
        if size > LARGEST_FILE:
            raise TooLargeError(path, f"has {size:,} bytes", "shrink it with another program first")
        with _opened(path, self.plugin) as image:
            if self.kind == "tiff":
                _refuse_raw(path, image)
            width, height = image.size
            if width * height > LARGEST_PICTURE:
                raise TooLargeError(
                    path,
                    f"claims {width} x {height} pixels, over {LARGEST_PICTURE // MEGA} million",
                    "shrink it with another program first",
                )
            count = int(getattr(image, "n_frames", 1)) if self.several else 1
            count -= _hidden_first(image)
            if count > 1 and width * height * count > LARGEST_CLIP:
                raise TooLargeError(
                    path,
                    f"holds {count} frames of {width} x {height} pixels, more than "
                    f"{LARGEST_CLIP // MEGA} million pixels together",
                    "cut it into shorter pieces first",
                )
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
        with _opened(media.path, self.plugin) as image:
            first = _hidden_first(image)
            for index in range(media.frames):
                if media.frames > 1:
                    image.seek(first + index)
                rgb, alpha, warnings = pixels.decode(image, media.max_side)
                duration = 0.0
                if media.form == "animation":
                    duration = float(image.info.get("duration") or UNSAID_DELAY)
                if alpha is not None and not self.alpha:
                    rgb, alpha = pixels.flatten(rgb, alpha), None
                    warnings += (FLATTENED,)
                yield Frame(index, rgb, alpha, duration, warnings)

    def entries(self, path: Path) -> tuple[Entry, ...]:
        """Everything that the file carries."""
        return metadata.entries(self.kind, path.read_bytes())

    def rewrite(self, media: Media, target: Path, paint: Paint) -> None:
        """Build a new file from painted frames; see :class:`scrub.formats.media.Format`."""
        painted = []
        durations = []
        for frame in self.frames(media):
            done = paint(frame)
            painted.append(pixels.encode(done.rgb, done.alpha))
            durations.append(frame.duration)
        options = dict(self.options)
        if self.kind == "webp":
            options["lossless"] = media.lossless
        if len(painted) > 1:
            options |= {"save_all": True, "append_images": painted[1:]}
        if media.form == "animation":
            options["duration"] = durations
            if media.loop is not None:
                options["loop"] = media.loop
            if self.kind == "gif":
                # Each frame replaces the last one whole, so that no transparent pixel shows
                # what an earlier frame left there.
                options["disposal"] = 2
        try:
            painted[0].save(target, self.plugin, **options)
        except (ValueError, KeyError) as error:
            raise UnsupportedError(
                media.path, f"cannot be written as {self.kind} ({error})", "convert it to PNG first"
            ) from error

    def _lossless(self, path: Path) -> bool:
        if self.kind != "webp":
            return self.kind != "jpeg"
        with path.open("rb") as file:
            return b"VP8L" in file.read(64)


STILLS = (
    Still(
        "jpeg",
        (".jpg", ".jpeg", ".jpe", ".jfif"),
        "JPEG",
        alpha=False,
        # The same tables and subsampling for everybody, so that they tell nothing.
        options={"quality": 92, "subsampling": "4:2:0", "optimize": True},
    ),
    Still("png", (".png", ".apng"), "PNG", several="animation"),
    Still(
        "webp",
        (".webp",),
        "WEBP",
        several="animation",
        options={"quality": 90, "method": 4},
    ),
    Still("gif", (".gif",), "GIF", several="animation"),
    Still(
        "tiff",
        (".tif", ".tiff"),
        "TIFF",
        several="pages",
        options={"compression": "tiff_adobe_deflate"},
    ),
    Still("bmp", (".bmp", ".dib"), "BMP", alpha=False),
)


@contextlib.contextmanager
def _opened(path: Path, plugin: str) -> Iterator[Image.Image]:
    """Open with one of Pillow's plugins; what it raises comes out as an error of ours."""
    try:
        with Image.open(path, formats=[plugin]) as image:
            yield image
    except ScrubError as error:
        # Code below that sees pixels only does not know the file's name.
        raise type(error)(error.path or path, error.problem, error.remedy) from error
    except PermissionError as error:
        raise InputError(path, "may not be read", "change its permissions") from error
    except FileNotFoundError as error:
        raise InputError(path, "is gone", "look where it was moved to") from error
    except MemoryError as error:
        raise TooLargeError(
            path, "needs more memory than there is", "shrink it with another program first"
        ) from error
    except Exception as error:  # Pillow's decoders raise almost anything on broken data.
        raise DamagedError(
            path, "is damaged or cut short and cannot be read to its end", "get a whole copy of it"
        ) from error


def _hidden_first(image: Image.Image) -> int:
    """1 where the first frame of an animated PNG is a still that the animation never shows."""
    return int(bool(image.info.get("default_image")))


def _refuse_raw(path: Path, image: Image.Image) -> None:
    tags = getattr(image, "tag_v2", {})
    if any(tag in tags for tag in RAW_TAGS) or tags.get(254) == REDUCED:
        raise UnsupportedError(
            path, "is a camera's raw file", "develop it to JPEG or PNG first, then clean that"
        )
