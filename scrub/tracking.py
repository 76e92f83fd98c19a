"""Follows heads through a clip; it adds coverage and removes none.

Every head that was found is covered where it was found. Finds that fit together become one
track, forwards and backwards, and on the way faint ones count that alone would not. Between two
sights a head is covered on the way from one to the other; before the first and after the last
it is covered where it was and where it was going. Nothing is carried over a cut.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scrub.regions import Box, Detection, Region

GAP = 1000.0
"""Milliseconds for which a head may go unseen and still be the same one."""

HOLD = 550.0
"""Milliseconds that a head is covered before its first and after its last sight."""

SHORT_GAP = 250.0
"""Milliseconds of a gap that the straight way bridges; in longer ones both ends are held too."""

OVERLAP = 0.15
"""Intersection over union from which two boxes are one head."""

REACH = 0.3
"""Sizes of a head that its centre may be away from where it was expected, ..."""

HASTE = 1.2
"""... and how many more for each second that it was not seen."""

RATIO = 1.8
"""How many times larger or smaller a head may be in its next sight."""

PERSISTENCE = 100.0
"""Milliseconds for which a head that is out of sight goes on at its speed; then it slows down."""

DRIFT = 0.25
"""Sizes of a head for each second unseen, by which its cover grows on every side."""

MOST_DRIFT = 0.12
"""Sizes by which it grows at most."""

BLUR = 0.5
"""Share of the way to the next frame by which a moving head's cover is drawn out."""

ROOM = 1.5
"""How much larger than a head the box may be that covers it in several frames at once."""

HEAD = "face"
FAINT = "faint sight beside clearer ones of a face"
FILLED = "between two sights of a face"
HELD = "just before or after a sight of a face"
WHYS = (HEAD, FAINT, FILLED, HELD)
"""The best reason first: it is the one that is told of a region."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was found in one frame, ``time`` milliseconds after the first.

    ``found`` are heads to cover; ``faint`` ones count beside a track only; ``cut`` says that
    the frame shows another scene than the one before.
    """

    time: float
    found: Sequence[Detection] = ()
    faint: Sequence[Detection] = ()
    cut: bool = False


@dataclass(slots=True)
class _Track:
    """One head in one shot: ``seen`` are the frames, in order, ``sights`` what was found there."""

    seen: list[int] = field(default_factory=list)
    sights: dict[int, Detection] = field(default_factory=dict)
    faint: set[int] = field(default_factory=set)

    def add(self, index: int, find: Detection, faint: bool) -> None:
        insort(self.seen, index)
        self.sights[index] = find
        if faint:
            self.faint.add(index)

    def nearest(self, index: int) -> int:
        """The sight in frame ``index``, or the last before or the first after all others."""
        return min(max(index, self.seen[0]), self.seen[-1])

    @property
    def doubtful(self) -> bool:
        """Whether no sight of it was sure."""
        return all(one.doubtful or index in self.faint for index, one in self.sights.items())


@dataclass(frozen=True, slots=True)
class _Cover:
    index: int
    box: Box
    why: str


def separate(sights: Sequence[Sight]) -> tuple[Region, ...]:
    """Regions of a still or of pages, which have nothing to do with each other."""
    flat = [(index, one) for index, sight in enumerate(sights) for one in sight.found]
    return tuple(
        Region(one.box, index, index, HEAD, track, one.doubtful)
        for track, (index, one) in enumerate(flat)
    )


def link(sights: Sequence[Sight], width: int, height: int) -> tuple[Region, ...]:
    """Regions of a clip whose frames are ``width`` x ``height``, of one sight for each frame."""
    regions: list[Region] = []
    number = 0
    for first, following in _shots(sights):
        for track in _Shot(sights, first, following).tracks():
            way = _Way(track, sights, first, following, Box(0, 0, width, height))
            regions += way.regions(number)
            number += 1
    return tuple(regions)


def _shots(sights: Sequence[Sight]) -> Iterator[tuple[int, int]]:
    """First frame of each shot, and of the one after it."""
    cuts = [index for index, sight in enumerate(sights) if sight.cut and index]
    yield from pairwise([0, *cuts, len(sights)])


class _Shot:
    """Joins the finds of the frames ``first`` to ``following`` (excluded) into tracks."""

    def __init__(self, sights: Sequence[Sight], first: int, following: int) -> None:
        self._sights = sights
        self._first = first
        self._following = following
        self._left: dict[int, list[Detection]] = {}

    def tracks(self) -> list[_Track]:
        tracks = self._forwards()
        for track in tracks:
            self._backwards(track)
        return tracks

    def _forwards(self) -> list[_Track]:
        """Each find takes up a track or begins one; faint ones only take up."""
        tracks: list[_Track] = []
        active: list[_Track] = []
        for index in range(self._first, self._following):
            sight = self._sights[index]
            active = [one for one in active if sight.time - self._time(one.seen[-1]) <= GAP]
            taken: set[int] = set()
            for finds, faint in ((sight.found, False), (sight.faint, True)):
                free = [one for one in active if id(one) not in taken]
                left = list(finds)
                for track, find in self._pairs(free, finds, index):
                    track.add(index, find, faint)
                    taken.add(id(track))
                    left.remove(find)
                if faint:
                    self._left[index] = left
                    continue
                for find in left:
                    begun = _Track()
                    begun.add(index, find, faint)
                    tracks.append(begun)
                    active.append(begun)
                    taken.add(id(begun))
        return tracks

    def _backwards(self, track: _Track) -> None:
        """Give the track the faint finds before its first sight that led up to it."""
        earliest = track.seen[0]
        for index in range(earliest - 1, self._first - 1, -1):
            if self._time(earliest) - self._time(index) > GAP:
                break
            for _, find in self._pairs([track], self._left.get(index, ()), index):
                track.add(index, find, True)
                self._left[index].remove(find)
                earliest = index

    def _pairs(
        self, tracks: Sequence[_Track], finds: Sequence[Detection], index: int
    ) -> Iterator[tuple[_Track, Detection]]:
        """Which find takes up which track, the best fit first."""
        if not tracks or not finds:
            return
        expected = np.array([self._expected(track, index) for track in tracks])
        unseen = np.array([self._unseen(track, index) for track in tracks])
        fit = _fit(expected, unseen, np.array([_edges(find.box) for find in finds], np.float64))
        while fit.max() > 0:
            row, column = (int(at) for at in np.unravel_index(fit.argmax(), fit.shape))
            yield tracks[row], finds[column]
            fit[row, :] = fit[:, column] = 0

    def _expected(self, track: _Track, index: int) -> NDArray[np.float64]:
        """The edges of the box where the head would be in another frame at its speed."""
        near = track.nearest(index)
        step = _velocity(track, near, self._sights) * _damped(self._time(index) - self._time(near))
        return np.array(_edges(track.sights[near].box)) + np.tile(step, 2)

    def _unseen(self, track: _Track, index: int) -> float:
        return abs(self._time(index) - self._time(track.nearest(index)))

    def _time(self, index: int) -> float:
        return self._sights[index].time


class _Way:
    """Where a track's head is covered, in and around the frames in which it was seen."""

    def __init__(
        self, track: _Track, sights: Sequence[Sight], first: int, following: int, picture: Box
    ) -> None:
        self._track = track
        self._sights = sights
        self._first = first
        self._following = following
        self._picture = picture

    def regions(self, number: int) -> Iterator[Region]:
        """What covers the head while it is followed, and what covers it around that."""
        seen = self._track.seen
        for covers in (
            self._followed(),
            self._held(seen[0], -1, self._first - 1),
            self._held(seen[-1], 1, self._following),
            *(
                self._held(start, step, stop)
                for one, other in pairwise(seen)
                if self._time(other) - self._time(one) > SHORT_GAP
                for start, step, stop in ((one, 1, other), (other, -1, one))
            ),
        ):
            in_order = sorted(covers, key=lambda cover: cover.index)
            yield from _joined(in_order, number, self._track.doubtful)

    def _followed(self) -> Iterator[_Cover]:
        seen = self._track.seen
        for one, other in pairwise([*seen, seen[-1]]):
            why = FAINT if one in self._track.faint else HEAD
            yield _Cover(one, self._drawn_out(one), why)
            yield from self._filled(one, other)

    def _filled(self, one: int, other: int) -> Iterator[_Cover]:
        """The straight way between two sights, wider the farther from both."""
        start, end = (self._track.sights[index].box for index in (one, other))
        for index in range(one + 1, other):
            gone, left = self._time(index) - self._time(one), self._time(other) - self._time(index)
            box = _between(start, end, gone / max(gone + left, 1e-6))
            yield _Cover(index, _grown(box, min(gone, left)), FILLED)

    def _held(self, seen: int, step: int, stop: int) -> Iterator[_Cover]:
        """Where the head was and where it was going, for a while; longer on its way out."""
        box = self._track.sights[seen].box
        velocity = _velocity(self._track, seen, self._sights)
        for index in range(seen + step, stop, step):
            away = self._time(index) - self._time(seen)
            drawn = _grown(_hull(box, _moved(box, velocity * _damped(away))), abs(away))
            leaving = drawn.clip(self._picture.width, self._picture.height) != drawn
            if abs(away) > HOLD * (2 if leaving else 1):
                break
            yield _Cover(index, drawn, HELD)

    def _drawn_out(self, index: int) -> Box:
        """The box of a sight, longer by what motion smears while the frame is taken."""
        box = self._track.sights[index].box
        step = BLUR * _velocity(self._track, index, self._sights) * self._frame(index)
        return _hull(self._usual(index, box), _hull(_moved(box, -step), _moved(box, step)))

    def _usual(self, index: int, box: Box) -> Box:
        """Where the sights before and after say that the head is; ``box`` where they are far.

        A single sight may be of something else, and must not pull the cover away.
        """
        seen = self._track.seen
        at = bisect_left(seen, index)
        if not 0 < at < len(seen) - 1:
            return box
        one, other = seen[at - 1], seen[at + 1]
        gap = self._time(other) - self._time(one)
        if not 0 < gap <= 2 * SHORT_GAP:
            return box
        start, end = (self._track.sights[near].box for near in (one, other))
        return _between(start, end, (self._time(index) - self._time(one)) / gap)

    def _frame(self, index: int) -> float:
        """Milliseconds from this frame to a neighbour."""
        other = index - 1 if index > self._first else min(index + 1, self._following - 1)
        return abs(self._time(index) - self._time(other))

    def _time(self, index: int) -> float:
        return self._sights[index].time


def _joined(covers: Iterable[_Cover], number: int, doubtful: bool) -> Iterator[Region]:
    """One region for neighbouring frames in which a head hardly moves.

    A cover that does not tremble looks better. One that comes nearer is hardly larger in each
    frame than in the last: so the smallest head says how large it may be.
    """
    hull, smallest = Box(0, 0, 0, 0), 0
    run: list[_Cover] = []
    for cover in covers:
        wider, room = _hull(hull, cover.box), min(smallest, cover.box.area)
        if run and cover.index - run[-1].index == 1 and wider.area <= ROOM * room:
            run.append(cover)
            hull, smallest = wider, room
            continue
        if run:
            yield _region(run, hull, number, doubtful)
        run, hull, smallest = [cover], cover.box, cover.box.area
    if run:
        yield _region(run, hull, number, doubtful)


def _region(run: Sequence[_Cover], hull: Box, number: int, doubtful: bool) -> Region:
    why = min((cover.why for cover in run), key=WHYS.index)
    return Region(hull, run[0].index, run[-1].index, why, number, doubtful)


def _fit(
    expected: NDArray[np.float64], unseen: NDArray[np.float64], found: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How well each of the ``expected`` boxes (T x 4) fits each one ``found`` (F x 4), from 0 up.

    ``unseen`` are the milliseconds since the last sight of each: the longer, the farther away
    it may have gone.
    """
    one, other = expected[:, None], found[None]
    shared = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    overlap = shared.clip(min=0).prod(axis=2)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(axis=2) for boxes in (one, other)]
    iou = overlap / np.maximum(areas[0] + areas[1] - overlap, 1)
    sizes = [np.sqrt(np.maximum(area, 1)) for area in areas]
    alike = np.maximum(sizes[0] / sizes[1], sizes[1] / sizes[0]) <= RATIO
    apart = np.linalg.norm(
        (one[..., :2] + one[..., 2:] - other[..., :2] - other[..., 2:]) / 2, axis=2
    )
    reach = (REACH + HASTE * unseen[:, None] / 1000) * np.sqrt(sizes[0] * sizes[1])
    near = np.where(alike, np.maximum(0, 1 - apart / np.maximum(reach, 1e-6)), 0)
    return np.where((iou >= OVERLAP) & alike, 1 + iou, near)


def _velocity(track: _Track, index: int, sights: Sequence[Sight]) -> NDArray[np.float64]:
    """Pixels a millisecond, as (x, y), around a sight of the track."""
    seen = track.seen
    at = bisect_left(seen, index)
    one, other = seen[max(0, at - 2)], seen[min(len(seen) - 1, at + 2)]
    span = sights[other].time - sights[one].time
    if span <= 0:
        return np.zeros(2)
    start, end = (np.array(track.sights[end].box.center) for end in (one, other))
    result: NDArray[np.float64] = (end - start) / span
    return result


def _damped(away: float) -> float:
    """Milliseconds that a head goes on at its speed when it is not seen for ``away`` of them."""
    return float(np.sign(away) * PERSISTENCE * (1 - np.exp(-abs(away) / PERSISTENCE)))


def _grown(box: Box, unseen: float) -> Box:
    share = min(MOST_DRIFT, DRIFT * unseen / 1000)
    x, y = share * box.width, share * box.height
    return Box.around(box.left - x, box.top - y, box.right + x, box.bottom + y)


def _moved(box: Box, step: NDArray[np.float64]) -> Box:
    x, y = (float(way) for way in step)
    return Box.around(box.left + x, box.top + y, box.right + x, box.bottom + y)


def _hull(one: Box, other: Box) -> Box:
    return Box(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )


def _between(one: Box, other: Box, share: float) -> Box:
    return Box.around(
        *(
            start + share * (end - start)
            for start, end in zip(_edges(one), _edges(other), strict=True)
        )
    )


def _edges(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.right, box.bottom
