"""Heads that are followed through an animation: coverage is added and never lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from scrub.regions import Box, Region, covered_share
from scrub.tracking import FILLED, GAP, HEAD, HELD, HOLD, link, separate

FRAMES = 60

boxes = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    st.integers(-10, 90),
    st.integers(-10, 90),
    st.integers(1, 40),
    st.integers(1, 40),
)
clips = st.lists(st.lists(boxes, max_size=4), max_size=40)
small = settings(deadline=None, max_examples=100)


def at(left: float, top: float = 0) -> Box:
    """A head of 20 x 20 pixels."""
    return Box.around(left, top, left + 20, top + 20)


def seen(sights: dict[int, Box], frames: int = FRAMES) -> list[list[Box]]:
    """A clip in which one head is found in some frames."""
    return [[sights[index]] if index in sights else [] for index in range(frames)]


def shown(regions: Iterable[Region], index: int) -> list[Region]:
    return [region for region in regions if region.covers_frame(index)]


def whys(regions: Sequence[Region]) -> list[str]:
    """Why each frame is covered; empty where it is not."""
    return [" and ".join(one.why for one in shown(regions, index)) for index in range(FRAMES)]


@small
@given(clips)
def test_every_head_found_is_covered_in_its_frame(clip: list[list[Box]]) -> None:
    for follow in (link, separate):
        regions = follow(clip)
        for index, found in enumerate(clip):
            covered = [region.box for region in shown(regions, index)]
            assert all(box in covered for box in found)


@small
@given(clips)
def test_a_track_covers_one_place_a_frame_without_a_break(clip: list[list[Box]]) -> None:
    frames = defaultdict(list)
    for region in link(clip):
        assert 0 <= region.first_frame <= region.last_frame < len(clip)
        frames[region.track] += range(region.first_frame, region.last_frame + 1)
    for covered in frames.values():
        assert sorted(covered) == list(range(min(covered), max(covered) + 1))


@small
@given(clips)
def test_separate_has_one_region_for_each_find(clip: list[list[Box]]) -> None:
    regions = separate(clip)
    assert [(region.first_frame, region.last_frame, region.box) for region in regions] == [
        (index, index, box) for index, found in enumerate(clip) for box in found
    ]
    assert [region.track for region in regions] == list(range(len(regions)))
    assert {region.why for region in regions} <= {HEAD}


def test_nothing_found_is_nothing_covered() -> None:
    assert link([[]] * FRAMES) == separate([[]] * FRAMES) == link([]) == separate([]) == ()


def test_a_head_is_held_before_its_first_and_after_its_last_sight() -> None:
    regions = link(seen({20: at(0), 21: at(4)}))
    assert whys(regions) == (
        [""] * (20 - HOLD) + [HELD] * HOLD + [HEAD] * 2 + [HELD] * HOLD + [""] * (38 - HOLD)
    )
    assert {region.box for region in shown(regions, 19)} == {at(0)}
    assert {region.box for region in shown(regions, 22)} == {at(4)}


def test_a_hold_ends_with_the_clip() -> None:
    assert whys(link(seen({1: at(0), FRAMES - 2: at(0)})))[:2] == [HELD, HEAD]
    assert whys(link(seen({1: at(0), FRAMES - 2: at(0)})))[-2:] == [HEAD, HELD]
    assert whys(link(seen({0: at(0)})))[:2] == [HEAD, HELD]
    assert whys(link(seen({FRAMES - 1: at(0)})))[-2:] == [HELD, HEAD]


def test_a_gap_is_filled_on_the_straight_way() -> None:
    regions = link(seen({20: at(0), 24: at(8, 4)}))
    assert whys(regions)[20:25] == [HEAD, FILLED, FILLED, FILLED, HEAD]
    for index, place in ((21, at(2, 1)), (22, at(4, 2)), (23, at(6, 3))):
        assert [region.box for region in shown(regions, index)] == [place]


@small
@given(boxes, boxes, st.integers(2, GAP + 1))
def test_the_way_between_two_sights_is_rounded_outwards(one: Box, other: Box, step: int) -> None:
    regions = [region for region in link(seen({0: one, step: other})) if region.why == FILLED]
    for region in regions:
        share = region.first_frame / step
        center = [a + share * (b - a) for a, b in zip(one.center, other.center, strict=True)]
        width = one.width + share * (other.width - one.width)
        height = one.height + share * (other.height - one.height)
        assert region.box.left <= center[0] - width / 2 + 1e-6
        assert region.box.top <= center[1] - height / 2 + 1e-6
        assert region.box.right >= center[0] + width / 2 - 1e-6
        assert region.box.bottom >= center[1] + height / 2 - 1e-6


def test_a_head_may_go_unseen_for_a_while_and_no_longer() -> None:
    first = 10
    back = first + GAP + 1
    assert len({region.track for region in link(seen({first: at(0), back: at(0)}))}) == 1
    assert len({region.track for region in link(seen({first: at(0), back + 1: at(0)}))}) == 2


def test_a_head_that_is_the_same_one_is_never_bare_between_its_sights() -> None:
    first = 10
    for back in range(first + 1, first + GAP + 2):
        assert all(whys(link(seen({first: at(0), back: at(0)})))[first : back + 1])


def test_heads_that_cross_far_apart_keep_their_tracks() -> None:
    clip = [[at(5 * index, 0), at(300 - 5 * index, 100)] for index in range(FRAMES)]
    for index in range(0, FRAMES, 3):
        clip[index].reverse()
    regions = link(clip)
    assert len({region.track for region in regions}) == 2
    assert len({(region.track, region.box.top) for region in regions}) == 2


def test_a_head_takes_up_the_nearer_of_two_tracks() -> None:
    clip = [[at(0), at(14)], [at(15)], [at(1), at(16)]]
    tracks = {(region.box, region.first_frame): region.track for region in link(clip)}
    assert tracks[at(14), 0] == tracks[at(15), 1] == tracks[at(16), 2]
    assert tracks[at(0), 0] == tracks[at(1), 2] != tracks[at(14), 0]


def test_a_track_takes_one_head_a_frame() -> None:
    regions = link([[at(0)], [at(0), at(2)]])
    assert len({region.track for region in shown(regions, 1)}) == 2


def test_a_jump_starts_a_new_track_and_both_are_held() -> None:
    regions = link(seen({10: at(0), 11: at(200)}))
    assert len({region.track for region in regions}) == 2
    # Where the head was and where it came up, for a while on either side of the jump.
    assert covered_share(at(200), [region.box for region in shown(regions, 10)]) == 1
    assert covered_share(at(0), [region.box for region in shown(regions, 11)]) == 1
