"""One file's recipe: what comes out is covered, proved and new, or there is nothing at all."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from scrub import lookout, pipeline, verify
from scrub.detectors.presets import PRESETS, SURE, Eyes
from scrub.errors import InputError, ScrubError, StorageError, TargetError, VerificationError
from scrub.files import NEUTRAL_TIME
from scrub.formats import FORMATS, Frame, Media, Paint, format_of, pixels, probe
from scrub.metadata import Entry, judge
from scrub.metadata.danger import PLAIN
from scrub.redaction import Canvas, Painter
from scrub.regions import Box, Detection, Region, covered_share, head
from scrub.report import FileReport
from scrub.settings import Settings
from tests import media
from tests.dirty_video import video
from tests.dirty_wavelet import jp2
from tests.media import DIRTY, PICTURE_FACES, Edges, Pixels, canaries, picture

LEFT, RIGHT = PICTURE_FACES
"""The large face of the test picture and the small one."""

ONE_OF_EACH = [
    "jpeg-exif-gps",
    "png-text",
    "png-la",
    "apng",
    "webp-exif-xmp",
    "webp-animated",
    "gif-animated",
    "bmp-trailer",
    "tiff-pages",
    "heic-exif-xmp",
    "avif-animated",
]


@dataclass
class Seer:
    """A detector that is told what it sees."""

    faces: tuple[Edges, ...] = ()
    looks: int = 0

    def detect(self, rgb: Pixels) -> list[Detection]:
        self.looks += 1
        height, width = rgb.shape[:2]
        seen = [Box(*face) for face in self.faces if Box(*face).clip(width, height).area]
        return [Detection(box, 0.9, "told") for box in seen]

    def close(self) -> None:
        pass


class Witness(Seer):
    """A detector that is told what it sees, and sees it only where the test picture still shows."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        return [one for one in super().detect(rgb) if shows(rgb, one.box)]


def shows(rgb: Pixels, box: Box) -> bool:
    if rgb.shape != picture().shape:
        return False
    part = np.s_[max(0, box.top) : box.bottom, max(0, box.left) : box.right]
    return float(np.abs(rgb[part].astype(int) - picture()[part]).mean()) < 12


def eyes(*first: Edges, late: tuple[Edges, ...] = ()) -> Eyes:
    """``first`` are found in every frame when planning, ``late`` only in what was written."""
    return Eyes(Seer(first), Witness(late))


def clean(
    name: str, folder: Path, looking: Eyes | None, options: Settings | None = None
) -> FileReport:
    """Clean a dirty file of that name into ``folder / "out"``."""
    source = media.write(name, folder)
    return pipeline.clean(source, folder / "out" / source.name, options or Settings(), looking)


def frames(path: Path, max_side: int | None = None) -> list[Frame]:
    found = probe(path, max_side)
    return list(FORMATS[found.kind].frames(found))


def picture_of(frame: Frame) -> Image.Image:
    """The frame in Pillow's mode RGBA."""
    image = Image.fromarray(frame.rgb).convert("RGBA")
    if frame.alpha is not None:
        image.putalpha(Image.fromarray(frame.alpha))
    return image


def residue(folder: Path) -> list[str]:
    """Names of everything that lies below the folder, drafts included."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def survives(source: Path, target: Path, face: Edges) -> float:
    """How much of the face's structure is still there, in any frame."""
    box = head(Box(*face), Settings().margin)
    return max(
        verify.surviving(before.rgb, after.rgb, box)
        for before, after in zip(frames(source), frames(target), strict=True)
    )


# --- what comes out -----------------------------------------------------------------------------


def test_report_says_what_was_done(tmp_path: Path) -> None:
    report = clean("jpeg-exif-gps", tmp_path, eyes(LEFT, RIGHT))
    assert report.status == "cleaned"
    assert report.kind == "jpeg"
    assert report.faces == 2
    assert report.target == tmp_path / "out" / report.source.name
    assert "GPS position" in report.removed
    assert report.evidence is not None
    assert report.evidence.frames == 1
    assert report.evidence.regions == 2
    assert report.evidence.rounds == 1
    assert report.evidence.looked
    assert report.evidence.structure < verify.SURVIVES
    assert report.evidence.entries == len(FORMATS["jpeg"].entries(report.target))


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_only_the_target_is_written(name: str, tmp_path: Path) -> None:
    before = media.write(name, tmp_path).read_bytes()
    report = clean(name, tmp_path, eyes(LEFT, RIGHT))
    assert residue(tmp_path) == sorted([report.source.name, f"out/{report.source.name}"])
    assert report.source.read_bytes() == before
    assert report.target is not None
    assert report.target.stat().st_mtime == NEUTRAL_TIME


def test_an_original_is_decoded_once_and_every_copy_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []

    def counted(image: Image.Image, *options: int | None) -> pixels.Pixels:
        decoded.append(image)
        return honest(image, *options)

    honest = pixels.decode
    monkeypatch.setattr(pixels, "decode", counted)
    report = clean("jpeg-exif-gps", tmp_path, eyes(LEFT, late=(RIGHT,)))
    assert report.evidence is not None
    assert report.evidence.rounds == 2
    assert len(decoded) == 1 + 2


def test_no_block_of_an_earlier_frame_is_left_in_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With this entropy, AVIF's encoder at its faster speeds left one that verification found."""
    monkeypatch.setattr(pipeline, "os", SimpleNamespace(urandom=lambda _: bytes(31) + b"\xac"))
    report = clean("avif-animated", tmp_path, eyes(LEFT, RIGHT))
    assert report.target is not None
    covers = [region.box for region in report.plan.regions]
    for before, after in zip(frames(report.source), frames(report.target), strict=True):
        assert verify.changed(before, after, covers) == 0


def test_faces_are_gone_and_the_rest_is_not(tmp_path: Path) -> None:
    report = clean("png-text", tmp_path, eyes(LEFT))
    assert report.target is not None
    assert survives(report.source, report.target, LEFT) < verify.SURVIVES
    assert survives(report.source, report.target, RIGHT) == pytest.approx(1)
    after = frames(report.target)[0].rgb
    box = head(Box(*LEFT), Settings().margin).clip(240, 180)
    untouched = np.ones(after.shape[:2], np.bool_)
    untouched[box.top : box.bottom, box.left : box.right] = False
    assert (after[untouched] == picture()[untouched]).all()


@pytest.mark.parametrize("style", ["blur", "pixelate", "solid"])
def test_every_style_passes_its_own_examination(style: str, tmp_path: Path) -> None:
    options = replace(Settings(), style=style)
    report = clean("jpeg-exif-gps", tmp_path, eyes(LEFT, RIGHT), options)
    assert report.target is not None
    assert survives(report.source, report.target, LEFT) < verify.SURVIVES


def test_margin_widens_the_cover(tmp_path: Path) -> None:
    narrow, wide = (
        clean("png-text", tmp_path, eyes(RIGHT), Settings(margin=margin)).plan.regions[0].box
        for margin in (0.35, 0.6)
    )
    assert wide.intersect(narrow) == narrow
    assert wide.area > narrow.area


class Doubter(Seer):
    """A detector that is told what it sees, and doubts it."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        return [replace(one, doubtful=True) for one in super().detect(rgb)]


def test_large_doubtful_finds_are_covered_tightly_where_no_look_is_for_near_heads(
    tmp_path: Path,
) -> None:
    source = media.write("png-text", tmp_path)
    looking = Eyes(Doubter((RIGHT, (10, 10, 16, 16))), Seer())
    covers = {}
    for preset in PRESETS:
        regions = pipeline.preview(source, Settings(preset=preset), looking).plan.regions
        covers[preset] = [region.box.area for region in regions]
    large, little = zip(*covers.values(), strict=True)
    assert large[0] < large[1] == large[2]
    assert len(set(little)) == 1


@pytest.mark.parametrize("name", ["png-la", "png-hidden-rgb", "webp-alpha", "tiff-transparent"])
def test_no_outline_shows_through_transparency(name: str, tmp_path: Path) -> None:
    report = clean(name, tmp_path, eyes(LEFT, RIGHT), Settings(style="solid"))
    assert report.target is not None
    alpha = frames(report.target)[0].alpha
    assert alpha is not None
    assert alpha.min() == 0
    for region in report.plan.regions:
        box = region.box.clip(240, 180)
        assert (alpha[box.top : box.bottom, box.left : box.right] == 255).all()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_permissions_are_those_asked_for(mode: int, tmp_path: Path) -> None:
    source = media.write("png-text", tmp_path)
    pipeline.clean(source, tmp_path / "new.png", Settings(), None, mode)
    assert (tmp_path / "new.png").stat().st_mode & 0o777 == mode


def test_permissions_follow_the_users_mask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        report = clean("png-text", tmp_path, None)
    finally:
        os.umask(before)
    assert report.target is not None
    assert report.target.stat().st_mode & 0o777 == 0o640


def test_what_was_removed_is_told_in_place_too(tmp_path: Path) -> None:
    source = media.write("jpeg-exif-gps", tmp_path)
    report = pipeline.clean(source, source, Settings(), eyes(LEFT, RIGHT))
    assert "GPS position" in report.removed
    assert canaries(source.read_bytes()) == set()
    assert residue(tmp_path) == [source.name]


@pytest.mark.parametrize(
    ("name", "build", "removed"),
    [
        ("a.jp2", jp2, "comment"),
        ("a.avi", partial(video, "avi", sound=True), "free space"),
        ("a.mkv", partial(video, "mkv", sound=True), "language"),
    ],
)
def test_what_every_file_is_made_of_is_not_said_to_be_removed(
    name: str, build: Callable[[], bytes], removed: str, tmp_path: Path
) -> None:
    """Of these kinds, none is ever clean: each of their parts is forbidden."""
    source = tmp_path / name
    source.write_bytes(build())
    told = pipeline.given_away(probe(source))
    assert removed in told
    assert PLAIN.isdisjoint(told)


def test_what_the_eyes_lack_is_told(tmp_path: Path) -> None:
    looking = replace(eyes(LEFT), warnings=("half blind",))
    assert clean("png-text", tmp_path, looking).warnings == ("half blind",)
    source = media.write("png-text", tmp_path)
    assert pipeline.preview(source, Settings(), looking).warnings == ("half blind",)


def test_what_reading_lost_is_told(tmp_path: Path) -> None:
    report = clean("png-16bit-rgb", tmp_path, None)
    assert report.plan.warnings == ("more than 8 bits a channel became 8",)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_preview_writes_nothing(name: str, tmp_path: Path) -> None:
    source = media.write(name, tmp_path)
    before = source.read_bytes(), source.stat().st_mtime_ns
    report = pipeline.preview(source, Settings(), eyes(LEFT, RIGHT))
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before
    assert residue(tmp_path) == [source.name]
    assert report.status == "planned"
    assert report.target is None
    assert report.evidence is None
    assert report.kind == media.kind(name)
    assert report.removed
    assert report.faces >= 2


def test_preview_plans_what_clean_covers(tmp_path: Path) -> None:
    done = clean("gif-animated", tmp_path, eyes(LEFT, RIGHT))
    planned = pipeline.preview(done.source, Settings(), eyes(LEFT, RIGHT))
    assert planned.plan == done.plan
    assert planned.removed == done.removed


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_same_chance_gives_the_same_bytes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    for number in (1, 1, 2):
        monkeypatch.setattr(os, "urandom", lambda length, number=number: bytes([number]) * length)
        report = clean(name, tmp_path, eyes(LEFT, RIGHT))
        assert report.target is not None
        written.append(report.target.read_bytes())
    assert written[0] == written[1]
    assert written[0] != written[2]


# --- without covers, and smaller ----------------------------------------------------------------


@pytest.mark.parametrize("name", DIRTY)
def test_metadata_only_leaves_the_pixels(name: str, tmp_path: Path) -> None:
    report = clean(name, tmp_path, None, Settings(metadata_only=True))
    assert report.target is not None
    copy = format_of(report.target)
    assert judge(copy.kind, copy.entries(report.target)) == ()
    assert canaries(report.target.read_bytes()) == set()
    assert report.plan.regions == ()
    assert report.evidence is not None
    assert not report.evidence.looked
    exact = probe(report.source).lossless
    for before, after in zip(frames(report.source), frames(report.target), strict=True):
        assert np.abs(before.rgb.astype(int) - after.rgb).mean() <= (0 if exact else 2)
        assert (before.alpha is None) == (after.alpha is None)
        if before.alpha is not None and after.alpha is not None:
            off = np.abs(before.alpha.astype(int) - after.alpha).max()
            assert off <= (1 if report.kind == "heic" else 0)


@pytest.mark.parametrize("name", [*ONE_OF_EACH, "jpeg-orientation-6", "tiff-orientation-6"])
@pytest.mark.parametrize("max_side", [50, 120])
def test_max_side_shrinks_every_frame(name: str, max_side: int, tmp_path: Path) -> None:
    options = Settings(max_side=max_side)
    report = clean(name, tmp_path, None, options)
    assert report.target is not None
    whole, small = frames(report.source), frames(report.target)
    assert [frame.duration for frame in small] == [frame.duration for frame in whole]
    for before, after in zip(whole, small, strict=True):
        height, width = before.rgb.shape[:2]
        scale = min(1, max_side / max(height, width))
        size = round(width * scale), round(height * scale)
        four = np.asarray(picture_of(before).resize(size, Image.Resampling.LANCZOS)).astype(int)
        seen = four[..., 3] > 64
        assert after.rgb.shape == (size[1], size[0], 3)
        assert np.abs(four[..., :3] - after.rgb)[seen].mean() < 6
        if after.alpha is not None:
            assert np.abs(four[..., 3] - after.alpha).mean() < 1


def test_max_side_covers_the_shrunk_faces(tmp_path: Path) -> None:
    half: tuple[Edges, ...] = tuple(
        (left // 2, top // 2, right // 2, bottom // 2) for left, top, right, bottom in PICTURE_FACES
    )
    report = clean("png-text", tmp_path, eyes(*half), Settings(max_side=120))
    assert report.target is not None
    before, after = frames(report.source, 120)[0].rgb, frames(report.target)[0].rgb
    for face in half:
        assert verify.surviving(before, after, head(Box(*face), 0.35)) < verify.SURVIVES


# --- faces that are found late ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["png-text", "jpeg-exif-gps", "gif-animated", "tiff-pages"])
def test_late_face_is_covered_and_written_again(name: str, tmp_path: Path) -> None:
    report = clean(name, tmp_path, eyes(LEFT, late=(RIGHT,)))
    assert report.target is not None
    assert report.evidence is not None
    assert report.evidence.rounds == 2
    late = [region for region in report.plan.regions if region.why == pipeline.LATE]
    assert late
    assert all(covered_share(Box(*RIGHT), [region.box]) == 1 for region in late)
    assert survives(report.source, report.target, RIGHT) < verify.SURVIVES
    tracks = {region.track for region in report.plan.regions}
    assert tracks >= {region.track for region in late}
    assert not {region.track for region in late} & {
        region.track for region in report.plan.regions if region not in late
    }


def test_a_face_found_late_in_an_animation_is_covered_where_it_is_and_not_all_the_time(
    tmp_path: Path,
) -> None:
    """One second after the other; only the middle one shows the test picture where that is."""
    steps = (1, 2, 3, 0, 4, 5, 6)
    shown = [Image.fromarray(np.roll(picture(), 20 * step, axis=1)) for step in steps]
    source = tmp_path / "a.png"
    shown[0].save(source, save_all=True, append_images=shown[1:], duration=1000)
    report = pipeline.clean(source, tmp_path / "copy.png", Settings(), eyes(late=(RIGHT,)))
    assert {region.why for region in report.plan.regions} == {pipeline.LATE}
    covered = {
        index
        for region in report.plan.regions
        for index in range(region.first_frame, region.last_frame + 1)
    }
    assert covered == {2, 3, 4}, "with the frames beside it"


class Dreamer(Seer):
    """A detector that takes a cover for a face, in its first ``dreams`` looks."""

    dreams = 1

    def detect(self, rgb: Pixels) -> list[Detection]:
        found = super().detect(rgb)
        return found if self.looks <= self.dreams else []


def test_cover_that_looks_like_a_face_is_painted_anew_and_wider(tmp_path: Path) -> None:
    report = clean("png-text", tmp_path, Eyes(Seer((LEFT, RIGHT)), Dreamer((RIGHT,))))
    plain = clean("png-text", tmp_path, eyes(LEFT, RIGHT)).plan.regions
    assert report.evidence is not None
    assert report.evidence.rounds == 2
    assert report.faces == 2
    kept, wider = sorted(report.plan.regions, key=lambda region: region.track)
    assert kept in plain
    [before] = [region for region in plain if region != kept]
    assert wider.track not in {region.track for region in plain}
    assert wider.box.intersect(before.box) == before.box
    assert wider.box.area > 1.4 * before.box.area
    assert wider.why == before.why


def test_covers_that_look_like_faces_for_ever_are_given_up(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="still shows faces"):
        clean("png-text", tmp_path, Eyes(Seer((LEFT,)), Seer((LEFT,))))
    assert residue(tmp_path) == ["png-text.png"]


@pytest.mark.parametrize("score", [SURE - lookout.SLACK, SURE])
def test_written_file_stays_below_what_the_gate_stops(score: float, tmp_path: Path) -> None:
    class Certain(Dreamer):
        def detect(self, rgb: Pixels) -> list[Detection]:
            return [replace(one, score=score) for one in super().detect(rgb)]

    report = clean("png-text", tmp_path, Eyes(Seer((LEFT,)), Certain((LEFT,))))
    assert report.evidence is not None
    assert report.evidence.rounds == 2


@dataclass
class Glimpse(Witness):
    """A detector that is sure of its faces and doubts ``doubtful``."""

    doubtful: Edges = (5, 170, 25, 195)

    def detect(self, rgb: Pixels) -> list[Detection]:
        doubt = Detection(Box(*self.doubtful), SURE - lookout.SLACK - 0.01, "told")
        return [*super().detect(rgb), doubt]


def test_doubtful_find_alone_does_not_hold_a_file_up(tmp_path: Path) -> None:
    report = clean("png-text", tmp_path, Eyes(Seer((LEFT,)), Glimpse()))
    assert report.evidence is not None
    assert report.evidence.rounds == 1
    assert report.faces == 1


def test_doubtful_find_is_covered_together_with_a_sure_one(tmp_path: Path) -> None:
    late = Glimpse((RIGHT,))
    report = clean("png-text", tmp_path, Eyes(Seer((LEFT,)), late))
    assert report.evidence is not None
    assert report.evidence.rounds == 2
    covers = [region.box for region in report.plan.regions if region.why == pipeline.LATE]
    assert covered_share(Box(*RIGHT), covers) == 1
    assert covered_share(Box(*late.doubtful), covers) == 1


@pytest.mark.parametrize("resembling", [False, True])
def test_entropy_is_new_only_where_a_cover_resembles_what_it_hides(
    resembling: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[tuple[bytes, set[int]]] = []

    class Watched(Painter):
        def __init__(self, regions: Iterable[Region], style: str, seed: bytes) -> None:
            looks.append((seed, {region.track for region in regions}))
            super().__init__(regions, style, seed)

    def likeness(original: Pixels, copy: Pixels, box: Box) -> float:
        return float(resembling and len(looks) == 1)

    monkeypatch.setattr(pipeline, "Painter", Watched)
    monkeypatch.setattr(verify, "surviving", likeness)
    clean("png-text", tmp_path, eyes(LEFT, late=(RIGHT,)))
    (first_seed, first), (second_seed, second) = looks
    assert first_seed == second_seed
    assert first.isdisjoint(second) == resembling


class Restless(Seer):
    """A detector that finds another face each time."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        self.looks += 1
        left = 25 * self.looks
        return [Detection(Box(left, 80, left + 8, 90), 0.9, "restless")]


def test_endless_finds_are_given_up(tmp_path: Path) -> None:
    second = Restless()
    with pytest.raises(VerificationError, match=r"png-text\.png: still shows faces") as caught:
        clean("png-text", tmp_path, Eyes(Seer(), second), Settings(margin=0))
    assert second.looks == pipeline.ROUNDS
    assert "\n" not in str(caught.value)
    assert residue(tmp_path) == ["png-text.png"]


# --- when something goes wrong ------------------------------------------------------------------


class Crashing(Seer):
    """A detector that breaks."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        raise RuntimeError("out of order")


@pytest.mark.parametrize("looking", [Eyes(Crashing(), Seer()), Eyes(Seer((LEFT,)), Crashing())])
def test_crash_of_a_detector_leaves_nothing(looking: Eyes, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "png-text.png").write_bytes(b"as before")
    with pytest.raises(RuntimeError, match="out of order"):
        clean("png-text", tmp_path, looking)
    assert residue(tmp_path) == ["out/png-text.png", "png-text.png"]
    assert (tmp_path / "out" / "png-text.png").read_bytes() == b"as before"


@dataclass
class Meddler(Seer):
    """A detector during whose look somebody does something."""

    act: Callable[[], object] = object

    def detect(self, rgb: Pixels) -> list[Detection]:
        self.act()
        return super().detect(rgb)


def appended(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"!")


def touched(path: Path) -> None:
    os.utime(path, (1, 1))


def exchanged(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [appended, touched, exchanged])
def test_original_that_changes_is_refused(change: Callable[[Path], None], tmp_path: Path) -> None:
    source = media.write("png-text", tmp_path)
    looking = Eyes(Seer((LEFT,)), Meddler(act=lambda: change(source)))
    with pytest.raises(InputError, match=r"png-text\.png: changed while it was read"):
        pipeline.clean(source, tmp_path / "new.png", Settings(), looking)
    assert residue(tmp_path) == ["png-text.png"]


@pytest.mark.parametrize("first", [True, False])
def test_original_that_vanishes_is_an_error_of_ours(first: bool, tmp_path: Path) -> None:
    source = media.write("png-text", tmp_path)
    meddler = Meddler(act=lambda: source.unlink(missing_ok=True))
    looking = Eyes(meddler, Seer()) if first else Eyes(Seer(), meddler)
    with pytest.raises(ScrubError, match=r"png-text\.png: "):
        pipeline.clean(source, tmp_path / "new.png", Settings(), looking)
    assert residue(tmp_path) == []


def test_missing_original_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.png: does not exist"):
        pipeline.clean(tmp_path / "gone.png", tmp_path / "new.png", Settings(), None)
    assert residue(tmp_path) == []


def test_link_is_not_followed(tmp_path: Path) -> None:
    source = media.write("png-text", tmp_path)
    link = tmp_path / "link.png"
    link.symlink_to(source)
    with pytest.raises(InputError, match=r"link\.png: is a link"):
        pipeline.clean(link, tmp_path / "new.png", Settings(), None)


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    source = media.write("png-text", tmp_path)
    with pytest.raises(TargetError, match="cannot be written"):
        pipeline.clean(source, source / "new.png", Settings(), None)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_full_disk_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    source = media.write(name, tmp_path)
    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(StorageError, match=r"cannot be written to \(No space left on device\)"):
        pipeline.clean(source, tmp_path / "out" / source.name, Settings(), None)
    assert residue(tmp_path) == [source.name]


def test_delays_too_long_to_be_joined_are_refused(tmp_path: Path) -> None:
    """Three different frames of ten minutes, which become one when all of them is covered."""
    stream = tmp_path / "slow.gif"
    first, *others = (Image.new("L", (16, 16), value) for value in (10, 120, 200))
    first.save(stream, save_all=True, append_images=others, duration=600_000)
    with pytest.raises(ScrubError, match=r"slow\.gif: cannot be written as gif") as caught:
        pipeline.clean(stream, tmp_path / "out.gif", Settings(style="solid"), eyes((0, 0, 16, 16)))
    assert "\n" not in str(caught.value)
    assert residue(tmp_path) == ["slow.gif"]


# --- lying parts --------------------------------------------------------------------------------


class Idle(Painter):
    """A painter that covers nothing."""

    def paint(self, rgb: Pixels, index: int) -> Canvas:
        return Canvas(rgb.copy(), np.ones(rgb.shape[:2], np.bool_))


class Weak(Painter):
    """A painter that lets the face through a weak blur: a twentieth of its width."""

    def look(self, part: Pixels) -> Pixels:
        return cv2.GaussianBlur(part, (0, 0), part.shape[1] / 1.7 / 20)

    def paint(self, rgb: Pixels, index: int) -> Canvas:
        canvas = Canvas(rgb.copy(), np.ones(rgb.shape[:2], np.bool_))
        for region in self._regions.at(index):
            box = region.box.clip(rgb.shape[1], rgb.shape[0])
            part = canvas.pixels[box.top : box.bottom, box.left : box.right]
            part[:] = self.look(part)
            canvas.visible[box.top : box.bottom, box.left : box.right] = False
        return canvas


class Coarse(Weak):
    """A painter whose mosaic is made of the face: eight cells across it."""

    def look(self, part: Pixels) -> Pixels:
        height, width = part.shape[:2]
        cells = round(8 * 1.7)
        size = cells, round(cells * height / width)
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


class Shifted(Painter):
    """A painter that covers beside the face."""

    def paint(self, rgb: Pixels, index: int) -> Canvas:
        canvas = super().paint(np.roll(rgb, -120, axis=1), index)
        return Canvas(np.roll(canvas.pixels, 120, axis=1), np.roll(canvas.visible, 120, axis=1))


@pytest.mark.parametrize("painter", [Idle, Weak, Coarse, Shifted])
@pytest.mark.parametrize("name", ["png-text", "jpeg-exif-gps", "gif-animated", "tiff-pages"])
def test_lying_painter_is_caught(
    name: str, painter: type[Painter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "Painter", painter)
    with pytest.raises(VerificationError, match=f"{name}.*: "):
        clean(name, tmp_path, eyes(LEFT))
    assert residue(tmp_path) == [media.write(name, tmp_path).name]


def test_second_painting_may_succeed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A random cover that resembles the face by chance is painted anew."""
    painters = itertools.chain([Idle], itertools.repeat(Painter))
    monkeypatch.setattr(pipeline, "Painter", lambda *parts: next(painters)(*parts))
    report = clean("png-text", tmp_path, eyes(LEFT))
    assert report.evidence is not None
    assert report.evidence.rounds == 2
    assert report.faces == 1
    assert report.target is not None
    assert survives(report.source, report.target, LEFT) < verify.SURVIVES


@dataclass(frozen=True)
class Copier:
    """A format that hands the original on instead of building a new file."""

    kind: str
    suffixes: tuple[str, ...] = (".png",)

    def probe(self, path: Path, max_side: int | None = None) -> Media:
        return HONEST[self.kind].probe(path, max_side)

    def frames(self, media: Media) -> Iterator[Frame]:
        return HONEST[self.kind].frames(media)

    def entries(self, path: Path) -> tuple[Entry, ...]:
        return HONEST[self.kind].entries(path)

    def rewrite(self, media: Media, target: Path, paint: Paint) -> None:
        target.write_bytes(media.path.read_bytes())


class Unpainted(Copier):
    """A format that builds a new file of the frames as they were."""

    def rewrite(self, media: Media, target: Path, paint: Paint) -> None:
        HONEST[self.kind].rewrite(media, target, lambda frame: frame)


class Mute(Copier):
    """A format that writes nothing."""

    def rewrite(self, media: Media, target: Path, paint: Paint) -> None:
        pass


HONEST = dict(FORMATS)


@pytest.mark.parametrize(
    ("liar", "says"),
    [(Copier, "carries comment"), (Unpainted, "still shows faces"), (Mute, "is empty")],
)
def test_lying_format_is_caught(
    liar: type[Copier], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "png", liar("png"))
    with pytest.raises(VerificationError, match=rf"png-1bit\.png: .*{says}"):
        clean("png-1bit", tmp_path, eyes(LEFT))
    assert residue(tmp_path) == ["png-1bit.png"]


def test_failure_leaves_the_old_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean("png-text", tmp_path, eyes(LEFT))
    before = (tmp_path / "out" / "png-text.png").read_bytes()
    monkeypatch.setattr(pipeline, "Painter", Idle)
    with pytest.raises(VerificationError):
        clean("png-text", tmp_path, eyes(RIGHT))
    assert (tmp_path / "out" / "png-text.png").read_bytes() == before


# --- with real detectors ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jpeg-orientation-6", "png-16bit-grey", "tiff-cmyk"])
def test_real_eyes_cover_real_faces(name: str, tmp_path: Path, real_eyes: Eyes) -> None:
    report = clean(name, tmp_path, real_eyes)
    assert report.target is not None
    covers = [region.box for region in report.plan.regions]
    for face in PICTURE_FACES:
        assert covered_share(Box(*face), covers) > 0.95
        assert survives(report.source, report.target, face) < verify.SURVIVES
    left = real_eyes.first.detect(frames(report.target)[0].rgb)
    sure = [one for one in left if not one.doubtful]
    assert all(covered_share(one.box, covers) > 0.7 for one in sure)


def test_real_second_look_finds_what_the_first_missed(
    tmp_path: Path, real_eyes: Eyes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Now and then a cover looks like a face by chance, and the file is written once more.
    monkeypatch.setattr(pipeline, "os", SimpleNamespace(urandom=bytes))
    report = clean("png-text", tmp_path, Eyes(Seer(), real_eyes.second))
    assert report.evidence is not None
    assert report.evidence.rounds == 2
    covers = [region.box for region in report.plan.regions]
    assert all(covered_share(Box(*face), covers) > 0.95 for face in PICTURE_FACES)
    assert {region.why for region in report.plan.regions} == {pipeline.LATE}
