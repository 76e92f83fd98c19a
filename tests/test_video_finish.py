"""What FFmpeg's muxers write of themselves is gone, and nothing else has changed."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from scrub.formats.video_finish import without_names, without_user_data
from scrub.metadata import entries, judge
from tests.clips import video
from tests.dirty_video import HALF_NAMES, NO_DESCRIPTIONS, VOID


def played(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux() if packet.size]


@pytest.mark.parametrize("rounds", [1, 2])
def test_webm_names_no_muxer(rounds: int, tmp_path: Path) -> None:
    path = video(tmp_path / "clip.webm", muxer="webm", codec="libvpx-vp9", sound=0.2)
    before, shown = path.read_bytes(), played(path)
    for _ in range(rounds):
        without_names(path)
    after = path.read_bytes()
    assert len(after) == len(before)
    told = {entry.what for entry in judge("webm", entries("webm", before))}
    assert "software" in told
    left = [entry for entry in judge("webm", entries("webm", after)) if "Info" in entry.place]
    assert left == []
    assert played(path) == shown
    with av.open(str(path)) as container:
        assert "encoder" not in container.metadata


def test_only_the_names_become_free_space(tmp_path: Path) -> None:
    path = video(
        tmp_path / "clip.webm", muxer="webm", codec="libvpx-vp9", muxing={"fflags": "+bitexact"}
    )
    before = path.read_bytes()
    without_names(path)
    for mark in HALF_NAMES:
        assert before.count(mark) == 1
        before = before.replace(mark, VOID)
    assert path.read_bytes() == before


def test_list_of_descriptions_becomes_free_space(tmp_path: Path) -> None:
    path = video(tmp_path / "clip.mp4", muxing={"fflags": "+bitexact"})
    before, shown = path.read_bytes(), played(path)
    assert before.count(NO_DESCRIPTIONS) == 1
    without_user_data(path)
    free = b"free" + bytes(len(NO_DESCRIPTIONS) - 8)
    assert path.read_bytes() == before.replace(NO_DESCRIPTIONS[4:], free)
    assert played(path) == shown
