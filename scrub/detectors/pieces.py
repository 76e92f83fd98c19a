"""Looks at panoramas, long screenshots and elongated videos piece by piece.

The looks bring the longer side of a picture to so many pixels. Where that is many times the
shorter one, what is left of the shorter shows no face: of a crowd in a picture twelve times as wide
as high, two in three were missed.
"""

from __future__ import annotations

from scrub.detectors import Detector, Pixels
from scrub.detectors.ensemble import united
from scrub.regions import Box, Detection

LONG = 2.5
"""Times the shorter side that a picture may be long and still be looked at as a whole only: wide
films are as long as 2.4 and cut a little closer, and no telephone's screen is longer."""

PIECE = 1.5
"""The same of a piece, which is what the usual picture is; ..."""

LEAST = 640
"""... but it is never shorter than so many pixels, which all looks show at their own size."""

SHARED = 0.5
"""Shorter sides that two neighbours both show: a face that is larger is seen in the whole."""

MOST = 32
"""Pieces, however long the picture is."""


class Pieces:
    """A detector that another one is; of long pictures it shows that one pieces too."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def detect(self, rgb: Pixels) -> list[Detection]:
        """Finds in the whole and in its pieces, each face once; strongest first in each."""
        height, width = rgb.shape[:2]
        found = self._detector.detect(rgb)
        for piece in pieces(width, height):
            part = rgb[piece.top : piece.bottom, piece.left : piece.right]
            shown = self._detector.detect(part)
            found = united(found, [one.moved(piece.left, piece.top) for one in shown])
        return found

    def close(self) -> None:
        self._detector.close()


def pieces(width: int, height: int) -> list[Box]:
    """Overlapping boxes that together hold a long picture; none of a usual one."""
    shorter, longer = sorted((width, height))
    side = max(LEAST, round(PIECE * shorter))
    if longer <= max(side, LONG * shorter):
        return []
    shared = min(side // 2, round(SHARED * shorter))
    count = min(MOST, -(-(longer - shared) // (side - shared)))
    step = (longer - shared) / count
    spans = [
        (round(at * step), min(longer, round((at + 1) * step) + shared)) for at in range(count)
    ]
    if width > height:
        return [Box(start, 0, end, height) for start, end in spans]
    return [Box(0, start, width, end) for start, end in spans]
