"""``--to``: every kind becomes JPEG or PNG, judged as what it became, or is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrub import pipeline
from scrub.batch import outline
from scrub.errors import UnsupportedError, VerificationError
from scrub.formats import FORMATS, Frame, called, format_of, probe, target_of
from scrub.formats.still import FLATTENED, ROWS
from scrub.metadata import entries, judge
from scrub.report import FileReport
from scrub.settings import TARGETS, Settings, Target
from tests import media
from tests.conftest import Command
from tests.dirty_video import video
from tests.media import DIRTY, canaries

CHANGED: tuple[Target, ...] = ("jpeg", "png")
ONE_OF_EACH = [
    "jpeg-exif-gps",
    "jpeg-mpf",
    "png-text",
    "png-la",
    "webp-alpha",
    "webp-animated",
    "gif-comment",
    "gif-animated",
    "bmp-trailer",
    "tiff-tags-gps",
    "tiff-pages",
    "heic-orientation-6",
    "heic-alpha",
    "avif-exif-xmp",
    "avif-animated",
    "jpeg2000-metadata",
]
MOVING = [name for name in ONE_OF_EACH if "animated" in name]
STILL = [name for name in ONE_OF_EACH if name not in (*MOVING, "tiff-pages")]


def clean(name: str, folder: Path, to: Target) -> FileReport:
    source = media.write(name, folder)
    return pipeline.clean(source, folder / "out", Settings(to=to), None)


def frames(path: Path, to: str = "same") -> list[Frame]:
    found = probe(path, to=to)
    return list(FORMATS[found.kind].frames(found))


def distance(one: Frame, other: Frame) -> float:
    return float(np.abs(one.rgb.astype(float) - other.rgb).mean())


def test_table_of_one_each_is_whole() -> None:
    assert {media.kind(name) for name in ONE_OF_EACH} == set(ROWS)


@pytest.mark.parametrize("to", CHANGED)
@pytest.mark.parametrize("name", STILL)
def test_picture_becomes_what_was_asked_for(name: str, to: Target, tmp_path: Path) -> None:
    report = clean(name, tmp_path, to)
    assert report.target is not None
    data = report.target.read_bytes()
    assert format_of(report.target).kind == to
    assert report.kind == media.kind(name)
    assert judge(to, entries(to, data)) == ()
    assert canaries(data) == set()
    (before,), (after,) = frames(report.source, to), frames(report.target)
    assert distance(before, after) < (4 if to == "jpeg" else 0.01)
    assert (after.alpha is None) == (before.alpha is None)


@pytest.mark.parametrize("name", ["png-la", "webp-alpha", "heic-alpha"])
def test_transparency_is_laid_on_white_and_told(name: str, tmp_path: Path) -> None:
    report = clean(name, tmp_path, "jpeg")
    assert FLATTENED in report.plan.warnings
    assert FLATTENED not in clean(name, tmp_path, "png").plan.warnings
    (opaque,), (shown,) = frames(report.source, "png"), frames(report.source, "jpeg")
    assert opaque.alpha is not None
    assert shown.alpha is None
    assert (shown.rgb[opaque.alpha == 0] == 255).all()


@pytest.mark.parametrize("name", MOVING)
def test_animation_becomes_an_animated_png(name: str, tmp_path: Path) -> None:
    report = clean(name, tmp_path, "png")
    assert report.target is not None
    before, after = frames(report.source), frames(report.target)
    assert [one.duration for one in after] == [one.duration for one in before]
    assert all(distance(one, other) < 0.01 for one, other in zip(before, after, strict=True))
    assert probe(report.target).loop == probe(report.source).loop


def test_animation_that_plays_once_plays_once(tmp_path: Path) -> None:
    path = tmp_path / "once.gif"
    first, *others = (Image.fromarray(np.roll(media.picture(), 20 * n, axis=1)) for n in range(3))
    first.save(path, save_all=True, append_images=others, duration=50)
    pipeline.clean(path, tmp_path / "out", Settings(to="png"), None)
    assert probe(path).loop is None
    assert probe(tmp_path / "out").loop == 1


@pytest.mark.parametrize(
    ("name", "to"), [*((name, "jpeg") for name in [*MOVING, "tiff-pages"]), ("tiff-pages", "png")]
)
def test_nothing_of_a_clip_is_dropped_in_silence(name: str, to: Target, tmp_path: Path) -> None:
    with pytest.raises(
        UnsupportedError, match=rf"pictures, which {called(to)} cannot hold; use --to same"
    ):
        clean(name, tmp_path, to)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("name", STILL)
def test_suffix_is_that_of_what_is_written(name: str, to: Target, inbox: Path, out: Path) -> None:
    source = media.write(name, inbox)
    (job,) = outline([source], out, Settings(to=to)).jobs
    report = pipeline.clean(source, job.target, Settings(to=to), None)
    assert report.target is not None
    assert report.target.suffix in format_of(report.target).suffixes


def test_second_pictures_of_an_mpo_leave_it_a_jpeg(inbox: Path, out: Path) -> None:
    source = media.write("jpeg-mpf", inbox).rename(inbox / "stereo.mpo")
    with Image.open(source) as image:
        assert (image.format, image.n_frames) == ("MPO", 2)
    (job,) = outline([source], out, Settings()).jobs
    assert job.target.name == "stereo.jpg"
    report = pipeline.clean(source, job.target, Settings(), None)
    assert any("second" in what or "picture" in what for what in report.removed)
    with Image.open(job.target) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("JPEG", 1)
    assert canaries(job.target.read_bytes()) == set()


@pytest.mark.parametrize(
    ("name", "suffix"), [("jpeg2000-bare", ".j2k"), ("avif-animated", ".heics"), ("heic-icc", "")]
)
def test_suffix_that_does_not_fit_what_is_written_goes(
    name: str, suffix: str, inbox: Path, out: Path
) -> None:
    source = media.write(name, inbox)
    source = source.rename(source.with_suffix(suffix))
    (job,) = outline([source], out, Settings()).jobs
    assert job.target.suffix == target_of(FORMATS[media.kind(name)], "same").suffixes[0]


# --- in place -----------------------------------------------------------------------------------


def test_no_other_kind_is_written_under_the_old_name(inbox: Path) -> None:
    kept, refused = (media.write(name, inbox) for name in ("jpeg-comment", "png-text"))
    plan = outline([inbox], None, Settings(to="jpeg"))
    assert [job.source for job in plan.jobs] == [kept]
    (report,) = plan.settled
    assert report.source == refused
    assert report.reason == "is PNG and cannot become JPEG under its name; use --out"


def test_command_keeps_the_original_where_its_kind_would_change(
    inbox: Path, scrub_command: Command
) -> None:
    source = media.write("png-text", inbox)
    before = source.read_bytes()
    done = scrub_command("clean", inbox, "--in-place", "--metadata-only", "--to", "jpeg")
    assert done.returncode == 2
    assert "use --out" in " ".join(done.stderr.split() + done.stdout.split())
    assert source.read_bytes() == before
    assert [path.name for path in inbox.iterdir()] == [source.name]


def test_command_writes_what_was_asked_for(inbox: Path, out: Path, scrub_command: Command) -> None:
    media.write("png-text", inbox).rename(inbox / "a.png")
    media.write("heic-exif-xmp", inbox).rename(inbox / "b.heic")
    media.write("jpeg-exif-gps", inbox).rename(inbox / "c.jpeg")
    done = scrub_command("clean", inbox, "--out", out, "--metadata-only", "--to", "jpeg")
    assert done.returncode == 0, done.stderr
    copies = sorted(path for path in out.iterdir() if path.suffix)
    assert [path.name for path in copies] == ["a.jpg", "b.jpg", "c.jpeg"]
    assert {format_of(path).kind for path in copies} == {"jpeg"}


def test_copies_that_would_share_a_name_are_numbered(inbox: Path, out: Path) -> None:
    for name, new in (("png-text", "a.png"), ("jpeg-comment", "a.jpg")):
        media.write(name, inbox).rename(inbox / new)
    plan = outline([inbox], out, Settings(to="jpeg"))
    assert plan.settled == ()
    assert {job.source.name: job.target.name for job in plan.jobs} == {
        "a.png": "a-2.jpg",
        "a.jpg": "a.jpg",
    }


# --- where a kind cannot be written -------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS["jpeg2000"].suffixes)
def test_jpeg_2000_becomes_png_and_says_so(suffix: str, inbox: Path, out: Path) -> None:
    source = media.write("jpeg2000-metadata", inbox)
    source = source.rename(source.with_suffix(suffix))
    (job,) = outline([source], out, Settings()).jobs
    assert job.target.suffix == ".png"
    report = pipeline.clean(source, job.target, Settings(), None)
    assert report.kind == "jpeg2000"
    assert report.warnings == ("written as PNG, since scrub cannot write JPEG 2000",)
    assert format_of(job.target).kind == "png"
    (refused,) = outline([source], None, Settings()).settled
    assert refused.reason == "is JPEG 2000 and cannot become PNG under its name; use --out"


def test_what_cannot_be_written_here_becomes_jpeg_and_says_so(
    inbox: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = media.write("heic-exif-xmp", inbox)
    assert target_of(FORMATS["heic"], "same") is FORMATS["heic"]
    monkeypatch.delitem(Image.SAVE, "HEIF")
    (job,) = outline([source], out, Settings()).jobs
    assert job.target.suffix == ".jpg"
    report = pipeline.clean(source, job.target, Settings(), None)
    assert report.warnings == ("written as JPEG, since scrub cannot write HEIC",)
    assert format_of(job.target).kind == "jpeg"
    (refused,) = outline([source], None, Settings()).settled
    assert "use --out" in refused.reason


def test_what_was_asked_for_is_no_warning(tmp_path: Path) -> None:
    assert clean("heic-exif-xmp", tmp_path, "jpeg").warnings == ()


@pytest.mark.parametrize(("to", "said"), [("same", True), ("png", True), ("mp4", False)])
def test_what_was_asked_for_pictures_is_none_for_videos(
    to: Target, said: bool, tmp_path: Path
) -> None:
    source = tmp_path / "a.avi"
    source.write_bytes(video("avi"))
    report = pipeline.preview(source, Settings(to=to), None)
    assert report.warnings == ("written as MP4, since scrub cannot write AVI",) * said


@pytest.mark.parametrize("kind", FORMATS)
def test_every_kind_is_called_as_people_do(kind: str) -> None:
    assert called(kind) != kind
    assert called(kind).replace(" ", "").lower() in (kind, "matroska")


# --- a writer that lies -------------------------------------------------------------------------


def test_file_of_another_kind_than_asked_for_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "jpeg", ROWS["png"])
    with pytest.raises(VerificationError, match="the written file is png and not jpeg"):
        clean("heic-exif-xmp", tmp_path, "jpeg")


def test_every_dirty_still_can_become_png(tmp_path: Path) -> None:
    """No kind is left out of the table of those that may change."""
    assert {media.kind(name) for name in DIRTY} == set(ROWS)
    assert all(target_of(form, "png") is ROWS["png"] for form in ROWS.values())
