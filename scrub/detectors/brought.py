"""Networks that a user brings as an ONNX file: YuNet, and those that are built like SCRFD.

They look beside CenterFace and add faces; they never take one away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from scrub.detectors import Detector, Pixels
from scrub.errors import ModelError
from scrub.regions import Box, Detection
from scrub.scaling import resized

SIDES = (640, 1280)
"""Long sides in pixels that a picture is brought to, one look each."""

CONFIDENT = 0.5
"""Confidence from which such a network is believed; below, its scale is not known to us."""

WEIGHT = 0.25
"""Evidence per confidence: a find that is believed is always covered, and at 0.8 it is sure."""

REMEDY = "bring an ONNX file of YuNet (2022 or later) or SCRFD, or leave --model out"

YUNET = {f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)}
"""What OpenCV's FaceDetectorYN asks a YuNet for."""

OVERLAP = 0.4
"""Intersection over union from which two finds of one look are the same face."""


class Candidates(NamedTuple):
    """``edges`` N x 4 (left, top, right, bottom) in the network's pixels, ``scores`` N."""

    edges: NDArray[np.float32]
    scores: NDArray[np.float32]


def brought(model: Path, threads: int = 0) -> Detector:
    """The detector in the file ``model``; ``threads`` is how many cores to use, 0 for all.

    Raises ModelError where the file cannot be read or is neither of the two kinds.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            model.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except OSError as error:
        raise ModelError(model, f"cannot be read ({error.strerror})", "check its name") from error
    except Exception as error:  # ONNX Runtime's errors have no base of their own.
        raise ModelError(model, "is not a network that ONNX Runtime can load", REMEDY) from error
    if {output.name for output in session.get_outputs()} >= YUNET:
        return YuNet(model)
    return Scrfd(model, session)


class YuNet:
    """YuNet (Wu et al., 2023), decoded by OpenCV's FaceDetectorYN."""

    def __init__(self, model: Path) -> None:
        """Load ``model``. Raises ModelError where OpenCV refuses it."""
        try:
            self._network = cv2.FaceDetectorYN.create(str(model), "", SIDES[:1] * 2, CONFIDENT)
        except cv2.error as error:
            problem = f"looks like a YuNet, but OpenCV refuses it ({error.msg})"
            raise ModelError(model, problem, REMEDY) from error

    def detect(self, rgb: Pixels) -> list[Detection]:
        """Candidates of all looks, unmerged; see :class:`scrub.detectors.Detector`."""
        return [found for side in SIDES for found in self._seen(rgb, side)]

    def close(self) -> None:
        del self._network

    def _seen(self, rgb: Pixels, side: int) -> Iterator[Detection]:
        small, scale = _fitted(rgb, side, side)
        self._network.setInputSize((small.shape[1], small.shape[0]))
        _, faces = self._network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        # Each row: left, top, width, height, five landmarks, confidence.
        rows = np.zeros((0, 15), np.float32) if faces is None else faces
        edges = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        yield from _detections(
            Candidates(edges, rows[:, 14].astype(np.float32)), scale, f"YuNet {side}"
        )


class Scrfd:
    """SCRFD (Guo et al., "Sample and Computation Redistribution for Face Detection", 2021).

    At each of three or more strides the network gives, for some anchors in each cell, a score
    and the distances from the cell's corner to the face's four edges, in strides.
    """

    def __init__(self, model: Path, session: Any) -> None:
        """Take the loaded ``session``. Raises ModelError where its outputs are others."""
        self._model = model
        self._session = session
        [given, *more] = session.get_inputs()
        self._input = given.name
        if more or len(given.shape) != 4 or given.shape[1] != 3 or given.type != "tensor(float)":
            raise self._stranger()
        height, width = given.shape[2:]
        fixed = isinstance(height, int) and isinstance(width, int)
        self._sizes = [(height, width)] if fixed else [(side, side) for side in SIDES]
        self._run(np.zeros((*self._sizes[0], 3), np.uint8))

    def detect(self, rgb: Pixels) -> list[Detection]:
        """Candidates of all looks, unmerged; see :class:`scrub.detectors.Detector`."""
        return [found for size in self._sizes for found in self._seen(rgb, *size)]

    def close(self) -> None:
        del self._session

    def _seen(self, rgb: Pixels, height: int, width: int) -> Iterator[Detection]:
        small, scale = _fitted(rgb, height, width)
        canvas = np.zeros((height, width, 3), np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small
        yield from _detections(self._run(canvas), scale, f"SCRFD {max(height, width)}")

    def _run(self, canvas: Pixels) -> Candidates:
        """All confident candidates in ``canvas``, before those of one face are merged."""
        height, width = canvas.shape[:2]
        values = (canvas.transpose(2, 0, 1)[None].astype(np.float32) - 127.5) / 128
        try:
            outputs = [
                out.reshape(-1, out.shape[-1])
                for out in self._session.run(None, {self._input: values})
            ]
        except Exception as error:
            raise self._stranger() from error
        # Named differently in each export, but always scores, distances and maybe landmarks,
        # and of each the finest stride has the most rows.
        scores, distances = (_by_rows(outputs, columns) for columns in (1, 4))
        if len(scores) < 3 or [len(one) for one in scores] != [len(one) for one in distances]:
            raise self._stranger()
        found = [Candidates(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))]
        for level, (score, distance) in enumerate(zip(scores, distances, strict=True)):
            stride = 8 << level
            corners = _corners(height, width, stride)
            anchors, odd = divmod(len(score), len(corners))
            if odd or not anchors:
                raise self._stranger()
            corners = np.repeat(corners, anchors, axis=0)
            edges = np.concatenate(
                [corners - distance[:, :2] * stride, corners + distance[:, 2:] * stride], axis=1
            )
            sure = score[:, 0] >= CONFIDENT
            found.append(Candidates(edges[sure], score[sure, 0]))
        return Candidates(*(np.concatenate(part) for part in zip(*found, strict=True)))

    def _stranger(self) -> ModelError:
        return ModelError(self._model, "is neither a YuNet nor built like SCRFD", REMEDY)


def _by_rows(outputs: Sequence[NDArray[Any]], columns: int) -> list[NDArray[Any]]:
    fitting = [output for output in outputs if output.shape[1] == columns]
    return sorted(fitting, key=len, reverse=True)


def _corners(height: int, width: int, stride: int) -> NDArray[np.float32]:
    """Where the cells of one stride start: N x 2 (x, y), row by row."""
    down, right = np.mgrid[: -(-height // stride), : -(-width // stride)]
    return np.stack([right.ravel(), down.ravel()], axis=1).astype(np.float32) * stride


def _fitted(rgb: Pixels, height: int, width: int) -> tuple[NDArray[Any], float]:
    """The picture scaled to fit in ``height`` x ``width``, and the scale."""
    scale = min(height / rgb.shape[0], width / rgb.shape[1])
    return resized(rgb, scale), scale


def _detections(found: Candidates, scale: float, name: str) -> Iterator[Detection]:
    """In the picture's pixels, each face of this look once."""
    sides = found.edges[:, 2:] - found.edges[:, :2]
    boxes = np.concatenate([found.edges[:, :2], sides], axis=1)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), found.scores.tolist(), CONFIDENT, OVERLAP)
    for index in np.array(kept, np.int64).ravel():
        left, top, right, bottom = (float(edge) / scale for edge in found.edges[index])
        confidence = min(1.0, float(found.scores[index]))
        yield Detection(Box.around(left, top, right, bottom), WEIGHT * confidence, name)
