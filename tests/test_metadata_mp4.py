"""MP4 and QuickTime: every box, track and hidden note is listed in plain words and judged."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

import pytest

from scrub.metadata import Entry, entries, judge
from scrub.metadata.bmff import moment
from tests.dirty_heif import box
from tests.dirty_video import VIDEO, camm, gopro, grown, late_index, user, video, with_track
from tests.pictures import canaries, canary


def dirty() -> bytes:
    """Most of the channels at once."""
    told = box(b"udta", user(b"\xa9xyz", "+10.0000+020.0000/") + user(b"\xa9cmt", "CANARY-cmt-1"))
    own = box(b"uuid", bytes(16) + b"CANARY-uuid-1") + box(b"free", b"CANARY-free-1")
    line = struct.pack(">H", 13) + b"CANARY-line-1"
    return with_track(b"sbtl", b"tx3g", line, told) + own


def told(data: bytes) -> set[tuple[str, str]]:
    return {(entry.what, entry.value) for entry in judge("mp4", entries("mp4", data))}


def whats(data: bytes) -> set[str]:
    return {what for what, _ in told(data)}


def total(found: tuple[Entry, ...]) -> int:
    return sum(entry.size for entry in found if " / " not in entry.place)


@pytest.mark.parametrize("sound", [False, True])
@pytest.mark.parametrize("first", ["+", "-"])
def test_what_ffmpeg_writes_without_its_name_is_clean(sound: bool, first: str) -> None:
    data = video(sound=sound, layout=f"{first}faststart+negative_cts_offsets")
    found = entries("mp4", data)
    assert judge("mp4", found) == ()
    assert total(found) == len(data)


CHANNELS = {
    "mp4-tags": [
        ("GPS position", "48.875397, 2.294495"),
        ("title", canary("title")),
        ("time taken", "2026-03-14 18:15:02"),
    ],
    "mp4-user-data": [
        ("GPS position", "48.875400, 2.294500"),
        ("camera maker", canary("make")),
        ("Samsung data", ""),
    ],
    "mp4-quicktime": [
        ("GPS position", "48.875400, 2.294500"),
        ("camera model", canary("model")),
    ],
    "mp4-chapters": [
        ("chapters (text track)", ""),
        ("text of a subtitle or chapter", canary("chapter")),
        ("chapters", canary("chapter")),
    ],
    "mp4-gopro": [
        ("GPS and motion telemetry track", ""),
        ("GPS position", "48.875400, 2.294500"),
        ("software (handler's name)", canary("handler")),
    ],
    "mp4-camm": [("GPS position", "48.875400, 2.294500")],
    "mp4-subtitles": [
        ("subtitles track", ""),
        ("text of a subtitle or chapter", canary("line")),
    ],
    "mp4-timecode": [("timecode track", "")],
    "mp4-faces": [
        ("telemetry track", ""),
        ("position of a face", "com.apple.quicktime.detected-face.bounds"),
    ],
    "mp4-cover": [("uncovered thumbnail", "64 x 64")],
    "mp4-second-video": [
        ("further uncovered pictures track", ""),
        ("uncovered thumbnail", "64 x 64"),
    ],
    "mp4-live": [("part of a live recording", "")],
    "mp4-xmp": [("author's name", canary("xmp"))],
    "mp4-free": [("bytes in the free space", canary("free"))],
    "mp4-trailer": [("Samsung trailer", f"Image_UTC_Data{canary('samsung')}SEFHk")],
}


@pytest.mark.parametrize("name", CHANNELS)
def test_channel_is_listed_and_judged(name: str) -> None:
    data = VIDEO[name]()
    found = told(data)
    assert [pair for pair in CHANNELS[name] if pair not in found] == []
    assert total(entries("mp4", data)) == len(data)


@pytest.mark.parametrize("name", sorted(set(CHANNELS) - {"mp4-cover", "mp4-second-video"}))
def test_every_canary_is_shown(name: str) -> None:
    data = VIDEO[name]()
    shown = " ".join(entry.value for entry in entries("mp4", data))
    assert [mark for mark in canaries(data) if mark not in shown] == []


def test_settings_of_the_encoders_are_found() -> None:
    noisy = told(video(sound=True, exact=False, quiet=False))
    kept = {value[:4] for what, value in noisy if what == "software and settings of the encoder"}
    assert kept == {"x264", "Lavc"}
    assert "software and settings of the encoder" in whats(
        video(quiet=False, layout="frag_keyframe+empty_moov")
    )


def test_a_mapped_file_is_read_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(dirty())
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        found = entries("mp4", mapped)
    assert found == entries("mp4", dirty())


def test_bytes_that_no_track_refers_to_are_judged() -> None:
    hidden = late_index() + box(b"mdat", b"CANARY-mdat-1")
    assert ("bytes that nothing refers to", "CANARY-mdat-1") in told(hidden)


@pytest.mark.parametrize(
    ("tail", "what"),
    [
        (b"CANARY-tail-1", "bytes after the end"),
        (b"CANARY-tail-1" + b"8db42d694ccc418790edff439fe026bf", "Insta360 trailer (GPS and"),
    ],
)
def test_trailers_are_told_apart(tail: bytes, what: str) -> None:
    (entry,) = judge("mp4", entries("mp4", late_index() + tail))
    assert entry.place == "after the end"
    assert entry.what.startswith(what)
    assert entry.value.startswith("CANARY-tail-1")


def test_a_file_cut_short_says_where() -> None:
    assert "file cut short in its mdat" in whats(video()[:-20])
    assert "file cut short in its moov" in whats(late_index()[:-20])


@pytest.mark.parametrize(
    ("name", "at", "new"),
    [
        (b"mvhd", 20, b"\0\0\0\1"),  # the rate
        (b"tkhd", 36, b"\1\1"),  # the layer
        (b"mdhd", 20, b"\x15\xc7"),  # English
        (b"dref", 4, b"\0\0\0\2"),
        (b"vmhd", 8, b"\0\1"),
        (b"avc1", 42, b"\4name"),
        (b"avcC", 0, b"\2"),
        (b"stts", 4, b"\0\0\0\7"),
        (b"stsz", 0, b"\0\0\0\1"),
        (b"hdlr", 12, b"abcd"),
        (b"ftyp", 8, b"mp42"),
    ],
)
def test_headers_that_say_more_are_judged(name: bytes, at: int, new: bytes) -> None:
    data = bytearray(late_index())
    start = data.index(name, 0 if name == b"ftyp" else data[3]) + 4 + at
    data[start : start + len(new)] = new
    assert judge("mp4", entries("mp4", bytes(data))) != ()


def test_dates_are_told() -> None:
    assert moment(0) == "1904-01-01 00:00:00"
    assert moment(1 << 63) == ""
    data = bytearray(late_index())
    at = data.index(b"mvhd") + 8
    data[at : at + 4] = struct.pack(">I", 86_400)
    assert told(bytes(data)) == {("time taken", "1904-01-02 00:00:00")}


def test_positions_of_no_place_are_left_out() -> None:
    for sample in (gopro(0, 0), gopro(120, 0), b"GPS5", b""):
        assert "GPS position" not in whats(with_track(b"meta", b"gpmd", sample))
    for sample in (camm(0, 0), camm(0, 200), b"\0\0\5\0"):
        assert "GPS position" not in whats(with_track(b"camm", b"camm", sample))


def test_a_second_movie_is_judged() -> None:
    data = late_index()
    at = data.index(b"moov") - 4
    assert "more than one moov" in whats(data + data[at:])


def test_boxes_within_boxes_end_somewhere() -> None:
    deep = b""
    for _ in range(40):
        deep = box(b"udta", deep)
    found = entries("mp4", grown(deep))
    assert max(entry.place.count(" / ") for entry in found) <= 14
    assert total(found) == len(grown(deep))


def test_samples_that_overlap_are_read_once_or_twice() -> None:
    data = bytearray(with_track(b"vide", b"avc1", bytes(40)))
    at = data.rindex(b"stsz") + 8
    data[at : at + 8] = struct.pack(">II", 40, 1 << 31)
    at = data.rindex(b"stsc") + 16
    data[at : at + 4] = struct.pack(">I", 1 << 31)
    assert entries("mp4", bytes(data))
