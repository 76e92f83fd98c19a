"""Links the heads of an animation's frames over time; it adds coverage and removes none.

A head is followed by the overlap of its boxes. Where it was not found for a few frames
between two sights, it is covered on the straight way between them; before the first and
after the last sight it is covered where it was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from scrub.regions import Box, Region

GAP = 12
"""Frames for which a head may go unseen and still be the same one; about half a second."""

HOLD = 6
"""Frames that a head is covered before its first and after its last sight."""

OVERLAP = 0.15
"""Intersection over union from which two boxes in different frames are one head."""

HEAD = "face"
FILLED = "between two sights of a face"
HELD = "just before or after a sight of a face"


@dataclass(slots=True)
class _Track:
    sights: dict[int, Box] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return max(self.sights)


def separate(boxes: Sequence[Sequence[Box]]) -> tuple[Region, ...]:
    """Regions of a still or of pages, which have nothing to do with each other.

    ``boxes`` holds the heads of each frame.
    """
    flat = [(index, box) for index, found in enumerate(boxes) for box in found]
    return tuple(Region(box, index, index, HEAD, track) for track, (index, box) in enumerate(flat))


def link(boxes: Sequence[Sequence[Box]]) -> tuple[Region, ...]:
    """Regions of an animation; ``boxes`` holds the heads of each frame."""
    tracks: list[_Track] = []
    for index, found in enumerate(boxes):
        free = [track for track in tracks if index - track.last <= GAP + 1]
        for box in found:
            near = max(free, key=lambda track: track.sights[track.last].iou(box), default=None)
            if near is None or near.sights[near.last].iou(box) < OVERLAP:
                near = _Track()
                tracks.append(near)
            else:
                free.remove(near)
            near.sights[index] = box
    return tuple(
        region
        for number, track in enumerate(tracks)
        for region in _covered(track, number, len(boxes))
    )


def _covered(track: _Track, number: int, frames: int) -> Iterator[Region]:
    seen = sorted(track.sights)
    first, last = seen[0], seen[-1]
    if first > 0:
        start = max(0, first - HOLD)
        yield Region(track.sights[first], start, first - 1, HELD, number)
    for index in seen:
        yield Region(track.sights[index], index, index, HEAD, number)
    for before, after in pairwise(seen):
        for index in range(before + 1, after):
            share = (index - before) / (after - before)
            way = _between(track.sights[before], track.sights[after], share)
            yield Region(way, index, index, FILLED, number)
    if last < frames - 1:
        end = min(frames - 1, last + HOLD)
        yield Region(track.sights[last], last + 1, end, HELD, number)


def _between(one: Box, other: Box, share: float) -> Box:
    def mix(start: int, end: int) -> float:
        return start + share * (end - start)

    return Box.around(
        mix(one.left, other.left),
        mix(one.top, other.top),
        mix(one.right, other.right),
        mix(one.bottom, other.bottom),
    )
