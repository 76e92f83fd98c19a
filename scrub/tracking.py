"""Follows heads through a clip; it adds coverage and removes none.

Every head that was found is covered where it was found. Between two sights of a track
(:mod:`scrub.linking`) it is covered on the way from one to the other; before the first and after
the last where it was and where it was going.

How far a track reaches beyond its finds is a matter of evidence: patterns are taken for faces
too, now and then and faintly. So what was never surely a head is covered where it was found and
shortly before and after.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from scrub.linking import SHORT_GAP, TRUST, Sight, Track, any_near, coasting, leaps, shots, tracks
from scrub.regions import Box, Region

HOLD = 550.0
"""Milliseconds that a head is covered before its first and after its last sight."""

BRIEF = 200.0
"""The same where no sure sight is near: about until the whole picture is looked at once more."""

DRIFT = 0.25
"""Sizes of a head for each second unseen, by which its cover grows on every side."""

MOST_DRIFT = 0.12
"""Sizes by which it grows at most."""

BLUR = 0.5
"""Share of the way to the next frame by which a moving head's cover is drawn out."""

ROOM = 1.4
"""How much larger than a head the box may be that covers it in several frames at once."""

HEAD = "face"
FAINT = "faint sight beside clearer ones of a face"
FILLED = "between two sights of a face"
HELD = "just before or after a sight of a face"
WHYS = (HEAD, FAINT, FILLED, HELD)
"""The best reason first: it is the one that is told of a region."""


@dataclass(frozen=True, slots=True)
class _Cover:
    index: int
    box: Box
    why: str


def separate(sights: Iterable[Sight]) -> tuple[Region, ...]:
    """Regions of a still or of pages, which have nothing to do with each other."""
    flat = [(index, one) for index, sight in enumerate(sights) for one in sight.found]
    return tuple(
        Region(one.box, index, index, HEAD, track, one.doubtful)
        for track, (index, one) in enumerate(flat)
    )


def link(sights: Iterable[Sight], width: int, height: int) -> tuple[Region, ...]:
    """Regions of a clip whose frames are ``width`` x ``height``, of one sight for each frame.

    Of each shot, nothing but its regions is kept: a long film has many.
    """
    picture = Box(0, 0, width, height)
    regions: list[Region] = []
    frames = heads = 0
    for shot in shots(sights):
        followed = tracks(shot)
        regions += (
            replace(
                one,
                first_frame=frames + one.first_frame,
                last_frame=frames + one.last_frame,
                track=heads + one.track,
            )
            for one in _covering(followed, [sight.time for sight in shot], picture)
        )
        frames, heads = frames + len(shot), heads + len(followed)
    return tuple(regions)


def _covering(followed: Sequence[Track], times: Sequence[float], picture: Box) -> Iterator[Region]:
    """What covers the heads of a shot, whose frames are at ``times``."""
    ways = [_Way(track, times, picture) for track in followed]
    for number, way in enumerate(ways):
        yield from way.regions(number)
    for one, other in leaps(followed):
        yield ways[one].across(followed[other], one)


class _Way:
    """Where a track's head is covered, in and around the frames in which it was seen."""

    def __init__(self, track: Track, times: Sequence[float], picture: Box) -> None:
        self._track = track
        self._times = times
        self._picture = picture
        self._sure = track.sure()

    def regions(self, number: int) -> Iterator[Region]:
        """What covers the head while it is followed, and what covers it around that."""
        seen = self._track.seen
        for covers in (
            self._followed(),
            self._held(seen[0], -1, -1),
            self._held(seen[-1], 1, len(self._times)),
            *(
                self._held(start, step, stop)
                for one, other in pairwise(seen)
                if self._apart(one, other) > SHORT_GAP
                for start, step, stop in ((one, 1, other), (other, -1, one))
            ),
        ):
            in_order = sorted(covers, key=lambda cover: cover.index)
            yield from _joined(in_order, number, not self._sure)

    def across(self, other: Track, number: int) -> Region:
        """What covers the head from its last sight to another track's first, if it went there.

        When it went, and how fast, nobody saw: so all of the way is covered all the time.
        """
        last, first = self._track.seen[-1], other.seen[0]
        hull = _hull(self._track.sights[last].box, other.sights[first].box)
        return Region(hull, last + 1, first - 1, FILLED, number, not self._sure)

    def _followed(self) -> Iterator[_Cover]:
        seen = self._track.seen
        for one, other in pairwise([*seen, seen[-1]]):
            why = FAINT if one in self._track.faint else HEAD
            yield _Cover(one, self._drawn_out(one), why)
            believed = self._believed(one) or self._believed(other)
            if believed or self._apart(one, other) <= SHORT_GAP:
                yield from self._filled(one, other)

    def _filled(self, one: int, other: int) -> Iterator[_Cover]:
        """The straight way between two sights, wider the farther from both."""
        start, end = (self._track.sights[index].box for index in (one, other))
        for index in range(one + 1, other):
            gone, left = self._apart(one, index), self._apart(index, other)
            box = _between(start, end, gone / max(gone + left, 1e-6))
            yield _Cover(index, _grown(box, min(gone, left)), FILLED)

    def _held(self, seen: int, step: int, stop: int) -> Iterator[_Cover]:
        """Where the head was and where it was going, for a while; longer on its way out."""
        box = self._track.sights[seen].box
        x, y = self._track.velocity(seen)
        believed = self._believed(seen)
        for index in range(seen + step, stop, step):
            away = self._apart(seen, index)
            gone = coasting(away)
            drawn = _grown(_hull(box, box.moved(x * gone, y * gone)), abs(away))
            leaving = drawn.clip(self._picture.width, self._picture.height) != drawn
            if abs(away) > (HOLD * (2 if leaving else 1) if believed else BRIEF):
                break
            yield _Cover(index, drawn, HELD)

    def _drawn_out(self, index: int) -> Box:
        """The box of a sight, longer by what motion smears while the frame is taken."""
        box = self._track.sights[index].box
        x, y = (BLUR * pace * self._frame(index) for pace in self._track.velocity(index))
        return _hull(self._usual(index, box), _hull(box.moved(-x, -y), box.moved(x, y)))

    def _usual(self, index: int, box: Box) -> Box:
        """Where the sights before and after say that the head is; ``box`` where they are far.

        A single sight may be of something else, and must not pull the cover away.
        """
        seen = self._track.seen
        at = bisect_left(seen, index)
        if not 0 < at < len(seen) - 1:
            return box
        one, other = seen[at - 1], seen[at + 1]
        gap = self._apart(one, other)
        if not 0 < gap <= 2 * SHORT_GAP:
            return box
        start, end = (self._track.sights[near].box for near in (one, other))
        return _between(start, end, self._apart(one, index) / gap)

    def _believed(self, seen: int) -> bool:
        """Whether the head was surely seen shortly before or after a sight."""
        return any_near(self._sure, self._times[seen], TRUST)

    def _frame(self, index: int) -> float:
        """Milliseconds from this frame to a neighbour."""
        other = index - 1 if index else min(index + 1, len(self._times) - 1)
        return abs(self._apart(index, other))

    def _apart(self, one: int, other: int) -> float:
        """Milliseconds from one frame to the other."""
        return self._times[other] - self._times[one]


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


def _grown(box: Box, unseen: float) -> Box:
    share = min(MOST_DRIFT, DRIFT * unseen / 1000)
    return box.grown(share * box.width, share * box.height)


def _hull(one: Box, other: Box) -> Box:
    return Box(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )


def _between(one: Box, other: Box, share: float) -> Box:
    return Box.around(
        *(start + share * (end - start) for start, end in zip(one.edges, other.edges, strict=True))
    )
