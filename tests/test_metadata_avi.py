"""AVI: every chunk is listed in plain words, and none is ever called clean."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from scrub.metadata import Entry, entries, judge
from tests.dirty_video import VIDEO, riff, video
from tests.dirty_web import riff_chunk
from tests.pictures import canary


def dirty() -> bytes:
    """Most of the channels at once."""
    names = riff_chunk(b"IART", b"CANARY-artist-1") + riff_chunk(b"ICRD", b"CANARY-date-1")
    return riff(
        riff_chunk(b"LIST", b"INFO" + names),
        riff_chunk(b"JUNK", b"CANARY-junk-1"),
        riff_chunk(b"CANA", b"CANARY-own-1"),
    )


def told(data: bytes) -> set[tuple[str, str]]:
    return {(entry.what, entry.value) for entry in judge("avi", entries("avi", data))}


def total(found: tuple[Entry, ...]) -> int:
    return sum(entry.size for entry in found if " / " not in entry.place)


CHANNELS = {
    "avi-plain": [("video track", "FMP4"), ("sound track", "")],
    "avi-info": [("title", canary("title"))],
    "avi-xmp": [("author's name", canary("xmp"))],
    "avi-date": [("time taken", "SAT MAR 14 18:15:02 2026")],
    "avi-junk": [("free space", canary("junk"))],
    "avi-trailer": [("bytes after the end", canary("trailer"))],
}


@pytest.mark.parametrize("name", CHANNELS)
def test_channel_is_listed_and_judged(name: str) -> None:
    data = VIDEO[name]()
    found = {(what, "") if what == "sound track" else (what, text) for what, text in told(data)}
    assert [pair for pair in CHANNELS[name] if pair not in found] == []
    assert total(entries("avi", data)) == len(data)


def test_settings_of_the_encoder_are_found() -> None:
    found = dict(told(video("avi", exact=False)))
    assert found["software of the encoder"].startswith("Lavc")
    assert found["software"].startswith("Lavf")


def test_none_is_clean() -> None:
    data = video("avi")
    assert len(judge("avi", entries("avi", data))) == len(entries("avi", data))


def test_a_file_cut_short_is_broken() -> None:
    assert ("file cut short", "") in told(video("avi")[:-10])


def test_a_byte_in_the_padding_is_told() -> None:
    data = riff(riff_chunk(b"IDIT", b"odd")[:-1] + b"x")
    assert ("hidden byte in the padding", "") in told(data)


def test_lists_within_lists_end_somewhere() -> None:
    deep = b"LIST"
    for _ in range(40):
        deep = riff_chunk(b"LIST", b"deep" + deep)
    found = entries("avi", riff(deep))
    assert max(entry.place.count(" / ") for entry in found) <= 8


def test_a_mapped_file_is_read_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    path.write_bytes(dirty())
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        found = entries("avi", mapped)
    assert found == entries("avi", dirty())
