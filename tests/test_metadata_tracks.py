"""Samples are found by every form of sample table, and by the runs of live recordings."""

from __future__ import annotations

import struct

import pytest

from scrub.metadata import entries, judge
from scrub.metadata.boxes import boxes, first
from scrub.metadata.extents import gaps
from scrub.metadata.tracks import fragments, tracks
from tests.dirty_heif import box
from tests.dirty_video import video

SIZES = (3, 5, 7, 2)
TABLES = {
    "stsz": box(b"stsz", struct.pack(">3I4I", 0, 0, 4, *SIZES)),
    "stz2 16": box(b"stz2", struct.pack(">2I4H", 16, 4, *SIZES).join([bytes(4), b""])),
    "stz2 8": box(b"stz2", bytes(4) + struct.pack(">2I", 8, 4) + bytes(SIZES)),
    "stz2 4": box(b"stz2", bytes(4) + struct.pack(">2I", 4, 4) + b"\x35\x72"),
}
OFFSETS = {
    "stco": box(b"stco", struct.pack(">4I", 0, 2, 100, 200)),
    "co64": box(b"co64", struct.pack(">2I2Q", 0, 2, 100, 200)),
}


def movie(*tables: bytes) -> memoryview:
    table = box(b"stbl", b"".join(tables))
    tkhd = box(b"tkhd", bytes(12) + struct.pack(">I", 7))
    moov = box(b"moov", box(b"trak", tkhd + box(b"mdia", box(b"minf", table))))
    return memoryview(moov + bytes(1000))


def samples(*tables: bytes) -> list[tuple[int, int]]:
    view = movie(*tables)
    (track,) = tracks(view, next(boxes(view, 0, len(view))))
    assert track.number == 7
    return list(track.samples())


@pytest.mark.parametrize("sizes", TABLES)
@pytest.mark.parametrize("offsets", OFFSETS)
def test_samples_lie_where_the_tables_say(sizes: str, offsets: str) -> None:
    groups = box(b"stsc", struct.pack(">8I", 0, 2, 1, 3, 1, 2, 1, 1))
    assert samples(TABLES[sizes], OFFSETS[offsets], groups) == [
        (100, 103),
        (103, 108),
        (108, 115),
        (200, 202),
    ]


def test_samples_of_one_size_come_in_chunks() -> None:
    sizes = box(b"stsz", struct.pack(">3I", 0, 10, 8))
    groups = box(b"stsc", struct.pack(">5I", 0, 1, 1, 4, 1))
    assert samples(sizes, OFFSETS["stco"], groups) == [(100, 140), (200, 240)]


def test_tables_that_promise_too_much_are_not_believed() -> None:
    sizes = box(b"stsz", struct.pack(">3I", 0, 1 << 30, 1 << 31))
    groups = box(b"stsc", struct.pack(">5I", 0, 1, 1, 1 << 31, 1))
    assert samples(sizes, OFFSETS["stco"], groups) == []
    endless = box(b"stsz", struct.pack(">3I", 0, 0, (1 << 32) - 1))
    assert samples(endless, OFFSETS["stco"], groups) == []
    assert samples(TABLES["stsz"], groups) == []
    assert samples(TABLES["stsz"], OFFSETS["stco"]) == []
    assert samples() == []


def moof(header: bytes, *runs: bytes) -> memoryview:
    parts = box(b"tfhd", header) + b"".join(box(b"trun", run) for run in runs)
    return memoryview(box(b"moof", box(b"traf", parts)) + bytes(200))


@pytest.mark.parametrize(
    ("header", "runs", "expected"),
    [
        # Sizes in the run, from the box on.
        ((0, 1), (struct.pack(">IIIII", 0x201, 2, 8, 3, 4),), [(1, 8, 15)]),
        # One size for all, from a place of its own.
        (
            (0x11, 2, 0, 90, 5),
            (struct.pack(">II", 0, 3), struct.pack(">II", 0, 1)),
            [(2, 90, 105), (2, 105, 110)],
        ),
        # Durations beside the sizes.
        (
            (0x38, 3, 1, 2, 3),
            (struct.pack(">II6I", 0x301, 2, 10, 9, 6, 9, 7, 0),),
            [(3, 10, 23)],
        ),
        # Beyond the end.
        ((0x10, 4, 1 << 20), (struct.pack(">II", 0, 9),), []),
    ],
)
def test_runs_lie_where_they_say(
    header: tuple[int, ...], runs: tuple[bytes, ...], expected: list[tuple[int, int, int]]
) -> None:
    view = moof(struct.pack(f">{len(header)}I", *header), *runs)
    assert list(fragments(view, next(boxes(view, 0, len(view))))) == expected


def test_a_live_recording_has_no_gaps() -> None:
    data = video(layout="frag_keyframe+empty_moov", sound=True)
    assert "bytes that nothing refers to" not in {
        e.what for e in judge("mp4", entries("mp4", data))
    }


def test_gaps_are_told_and_summed_up() -> None:
    view = memoryview(b"ABCDEFGHIJ" * 100)
    assert [entry.size for entry in gaps(view, 10, 30, [(0, 15), (12, 20), (25, 99)])] == [5]
    assert [entry.value for entry in gaps(view, 0, 20, [(8, 20)])] == ["ABCDEFGH"]
    many = list(gaps(view, 0, 1000, [(at, at + 5) for at in range(0, 1000, 10)]))
    assert len(many) == 65
    assert sum(entry.size for entry in many) == 500
    assert list(gaps(view, 0, 20, [(0, 20), (40, 50)])) == []


def test_boxes_are_reached_by_their_names() -> None:
    data = memoryview(box(b"moov", box(b"free", b"") + box(b"udta", b"abc")))
    found = first(data, 0, len(data), "moov", "udta")
    assert found is not None
    assert bytes(data[found.body : found.end]) == b"abc"
    assert first(data, 0, len(data), "moov", "trak", "tkhd") is None


def test_boxes_of_every_form_cover_every_byte() -> None:
    large = struct.pack(">I4sQ", 1, b"mdat", 20) + b"abcd"
    data = memoryview(box(b"free", b"x") + large + box(b"\0\1\2\3", b"") + b"\0\0\0\0mdatrest")
    found = list(boxes(data, 0, len(data)))
    assert [one.name for one in found] == ["free", "mdat", "box 00010203", "mdat"]
    assert [one.size for one in found] == [9, 20, 8, 12]
    for broken in (
        b"\0\0\0\7free",
        b"\0\0\0\x09free",
        bytes(8),
        b"\0\0\0\1mdat" + bytes(8),
        b"abc",
    ):
        assert [one.name for one in boxes(memoryview(broken), 0, len(broken))] == ["broken"]
