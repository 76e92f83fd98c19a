"""Finds that become tracks: what takes a track up, and what is not believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from scrub.linking import (
    LEAP,
    SHORT_GAP,
    SMEARED,
    TRUST,
    Sight,
    Track,
    coasting,
    leaps,
    shots,
    tracks,
)
from scrub.regions import Box, Detection

FRAME = 40.0  # milliseconds
SIZE = 20
FRAMES = 80
SHORT, LONG = int(SHORT_GAP // FRAME), int(TRUST // FRAME)

places = st.builds(
    lambda left, top: Detection(Box(left, top, left + SIZE, top + SIZE), 0.5, "told"),
    st.integers(0, 200),
    st.integers(0, 60),
)
finds = st.lists(st.builds(replace, places, doubtful=st.booleans()), max_size=3)
clips = st.lists(st.builds(Sight, st.just(0.0), finds, finds, st.booleans()), max_size=30).map(
    lambda sights: [replace(one, time=FRAME * index) for index, one in enumerate(sights)]
)


def at(left: float, top: float = 100, doubtful: bool = False) -> Detection:
    """A head of 20 x 20 pixels."""
    return Detection(Box.around(left, top, left + SIZE, top + SIZE), 0.5, "told", doubtful)


def clip(found: dict[int, Detection], faint: dict[int, Detection]) -> list[Sight]:
    return [
        Sight(
            FRAME * index, *([finds[index]] if index in finds else [] for finds in (found, faint))
        )
        for index in range(FRAMES)
    ]


def only(sights: Sequence[Sight]) -> Track:
    [track] = tracks(sights)
    return track


def faintly(frames: Iterable[int]) -> dict[int, Detection]:
    return dict.fromkeys(frames, at(50))


# --- what always holds --------------------------------------------------------------------------


@settings(max_examples=100)
@given(clips)
def test_every_find_worth_a_cover_is_in_one_track(sights: list[Sight]) -> None:
    followed = tracks(sights)
    for index, sight in enumerate(sights):
        clear = [
            track.sights[index]
            for track in followed
            if index in track.sights and index not in track.faint
        ]
        assert sorted(map(repr, clear)) == sorted(map(repr, sight.found))
    for track in followed:
        assert track.seen == sorted(track.sights) == sorted(track.times)
        assert track.faint < set(track.seen)


def test_no_finds_are_no_tracks() -> None:
    assert tracks([]) == tracks([Sight(0.0)]) == []


@settings(max_examples=100)
@given(clips)
def test_a_shot_goes_from_one_cut_to_the_next(sights: list[Sight]) -> None:
    parts = list(shots(iter(sights)))
    assert [sight for part in parts for sight in part] == sights
    assert all(part[0].cut for part in parts[1:])
    assert not any(sight.cut for part in parts for sight in part[1:])


def test_a_shot_is_done_with_before_the_next_is_read() -> None:
    read: list[int] = []

    def film() -> Iterator[Sight]:
        for index in range(9):
            read.append(index)
            yield Sight(FRAME * index, cut=index % 3 == 0)

    assert [(len(shot), len(read)) for shot in shots(film())] == [(3, 4), (3, 7), (3, 9)]


@settings(max_examples=100)
@given(clips)
def test_heads_torn_aside_are_few_and_were_surely_heads(sights: list[Sight]) -> None:
    followed = tracks(sights)
    pairs = list(leaps(followed))
    assert len(pairs) == len(set(pairs)) <= 2 * len(followed)
    for one, other in pairs:
        track, following = followed[one], followed[other]
        assert track.seen[-1] + 1 < following.seen[0]
        assert track.sure() or following.sure()


# --- what is believed ---------------------------------------------------------------------------


def test_faint_finds_do_not_lead_a_doubtful_track_on_for_long() -> None:
    track = only(clip({40: at(50, doubtful=True)}, faintly(range(FRAMES))))
    assert track.seen == list(range(40 - SHORT, 41 + SHORT))
    assert track.sure() == []


def test_faint_finds_lead_on_a_track_that_was_sure() -> None:
    track = only(clip({40: at(50)}, faintly(range(FRAMES))))
    assert track.seen == list(range(40 - LONG, 41 + LONG))
    assert track.sure() == [40 * FRAME]


def test_faint_finds_between_doubtful_ones_count_beside_each() -> None:
    doubtful = {index: at(50, doubtful=True) for index in (20, 40)}
    track = only(clip(doubtful, faintly(range(FRAMES))))
    assert track.seen == [
        index for index in range(FRAMES) if min(abs(index - 20), abs(index - 40)) <= SHORT
    ]


# --- what is the same head ----------------------------------------------------------------------


def test_a_faint_find_beside_a_head_does_not_lead_its_track_astray() -> None:
    shoulder = at(57, 108)
    track = only(clip({20: at(50), 22: at(50)}, {21: shoulder}))
    assert track.seen == [20, 22]
    assert only(clip({20: at(50), 21: shoulder}, {})).seen == [20, 21]


def test_a_faint_find_where_the_head_is_counts() -> None:
    assert only(clip({20: at(50), 22: at(50)}, {21: at(53, 102)})).seen == [20, 21, 22]


def test_a_track_has_the_speed_of_its_sights() -> None:
    track = only(clip({index: at(50 + 4 * index) for index in range(20, 26)}, {}))
    assert track.velocity(22) == (4 / FRAME, 0)
    alone = only(clip({20: at(50)}, {}))
    assert alone.velocity(20) == (0, 0)


def test_a_head_out_of_sight_slows_down() -> None:
    assert coasting(0) == 0
    assert coasting(-40) == -coasting(40)
    assert 30 < coasting(40) < 40
    assert coasting(1000) < 101


# --- torn aside ---------------------------------------------------------------------------------


def torn(sights: Sequence[Sight]) -> list[tuple[float, float]]:
    """Where heads may have been torn from and to, from left to right."""
    followed = tracks(sights)
    return [
        (ended.sights[ended.seen[-1]].box.left, begun.sights[begun.seen[0]].box.left)
        for ended, begun in ((followed[one], followed[other]) for one, other in leaps(followed))
    ]


def test_a_head_that_comes_up_beside_where_one_was_is_that_head_torn_aside() -> None:
    assert torn(clip({20: at(50), 25: at(80)}, {})) == [(50, 80)]
    assert torn(clip({20: at(50), 25: at(50, 130)}, {})) == [(50, 50)]


def test_a_head_is_not_torn_over_a_cut() -> None:
    sights = clip({20: at(50), 25: at(80)}, {})
    for index in range(21, 26):
        cut = [replace(one, cut=one is sights[index]) for one in sights]
        assert [pair for shot in shots(cut) for pair in torn(shot)] == []


def test_one_who_leaves_and_one_who_comes_in_far_away_are_two() -> None:
    for most, pairs in ((LEAP, 1), (LEAP + 0.1, 0)):
        assert len(torn(clip({20: at(50), 25: at(50 + most * SIZE)}, {}))) == pairs


def test_a_head_of_another_size_is_not_the_one_torn_aside() -> None:
    large = Detection(Box(80, 90, 80 + 2 * SIZE, 90 + 2 * SIZE), 0.5, "told")
    assert torn(clip({20: at(50), 25: large}, {})) == []


def test_the_surer_a_head_the_longer_it_may_be_torn() -> None:
    for one, other in ((False, False), (False, True), (True, False), (True, True)):
        most = SMEARED[2 - one - other]
        for gap in range(2, 20):
            ends = {20: at(50, doubtful=one), 20 + gap: at(110, doubtful=other)}
            assert len(torn(clip(ends, {}))) == (gap * FRAME <= most)


def test_nothing_is_between_two_frames_that_follow_each_other() -> None:
    assert torn(clip({20: at(50), 21: at(80)}, {})) == []


def test_of_a_crowd_torn_aside_each_goes_with_the_nearest_only() -> None:
    before = [at(30 * number, 20) for number in range(20)]
    after = [at(30 * number + 5, 60) for number in range(20)]
    pairs = torn([Sight(0, before), Sight(FRAME), Sight(2 * FRAME, after[::-1])])
    assert sorted(pairs) == [(30 * number, 30 * number + 5) for number in range(20)]


def test_a_find_that_is_nearer_takes_nobody_out_of_reach() -> None:
    sights = [Sight(0, [at(100)]), Sight(FRAME), Sight(2 * FRAME, [at(80), at(150)])]
    assert sorted(torn(sights)) == [(100, 80), (100, 150)]
    assert sorted(
        torn([replace(sights[2], time=0.0), sights[1], replace(sights[0], time=80.0)])
    ) == [
        (80, 100),
        (150, 100),
    ]
