"""What every container is read into: a clip of upright RGB frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from scrub.metadata import Entry

Form = Literal["still", "animation", "pages", "video"]

Sound = Literal["drop", "keep", "mask"]


@dataclass(frozen=True, slots=True)
class Media:
    """A file that was recognised and can be read; a still is a clip of one frame.

    ``kind`` is the container's key in :data:`scrub.formats.FORMATS`; ``width`` and ``height``
    are those of the first frame as stored, upright, in pixels; ``frames`` is 0 for a video,
    whose frames are only known when they have been read; ``loop`` is how often an animation
    plays, 0 for ever, None once; ``max_side`` bounds the long side that frames are shrunk to;
    ``lossless`` says that pixels were stored exactly; ``to`` is the kind of the file that is to be
    made of it, None for its own; ``sounding`` says that a video has sound, and ``sound`` what
    becomes of it; ``beside`` names, in plain words, the other streams that are left
    out; ``length`` is what a video's header says of its length in milliseconds, 0 where it says
    nothing; ``only`` is the one frame of a still that was decoded already, and saves doing it
    again.
    """

    path: Path
    kind: str
    form: Form
    width: int
    height: int
    frames: int
    loop: int | None = None
    max_side: int | None = None
    lossless: bool = True
    to: str | None = None
    sounding: bool = False
    sound: Sound = "drop"
    beside: tuple[str, ...] = ()
    length: float = 0.0
    only: Frame | None = field(default=None, repr=False, compare=False)

    @property
    def written(self) -> str:
        """The kind of the file that is made of it."""
        return self.to or self.kind


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a clip, upright, in sRGB.

    ``rgb`` is uint8, H x W x 3; ``alpha`` is uint8, H x W, or None where all is opaque, and
    ``rgb`` is 0 wherever ``alpha`` is; ``duration`` is in milliseconds, 0 in stills and pages;
    ``warnings`` tell what reading could not keep; ``time`` is when it is shown, in milliseconds
    from the first, and 0 in stills and pages. Its pixels are frozen too.
    """

    index: int
    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None
    duration: float = 0.0
    warnings: tuple[str, ...] = ()
    time: float = 0.0

    def __post_init__(self) -> None:
        self.rgb.setflags(write=False)


HIDDEN = "colours under transparent pixels"
"""Among the warnings of a frame whose file holds such: decoded, they are gone."""

Paint = Callable[[Frame], Frame]


class Format(Protocol):
    """One container: how to read it, list it and write it anew."""

    @property
    def kind(self) -> str:
        """Key in the table, and what the report calls it."""
        ...

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File name endings in lower case with the dot; the first is given to new files."""
        ...

    def probe(self, path: Path, max_side: int | None = None) -> Media:
        """Read the header. Raises InputError where the file is damaged or too large."""
        ...

    def frames(self, media: Media) -> Iterator[Frame]:
        """Decode one frame after the other. Raises DamagedError where the data ends early."""
        ...

    def entries(self, path: Path) -> tuple[Entry, ...]:
        """Everything that the file at ``path`` carries."""
        ...

    def rewrite(self, media: Media, target: Path, paint: Paint) -> None:
        """Build a new file of this kind at ``target`` from nothing but painted frames.

        ``media`` may be of another kind: the one that it is to become writes it.
        """
        ...
