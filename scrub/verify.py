"""Reopens a file that was just written and judges it as a stranger would.

It believes nothing that the pipeline says: it decodes the whole file, lists all that it
carries, compares each region's pixels with the original's, and looks for faces again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scrub import metadata
from scrub.detectors import Detector
from scrub.errors import InputError, VerificationError
from scrub.formats import FORMATS, Frame, Media, format_of
from scrub.regions import Box, Detection, Region, covered_share
from scrub.report import Evidence, Plan

REMEDY = "nothing was written; please report this picture's kind and your version of scrub"

SURVIVES = 0.5
"""Correlation of fine structure from which a region still shows what was there."""

CHANCE = 7.0
"""Noise of N pixels, smooth over two of them, correlates by up to this over the root of N."""

LEAST_GAIN = 0.15
"""Structure with less contrast than this share of the original's is an encoder's echo."""

FLAT = 1.0
"""Standard deviation, in levels of 255, under which the original shows nothing to survive."""

INNER = 0.7
"""Share of a region's width and height that is compared: the face, without its corners."""

HIDDEN = 0.7
"""Share of a find that regions must hide for it to count as covered."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence that all is in order, but for faces that are still to be seen.

    ``left`` holds the uncovered finds of each frame of the original.
    """

    evidence: Evidence
    left: tuple[tuple[Detection, ...], ...]

    @property
    def clean(self) -> bool:
        return not any(self.left)


def examine(media: Media, plan: Plan, draft: Path, detector: Detector | None) -> Finding:
    """Judge ``draft``, which was made from ``media`` by ``plan``.

    ``detector`` looks for faces again; None where faces were left on purpose. Raises
    VerificationError where the draft does not decode, carries anything not on the
    allow-list, differs in size or length, or shows what a region should hide.
    """
    copy = _reopened(media, draft)
    entries = FORMATS[copy.kind].entries(draft)
    forbidden = metadata.judge(copy.kind, entries)
    if forbidden:
        names = ", ".join(sorted({f"{entry.what} ({entry.place})" for entry in forbidden}))
        raise VerificationError(media.path, f"the written file carries {names}", REMEDY)
    left = []
    worst = 0.0
    compared = 0
    for original, shown in _paired(media, copy):
        regions = [region for region in plan.regions if region.covers_frame(original.index)]
        for region in regions:
            structure = surviving(original.rgb, shown.rgb, region.box)
            worst = max(worst, structure)
            compared += 1
            if structure >= SURVIVES:
                raise VerificationError(
                    media.path, f"the written file still shows what {_place(region)} hides", REMEDY
                )
        found = [] if detector is None else detector.detect(shown.rgb)
        covers = [region.box for region in regions]
        left.append(tuple(one for one in found if covered_share(one.box, covers) < HIDDEN))
    evidence = Evidence(
        frames=copy.frames,
        entries=len(entries),
        regions=compared,
        structure=worst,
        looked=detector is not None,
        rounds=1,
    )
    return Finding(evidence, tuple(left))


def surviving(original: NDArray[np.uint8], copy: NDArray[np.uint8], box: Box) -> float:
    """How much of the fine structure inside ``box`` both pictures share, 0 to 1.

    Both are uint8, H x W x 3, of one size. The measure is the normalised correlation of the
    high-passed grey inner part, scaled so that :data:`SURVIVES` lies above what random
    noise reaches in so few pixels.
    """
    height, width = original.shape[:2]
    aside_x, aside_y = ((1 - INNER) / 2 * side for side in (box.width, box.height))
    inner = Box.around(
        box.left + aside_x, box.top + aside_y, box.right - aside_x, box.bottom - aside_y
    ).clip(width, height)
    if not inner.area:
        return 0.0
    before, after = (
        _structure(pixels[inner.top : inner.bottom, inner.left : inner.right])
        for pixels in (original, copy)
    )
    energy_before, energy_after = float((before**2).sum()), float((after**2).sum())
    if energy_before < FLAT**2 * inner.area or energy_after < LEAST_GAIN**2 * energy_before:
        return 0.0
    correlation = float((before * after).sum()) / math.sqrt(energy_before * energy_after)
    needed = min(0.95, max(SURVIVES, CHANCE / math.sqrt(inner.area)))
    return max(0.0, correlation) * SURVIVES / needed


def _structure(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Grey values without everything coarser than about four pixels, mean 0."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float64)
    fine: NDArray[np.float64] = grey - cv2.GaussianBlur(grey, (0, 0), 2.0)
    fine -= fine.mean()
    return fine


def _reopened(media: Media, draft: Path) -> Media:
    try:
        form = format_of(draft)
        if form.kind != media.kind:
            raise VerificationError(
                media.path, f"the written file is {form.kind} and not {media.kind}", REMEDY
            )
        return form.probe(draft)
    except InputError as error:
        raise VerificationError(
            media.path, f"the written file cannot be read back: {error.problem}", REMEDY
        ) from error


def _paired(media: Media, copy: Media) -> Iterator[tuple[Frame, Frame]]:
    """Each original frame with the frame of the copy that is shown at the same moment.

    Encoders join equal frames of an animation, so that these are matched by time and not by
    number. Raises VerificationError where sizes or lengths differ.
    """
    pairs = _by_time(media, copy) if media.form == "animation" else _by_number(media, copy)
    for original, shown in pairs:
        if original.rgb.shape != shown.rgb.shape:
            raise VerificationError(media.path, "the written file has another size", REMEDY)
        if original.alpha is None and shown.alpha is not None:
            raise VerificationError(media.path, "the written file became transparent", REMEDY)
        yield original, shown


def _by_number(media: Media, copy: Media) -> Iterator[tuple[Frame, Frame]]:
    if copy.frames != media.frames:
        raise VerificationError(
            media.path, f"the written file has {copy.frames} frames of {media.frames}", REMEDY
        )
    yield from zip(_decoded(media, media), _decoded(media, copy), strict=True)


def _by_time(media: Media, copy: Media) -> Iterator[tuple[Frame, Frame]]:
    copies = _decoded(media, copy)
    shown = next(copies)
    end = shown.duration
    now = 0.0
    for original in _decoded(media, media):
        while now >= end:
            following = next(copies, None)
            if following is None:
                if copy.frames > 1:
                    raise VerificationError(media.path, "the written file is shorter", REMEDY)
                break
            shown = following
            end += shown.duration
        yield original, shown
        now += original.duration
    if next(copies, None) is not None:
        raise VerificationError(media.path, "the written file is longer", REMEDY)


def _decoded(media: Media, clip: Media) -> Iterator[Frame]:
    try:
        yield from FORMATS[clip.kind].frames(clip)
    except InputError as error:
        raise VerificationError(
            media.path, f"cannot be read again to its end: {error.problem}", REMEDY
        ) from error


def _place(region: Region) -> str:
    box = region.box
    return f"the region at {box.left},{box.top} to {box.right},{box.bottom}"
