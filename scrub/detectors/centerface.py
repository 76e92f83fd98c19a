"""CenterFace on an image pyramid, through ONNX Runtime on the processor.

CenterFace (Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point",
2019) is a fully convolutional network: it takes a picture of any size and gives, at a
quarter of that size, the probability that a face is centred there, and the face's width,
height and offset. One scale sees faces of about 8 to 300 pixels; the pyramid brings smaller
and larger ones into that range, and a mirrored look is a second opinion.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from scrub.detectors import Look, Pixels
from scrub.errors import ModelError
from scrub.models import weights
from scrub.regions import Box, Detection

STRIDE = 4
"""Input pixels per pixel of the heat map."""

ALIGNMENT = 32
"""The network halves its input five times: both sides must be multiples of this."""

FLOOR = 0.05
"""Candidates below this probability are noise: there are thousands in any picture."""

LARGEST_GAIN = 4.0
"""A picture is never enlarged by more: beyond, the network only sees its own interpolation."""

VISIBLE = 12
"""Pixels of a face's longer side from which a look could have seen it: where it is smaller, the
look's silence says nothing."""

STEEPNESS = 1.5
"""Power that turns a probability of the network into evidence. Of finds at 0.2 one in six is a
labelled face, at 0.35 one in two, at 0.5 nearly all: weak ones count for less than they say."""


class CenterFace:
    """A detector that looks at each picture at several sizes, mirrored or not."""

    def __init__(self, looks: Sequence[Look], threads: int = 0) -> None:
        """Load the network; ``threads`` is how many processor cores to use, 0 for all.

        Raises ModelError where its weights are missing, changed or refused.
        """
        self._session = _session(weights("centerface.onnx"), threads)
        self._input: str = self._session.get_inputs()[0].name
        # The fourth output, five landmarks, is not asked for: regions do not need it.
        self._outputs = [output.name for output in self._session.get_outputs()][:3]
        self._looks = tuple(looks)

    def detect(self, rgb: Pixels) -> list[Detection]:
        """Candidates of all looks, unmerged; see :class:`scrub.detectors.Detector`.

        Each one's score is its share of an average over the looks that could have seen it, so
        that the scores of one face in all looks add up to a number from 0 to 1.
        """
        looks = self._useful(rgb)
        scales = [look.side / max(rgb.shape[:2]) for look in looks]
        return [
            replace(found, score=found.score**STEEPNESS / _witnesses(found.box, scales))
            for look in looks
            for found in self._seen(rgb, look)
        ]

    def close(self) -> None:
        del self._session

    def _useful(self, rgb: Pixels) -> list[Look]:
        """The looks without those that would only enlarge a small picture."""
        limit = max(rgb.shape[:2]) * LARGEST_GAIN
        smallest = min(look.side for look in self._looks)
        return [look for look in self._looks if look.side <= max(limit, smallest)]

    def _seen(self, rgb: Pixels, look: Look) -> Iterator[Detection]:
        height, width = rgb.shape[:2]
        scale = look.side / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        # Averaging keeps small faces when shrinking; it would only repeat pixels when enlarging.
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small: NDArray[Any] = cv2.resize(rgb, size, interpolation=method)
        for edges, score in self._candidates(small[:, ::-1] if look.mirrored else small):
            left, top, right, bottom = (edge / scale for edge in edges)
            if look.mirrored:
                left, right = width - right, width - left
            yield Detection(Box.around(left, top, right, bottom), score, f"centerface {look.name}")

    def _candidates(
        self, small: NDArray[Any]
    ) -> Iterator[tuple[tuple[float, float, float, float], float]]:
        """Run the network once: left, top, right, bottom in ``small``'s pixels, and the score."""
        heat, sizes, offsets = self._run(small)
        # A face is the highest point of its neighbourhood; equal neighbours are both kept.
        peaks = (heat > FLOOR) & (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8)))
        for y, x in zip(*np.nonzero(peaks), strict=True):
            height, width = (float(size) for size in np.exp(sizes[:, y, x]) * STRIDE)
            down, right = (float(offset) for offset in offsets[:, y, x])
            center_x, center_y = (x + right + 0.5) * STRIDE, (y + down + 0.5) * STRIDE
            edges = (
                center_x - width / 2,
                center_y - height / 2,
                center_x + width / 2,
                center_y + height / 2,
            )
            yield edges, float(heat[y, x])

    def _run(self, small: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Heat (h x w), log sizes (2 x h x w: height, width) and offsets (2 x h x w: y, x)."""
        height, width = small.shape[:2]
        padded = np.zeros((3, height + -height % ALIGNMENT, width + -width % ALIGNMENT), np.float32)
        padded[:, :height, :width] = small.transpose(2, 0, 1)
        heat, sizes, offsets = self._session.run(self._outputs, {self._input: padded[None]})
        return [heat[0, 0], sizes[0], offsets[0]]


@lru_cache(maxsize=2)
def _session(model: bytes, threads: int) -> Any:
    """The loaded network; all looks of a process share it, and with it hundreds of megabytes.

    Videos are looked at with other ``threads`` than stills.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its threads would wait for one another at full load, and others have use for the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    if platform.system() == "Windows":
        onnxruntime.disable_telemetry_events()
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no base of their own.
        raise ModelError(
            Path("centerface.onnx"),
            f"ONNX Runtime refuses the model ({error})",
            "install scrub again",
        ) from error


def _witnesses(box: Box, scales: Sequence[float]) -> int:
    """How many looks, each given by its scale, show the face large enough to be seen."""
    side = max(box.width, box.height)
    return max(1, sum(side * scale >= VISIBLE for scale in scales))
