"""Measures how many labelled faces each preset leaves in videos, and what it covers in vain.

    python -m benchmarks.moving ANNOTATIONS.jsonl FOLDER [--preset balanced] [--every 3]

Run it from the root of a checkout, where the weights are. ANNOTATIONS and FOLDER are those of
benchmarks/faces.py. Each photograph becomes a video of two seconds: a camera in somebody's hand
goes across it, trembles and comes nearer, and H.264 takes the finest detail. A face is counted once
for each frame that shows it whole. Nobody turns or leaves here: what that does to a face,
tests/test_video_hazards.py has. Small pictures are left out.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.faces import Face, Picture, Score, asking, read, table
from scrub import pipeline
from scrub.detectors import Pixels
from scrub.detectors.presets import Eyes, eyes
from scrub.formats import FORMATS, probe
from scrub.regions import Box, Timeline
from scrub.settings import PRESET_NAMES, Settings

FRAMES = 50
RATE = 25

SMALLEST = 700
"""Pixels of a photograph's longer side: smaller ones are not what a camera films."""

LARGEST = 1280
"""Pixels of the longer side to which larger ones are shrunk."""

WINDOW = 0.9
"""Share of the picture's sides that the camera shows."""

COUNTED = 2
"""Every so many frames are counted: neighbours are much alike."""

Pose = NDArray[np.float64]
"""2 x 3: from a photograph's pixels to those of a frame."""


def main() -> None:
    """Print one table for each preset."""
    parser = asking(__doc__)
    parser.add_argument("--every", type=int, default=1, help="take one photograph in so many")
    arguments = parser.parse_args()
    pictures = [*read(arguments.annotations, arguments.folder)][:: arguments.every]
    for preset in arguments.preset or PRESET_NAMES:
        score = Score()
        with closing(eyes(preset)) as looking:
            for number, picture in enumerate(pictures):
                _count(score, picture, Settings(preset=preset), looking, number)
        pace = f"{score.seconds / score.megapixels:.3f} s a megapixel"
        Console(highlight=False).print(table(f"{preset}: {score.told}, {pace}", score))


def _count(score: Score, picture: Picture, settings: Settings, looking: Eyes, seed: int) -> None:
    """Film one picture, plan what to cover, and add it to the score."""
    media = probe(picture.path)
    [frame] = FORMATS[media.kind].frames(media)
    height, width = frame.rgb.shape[:2]
    if max(width, height) < SMALLEST:
        return
    gain = min(1.0, LARGEST / max(width, height))
    shown = int(width * gain * WINDOW) // 2 * 2, int(height * gain * WINDOW) // 2 * 2
    poses = list(_poses(width, height, shown, gain, np.random.default_rng(seed)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "moving.mp4"
        _film(frame.rgb, poses, shown, path)
        started = time.perf_counter()
        plan = pipeline.plan(probe(path), settings, looking)
    score.seconds += time.perf_counter() - started
    score.megapixels += FRAMES * shown[0] * shown[1] / 1e6
    timeline = Timeline(plan.regions)
    for index in range(0, FRAMES, COUNTED):
        faces = tuple(_moved(face, poses[index], shown) for face in picture.faces)
        covers = [region.box.clip(*shown) for region in timeline.at(index)]
        score.count(replace(picture, faces=faces), covers, *shown)


def _poses(
    width: int, height: int, shown: tuple[int, int], gain: float, chance: np.random.Generator
) -> Iterator[Pose]:
    """Where the camera is in each frame."""
    toward, phases = chance.choice([-1, 1], 2), chance.uniform(0, 2 * np.pi, 5)
    for index in range(FRAMES):
        done = index / (FRAMES - 1)
        tremor = np.sin(np.array([0.9, 0.37, 0.8, 0.43]) * index + phases[:4]) * 0.004 * width
        x = width / 2 + toward[0] * (done - 0.5) * 0.06 * width + tremor[:2].sum()
        y = height / 2 + toward[1] * (done - 0.5) * 0.05 * height + tremor[2:].sum()
        lean = 0.6 * np.sin(0.25 * index + phases[4])
        pose: Pose = cv2.getRotationMatrix2D((x, y), lean, gain * (1 + 0.06 * done))
        pose[:, 2] += shown[0] / 2 - x, shown[1] / 2 - y
        yield pose


def _film(rgb: Pixels, poses: Sequence[Pose], shown: tuple[int, int], path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = shown
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "21", "preset": "veryfast"}
        for pose in poses:
            pixels = cv2.warpAffine(rgb, pose, shown, borderMode=cv2.BORDER_REFLECT)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def _moved(face: Face, pose: Pose, shown: tuple[int, int]) -> Face:
    """The face where a frame shows it; one that is cut off does not count."""
    x, y = pose @ (*face.box.center, 1)
    gain = float(np.hypot(*pose[:, 0]))
    across, down = gain * face.box.width / 2, gain * face.box.height / 2
    box = Box.around(x - across, y - down, x + across, y + down)
    return replace(face, box=box, counts=face.counts and box == box.clip(*shown))


if __name__ == "__main__":
    main()
