"""CenterFace on an image pyramid, through ONNX Runtime on the processor.

CenterFace (Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point",
2019) is a fully convolutional network: it takes a picture of any size and gives, at a
quarter of that size, the probability that a face is centred there, and the face's width,
height and offset. One scale sees faces of about 8 to 300 pixels; the pyramid brings smaller
and larger ones into that range, and a mirrored look is a second opinion. Heads that lean to a
side, back or forwards are seen in a picture that is tilted; near ones behind masks, placards and
visors in a small picture, where the network sees head and shoulders at once.
"""

from __future__ import annotations

import math
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
from scrub.scaling import HUGE, resized

STRIDE = 4
"""Input pixels per pixel of the heat map."""

ALIGNMENT = 32
"""The network halves its input five times: both sides must be multiples of this."""

FLOOR = 0.05
"""Candidates below this probability are noise: there are thousands in any picture."""

STRIP = 1_600_000
"""Pixels that the network is shown at once: it needs 60 bytes for each."""

OVERLAP = 64
"""Pixels of its neighbours that a strip shows too. What reaches further is seen less well by this
look, and whole by a coarser one."""

LARGEST_GAIN = 4.0
"""A picture is never enlarged by more: beyond, the network only sees its own interpolation."""

VISIBLE = 12
"""Pixels of a face's longer side from which a look could have seen it: where it is smaller, the
look's silence says nothing."""

LARGE = 24
"""Pixels of a face's longer side from which a look for near heads counts."""

STEEPNESS = 1.5
"""Power that turns a probability of the network into evidence. Of finds at 0.2 one in six is a
labelled face, at 0.35 one in two, at 0.5 nearly all: weak ones count for less than they say."""

LEANING = 0.4
"""What a tilted look's evidence counts beside an upright one's: it sees what the others miss, and
more patterns that are no faces."""

NEARNESS = 0.8
"""What a near look's evidence counts: more than a tilted one's, since it sees fewer patterns."""

QUORUM = 3
"""Voting looks among which the evidence of those that only add is one share: had it to be shared
with all of many, a near or leaning head that they alone see would count for less and less."""


class CenterFace:
    """A detector that looks at each picture at several sizes, mirrored or not."""

    def __init__(self, looks: Sequence[Look], threads: int = 0) -> None:
        """Load the network; ``threads`` is how many processor cores to use, 0 for all.

        Raises ModelError where its weights are missing, changed or refused.
        """
        self._session = _session(weights("centerface.onnx"), threads)
        self._input: str = self._session.get_inputs()[0].name
        self._looks = tuple(looks)

    def detect(self, rgb: Pixels) -> list[Detection]:
        """Candidates of all looks, unmerged; see :class:`scrub.detectors.Detector`.

        Each one's score is its share of an average over the looks that could have seen it, so
        that the scores of one face in all looks that vote add up to a number from 0 to 1. Others
        only add to that: the silence of a tilted look says nothing about a face that is upright.
        """
        looks = self._useful(rgb)
        scales = [look.side / max(rgb.shape[:2]) for look in looks if not look.adds]
        found = [
            replace(one, score=_evidence(one.score, look) / _voices(one.box, look, scales))
            for look in looks
            for one in self._seen(rgb, look)
        ]
        if rgb.size > 3 * HUGE:
            self._make_room()
        return found

    def close(self) -> None:
        del self._session

    def _useful(self, rgb: Pixels) -> list[Look]:
        """The looks without those that would only enlarge a small picture."""
        limit = max(rgb.shape[:2]) * LARGEST_GAIN
        smallest = min((look.side for look in self._looks if not look.adds), default=0)
        return [look for look in self._looks if look.side <= max(limit, smallest)]

    def _seen(self, rgb: Pixels, look: Look) -> Iterator[Detection]:
        scale = look.side / max(rgb.shape[:2])
        shown, back = _turned(resized(rgb, scale), look)
        for center, size, score in self._candidates(shown):
            if look.near and max(size) < LARGE:
                continue
            x, y = back @ (*center, 1) / scale
            width, height = (side / scale for side in _upright(size, look.tilt))
            box = Box.around(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            yield Detection(box, score, f"centerface {look.name}")

    def _candidates(
        self, shown: NDArray[Any]
    ) -> Iterator[tuple[tuple[float, float], tuple[float, float], float]]:
        """Run the network once: center x, y and width, height in ``shown``'s pixels; the score."""
        heat, sizes, offsets = self._run(shown)
        # A face is the highest point of its neighbourhood; equal neighbours are both kept.
        peaks = (heat > FLOOR) & (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8)))
        for y, x in zip(*np.nonzero(peaks), strict=True):
            height, width = (float(size) for size in np.exp(sizes[:, y, x]) * STRIDE)
            down, right = (float(offset) for offset in offsets[:, y, x])
            center = (x + right + 0.5) * STRIDE, (y + down + 0.5) * STRIDE
            yield center, (width, height), float(heat[y, x])

    def _run(self, small: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Heat (h x w), log sizes (2 x h x w: height, width) and offsets (2 x h x w: y, x).

        A large picture is looked at in strips, so that memory stays what one of them needs.
        """
        whole = aligned(small)
        height, width = whole.shape[:2]
        shape = height // STRIDE, width // STRIDE
        maps = [np.empty((layers, *shape), np.float32) for layers in (1, 2, 2)]
        for own in _strips(width, height):
            seen = own.grown(OVERLAP, OVERLAP).clip(width, height)
            strip = whole[seen.top : seen.bottom, seen.left : seen.right].transpose(2, 0, 1)
            values = np.ascontiguousarray(strip[None], np.float32)
            found = self._session.run(None, {self._input: values})
            for result, part in zip(maps, found, strict=True):
                result[_cells(own, 0, 0)] = part[0][_cells(own, seen.left, seen.top)]
        heat, sizes, offsets = maps
        return [heat[0], sizes, offsets]

    def _make_room(self) -> None:
        """Give back what the network holds: 100 MB, which cost a tenth of a second to get again.

        It does so at the end of a run, here of one at nothing.
        ONNX Runtime, "Memory consumption", arena shrinkage.
        """
        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        nothing = np.zeros((1, 3, ALIGNMENT, ALIGNMENT), np.float32)
        self._session.run(None, {self._input: nothing}, options)


def aligned(pixels: NDArray[Any]) -> NDArray[Any]:
    """The picture, black on the right and below up to sides that the network takes."""
    down, right = (-side % ALIGNMENT for side in pixels.shape[:2])
    return cv2.copyMakeBorder(pixels, 0, down, 0, right, cv2.BORDER_CONSTANT)


def _strips(width: int, height: int) -> Iterator[Box]:
    """The picture, cut across its longer side; both sides are multiples of ALIGNMENT."""
    shorter, longer = sorted((width, height))
    most = STRIP // shorter - 2 * OVERLAP if width * height > STRIP else longer
    count = -(-longer // max(ALIGNMENT, most))
    step = ALIGNMENT * -(-longer // (count * ALIGNMENT))
    for start in range(0, longer, step):
        end = min(start + step, longer)
        yield Box(start, 0, end, height) if width > height else Box(0, start, width, end)


def _cells(box: Box, left: int, top: int) -> tuple[slice, slice, slice]:
    """Where a box is in a map of what begins at ``left`` and ``top``."""
    x, y = (box.left - left) // STRIDE, (box.top - top) // STRIDE
    return np.s_[:, y : y + box.height // STRIDE, x : x + box.width // STRIDE]


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
    # A plan of memory for each size of picture saves no time, and takes half as much again.
    options.enable_mem_pattern = False
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


def _turned(pixels: NDArray[Any], look: Look) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The picture as ``look`` shows it, and the 2 x 3 matrix that leads back from there."""
    height, width = pixels.shape[:2]
    if look.mirrored:
        return cv2.flip(pixels, 1), np.array([[-1.0, 0.0, width], [0.0, 1.0, 0.0]])
    if not look.tilt:
        return pixels, np.eye(2, 3)
    there = cv2.getRotationMatrix2D((width / 2, height / 2), look.tilt, 1)
    wider, higher = np.ceil(np.abs(there[:, :2]) @ (width, height))
    there[:, 2] += (wider - width) / 2, (higher - height) / 2
    back: NDArray[Any] = cv2.invertAffineTransform(there)
    return cv2.warpAffine(pixels, there, (int(wider), int(higher))), back


def _upright(size: tuple[float, float], tilt: int) -> tuple[float, float]:
    """Width and height of the box around an ellipse of ``size`` that leans by ``tilt`` degrees."""
    across, along = abs(math.cos(math.radians(tilt))), abs(math.sin(math.radians(tilt)))
    width, height = size
    return math.hypot(width * across, height * along), math.hypot(width * along, height * across)


def _evidence(probability: float, look: Look) -> float:
    """What a find of the network counts."""
    weight = LEANING if look.tilt else NEARNESS if look.near else 1
    return float(weight * probability**STEEPNESS)


def _voices(box: Box, look: Look, scales: Sequence[float]) -> int:
    """Among how many the evidence of a look for this face is one share; see :data:`QUORUM`."""
    witnesses = _witnesses(box, scales)
    return min(witnesses, QUORUM) if look.adds else witnesses


def _witnesses(box: Box, scales: Sequence[float]) -> int:
    """How many looks, each given by its scale, show the face large enough to be seen."""
    side = max(box.width, box.height)
    return max(1, sum(side * scale >= VISIBLE for scale in scales))
