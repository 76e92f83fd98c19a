"""The examination of a written file: it lets honest ones pass and catches every kind of lie."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scrub.detectors.presets import SURE
from scrub.errors import VerificationError
from scrub.formats import FORMATS, Frame, probe
from scrub.lookout import SLACK, faces
from scrub.redaction import STYLES, Painter
from scrub.regions import Box, Detection, Region, head
from scrub.report import Plan
from scrub.verify import CHANGED, SURVIVES, changed, examine, surviving
from tests import media, parts
from tests.dirty_web import gif_comment_block, riff_chunk, with_chunks
from tests.media import PICTURE_FACES, Edges, Pixels, canary, picture
from tests.test_pipeline import Seer

STILLS = ["jpeg-comment", "png-text", "webp-exif-xmp", "gif-comment", "bmp-gap", "tiff-private-tag"]
ANIMATIONS = ["apng", "webp-animated", "gif-animated"]
PAGES = ["tiff-pages"]
ALL = [*STILLS, *ANIMATIONS, *PAGES]

FACES = tuple(
    Region(head(Box(*face), 0.35), 0, 9, "face", track) for track, face in enumerate(PICTURE_FACES)
)
PLAN = Plan(FACES)
BLIND = Seer()

Edit = Callable[[list[Frame]], list[Frame]]


class Case:
    """A dirty file, and the draft that was made of it with these regions covered."""

    def __init__(self, name: str, folder: Path, regions: tuple[Region, ...] = FACES) -> None:
        self.media = probe(media.write(name, folder))
        self.draft = folder / "draft"
        FORMATS[self.media.kind].rewrite(
            self.media, self.draft, lambda frame: covered(frame, regions)
        )

    def forge(self, edit: Edit, **options: object) -> None:
        """Write the draft anew, of edited frames."""
        frames = edit(list(FORMATS[self.media.kind].frames(probe(self.draft))))
        first, *others = [image(frame) for frame in frames]
        if self.media.kind == "webp":
            options |= {"lossless": True}
        if others:
            options |= {"save_all": True, "append_images": others}
        if self.media.form == "animation" and others:
            options |= {"duration": [round(frame.duration) for frame in frames], "loop": 3}
        first.save(self.draft, self.media.kind.upper(), **options)


def covered(frame: Frame, regions: tuple[Region, ...] = FACES) -> Frame:
    canvas = Painter(regions, "solid", bytes(32)).paint(frame.rgb, frame.index)
    return replace(frame, rgb=canvas.pixels)


def image(frame: Frame) -> Image.Image:
    made = Image.fromarray(frame.rgb)
    if frame.alpha is not None:
        made.putalpha(Image.fromarray(frame.alpha))
    return made


def rgb(edit: Callable[[Pixels], Pixels]) -> Edit:
    """The same change in every frame."""
    return lambda frames: [replace(frame, rgb=edit(frame.rgb)) for frame in frames]


# --- honest drafts ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_honest_draft_passes(name: str, tmp_path: Path) -> None:
    case = Case(name, tmp_path)
    seen = examine(case.media, PLAN, case.draft, BLIND)
    assert seen.clean
    assert [one.found for one in seen.left] == [()] * case.media.frames
    assert seen.evidence.frames == case.media.frames
    assert seen.evidence.regions == 2 * case.media.frames
    assert seen.evidence.entries == len(FORMATS[case.media.kind].entries(case.draft))
    assert seen.evidence.structure < SURVIVES
    assert seen.evidence.looked
    assert not examine(case.media, PLAN, case.draft, None).evidence.looked


@pytest.mark.parametrize("name", ANIMATIONS)
def test_what_is_left_comes_with_its_time(name: str, tmp_path: Path) -> None:
    """By which it is followed through the clip: without, a face of one frame fills all of them."""
    case = Case(name, tmp_path)
    durations = [frame.duration for frame in FORMATS[case.media.kind].frames(case.media)]
    seen = examine(case.media, PLAN, case.draft, BLIND)
    assert [one.time for one in seen.left] == [0, *itertools.accumulate(durations[:-1])]


@pytest.mark.parametrize("name", ALL)
def test_forgery_of_nothing_passes(name: str, tmp_path: Path) -> None:
    """What the forged drafts below are caught at is the lie, and not the way they are made."""
    case = Case(name, tmp_path)
    case.forge(list, **({"quality": 92} if case.media.kind == "jpeg" else {}))
    assert examine(case.media, PLAN, case.draft, BLIND).clean


def test_region_counts_only_where_it_covers(tmp_path: Path) -> None:
    regions = replace(FACES[0], last_frame=0), replace(FACES[1], first_frame=1, last_frame=1)
    case = Case("apng", tmp_path, regions)
    assert examine(case.media, Plan(regions), case.draft, BLIND).evidence.regions == 2


def test_joined_frames_pass(tmp_path: Path) -> None:
    """Encoders make one frame of two that look alike."""
    whole = replace(FACES[0], box=Box(0, 0, 240, 180))
    for last, frames in ((2, 1), (1, 2)):
        regions = replace(whole, last_frame=last), *FACES
        case = Case("apng", tmp_path, regions)
        assert probe(case.draft).frames == frames
        assert examine(case.media, Plan(regions), case.draft, BLIND).clean


def test_fractions_of_time_pass(tmp_path: Path) -> None:
    """Thirtieths of a second cannot be summed up exactly; three frames become one here."""
    path = tmp_path / "fast.png"
    frames = []
    for number in range(240):
        shown = np.full((16, 16), 97 * (number // 3) % 256, np.uint8)
        shown[:, :8] = 80 * (number % 3)
        frames.append(Image.fromarray(shown))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=1000 / 30)
    found = probe(path)
    left = Region(Box(0, 0, 8, 16), 0, 239, "face", 0)
    FORMATS["png"].rewrite(found, tmp_path / "draft", lambda frame: covered(frame, (left,)))
    assert (found.frames, probe(tmp_path / "draft").frames) == (240, 80)
    assert examine(found, Plan((left,)), tmp_path / "draft", BLIND).clean


# --- lies about the container -------------------------------------------------------------------


def extra_png(data: bytes) -> bytes:
    return data[:33] + parts.text("late") + data[33:]


EXTRAS: dict[str, Callable[[bytes], bytes]] = {
    "jpeg-comment": lambda data: data[:20] + parts.comment("late") + data[20:],
    "png-text": extra_png,
    "apng": extra_png,
    "webp-exif-xmp": lambda data: with_chunks(data, riff_chunk(b"XMP ", parts.xmp())),
    "webp-animated": lambda data: with_chunks(data, riff_chunk(b"XMP ", parts.xmp())),
    "gif-comment": lambda data: data[:-1] + gif_comment_block("late") + b";",
    "gif-animated": lambda data: data[:-1] + gif_comment_block("late") + b";",
}


@pytest.mark.parametrize("name", EXTRAS)
def test_added_metadata_is_caught(name: str, tmp_path: Path) -> None:
    case = Case(name, tmp_path)
    case.draft.write_bytes(EXTRAS[name](case.draft.read_bytes()))
    with pytest.raises(VerificationError, match=r": the written file carries "):
        examine(case.media, PLAN, case.draft, BLIND)


@pytest.mark.parametrize("tag", [270, 315, 0x8825, 65000])
def test_added_tag_is_caught(tag: int, tmp_path: Path) -> None:
    case = Case("tiff-private-tag", tmp_path)
    value: parts.Value = {18: canary("gps")} if tag == 0x8825 else canary("late")
    case.draft.write_bytes(parts.tiff(parts.page(covered(Frame(0, picture())).rgb) | {tag: value}))
    with pytest.raises(VerificationError, match=r": the written file carries "):
        examine(case.media, PLAN, case.draft, BLIND)


@pytest.mark.parametrize("name", ALL)
def test_bytes_after_the_end_are_caught(name: str, tmp_path: Path) -> None:
    case = Case(name, tmp_path)
    with case.draft.open("ab") as file:
        file.write(parts.uncovered("late"))
    with pytest.raises(VerificationError, match=r": the written file carries "):
        examine(case.media, PLAN, case.draft, BLIND)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("share", [0.05, 0.6, 0.97])
def test_cut_draft_is_caught(name: str, share: float, tmp_path: Path) -> None:
    case = Case(name, tmp_path)
    data = case.draft.read_bytes()
    case.draft.write_bytes(data[: round(share * len(data))])
    with pytest.raises(VerificationError, match=f"{name}.*: "):
        examine(case.media, PLAN, case.draft, BLIND)


@pytest.mark.parametrize("name", ALL)
def test_missing_draft_is_caught(name: str, tmp_path: Path) -> None:
    case = Case(name, tmp_path)
    case.draft.unlink()
    with pytest.raises(VerificationError, match="cannot be read back"):
        examine(case.media, PLAN, case.draft, BLIND)


@pytest.mark.parametrize("name", STILLS)
def test_other_kind_is_caught(name: str, tmp_path: Path) -> None:
    case = Case(name, tmp_path)
    other = "PNG" if case.media.kind != "png" else "BMP"
    image(covered(Frame(0, picture()))).save(case.draft, other)
    with pytest.raises(VerificationError, match=f"is {other.lower()} and not {case.media.kind}"):
        examine(case.media, PLAN, case.draft, BLIND)


@pytest.mark.parametrize("name", ["empty.jpg", "text.jpg", "noise.jpg", "huge-claim.jpg"])
def test_broken_draft_is_caught(name: str, tmp_path: Path) -> None:
    case = Case("jpeg-comment", tmp_path)
    case.draft.write_bytes(media.write(name, tmp_path).read_bytes())
    with pytest.raises(VerificationError, match=r"jpeg-comment\.jpg: .*cannot be read back"):
        examine(case.media, PLAN, case.draft, BLIND)


def test_original_that_broke_is_told(tmp_path: Path) -> None:
    case = Case("png-text", tmp_path)
    case.media.path.write_bytes(case.media.path.read_bytes()[:9000])
    with pytest.raises(VerificationError, match=r"png-text\.png: cannot be read again to its end"):
        examine(case.media, PLAN, case.draft, BLIND)


# --- lies about the picture ---------------------------------------------------------------------


def half(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[::2, ::2])


def crossed_out(pixels: Pixels) -> Pixels:
    """A corner that was not to be covered is black."""
    crossed = pixels.copy()
    crossed[-36:, -36:] = 0
    return crossed


PICTURES: dict[str, tuple[Callable[[Pixels], Pixels], str]] = {
    "half the size": (half, "another size"),
    "on its side": (lambda pixels: np.rot90(pixels).copy(), "another size"),
    "cut off": (lambda pixels: pixels[:, :-1].copy(), "another size"),
    "upside down": (lambda pixels: np.rot90(pixels, 2).copy(), "nothing is covered"),
    "mirrored": (lambda pixels: np.fliplr(pixels).copy(), "nothing is covered"),
    "moved": (lambda pixels: np.roll(pixels, 60, axis=0), "nothing is covered"),
    "negative": (lambda pixels: 255 - pixels, "nothing is covered"),
    "blue for red": (lambda pixels: pixels[..., ::-1].copy(), "nothing is covered"),
    "all black": (np.zeros_like, "nothing is covered"),
    "crossed out": (crossed_out, "nothing is covered"),
}


@pytest.mark.parametrize("lie", PICTURES)
@pytest.mark.parametrize("name", ALL)
def test_other_picture_is_caught(name: str, lie: str, tmp_path: Path) -> None:
    edit, says = PICTURES[lie]
    case = Case(name, tmp_path)
    case.forge(rgb(edit))
    with pytest.raises(VerificationError, match=f"{name}.*: the written file .*{says}"):
        examine(case.media, PLAN, case.draft, BLIND)


@pytest.mark.parametrize("name", ["png-text", "webp-exif-xmp", "gif-comment", "tiff-private-tag"])
def test_added_transparency_is_caught(name: str, tmp_path: Path) -> None:
    case = Case(name, tmp_path)
    alpha = np.full((180, 240), 255, np.uint8)
    alpha[0, 0] = 0
    case.forge(lambda frames: [replace(frame, alpha=alpha) for frame in frames])
    with pytest.raises(VerificationError, match="became transparent"):
        examine(case.media, PLAN, case.draft, BLIND)


@pytest.mark.parametrize("name", ["png-la", "png-hidden-rgb", "webp-alpha", "tiff-transparent"])
def test_lost_transparency_is_caught(name: str, tmp_path: Path) -> None:
    case = Case(name, tmp_path)
    assert examine(case.media, PLAN, case.draft, BLIND).clean
    case.forge(lambda frames: [replace(frame, alpha=None) for frame in frames])
    with pytest.raises(VerificationError, match="where nothing is covered"):
        examine(case.media, PLAN, case.draft, BLIND)


# --- lies about time and number -----------------------------------------------------------------


def timed(*durations: float) -> Edit:
    return lambda frames: [
        replace(frame, duration=time) for frame, time in zip(frames, durations, strict=True)
    ]


CLIPS: dict[str, tuple[Edit, str]] = {
    "only the first": (lambda frames: frames[:1], "nothing is covered"),
    "only the last": (lambda frames: frames[-1:], "nothing is covered"),
    "last one missing": (lambda frames: frames[:-1], "shorter|nothing is covered"),
    "first one missing": (lambda frames: frames[1:], "shorter|nothing is covered"),
    "first one instead of the second": (
        lambda frames: [replace(frames[0], duration=240), frames[2]],
        "nothing is covered",
    ),
    "other order": (lambda frames: frames[::-1], "nothing is covered"),
    "twice": (lambda frames: frames * 2, "longer"),
    "faster": (timed(40, 80, 120), "shorter|nothing is covered"),
    "slower": (timed(160, 320, 480), "longer|nothing is covered"),
    "short end": (timed(80, 160, 30), "shorter"),
    "long end": (timed(80, 160, 600), "longer"),
    "other rhythm": (timed(200, 160, 120), "nothing is covered"),
}


@pytest.mark.parametrize("lie", CLIPS)
@pytest.mark.parametrize("name", ANIMATIONS)
def test_other_animation_is_caught(name: str, lie: str, tmp_path: Path) -> None:
    edit, says = CLIPS[lie]
    case = Case(name, tmp_path)
    case.forge(edit)
    with pytest.raises(VerificationError, match=f"{name}.*: the written file .*({says})"):
        examine(case.media, PLAN, case.draft, BLIND)


@pytest.mark.parametrize("edit", [lambda frames: frames[:1], lambda frames: frames * 2])
def test_other_number_of_pages_is_caught(edit: Edit, tmp_path: Path) -> None:
    case = Case("tiff-pages", tmp_path)
    case.forge(edit)
    with pytest.raises(VerificationError, match=r"has \d frames of 2"):
        examine(case.media, PLAN, case.draft, BLIND)


def test_other_order_of_pages_is_caught(tmp_path: Path) -> None:
    case = Case("tiff-pages", tmp_path)
    case.forge(lambda frames: frames[::-1])
    with pytest.raises(VerificationError, match="another size"):
        examine(case.media, PLAN, case.draft, BLIND)


def test_still_that_became_an_animation_is_caught(tmp_path: Path) -> None:
    case = Case("png-text", tmp_path)
    first, second = Image.fromarray(picture()), Image.fromarray(255 - picture())
    first.save(case.draft, "PNG", save_all=True, append_images=[second], duration=50)
    with pytest.raises(VerificationError, match="has 2 frames of 1"):
        examine(case.media, PLAN, case.draft, BLIND)


# --- faces that still show ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_region_that_shows_is_named(name: str, tmp_path: Path) -> None:
    case = Case(name, tmp_path, FACES[:1])
    seen = examine(case.media, PLAN, case.draft, BLIND)
    assert not seen.clean
    assert set(seen.showing) == {FACES[1]}
    assert seen.evidence.structure >= SURVIVES


@pytest.mark.parametrize(
    ("face", "covers", "on"),
    [
        (PICTURE_FACES[0], FACES, FACES[:1]),
        (PICTURE_FACES[1], FACES, FACES[1:]),
        (PICTURE_FACES[0], FACES[1:], None),
        ((200, 120, 220, 150), FACES, None),
    ],
)
def test_face_that_is_seen_again_is_left_or_shows_through_its_cover(
    face: Edges, covers: tuple[Region, ...], on: tuple[Region, ...] | None, tmp_path: Path
) -> None:
    case = Case("apng", tmp_path, covers)
    looking = Seer((face,))
    seen = examine(case.media, Plan(covers), case.draft, looking)
    assert looking.looks == 3
    assert not seen.clean
    found = (Detection(Box(*face), 0.9, "told"),) if on is None else ()
    assert [one.found for one in seen.left] == [found] * 3
    assert set(seen.showing) == set(on or ())


class Unsure(Seer):
    """A detector with a score of its own."""

    score = 0.0

    def detect(self, rgb: Pixels) -> list[Detection]:
        return [replace(one, score=self.score) for one in super().detect(rgb)]


@pytest.mark.parametrize("covers", [FACES, FACES[1:]])
@pytest.mark.parametrize(
    ("score", "passed", "stopped"),
    [
        (SURE - SLACK - 0.001, True, False),
        (SURE - SLACK, False, False),
        (SURE - 0.001, False, False),
        (SURE, False, True),
    ],
)
def test_gate_stops_nothing_that_was_passed(
    score: float, passed: bool, stopped: bool, covers: tuple[Region, ...], tmp_path: Path
) -> None:
    case = Case("png-text", tmp_path, covers)
    looking = Unsure((PICTURE_FACES[0],))
    looking.score = score
    assert examine(case.media, Plan(covers), case.draft, looking).clean == passed
    assert bool(faces(case.media, Frame(0, picture()), looking)) == stopped


@pytest.mark.parametrize(("share", "bare"), [(0.6, 1), (0.8, 0)])
def test_face_may_not_stand_out_of_its_cover(share: float, bare: int, tmp_path: Path) -> None:
    case = Case("png-text", tmp_path)
    box = FACES[0].box
    out = round(box.left - (1 - share) * 50)
    looking = Seer(((out, box.top + 40, out + 50, box.top + 90),))
    seen = examine(case.media, PLAN, case.draft, looking)
    assert len(seen.left[0].found) == bare
    assert set(seen.showing) == (set() if bare else {FACES[0]})


# --- what survives ------------------------------------------------------------------------------

WIDTHS = [16, 24, 40, 80, 160, 320]


def portrait(width: int) -> tuple[Pixels, Box]:
    """A real face of about that width in the middle of a picture, and its head's box."""
    side = round(1.7 * width)
    ground = np.full((2 * side, 2 * side, 3), 120, np.uint8)
    ground += np.arange(2 * side, dtype=np.uint8)[:, None, None] // 8
    start = side // 2
    ground[start : start + side, start : start + side] = media.face(side)
    edge = round(0.35 * side / 1.7)
    face = Box(start + edge, start + edge, start + side - edge, start + side - edge)
    return ground, head(face, 0.35)


def part(pixels: Pixels, box: Box) -> Pixels:
    return pixels[box.top : box.bottom, box.left : box.right]


def weakly(look: Callable[[Pixels], Pixels], shown: Pixels, box: Box) -> Pixels:
    copy = shown.copy()
    part(copy, box)[:] = look(part(copy, box))
    return copy


def mosaic(pixels: Pixels, cells: float) -> Pixels:
    height, width = pixels.shape[:2]
    size = round(cells), round(cells * height / width)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def stored(pixels: Pixels) -> Pixels:
    """As JPEG."""
    stream = io.BytesIO(parts.jpeg(pixels=pixels))
    with Image.open(stream) as opened:
        return np.asarray(opened)


HEAD = 1.7  # widths of a face in that of its region

SHOWING: dict[str, Callable[[Pixels], Pixels]] = {
    "as it was": lambda pixels: pixels,
    "darkened": lambda pixels: pixels // 3,
    "negative at half contrast": lambda pixels: 60 + pixels // 2,
    "without colour": lambda pixels: np.repeat(pixels[..., :1], 3, axis=2),
    "outlines alone": lambda pixels: cv2.addWeighted(
        pixels, 1, cv2.GaussianBlur(pixels, (0, 0), 2), -1, 128
    ),
    "blur of a twentieth": lambda pixels: cv2.GaussianBlur(
        pixels, (0, 0), max(0.4, pixels.shape[1] / HEAD / 20)
    ),
    "mosaic of eight cells": lambda pixels: mosaic(pixels, 8 * HEAD),
    "mosaic of sixteen cells": lambda pixels: mosaic(pixels, 16 * HEAD),
}


@pytest.mark.parametrize("lie", SHOWING)
@pytest.mark.parametrize("width", WIDTHS)
def test_weak_cover_is_seen_through(width: int, lie: str) -> None:
    shown, box = portrait(width)
    copy = weakly(SHOWING[lie], shown, box)
    assert surviving(shown, copy, box) >= SURVIVES
    assert surviving(shown, stored(copy), box) >= SURVIVES


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("width", WIDTHS)
def test_honest_cover_is_not(width: int, style: str) -> None:
    shown, box = portrait(width)
    region = Region(box, 0, 0, "face", 0)
    seen = []
    for seed in range(8):
        copy = Painter([region], style, bytes([seed]) * 32).paint(shown, 0).pixels
        seen += [surviving(shown, copy, box), surviving(shown, stored(copy), box)]
    # One in a thousand resembles the face by chance.
    assert sorted(seen)[-3] < SURVIVES


def test_another_face_does_not_survive() -> None:
    shown, box = portrait(160)
    other = media.second_face(shown.shape[0])
    assert surviving(shown, other, box) < SURVIVES


@pytest.mark.parametrize(
    "box", [Box(0, 0, 0, 0), Box(300, 300, 400, 400), Box(50, 50, 51, 51), Box(9, 9, 5, 5)]
)
def test_region_without_pixels_shows_nothing(box: Box) -> None:
    assert surviving(picture(), picture(), box) == 0


def test_flat_ground_has_nothing_to_survive() -> None:
    flat = np.full((100, 100, 3), 90, np.uint8)
    assert surviving(flat, flat, Box(10, 10, 90, 90)) == 0


# --- what changed -------------------------------------------------------------------------------

boxes = st.lists(
    st.builds(
        lambda left, top, width, height: Box(left, top, left + width, top + height),
        st.integers(-50, 260),
        st.integers(-50, 200),
        st.integers(0, 200),
        st.integers(0, 200),
    ),
    max_size=4,
)


@settings(max_examples=60)
@given(boxes)
def test_changes_under_covers_do_not_count(covers: Sequence[Box]) -> None:
    copy = picture()
    for box in covers:
        inside = box.clip(240, 180)
        part(copy, inside)[:] = 255 - part(copy, inside)
    assert changed(Frame(0, picture()), Frame(0, copy), covers) == 0


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(49, 255))
def test_changes_of_everything_count(height: int, width: int, step: int) -> None:
    dark = np.zeros((height, width, 3), np.uint8)
    assert changed(Frame(0, dark), Frame(0, dark), []) == 0
    assert changed(Frame(0, dark), Frame(0, dark + np.uint8(step)), []) == 1


@pytest.mark.parametrize("channel", range(4))
@pytest.mark.parametrize("level", [0, 255])
def test_changes_of_any_channel_count(channel: int, level: int) -> None:
    """Colours and opacity, whichever becomes more or less."""
    before = np.full((32, 64, 4), 255 - level, np.uint8)
    after = before.copy()
    after[:8, :, channel] = level
    one, other = (Frame(0, rgba[..., :3].copy(), rgba[..., 3].copy()) for rgba in (before, after))
    assert changed(one, other, []) == changed(other, one, []) == 0.25
    assert changed(one, other, [Box(0, 0, 32, 8)]) == pytest.approx(4 / 28)


def noise(seed: int) -> Iterable[Pixels]:
    chance = np.random.default_rng(seed)
    yield chance.integers(0, 256, (160, 160, 3), np.uint8)
    yield (chance.integers(0, 2, (160, 160, 3)) * 255).astype(np.uint8)
    yield np.clip(chance.normal(20, 60, (160, 160, 3)), 0, 255).astype(np.uint8)
    colors = chance.choice([0, 255], (2, 3)).astype(np.uint8)
    yield colors[np.indices((160, 160)).sum(axis=0) % 2]


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("seed", range(3))
def test_what_encoders_lose_does_not_count(kind: str, seed: int) -> None:
    for shown in itertools.chain(noise(seed), [picture()]):
        with Image.open(io.BytesIO(parts.saved(shown, kind))) as opened:
            copy = np.asarray(opened.convert("RGB"))
        assert changed(Frame(0, shown), Frame(0, copy), []) < CHANGED
