"""Panoramas and long screenshots: looked at in pieces that hold all of them, each face once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrub.detectors import Detector, pieces
from scrub.detectors.presets import Eyes
from scrub.regions import Box, Detection
from tests.media import CROWD_FACES, Pixels, crowd

SIDES = st.one_of(st.integers(1, 4000), st.integers(4000, 10**8))
COPIES = 4


class Marks:
    """A detector of pixels that are white: a box around each, as sure as it stands high."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def detect(self, rgb: Pixels) -> list[Detection]:
        self.seen.append(rgb.shape[:2])
        spots = zip(*np.nonzero(rgb[..., 0] == 255), strict=True)
        return [
            Detection(Box(int(x) - 2, int(y) - 2, int(x) + 3, int(y) + 3), 1 / (1 + y), "marks")
            for y, x in spots
        ]

    def close(self) -> None:
        pass


@given(SIDES, SIDES)
def test_pieces_hold_all_of_a_long_picture(width: int, height: int) -> None:
    found = pieces.pieces(width, height)
    shorter, longer = sorted((width, height))
    assert bool(found) == (longer > pieces.LEAST and longer > pieces.LONG * shorter)
    assert len(found) <= pieces.MOST
    reached = 0
    for box in found:
        start, end = (box.left, box.right) if width > height else (box.top, box.bottom)
        assert min(box.width, box.height) == shorter
        assert start <= max(0, reached - min(shorter, pieces.LEAST) // 2 + 2)
        assert start <= reached < end
        reached = end
    assert reached == (longer if found else 0)


@pytest.mark.parametrize(
    "size", [(1080, 2340), (4000, 3000), (2560, 1080), (528, 1280), (600, 200), (1, 1)]
)
def test_usual_pictures_are_looked_at_once(size: tuple[int, int]) -> None:
    inner = Marks()
    pieces.Pieces(inner).detect(np.zeros((*size, 3), np.uint8))
    assert inner.seen == [size]


@pytest.mark.parametrize("size", [(200, 3000), (3000, 200)])
def test_a_long_picture_is_looked_at_as_a_whole_too(size: tuple[int, int]) -> None:
    """For a face that is larger than what two pieces share."""
    inner = Marks()
    pieces.Pieces(inner).detect(np.zeros((*size, 3), np.uint8))
    assert inner.seen.count(size) == 1
    assert len(inner.seen) == 1 + len(pieces.pieces(*size))


def test_finds_are_in_the_pixels_of_the_whole_and_each_face_is_one() -> None:
    picture = np.zeros((200, 3000, 3), np.uint8)
    places = [(x, 100 + x % 7) for x in range(5, 3000, 11)]
    for x, y in places:
        picture[y, x] = 255
    found = pieces.Pieces(Marks()).detect(picture)
    assert sorted(one.box.left + 2 for one in found) == [x for x, _ in places]
    turned = pieces.Pieces(Marks()).detect(picture.transpose(1, 0, 2).copy())
    assert sorted(one.box.top + 2 for one in turned) == [x for x, _ in places]


def test_of_two_finds_of_a_face_the_surer_one_is_kept() -> None:
    class Surer:
        """What it finds in a smaller picture is surer, and what is missing there is not."""

        def detect(self, rgb: Pixels) -> list[Detection]:
            score = 100 / rgb.shape[1]
            return [Detection(Box(0, 0, 40, 40), score, "x"), Detection(Box(0, 60, 9, 69), 1, "y")]

        def close(self) -> None:
            pass

    inner: Detector = Surer()
    at_start = [
        one
        for one in pieces.Pieces(inner).detect(np.zeros((90, 1000, 3), np.uint8))
        if not one.box.left
    ]
    assert sorted((one.detector, one.score) for one in at_start) == [
        ("x", pytest.approx(100 / pieces.pieces(1000, 90)[0].width)),
        ("y", 1),
    ]


def panorama() -> tuple[Pixels, list[tuple[int, int]]]:
    """A crowd several times side by side, and the middle of each face."""
    one = crowd()[::2, ::2]
    centers = [
        ((left + right) // 4 + index * one.shape[1], (top + bottom) // 4)
        for left, top, right, bottom in CROWD_FACES
        for index in range(COPIES)
    ]
    return np.concatenate([one] * COPIES, axis=1), centers


def missed(centers: list[tuple[int, int]], found: Iterable[Detection]) -> list[tuple[int, int]]:
    spots = {(x, y): Box(x, y, x + 1, y + 1) for x, y in centers}
    boxes = [face.box for face in found]
    return [at for at, spot in spots.items() if not any(box.intersect(spot).area for box in boxes)]


@pytest.mark.parametrize("look", ["first", "second"])
def test_a_crowd_in_a_panorama_is_found_like_any_other(look: str, real_eyes: Eyes) -> None:
    picture, centers = panorama()
    assert missed(centers, getattr(real_eyes, look).detect(picture)) == []


def test_a_crowd_in_a_long_video_is_found_like_any_other(real_eyes: Eyes) -> None:
    picture, centers = panorama()
    assert real_eyes.watcher is not None
    glimpses = list(real_eyes.watcher.watch([(picture, 40.0 * index) for index in range(3)]))
    finds = [find for glimpse in glimpses for find in glimpse.found]
    assert missed(centers, finds) == []
    assert missed(centers, real_eyes.later("video").detect(picture)) == []
