"""Which detectors look how often, for each preset; and the second look that verifies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from scrub.detectors import Detector, Look, load
from scrub.detectors.clips import PACES, Glance, Paced, Watcher
from scrub.detectors.dots import Dots
from scrub.detectors.ensemble import Both, Ensemble
from scrub.detectors.pieces import Pieces

ALONE = "MediaPipe is not available on this system: CenterFace looked alone"


AGAIN = Look(1280, mirrored=True)
"""The look at the written file: another scale and mirrored, so that the same question is not asked
twice. Where the first looks are few, it is better spent on them: ``fast`` has a smaller one."""


@dataclass(frozen=True, slots=True)
class Preset:
    """How long to look.

    ``looks`` are CenterFace's, ``tiles`` how finely MediaPipe cuts the picture, ``threshold``
    the summed evidence from which a find is covered. Looks that differ in scale and direction
    tell more than those that differ in one of these.

    ``small`` is the share of the picture's longer side beyond which a doubtful find is covered more
    tightly: without a look for near heads, large ones are patterns more often than faces.

    ``again`` is the look at the written file.
    """

    looks: tuple[Look, ...]
    tiles: int
    threshold: float
    small: float = 1.0
    again: Look = AGAIN


TILT = 35
"""Degrees by which a picture is turned, one way and the other, for heads that lean."""


def tilted(side: int) -> tuple[Look, Look]:
    """Both tilted looks at the picture with a long side of so many pixels."""
    return Look(side, tilt=TILT), Look(side, tilt=-TILT)


NEAR = Look(512, mirrored=True, near=True)
"""The look for near heads of which little is to be seen: behind masks, placards and visors."""

PRESETS = {
    "fast": Preset(
        (Look(768), Look(1536, mirrored=True)),
        tiles=1,
        threshold=0.0625,
        small=1 / 40,
        again=Look(832, mirrored=True),
    ),
    "balanced": Preset(
        (
            *(Look(768, mirrored=True), Look(1216), Look(1600), Look(1728, mirrored=True)),
            NEAR,
            *tilted(512),
        ),
        tiles=2,
        threshold=0.046,
    ),
    "thorough": Preset(
        (
            *(Look(side, mirrored) for side in (1024, 1600) for mirrored in (False, True)),
            Look(2048, mirrored=True),
            Look(2784),
            NEAR,
            *tilted(512),
            *tilted(768),
        ),
        tiles=2,
        threshold=0.0325,
    ),
}

SURE = 0.2
"""Evidence from which a find is more likely a face than not: single looks are right in half of
their finds at a probability of 0.35."""

CERTAIN = 0.125
"""Evidence from which a find in the written file is covered too: one look gives no more."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What looks for faces: ``first`` to plan, ``second`` at the written file.

    ``watcher`` looks at videos; None has ``first`` look at each frame. ``again`` takes the place
    of ``second`` in a video's frames. ``warnings`` say what is missing here; they go into every
    report.
    """

    first: Detector
    second: Detector
    warnings: tuple[str, ...] = ()
    watcher: Watcher | None = None
    again: Detector | None = None

    def later(self, form: str) -> Detector:
        """What looks at a written file of the given form; see :class:`scrub.formats.Media`."""
        return self.again if form == "video" and self.again else self.second

    def close(self) -> None:
        """Free all detectors; what ``again`` has to free it shares with ``second``."""
        for one in (self.first, self.second, self.watcher):
            if one is not None:
                one.close()

    def strict(self) -> Eyes:
        """With a second look that sees all that both see, doubtful or not.

        What was written so shows nothing to cover to either: cleaning it once more finds
        nothing to do, while ``second`` alone leaves covers that ``first`` takes for faces.
        """
        again = None if self.again is None else Both(self.again, self.first)
        return replace(self, second=Both(self.second, self.first), again=again)


def eyes(preset: str, threads: int = 0, model: Path | None = None) -> Eyes:
    """Load the detectors of ``preset``; ``threads`` is cores to use, 0 for all.

    ``model`` is a network that the user brought; it joins the first look. Raises ModelError
    where weights are missing or changed, or where ``model`` is of no kind that is known.
    """
    beside = partial(load, "blazeface", tiles=1) if _mediapipe() else None
    more = []
    if model is not None:
        from scrub.detectors.brought import brought  # Takes a while to import.

        more.append(brought(model, threads))
    first = PRESETS[preset]
    second = Preset((first.again,), tiles=1, threshold=CERTAIN)
    opinion = _opinion(second)
    return Eyes(
        Dots(Pieces(_ensemble(first, [_pyramid(first, threads), *more, *_opinion(first)]))),
        Dots(Pieces(_ensemble(second, [_pyramid(second, threads), *opinion]))),
        () if _mediapipe() else (ALONE,),
        Paced(PACES[preset], threads, beside, more),
        Pieces(_ensemble(second, [Glance(first.again, threads), *opinion])),
    )


def _ensemble(preset: Preset, detectors: Sequence[Detector]) -> Ensemble:
    return Ensemble(detectors, preset.threshold, SURE)


def _pyramid(preset: Preset, threads: int) -> Detector:
    return load("centerface", looks=preset.looks, threads=threads)


def _opinion(preset: Preset) -> list[Detector]:
    """MediaPipe, where there is one."""
    return [load("blazeface", tiles=preset.tiles)] if _mediapipe() else []


def _mediapipe() -> bool:
    """MediaPipe has no wheels for some systems; there it is not installed with scrub."""
    return find_spec("mediapipe") is not None
