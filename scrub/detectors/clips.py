"""Looks at the frames of a clip: thoroughly now and then, and in between where heads are expected.

A face does not come and go within a few frames. So every few frames, and on both sides of a
cut, the whole picture is looked at; the frames between are only searched around what was found
before and after them, in small parts laid side by side on one canvas. Whole looks alternate in
size and direction, so that over a few of them a face is seen in several ways.

What is new is for whole looks to find. A part shows a pattern by itself, as large as a face, and in
one frame after the other: sooner or later, most look like one. So parts tell where a head went, and
are believed about others only where they are sure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain
from typing import Protocol

import cv2
import numpy as np

from scrub import machine
from scrub.detectors import Detector, Look, Pixels, load
from scrub.detectors.ensemble import edges_of, fuse, overlaps
from scrub.detectors.parts import Parts, in_turn
from scrub.detectors.pieces import Pieces
from scrub.detectors.visits import Scene, scene, visited
from scrub.overlap import mapped
from scrub.regions import Box, Detection

SECONDED = 4.0
"""How much more the second detector's word weighs than in a still: here there are few others."""

FAINT = 0.063
"""Score from which a find counts beside a track."""

SURE = 0.36
"""Score from which a find is hardly ever anything but a head: five in six tracks whose best is just
above it are labelled faces, of those at 0.22 every second."""

ALONE = 0.45
"""Score from which a find that no whole look made is covered. With the one that is asked of whole
looks, a third of what is covered in vain came from parts, and hardly anybody was found by them."""

CROWD = 60
"""Heads from which on a whole look costs less than enough parts would: each head's turn among them
would come in every sixth frame."""

KNOWN = 0.4
"""Intersection over union from which two finds in neighbouring frames need one part only."""

LARGEST_GAIN = 1.25
"""A look at a whole frame does not enlarge it by more: it holds nothing that this would show."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How thoroughly a clip is looked at.

    ``every`` is the time from one whole look to the next in milliseconds; ``looks`` are taken
    in turn, their sides at most; ``certain`` is the score from which what they find is covered. Of
    the frames between, one in ``crowd`` is looked at as a whole where there is a crowd, and one in
    ``second`` by the second detector: what that sees is near, and stays for a while.
    """

    every: float
    looks: tuple[Look, ...]
    certain: float
    crowd: int = 1
    second: int = 1


PACES = {
    "fast": Pace(280.0, (Look(768), Look(640, mirrored=True)), 0.11, second=2),
    "balanced": Pace(190.0, (Look(1280), Look(1024, mirrored=True), Look(768)), 0.12, crowd=2),
    "thorough": Pace(
        75.0,
        (Look(1440), Look(1088, mirrored=True), Look(1920), Look(832, mirrored=True), Look(640)),
        0.08,
    ),
}

MOST_THREADS = 4
"""Frames that are looked at at once: each look holds a tenth of a gigabyte."""

MOST_BETWEEN = 8
"""Frames from one whole look to the next, at most: all of them are held."""

SCENE = (48, 27)
"""Pixels of the small picture by which cuts are found."""

CUT = 28.0
"""Mean difference of two neighbouring frames, in levels of 255, from which there is a cut ..."""

SUDDEN = 2.5
"""... if it is so many times the difference between the frames before."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What was seen in one frame, ``time`` milliseconds after the first.

    ``found`` is to be covered; ``faint`` alone is not worth it; ``cut`` says that the frame
    shows another scene than the one before.
    """

    time: float
    found: tuple[Detection, ...]
    faint: tuple[Detection, ...] = ()
    cut: bool = False


class Watcher(Protocol):
    """Finds faces in a clip."""

    def watch(self, frames: Iterable[tuple[Pixels, float]]) -> Iterator[Glimpse]:
        """One glimpse of each frame, in their order; each comes with its time in milliseconds."""
        ...

    def close(self) -> None:
        """Free what was loaded here; what it was given belongs to whoever gave it."""
        ...


@dataclass(frozen=True, slots=True)
class EachFrame:
    """Looks at each frame as at a still."""

    detector: Detector

    def watch(self, frames: Iterable[tuple[Pixels, float]]) -> Iterator[Glimpse]:
        for rgb, time in frames:
            yield Glimpse(time, tuple(self.detector.detect(rgb)))

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Shown:
    """A frame, a small picture of it, and whether it is the first or the last of its shot."""

    rgb: Pixels
    time: float
    scene: Scene
    cut: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The frames from one whole look to the next, and what the look at the first one found."""

    number: int
    frames: tuple[_Shown, ...]
    finds: tuple[Detection, ...] = ()


class Glance:
    """One look at frames of clips, which are enlarged little; itself a detector."""

    def __init__(self, look: Look, threads: int) -> None:
        """``threads`` is cores to use, 0 for all; the network is loaded for the first frame."""
        self._look = look
        self._threads = threads

    def detect(self, rgb: Pixels) -> list[Detection]:
        """Candidates; see :class:`scrub.detectors.Detector`."""
        side = min(self._look.side, round(LARGEST_GAIN * max(rgb.shape[:2])))
        return self._sized(side).detect(rgb)

    def close(self) -> None:
        self._sized.cache_clear()

    @lru_cache(maxsize=8)  # noqa: B019 - there are few, and they live as long as the process
    def _sized(self, side: int) -> Detector:
        return load("centerface", looks=(replace(self._look, side=side),), threads=self._threads)


class Paced:
    """Looks at a clip at the pace of a preset."""

    def __init__(
        self,
        pace: Pace,
        threads: int,
        beside: Callable[[], Detector] | None = None,
        more: Sequence[Detector] = (),
    ) -> None:
        """``threads`` is cores to use, 0 for all.

        ``beside`` loads the second detector, ``more`` join the whole looks.
        """
        cores = threads or machine.cores()
        self._pace = pace
        self._threads = min(cores, MOST_THREADS)
        self._own = max(1, cores // MOST_THREADS)
        self._looks = [Pieces(Glance(look, self._own)) for look in pace.looks]
        self._load = beside
        self._more = [Pieces(one) for one in more]
        self._open = ExitStack()

    def watch(self, frames: Iterable[tuple[Pixels, float]]) -> Iterator[Glimpse]:
        """See :class:`Watcher`."""
        # Here, and not in two threads at once.
        _ = self._parts, self._beside
        looked = mapped(self._look, _stretches(_shots(frames), self._pace.every), self._threads)
        for glimpses in mapped(self._search, _followed(looked), self._threads):
            yield from glimpses

    def close(self) -> None:
        self._open.close()

    # Loaded when the first clip comes: most runs only see stills.

    @cached_property
    def _parts(self) -> Parts:
        return Parts(self._own)

    @cached_property
    def _beside(self) -> Detector | None:
        if self._load is None:
            return None
        detector = self._load()
        self._open.callback(detector.close)
        return Pieces(detector)

    def _look(self, stretch: _Stretch) -> _Stretch:
        rgb = stretch.frames[0].rgb
        finds = self._seen(rgb, stretch.number) + self._seconded(rgb)
        return replace(stretch, finds=_fused(finds))

    def _seen(self, rgb: Pixels, turn: int) -> list[Detection]:
        """What a whole look finds."""
        finds = self._looks[turn % len(self._looks)].detect(rgb)
        return finds + [find for one in self._more for find in one.detect(rgb)]

    def _search(self, pair: tuple[_Stretch, _Stretch | None]) -> list[Glimpse]:
        """A glimpse of each frame of a stretch, knowing the whole looks at both of its ends."""
        stretch, following = pair
        known = list(stretch.finds)
        visitors: dict[int, list[Detection]] = {}
        if following is not None and not following.frames[0].cut:
            known += following.finds
            visitors = self._visitors(stretch, following)
            known += chain.from_iterable(visitors.values())
        boxes = _different(known)
        glimpses = [_glimpse(stretch.frames[0], stretch.finds, self._pace.certain)]
        for number, frame in enumerate(stretch.frames[1:], start=1):
            seen = [*visitors.get(number, ())]
            beside: list[Detection] = []
            if len(boxes) <= CROWD:
                beside += self._parts.detect(frame.rgb, in_turn(boxes, stretch.number + number - 1))
            elif number % self._pace.crowd == 0:
                seen += self._seen(frame.rgb, stretch.number + number // self._pace.crowd)
            if number % self._pace.second == 0:
                beside += self._seconded(frame.rgb)
            certain = self._pace.certain if seen else ALONE
            glimpses.append(_glimpse(frame, _fused(seen + beside), certain))
        return glimpses

    def _visitors(self, stretch: _Stretch, following: _Stretch) -> dict[int, list[Detection]]:
        """Who is there between two whole looks only, by the frame in which most of it is seen."""
        frames = [*stretch.frames, following.frames[0]]
        height, width = frames[0].rgb.shape[:2]
        visit = visited([frame.scene for frame in frames], width, height)
        if visit is None:
            return {}
        index, part = visit
        rgb = frames[index].rgb[part.top : part.bottom, part.left : part.right]
        finds = self._seen(np.ascontiguousarray(rgb), stretch.number)
        return {index: [find.moved(part.left, part.top) for find in finds]}

    def _seconded(self, rgb: Pixels) -> list[Detection]:
        """What the second detector finds."""
        beside = [] if self._beside is None else self._beside.detect(rgb)
        return [replace(find, score=SECONDED * find.score) for find in beside]


def _fused(finds: Sequence[Detection]) -> tuple[Detection, ...]:
    return tuple(find for find in fuse(finds) if find.score >= FAINT)


def _glimpse(frame: _Shown, finds: Sequence[Detection], certain: float) -> Glimpse:
    return Glimpse(
        frame.time,
        tuple(replace(find, doubtful=find.score < SURE) for find in finds if find.score >= certain),
        tuple(find for find in finds if find.score < certain),
        frame.cut,
    )


def _different(finds: Iterable[Detection]) -> list[Box]:
    """The boxes of the finds without those that lie close to a stronger one's."""
    ranked = sorted((find for find in finds if find.box.area), key=lambda find: -find.score)
    edges = edges_of(ranked)
    free = np.ones(len(ranked), np.bool_)
    boxes: list[Box] = []
    for index, find in enumerate(ranked):
        if free[index]:
            boxes.append(find.box)
            free &= overlaps(edges, find.box) < KNOWN
    return boxes


def _shots(frames: Iterable[tuple[Pixels, float]]) -> Iterator[_Shown]:
    """The frames, with the first and the last of each shot marked."""
    held: _Shown | None = None
    usual = 0.0
    for rgb, time in frames:
        small = scene(rgb)
        cut = False
        if held is not None:
            change = float(np.abs(_halved(small) - _halved(held.scene)).mean())
            cut = change > max(CUT, SUDDEN * usual)
            usual = change if cut else 0.7 * usual + 0.3 * change
            yield replace(held, last=cut)
        held = _Shown(rgb, time, small, cut)
    if held is not None:
        yield replace(held, last=True)


def _halved(small: Scene) -> Scene:
    return cv2.resize(small, SCENE, interpolation=cv2.INTER_AREA).astype(np.float32)


def _stretches(frames: Iterable[_Shown], every: float) -> Iterator[_Stretch]:
    """The frames in stretches, each beginning with one that is to be looked at as a whole."""
    number = 0
    run: list[_Shown] = []
    for frame in frames:
        late = run and (frame.time - run[0].time >= every or len(run) >= MOST_BETWEEN)
        if run and (late or frame.cut or frame.last):
            yield _Stretch(number, tuple(run))
            number += 1
            run = []
        run.append(frame)
    if run:
        yield _Stretch(number, tuple(run))


def _followed(stretches: Iterable[_Stretch]) -> Iterator[tuple[_Stretch, _Stretch | None]]:
    """Each stretch with the next."""
    held = None
    for stretch in stretches:
        if held is not None:
            yield held, stretch
        held = stretch
    if held is not None:
        yield held, None
