"""An animated AVIF plays as often as it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrub import pipeline
from scrub.formats import probe
from scrub.formats.repeats import plays, repeated
from scrub.settings import Settings
from tests import media


@pytest.fixture
def moving(tmp_path: Path) -> bytes:
    """It plays for ever: its writer knows nothing else."""
    return media.write("avif-animated", tmp_path).read_bytes()


@pytest.mark.parametrize("loop", [None, 0, 2, 7])
def test_a_copy_plays_as_often(loop: int | None, moving: bytes, tmp_path: Path) -> None:
    source = tmp_path / "source.avif"
    source.write_bytes(repeated(moving, loop))
    assert probe(source).loop == loop
    report = pipeline.clean(source, tmp_path / "copy.avif", Settings(), None)
    assert report.target is not None
    assert probe(report.target).loop == loop


def test_once_is_an_edit_list_that_does_not_repeat(moving: bytes) -> None:
    """As ISO/IEC 14496-12 says it, in the bytes: 480 milliseconds, in three places."""
    once = repeated(moving, None)
    at = once.index(b"elst")
    assert moving[at + 4 : at + 8] == b"\1\0\0\1"
    assert once[at + 4 : at + 8] == b"\1\0\0\0"
    for name, before in (("mvhd", 28), ("tkhd", 32), ("elst", 12)):
        start = once.index(name.encode()) + before
        assert int.from_bytes(once[start : start + 8], "big") == 480


def test_a_file_without_an_edit_list_plays_for_ever(moving: bytes) -> None:
    assert plays(moving.replace(b"edts", b"free")) == 0
    assert plays(b"") == 0


def test_a_still_stays_as_it_is(tmp_path: Path) -> None:
    data = media.write("avif-orientation-6", tmp_path).read_bytes()
    assert repeated(data, None) == data


def test_a_damaged_file_is_no_surprise(moving: bytes) -> None:
    for end in range(0, len(moving), 7):
        assert plays(moving[:end]) in (None, 0)
    at = moving.index(b"elst")
    for place in range(at - 40, at + 40):
        changed = bytearray(moving)
        changed[place] ^= 0xFF
        plays(bytes(changed))
