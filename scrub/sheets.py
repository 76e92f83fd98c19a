"""A picture of what a file gives away: its faces framed, and the pictures that hide in it."""

from __future__ import annotations

import io
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from scrub import files
from scrub.errors import TargetError
from scrub.exposure import Exposure, Sighting
from scrub.formats import FORMATS, Frame

WIDE = 1000
"""Pixels of the longer side of a single picture on its sheet."""

NARROW = 480
"""The same of each frame of a clip, and of each hidden picture."""

MOST_FRAMES = 6
"""Frames of a clip that are shown: those with the most faces."""

MOST_HIDDEN = 12
"""Hidden pictures that are shown."""

MOST_HIDDEN_PIXELS = 50_000_000
"""A larger hidden picture is only named."""

GAP = 16
TEXT = 18
"""Pixels between the pictures, and of a line of text."""

PAPER, INK = (24, 24, 24), (235, 235, 235)
SURE, DOUBTFUL = (255, 59, 48), (255, 204, 0)
"""Colours of the sheet, and of the frames around faces."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture on a sheet and the line below it."""

    image: Image.Image
    caption: str


class Folder:
    """Where sheets go: one for each file, in folders like the files' own."""

    def __init__(self, path: Path, overwrite: bool) -> None:
        self._path = path
        self._overwrite = overwrite
        self._taken: set[Path] = set()

    def place(self, relative: Path) -> Path:
        """The sheet of the file with that place; raises TargetError where it is taken."""
        sheet = self._path / relative.with_name(f"{relative.name}.png")
        if sheet in self._taken:
            raise TargetError(sheet, "is another file's sheet already", "inspect them apart")
        if os.path.lexists(sheet) and not self._overwrite:
            raise TargetError(sheet, "exists already", "use --overwrite to replace it")
        self._taken.add(sheet)
        return sheet


def save(exposure: Exposure, sheet: Path) -> None:
    """Draw the sheet and put it there, readable only to its owner: nothing on it is covered.

    Raises TargetError where that fails.
    """
    image = _arranged([*_frames(exposure), *_hidden(exposure)])
    with files.draft_beside(sheet) as draft:
        try:
            image.save(draft, "PNG")
        except OSError as error:
            raise files.unwritable(sheet, error) from error
        files.commit(draft, sheet, 0o600)


def _frames(exposure: Exposure) -> Iterator[Tile]:
    """The picture, or those frames of a clip that show the most faces, in their order."""
    media = exposure.media
    # Of a video, nobody knows yet how many frames it has.
    seen: defaultdict[int, list[Sighting]] = defaultdict(list)
    for index in range(max(1, media.frames)):
        seen[index] = []
    for one in exposure.sightings or ():
        seen[one.frame].append(one)
    most = sorted(seen, key=lambda index: (-len(seen[index]), index))[:MOST_FRAMES]
    for frame in FORMATS[media.kind].frames(media):
        if frame.index in most:
            label = _number(frame.index, media.frames)
            side = WIDE if media.frames == 1 else NARROW
            yield Tile(_framed(frame, seen[frame.index], side), label + _said(seen[frame.index]))


def _number(index: int, frames: int) -> str:
    """Which frame it is, of how many if that is known; nothing of a single one."""
    if frames == 1:
        return ""
    return f"frame {index + 1} of {frames}: " if frames else f"frame {index + 1}: "


def _framed(frame: Frame, seen: Iterable[Sighting], side: int) -> Image.Image:
    """The frame made small, with a line around each face."""
    image = Image.fromarray(frame.rgb)
    scale = min(1.0, side / max(image.size))
    width, height = (max(1, round(length * scale)) for length in image.size)
    image = image.resize((width, height), Image.Resampling.BOX if scale < 1 else None)
    draw = ImageDraw.Draw(image)
    for one in seen:
        left, top, right, bottom = (round(edge * scale) for edge in one.face.box.edges)
        # Around the face and not on it: of a small one nothing would be left to see.
        around = (
            max(0, left - 2),
            max(0, top - 2),
            min(width - 1, right + 1),
            min(height - 1, bottom + 1),
        )
        draw.rectangle(around, outline=DOUBTFUL if one.face.doubtful else SURE, width=2)
    return image


def _said(seen: Sequence[Sighting]) -> str:
    doubtful = sum(one.face.doubtful for one in seen)
    sure = len(seen) - doubtful
    return f"{sure} {'face' if sure == 1 else 'faces'} (red), {doubtful} doubtful (yellow)"


def _hidden(exposure: Exposure) -> Iterator[Tile]:
    """The pictures within the file that can be opened, named."""
    hidden = [entry for entry in exposure.carried if entry.picture]
    for entry in hidden[:MOST_HIDDEN]:
        image = _opened(entry.picture)
        if image is not None:
            yield Tile(image, f"hidden: {entry.what}, {entry.value}".rstrip(", "))


def _opened(data: bytes) -> Image.Image | None:
    """A hidden picture made small; None where it is broken, too large or of a rare kind."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            if image.width * image.height > MOST_HIDDEN_PIXELS:
                return None
            shown = image.convert("RGB")
    except Exception:  # Pillow's decoders raise almost anything on broken data.
        return None
    shown.thumbnail((NARROW, NARROW))
    return shown


def _arranged(tiles: Sequence[Tile]) -> Image.Image:
    """The tiles row by row on one sheet, each with its line of text."""
    font = ImageFont.load_default(TEXT - 5)
    width = 2 * GAP + max(WIDE, *(tile.image.width for tile in tiles))
    places = list(_places([tile.image.size for tile in tiles], width))
    height = max(
        top + tile.image.height + TEXT for (_, top), tile in zip(places, tiles, strict=True)
    )
    sheet = Image.new("RGB", (width, height + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for (left, top), tile in zip(places, tiles, strict=True):
        sheet.paste(tile.image, (left, top))
        draw.text((left, top + tile.image.height + 2), tile.caption, INK, font)
    return sheet


def _places(sizes: Iterable[tuple[int, int]], width: int) -> Iterator[tuple[int, int]]:
    """Left and top of each tile, in rows that fit the width."""
    left, top, row = GAP, GAP, 0
    for across, down in sizes:
        across = max(across, NARROW - GAP)  # room for the line of text
        if left > GAP and left + across + GAP > width:
            left, top, row = GAP, top + row + TEXT + GAP, 0
        yield left, top
        left += across + GAP
        row = max(row, down)
