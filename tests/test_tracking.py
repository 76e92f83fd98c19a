"""Heads that are followed through a clip: coverage is added and never lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrub.linking import GAP, Sight
from scrub.regions import Box, Detection, Region, covered_share
from scrub.tracking import BRIEF, FAINT, FILLED, HEAD, HELD, HOLD, link, separate

FRAMES = 60
FRAME = 40.0  # milliseconds
WIDTH = HEIGHT = 400

boxes = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    st.integers(-10, 290),
    st.integers(-10, 290),
    st.integers(1, 60),
    st.integers(1, 60),
)
heads = st.lists(st.builds(Detection, boxes, st.just(0.9), st.just("any")), max_size=4)
clips = st.lists(
    st.builds(Sight, st.just(0.0), heads, heads, st.sampled_from([False, False, False, True])),
    max_size=40,
).map(lambda sights: [replace(one, time=FRAME * index) for index, one in enumerate(sights)])
small = settings(max_examples=100)


def at(left: float, top: float = 100, size: float = 20) -> Detection:
    """A head of 20 x 20 pixels."""
    return Detection(Box.around(left, top, left + size, top + size), 0.9, "told")


def unsure(left: float, top: float = 100) -> Detection:
    """What is more likely something else."""
    return replace(at(left, top), doubtful=True)


def clip(
    found: dict[int, Detection],
    faint: dict[int, Detection] | None = None,
    cuts: Iterable[int] = (),
    frame: float = FRAME,
) -> list[Sight]:
    """A clip in which one head is found in some frames, and faintly in others."""
    faint, cuts = faint or {}, set(cuts)
    return [
        Sight(
            frame * index,
            [found[index]] if index in found else [],
            [faint[index]] if index in faint else [],
            index in cuts,
        )
        for index in range(FRAMES)
    ]


def follow(sights: Sequence[Sight]) -> tuple[Region, ...]:
    return link(sights, WIDTH, HEIGHT)


def shown(regions: Iterable[Region], index: int) -> list[Region]:
    return [region for region in regions if region.covers_frame(index)]


def hidden(regions: Iterable[Region], index: int, head: Detection) -> float:
    """The share of a head that is covered in a frame."""
    return covered_share(head.box, [region.box for region in shown(regions, index)])


def covered_frames(regions: Iterable[Region]) -> list[int]:
    regions = tuple(regions)
    return [index for index in range(FRAMES) if shown(regions, index)]


# --- what always holds --------------------------------------------------------------------------


@small
@given(clips)
def test_every_head_found_is_covered_in_its_frame(sights: list[Sight]) -> None:
    for regions in (follow(sights), separate(sights)):
        for index, sight in enumerate(sights):
            for one in sight.found:
                assert any(
                    region.box.intersect(one.box) == one.box for region in shown(regions, index)
                )


@small
@given(clips)
def test_a_track_is_followed_without_a_break(sights: list[Sight]) -> None:
    regions = follow(sights)
    for track in {region.track for region in regions}:
        own = [region for region in regions if region.track == track]
        first, last = min(one.first_frame for one in own), max(one.last_frame for one in own)
        assert 0 <= first <= last < len(sights)
        assert all(shown(own, index) for index in range(first, last + 1))


@small
@given(clips)
def test_no_track_goes_over_a_cut(sights: list[Sight]) -> None:
    regions = follow(sights)
    for cut in (index for index, sight in enumerate(sights) if sight.cut and index):
        before = {region.track for region in regions if region.first_frame < cut}
        after = {region.track for region in regions if region.last_frame >= cut}
        assert not before & after


@small
@given(clips)
def test_separate_has_one_region_for_each_find(sights: list[Sight]) -> None:
    regions = separate(sights)
    assert [(region.first_frame, region.last_frame, region.box) for region in regions] == [
        (index, index, one.box) for index, sight in enumerate(sights) for one in sight.found
    ]
    assert [region.track for region in regions] == list(range(len(regions)))
    assert {region.why for region in regions} <= {HEAD}


def test_nothing_found_is_nothing_covered() -> None:
    assert follow(clip({})) == separate(clip({})) == follow([]) == separate([]) == ()


# --- before, between and after ------------------------------------------------------------------


@pytest.mark.parametrize("frame", [10.0, 40.0, 100.0])
def test_a_head_is_held_for_half_a_second_whatever_the_rate(frame: float) -> None:
    regions = follow(clip({30: at(50)}, frame=frame))
    held = int(HOLD // frame)
    assert held * frame >= 500
    assert covered_frames(regions) == list(range(max(0, 30 - held), min(FRAMES, 31 + held)))
    assert {region.why for region in shown(regions, 29)} == {HELD}


def test_a_doubtful_sight_is_held_briefly() -> None:
    regions = follow(clip({30: unsure(50)}))
    held = int(BRIEF // FRAME)
    assert held == 5, "a fifth of a second"
    assert covered_frames(regions) == list(range(30 - held, 31 + held))
    assert hidden(regions, 30, at(50)) == 1


def test_a_doubtful_sight_that_leaves_is_held_no_longer() -> None:
    regions = follow(clip({index: unsure(4 * (index - 30)) for index in range(30, 33)}))
    assert covered_frames(regions)[0] == 30 - int(BRIEF // FRAME)


def test_a_doubtful_sight_after_a_sure_one_is_held_as_long() -> None:
    regions = follow(clip({20: at(50), 30: unsure(50)}))
    assert covered_frames(regions)[-1] == 30 + int(HOLD // FRAME)
    # Until the sure one was long ago.
    ways = {index: unsure(50) for index in range(20, 50)}
    regions = follow(clip({**ways, 20: at(50)}))
    assert covered_frames(regions)[-1] == 49 + int(BRIEF // FRAME)


def test_a_long_gap_between_doubtful_sights_stays_open() -> None:
    doubtful = follow(clip({20: unsure(50), 40: unsure(50)}))
    held = int(BRIEF // FRAME)
    gap = set(range(20, 41)) - set(covered_frames(doubtful))
    assert gap == set(range(21 + held, 40 - held))
    for sure in ({20: at(50), 40: unsure(50)}, {20: unsure(50), 40: at(50)}):
        assert set(range(20, 41)) <= set(covered_frames(follow(clip(sure))))


def test_a_short_gap_between_doubtful_sights_is_filled() -> None:
    regions = follow(clip({20: unsure(50), 25: unsure(58, 105)}))
    assert all(hidden(regions, index, at(54, 102)) > 0.6 for index in range(20, 26))


def test_a_single_sight_is_covered_and_never_dropped() -> None:
    regions = follow(clip({20: at(50)}))
    assert hidden(regions, 20, at(50)) == 1
    assert len({region.track for region in regions}) == 1


def test_a_gap_is_filled_on_the_way() -> None:
    regions = follow(clip({20: at(50), 25: at(58, 105)}))
    assert len({region.track for region in regions}) == 1
    for index in range(20, 26):
        share = (index - 20) / 5
        assert hidden(regions, index, at(50 + 8 * share, 100 + 5 * share)) == 1


def test_a_head_that_comes_back_late_is_covered_all_the_time() -> None:
    back = 10 + int(GAP // FRAME)
    regions = follow(clip({10: at(50), back: at(54)}))
    assert all(hidden(regions, index, at(52)) > 0.8 for index in range(10, back + 1))
    both = follow(clip({10: at(50), back + 1: at(54)}))
    assert len({region.track for region in both}) == 2


def test_a_moving_head_is_held_where_it_is_going() -> None:
    regions = follow(clip({index: at(50 + 6 * index) for index in range(20, 26)}))
    assert hidden(regions, 26, at(50 + 6 * 26)) > 0.9
    assert hidden(regions, 27, at(50 + 6 * 27)) > 0.7
    assert hidden(regions, 19, at(50 + 6 * 19)) > 0.9
    # And where it was last seen, should it have stopped.
    assert hidden(regions, 30, at(50 + 6 * 25)) == 1


def test_a_moving_head_is_covered_where_it_smears() -> None:
    regions = follow(clip({index: at(20 + 8 * index) for index in range(20, 26)}))
    box = next(region.box for region in shown(regions, 22) if region.why == HEAD)
    still = at(20 + 8 * 22).box
    assert box.left <= still.left - 3
    assert box.right >= still.right + 3


def test_a_head_that_leaves_is_held_longer() -> None:
    leaving = follow(clip({index: at(4 * (index - 20)) for index in range(20, 24)}))
    inside = follow(clip({index: at(100 + 4 * (index - 20)) for index in range(20, 24)}))
    assert covered_frames(leaving)[0] < covered_frames(inside)[0]


def test_a_head_that_hardly_moves_is_one_region() -> None:
    regions = follow(clip({index: at(50 + index % 2) for index in range(FRAMES)}))
    assert len(regions) == 1
    assert (regions[0].first_frame, regions[0].last_frame) == (0, FRAMES - 1)


@pytest.mark.parametrize("way", [1, -1])
def test_a_head_that_comes_nearer_or_goes_is_covered_as_large_as_it_is(way: int) -> None:
    found = {index: at(150 - index, 150 - index, 20 + 2 * index) for index in range(FRAMES)}
    regions = follow(
        clip({FRAMES - 1 - index if way < 0 else index: one for index, one in found.items()})
    )
    for index in range(FRAMES):
        head = found[FRAMES - 1 - index if way < 0 else index]
        [region] = shown(regions, index)
        assert hidden(regions, index, head) == 1
        assert region.box.area < 2 * head.box.area


# --- faint sights -------------------------------------------------------------------------------


def test_a_faint_sight_alone_is_nothing() -> None:
    assert follow(clip({}, {20: at(50)})) == ()


def test_faint_sights_lead_a_track_on_and_back() -> None:
    ways = {index: at(50 + 2 * index) for index in range(0, 45)}
    regions = follow(clip({20: ways[20]}, {k: v for k, v in ways.items() if k != 20}))
    assert len({region.track for region in regions}) == 1
    assert all(hidden(regions, index, ways[index]) == 1 for index in ways)
    assert FAINT in {region.why for region in regions}


def test_a_sight_of_something_else_does_not_pull_the_cover_away() -> None:
    ways = {index: at(50) for index in range(15, 26)}
    beside = Detection(Box(44, 98, 60, 114), 0.9, "told")
    others = {index: head for index, head in ways.items() if index != 20}
    for sights in (clip({**ways, 20: beside}), clip(others, {20: beside})):
        assert hidden(follow(sights), 20, at(50)) == 1


def test_a_clear_sight_is_taken_before_a_faint_one() -> None:
    sights = clip({20: at(50), 21: at(54)}, {21: at(50)})
    regions = follow(sights)
    assert len({region.track for region in regions}) == 1
    assert hidden(regions, 21, at(54)) == 1


# --- one head or two ----------------------------------------------------------------------------


def test_a_cut_ends_a_track() -> None:
    regions = follow(clip({29: at(50), 30: at(50)}, cuts=[30]))
    assert len({region.track for region in regions}) == 2
    alone = follow(clip({29: at(50)}, cuts=[30]))
    assert covered_frames(alone)[-1] == 29


def test_heads_that_cross_keep_covered() -> None:
    ways = [
        {index: at(5 * index, 100) for index in range(FRAMES)},
        {index: at(300 - 5 * index, 104) for index in range(FRAMES)},
    ]
    sights = [
        Sight(FRAME * index, [way[index] for way in ways if index % 3 == 0])
        for index in range(FRAMES)
    ]
    regions = follow(sights)
    for index in range(FRAMES - 2):
        assert all(hidden(regions, index, way[index]) > 0.85 for way in ways)


def test_a_jump_starts_a_new_track_and_both_are_held() -> None:
    regions = follow(clip({20: at(50), 21: at(300)}))
    assert len({region.track for region in regions}) == 2
    assert hidden(regions, 20, at(300)) == 1
    assert hidden(regions, 21, at(50)) == 1


def test_a_head_torn_aside_is_covered_on_the_way() -> None:
    ends = {20: at(50, 100), 25: at(85, 130)}
    regions = follow(clip(ends))
    assert len({region.track for region in regions}) == 2
    for index in range(21, 25):
        # Nobody saw when it went: it may be anywhere.
        for share in (0.25, 0.5, 0.75):
            assert hidden(regions, index, at(50 + 35 * share, 100 + 30 * share)) == 1
    assert {region.why for region in shown(regions, 22)} == {FILLED, HELD}
    assert hidden(follow(clip(ends, cuts=[23])), 22, at(67, 115)) < 0.5
    assert hidden(follow(clip({**ends, 25: at(200)})), 22, at(125)) == 0


def test_a_head_of_another_size_is_another_head() -> None:
    regions = follow(clip({20: at(50), 21: at(40, 90, size=60)}))
    assert len({region.track for region in regions}) == 2


def test_a_track_is_doubtful_until_one_sight_is_sure() -> None:
    unsure = {index: replace(at(50), doubtful=True) for index in (20, 21)}
    assert all(region.doubtful for region in follow(clip(unsure)))
    sure = {**unsure, 22: at(50)}
    assert not any(region.doubtful for region in follow(clip(sure)))
    # A faint sight says nothing for itself.
    assert all(region.doubtful for region in follow(clip(unsure, {22: at(50)})))
