"""No style can carry a face: whoever is underneath, the same bytes come out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scrub import redaction
from scrub.detectors.presets import Eyes
from scrub.redaction import (
    GRAIN,
    GRAINS,
    LEVEL,
    STYLES,
    Canvas,
    Painter,
    Patch,
    mask_of,
    quantized_mean,
    shaken,
)
from scrub.regions import Box, Region, head
from scrub.settings import LARGEST_MARGIN, STYLE_NAMES, Settings
from tests.media import Pixels, face, second_face

SEED = hashlib.sha256(b"one").digest()
OTHER_SEED = hashlib.sha256(b"another").digest()
MIDDLE = np.array([102, 102, 102])
"""A colour that a mean is rounded to, as far as can be from where it would turn to another."""

every_style = pytest.mark.parametrize("style", STYLES)
random_styles = pytest.mark.parametrize("style", sorted(set(STYLES) - {"solid"}))

small = settings(max_examples=60)
chances = st.integers(0, 2**32).map(np.random.default_rng)
pictures = st.builds(
    lambda height, width, chance: chance.integers(0, 256, (height, width, 3), np.uint8),
    st.integers(1, 48),
    st.integers(1, 48),
    chances,
)
boxes = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    st.integers(-20, 50),
    st.integers(-20, 50),
    st.integers(0, 60),
    st.integers(0, 60),
)
"""Boxes in, across and outside those pictures, some of them empty."""

crowds = st.lists(boxes, max_size=6).map(
    lambda found: tuple(still(box, number) for number, box in enumerate(found))
)


def still(box: Box, track: int = 0) -> Region:
    return Region(box, 0, 0, "face", track)


def painted(rgb: Pixels, regions: Iterable[Region], style: str, seed: bytes = SEED) -> Pixels:
    return Painter(regions, style, seed).paint(rgb, 0).pixels


def covers(rgb: Pixels, regions: Iterable[Region], style: str) -> list[NDArray[np.bool_]]:
    """For each region, which pixels of the picture it covers."""
    height, width = rgb.shape[:2]
    masks = []
    for region in regions:
        mask = np.zeros((height, width), np.bool_)
        box = region.box.clip(width, height)
        if box.area:
            inside = mask_of(region.box, box, STYLES[style][1])
            mask[box.top : box.bottom, box.left : box.right] = inside
        masks.append(mask)
    return masks


def covered(rgb: Pixels, regions: Iterable[Region], style: str) -> NDArray[np.bool_]:
    none = np.zeros(rgb.shape[:2], np.bool_)
    return np.logical_or.reduce([none, *covers(rgb, regions, style)])


def means(rgb: Pixels, regions: Iterable[Region], style: str) -> list[list[int]]:
    return [quantized_mean(rgb, mask).tolist() for mask in covers(rgb, regions, style)]


def shuffled(
    rgb: Pixels, regions: Iterable[Region], style: str, chance: np.random.Generator
) -> Pixels:
    """Somebody else of the same mean colour in every region, however these overlap.

    Pixels change places with others that are covered by the very same regions.
    """
    groups = np.zeros(rgb.shape[:2], np.int64)
    for number, mask in enumerate(covers(rgb, regions, style)):
        groups |= mask.astype(np.int64) << number
    result = rgb.copy()
    for group in set(np.unique(groups)) - {0}:
        result[groups == group] = chance.permutation(rgb[groups == group])
    return result


def toward(rgb: Pixels, regions: Sequence[Region], style: str, color: NDArray[np.int64]) -> Pixels:
    """The same faces in another light: the mean of each region is about ``color``."""
    result = rgb.copy()
    for _ in range(40):
        for mask in covers(rgb, regions, style):
            pixels = result[mask].astype(float)
            shifted = pixels + (color - pixels.mean(axis=0))
            result[mask] = np.clip(np.rint(shifted), 0, 255).astype(np.uint8)
    return result


def test_the_table_holds_the_styles_that_can_be_asked_for() -> None:
    assert tuple(STYLES) == STYLE_NAMES


# --- what of a face can reach the result -------------------------------------------------------


@every_style
@small
@given(pictures, crowds, chances)
def test_faces_of_the_same_mean_colours_look_the_same(
    style: str, rgb: Pixels, regions: tuple[Region, ...], chance: np.random.Generator
) -> None:
    other = shuffled(rgb, regions, style, chance)
    assert means(rgb, regions, style) == means(other, regions, style)
    assert painted(rgb, regions, style).tobytes() == painted(other, regions, style).tobytes()


SCENE = Box(20, 30, 116, 126)
CROWD = (Box(10, 10, 90, 100), Box(60, 20, 150, 110), Box(40, 70, 120, 170), Box(-30, 60, 50, 140))


@every_style
@pytest.mark.parametrize("places", [(SCENE,), CROWD], ids=["one", "overlapping"])
def test_real_faces_of_the_same_coarse_colour_look_the_same(
    style: str, places: tuple[Box, ...]
) -> None:
    regions = [still(box, number) for number, box in enumerate(places)]
    shown = []
    # Their means differ, and by as much as the rounding takes away.
    for look, light in ((face, MIDDLE + 10), (second_face, MIDDLE - 10)):
        scene = np.full((160, 140, 3), (30, 90, 160), np.uint8)
        for mask in covers(scene, regions, style):
            scene[mask] = np.resize(look(160)[:, :140], scene.shape)[mask]
        shown.append(toward(scene, regions, style, light))
    one, other = shown
    hidden = covered(one, regions, style)
    assert (one[~hidden] == other[~hidden]).all()
    assert (one[hidden] != other[hidden]).any(axis=1).mean() > 0.9
    assert means(one, regions, style) == means(other, regions, style)
    assert painted(one, regions, style).tobytes() == painted(other, regions, style).tobytes()


@small
@given(pictures)
def test_a_mean_colour_is_one_of_fewer_than_256(rgb: Pixels) -> None:
    assert set(quantized_mean(rgb, np.ones(rgb.shape[:2], np.bool_)).tolist()) <= set(
        range(0, 256, LEVEL)
    )
    assert len(range(0, 256, LEVEL)) ** 3 < 2**8


def test_no_pixels_have_a_black_mean() -> None:
    assert quantized_mean(face(8), np.zeros((8, 8), np.bool_)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("soft", [False, True])
@small
@given(pictures, crowds, chances)
def test_a_lying_style_has_no_face_to_show(
    soft: bool, rgb: Pixels, regions: tuple[Region, ...], chance: np.random.Generator
) -> None:
    seen: list[Pixels] = []

    def lying(canvas: Canvas, patch: Patch, entropy: np.random.Generator) -> Pixels:
        """What is there already."""
        seen.append(canvas.pixels.copy())
        box = patch.box
        return seen[-1][box.top : box.bottom, box.left : box.right]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(STYLES, "lying", (lying, soft))
        other = shuffled(rgb, regions, "lying", chance)
        one, two = (painted(shown, regions, "lying") for shown in (rgb, other))
        drawn = len(seen) // 2
        assert all(
            (mine == theirs).all() for mine, theirs in zip(seen[:drawn], seen[drawn:], strict=True)
        )
        assert (one == two).all()
        hidden = covered(rgb, regions, "lying")
    # What the first of them sees: the others see its cover too.
    assert all(len(np.unique(canvas[hidden], axis=0)) <= len(regions) for canvas in seen[:1])


@every_style
def test_a_track_has_one_colour_however_many_frames_show_it(style: str) -> None:
    frames = 300
    chance = np.random.default_rng(1)
    background = chance.integers(0, 256, (48, 64, 3), np.uint8)
    somebody = face(160)[20:68, 40:104]
    regions = [Region(Box(x, 5, x + 24, 40), x, x, "face", 7) for x in range(30)]
    regions.append(Region(Box(30, 5, 54, 40), 30, frames - 1, "face", 7))
    one, other = (Painter(regions, style, SEED) for _ in range(2))
    inks = set()
    for index in range(frames):
        rgb = background.copy()
        anything = background.copy()
        now = [region for region in regions if region.covers_frame(index)]
        hidden = covered(rgb, now, style)
        rgb[hidden] = somebody[hidden]
        if index:
            anything[hidden] = chance.integers(0, 256, (hidden.sum(), 3))
        else:
            anything = rgb
        result = one.paint(rgb, index).pixels
        assert result.tobytes() == other.paint(anything, index).pixels.tobytes()
        if index >= 30:
            inks.add(result[hidden].tobytes())
    # The head stands still in these: its cover does too.
    assert len(inks) == 1


def test_a_track_takes_its_colour_from_the_first_frame_that_shows_it() -> None:
    red, blue = (np.full((40, 40, 3), ink, np.uint8) for ink in ((255, 0, 0), (0, 0, 255)))
    places = (Box(60, 0, 90, 30), Box(20, 0, 50, 30), Box(0, 0, 30, 30))
    regions = [Region(box, index, index, "face", 0) for index, box in enumerate(places)]
    painter = Painter(regions, "pixelate", SEED)
    assert (painter.paint(red, 0).pixels == red).all()
    for index, rgb in ((1, blue), (2, red)):
        hidden = covered(rgb, regions[index : index + 1], "pixelate")
        ink = painter.paint(rgb, index).pixels[hidden].mean(axis=0)
        assert ink[2] > ink[0]


# --- entropy ------------------------------------------------------------------------------------


@random_styles
def test_the_same_face_is_covered_differently_each_time(style: str) -> None:
    rgb = face(96)
    regions = [still(Box(10, 10, 80, 90))]
    hidden = covered(rgb, regions, style)
    one, other = (painted(rgb, regions, style, seed)[hidden] for seed in (SEED, OTHER_SEED))
    assert (one != other).any(axis=1).mean() > 0.8


@random_styles
def test_two_heads_of_a_picture_are_covered_differently(style: str) -> None:
    rgb = np.tile(face(60), (1, 2, 1))
    result = painted(rgb, [still(Box(0, 0, 60, 60), 0), still(Box(60, 0, 120, 60), 1)], style)
    assert (result[:, :60] != result[:, 60:]).any(axis=2).mean() > 0.8


@every_style
def test_the_same_seed_gives_the_same_cover(style: str) -> None:
    regions = [still(Box(10, 10, 80, 90))]
    assert (painted(face(96), regions, style) == painted(face(96), regions, style)).all()


def test_solid_is_black_whatever_the_entropy() -> None:
    for seed in (SEED, OTHER_SEED):
        assert not painted(face(96), [still(Box(10, 10, 80, 90))], "solid", seed)[
            10:90, 10:80
        ].any()


def test_a_cover_does_not_tell_how_its_colour_was_shaken(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def spy(canvas: Canvas, patch: Patch, entropy: np.random.Generator) -> Pixels:
        drawn.append((entropy.normal(), patch.color.mean()))
        return canvas.pixels.copy()

    monkeypatch.setitem(STYLES, "spy", (spy, False))
    rgb = np.full((4, 4, 3), 102, np.uint8)
    for number in range(200):
        painted(rgb, [still(Box(0, 0, 4, 4))], "spy", number.to_bytes(32, "big"))
    texture, light = np.array(drawn).T
    assert light.std() > redaction.LIGHTNESS / 2
    assert abs(np.corrcoef(texture, light)[0, 1]) < 0.3


@small
@given(st.integers(0, 5), chances)
def test_a_shaken_grey_is_grey(level: int, chance: np.random.Generator) -> None:
    assert len(set(shaken(np.full(3, level * LEVEL, np.uint8), chance).tolist())) == 1


# --- what stays as it is ------------------------------------------------------------------------


@every_style
@small
@given(pictures, crowds)
def test_only_covered_pixels_change(style: str, rgb: Pixels, regions: tuple[Region, ...]) -> None:
    before = rgb.copy()
    canvas = Painter(regions, style, SEED).paint(rgb, 0)
    hidden = covered(rgb, regions, style)
    assert (rgb == before).all()
    assert canvas.pixels.shape == rgb.shape
    assert canvas.pixels.dtype == np.uint8
    assert (canvas.visible == ~hidden).all()
    assert (canvas.pixels[~hidden] == rgb[~hidden]).all()


@every_style
@small
@given(pictures, crowds)
def test_a_grey_picture_stays_grey(style: str, rgb: Pixels, regions: tuple[Region, ...]) -> None:
    result = painted(rgb[..., :1].repeat(3, axis=2), regions, style)
    assert (result == result[..., :1]).all()


@every_style
def test_a_frame_without_regions_stays_as_it_is(style: str) -> None:
    painter = Painter([Region(Box(0, 0, 96, 96), 1, 2, "face", 0)], style, SEED)
    changed = [
        bool((painter.paint(face(96), index).pixels != face(96)).any()) for index in range(4)
    ]
    assert changed == [False, True, True, False]


@every_style
@pytest.mark.parametrize(
    "box",
    [Box(-50, -50, 0, 0), Box(96, 0, 140, 50), Box(0, 96, 50, 140), Box(20, 20, 20, 60)],
)
def test_a_region_beside_the_picture_covers_nothing(style: str, box: Box) -> None:
    canvas = Painter([still(box)], style, SEED).paint(face(96), 0)
    assert (canvas.pixels == face(96)).all()
    assert canvas.visible.all()


@every_style
@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("reach", [0, 1, 500])
def test_the_smallest_heads_and_pictures_are_covered(style: str, size: int, reach: int) -> None:
    rgb = np.random.default_rng(size).integers(0, 256, (size, size, 3), np.uint8)
    box = Box(-reach, -reach, size + reach, size + reach)
    canvas = Painter([still(box)], style, SEED).paint(rgb, 0)
    assert canvas.pixels.shape == rgb.shape
    assert not canvas.visible[size // 2, size // 2]
    assert not canvas.visible.any() or not reach


# --- edges --------------------------------------------------------------------------------------


@every_style
@settings(max_examples=200)
@given(
    st.builds(
        lambda left, top, width, height: Box(left, top, left + width, top + height),
        st.integers(-40, 120),
        st.integers(-40, 120),
        st.integers(1, 150),
        st.integers(1, 150),
    ),
    st.floats(Settings().margin, LARGEST_MARGIN),
)
def test_no_pixel_of_a_face_is_left_by_the_edges(style: str, tight: Box, margin: float) -> None:
    whole = head(tight, margin)
    shown = whole.clip(120, 120)
    mask = np.zeros((120, 120), np.bool_)
    mask[shown.top : shown.bottom, shown.left : shown.right] = mask_of(
        whole, shown, STYLES[style][1]
    )
    inner = tight.clip(120, 120)
    assert mask[inner.top : inner.bottom, inner.left : inner.right].all()


@small
@given(boxes.filter(lambda box: box.area > 0), st.integers(0, 30), st.integers(0, 30))
def test_a_mask_does_not_change_where_the_picture_ends(box: Box, cut: int, side: int) -> None:
    shown = Box(box.left + cut, box.top, box.right, box.bottom - side)
    if shown.area:
        whole = mask_of(box, box, True)
        assert (mask_of(box, shown, True) == whole[: shown.height, cut:]).all()


def test_rounded_edges_leave_the_corners_and_fill_most_of_the_box() -> None:
    box = Box(0, 0, 400, 300)
    mask = mask_of(box, box, True)
    assert not mask[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert 0.9 < mask.mean() < 1
    assert (mask == mask[::-1]).all()
    assert (mask == mask[:, ::-1]).all()


# --- covers over covers ---------------------------------------------------------------------------


class Flat:
    """A style whose covers have one level each; it notes them in the order of the regions.

    In a dark picture, whose coarse colours are dark too, anything else that is left shows.
    """

    def __init__(self, *levels: int) -> None:
        self.levels: list[int] = []
        self._chosen = levels

    def __call__(self, canvas: Canvas, patch: Patch, entropy: np.random.Generator) -> Pixels:
        chosen = self._chosen or [int(entropy.integers(180, 256))]
        self.levels.append(chosen[len(self.levels) % len(chosen)])
        return np.full((patch.box.height, patch.box.width, 3), self.levels[-1], np.uint8)


def flat(monkeypatch: pytest.MonkeyPatch, soft: bool = True, *levels: int) -> Flat:
    """The style "flat" from now on."""
    style = Flat(*levels)
    monkeypatch.setitem(STYLES, "flat", (style, soft))
    return style


DARK = np.zeros((48, 48, 3), np.uint8)


@small
@given(crowds)
@example((still(Box(47, 47, 55, 67)), still(Box(0, 0, 1, 1), 1)))  # Of one, its corner alone.
def test_each_pixel_is_a_mean_of_the_covers_over_it(regions: tuple[Region, ...]) -> None:
    shown = [region for region in regions if region.box.clip(48, 48).area]
    with pytest.MonkeyPatch.context() as patch:
        style = flat(patch)
        result = painted(DARK, regions, "flat")
        masks = covers(DARK, shown, "flat")
        levels = iter(style.levels)
    stack = [np.where(mask, next(levels), -1) for mask in masks]
    highest = np.max([np.full(DARK.shape[:2], -1), *stack], axis=0)
    lowest = np.min([highest, *(np.where(one < 0, highest, one) for one in stack)], axis=0)
    hidden = highest >= 0
    # Under one cover both are the same: there, beside what is visible, it is painted as it is.
    assert (result >= lowest[..., None])[hidden].all()
    assert (result <= highest[..., None])[hidden].all()
    assert not result[~hidden].any()


@small
@given(crowds)
def test_no_cover_lies_above_the_others(regions: tuple[Region, ...]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        flat(patch)
        one, other = (painted(DARK, order, "flat") for order in (regions, regions[::-1]))
    assert np.abs(one.astype(int) - other).max() <= len(regions)


ABOVE_AND_BELOW = (Box(10, 10, 90, 80), Box(40, 50, 120, 130), Box(55, 65, 75, 85))
"""A large cover, another across its corner, and a small one across the rims of both."""


def steps(result: Pixels, inner: NDArray[np.bool_]) -> int:
    """The largest difference between two neighbours, both in ``inner``."""
    grey = result[..., 0].astype(int)
    return max(
        int(np.abs(np.diff(grey, axis=axis))[known].max())
        for axis, known in ((0, inner[1:] & inner[:-1]), (1, inner[:, 1:] & inner[:, :-1]))
    )


def test_soft_covers_have_no_edges_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    regions = [still(box, number) for number, box in enumerate(ABOVE_AND_BELOW)]
    dark = np.zeros((140, 140, 3), np.uint8)
    shown = []
    for soft in (True, False):
        flat(monkeypatch, soft, 180, 255, 200)
        inner = covered(dark, regions, "flat")
        # Where two rims meet beside the visible picture, all is narrow.
        inner = cv2.erode(inner.astype(np.uint8), np.ones((13, 13), np.uint8)).astype(bool)
        shown.append(steps(painted(dark, regions, "flat"), inner))
    assert shown[0] <= 75 / 5
    assert shown[1] == 75


def test_a_cover_is_its_own_again_when_the_other_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    flat(monkeypatch, True, 180, 255)
    staying, going = Region(Box(5, 5, 35, 40), 0, 2, "face", 0), still(Box(20, 10, 45, 45), 1)
    painter = Painter([going, staying], "flat", SEED)
    hidden = covered(DARK, [staying], "flat")
    levels = [set(painter.paint(DARK, index).pixels[hidden].flat) for index in range(3)]
    assert len(levels[0]) > 10
    assert levels[1:] == [{255}, {255}]


@every_style
@small
@given(crowds, chances)
def test_covers_that_stand_still_hide_whatever_comes_beneath(
    style: str, still_ones: tuple[Region, ...], chance: np.random.Generator
) -> None:
    regions = [replace(one, last_frame=one.track % 3) for one in still_ones]
    one, other = (Painter(regions, style, SEED) for _ in range(2))
    for index in range(3):
        rgb = chance.integers(0, 256, (48, 48, 3), np.uint8)
        now = [region for region in regions if region.covers_frame(index)]
        anybody = rgb.copy()
        if index:
            hidden = covered(rgb, now, style)
            anybody[hidden] = chance.integers(0, 256, (hidden.sum(), 3))
        else:
            anybody = shuffled(rgb, now, style, chance)
        assert (one.paint(rgb, index).pixels == other.paint(anybody, index).pixels).all()


@pytest.mark.parametrize("style", ["pixelate", "solid"])
def test_a_hard_cover_lies_above_the_others_as_it_is(style: str) -> None:
    below, above = still(Box(5, 5, 60, 70), 0), still(Box(30, 20, 90, 90), 1)
    together, alone = (painted(face(96), found, style) for found in ([below, above], [above]))
    assert (together[20:90, 30:90] == alone[20:90, 30:90]).all()


# --- looks --------------------------------------------------------------------------------------


def test_a_soft_cover_takes_up_what_is_visible_around_it() -> None:
    rgb = np.full((120, 120, 3), (250, 0, 0), np.uint8)
    rgb[30:90, 30:90] = (0, 0, 200)
    result = painted(rgb, [still(Box(20, 20, 100, 100))], "blur").astype(int)
    redness = result[..., 0] - result[..., 2]
    # The random light and dark is the same in all channels.
    for edge in (redness[60, 20:24], redness[60, 96:100], redness[20:24, 60], redness[96:100, 60]):
        assert edge.mean() > redness[55:65, 55:65].mean() + 10


def test_a_soft_cover_looks_like_a_face_to_nobody(
    real_eyes: Eyes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 165 small ones, where finer and stronger lights have eyes and a mouth."""
    side = 16
    places = ((x, y) for y in range(4, 288, 28) for x in range(4, 368, 25))
    crowd = [
        still(Box(x, y, x + side, y + side * 5 // 4), track) for track, (x, y) in enumerate(places)
    ]
    wall = np.full((320, 400, 3), (150, 120, 100), np.uint8)
    assert real_eyes.first.detect(painted(wall, crowd, "blur")) == []
    monkeypatch.setattr(redaction, "SHADES", 6)
    monkeypatch.setattr(redaction, "SHADE", 14.0)
    assert len(real_eyes.first.detect(painted(wall, crowd, "blur"))) > 3


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_grain_is_grey_and_ends_at_black_and_white(level: int) -> None:
    smooth = np.full((300, 200, 3), level, np.uint8)
    redaction._grain(smooth, np.random.default_rng(1))
    assert (smooth == smooth[..., :1]).all()
    assert (smooth[GRAINS:] == smooth[:-GRAINS]).all()
    apart = smooth.astype(int) - level
    assert 0 < np.abs(apart).max() < 6 * GRAIN
    if level == 128:
        assert apart.mean() == pytest.approx(0, abs=0.1)
        assert apart.std() == pytest.approx(GRAIN, rel=0.1)


def test_a_mosaic_has_even_cells() -> None:
    result = painted(face(70), [still(Box(0, 0, 70, 70))], "pixelate")
    cells = result.reshape(7, 10, 7, 10, 3)
    assert (cells == cells[:, :1, :, :1]).all()
    assert len(np.unique(cells[:, 0, :, 0].reshape(-1, 3), axis=0)) > 20
