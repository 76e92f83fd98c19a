"""The sample pictures: small, explained, and with what their table says that they hide."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import piexif
import pytest
from PIL import Image, ImageOps

from scrub.formats.still import ROWS
from tests import media
from tests.media import CROWD_FACES, PICTURE_FACES, SAMPLES, Edges, Pixels, face, second_face

PICTURES = sorted(path for path in SAMPLES.iterdir() if path.suffix in media.SUFFIXES.values())


def likeness(image: Image.Image) -> np.ndarray:
    """A grey thumbnail of mean 0 and length 1: the product of two is their correlation."""
    values = np.asarray(image.convert("L").resize((24, 24), Image.Resampling.BOX), float)
    values -= values.mean()
    return values / max(float(np.linalg.norm(values)), 1e-6)


def examples() -> list[np.ndarray]:
    """Both faces, tilted to either side and mirrored."""
    found = []
    for cut, tilt in product((face, second_face), (-20, 0, 20)):
        turned = Image.fromarray(cut(200)).rotate(tilt, Image.Resampling.BICUBIC)
        inner = turned.crop((50, 41, 150, 159))
        found += [likeness(inner), likeness(ImageOps.mirror(inner))]
    return found


@pytest.mark.parametrize(
    ("shown", "boxes"), [(media.crowd(), CROWD_FACES), (media.picture(), PICTURE_FACES)]
)
def test_faces_are_where_they_are_said_to_be(shown: Pixels, boxes: list[Edges]) -> None:
    known = examples()
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= shown.shape[1]
        assert 0 <= top < bottom <= shown.shape[0]
        found = likeness(Image.fromarray(shown[top:bottom, left:right]))
        # 0.66 and more where a face is; at most 0.52 half a face beside it.
        assert max(float((found * example).sum()) for example in known) > 0.6


def test_crowd_faces_are_of_many_sizes() -> None:
    faces = json.loads((SAMPLES / "crowd_faces.json").read_text(encoding="utf-8"))
    assert {entry["who"] for entry in faces} == {"hopper", "collins"}
    heights = [bottom - top for _, top, _, bottom in CROWD_FACES]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] >= 200
    assert heights[-1] <= 26
    assert len(heights) >= 40


def test_all_samples_together_are_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.iterdir() if path.is_file()) < 2_500_000


def test_there_is_a_sample_of_each_kind() -> None:
    kinds = set()
    for path in PICTURES:
        with Image.open(path) as image:
            kinds.add(image.format)
    assert kinds == {row.plugin for row in ROWS.values()}


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_sample_is_explained_and_opens(path: Path) -> None:
    assert f"`{path.name}`" in (SAMPLES / "README.md").read_text(encoding="utf-8")
    with Image.open(path) as image:
        image.load()
        assert max(image.size) <= 1600


@pytest.mark.parametrize(
    "name", ["IMG_20260314_181502.jpg", "PXL_20260314_181455123.MP.jpg", "night.jpg", "hills.jpg"]
)
def test_camera_samples_tell_place_owner_and_show_a_thumbnail(name: str) -> None:
    block = piexif.load(str(SAMPLES / name))
    assert piexif.GPSIFD.GPSLatitude in block["GPS"]
    assert block["Exif"][piexif.ExifIFD.CameraOwnerName] == b"Owner Name Here"
    assert block["thumbnail"].startswith(b"\xff\xd8\xff")


def test_phone_sample_lies_on_its_side_before_a_film() -> None:
    path = SAMPLES / "PXL_20260314_181455123.MP.jpg"
    with Image.open(path) as image:
        assert image.getexif()[274] == 6
    data = path.read_bytes()
    film = data[data.rindex(b"ftyp") - 4 :]
    assert f'Item:Semantic="MotionPhoto" Item:Length="{len(film)}"'.encode() in data
    assert b"moov" in film


def test_newer_phone_sample_is_turned_and_holds_more_than_it_shows() -> None:
    data = (SAMPLES / "IMG_0815.heic").read_bytes()
    assert b"irot\x03" in data
    assert piexif.load(data[data.index(b"Exif\0\0MM") :])["0th"][274] == 6
    with Image.open(SAMPLES / "IMG_0815.heic") as image:
        assert getattr(image, "n_frames", 1) == 2
        assert image.height > image.width


def test_sticker_hides_a_face_in_transparent_pixels() -> None:
    with Image.open(SAMPLES / "sticker.png") as image:
        pixels = np.asarray(image)
    right = pixels[100:250, 230:350]
    assert (right[..., 3] == 0).all()
    assert right[..., :3].std() > 30


def test_badge_has_a_second_picture_behind_it() -> None:
    data = (SAMPLES / "badge.bmp").read_bytes()
    assert data[int.from_bytes(data[2:6], "little") :].startswith(b"\xff\xd8\xff")


def test_scan_has_two_pages_and_animation_ten_frames() -> None:
    with Image.open(SAMPLES / "scan.tif") as scan, Image.open(SAMPLES / "passing.gif") as passing:
        assert (getattr(scan, "n_frames", 1), getattr(passing, "n_frames", 1)) == (2, 10)
        assert passing.info["loop"] == 0
