"""Parts of a picture on one canvas: what is found there lies where it was in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from scrub.detectors.parts import COLUMNS, MOST_PARTS, PART, Parts, in_turn
from scrub.regions import Box
from tests.clips import scene
from tests.pictures import CROWD_FACES, crowd

WIDTH, HEIGHT = 480, 320


def face_at(left: int) -> Box:
    return Box(left + 12, 132, left + 52, 176)


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts(1)


@pytest.mark.parametrize("others", [0, 1, COLUMNS - 1, COLUMNS, MOST_PARTS - 1])
def test_a_face_is_found_where_it_is(others: int, parts: Parts) -> None:
    """However many parts are beside it, of ground and of nothing at all."""
    beside = [Box(20 * place, 10, 20 * place + 30, 50) for place in range(others)]
    boxes = [*beside, face_at(240), Box(WIDTH + 900, 0, WIDTH + 940, 40)][-MOST_PARTS:]
    found = parts.detect(scene(240, WIDTH, HEIGHT, top=120), boxes)
    best = max(found, key=lambda find: find.score)
    assert best.score > 0.3
    assert best.box.iou(face_at(240)) > 0.4


def test_parts_give_boxes_in_the_pixels_of_the_frame(parts: Parts) -> None:
    picture = crowd()
    known = [Box(*edges) for edges in CROWD_FACES[:4]]
    found = parts.detect(picture, known)
    for box in known:
        assert max(find.box.iou(box) for find in found) > 0.4


def test_without_boxes_nothing_is_looked_at(parts: Parts) -> None:
    assert parts.detect(np.zeros((HEIGHT, WIDTH, 3), np.uint8), []) == []


@pytest.mark.parametrize(
    ("heads", "rows", "columns"), [(1, 1, 1), (COLUMNS, 1, COLUMNS), (COLUMNS + 1, 2, COLUMNS)]
)
def test_the_canvas_is_no_larger_than_its_parts_need(
    heads: int, rows: int, columns: int, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvases = []

    class Told:
        def detect(self, rgb: np.ndarray) -> list[object]:
            canvases.append(rgb.shape)
            return []

    monkeypatch.setattr(parts, "_sized", lambda width: Told())
    parts.detect(scene(0, WIDTH, HEIGHT), [face_at(40 * place) for place in range(heads)])
    assert canvases == [(rows * PART, columns * PART, 3)]


def test_many_heads_take_turns_on_the_canvas() -> None:
    boxes = [Box(index, 0, index + 10, 10) for index in range(3 * MOST_PARTS)]
    turns = [in_turn(boxes, turn) for turn in range(3)]
    assert all(len(turn) <= MOST_PARTS for turn in turns)
    assert {box for turn in turns for box in turn} == set(boxes)
    assert in_turn([], 5) == []
