"""Brings pictures to other sizes, at the cost of touching each pixel once.

Averaging to any size at once takes ten times as long: only halves are as fast as a copy.
"""

from __future__ import annotations

import weakref
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

HUGE = 24_000_000
"""Pixels of a picture that leaves no room for what only saves time: its half, or what the network
holds between two pictures."""

_halves: dict[int, NDArray[np.uint8]] = {}
"""The halves of pictures that are still there, by their identities."""


def halved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The means of squares of 2 x 2 pixels; ``pixels`` are uint8, H x W or H x W x C.

    An odd last row or column counts twice, so that none is left out. The half of a picture that is
    read-only, and so will never show anything else, is made once and kept as long as the picture:
    each of the looks begins with it, and so does the comparison of a written file.
    """
    if pixels.flags.writeable or pixels.shape[0] * pixels.shape[1] > HUGE:
        return _half(pixels)
    half = _halves.get(id(pixels))
    if half is None:
        half = _half(pixels)
        half.setflags(write=False)
        _halves[id(pixels)] = half
        weakref.finalize(pixels, _halves.pop, id(pixels), None)
    return half


def _half(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    down, right = (side % 2 for side in pixels.shape[:2])
    whole: NDArray[Any] = pixels
    if down or right:
        whole = cv2.copyMakeBorder(pixels, 0, down, 0, right, cv2.BORDER_REPLICATE)
    size = whole.shape[1] // 2, whole.shape[0] // 2
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)


def resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """``pixels``, uint8, H x W x C, with sides ``scale`` times as long and at least one pixel."""
    size = [max(1, round(side * scale)) for side in pixels.shape[1::-1]]
    while scale <= 0.5:
        pixels, scale = halved(pixels), 2 * scale
    # Averaging keeps small things when shrinking; it would only repeat pixels when enlarging.
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)
