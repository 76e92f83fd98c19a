"""Face detectors behind one protocol, loaded only when they are used.

A detector takes one upright frame and returns every candidate that it has any reason to
believe in, doubtful ones included, with a score. It does not decide: the ensemble
(:mod:`scrub.detectors.ensemble`) adds the evidence of all of them up and draws the line.

A new detector is one file with a class and one row in :data:`DETECTORS`; when it looks is said in
:mod:`scrub.detectors.presets`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from scrub.regions import Detection

# Since 1.31 or earlier, ONNX Runtime keeps a number for this machine in the user's cache folder
# and, after some seconds, reports usage over the network, on Linux too. It asks for this when its
# library is loaded, so that it has to stand before any import of it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

Pixels = NDArray[np.uint8]
"""A frame: uint8, H x W x 3, red green blue, upright."""


@dataclass(frozen=True, slots=True)
class Look:
    """One run of a network: the long side in pixels that the picture is brought to.

    ``tilt`` is by how many degrees it is turned against the clock before. A ``near`` look is for
    the heads that it still shows large, and for no others.
    """

    side: int
    mirrored: bool = False
    tilt: int = 0
    near: bool = False

    @property
    def adds(self) -> bool:
        """Whether it only adds to what the others see, so that its silence says nothing."""
        return self.near or self.tilt != 0

    @property
    def name(self) -> str:
        """What finds of this look are called; both directions of a tilt are one witness."""
        if self.tilt:
            return f"{self.side} tilted"
        return f"{self.side} mirrored" if self.mirrored else str(self.side)


class Detector(Protocol):
    """Finds faces in one frame."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        """All candidates in ``rgb`` (uint8, H x W x 3), tight boxes in its pixels.

        The same pixels always give the same list.
        """
        ...

    def close(self) -> None:
        """Free what the library below holds; the detector is not used afterwards."""
        ...


DETECTORS = {
    "centerface": "scrub.detectors.centerface:CenterFace",
    "blazeface": "scrub.detectors.blazeface:BlazeFace",
}
"""Name of a detector -> where its class is; imported at first use only."""


def load(name: str, **options: object) -> Detector:
    """Make the detector called ``name``; its class takes ``options``.

    Raises :class:`scrub.errors.ModelError` where its weights or its library are not there.
    """
    module, _, attribute = DETECTORS[name].partition(":")
    make = cast("Callable[..., Detector]", getattr(import_module(module), attribute))
    return make(**options)
