"""Looking at a clip: every frame gets a glimpse, every shot is looked at from both ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from scrub.detectors import Look, Pixels, clips, parts
from scrub.detectors.clips import (
    ALONE,
    CROWD,
    MOST_BETWEEN,
    PACES,
    EachFrame,
    Pace,
    Paced,
    _different,
    _shots,
    _stretches,
)
from scrub.regions import Box, Detection
from scrub.settings import PRESET_NAMES
from tests.clips import scene
from tests.pictures import crowd

FRAME = 40.0
WIDTH, HEIGHT = 480, 320


def timed(pictures: Sequence[Pixels], frame: float = FRAME) -> Iterator[tuple[Pixels, float]]:
    for index, pixels in enumerate(pictures):
        yield pixels, frame * index


def walking(frames: int) -> list[Pixels]:
    """A face of about 40 pixels that walks over a larger ground."""
    return [scene(60 + 5 * index, WIDTH, HEIGHT, top=120) for index in range(frames)]


def face_at(index: int) -> Box:
    left = 60 + 5 * index
    return Box(left + 12, 132, left + 52, 176)


@pytest.fixture(scope="module")
def watcher() -> Paced:
    return Paced(PACES["fast"], threads=2)


def test_every_preset_has_a_pace() -> None:
    assert set(PACES) == set(PRESET_NAMES)
    every = [PACES[preset].every for preset in ("thorough", "balanced", "fast")]
    assert every == sorted(every)


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_a_face_is_found_in_every_frame(frames: int, watcher: Paced) -> None:
    glimpses = list(watcher.watch(timed(walking(frames))))
    assert [glimpse.time for glimpse in glimpses] == [FRAME * index for index in range(frames)]
    for index, glimpse in enumerate(glimpses):
        assert max(find.box.iou(face_at(index)) for find in glimpse.found) > 0.4


def test_a_clip_without_frames_has_no_glimpses(watcher: Paced) -> None:
    assert list(watcher.watch(iter(()))) == []


def test_the_same_clip_is_always_seen_alike(watcher: Paced) -> None:
    pictures = walking(7)
    assert list(watcher.watch(timed(pictures))) == list(watcher.watch(timed(pictures)))


@pytest.mark.parametrize(("width", "side"), [(100, 125), (618, 772), (1280, 1280), (4000, 1280)])
def test_a_glance_hardly_enlarges_a_frame(
    width: int, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asked:
        def __init__(self, looks: tuple[Look, ...], threads: int) -> None:
            asked.append((looks, threads))

        def detect(self, rgb: Pixels) -> list[Detection]:
            return []

        def close(self) -> None:
            pass

    asked: list[tuple[tuple[Look, ...], int]] = []
    monkeypatch.setattr(clips, "load", lambda name, **options: Asked(**options))
    glance = clips.Glance(Look(1280, mirrored=True), 2)
    for _ in range(3):
        assert glance.detect(np.zeros((90, width, 3), np.uint8)) == []
    # Loaded once for all frames of a size.
    assert asked == [((Look(side, mirrored=True),), 2)]
    glance.close()


def test_a_cut_is_seen_and_both_of_its_sides_are_looked_at() -> None:
    one, other = np.full((90, 160, 3), 30, np.uint8), np.full((90, 160, 3), 200, np.uint8)
    shots = list(_shots(timed([one] * 5 + [other] * 5)))
    assert [shot.cut for shot in shots] == [False] * 5 + [True] + [False] * 4
    assert [shot.last for shot in shots] == [False] * 4 + [True] + [False] * 4 + [True]
    looked = {stretch.frames[0].time for stretch in _stretches(iter(shots), 1e9)}
    assert looked == {0.0, 160.0, 200.0, 360.0}


def test_motion_is_no_cut() -> None:
    picture = crowd()
    moving = [picture[200:600, 12 * index : 12 * index + 700] for index in range(12)]
    assert not any(shot.cut for shot in _shots(timed(moving)))


@pytest.mark.parametrize("frame", [5.0, 16.7, 40.0, 500.0])
def test_whole_looks_come_at_the_pace_and_never_too_far_apart(frame: float) -> None:
    shots = _shots(timed([np.zeros((20, 20, 3), np.uint8)] * 50, frame))
    stretches = list(_stretches(shots, 200.0))
    assert sum(len(stretch.frames) for stretch in stretches) == 50
    for stretch in stretches:
        assert len(stretch.frames) <= MOST_BETWEEN
        assert stretch.frames[-1].time - stretch.frames[0].time < 200.0
    assert [stretch.number for stretch in stretches] == list(range(len(stretches)))


@pytest.mark.parametrize(
    ("heads", "pace", "whole"),
    [
        (CROWD, 2, [0, 5, 10, 11]),
        (CROWD + 1, 2, [0, 2, 4, 5, 7, 9, 10, 11]),
        (CROWD + 1, 1, [*range(12)]),
    ],
)
def test_a_crowd_is_looked_at_as_a_whole_between_whole_looks_too(
    heads: int, pace: int, whole: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Told:
        def __init__(self, finds: Sequence[Box]) -> None:
            # Enough for a whole look, and not for what only a part shows.
            self._finds = [Detection(box, (0.3 + ALONE) / 2, "told") for box in finds]

        def detect(self, rgb: Pixels) -> list[Detection]:
            return self._finds

    corners = [(40 * (head % 10), 40 * (head // 10)) for head in range(heads)]
    apart = [Box(left, top, left + 20, top + 20) for left, top in corners]
    monkeypatch.setattr(clips, "Glance", lambda look, threads: Told(apart))
    monkeypatch.setattr(parts, "load", lambda name, **options: Told(()))
    watcher = Paced(Pace(200.0, (Look(640), Look(480, mirrored=True)), 0.3, pace), threads=1)
    frames = [np.zeros((300, 400, 3), np.uint8)] * 12
    glimpses = list(watcher.watch(timed(frames)))
    assert [index for index, glimpse in enumerate(glimpses) if glimpse.found] == whole


@pytest.mark.parametrize(("second", "looks"), [(1, [*range(12)]), (2, [0, 2, 4, 5, 7, 9, 10, 11])])
def test_the_second_detector_looks_with_each_whole_look_and_between_them_in_turn(
    second: int, looks: list[int]
) -> None:
    seen = []

    class Second:
        def detect(self, rgb: Pixels) -> list[Detection]:
            seen.append(int(rgb[0, 0, 0]))
            return []

        def close(self) -> None:
            pass

    pace = Pace(200.0, (Look(640),), 0.5, second=second)
    watcher = Paced(pace, threads=1, beside=Second)
    frames = [np.full((64, 96, 3), index, np.uint8) for index in range(12)]
    assert len(list(watcher.watch(timed(frames)))) == 12
    assert sorted(seen) == looks


def test_finds_of_one_head_need_one_part() -> None:
    def find(left: int, score: float) -> Detection:
        return Detection(Box(left, 0, left + 30, 30), score, "told")

    finds = [find(0, 0.2), find(4, 0.9), find(60, 0.5), find(62, 0.4), find(200, 0.1)]
    assert _different([*finds, Detection(Box(5, 5, 5, 5), 1.0, "told")]) == [
        find(left, 0).box for left in (4, 60, 200)
    ]
    assert _different([]) == []


@pytest.mark.parametrize(("score", "counts"), [(ALONE - 0.01, False), (ALONE + 0.01, True)])
def test_what_only_a_part_shows_has_to_be_surer(
    score: float, counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Told:
        def __init__(self, score: float) -> None:
            self._score = score

        def detect(self, rgb: Pixels, boxes: Sequence[Box] = ()) -> list[Detection]:
            return [Detection(Box(10, 10, 40, 40), self._score, "told")]

    monkeypatch.setattr(clips, "Glance", lambda look, threads: Told(0.2))
    monkeypatch.setattr(clips, "Parts", lambda threads: Told(score))
    watcher = Paced(Pace(200.0, (Look(640),), 0.2), threads=1)
    looked, *between, last = watcher.watch(timed([np.zeros((64, 96, 3), np.uint8)] * 5))
    assert looked.found
    assert last.found
    assert [bool(one.found) for one in between] == [counts] * 3
    assert [bool(one.faint) for one in between] == [not counts] * 3


def test_weak_finds_are_told_apart_from_certain_ones() -> None:
    class Told:
        def __init__(self, *scores: float) -> None:
            self._scores = scores

        def detect(self, rgb: Pixels) -> list[Detection]:
            return [
                Detection(Box(40 * at, 0, 40 * at + 30, 30), score, "told")
                for at, score in enumerate(self._scores)
            ]

        def close(self) -> None:
            pass

    quiet = Paced(Pace(200.0, PACES["fast"].looks, 0.2), 1, more=[Told(0.9, 0.25, 0.1, 0.01)])
    (glimpse,) = quiet.watch(timed([np.zeros((64, 160, 3), np.uint8)]))
    assert [(find.score, find.doubtful) for find in glimpse.found] == [(0.9, False), (0.25, True)]
    assert [find.score for find in glimpse.faint] == [0.1]
    each = list(EachFrame(Told(0.9)).watch(timed([np.zeros((9, 9, 3), np.uint8)] * 2)))
    assert [(one.time, len(one.found)) for one in each] == [(0.0, 1), (FRAME, 1)]
