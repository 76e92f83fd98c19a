"""Adds the evidence of several detectors and looks up, and draws the line.

A face is seen at many scales, by the mirrored look and by the other network; a pattern in a
shirt is seen once. So finds that overlap are one candidate, and the sum of the best score of
each look decides. One strong look is enough; several weak ones are too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from sys import intern

import numpy as np
from numpy.typing import NDArray

from scrub.detectors import Detector, Pixels
from scrub.regions import Box, Detection

SAME = 0.35
"""Intersection over union from which two finds are one face."""


class Ensemble:
    """Detectors whose evidence is summed; itself a detector, of what is sure enough to cover."""

    def __init__(self, detectors: Sequence[Detector], threshold: float, sure: float) -> None:
        """Cover what has a sum of scores from ``threshold`` on, in doubt until ``sure``."""
        self._detectors = tuple(detectors)
        self._threshold = threshold
        self._sure = sure

    def detect(self, rgb: Pixels) -> list[Detection]:
        """Faces, one detection each, strongest first; ``score`` is the summed evidence."""
        found = [one for detector in self._detectors for one in detector.detect(rgb)]
        return [
            replace(face, doubtful=face.score < self._sure)
            for face in fuse(found)
            if face.score >= self._threshold
        ]

    def close(self) -> None:
        for detector in self._detectors:
            detector.close()


class Both:
    """Two detectors, of which one is believed whatever its score; itself a detector."""

    def __init__(self, weighed: Detector, believed: Detector) -> None:
        """All that ``weighed`` finds, and what ``believed`` finds as if it were certain."""
        self._weighed = weighed
        self._believed = believed

    def detect(self, rgb: Pixels) -> list[Detection]:
        """The finds of one after those of the other; a face may be among both."""
        certain = [replace(one, score=max(1.0, one.score)) for one in self._believed.detect(rgb)]
        return self._weighed.detect(rgb) + certain

    def close(self) -> None:
        self._weighed.close()
        self._believed.close()


def fuse(found: Iterable[Detection]) -> list[Detection]:
    """One detection for each group of overlapping ``found``, strongest evidence first.

    Each group forms around its strongest member. Its box is the average of the members'
    edges, weighted by their scores; its score the sum of each look's best. A member that the
    average has moved away from supports it, and is still a face of its own: two neighbours
    under one large find must not become one. So each find overlaps a box of the result.
    """
    ranked = sorted((one for one in found if one.score > 0), key=_rank)
    edges = edges_of(ranked)
    free = np.ones(len(ranked), np.bool_)
    faces = []
    for index, one in enumerate(ranked):
        if not free[index]:
            continue
        free[index] = False
        members = free & (overlaps(edges, one.box) >= SAME)
        if not members.any():
            faces.append(one)
            continue
        face = _joined([one, *(ranked[member] for member in np.flatnonzero(members))])
        faces.append(face)
        free &= ~(members & (overlaps(edges, face.box) >= SAME))
    return sorted(faces, key=_rank)


def united(found: list[Detection], more: Iterable[Detection]) -> list[Detection]:
    """Both; of two that are one face, the one with more evidence."""
    kept = list(found)
    for one in more:
        same = overlaps(edges_of(kept), one.box) >= SAME
        if not any(kept[at].score >= one.score for at in same.nonzero()[0]):
            kept = [other for other, gone in zip(kept, same, strict=True) if not gone] + [one]
    return kept


def overlaps(edges: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """Intersection over union with ``box`` of each of the boxes whose ``edges`` are given.

    :meth:`scrub.regions.Box.iou` says the same of two; a crowd has a million pairs.
    """
    lefts, tops, rights, bottoms = edges
    widths = np.minimum(rights, box.right) - np.maximum(lefts, box.left)
    heights = np.minimum(bottoms, box.bottom) - np.maximum(tops, box.top)
    shared = np.maximum(widths, 0) * np.maximum(heights, 0)
    union = (rights - lefts) * (bottoms - tops) + box.area - shared
    result: NDArray[np.float64] = shared / np.maximum(union, 1)
    return result


def edges_of(finds: Sequence[Detection]) -> NDArray[np.float64]:
    """Left, top, right and bottom of each: 4 x N."""
    return np.array([one.box.edges for one in finds], np.float64).reshape(-1, 4).T.copy()


def _joined(members: Sequence[Detection]) -> Detection:
    best: dict[str, float] = {}
    for one in members:
        best[one.detector] = max(one.score, best.get(one.detector, 0.0))
    edges = np.average(edges_of(members), axis=1, weights=[one.score for one in members])
    # There are few names, and a long video has millions of finds.
    name = intern("+".join(sorted(best)))
    return Detection(Box.around(*edges), sum(best.values()), name)


def _rank(one: Detection) -> tuple[float, tuple[int, int, int, int], str]:
    """Strongest first; equal ones by place, so that the order never depends on chance."""
    return -one.score, one.box.edges, one.detector
