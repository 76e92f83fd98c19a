"""One suite for every container: what is read, written anew, judged, damaged, animated, turned."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

import scrub
from scrub import pipeline, verify
from scrub.detectors.presets import Eyes
from scrub.errors import DamagedError, InputError, ScrubError, TooLargeError, UnsupportedError
from scrub.formats import FORMATS, Frame, format_of, probe, written_as
from scrub.formats.still import ROWS
from scrub.metadata import entries, judge
from scrub.metadata.allowed import ALLOWED
from scrub.regions import Box, Detection, head
from scrub.report import FileReport
from scrub.settings import Settings
from tests import media, parts
from tests.conftest import Blind
from tests.media import BROKEN, DIRTY, PICTURE_FACES, Edges, Pixels, canaries, picture
from tests.parts import page, tiff
from tests.waiting import PATIENCE

HEIGHT, WIDTH = picture().shape[:2]
CLIPS = ["apng", "apng-hidden-default", "webp-animated", "gif-animated", "avif-animated"]
SEVERAL = [*CLIPS, "tiff-pages", "tiff-thumbnail-page"]
EXACT = {"png", "bmp", "tiff", "jpeg2000"}
TURNED = [name for name in DIRTY if "orientation" in name]


class Finder:
    """A detector that knows the pictures of the tests, also where their faces have moved."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        height, width = rgb.shape[:2]
        if (height, width) != (HEIGHT, WIDTH):  # a portrait
            boxes = [(width * 3 // 8, height * 3 // 8, width * 5 // 8, height * 5 // 8)]
        else:
            boxes = moved(PICTURE_FACES, shift(rgb))
        return [Detection(Box(*box), 0.9, "finder") for box in boxes]

    def close(self) -> None:
        pass


def shift(rgb: Pixels) -> int:
    """By how many pixels the test picture was rolled to the right."""
    grey = rgb.mean(axis=2)
    known = picture().mean(axis=2)
    return min((0, 20, 40), key=lambda step: np.abs(np.roll(known, step, axis=1) - grey).mean())


def moved(boxes: list[Edges], step: int) -> list[Edges]:
    return [(left + step, top, right + step, bottom) for left, top, right, bottom in boxes]


EYES = Eyes(Finder(), Blind())


@dataclass(frozen=True)
class Shown:
    """What a viewer shows: RGBA and until when, in milliseconds."""

    pixels: NDArray[np.uint8]
    end: float


def shown(path: Path) -> list[Shown]:
    """Every frame as Pillow alone would show it, turned, in sRGB, and timed."""
    with Image.open(path) as image:
        if b"colr\2" in path.read_bytes()[:200]:
            image.info["icc_profile"] = parts.profile()  # Pillow reads none from a JP2
        first = int(bool(image.info.get("default_image")))
        count = 1 if path.suffix in (".jpg", ".heic") else getattr(image, "n_frames", 1)
        frames = []
        end = 0.0
        for number in range(first, count):
            if count > 1:
                image.seek(number)
            image.load()
            end += image.info.get("duration", 0)
            frames.append(Shown(np.asarray(plain(ImageOps.exif_transpose(image))), end))
    return frames


def plain(image: Image.Image) -> Image.Image:
    """RGBA of 8 bits in sRGB; nothing where it is transparent."""
    if image.mode == "I;16":
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    profile = image.info.get("icc_profile")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        image = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB") or image
    four = np.array(image.convert("RGBA"))
    four[four[..., 3] == 0] = 0
    return Image.fromarray(four)


def read(path: Path) -> list[Frame]:
    found = probe(path)
    return list(FORMATS[found.kind].frames(found))


def heads(rgb: Pixels) -> list[Box]:
    height, width = rgb.shape[:2]
    found = Finder().detect(rgb)
    return [head(one.box, Settings().margin).clip(width, height) for one in found]


def uncovered(before: Pixels, *faces: Box) -> NDArray[np.bool_]:
    """Which pixels lie a little way off all heads."""
    open_pixels = np.ones(before.shape[:2], np.bool_)
    for box in faces:
        open_pixels[
            max(0, box.top - 16) : box.bottom + 16, max(0, box.left - 16) : box.right + 16
        ] = False
    return open_pixels


def distance(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    if one.shape != other.shape:
        return 255.0
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


# --- the table ----------------------------------------------------------------------------------


def test_a_frame_s_pixels_are_frozen() -> None:
    frame = Frame(0, picture())
    with pytest.raises(ValueError, match="read-only"):
        frame.rgb[0, 0] = 0


def test_formats_are_told_apart_by_kind_and_suffix() -> None:
    suffixes = [suffix for form in FORMATS.values() for suffix in form.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in suffixes)
    assert all(form.kind == kind for kind, form in FORMATS.items())


@pytest.mark.parametrize("kind", FORMATS)
def test_only_what_is_written_can_be_clean(kind: str) -> None:
    written = written_as(FORMATS[kind], "same").kind
    assert ALLOWED[written]
    assert bool(ALLOWED[kind]) == (written == kind)


def test_every_format_has_dirty_files() -> None:
    assert {media.kind(name) for name in DIRTY} == set(ROWS)


def sample(kind: str, folder: Path) -> Path:
    """A file of the kind, of nothing but the test picture."""
    path = folder / f"sample{FORMATS[kind].suffixes[0]}"
    Image.fromarray(picture()).save(path, ROWS[kind].plugin)
    return path


@pytest.mark.parametrize("kind", ROWS)
def test_plain_picture_is_read(kind: str, tmp_path: Path) -> None:
    path = sample(kind, tmp_path)
    found = probe(path)
    assert (found.path, found.kind, found.form) == (path, kind, "still")
    assert (found.width, found.height, found.frames, found.max_side) == (WIDTH, HEIGHT, 1, None)
    assert found.lossless == (kind not in ("jpeg", "webp", "heic", "avif"))
    (frame,) = FORMATS[kind].frames(found)
    assert (frame.index, frame.alpha, frame.duration, frame.warnings) == (0, None, 0, ())
    assert distance(frame.rgb, picture()) < (0.01 if kind in EXACT else 4)


@pytest.mark.parametrize("kind", ROWS)
def test_only_what_is_painted_changes(kind: str, tmp_path: Path) -> None:
    def paint(frame: Frame) -> Frame:
        painted = frame.rgb.copy()
        painted[32:64, 64:128] = (200, 30, 90)
        return replace(frame, rgb=painted)

    found = probe(sample(kind, tmp_path))
    (before,) = FORMATS[kind].frames(found)
    writer = FORMATS[found.written]
    writer.rewrite(found, tmp_path / "new", paint)
    (after,) = read(tmp_path / "new")
    tolerance = 0 if kind in EXACT else 4
    assert distance(after.rgb, paint(before).rgb) <= tolerance
    assert judge(writer.kind, writer.entries(tmp_path / "new")) == ()


@pytest.mark.parametrize("name", SEVERAL)
def test_frames_are_painted_in_their_order(name: str, tmp_path: Path) -> None:
    found = probe(media.write(name, tmp_path))
    form = FORMATS[found.kind]
    seen: list[Frame] = []

    def paint(frame: Frame) -> Frame:
        seen.append(frame)
        return frame

    form.rewrite(found, tmp_path / "new", paint)
    expected = list(form.frames(found))
    assert [frame.index for frame in seen] == list(range(found.frames))
    assert all((one.rgb == other.rgb).all() for one, other in zip(seen, expected, strict=True))


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("other", ROWS)
def test_format_reads_no_other_kind(kind: str, other: str, tmp_path: Path) -> None:
    path = sample(other, tmp_path)
    if kind == other:
        assert FORMATS[kind].probe(path).kind == kind
    else:
        with pytest.raises((DamagedError, UnsupportedError), match="sample"):
            FORMATS[kind].probe(path)


@pytest.mark.parametrize("kind", ROWS)
def test_file_that_vanished_is_an_error_of_ours(kind: str, tmp_path: Path) -> None:
    path = sample(kind, tmp_path)
    found = probe(path)
    path.unlink()
    with pytest.raises(InputError, match=r"sample.*: is gone"):
        FORMATS[kind].probe(path)
    with pytest.raises(InputError, match=r"sample.*: is gone"):
        list(FORMATS[kind].frames(found))


@pytest.mark.parametrize("kind", ROWS)
def test_errors_of_the_painter_pass_through(kind: str, tmp_path: Path) -> None:
    def paint(frame: Frame) -> Frame:
        raise ZeroDivisionError

    found = probe(sample(kind, tmp_path))
    with pytest.raises(ZeroDivisionError):
        FORMATS[found.written].rewrite(found, tmp_path / "new", paint)


# --- dirty files --------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=DIRTY)
def cleaned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FileReport:
    folder = tmp_path_factory.mktemp("dirty")
    source = media.write(request.param, folder)
    return pipeline.clean(source, folder / "out" / source.name, Settings(), EYES)


def target(report: FileReport) -> Path:
    assert report.target is not None
    return report.target


def test_cleaned_file_carries_nothing(cleaned: FileReport) -> None:
    form = format_of(target(cleaned))
    assert cleaned.kind == media.kind(cleaned.source.stem)
    assert form.kind == probe(cleaned.source).written
    assert judge(form.kind, form.entries(target(cleaned))) == ()
    assert canaries(target(cleaned).read_bytes()) == set()
    assert cleaned.removed


def test_cleaned_file_is_alone(cleaned: FileReport) -> None:
    assert [path.name for path in target(cleaned).parent.iterdir()] == [cleaned.source.name]


def test_cleaned_file_shows_the_same_at_the_same_time(cleaned: FileReport) -> None:
    """Everywhere but on the heads and the ways between them, and a little way around them."""
    before, after = shown(cleaned.source), shown(target(cleaned))
    assert [one.end for one in before] == [one.end for one in after]
    for index, (one, other) in enumerate(zip(before, after, strict=True)):
        assert one.pixels.shape == other.pixels.shape
        covers = heads(one.pixels[..., :3])
        if probe(cleaned.source).form == "animation":
            covers = [
                region.box.clip(*one.pixels.shape[1::-1])
                for region in cleaned.plan.regions
                if region.covers_frame(index)
            ]
        open_pixels = uncovered(one.pixels, *covers)
        difference = np.abs(one.pixels.astype(int) - other.pixels)[open_pixels]
        exact = probe(cleaned.source).lossless and cleaned.kind != "gif"
        assert difference.size
        assert difference.mean() <= (0.01 if exact else 2.5)
        assert difference[..., 3].max() <= (1 if cleaned.kind == "heic" else 0)


def test_cleaned_file_hides_nothing_under_transparency(cleaned: FileReport) -> None:
    with Image.open(target(cleaned)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            four = np.asarray(image.convert("RGBA"))
            hidden = four[four[..., 3] == 0][:, :3]
            if cleaned.kind in ("heic", "avif"):
                # An encoder's echo of what is beside it, and no picture.
                assert hidden.size == 0 or hidden.mean() < 2
            else:
                # One colour, whatever it is, tells nothing.
                assert len(np.unique(hidden, axis=0)) <= 1


def test_faces_of_cleaned_file_are_gone(cleaned: FileReport) -> None:
    assert cleaned.evidence is not None
    assert cleaned.evidence.structure < verify.SURVIVES
    for before, after in zip(read(cleaned.source), read(target(cleaned)), strict=True):
        for box in heads(before.rgb):
            assert verify.surviving(before.rgb, after.rgb, box) < verify.SURVIVES


def test_cleaned_file_keeps_its_form(cleaned: FileReport) -> None:
    before, after = probe(cleaned.source), probe(target(cleaned))
    assert (after.form, after.frames) == (before.form, before.frames)
    assert (after.width, after.height) == (before.width, before.height)
    if before.form == "animation":
        assert after.loop == before.loop == (0 if before.kind == "avif" else 3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("kind", ["jpeg", "avif"])
def test_a_full_disk_ends_the_writing(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (99, 999, 3), np.uint8)).save(source)
    # An encoder that hangs could not be stopped here.
    code = (
        "import sys; from dataclasses import replace; from pathlib import Path\n"
        "from scrub.errors import StorageError; from scrub.formats import FORMATS, probe\n"
        f"media = replace(probe(Path({str(source)!r})), to={kind!r})\n"
        f"try: FORMATS[{kind!r}].rewrite(media, Path('/dev/full'), lambda frame: frame)\n"
        "except StorageError: sys.exit(7)"
    )
    package = Path(scrub.__file__).parents[1]
    ended = subprocess.run([sys.executable, "-c", code], cwd=package, timeout=PATIENCE)
    assert ended.returncode == 7


@pytest.mark.parametrize("name", TURNED)
def test_turned_picture_is_upright_without_a_tag(name: str, tmp_path: Path) -> None:
    source = media.write(name, tmp_path)
    found = probe(source)
    assert (found.width, found.height) == (WIDTH, HEIGHT)
    report = pipeline.clean(source, tmp_path / "out" / source.name, Settings(), None)
    with Image.open(target(report)) as image:
        assert image.getexif().get(274, 1) == 1
        assert distance(np.asarray(image.convert("RGB")), picture()) < 5


@pytest.mark.parametrize("plugin", ["PNG", "WEBP", "GIF", "AVIF"])
def test_what_is_around_opaque_patches_stays_transparent(plugin: str, tmp_path: Path) -> None:
    """Encoders store the patches alone, of which none has anything transparent."""
    clip = []
    for left in (0, 40):
        four = np.full((48, 64, 4), 90, np.uint8)
        four[..., 3] = 0
        four[8:24, left : left + 24] = 200, 60 + left, 30, 255
        clip.append(Image.fromarray(four))
    source = tmp_path / "clip"
    options = {"lossless": True, "exact": True} if plugin == "WEBP" else {}
    clip[0].save(source, plugin, save_all=True, append_images=clip[1:], duration=80, **options)
    FORMATS[format_of(source).kind].rewrite(probe(source), tmp_path / "copy", lambda frame: frame)
    for before, after in zip(shown(source), shown(tmp_path / "copy"), strict=True):
        assert not before.pixels[30:].any()
        assert distance(before.pixels, after.pixels) < 2.5


@pytest.mark.parametrize("name", CLIPS)
def test_animation_is_shown_at_every_moment(name: str, tmp_path: Path) -> None:
    """Whatever the writer does with its frames, each millisecond shows what it did."""
    source = media.write(name, tmp_path)
    report = pipeline.clean(source, tmp_path / "out" / source.name, Settings(), None)
    before, after = shown(source), shown(target(report))
    assert after[-1].end == before[-1].end == 480
    for now in range(0, 480, 20):
        one, other = (next(f for f in frames if now < f.end).pixels for frames in (before, after))
        assert distance(one, other) < 2.5


@pytest.mark.parametrize("plugin", ["PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("blanks", [(0,), (1,), (2,), (1, 2), (0, 1, 3)], ids=str)
def test_a_clip_may_be_blank_for_a_while(
    blanks: tuple[int, ...], plugin: str, tmp_path: Path
) -> None:
    clip = []
    for index in range(4):
        four = np.zeros((48, 64, 4), np.uint8)
        if index not in blanks:
            four[8:24, 8 * index : 8 * index + 24] = 200, 60, 20 * index, 255
        clip.append(Image.fromarray(four))
    source = tmp_path / "clip"
    clip[0].save(source, plugin, save_all=True, append_images=clip[1:], duration=80, disposal=2)
    report = pipeline.clean(source, tmp_path / "copy", Settings(), None)
    before, after = shown(source), shown(target(report))
    assert after[-1].end == before[-1].end == 320
    for now in range(0, 320, 40):
        one, other = (next(f for f in frames if now < f.end).pixels for frames in (before, after))
        assert distance(one, other) < 2.5


def test_a_gif_of_nothing_is_written(tmp_path: Path) -> None:
    blank = Image.fromarray(np.zeros((48, 64, 4), np.uint8))
    spot = blank.copy()
    spot.putpixel((3, 3), (9, 9, 9, 255))
    source = tmp_path / "nothing.gif"
    blank.save(source, save_all=True, append_images=[spot], duration=80, disposal=2)
    copy = tmp_path / "copy.gif"

    def wiped(frame: Frame) -> Frame:
        return replace(frame, alpha=np.zeros((48, 64), np.uint8))

    FORMATS["gif"].rewrite(probe(source), copy, wiped)
    assert not shown(copy)[0].pixels.any()


def test_a_gif_full_of_small_holes_is_shrunk(tmp_path: Path) -> None:
    """Shrunk, its holes would be half-transparent, which a GIF cannot be."""
    holes = np.zeros((120, 160), np.uint8)
    holes[:, ::3] = 255
    image = Image.fromarray(np.dstack([np.full((120, 160, 3), 90, np.uint8), holes]))
    source = tmp_path / "holes.gif"
    image.save(source)
    report = pipeline.clean(source, tmp_path / "copy.gif", Settings(max_side=40), None)
    assert report.status == "cleaned"


# --- broken files -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_refused_by_name(
    name: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    source = media.write(name, tmp_path)
    (tmp_path / "out").mkdir()
    with pytest.raises(ScrubError) as caught:
        pipeline.clean(source, tmp_path / "out" / name, Settings(), EYES)
    assert str(source) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []
    assert [str(warning.message) for warning in recwarn.list] == []


@pytest.mark.parametrize("name", ["wild-offset.tif", "truncated.png", "bomb.png"])
def test_nothing_is_said_on_standard_error(name: str, tmp_path: Path) -> None:
    """Even where warnings are errors, the error is ours; and filters are left as they were."""
    source = media.write(name, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        with pytest.raises(InputError, match=name):
            pipeline.clean(source, tmp_path / "new", Settings(), EYES)
        assert list(warnings.filters) == before


def test_filters_of_warnings_survive_two_readers_at_once(tmp_path: Path) -> None:
    path = media.write("gif-animated", tmp_path)
    before = list(warnings.filters)
    for _ in zip(*(FORMATS["gif"].frames(probe(path)) for _ in range(2)), strict=True):
        assert list(warnings.filters) == before
    assert list(warnings.filters) == before


def later_frame(size: int) -> bytes:
    """A GIF of 16 x 16 pixels whose second frame claims more."""
    stream = io.BytesIO()
    first, *others = (Image.new("L", (16, 16), value) for value in (10, 120, 200))
    first.save(stream, "GIF", save_all=True, append_images=others, duration=50, disposal=2)
    file = bytearray(stream.getvalue())
    frame = b"," + struct.pack("<4H", 0, 0, 16, 16)
    second = file.index(frame, file.index(frame) + 1)
    file[second + 5 : second + 9] = struct.pack("<HH", size, size)
    return bytes(file)


def later_page(size: int) -> bytes:
    """A TIFF whose second page claims more."""
    return tiff(page(picture()), page(picture()) | {256: size, 257: size})


HUGE_LATER = {"later-frame.gif": later_frame(65535), "later-page.tif": later_page(60000)}

MEASURE = """
import resource, sys
from pathlib import Path
from scrub import pipeline
from scrub.errors import TooLargeError
from scrub.settings import Settings

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak()
for source in map(Path, sys.argv[1:]):
    try:
        pipeline.clean(source, source.with_name("out"), Settings(), None)
    except TooLargeError as error:
        print(error)
print(peak() / before)
"""


def test_huge_claims_need_no_memory(tmp_path: Path) -> None:
    """Neither those of the first picture nor those of a later one; a fifth more is granted."""
    pytest.importorskip("resource")
    huge = [media.write(name, tmp_path) for name in BROKEN if "huge" in name or "bomb" in name]
    for name, data in HUGE_LATER.items():
        (tmp_path / name).write_bytes(data)
        huge.append(tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, huge)],
        env={**os.environ, "PYTHONPATH": str(Path(scrub.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    *refused, growth = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in refused] == list(map(str, huge))
    assert float(growth) < 1.2
    assert done.stderr == ""


def test_pages_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pages.tif"
    path.write_bytes(tiff(page(picture()[:8, :8].copy()), *[page(picture())] * 3))
    assert len(read(path)) == 4
    monkeypatch.setattr("scrub.formats.still.LARGEST_CLIP", 2 * WIDTH * HEIGHT)
    with pytest.raises(TooLargeError, match=r"pages\.tif: holds pages of different sizes"):
        read(path)


def test_long_clip_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrub.formats.still.LARGEST_CLIP", 2 * WIDTH * HEIGHT)
    for name in CLIPS:
        with pytest.raises(TooLargeError, match=f"{name}.*holds 3 frames of 240 x 180 pixels"):
            probe(media.write(name, tmp_path))


@pytest.mark.parametrize("kind", [kind for kind, row in ROWS.items() if row.largest < 100_000_000])
def test_kind_that_needs_more_memory_may_be_less_large(kind: str, tmp_path: Path) -> None:
    path = sample(kind, tmp_path)
    exact, less = (replace(ROWS[kind], largest=WIDTH * HEIGHT - one) for one in (0, 1))
    assert exact.probe(path).width == WIDTH
    with pytest.raises(TooLargeError, match="has 240 x 180 pixels"):
        less.probe(path)


def test_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrub.formats.still.LARGEST_FILE", 1000)
    for kind in ROWS:
        with pytest.raises(TooLargeError, match=r"sample.*: has [\d,]+ bytes"):
            probe(sample(kind, tmp_path))


@pytest.mark.parametrize("tag", [50706, 33421])
def test_raw_file_is_refused(tag: int, tmp_path: Path) -> None:
    path = tmp_path / "camera.tif"
    path.write_bytes(tiff(page(picture()) | {tag: [1, 4]}))
    with pytest.raises(UnsupportedError, match=r"camera\.tif: is a camera's raw file"):
        probe(path)


def test_preview_of_a_raw_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "camera.tif"
    path.write_bytes(tiff(page(picture()) | {254: 1}, page(picture())))
    with pytest.raises(UnsupportedError, match=r"camera\.tif: is a camera's raw file"):
        probe(path)


# --- damaged files ------------------------------------------------------------------------------


def small(kind: str, several: bool) -> bytes:
    """A small file with faces; some kinds hold several."""
    frames = [Image.fromarray(np.roll(media.face(40), 8 * step, axis=1)) for step in range(3)]
    stream = io.BytesIO()
    options = {"save_all": True, "append_images": frames[1:], "duration": 40} if several else {}
    frames[0].save(stream, ROWS[kind].plugin, **options)
    return stream.getvalue()


SMALL = {
    kind: [small(kind, several) for several in ((False, True) if ROWS[kind].several else (False,))]
    for kind in ROWS
}


@dataclass
class Seer:
    """A detector that sees one face in the middle of everything."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        height, width = rgb.shape[:2]
        box = Box(width // 4, height // 4, 3 * width // 4, 3 * height // 4)
        return [Detection(box, 0.9, "seer")] if box.area else []

    def close(self) -> None:
        pass


def attempt(data: bytes) -> tuple[str, bytes] | ScrubError:
    """Kind and bytes of what comes of cleaning the data, or what is said of them.

    What was damaged may claim to be large; for the sake of time, less is granted than usual.
    """
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("scrub.formats.still.LARGEST_PICTURE", 400_000)
        patch.setattr("scrub.formats.still.LARGEST_CLIP", 800_000)
        patch.setattr(Image, "MAX_IMAGE_PIXELS", 200_000)
        source, out = Path(folder, "source"), Path(folder, "target")
        source.write_bytes(data)
        try:
            report = pipeline.clean(source, out, Settings(), Eyes(Seer(), Blind()))
        except ScrubError as error:
            assert sorted(os.listdir(folder)) == ["source"]
            return error
        assert sorted(os.listdir(folder)) == ["source", "target"]
        return format_of(target(report)).kind, out.read_bytes()


def check(data: bytes) -> None:
    """Whatever the data are, there is a clean file or an error with a name in one line."""
    result = attempt(data)
    if isinstance(result, ScrubError):
        assert "source" in str(result)
        assert "\n" not in str(result)
    else:
        assert judge(result[0], entries(*result)) == ()


@pytest.mark.parametrize("kind", ROWS)
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_file_is_cleaned_or_refused(kind: str, data: st.DataObject) -> None:
    file = bytearray(data.draw(st.sampled_from(SMALL[kind])))
    start = st.one_of(st.integers(0, 80), st.integers(0, len(file)))
    edits = st.tuples(start, st.integers(0, 6), st.binary(max_size=6))
    for at, length, new in data.draw(st.lists(edits, min_size=1, max_size=4)):
        file[at : at + length] = new
    check(bytes(file))


@pytest.mark.parametrize("kind", ROWS)
def test_cut_file_is_cleaned_or_refused(kind: str) -> None:
    for file in SMALL[kind]:
        for end in range(0, len(file), max(1, len(file) // 25)):
            check(file[:end])


# --- animations and transparency ----------------------------------------------------------------


def hard() -> NDArray[np.uint8]:
    """Opaque on the right, nothing on the left."""
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[:, 90:] = 255
    return alpha


def layered(rgb: Pixels, alpha: NDArray[np.uint8]) -> Image.Image:
    four = np.dstack([rgb, alpha])
    four[alpha == 0] = 0
    return Image.fromarray(four)


def grey() -> Pixels:
    return np.repeat(picture().mean(axis=2).astype(np.uint8)[..., None], 3, axis=2)


def opaque() -> NDArray[np.uint8]:
    return np.full((HEIGHT, WIDTH), 255, np.uint8)


ALPHAS = [hard(), np.roll(hard(), 40, axis=1), np.flipud(np.roll(hard(), 10, axis=0))]
COLOURED = [layered(np.roll(picture(), 20 * n, axis=1), alpha) for n, alpha in enumerate(ALPHAS)]
COLOURLESS = [layered(np.roll(grey(), 20 * n, axis=1), alpha) for n, alpha in enumerate(ALPHAS)]
LETTERBOX = np.where(np.arange(HEIGHT)[:, None, None] % 150 < 30, 0, picture()).astype(np.uint8)
SHADES = np.resize(np.arange(256, dtype=np.uint8), (HEIGHT, WIDTH))
LAYERS = {
    "coloured": COLOURED,
    "grey": COLOURLESS,
    "opaque first": [layered(picture(), opaque()), *COLOURED[1:]],
    "opaque last": [*COLOURED[:2], layered(picture(), opaque())],
    "grey after colour": [layered(picture(), opaque()), *COLOURLESS[1:]],
    "colour after grey": [COLOURLESS[0], *COLOURED[1:]],
    "black at the edges": [COLOURED[0], layered(LETTERBOX, opaque()), COLOURED[2]],
    "every grey at first": [Image.fromarray(SHADES), *COLOURED[1:]],
    "nothing at first": [Image.new("RGBA", (WIDTH, HEIGHT)), *COLOURED[1:]],
}


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("disposal", [1, 2, 3])
def test_transparency_of_gif_is_kept(layers: str, disposal: int, tmp_path: Path) -> None:
    path = tmp_path / "clip.gif"
    first, *others = LAYERS[layers]
    first.save(path, save_all=True, append_images=others, duration=70, disposal=disposal, loop=0)
    same_after_cleaning(path, 2)


def overhanging(first: Pixels, second: Pixels) -> bytes:
    """A GIF as large as its first frame, whose second one reaches beyond it."""
    data, more = (parts.saved(one, "GIF") for one in (first, second))
    colors = more[10] & 7
    table = 13 + (6 << colors)
    at = more.index(b",", table)
    return data[:-1] + more[at : at + 9] + bytes([0xC0 | colors]) + more[13:table] + more[at + 10 :]


def test_frame_of_gif_that_overhangs_is_clipped(tmp_path: Path) -> None:
    path = tmp_path / "clip.gif"
    path.write_bytes(overhanging(grey()[:40, :60, 0], grey()[..., 0]))
    with Image.open(path) as image:
        assert image.size == (60, 40)
        image.seek(1)
        assert image.size == (WIDTH, HEIGHT)
    report = pipeline.clean(path, tmp_path / "out.gif", Settings(), None)
    assert report.target is not None
    for file in (path, report.target):
        shown = [frame.rgb for frame in read(file)]
        assert all((rgb == grey()[:40, :60]).all() for rgb in shown)


@pytest.mark.parametrize("layers", LAYERS)
def test_transparency_of_png_is_kept(layers: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.png"
    first, *others = LAYERS[layers]
    first.save(path, save_all=True, append_images=others, duration=70, disposal=1)
    same_after_cleaning(path, 0)


@pytest.mark.parametrize("layers", LAYERS)
def test_transparency_of_avif_is_kept(layers: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.avif"
    first, *others = (image.convert("RGBA") for image in LAYERS[layers])
    options = {"advanced": {"a:lossless": "1"}, "speed": 10}
    first.save(path, save_all=True, append_images=others, duration=70, **options)
    same_after_cleaning(path, 4)


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("lossless", [True, False])
def test_transparency_of_webp_is_kept(layers: str, lossless: bool, tmp_path: Path) -> None:
    path = tmp_path / "clip.webp"
    first, *others = LAYERS[layers]
    first.save(path, save_all=True, append_images=others, duration=70, lossless=lossless)
    assert probe(path).lossless == lossless
    same_after_cleaning(path, 0 if lossless else 2)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
@pytest.mark.parametrize("layers", LAYERS)
def test_transparency_of_stills_is_kept(layers: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"still.{suffix}"
    LAYERS[layers][0].save(path)
    same_after_cleaning(path, 0 if suffix in ("png", "tif") else 2)


def same_after_cleaning(path: Path, tolerance: float) -> None:
    """What was there is shown, with all that was opaque and nothing else."""
    report = pipeline.clean(path, path.with_name("out" + path.suffix), Settings(), None)
    before, after = read(path), read(target(report))
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        assert one.duration == other.duration
        assert (one.alpha is None) == (other.alpha is None)
        if one.alpha is not None and other.alpha is not None:
            assert (one.alpha == other.alpha).all()
        assert distance(one.rgb, other.rgb) <= tolerance


def grey_first(folder: Path) -> Path:
    """A GIF whose first palette is a ramp of grey, and whose second frame has its own."""
    path = folder / "grey-first.gif"
    others = [Image.fromarray(picture())]
    Image.fromarray(SHADES).save(path, save_all=True, append_images=others, duration=50)
    return path


def test_colours_after_a_grey_frame_are_right(tmp_path: Path) -> None:
    first, second = read(grey_first(tmp_path))
    assert distance(first.rgb[..., 0], SHADES) == 0
    assert distance(second.rgb, picture()) < 3


def test_entries_are_not_taken_for_colours(tmp_path: Path) -> None:
    """Where the first frame has no palette at all, the second one's is not used."""
    path = grey_first(tmp_path)
    data = bytearray(path.read_bytes())
    data[10] &= 0x7F
    del data[13 : 13 + 768]
    path.write_bytes(data)
    with pytest.raises(DamagedError, match=r"grey-first\.gif: has colours without a palette"):
        read(path)


@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
def test_frames_without_a_time_get_that_of_browsers(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"hasty.{kind}"
    first, *others = (Image.fromarray(np.roll(picture(), 20 * n, axis=1)) for n in range(3))
    first.save(path, save_all=True, append_images=others, duration=0)
    report = pipeline.clean(path, tmp_path / f"out.{kind}", Settings(), None)
    assert [frame.duration for frame in read(target(report))] == [100, 100, 100]


@pytest.mark.parametrize("loop", [None, 0, 1, 7])
def test_gif_plays_as_often_as_before(loop: int | None, tmp_path: Path) -> None:
    path = tmp_path / "loop.gif"
    first, *others = (Image.fromarray(np.roll(picture(), 20 * n, axis=1)) for n in range(3))
    options = {} if loop is None else {"loop": loop}
    first.save(path, save_all=True, append_images=others, duration=50, **options)
    report = pipeline.clean(path, tmp_path / "out.gif", Settings(), None)
    assert probe(target(report)).loop == probe(path).loop == loop


def test_times_longer_than_a_minute_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "slow.png"
    first, *others = (Image.fromarray(np.roll(picture(), 20 * n, axis=1)) for n in range(3))
    first.save(path, save_all=True, append_images=others, duration=[90_000, 1000 / 30, 120_000])
    report = pipeline.clean(path, tmp_path / "out.png", Settings(), None)
    assert [f.duration for f in read(target(report))] == pytest.approx([90_000, 1000 / 30, 120_000])


@pytest.mark.parametrize("frames", [1, 2])
def test_picture_that_viewers_skip_is_dropped(frames: int, tmp_path: Path) -> None:
    """A PNG that can be animated may show something else to those who cannot."""
    path = tmp_path / "two-faced.png"
    others = [Image.fromarray(np.full_like(picture(), 40 * n)) for n in range(1, frames + 1)]
    Image.fromarray(picture()).save(
        path, save_all=True, append_images=others, duration=50, default_image=True
    )
    report = pipeline.clean(path, tmp_path / "out.png", Settings(), None)
    after = read(target(report))
    assert [int(frame.rgb.max()) for frame in after] == [40 * n for n in range(1, frames + 1)]
    with Image.open(target(report)) as image:
        assert not image.info.get("default_image")
        assert getattr(image, "n_frames", 1) == frames


def test_grey_pages_and_colour_pages_stay_so(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    shades = np.asarray(ImageOps.grayscale(Image.fromarray(picture())))
    path.write_bytes(tiff(page(shades), page(picture()), page(shades > 128), page(picture()[:50])))
    report = pipeline.clean(path, tmp_path / "out.tif", Settings(), None)
    for one, other in zip(read(path), read(target(report)), strict=True):
        assert (one.rgb == other.rgb).all()


def test_lossless_webp_with_a_profile_stays_lossless(tmp_path: Path) -> None:
    path = tmp_path / "wide.webp"
    path.write_bytes(
        parts.saved(picture(), "WEBP", lossless=True, icc_profile=parts.profile() + bytes(500))
    )
    report = pipeline.clean(path, tmp_path / "out.webp", Settings(), None)
    assert (read(path)[0].rgb == read(target(report))[0].rgb).all()
