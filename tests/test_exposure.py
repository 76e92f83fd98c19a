"""What a file gives away is listed in full, in plain words, the worst first."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scrub.errors import DamagedError, InputError, UnsupportedError
from scrub.exposure import Exposure, Sighting, bare, looked_at
from scrub.formats import FORMATS, Frame, Media
from scrub.metadata import Entry, judge
from scrub.metadata.danger import PLAIN
from scrub.regions import Box, Detection
from tests.media import DIRTY, PICTURE_FACES, write
from tests.parts import saved
from tests.pictures import picture


def seen(frame: int, doubtful: bool = False) -> Sighting:
    return Sighting(frame, Detection(Box(1, 2, 3, 4), 0.9, "told", doubtful))


def exposure(form: str = "still", *sightings: Sighting) -> Exposure:
    path = Path("in/a.png")
    media = Media(path, "png", form, 10, 20, 3)  # type: ignore[arg-type]
    return Exposure(path, "unchanged", kind="png", media=media, sightings=sightings)


# --- what is carried ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIRTY)
def test_everything_forbidden_is_listed(name: str, tmp_path: Path) -> None:
    source = write(name, tmp_path)
    found = bare(source)
    forbidden = judge(found.kind, FORMATS[found.kind].entries(source))
    assert sorted(found.carried, key=repr) == sorted(forbidden, key=repr)
    assert set(found.contents) == {entry.what for entry in forbidden} - PLAIN
    assert found.suffix == ""


def test_what_is_nothing_but_structure_is_found_as_such() -> None:
    """A stream that scrub would not write so is not clean, though it says nothing."""
    odd = replace(exposure(), carried=(Entry("Segment / Cluster", "pixels and sound", 9),))
    assert odd.findings() == ("pixels and sound",)


def test_the_worst_comes_first(tmp_path: Path) -> None:
    found = bare(write("jpeg-exif-gps", tmp_path))
    assert found.contents[0] == "GPS position"
    assert found.findings()[0] == "GPS position"
    assert found.carried[0].what == "GPS position"
    assert len(set(found.contents)) == len(found.contents)


def test_nothing_is_found_in_bare_pixels(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(saved(picture(), "PNG"))
    assert looked_at(bare(source), lambda media, frame: []).findings() == ()


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("IMG_0001.png", "name carries a camera's counter"),
        ("2026-03-14.png", "name carries a date or time"),
        ("a.jpg", "name has the wrong ending, it is PNG"),
        ("a", "name has the wrong ending, it is PNG"),
        ("a.PNG", None),
        ("a.apng", None),
    ],
)
def test_the_name_is_read(name: str, finding: str | None, tmp_path: Path) -> None:
    source = tmp_path / name
    source.write_bytes(saved(picture(), "PNG"))
    assert bare(source).findings() == (() if finding is None else (finding,))


@pytest.mark.parametrize(
    ("data", "error"),
    [(None, InputError), (b"", DamagedError), (b"%PDF-1.7\n", UnsupportedError)],
)
def test_what_is_not_understood_is_an_error(
    data: bytes | None, error: type[Exception], tmp_path: Path
) -> None:
    source = tmp_path / "a.png"
    if data is not None:
        source.write_bytes(data)
    with pytest.raises(error):
        bare(source)


# --- faces --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["png-text", "gif-animated", "tiff-pages"])
def test_every_frame_is_looked_at(name: str, tmp_path: Path) -> None:
    found = bare(write(name, tmp_path))
    assert found.media is not None
    looks: list[Frame] = []

    def look(media: Media, frame: Frame) -> list[Detection]:
        looks.append(frame)
        return [Detection(Box(*PICTURE_FACES[0]), 0.9, "told")] * len(looks)

    sightings = looked_at(found, look).sightings
    assert sightings is not None
    assert len(looks) == found.media.frames
    for index in range(len(looks)):
        assert sum(one.frame == index for one in sightings) == index + 1


def test_frames_are_decoded_where_nobody_looks(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(saved(picture(), "PNG"))
    found = looked_at(bare(source), None)
    assert found.sightings is None
    assert found.faces == 0
    data = bytearray(source.read_bytes())
    data[len(data) // 2] ^= 255
    source.write_bytes(data)
    with pytest.raises(DamagedError):
        looked_at(bare(source), None)


@pytest.mark.parametrize(
    ("form", "frames", "faces"),
    [
        ("still", [], 0),
        ("still", [0, 0, 0], 3),
        ("animation", [0, 1, 1, 2], 2),
        ("pages", [0, 1, 1, 2], 4),
    ],
)
def test_faces_are_counted_where_they_are_seen_together(
    form: str, frames: list[int], faces: int
) -> None:
    assert exposure(form, *map(seen, frames)).faces == faces


@pytest.mark.parametrize(
    ("faces", "allowed", "finding"),
    [
        (0, 0, None),
        (1, 0, "1 uncovered face"),
        (2, 0, "2 uncovered faces"),
        (2, 1, "2 uncovered faces"),
        (2, 2, None),
    ],
)
def test_as_many_faces_pass_as_are_allowed(faces: int, allowed: int, finding: str | None) -> None:
    found = exposure("still", *[seen(0)] * faces).findings(allowed)
    assert found == (() if finding is None else (finding,))


def test_doubtful_faces_can_be_told_apart() -> None:
    found = exposure("still", seen(0), seen(0, doubtful=True), seen(0, doubtful=True))
    assert found.only(doubtful=False).faces == 1
    assert found.only(doubtful=True).faces == 2


# --- JSON ---------------------------------------------------------------------------------------


def test_json_says_everything(tmp_path: Path) -> None:
    source = write("jpeg-exif-gps", tmp_path).rename(tmp_path / "IMG_0001.png")
    found = looked_at(bare(source), lambda media, frame: [seen(0, doubtful=True).face])
    told = json.loads(json.dumps(found.as_json()))
    assert told["source"] == str(source)
    assert (told["kind"], told["width"], told["height"], told["frames"]) == ("jpeg", 240, 180, 1)
    assert (told["name"], told["ending"]) == ("a camera's counter", ".jpg")
    assert told["faces"] == 1
    assert told["sightings"] == [
        {"box": [1, 2, 3, 4], "frame": 0, "score": 0.9, "doubtful": True},
    ]
    assert len(told["carries"]) == len(found.carried)
    assert {"what": "GPS position", "value": "-48.875417, -123.392528"}.items() <= (
        told["carries"][0].items()
    )


def test_json_tells_none_from_not_looked() -> None:
    assert replace(exposure(), sightings=None).as_json()["faces"] is None
    assert exposure().as_json()["faces"] == 0
