"""Matroska and WebM: every element and every note in the frames is listed and judged."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from scrub.metadata import Entry, entries, judge
from scrub.metadata.ebml import elements, value
from scrub.metadata.matroska_elements import ELEMENTS
from tests.dirty_video import (
    HALF_NAMES,
    VIDEO,
    VOID,
    attachment,
    chapters,
    element,
    segment,
    tag,
    video,
)
from tests.pictures import canaries, canary


def dirty() -> bytes:
    """Most of the channels at once."""
    return segment(
        tag("ARTIST", "CANARY-artist-1"),
        tag("LOCATION", "+10.0000+020.0000/ CANARY-place-1"),
        attachment("CANARY-name-1", "text/plain", b"CANARY-file-1"),
        element(0xEC, b"CANARY-void-1"),
        element(0x5F5F, b"CANARY-own-1"),
    )


def told(data: bytes) -> set[tuple[str, str]]:
    return {(entry.what, entry.value) for entry in judge("webm", entries("webm", data))}


def whats(data: bytes) -> set[str]:
    return {what for what, _ in told(data)}


def total(found: tuple[Entry, ...]) -> int:
    return sum(entry.size for entry in found if " / " not in entry.place)


@pytest.mark.parametrize("sound", [False, True])
def test_what_ffmpeg_writes_without_its_name_is_clean(sound: bool) -> None:
    data = video("webm", sound=sound)
    found = entries("webm", data)
    assert judge("webm", found) == ()
    assert total(found) == len(data)


CHANNELS = {
    "webm-tags": [
        ("title", canary("title")),
        ("GPS position", "LOCATION +48.8754+002.2945/"),
        ("GPS position", "48.875400, 2.294500"),
    ],
    "webm-date": [
        ("time taken", "DATE_RECORDED 2026-03-14T18:15:02Z"),
        ("author's name", f"ARTIST {canary('artist')}"),
    ],
    "webm-attachment": [("uncovered thumbnail", "64 x 64"), ("file name", canary("file"))],
    "webm-font": [("attached file", f"x.ttf {canary('font')}")],
    "webm-chapters": [("chapters", canary("chapter"))],
    "webm-void": [("bytes in the free space", canary("void"))],
    "webm-unknown": [("unknown element", canary("own"))],
    "webm-trailer": [("bytes after the end", canary("trailer"))],
    "mkv-tags": [("title", canary("title")), ("unique number", "")],
}


@pytest.mark.parametrize("name", CHANNELS)
def test_channel_is_listed_and_judged(name: str) -> None:
    data = VIDEO[name]()
    found = {(what, "") if what == "unique number" else (what, text) for what, text in told(data)}
    assert [pair for pair in CHANNELS[name] if pair not in found] == []
    assert total(entries("webm", data)) == len(data)


def test_chapters_have_no_unknown_parts() -> None:
    assert "unknown element" not in whats(video("mkv", prepare=chapters))


@pytest.mark.parametrize("name", sorted(set(CHANNELS) - {"webm-attachment"}))
def test_every_canary_is_shown(name: str) -> None:
    data = VIDEO[name]()
    shown = " ".join(entry.value for entry in entries("webm", data))
    assert [mark for mark in canaries(data) if mark not in shown] == []


def test_settings_of_the_encoders_are_found() -> None:
    values = {text[:4] for what, text in told(VIDEO["mkv-tags"]()) if "settings" in what}
    assert values == {"x264", "Lavc"}


def test_a_live_recording_is_read_to_its_end() -> None:
    live, whole = VIDEO["webm-live"](), video("webm")
    assert total(entries("webm", live)) == len(live)
    assert {entry.place for entry in entries("webm", live)} == {
        entry.place for entry in entries("webm", whole)
    }


def test_a_mapped_file_is_read_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "clip.webm"
    path.write_bytes(dirty())
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        found = entries("webm", mapped)
    assert found == entries("webm", dirty())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"und", b"eng"),
        (VOID, HALF_NAMES[0]),
        (VOID, HALF_NAMES[1]),
        (b"V_VP9", b"V_VP8"),
        (b"webm", b"webx"),
        (b"DURATION", b"duration"),
        (b"\x2a\xd7\xb1\x83\x0f", b"\x2a\xd7\xb1\x83\x0e"),
    ],
)
def test_elements_that_say_more_are_judged(old: bytes, new: bytes) -> None:
    data = video("webm", sound=True)
    assert old in data
    assert judge("webm", entries("webm", data.replace(old, new))) != ()


def test_frames_of_no_track_and_joined_frames_are_judged() -> None:
    stray = segment(
        element(0x1F43B675, element(0xE7, b"\1") + element(0xA3, b"\x89\0\0\x80CANARY"))
    )
    assert "frames of a track that is not there" in whats(stray)
    laced = segment(
        element(0x1F43B675, element(0xE7, b"\1") + element(0xA3, b"\x81\0\0\x86CANARY"))
    )
    assert "pixels and sound" in whats(laced)


def test_additions_to_a_frame_are_judged() -> None:
    more = element(0x75A1, element(0xA6, element(0xEE, b"\1") + element(0xA5, b"CANARY-more-1")))
    block = element(0xA0, element(0xA1, b"\x81\0\0\0") + more)
    assert ("notes to the decoder", "CANARY-more-1") in told(segment(element(0x1F43B675, block)))


def test_a_second_header_is_judged() -> None:
    assert "more than one Info" in whats(segment(element(0x1549A966, b"")))
    assert "more than one segment" in whats(video("webm") + element(0x18538067, b""))


def test_all_of_a_large_void_is_looked_at() -> None:
    assert whats(segment(element(0xEC, bytes(5000)))) == set()
    hidden = segment(element(0xEC, bytes(1 << 21) + b"CANARY-void-1" + bytes(99)))
    assert told(hidden) == {("bytes in the free space", "CANARY-void-1")}


def test_numbers_of_every_width_are_read() -> None:
    for width in range(1, 9):
        raw = (5 | 1 << 7 * width).to_bytes(width, "big")
        assert value(memoryview(raw), 0, width) == (5, width)
    assert value(memoryview(b"\x40"), 0, 1) == (0, 1)
    assert value(memoryview(b"\0"), 0, 1) == (0, 1)


def test_elements_cover_every_byte() -> None:
    data = memoryview(element(0xEC, b"ab") + b"\x18\x53\x80\x67\xff" + b"abc")
    found = list(elements(data, 0, len(data)))
    assert [(one.number, one.open) for one in found] == [(0xEC, False), (0x18538067, True)]
    assert sum(one.size for one in found) == len(data)


def test_no_two_elements_have_one_name() -> None:
    names = [kind.name for kind in ELEMENTS.values()]
    assert len(names) == len(set(names))
