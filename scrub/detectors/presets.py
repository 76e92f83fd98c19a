"""Which detectors look how often, for each preset; and the second look that verifies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from scrub.detectors import Detector, Look, load
from scrub.detectors.clips import PACES, Paced, Watcher
from scrub.detectors.ensemble import Ensemble

ALONE = "MediaPipe is not available on this system: CenterFace looked alone"


@dataclass(frozen=True, slots=True)
class Preset:
    """How long to look.

    ``looks`` are CenterFace's, ``tiles`` how finely MediaPipe cuts the picture, ``threshold``
    the sum of scores from which a find is covered: it grows with the number of looks, each of
    which adds a little to every pattern in a wall too.
    """

    looks: tuple[Look, ...]
    tiles: int
    threshold: float


def _both_ways(*sides: int) -> tuple[Look, ...]:
    return tuple(Look(side, mirrored) for side in sides for mirrored in (False, True))


PRESETS = {
    "fast": Preset((Look(768), Look(1024, mirrored=True)), tiles=1, threshold=0.22),
    "balanced": Preset((*_both_ways(1024), Look(2048)), tiles=2, threshold=0.27),
    "thorough": Preset(_both_ways(512, 1024, 2048, 2880), tiles=2, threshold=0.5),
}

SECOND = Preset((Look(1280, mirrored=True),), tiles=1, threshold=0.25)
"""The look at the written file: another scale and mirrored, so that the same question is
not asked twice."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What looks for faces: ``first`` to plan, ``second`` at the written file.

    ``watcher`` looks at videos; None has ``first`` look at each frame. ``warnings`` say what is
    missing here; they go into every report.
    """

    first: Detector
    second: Detector
    warnings: tuple[str, ...] = ()
    watcher: Watcher | None = None


def eyes(preset: str, threads: int = 0) -> Eyes:
    """Load the detectors of ``preset``; ``threads`` is cores to use, 0 for all.

    Raises ModelError where weights are missing or changed.
    """
    beside = partial(load, "blazeface", tiles=1) if _mediapipe() else None
    return Eyes(
        _ensemble(PRESETS[preset], threads),
        _ensemble(SECOND, threads),
        () if _mediapipe() else (ALONE,),
        Paced(PACES[preset], threads, beside),
    )


def _ensemble(preset: Preset, threads: int) -> Ensemble:
    detectors = [load("centerface", looks=preset.looks, threads=threads)]
    if _mediapipe():
        detectors.append(load("blazeface", tiles=preset.tiles))
    return Ensemble(detectors, preset.threshold, 2 * preset.threshold)


def _mediapipe() -> bool:
    """MediaPipe has no wheels for some systems; there it is not installed with scrub."""
    return find_spec("mediapipe") is not None
