"""Looks at pictures of two colours smoothed too: faxes, old scans, what a newspaper prints.

Their greys are dots, which at the dots' own size the networks take for a texture: of two faces 80
pixels wide they saw none, and both as soon as the dots ran together.
"""

from __future__ import annotations

import cv2
import numpy as np

from scrub.detectors import Detector, Pixels
from scrub.detectors.ensemble import united
from scrub.regions import Detection

SMOOTH = 1.2
"""Standard deviation of the smoothing in pixels, a little over the distance of fine dots."""

SAMPLED = 64
"""Rows in which colours are counted."""


class Dots:
    """A detector that another one is; of a picture of two colours it shows that one two."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def detect(self, rgb: Pixels) -> list[Detection]:
        """Finds in the picture as it is, and in the smoothed one, each face once."""
        found = self._detector.detect(rgb)
        if not has_two_colors(rgb):
            return found
        smooth = np.asarray(cv2.GaussianBlur(rgb, (0, 0), SMOOTH), np.uint8)
        return united(found, self._detector.detect(smooth))

    def close(self) -> None:
        self._detector.close()


def has_two_colors(rgb: Pixels) -> bool:
    """Whether there are two colours at most, as far as some of the rows tell."""
    seen = rgb[:: max(1, len(rgb) // SAMPLED)]
    one = other = seen[0, 0]
    # Row by row: most pictures show a third colour in the first one.
    for row in seen:
        others = row[(row != one).any(axis=1)]
        if len(others) and (other == one).all():
            other = others[0]
        if (others != other).any():
            return False
    return True
