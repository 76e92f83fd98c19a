"""Looks at small parts of a picture, laid side by side on one canvas no wider than they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from scrub.detectors import Detector, Look, Pixels, load
from scrub.regions import Box, Detection

PART = 96
"""Pixels of the longer side of a part on the canvas, at most."""

COLUMNS = 5
"""Parts beside each other on the canvas, at most."""

AROUND = 3.0
"""How many times larger than a face the part around it is."""

MOST_PARTS = 2 * COLUMNS
"""Parts on the canvas: two rows. Where more heads are expected, they take turns."""

FINEST = 1.25
"""A part is not enlarged by more: a pattern that is enlarged looks like anything."""


class Parts:
    """Looks for faces around boxes."""

    def __init__(self, threads: int) -> None:
        """Load the network; ``threads`` is cores to use, 0 for all."""
        self._threads = threads
        self._sized(COLUMNS * PART)

    def detect(self, rgb: Pixels, boxes: Sequence[Box]) -> list[Detection]:
        """What is found around the boxes, in the pixels of the frame."""
        if not boxes:
            return []
        columns = min(len(boxes), COLUMNS)
        rows = -(-len(boxes) // columns)
        canvas = np.zeros((rows * PART, columns * PART, 3), np.uint8)
        places = []
        for number, box in enumerate(boxes):
            part, scale = _part(rgb, box)
            if not part.area:
                continue
            top, left = number // columns * PART, number % columns * PART
            pixels = rgb[part.top : part.bottom, part.left : part.right]
            size = max(1, int(part.width * scale)), max(1, int(part.height * scale))
            small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            canvas[top : top + size[1], left : left + size[0]] = small
            places.append((Box(left, top, left + size[0], top + size[1]), part, scale))
        return [
            replace(find, box=box)
            for find in self._sized(canvas.shape[1]).detect(canvas)
            for box in _back(find.box, places)
        ]

    @lru_cache(maxsize=COLUMNS)  # noqa: B019 - it lives as long as the process
    def _sized(self, width: int) -> Detector:
        return load("centerface", looks=(Look(width),), threads=self._threads)


def in_turn(boxes: Sequence[Box], turn: int) -> list[Box]:
    """As many boxes as the canvas holds, other ones in each turn."""
    groups = -(-len(boxes) // MOST_PARTS)
    return list(boxes[turn % groups :: groups]) if groups else []


def _part(rgb: Pixels, box: Box) -> tuple[Box, float]:
    """The surroundings of a face inside the picture, and how they are shrunk for the canvas."""
    reach = AROUND / 2 * max(box.width, box.height, 8)
    x, y = box.center
    height, width = rgb.shape[:2]
    part = Box.around(x - reach, y - reach, x + reach, y + reach).clip(width, height)
    return part, min(FINEST, PART / max(part.width, part.height, 1))


def _back(found: Box, places: Iterable[tuple[Box, Box, float]]) -> Iterator[Box]:
    """A find on the canvas, in the pixels of the picture; none where it lies across parts."""
    for place, part, scale in places:
        if found.intersect(place).area >= 0.7 * found.area > 0:
            yield Box.around(
                part.left + (found.left - place.left) / scale,
                part.top + (found.top - place.top) / scale,
                part.left + (found.right - place.left) / scale,
                part.top + (found.bottom - place.top) / scale,
            )
