"""Measures how many labelled faces each preset leaves, what it covers in vain, and what it costs.

    python -m benchmarks.faces ANNOTATIONS.jsonl FOLDER [--preset balanced] [--plot PLOT.png]

Run it from the root of a checkout, where the weights are. ANNOTATIONS has one line of JSON for
each picture of FOLDER: "file", "width", "height", "set", "exif_orientation", "exhaustive"
(false: not all of its faces are labelled) and "faces", each with "x", "y", "w", "h" in stored
pixels, "ignore" and "tags". A face is left when regions hide less than 55% of its inner part.
Cost is the time of a preset relative to one look of CenterFace at a long side of 1280 pixels at
the same pictures in the same run. The halves, told apart by a hash of the file's name, show
whether what was chosen on one holds on the other. matplotlib is needed for the plot alone.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from scrub.detectors import Detector, Look, load
from scrub.detectors.presets import PRESETS, eyes
from scrub.formats import FORMATS, probe
from scrub.regions import Box, covered_share, head_of
from scrub.settings import Settings

HEIGHTS = ((8, 16), (16, 32), (32, 64), (64, 10**6))
SMALLEST = 16
"""Pixels of height from which a face counts as visible."""

HIDDEN = 0.55
"""Share of a face's inner part that regions must hide."""

NEAR = 2.2
"""A region is not in vain within so many times a labelled face, around its middle."""

CELL = 4
"""Pixels of a cell's side in which covered area is counted."""


@dataclass(frozen=True)
class Face:
    """A labelled face, upright, in pixels of its picture."""

    box: Box
    tags: frozenset[str]
    counts: bool

    @property
    def inner(self) -> Box:
        """Eyes, nose and mouth."""
        side, top = 0.1 * self.box.width, 0.15 * self.box.height
        return Box.around(
            self.box.left + side, self.box.top + top, self.box.right - side, self.box.bottom - top
        )

    @property
    def surroundings(self) -> Box:
        (x, y), across, down = self.box.center, NEAR * self.box.width, NEAR * self.box.height
        return Box.around(x - across / 2, y - down / 2, x + across / 2, y + down / 2)


@dataclass(frozen=True)
class Picture:
    """A line of the annotations."""

    path: Path
    group: str
    exhaustive: bool
    faces: tuple[Face, ...]

    @property
    def half(self) -> str:
        return "ab"[hashlib.sha256(self.path.name.encode()).digest()[0] % 2]


@dataclass
class Score:
    """What was counted so far for one detector; ``left`` and ``faces`` by a name of a group."""

    faces: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    left: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    vain: list[float] = field(default_factory=list)
    seconds: float = 0.0
    megapixels: float = 0.0

    def share(self, name: str) -> float:
        return self.left[name] / self.faces[name] if self.faces[name] else 0.0

    @property
    def told(self) -> str:
        """The two figures that stand against each other."""
        vain = float(np.mean(self.vain)) if self.vain else 0.0
        return f"{self.share('visible'):.2%} left, {vain:.2%} covered in vain"

    def count(self, picture: Picture, covers: Sequence[Box], width: int, height: int) -> None:
        """Add one picture whose regions are ``covers``."""
        for face in picture.faces:
            if face.counts:
                left = covered_share(face.inner.clip(width, height), covers) < HIDDEN
                for name in _groups(picture, face):
                    self.faces[name] += 1
                    self.left[name] += left
        if picture.exhaustive:
            near = [face.surroundings for face in picture.faces]
            hidden = _mask(covers, width, height) & ~_mask(near, width, height)
            self.vain.append(float(hidden.mean()))


def main() -> None:
    """Print one table for each preset, and draw the plot where it was asked for."""
    parser = asking(__doc__)
    parser.add_argument("--threads", type=int, default=0, help="default: all cores")
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    arguments = parser.parse_args()
    pictures = list(read(arguments.annotations, arguments.folder))
    unit = load("centerface", looks=(Look(1280),), threads=arguments.threads)
    with contextlib.ExitStack() as open_eyes:
        detectors: dict[str, Detector] = {}
        for preset in arguments.preset or PRESETS:
            looking = eyes(preset, arguments.threads)
            open_eyes.callback(looking.close)
            detectors[preset] = looking.first
        scores, unit_seconds = _measured(pictures, detectors, unit)
    terminal = Console(highlight=False)
    for preset, score in scores.items():
        terminal.print(
            table(
                f"{preset}: {score.told}, cost {score.seconds / unit_seconds:.2f}, "
                f"{score.seconds / score.megapixels:.2f} s a megapixel",
                score,
            )
        )
    if arguments.plot:
        _plot(
            {name: (one.seconds / unit_seconds, one) for name, one in scores.items()},
            arguments.plot,
        )


def asking(manual: str) -> argparse.ArgumentParser:
    """A parser of what to measure with; ``manual`` begins with what for."""
    parser = argparse.ArgumentParser(description=manual.split("\n\n")[0])
    parser.add_argument("annotations", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", action="append", choices=PRESETS, help="default: all of them")
    return parser


def _measured(
    pictures: Iterable[Picture], detectors: dict[str, Detector], unit: Detector
) -> tuple[dict[str, Score], float]:
    """Scores by preset, and the seconds of ``unit`` for all pictures."""
    scores = {name: Score() for name in detectors}
    unit_seconds = 0.0
    margin = Settings().margin
    for picture in pictures:
        media = probe(picture.path)
        [rgb] = [frame.rgb for frame in FORMATS[media.kind].frames(media)]
        height, width = rgb.shape[:2]
        started = time.perf_counter()
        unit.detect(rgb)
        unit_seconds += time.perf_counter() - started
        for name, detector in detectors.items():
            started = time.perf_counter()
            found = detector.detect(rgb)
            scores[name].seconds += time.perf_counter() - started
            scores[name].megapixels += width * height / 1e6
            small = PRESETS[name].small * max(width, height)
            covers = [head_of(one, margin, small).clip(width, height) for one in found]
            scores[name].count(picture, covers, width, height)
    return scores, unit_seconds


def read(annotations: Path, folder: Path) -> Iterator[Picture]:
    """The pictures in ``folder`` that ``annotations`` tells of."""
    for line in annotations.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        path = folder / row["file"]
        yield Picture(
            path if path.exists() else folder / path.name,
            row.get("set", ""),
            row.get("exhaustive", True),
            tuple(_face(face, row) for face in row["faces"]),
        )


def _face(face: dict[str, Any], row: dict[str, Any]) -> Face:
    x, y, w, h = face["x"], face["y"], face["w"], face["h"]
    width, height = row["width"], row["height"]
    left, top, across, down = {
        1: (x, y, w, h),
        3: (width - x - w, height - y - h, w, h),
        6: (height - y - h, x, h, w),
        8: (y, width - x - w, h, w),
    }[row.get("exif_orientation", 1)]
    box = Box.around(left, top, left + across, top + down)
    return Face(box, frozenset(face.get("tags", ())), not face.get("ignore"))


def _groups(picture: Picture, face: Face) -> Iterator[str]:
    """The names under which a face is counted."""
    height = face.box.height
    for low, high in HEIGHTS:
        if low <= height < high:
            yield f"{low} to {high} px" if high < 10**6 else f"{low} px and more"
    if height >= SMALLEST and not face.tags & {"occluded-heavy", "heavy-occlusion"}:
        yield "visible"
        yield f"half {picture.half}"
        yield f"set {picture.group}"
        yield from (f"tag {tag}" for tag in face.tags)


def _mask(boxes: Iterable[Box], width: int, height: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    mask = np.zeros((-(-height // CELL), -(-width // CELL)), np.bool_)
    for box in boxes:
        inside = box.clip(width, height)
        rows = slice(-(-inside.top // CELL), inside.bottom // CELL)
        mask[rows, -(-inside.left // CELL) : inside.right // CELL] = True
    return mask


def table(title: str, score: Score) -> Table:
    """What was counted, a row for each group of faces."""
    rows = Table("faces", "labelled", "left", "share", box=None, title_justify="left", title=title)
    for name in sorted(score.faces, key=_order):
        rows.add_row(
            name, str(score.faces[name]), str(score.left[name]), f"{score.share(name):.1%}"
        )
    return rows


def _order(name: str) -> tuple[bool, bool, int, str]:
    """Sizes by height first, then all, halves, sets and tags."""
    first = name.split()[0]
    return not first.isdigit(), name != "visible", int(first) if first.isdigit() else 0, name


def _plot(points: dict[str, tuple[float, Score]], path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4))
    for name, (cost, score) in points.items():
        axes.plot(cost, 100 * score.share("visible"), "o")
        axes.annotate(
            name, (cost, 100 * score.share("visible")), (6, 4), textcoords="offset points"
        )
    axes.set(xlabel="cost (one look at 1280 pixels = 1)", ylabel="visible faces left, %")
    axes.margins(0.25)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
