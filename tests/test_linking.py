"""Finds that become tracks: what takes a track up, and what is not believed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from scrub.linking import SHORT_GAP, TRUST, Sight, Track, coasting, tracks
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
    [(track, _)] = tracks(sights)
    return track


def faintly(frames: Iterable[int]) -> dict[int, Detection]:
    return dict.fromkeys(frames, at(50))


# --- what always holds --------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(clips)
def test_every_find_worth_a_cover_is_in_one_track(sights: list[Sight]) -> None:
    followed = list(tracks(sights))
    for index, sight in enumerate(sights):
        clear = [
            track.sights[index]
            for track, _ in followed
            if index in track.sights and index not in track.faint
        ]
        assert sorted(map(repr, clear)) == sorted(map(repr, sight.found))
    for track, shot in followed:
        assert track.seen == sorted(track.sights) == sorted(track.times)
        assert track.faint < set(track.seen)
        assert set(track.seen) <= set(shot)


def test_no_finds_are_no_tracks() -> None:
    assert list(tracks([])) == list(tracks([Sight(0.0)])) == []


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
