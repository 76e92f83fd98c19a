"""Finds what comes and goes between two looks at a clip.

A face that shows up behind a passer-by or in a doorway is there for a few frames only: neither
look sees it, and nothing is searched where nothing was seen. But it changes the picture for so
long, and then the picture is again what it was.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from scrub.regions import Box

GRID = (96, 54)
"""Cells in which frames are compared, across and down."""

CHANGE = 20.0
"""Levels of 255 by which a cell has to differ from what it shows at both ends."""

STILL = 10.0
"""Levels by which both ends may differ there."""

AROUND = 0.5
"""Share of its size by which the changed part reaches further on each side: not all of a head
differs from what is behind it."""

LEAST_AROUND = 3
"""Cells by which it does at least."""

Scene = NDArray[np.float32]


def scene(rgb: NDArray[np.uint8]) -> Scene:
    """The small picture by which frames are compared: GRID cells."""
    # Every few rows and columns are enough for a picture this small.
    step = max(1, min(rgb.shape[:2]) // (2 * GRID[1]))
    coarse = np.ascontiguousarray(rgb[::step, ::step])
    return cv2.resize(coarse, GRID, interpolation=cv2.INTER_AREA).astype(np.float32)


def visited(scenes: Sequence[Scene], width: int, height: int) -> tuple[int, Box] | None:
    """In which of the frames between the first and the last most of a visitor is seen, and where.

    The box is in pixels of frames that are ``width`` x ``height``; None without a visitor.
    """
    first, *between, last = scenes
    still = _difference(first, last) <= STILL
    shares = [
        _without_specks(
            still & (_difference(one, first) > CHANGE) & (_difference(one, last) > CHANGE)
        )
        for one in between
    ]
    counts = [int(share.sum()) for share in shares]
    most = max(counts, default=0)
    if not most:
        return None
    rows, columns = np.nonzero(shares[counts.index(most)])
    box = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    across, down = (max(LEAST_AROUND, AROUND * side) for side in (box.width, box.height))
    x, y = width / GRID[0], height / GRID[1]
    around = Box.around(
        (box.left - across) * x,
        (box.top - down) * y,
        (box.right + across) * x,
        (box.bottom + down) * y,
    )
    return 1 + counts.index(most), around.clip(width, height)


def _difference(one: Scene, other: Scene) -> NDArray[np.float32]:
    """The largest of the three colours', for each cell."""
    apart: NDArray[np.float32] = np.abs(one - other).max(axis=2)
    return apart


def _without_specks(cells: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """1 for the cells of each square of four that all are True."""
    squares: NDArray[np.uint8] = cv2.morphologyEx(
        cells.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)
    ).astype(np.uint8)
    return squares
