"""The second look: where it looks, and what it takes for a face that still shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from scrub.formats import Media
from scrub.lookout import APART, HIDDEN, LOOKED, WHOLLY, Lookout, Seen, ends, sampled, sure
from scrub.regions import Box, Detection, Region
from tests.pictures import Pixels

VIDEO = Media(Path("clip.mp4"), "mp4", "video", 200, 100, 0)
STILL = Media(Path("still.png"), "png", "still", 200, 100, 1)
FRAME = np.zeros((100, 200, 3), np.uint8)
COVER = Region(Box(10, 10, 60, 60), 0, 999, "face", 0)


@dataclass
class Told:
    """A detector that is told what it sees, and counts its looks."""

    finds: list[Detection] = field(default_factory=list)
    looks: int = 0

    def detect(self, rgb: Pixels) -> list[Detection]:
        self.looks += 1
        return self.finds

    def close(self) -> None:
        pass


def find(left: int, score: float = 0.9) -> Detection:
    """50 pixels wide and high, as the cover is."""
    return Detection(Box(left, 10, left + 50, 60), score, "told")


def looked_at(media: Media, *regions: Region, frames: int = 200) -> list[int]:
    looking = Lookout(media, regions, Told(), sure(media))
    return [index for index in range(frames) if looking.looks_at(index)]


def test_every_picture_is_looked_at_but_of_a_video() -> None:
    assert looked_at(STILL) == list(range(200))
    assert looked_at(VIDEO) == list(range(0, 200, LOOKED))
    assert [sampled(VIDEO, index) for index in (0, 1, LOOKED)] == [True, False, True]
    assert sampled(STILL, 1)


def test_frames_beside_the_ends_of_a_track_are_looked_at() -> None:
    parts = Region(COVER.box, 40, 80, "face", 0), Region(COVER.box, 81, 139, "face", 0)
    assert {39, 140} <= set(looked_at(VIDEO, *parts))
    assert not {80, 81, 82} & set(looked_at(VIDEO, *parts))


def test_a_crowd_whose_tracks_end_all_the_time_is_looked_at_now_and_then() -> None:
    crowd = [Region(COVER.box, first, first + 7, "face", first) for first in range(200)]
    ends = [index for index in looked_at(VIDEO, *crowd) if index % LOOKED]
    assert ends
    assert len(ends) <= 200 / APART


def test_ends_near_those_that_were_looked_at_before_are_not_looked_at_again() -> None:
    known = ends([Region(COVER.box, 41, 79, "face", 0)])
    assert known == {40, 80}
    late = [Region(COVER.box, first, first + 7, "face", first) for first in (42, 100, 130)]
    looking = Lookout(VIDEO, tuple(late), Told(), sure(VIDEO), known)
    seen = {index for index in range(200) if looking.looks_at(index)}
    assert seen == {*range(0, 200, LOOKED), 108, 129}


def test_without_a_detector_nothing_is_looked_at() -> None:
    looking = Lookout(VIDEO, (), None, sure(VIDEO))
    assert not looking.looks_at(0)
    assert looking.at(0, FRAME) == Seen()


def test_a_frame_that_is_not_to_be_looked_at_is_not() -> None:
    detector = Told([find(140)])
    looking = Lookout(VIDEO, (COVER,), detector, sure(VIDEO))
    assert looking.at(1, FRAME) == Seen()
    assert detector.looks == 0
    assert looking.at(0, FRAME) == Seen((find(140),))


@pytest.mark.parametrize("score", [0.01, 0.9])
def test_what_nothing_hides_is_left_whatever_its_evidence(score: float) -> None:
    out = 10 + round(50 * (1 - HIDDEN)) + 1
    looking = Lookout(VIDEO, (COVER,), Told([find(out, score)]), 0.5)
    assert looking.at(0, FRAME) == Seen((find(out, score),))


@pytest.mark.parametrize(
    ("index", "hidden", "score", "shows"),
    [
        (0, 1.0, 0.5, True),
        (0, 1.0, 0.49, False),
        (5, 1.0, 0.9, False),
        (5, WHOLLY - 0.1, 0.5, True),
        (5, WHOLLY - 0.1, 0.49, False),
    ],
)
def test_a_cover_that_looks_like_a_face_only_has_to_pass_the_gate(
    index: int, hidden: float, score: float, shows: bool
) -> None:
    """Frame 0 is looked at by the gate too, frame 5 only because a track begins after it.

    A find that reaches beyond its cover may be a face that looks out of it.
    """
    later = Region(Box(150, 80, 160, 90), 6, 999, "face", 1)
    out = 10 + round(50 * (1 - hidden))
    looking = Lookout(VIDEO, (COVER, later), Told([find(out, score)]), 0.5)
    assert looking.at(index, FRAME) == Seen((), (COVER,) if shows else ())
