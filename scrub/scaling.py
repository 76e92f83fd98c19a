"""Brings pictures to other sizes, at the cost of touching each pixel once.

Averaging to any size at once takes ten times as long: only halves are as fast as a copy.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def halved(pixels: NDArray[np.uint8]) -> NDArray[Any]:
    """The means of squares of 2 x 2 pixels; ``pixels`` are uint8, H x W or H x W x C.

    An odd last row or column counts twice, so that none is left out.
    """
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    size = (width + 1) // 2, (height + 1) // 2
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[Any]:
    """``pixels``, uint8, H x W x C, with sides ``scale`` times as long and at least one pixel.

    Halved as often as that goes, which keeps small things, and then interpolated.
    """
    size = tuple(max(1, round(side * scale)) for side in pixels.shape[1::-1])
    while scale <= 0.5:
        pixels, scale = halved(pixels), 2 * scale
    return cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
