"""The styles: how a covered head looks. None of them can show the face.

At most 8 bits of the covered pixels reach the result: one coarse mean colour per track (to
pick one of 250 million people takes 28). That is enforced here and not left to the styles:
before any of them runs, every head in the frame has been blanked to its colour, so a style
sees a canvas that no longer holds a face. The rest of what it makes comes from entropy and
from pixels that stay visible.

Where soft covers overlap, they flow into each other: in a crowd, hard edges between them would
fall like somebody's features now and then, for a program that compares the two pictures. Each
pixel is the mean of all covers over it, weighted by how deep inside each it lies. So a cover
fades out towards its rim where another lies beneath, and nowhere else: where no other does, its
share is the whole, up to the last pixel beside the visible picture.

A new style is one function and one row in :data:`STYLES`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from scrub.regions import Box, Region, Timeline
from scrub.scaling import halved

T = TypeVar("T", bound=np.generic)

LEVEL = 51
"""Step between two of a channel's 6 levels: 0, 51, ... 255. Three channels are 7.8 bits."""

SATURATION = 0.35
"""Share of the mean colour's saturation that a cover keeps; steps of tint would look odd."""

LIGHTNESS = 20.0
"""Standard deviation of how much lighter or darker a whole cover is made at random.

People who were photographed in one light could otherwise be told apart by it: with 16 exact
levels a channel, an attacker who learns from covered pixels names 3.0% of 54 people from a
mosaic (chance 1.9%), with coarse and shaken ones no more than from black boxes.
"""

SURROUNDINGS = 0.4
"""Weight of visible pixels from which on they tint a soft cover: only near its edge."""

ROUNDNESS = 8
"""Degree of the superellipse of rounded edges. Rounder ones show more of what is beside a head:
with degree 4, an attacker who learns from covered pixels names twice as many people."""

CELLS = 7
"""Cells of the mosaic across the shorter side of a region."""

COARSE = 48
"""Pixels of the longer side of the small picture that a soft cover is computed in, at most."""

SAMPLED = 2 * COARSE
"""Pixels of its longer side that are looked at for that."""

TEXTURE = 14.0
"""Standard deviation, in levels of 255, of the random light and dark of a mosaic's cells."""

SHADES = 3
"""Random lights and darks across a soft cover, and as many down. Finer and stronger ones have eyes
and a mouth now and then: with 6, and 14 levels, every sixth crowd had a cover that a detector took
for a face; with 3, and 8 levels, every twenty-fourth."""

SHADE = 8.0
"""Standard deviation of these, in levels of 255."""

GRAIN = 2.0
"""Standard deviation of the fine noise that keeps a soft cover from showing bands."""

GRAINS = 128
"""Pixels after which it repeats."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A frame whose heads are blanked already.

    ``pixels`` is uint8, H x W x 3, and painted on by the painter alone; ``visible`` is bool,
    H x W, true where no region of the frame reaches.
    """

    pixels: NDArray[np.uint8]
    visible: NDArray[np.bool_]


@dataclass(frozen=True)
class Patch:
    """What one region covers: its box, the mask inside it (bool, h x w) and its coarse colour.

    ``whole`` is the region's box, which may reach beyond the picture.
    """

    box: Box
    mask: NDArray[np.bool_]
    color: NDArray[np.uint8]
    whole: Box

    @cached_property
    def depth(self) -> NDArray[np.float32]:
        """How deep inside the whole the pixels of the box lie; 0 where the mask is not.

        The distance from the nearer side times that from the nearer of top and bottom, in pixels:
        0.25 in a corner, and without the creases that the distance from the nearest edge would
        have.
        """
        box, (center_x, center_y) = self.box, self.whole.center
        x = np.arange(box.left + 0.5 - center_x, box.right - center_x, dtype=np.float32)
        y = np.arange(box.top + 0.5 - center_y, box.bottom - center_y, dtype=np.float32)
        depth = np.outer(self.whole.height / 2 - np.abs(y), self.whole.width / 2 - np.abs(x))
        return np.multiply(depth, self.mask, out=depth)


Style = Callable[[Canvas, Patch, np.random.Generator], NDArray[np.uint8]]
"""Returns the cover of the patch's box, h x w x 3, of which the painter takes what its mask says.
"""


def blur(canvas: Canvas, patch: Patch, entropy: np.random.Generator) -> NDArray[np.uint8]:
    """A soft cover: the surroundings flow into the head's mean colour, with random light and dark.

    It looks like a strong blur and is none: it is computed from the visible surroundings.
    """
    box = patch.box
    reach = max(2, round(0.25 * max(box.width, box.height)))
    height, width = canvas.visible.shape
    around = box.grown(reach, reach).clip(width, height)
    # A near head has millions of pixels, and those of a grid tell their colours as well.
    step = max(1, max(around.width, around.height) // SAMPLED)
    grid = np.s_[::step, ::step]
    shown = _part(canvas.visible, around)[grid].astype(np.uint8)
    # The fourth channel says where there is something to see.
    color = cv2.cvtColor(_part(canvas.pixels, around)[grid], cv2.COLOR_RGB2RGBA)
    sums = np.asarray(cv2.copyTo(color, shown), np.uint8)
    while max(sums.shape) > COARSE:
        sums = halved(sums)
    size = sums.shape[1::-1]
    sigma = max(0.6, 0.12 * max(size))
    *light, seen = cv2.split(cv2.GaussianBlur(sums.astype(np.float32), (0, 0), sigma))
    near = seen / 255
    # A head in the middle of other covered heads has no surroundings: its own colour then.
    share = np.clip(2 * (near - SURROUNDINGS), 0, 1)
    outer, inner = share / np.maximum(near, 1e-3), 1 - share
    texture = np.float32(SHADE) * entropy.standard_normal((SHADES, SHADES), np.float32)
    shade = cv2.resize(texture, size, interpolation=cv2.INTER_CUBIC)
    # Channel by channel, in which numpy is several times as fast.
    pairs = zip(light, patch.color, strict=True)
    fill = cv2.merge([outer * one + inner * own + shade for one, own in pairs])
    smooth = _stretched(_levels(fill), around.width, around.height, cv2.INTER_LINEAR)
    cover = _part(smooth, box.moved(-around.left, -around.top))
    _grain(cover, entropy)
    return cover


def pixelate(canvas: Canvas, patch: Patch, entropy: np.random.Generator) -> NDArray[np.uint8]:
    """A mosaic: square cells of the head's mean colour, each randomly lighter or darker."""
    box = patch.box
    side = max(1, round(min(box.width, box.height) / CELLS))
    rows, columns = -(-box.height // side), -(-box.width // side)
    light = np.float32(TEXTURE) * entropy.standard_normal((rows, columns, 1), np.float32)
    cells = _levels(patch.color + light)
    whole = _stretched(cells, columns * side, rows * side, cv2.INTER_NEAREST)
    return whole[: box.height, : box.width]


def solid(canvas: Canvas, patch: Patch, entropy: np.random.Generator) -> NDArray[np.uint8]:
    """A black box."""
    return np.zeros((patch.box.height, patch.box.width, 3), np.uint8)


STYLES: dict[str, tuple[Style, bool]] = {
    "blur": (blur, True),
    "pixelate": (pixelate, False),
    "solid": (solid, False),
}
"""Name -> the style, and whether it is soft: with rounded edges, flowing into other covers."""


class Painter:
    """Covers the regions of a clip's frames, one frame after the other.

    It remembers the colour of each track from the first frame that shows it, so that many
    frames of one head tell no more about it than one; and the cover of each region in the frame
    before, so that it stands still.
    """

    def __init__(self, regions: Iterable[Region], style: str, seed: bytes) -> None:
        """``seed`` is the clip's entropy, 32 bytes from the operating system."""
        self._regions = Timeline(regions)
        self._style, self._soft = STYLES[style]
        self._seed = seed
        self._colors: dict[int, NDArray[np.uint8]] = {}
        self._painted: dict[Region, tuple[Patch, NDArray[np.uint8]]] = {}

    def paint(self, rgb: NDArray[np.uint8], index: int) -> Canvas:
        """A copy of frame number ``index`` (uint8, H x W x 3) with its regions covered."""
        height, width = rgb.shape[:2]
        result = rgb.copy()
        visible = np.ones((height, width), np.bool_)
        outlined: list[tuple[Region, Patch, NDArray[np.uint8] | None]] = []
        crowded = False
        for region in self._regions.at(index):
            box = region.box.clip(width, height)
            if box.area:
                patch, cover = self._painted.get(region) or (self._patch(region, box, rgb), None)
                free = _part(visible, box)
                crowded = crowded or not free.all()
                np.greater(free, patch.mask, out=free)
                outlined.append((region, patch, cover))
        canvas = Canvas(result, visible)
        flowing = self._soft and crowded
        # To clear only what will be read is faster where covers are small.
        depths = np.empty((height, width) if flowing else (0, 0), np.float32)
        for _, patch, _ in outlined:
            _blank(canvas, patch, patch.color)
            if flowing:
                _part(depths, patch.box).fill(0)
        self._painted = {}
        for region, patch, cover in outlined:
            if cover is None:
                cover = self._style(canvas, patch, self._entropy(region.track, b"cover"))
            if region.last_frame > index:
                # Not a view, which would keep all that it was cut out of.
                self._painted[region] = patch, np.ascontiguousarray(cover)
            _fill(canvas, patch, _flowing(canvas, patch, cover, depths) if flowing else cover)
        return canvas

    def _patch(self, region: Region, box: Box, rgb: NDArray[np.uint8]) -> Patch:
        """What ``region`` covers of a frame, in ``box``, its part inside the picture."""
        mask = mask_of(region.box, box, self._soft)
        color = self._colors.get(region.track)
        if color is None:
            mean = quantized_mean(_part(rgb, box), mask)
            entropy = self._entropy(region.track, b"color")
            color = self._colors[region.track] = shaken(mean, entropy)
        return Patch(box, mask, color, region.box)

    def _entropy(self, track: int, purpose: bytes) -> np.random.Generator:
        """One stream for each purpose: a cover that shows its own must not tell another."""
        digest = hashlib.sha256(self._seed + track.to_bytes(8, "big") + purpose).digest()
        return np.random.default_rng(np.frombuffer(digest, np.uint32))


def quantized_mean(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Mean colour of ``pixels`` (h x w x 3) where ``mask`` is, in steps of LEVEL; else black."""
    mean = np.array(cv2.mean(pixels, mask.view(np.uint8))[:3])
    return _levels(np.rint(mean / LEVEL) * LEVEL)


def shaken(color: NDArray[np.uint8], entropy: np.random.Generator) -> NDArray[np.uint8]:
    """``color`` with less saturation and with random lightness; grey stays grey."""
    grey = color.mean(dtype=np.float64)
    muted = grey + SATURATION * (color - grey) + entropy.normal(0, LIGHTNESS)
    return _levels(muted)


def mask_of(whole: Box, shown: Box, rounded: bool) -> NDArray[np.bool_]:
    """Which pixels of ``shown``, the part of ``whole`` in the picture, a region covers.

    Rounded edges are a superellipse, which fills 98% of the box: the corners it leaves lie
    outside any head. Returns bool, height x width of ``shown``.
    """
    if not rounded:
        return np.ones((shown.height, shown.width), np.bool_)
    center_x, center_y = whole.center
    x = (np.arange(shown.left, shown.right) + 0.5 - center_x) / (whole.width / 2)
    y = (np.arange(shown.top, shown.bottom) + 0.5 - center_y) / (whole.height / 2)
    inside: NDArray[np.bool_] = (x**ROUNDNESS)[None, :] <= 1 - (y**ROUNDNESS)[:, None]
    return inside


def _part(pixels: NDArray[T], box: Box) -> NDArray[T]:
    """The view of ``pixels`` inside ``box``."""
    return pixels[box.top : box.bottom, box.left : box.right]


def _fill(canvas: Canvas, patch: Patch, cover: NDArray[np.uint8]) -> None:
    """Write ``cover`` (h x w x 3) where the patch's mask is."""
    cv2.copyTo(cover, patch.mask.view(np.uint8), _part(canvas.pixels, patch.box))


def _flowing(
    canvas: Canvas, patch: Patch, cover: NDArray[np.uint8], depths: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """``cover``, flowing into those that are painted already.

    ``depths`` is the sum of their depths, H x W, to which the patch's is added.
    """
    beneath = _part(depths, patch.box)
    left, top, width, height = cv2.boundingRect((beneath > 0).view(np.uint8))
    if width:
        # Elsewhere its share is the whole.
        shared = Box(left, top, left + width, top + height)
        painted = _part(_part(canvas.pixels, patch.box), shared)
        weights = _part(beneath, shared), _part(patch.depth, shared)
        cover = cover.copy()  # The one that is remembered flows into others in the next frame.
        _part(cover, shared)[:] = cv2.blendLinear(painted, _part(cover, shared), *weights)
    beneath += patch.depth
    return cover


def _blank(canvas: Canvas, patch: Patch, color: NDArray[np.uint8]) -> None:
    """Write ``color`` where the patch's mask is."""
    cover = np.empty((*patch.mask.shape, 3), np.uint8)
    cover[:] = np.tile(color, (patch.box.width, 1))  # Row by row, not pixel by pixel.
    _fill(canvas, patch, cover)


def _stretched(
    small: NDArray[np.uint8], width: int, height: int, method: int = cv2.INTER_NEAREST
) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(small, (width, height), interpolation=method), np.uint8)


def _grain(smooth: NDArray[np.uint8], entropy: np.random.Generator) -> None:
    """Add noise, which repeats after so many pixels that nobody sees it."""
    height, width = smooth.shape[:2]
    # To begin somewhere in one that is there costs a tenth of making another.
    down, right = entropy.integers(0, GRAINS, 2)
    lighter, darker = (noise[down : down + GRAINS, right : right + GRAINS] for noise in _noise())
    for top in range(0, height, GRAINS):
        for left in range(0, width, GRAINS):
            part = smooth[top : top + GRAINS, left : left + GRAINS]
            here = np.s_[: part.shape[0], : part.shape[1]]
            cv2.add(part, lighter[here], dst=part)
            cv2.subtract(part, darker[here], dst=part)


@lru_cache(maxsize=1)
def _noise() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Levels by which greys become lighter and darker: twice GRAINS each way.

    They are the same for everybody, so that they tell nothing. Where one is more than 0, the
    other is not; in one array, with signs, they would take several times as long to add.
    """
    levels = GRAIN * np.random.default_rng(GRAINS).standard_normal((GRAINS, GRAINS, 1))
    lighter, darker = (np.tile(_levels(one), (2, 2, 3)) for one in (levels, -levels))
    return lighter, darker


def _levels(values: NDArray[Any]) -> NDArray[np.uint8]:
    """The nearest values that a channel can have."""
    levels: NDArray[np.uint8] = np.rint(values).clip(0, 255).astype(np.uint8)
    return levels
