"""Boxes against plain sets of pixels, and the head around a face."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrub.regions import Box, Detection, Region, covered_share, head, head_of
from scrub.settings import LARGEST_MARGIN, Settings

edges = st.integers(-12, 24)
any_boxes = st.builds(Box, edges, edges, edges, edges)
"""Boxes of all kinds, those turned inside out included."""

boxes = any_boxes.filter(lambda box: box.area > 0)
sizes = st.integers(0, 20)
margins = st.integers(0, round(100 * LARGEST_MARGIN)).map(lambda percent: percent / 100)
small = settings(max_examples=200)


def pixels(box: Box) -> set[tuple[int, int]]:
    return set(product(range(box.left, box.right), range(box.top, box.bottom)))


def holds(outer: Box, inner: Box) -> bool:
    return outer.intersect(inner) == inner


@small
@given(any_boxes)
def test_a_box_has_as_many_pixels_as_its_area(box: Box) -> None:
    assert box.area == len(pixels(box)) == box.width * box.height


@small
@given(any_boxes, any_boxes)
def test_an_intersection_has_the_pixels_of_both(one: Box, other: Box) -> None:
    assert pixels(one.intersect(other)) == pixels(one) & pixels(other)


@small
@given(any_boxes, sizes, sizes)
def test_a_clipped_box_keeps_the_pixels_in_the_picture(box: Box, width: int, height: int) -> None:
    clipped = box.clip(width, height)
    assert pixels(clipped) == pixels(box) & pixels(Box(0, 0, width, height))
    # These edges are used to cut arrays, where a negative one would count from the other end.
    assert 0 <= clipped.left <= clipped.right <= width
    assert 0 <= clipped.top <= clipped.bottom <= height


@small
@given(any_boxes, any_boxes)
def test_intersection_over_union_is_counted_in_pixels(one: Box, other: Box) -> None:
    either = pixels(one) | pixels(other)
    both = pixels(one) & pixels(other)
    assert one.iou(other) == other.iou(one) == (len(both) / len(either) if either else 0)


@small
@given(boxes)
def test_a_box_overlaps_itself_fully(box: Box) -> None:
    assert box.iou(box) == 1


@small
@given(*4 * [st.floats(-1e6, 1e6)])
def test_a_box_around_edges_holds_them_and_no_more(
    left: float, top: float, right: float, bottom: float
) -> None:
    box = Box.around(left, top, right, bottom)
    assert box.left <= left < box.left + 1
    assert box.top <= top < box.top + 1
    assert box.right - 1 < right <= box.right
    assert box.bottom - 1 < bottom <= box.bottom


@given(st.integers(-50, 50), st.integers(-50, 50))
def test_a_box_moves_as_a_whole_and_grows_on_all_sides(x: int, y: int) -> None:
    box = Box(3, 5, 13, 25)
    assert box.moved(x, y).edges == (3 + x, 5 + y, 13 + x, 25 + y)
    assert box.grown(x, y).edges == (3 - x, 5 - y, 13 + x, 25 + y)
    assert box.moved(0.5, -0.5) == Box(3, 4, 14, 25), "no pixel of it is lost"


def test_the_center_lies_between_the_edges() -> None:
    assert Box(2, 10, 5, 20).center == (3.5, 15)


@pytest.mark.parametrize("edge", [math.nan, math.inf])
def test_a_box_has_no_edge_that_is_no_number(edge: float) -> None:
    with pytest.raises((ValueError, OverflowError)):
        Box.around(0, 0, edge, 1)


@small
@given(any_boxes, st.lists(any_boxes, max_size=5))
def test_the_covered_share_is_counted_in_pixels(box: Box, covers: list[Box]) -> None:
    hidden = pixels(box) & set().union(*map(pixels, covers))
    expected = len(hidden) / box.area if box.area else 1
    assert covered_share(box, covers) == pytest.approx(expected)


@pytest.mark.parametrize(("index", "covered"), [(2, False), (3, True), (5, True), (6, False)])
def test_a_region_covers_its_first_and_its_last_frame(index: int, covered: bool) -> None:
    assert Region(Box(0, 0, 1, 1), 3, 5, "face", 0).covers_frame(index) is covered


@small
@given(boxes, margins)
def test_a_head_holds_its_face(face: Box, margin: float) -> None:
    assert holds(head(face, margin), face)


@small
@given(boxes, margins, margins)
def test_a_larger_margin_never_covers_less(face: Box, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    assert holds(head(face, larger), head(face, smaller))


@small
@given(boxes, margins)
def test_a_head_reaches_beyond_its_face_and_further_up_than_down(face: Box, margin: float) -> None:
    whole = head(face, margin)
    side = margin * max(face.width, face.height)
    for reach in (face.left - whole.left, whole.right - face.right):
        assert side - 1e-6 <= reach < side + 1 + 1e-6
    assert face.top - whole.top >= whole.bottom - face.bottom


@pytest.mark.parametrize(
    ("face", "whole"),
    [
        (Box(100, 100, 200, 200), Box(65, 56, 235, 227)),
        # In profile: as much beside the face as for one seen from the front.
        (Box(100, 100, 140, 200), Box(65, 56, 175, 227)),
    ],
)
def test_the_head_around_a_face_by_default(face: Box, whole: Box) -> None:
    assert head(face, Settings().margin) == whole


def test_boxes_of_numpy_edges_turn_into_plain_numbers() -> None:
    box = Box.around(*np.array([0.5, 1.5, 2.5, 3.5], np.float32))
    assert [type(edge) for edge in (box.left, box.top, box.right, box.bottom)] == [int] * 4


@small
@given(boxes, margins, st.floats(1, 10_000))
def test_a_doubtful_find_is_covered_whole_with_less_around_it(
    face: Box, margin: float, small: float
) -> None:
    sure, doubtful = (
        head_of(Detection(face, 0.1, "told", doubtful), margin, small) for doubtful in (False, True)
    )
    assert sure == head(face, margin)
    assert holds(sure, doubtful)
    assert holds(doubtful, face)
    if margin * min(face.width, face.height) > 8:
        assert doubtful.area < sure.area


@pytest.mark.parametrize(
    ("side", "beside"),
    [(20, 3), (40, 6), (80, 6), (400, 6)],
)
def test_around_a_doubtful_find_are_no_more_pixels_than_around_a_small_one(
    side: int, beside: int
) -> None:
    face = Box(1000, 1000, 1000 + side, 1000 + side)
    doubtful = head_of(Detection(face, 0.1, "told", True), 0.3, 40)
    assert (doubtful.left, doubtful.right) == (face.left - beside, face.right + beside)
