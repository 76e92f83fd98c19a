"""Reopens a file that was just written and judges it as a stranger would.

It believes nothing that the pipeline says: it decodes the whole file, lists all that it
carries, compares each region's pixels with the original's, and looks for faces again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scrub import metadata, progress
from scrub.detectors import Detector
from scrub.detectors.clips import Glimpse
from scrub.errors import VerificationError
from scrub.formats import FORMATS, Frame, Media
from scrub.lookout import Lookout, sure
from scrub.machine import cores
from scrub.overlap import mapped
from scrub.pairing import REMEDY, check_sound, paired, reopened
from scrub.regions import Box, Region, Timeline
from scrub.report import Evidence, Plan
from scrub.scaling import halved

SURVIVES = 0.5
"""Correlation of fine structure from which a region still shows what was there."""

SURVIVES_OFTEN = 0.75
"""The same in a video: of its thousands of comparisons, some pass the other by chance."""

COMPARED = 5
"""In a video, regions are compared in the first of their frames and in every so many."""

MOST_THREADS = 4
"""Frames of a video that are judged at once."""

CHANCE = 7.0
"""Noise of N pixels, smooth over two of them, correlates by up to this over the root of N."""

LEAST_GAIN = 0.15
"""Structure with less contrast than this share of the original's is an encoder's echo."""

FLAT = 1.0
"""Standard deviation, in levels of 255, under which the original shows nothing to survive."""

CELLS = 24
"""Across the compared part, in the coarse one of the two comparisons."""

FINE = 0.08
"""Share of the compared width that structure must be finer than: eyes, nose and mouth are."""

INNER = 0.7
"""Share of a region's width and height that is compared: the face, without its corners."""

HALVINGS = 3
CELL = 2**HALVINGS
"""Pixels of a cell's side, in which what is not covered is compared: coarser than any encoder."""

DIFFERENT = 48
"""Levels of 255 by which a cell has to differ.

Encoders stay under 18 on coloured noise, and under 45 on saturated patterns of single pixels.
"""

CHANGED = 0.02
"""Share of such cells from which on the written file shows something else.

A palette may miss a small spot of a rare colour.
"""


@dataclass(frozen=True, slots=True)
class Examination:
    """Evidence that all is in order, but for what is still to be seen.

    ``left`` holds the uncovered finds of each frame of the original; ``sure`` is the evidence from
    which a find is a face. Weaker finds do not stop a file, but are covered where there is a sure
    one, or they would come up one by one in the following looks. ``showing`` are the regions that
    resemble what they hide, or a face. In a small region a random cover does so by chance now and
    then (one in a thousand what it hides, one in a hundred a face, measured), so it takes a second
    painting to tell.
    """

    evidence: Evidence
    left: tuple[Glimpse, ...]
    showing: tuple[Region, ...]
    sure: float

    @property
    def clean(self) -> bool:
        sure = any(one.score >= self.sure for glimpse in self.left for one in glimpse.found)
        return not sure and not self.showing


def examine(
    media: Media, plan: Plan, draft: Path, detector: Detector | None, tried: Iterable[int] = ()
) -> Examination:
    """Judge ``draft``, which was made from ``media`` by ``plan``.

    ``detector`` looks for faces again; None where faces were left on purpose. ``tried`` are frames
    beside ends of tracks in which it has looked, covered, before they were written. Raises
    VerificationError where the draft does not decode, carries anything not on the
    allow-list, or differs in size, in length or where nothing is covered.
    """
    copy = reopened(media, draft)
    entries = FORMATS[copy.kind].entries(draft)
    forbidden = metadata.judge(copy.kind, entries)
    if forbidden:
        names = ", ".join(sorted({f"{entry.what} ({entry.place})" for entry in forbidden}))
        raise VerificationError(media.path, f"the written file carries {names}", REMEDY)
    check_sound(media, copy)
    judge = _Judge(media, plan, detector, tried)
    pairs = paired(media, copy)
    # Of large stills and pages there is never more than one in memory.
    if media.form == "video":
        verdicts = mapped(judge.of, pairs, min(cores(), MOST_THREADS))
    else:
        verdicts = map(judge.of, pairs)
    left: list[Glimpse] = []
    showing: list[Region] = []
    structures: list[float] = []
    for verdict in verdicts:
        progress.tell(media.path, "examining", verdict.left.time, media.length)
        left.append(verdict.left)
        showing += verdict.showing
        structures += verdict.structures
    evidence = Evidence(
        frames=copy.frames or len(left),
        entries=len(entries),
        regions=len(structures),
        structure=max(structures, default=0.0),
        looked=detector is not None,
        rounds=1,
    )
    return Examination(evidence, tuple(left), tuple(showing), sure(media))


@dataclass(frozen=True, slots=True)
class _Verdict:
    """On one frame: how much of each compared region survives; the rest as in an examination."""

    structures: tuple[float, ...]
    showing: tuple[Region, ...]
    left: Glimpse


class _Judge:
    """Compares one frame with its original; in a video, regions and faces in some frames only."""

    def __init__(
        self, media: Media, plan: Plan, detector: Detector | None, tried: Iterable[int]
    ) -> None:
        self._media = media
        self._covers = Timeline(plan.regions)
        self._lookout = Lookout(media, plan.regions, detector, sure(media), tried)
        self._video = media.form == "video"

    def of(self, pair: tuple[Frame, Frame]) -> _Verdict:
        """Raises VerificationError where something else is shown beside the covers."""
        original, shown = pair
        regions = self._covers.at(original.index)
        covers = [region.box for region in regions]
        if changed(original, shown, covers) > CHANGED:
            problem = "the written file differs from the original where nothing is covered"
            raise VerificationError(self._media.path, problem, REMEDY)
        compared = [region for region in regions if self._compared(region, original.index)]
        structures = tuple(surviving(original.rgb, shown.rgb, region.box) for region in compared)
        limit = SURVIVES_OFTEN if self._video else SURVIVES
        showing = tuple(
            region
            for region, structure in zip(compared, structures, strict=True)
            if structure >= limit
        )
        seen = self._lookout.at(original.index, shown.rgb)
        left = Glimpse(original.time, seen.left)
        return _Verdict(structures, showing + seen.showing, left)

    def _compared(self, region: Region, index: int) -> bool:
        return not self._video or index == region.first_frame or index % COMPARED == 0


def surviving(original: NDArray[np.uint8], copy: NDArray[np.uint8], box: Box) -> float:
    """How much of the fine structure inside ``box`` both pictures share, 0 to 1.

    Both are uint8, H x W x 3, of one size. The measure is the normalised correlation of the
    high-passed grey inner part, at its own size and in coarse cells, scaled so that
    :data:`SURVIVES` lies above what random noise reaches in so few pixels.
    """
    height, width = original.shape[:2]
    aside = (INNER - 1) / 2
    inner = box.grown(aside * box.width, aside * box.height).clip(width, height)
    if not inner.area:
        return 0.0
    before, after = (
        cv2.cvtColor(pixels[inner.top : inner.bottom, inner.left : inner.right], cv2.COLOR_RGB2GRAY)
        for pixels in (original, copy)
    )
    # Fine detail betrays an uncovered face, coarse cells a blur or mosaic that is too weak.
    return max(_shared(before, after), _shared(_cells(before), _cells(after)))


def changed(original: Frame, copy: Frame, covers: Iterable[Box]) -> float:
    """Share of the cells that no cover touches in which the two frames differ, 0 to 1.

    Both are of one size; transparency counts like a colour.
    """
    apart = cv2.absdiff(_mosaic(original), _mosaic(copy))
    differing = cv2.inRange(apart, (0,) * 4, (DIFFERENT,) * 4) == 0
    rows, columns = differing.shape
    open_cells = np.ones((rows, columns), np.bool_)
    for box in covers:
        edges = (edge / CELL for edge in box.edges)
        cells = Box.around(*edges).clip(columns, rows)
        open_cells[cells.top : cells.bottom, cells.left : cells.right] = False
    compared = differing[open_cells]
    return float(compared.mean()) if compared.size else 0.0


def _mosaic(frame: Frame) -> NDArray[np.uint8]:
    """Mean colour and opacity of each cell: rows x columns x 4."""
    color = _coarse(frame.rgb)
    if frame.alpha is None:
        return np.asarray(cv2.cvtColor(color, cv2.COLOR_RGB2RGBA), np.uint8)
    return np.dstack([color, _coarse(frame.alpha)])


def _coarse(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    for _ in range(HALVINGS):
        pixels = halved(pixels)
    return pixels


def _cells(grey: NDArray[Any]) -> NDArray[Any]:
    """The picture with at most CELLS pixels across."""
    height, width = grey.shape
    if width <= CELLS:
        return grey
    size = CELLS, max(1, round(height * CELLS / width))
    cells: NDArray[Any] = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return cells


def _shared(before: NDArray[Any], after: NDArray[Any]) -> float:
    """Correlation of the structure of two grey pictures, scaled for their size."""
    one, other = _structure(before), _structure(after)
    energy, left = float(np.vdot(one, one)), float(np.vdot(other, other))
    if energy < FLAT**2 * one.size or left < LEAST_GAIN**2 * energy:
        return 0.0
    correlation = float(np.vdot(one, other)) / math.sqrt(energy * left)
    needed = min(0.95, max(SURVIVES, CHANCE / math.sqrt(one.size)))
    return max(0.0, correlation) * SURVIVES / needed


def _structure(grey: NDArray[Any]) -> NDArray[np.float32]:
    """Without everything coarser than about a sixth of the width, or than a few pixels; mean 0.

    What is coarser, a random cover has in common with a head by chance: one side is lighter.
    """
    sigma = min(2.0, max(0.8, FINE * grey.shape[1]))
    fine: NDArray[np.float32] = grey.astype(np.float32)
    fine -= cv2.GaussianBlur(fine, (0, 0), sigma)
    fine -= cv2.mean(fine)[0]
    return fine
