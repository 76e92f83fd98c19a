"""Boxes, detections and regions: half-open integer pixels, origin at the top left.

A *detection* is what a detector says: a tight face box and a score. A *region* is what will
be covered: the whole head, in whole frames. Floats live only inside the detectors.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

IN_DOUBT = 0.5
"""Share of the margin around a find that is more likely no face."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels: ``left <= x < right`` and ``top <= y < bottom``."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, left: float, top: float, right: float, bottom: float) -> Box:
        """The smallest box of whole pixels that holds the given edges."""
        return cls(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom."""
        return self.left, self.top, self.right, self.bottom

    @property
    def width(self) -> int:
        return max(0, self.right - self.left)

    @property
    def height(self) -> int:
        return max(0, self.bottom - self.top)

    def moved(self, x: float, y: float) -> Box:
        """The box so many pixels to the right and down."""
        return Box.around(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def grown(self, x: float, y: float) -> Box:
        """The box with so many pixels more on the left and the right, above and below."""
        return Box.around(self.left - x, self.top - y, self.right + x, self.bottom + y)

    @property
    def area(self) -> int:
        """Pixels inside; 0 for a box turned inside out."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """The middle as (x, y) in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def clip(self, width: int, height: int) -> Box:
        """The part inside a picture of the given size; area 0 where none is."""
        left, right = (min(max(x, 0), width) for x in (self.left, self.right))
        top, bottom = (min(max(y, 0), height) for y in (self.top, self.bottom))
        return Box(left, top, max(left, right), max(top, bottom))

    def intersect(self, other: Box) -> Box:
        """The part that both share; area 0 where they do not touch."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        shared = self.intersect(other).area
        total = self.area + other.area - shared
        return shared / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that a detector found: tight box in the frame's pixels, and the evidence for it.

    ``score`` is 0 to 1 of a single look, and their sum where several saw it.
    ``detector`` names who found it; ``doubtful`` says that it is more likely to be something
    else: it is covered all the same, and a person is told where to look.
    """

    box: Box
    score: float
    detector: str
    doubtful: bool = False

    def moved(self, x: float, y: float) -> Detection:
        """The find, seen in a part of a picture, where it is in the whole."""
        return replace(self, box=self.box.moved(x, y))


@dataclass(frozen=True, slots=True)
class Region:
    """Pixels to cover in the frames ``first_frame`` to ``last_frame``, both included.

    ``why`` says in plain words what led to it. Regions with the same ``track`` are the same
    head in different frames: they share one colour and one entropy. ``doubtful`` as in
    :class:`Detection`.
    """

    box: Box
    first_frame: int
    last_frame: int
    why: str
    track: int
    doubtful: bool = False

    def covers_frame(self, index: int) -> bool:
        return self.first_frame <= index <= self.last_frame


class Timeline:
    """Regions by the frame that they cover; of a long clip there are many."""

    STRETCH = 32
    """Frames that share one list."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._stretches: defaultdict[int, list[Region]] = defaultdict(list)
        for region in regions:
            first, last = region.first_frame // self.STRETCH, region.last_frame // self.STRETCH
            for number in range(first, last + 1):
                self._stretches[number].append(region)

    def at(self, index: int) -> list[Region]:
        """The regions that cover a frame, in the order in which they were given."""
        near = self._stretches.get(index // self.STRETCH, ())
        return [region for region in near if region.covers_frame(index)]


def head(face: Box, margin: float) -> Box:
    """The whole head around a face box that reaches from brow to chin and ear to ear.

    ``margin`` is how far it goes beyond the face on the left and on the right, as a share of
    the face's longer side. Upwards it goes further, for forehead and hair, downwards less far;
    a face seen from the side is narrower than it is high and needs the longer side's margin.
    """
    side = margin * max(face.width, face.height)
    return Box.around(
        face.left - side,
        face.top - 1.25 * side,
        face.right + side,
        face.bottom + 0.75 * side,
    )


def head_of(find: Detection, margin: float, small: float) -> Box:
    """The head around what a detector found; see :func:`head`.

    A doubtful find gets :data:`IN_DOUBT` of the margin; around one that is longer than ``small``
    pixels it is as wide as around one of that length. What that saves in pictures of walls and
    leaves is better spent on a lower threshold, which covers more faces.
    """
    if find.doubtful:
        side = max(find.box.width, find.box.height, 1)
        margin *= IN_DOUBT * min(1, small / side)
    return head(find.box, margin)


def covered_share(box: Box, covers: Iterable[Box]) -> float:
    """Which share of ``box``'s pixels the ``covers`` hide together, 0 to 1; 1 for an empty box."""
    if not box.area:
        return 1.0
    hidden = np.zeros((box.height, box.width), np.bool_)
    for cover in covers:
        shared = cover.intersect(box)
        if shared.area:
            hidden[
                shared.top - box.top : shared.bottom - box.top,
                shared.left - box.left : shared.right - box.left,
            ] = True
    return float(hidden.mean())
