"""Visitors: what is there between two looks at a clip and at neither of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scrub.detectors.clips import PACES, Glimpse, Paced
from scrub.detectors.visits import scene, visited
from scrub.linking import Sight
from scrub.regions import Box, Timeline, covered_share, head_of
from scrub.settings import Settings
from scrub.tracking import link
from tests.hazards import HEIGHT, WIDTH, ground
from tests.pictures import Pixels

FRAME = 40.0


def bare(count: int) -> list[Pixels]:
    return [ground(index).pixels for index in range(count)]


def visit(frames: list[Pixels]) -> tuple[int, Box] | None:
    return visited([scene(one) for one in frames], WIDTH, HEIGHT)


def test_nobody_comes_where_nothing_changes() -> None:
    assert visit(bare(7)) is None
    assert visit(bare(2)) is None


@pytest.mark.parametrize("at", [1, 3, 5])
@pytest.mark.parametrize("side", [30, 84])
def test_a_visitor_is_found_where_and_when_it_is_there(at: int, side: int) -> None:
    shown = ground(at).draw("hopper", 150, 100, side)
    frames = bare(7)
    frames[at] = shown.pixels
    found = visit(frames)
    assert found is not None
    index, part = found
    assert index == at
    [face] = shown.faces
    assert part.intersect(Box(*face)) == Box(*face)
    assert part.area < 12 * side**2


def test_a_visitor_at_the_border_is_looked_for_inside_the_picture() -> None:
    frames = bare(5)
    frames[2] = ground(2).draw("collins", WIDTH - 20, 20).pixels
    found = visit(frames)
    assert found is not None
    assert found[1].clip(WIDTH, HEIGHT) == found[1]


def test_who_stays_or_was_there_before_is_no_visitor() -> None:
    frames = bare(7)
    stays = [ground(index).draw("hopper", 150, 100).pixels for index in range(7)]
    assert visit(frames[:3] + stays[3:]) is None
    assert visit(stays[:3] + frames[3:]) is None


@pytest.mark.parametrize("preset", ["fast", "balanced"])
def test_a_visitor_is_seen_whenever_it_comes(preset: str) -> None:
    watcher = Paced(PACES[preset], threads=2)
    for first in range(10, 17):
        shown = [
            ground(index).draw("hopper", 230, 120) if first <= index < first + 2 else ground(index)
            for index in range(22)
        ]
        frames = ((one.pixels, FRAME * index) for index, one in enumerate(shown))
        covers = Timeline(link(map(heads, watcher.watch(frames)), WIDTH, HEIGHT))
        for index, one in enumerate(shown):
            for face in one.faces:
                hidden = covered_share(Box(*face), [region.box for region in covers.at(index)])
                assert hidden > 0.95


def heads(glimpse: Glimpse) -> Sight:
    """What following makes its covers of."""
    found, faint = (
        [replace(find, box=head_of(find, Settings().margin, WIDTH)) for find in finds]
        for finds in (glimpse.found, glimpse.faint)
    )
    return Sight(glimpse.time, found, faint, glimpse.cut)


def test_a_scene_is_small_whatever_the_frame_is() -> None:
    for size in ((1, 1), (2, 700), (1080, 1920)):
        assert scene(np.zeros((*size, 3), np.uint8)).shape == (54, 96, 3)
