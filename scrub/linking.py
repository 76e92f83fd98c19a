"""Joins what was found in the frames of a clip into tracks, one for each head.

Finds that fit together become one track, forwards and backwards, and on the way faint ones count
that alone would not. Nothing is carried over a cut: what is said of frames and tracks here is said
of one shot, and they are numbered in it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scrub.regions import Box, Detection

GAP = 1000.0
"""Milliseconds for which a head may go unseen and still be the same one."""

TRUST = 1000.0
"""Milliseconds before and after a sure sight of a head in which all others of it are believed."""

SHORT_GAP = 250.0
"""Milliseconds that hardly say that a head is gone: it is looked for more often."""

HASTE = 1.2
"""Sizes of a head by which it may be farther away for each second that it was not seen."""

RATIO = 1.8
"""How many times larger or smaller a head may be in its next sight."""

LEAP = 3.0
"""Sizes of a head by which it may be torn aside while it is smeared beyond knowing ..."""

SMEARED = (0.0, SHORT_GAP, 500.0)
"""... and for how many milliseconds, by how many of both sides were surely a head."""

PERSISTENCE = 100.0
"""Milliseconds for which a head that is out of sight goes on at its speed; then it slows down."""


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
class Track:
    """One head: ``seen`` are the frames, in order, ``sights`` what was found there.

    ``times`` are those of the frames, ``faint`` the frames whose find would not count alone.
    """

    seen: list[int] = field(default_factory=list)
    sights: dict[int, Detection] = field(default_factory=dict)
    times: dict[int, float] = field(default_factory=dict)
    faint: set[int] = field(default_factory=set)

    def add(self, index: int, time: float, find: Detection, faint: bool) -> None:
        insort(self.seen, index)
        self.sights[index] = find
        self.times[index] = time
        if faint:
            self.faint.add(index)

    def settle(self) -> None:
        """Forget the faint sights that only other faint ones lead to: patterns look so too."""
        clear = [self.times[index] for index in self.seen if index not in self.faint]
        sure = self.sure()
        for index in list(self.faint):
            time = self.times[index]
            if not (any_near(clear, time, SHORT_GAP) or any_near(sure, time, TRUST)):
                self.faint.remove(index)
                del self.sights[index], self.times[index]
        self.seen = sorted(self.sights)

    def sure(self) -> list[float]:
        """When it was more likely a head than not."""
        return [
            self.times[index]
            for index in self.seen
            if index not in self.faint and not self.sights[index].doubtful
        ]

    def nearest(self, index: int) -> int:
        """The sight in frame ``index``, or the last before or the first after all others."""
        return min(max(index, self.seen[0]), self.seen[-1])

    def velocity(self, index: int) -> tuple[float, float]:
        """Pixels a millisecond, as (x, y), around the sight in frame ``index``."""
        at = bisect_left(self.seen, index)
        one, other = self.seen[max(0, at - 2)], self.seen[min(len(self.seen) - 1, at + 2)]
        span = self.times[other] - self.times[one]
        if span <= 0:
            return 0.0, 0.0
        start, end = (self.sights[seen].box.center for seen in (one, other))
        return (end[0] - start[0]) / span, (end[1] - start[1]) / span


@dataclass(frozen=True, slots=True)
class _Likeness:
    """How near a find lies to where a head is expected, if it is the same head.

    Either both boxes have at least ``overlap`` in common (intersection over union), or the
    centres are at most ``reach`` sizes of a head apart.
    """

    overlap: float
    reach: float


CLEAR = _Likeness(0.15, 0.3)
FAINT = _Likeness(0.4, 0.2)
"""A faint find beside a head is more often a collar or a hand than the head itself, and must not
lead its track astray."""


def shots(sights: Iterable[Sight]) -> Iterator[list[Sight]]:
    """The sights from one cut to the next; there is one for each frame."""
    shot: list[Sight] = []
    for sight in sights:
        if sight.cut and shot:
            yield shot
            shot = []
        shot.append(sight)
    if shot:
        yield shot


def leaps(followed: Sequence[Track]) -> Iterator[tuple[int, int]]:
    """Which tracks may be one head, torn aside: the number of one that ends, of one that begins.

    Of those in reach, each end goes with the nearest beginning and each beginning with the nearest
    end, and no other: in a crowd, there are many.
    """
    ends: set[int] = set()
    beginnings: set[int] = set()
    for _, one, other in sorted(_in_reach(followed)):
        if one not in ends or other not in beginnings:
            yield one, other
        ends.add(one)
        beginnings.add(other)


def _in_reach(followed: Sequence[Track]) -> Iterator[tuple[float, int, int]]:
    """How many sizes of a head it is from which end to which later beginning."""
    sure = [bool(track.sure()) for track in followed]
    begun = sorted((track.seen[0], number) for number, track in enumerate(followed))
    for one, track in enumerate(followed):
        last = track.seen[-1]
        # Before the next frame but one, there is no way to cover.
        for at in range(bisect_left(begun, (last + 2, 0)), len(begun)):
            first, other = begun[at]
            following = followed[other]
            gap = following.times[first] - track.times[last]
            if gap > max(SMEARED):
                break
            away = _sizes_apart(track.sights[last].box, following.sights[first].box)
            if away <= LEAP and gap <= SMEARED[sure[one] + sure[other]]:
                yield away, one, other


def coasting(away: float) -> float:
    """Milliseconds that a head goes on at its speed when it is not seen for ``away`` of them."""
    return math.copysign(PERSISTENCE * (1 - math.exp(-abs(away) / PERSISTENCE)), away)


def any_near(times: Sequence[float], time: float, reach: float) -> bool:
    """Whether one of the ``times``, which are in order, is at most ``reach`` from ``time``."""
    at = bisect_left(times, time - reach)
    return at < len(times) and times[at] <= time + reach


def tracks(shot: Sequence[Sight]) -> list[Track]:
    """Each head of a shot."""
    return _Shot(shot).tracks()


class _Shot:
    """Joins the finds of the frames between two cuts into tracks."""

    def __init__(self, sights: Sequence[Sight]) -> None:
        self._sights = sights
        self._left: dict[int, list[Detection]] = {}

    def tracks(self) -> list[Track]:
        tracks = self._forwards()
        for track in tracks:
            self._backwards(track)
            track.settle()
        return tracks

    def _forwards(self) -> list[Track]:
        """Each find takes up a track or begins one; faint ones only take up."""
        tracks: list[Track] = []
        active: list[Track] = []
        for index, sight in enumerate(self._sights):
            active = [one for one in active if sight.time - self._time(one.seen[-1]) <= GAP]
            taken: set[int] = set()
            for finds, faint in ((sight.found, False), (sight.faint, True)):
                free = [one for one in active if id(one) not in taken]
                used: set[int] = set()
                for track, number in self._pairs(free, finds, index, FAINT if faint else CLEAR):
                    track.add(index, sight.time, finds[number], faint)
                    taken.add(id(track))
                    used.add(number)
                left = [find for number, find in enumerate(finds) if number not in used]
                if faint:
                    self._left[index] = left
                    continue
                for find in left:
                    begun = Track()
                    begun.add(index, sight.time, find, faint)
                    tracks.append(begun)
                    active.append(begun)
                    taken.add(id(begun))
        return tracks

    def _backwards(self, track: Track) -> None:
        """Give the track the faint finds before its first sight that led up to it."""
        earliest = track.seen[0]
        for index in range(earliest - 1, -1, -1):
            time = self._time(index)
            if self._time(earliest) - time > GAP:
                break
            left = self._left.get(index, [])
            for _, number in self._pairs([track], left, index, FAINT):
                track.add(index, time, left.pop(number), True)
                earliest = index

    def _pairs(
        self, tracks: Sequence[Track], finds: Sequence[Detection], index: int, likeness: _Likeness
    ) -> Iterator[tuple[Track, int]]:
        """The number of the find that takes up a track, with the track; the best fit first."""
        if not tracks or not finds:
            return
        expected = np.array([self._expected(track, index) for track in tracks])
        unseen = np.array([self._unseen(track, index) for track in tracks])
        edges = np.array([find.box.edges for find in finds], np.float64)
        taken: set[int] = set()
        used: set[int] = set()
        for row, column in _fitting(expected, unseen, edges, likeness):
            if row not in taken and column not in used:
                taken.add(row)
                used.add(column)
                yield tracks[row], column

    def _expected(self, track: Track, index: int) -> tuple[float, float, float, float]:
        """The edges of the box where the head would be in another frame at its speed."""
        near = track.nearest(index)
        across, down = track.velocity(near)
        away = coasting(self._time(index) - self._time(near))
        x, y = across * away, down * away
        box = track.sights[near].box
        return box.left + x, box.top + y, box.right + x, box.bottom + y

    def _unseen(self, track: Track, index: int) -> float:
        return abs(self._time(index) - self._time(track.nearest(index)))

    def _time(self, index: int) -> float:
        return self._sights[index].time


def _sizes_apart(one: Box, other: Box) -> float:
    """How many sizes of a head it is from one box to the other; no end of them if unlike."""
    small, large = sorted(math.sqrt(max(1, box.area)) for box in (one, other))
    if large > RATIO * small:
        return math.inf
    return math.dist(one.center, other.center) / math.sqrt(small * large)


def _fitting(
    expected: NDArray[np.float64],
    unseen: NDArray[np.float64],
    found: NDArray[np.float64],
    likeness: _Likeness,
) -> Iterator[tuple[int, int]]:
    """Which of the ``expected`` boxes (T x 4) fits which one ``found`` (F x 4), the best fit first.

    ``unseen`` are the milliseconds since the last sight of each: the longer, the farther away
    it may have gone.
    """
    reach = likeness.reach + HASTE * unseen / 1000
    rows, columns = _beside(expected, found, reach)
    if not rows.size:
        return
    one, other = expected[rows].T, found[columns].T
    shared = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    overlap = shared.clip(min=0).prod(axis=0)
    areas = [(boxes[2:] - boxes[:2]).prod(axis=0) for boxes in (one, other)]
    iou = overlap / np.maximum(areas[0] + areas[1] - overlap, 1)
    sizes = [np.sqrt(np.maximum(area, 1)) for area in areas]
    alike = np.maximum(sizes[0] / sizes[1], sizes[1] / sizes[0]) <= RATIO
    apart = np.linalg.norm((one[:2] + one[2:] - other[:2] - other[2:]) / 2, axis=0)
    far = reach[rows] * np.sqrt(sizes[0] * sizes[1])
    near = np.maximum(0, 1 - apart / np.maximum(far, 1e-6))
    fit = np.where(iou >= likeness.overlap, 1 + iou, near) * alike
    best = np.argsort(-fit, kind="stable")[: np.count_nonzero(fit)]
    yield from zip(rows[best].tolist(), columns[best].tolist(), strict=True)


def _beside(
    expected: NDArray[np.float64], found: NDArray[np.float64], reach: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pairs of boxes that are not too far apart from left to right: few of a crowd's.

    ``reach`` is in sizes of each expected box's head.
    """
    (left, top, right, bottom), (start, _, end, _) = expected.T, found.T
    size = np.sqrt(np.maximum((right - left) * (bottom - top), 1) * RATIO)
    most = (right - left) / 2 + reach * size
    across = np.abs(((left + right) / 2)[:, None] - (start + end) / 2)
    rows, columns = np.nonzero(across <= most[:, None] + (end - start) / 2)
    return rows, columns
