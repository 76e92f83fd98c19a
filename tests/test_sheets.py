"""A sheet shows where faces were found, and the pictures that hide in the file."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrub import sheets
from scrub.errors import TargetError
from scrub.exposure import Exposure, Sighting, bare
from scrub.metadata import Entry
from scrub.regions import Box, Detection
from scrub.sheets import DOUBTFUL, GAP, NARROW, SURE, Folder, save
from tests.media import Pixels, write
from tests.parts import saved
from tests.pictures import picture, second_face


def sighting(left: int, doubtful: bool = False, frame: int = 0) -> Sighting:
    return Sighting(frame, Detection(Box(left, 20, left + 40, 70), 0.9, "told", doubtful))


def drawn(exposure: Exposure, folder: Path) -> Pixels:
    save(exposure, folder / "sheet.png")
    with Image.open(folder / "sheet.png") as image:
        assert image.mode == "RGB"
        return np.array(image)


def exposed(pixels: Pixels, folder: Path, *sightings: Sighting) -> Exposure:
    source = folder / "a.png"
    source.write_bytes(saved(pixels, "PNG"))
    return replace(bare(source), sightings=sightings)


def has(pixels: Pixels, color: tuple[int, int, int]) -> bool:
    return bool((pixels == color).all(axis=-1).any())


def test_faces_are_framed_in_two_colours(tmp_path: Path) -> None:
    sheet = drawn(exposed(picture(), tmp_path, sighting(30), sighting(120, True)), tmp_path)
    for left, color in ((30, SURE), (120, DOUBTFUL)):
        for x, y in ((left - 1, 45), (left + 40, 45), (left + 20, 19), (left + 20, 70)):
            assert tuple(sheet[GAP + y, GAP + x]) == color
    # The face itself stays as it is.
    inside = sheet[GAP + 20 : GAP + 70, GAP + 30 : GAP + 70]
    assert (inside == picture()[20:70, 30:70]).all()


@pytest.mark.parametrize("sightings", [(), None])
def test_nothing_is_framed_where_nothing_was_seen(
    sightings: tuple[Sighting, ...] | None, tmp_path: Path
) -> None:
    sheet = drawn(replace(exposed(picture(), tmp_path), sightings=sightings), tmp_path)
    assert not has(sheet, SURE)
    assert (sheet[GAP : GAP + 180, GAP : GAP + 240] == picture()).all()


def test_large_pictures_are_made_small(tmp_path: Path) -> None:
    pixels = np.full((3000, 2000, 3), 90, np.uint8)
    one = Sighting(0, Detection(Box(900, 1500, 1200, 1800), 0.9, "told"))
    sheet = drawn(exposed(pixels, tmp_path, one), tmp_path)
    assert sheet.shape[0] < 1100
    assert has(sheet[GAP + 490 : GAP + 510, GAP + 290 : GAP + 310], SURE)


def test_tiny_and_narrow_pictures_have_sheets_too(tmp_path: Path) -> None:
    for shape in ((1, 1, 3), (1, 4000, 3), (4000, 1, 3)):
        pixels = np.zeros(shape, np.uint8)
        one = Sighting(0, Detection(Box(0, 0, 1, 1), 0.9, "told"))
        assert has(drawn(exposed(pixels, tmp_path, one), tmp_path), SURE)


def test_a_clip_shows_the_frames_with_the_most_faces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = bare(write("gif-animated", tmp_path))
    assert found.media is not None
    assert found.media.frames > 2
    monkeypatch.setattr(sheets, "MOST_FRAMES", 2)
    seen = (sighting(30, frame=2), sighting(90, frame=2), sighting(30, frame=1))
    shown = list(sheets._frames(replace(found, sightings=seen)))
    count = found.media.frames
    assert [tile.caption for tile in shown] == [
        f"frame 2 of {count}: 1 face (red), 0 doubtful (yellow)",
        f"frame 3 of {count}: 2 faces (red), 0 doubtful (yellow)",
    ]


def test_hidden_pictures_are_shown(tmp_path: Path) -> None:
    hidden = second_face(64)
    found = exposed(picture(), tmp_path)
    entry = Entry("x", "uncovered thumbnail", 9, "64 x 64", picture=saved(hidden, "PNG"))
    sheet = drawn(replace(found, carried=(entry,)), tmp_path)
    left = 2 * GAP + (NARROW - GAP)
    assert (sheet[GAP : GAP + 64, left : left + 64] == hidden).all()


@pytest.mark.parametrize(
    "data", [b"\xff\xd8\xff cut", b"\x89PNG\r\n\x1a\n", saved(picture(), "GIF"), b"no picture"]
)
def test_hidden_pictures_that_cannot_be_opened_are_left_out(data: bytes, tmp_path: Path) -> None:
    found = exposed(picture(), tmp_path)
    plain = drawn(found, tmp_path)
    entry = Entry("x", "uncovered thumbnail", 9, picture=data)
    assert (drawn(replace(found, carried=(entry,)), tmp_path) == plain).all()


def test_a_hidden_bomb_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_HIDDEN_PIXELS", 240 * 180 - 1)
    assert sheets._opened(saved(picture(), "PNG")) is None


def test_a_real_file_shows_its_thumbnail(tmp_path: Path) -> None:
    found = bare(write("jpeg-exif-thumbnail", tmp_path))
    [tile, *_] = sheets._hidden(found)
    assert tile.caption.startswith("hidden: uncovered thumbnail")


# --- where sheets go ----------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="this system has other permissions")
def test_only_the_owner_may_read_a_sheet(tmp_path: Path) -> None:
    drawn(exposed(picture(), tmp_path), tmp_path)
    assert stat.S_IMODE((tmp_path / "sheet.png").stat().st_mode) == 0o600


def test_no_sheet_replaces_another(tmp_path: Path) -> None:
    folder = Folder(tmp_path, overwrite=False)
    sheet = folder.place(Path("day/a.jpg"))
    assert sheet == tmp_path / "day" / "a.jpg.png"
    assert folder.place(Path("day/a.png")) != sheet
    with pytest.raises(TargetError, match="another file's sheet"):
        folder.place(Path("day/a.jpg"))


@pytest.mark.parametrize("overwrite", [True, False])
def test_an_old_sheet_is_replaced_only_when_asked_for(overwrite: bool, tmp_path: Path) -> None:
    (tmp_path / "a.jpg.png").touch()
    folder = Folder(tmp_path, overwrite)
    if overwrite:
        assert folder.place(Path("a.jpg")) == tmp_path / "a.jpg.png"
    else:
        with pytest.raises(TargetError, match="exists already; use --overwrite"):
            folder.place(Path("a.jpg"))


def test_a_sheet_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    found = exposed(picture(), tmp_path)
    with pytest.raises(TargetError):
        save(found, found.source / "sheet.png")
