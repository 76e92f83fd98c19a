"""The second look: at pictures that are covered, for faces that still show and covers that seem to.

It looks at each picture of a still or an animation. Of a video it looks at a frame about once a
second, and at those in which tracks begin and end.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass

from scrub.detectors import Detector, Pixels
from scrub.detectors.presets import SURE
from scrub.formats import Frame, Media
from scrub.regions import Detection, Region, Timeline, covered_share

LOOKED = 30
"""In a video, faces are looked for again in every so many frames, and where tracks begin or end;"""

APART = 20
"""... in these only where they are so many frames apart: a crowd's tracks end all the time."""

SLACK = 0.01
"""How far below SURE a written file has to stay: another processor may round the sums up."""

SURE_OFTEN = 0.35
"""The same in a video, of whose many frames each was near one that was looked at before."""

HIDDEN = 0.7
"""Share of a find that regions must hide for it to count as covered."""

WHOLLY = 0.9
"""The same from which on the find is the cover itself: what is left of a face shows nobody."""


def faces(media: Media, frame: Frame, detector: Detector) -> list[Detection]:
    """What looks like a face in one frame of a file that claims to be finished.

    A frame that an examination was content with has none, covers included, when the same
    ``detector`` looks: so a written file passes the gate without telling where its covers are.
    """
    if not sampled(media, frame.index):
        return []
    limit = sure(media) + SLACK
    return [one for one in detector.detect(frame.rgb) if one.score >= limit]


def sampled(media: Media, index: int) -> bool:
    """Whether faces are looked for in this frame: in every one but of a video."""
    return media.form != "video" or index % LOOKED == 0


def sure(media: Media) -> float:
    """The evidence from which a find in a covered picture is a face."""
    return (SURE_OFTEN if media.form == "video" else SURE) - SLACK


def ends(regions: Iterable[Region], known: Iterable[int] = ()) -> frozenset[int]:
    """Frames beside those in which a track begins or ends, but not all of a crowd's.

    None of them is near one of the ``known``.
    """
    spans: dict[int, tuple[int, int]] = {}
    for region in regions:
        first, last = spans.get(region.track, (region.first_frame, region.last_frame))
        spans[region.track] = min(first, region.first_frame), max(last, region.last_frame)
    looked_at = sorted(known)
    chosen = []
    for index in sorted(at for first, last in spans.values() for at in (first - 1, last + 1)):
        place = bisect(looked_at, index)
        beside = looked_at[max(0, place - 1) : place + 1]
        if index >= 0 and all(abs(index - near) >= APART for near in beside):
            looked_at.insert(place, index)
            chosen.append(index)
    return frozenset(chosen)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at one frame found.

    ``left`` are the finds that nothing hides, ``showing`` the regions that look like a face.
    """

    left: tuple[Detection, ...] = ()
    showing: tuple[Region, ...] = ()


class Lookout:
    """Looks at frames in which some regions are covered."""

    def __init__(
        self,
        media: Media,
        regions: tuple[Region, ...],
        detector: Detector | None,
        sure: float,
        known: Iterable[int] = (),
    ) -> None:
        """Without a ``detector`` nothing is seen; a cover shows from the evidence ``sure`` on.

        ``known`` are frames beside ends of tracks that were looked at before.
        """
        self._media = media
        self._regions = Timeline(regions)
        self._detector = detector
        self._sure = sure
        self._ends = ends(regions, known) if media.form == "video" else frozenset()

    def looks_at(self, index: int) -> bool:
        """Whether this frame is one of those that are looked at."""
        chosen = sampled(self._media, index) or index in self._ends
        return self._detector is not None and chosen

    def at(self, index: int, rgb: Pixels) -> Seen:
        """What there is to see in frame ``index``; nothing where it is none to be looked at."""
        if self._detector is None or not self.looks_at(index):
            return Seen()
        regions = self._regions.at(index)
        covers = [region.box for region in regions]
        gated = sampled(self._media, index)
        left: list[Detection] = []
        showing: list[Region] = []
        for find in self._detector.detect(rgb):
            share = covered_share(find.box, covers)
            if share < HIDDEN:
                left.append(find)
            elif find.score >= self._sure and (share < WHOLLY or gated):
                # A cover that looks like a face only has to pass the gate.
                showing += (region for region in regions if region.box.intersect(find.box).area)
        return Seen(tuple(left), tuple(showing))
