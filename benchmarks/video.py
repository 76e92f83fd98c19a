"""Measures where the time of cleaning a video goes, and how much another program takes.

    python -m benchmarks.video FOLDER [--preset balanced] [--other "program --option"]

Run it from the root of a checkout, where the weights are. Every video below FOLDER is taken. The
stages run one after the other in this process, each without those before it; the whole is the real
command in a process of its own, with its start, as often as it has to write the file. Seconds are
of all processors together, which others' work disturbs less than the clock. ``--other`` is the
command line of a program to compare with: the video's path and ``-o`` with a path to write follow.
Needs POSIX.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.throughput import Cost, Memory, cost, scrub
from scrub import lookout, pipeline, verify
from scrub.detectors import Pixels
from scrub.detectors.clips import Glimpse
from scrub.detectors.presets import Eyes, eyes
from scrub.formats import FORMATS, Frame, Media, probe
from scrub.formats.video import VIDEOS
from scrub.redaction import Painter
from scrub.report import Plan
from scrub.settings import PRESET_NAMES, Settings

STAGES = ("decode", "detect", "track", "try", "paint", "encode", "verify")
SUFFIXES = {suffix for video in VIDEOS for suffix in video.suffixes}


@dataclass(frozen=True)
class Whole:
    """A real run over one video: what it cost, the most memory, and how often it wrote the file."""

    cost: Cost
    memory: int
    writings: int


class Stages:
    """The steps of cleaning one video, each by itself."""

    def __init__(self, source: Path, target: Path, settings: Settings, looking: Eyes) -> None:
        self._media: Media = probe(source)
        self._target = target
        self._settings = settings
        self._looking = looking
        self.frames = 0

    def seconds(self) -> dict[str, float]:
        """Stage -> seconds of all processors."""
        glimpses: list[Glimpse] = []
        plans: list[Plan] = []
        taken = {"decode": _processors(self._decode)}
        taken["detect"] = _processors(partial(self._detect, glimpses)) - taken["decode"]
        taken["track"] = _processors(partial(self._track, glimpses, plans))
        [plan] = plans
        taken["try"] = _processors(partial(self._try, plan))
        painter = Painter(plan.regions, self._settings.style, bytes(32))
        taken["paint"] = _processors(partial(self._paint, painter)) - taken["decode"]
        painter = Painter(plan.regions, self._settings.style, bytes(32))
        taken["encode"] = _processors(partial(self._encode, painter)) - (
            taken["decode"] + taken["paint"]
        )
        taken["verify"] = _processors(partial(self._verify, plan))
        return taken

    def _shown(self) -> Iterator[Frame]:
        return FORMATS[self._media.kind].frames(self._media)

    def _decode(self) -> None:
        self.frames = sum(1 for _ in self._shown())

    def _detect(self, glimpses: list[Glimpse]) -> None:
        timed: Iterator[tuple[Pixels, float]] = ((one.rgb, one.time) for one in self._shown())
        assert self._looking.watcher is not None
        glimpses += self._looking.watcher.watch(timed)

    def _track(self, glimpses: list[Glimpse], plans: list[Plan]) -> None:
        sights = [pipeline._sight(one, self._media, self._settings) for one in glimpses]
        plans.append(Plan(pipeline._regions(self._media, sights)))

    def _try(self, plan: Plan) -> None:
        detector = self._looking.later(self._media.form)
        pipeline._tried(self._media, plan, bytes(32), self._settings, detector)

    def _paint(self, painter: Painter) -> None:
        for frame in self._shown():
            painter.paint(frame.rgb, frame.index)

    def _encode(self, painter: Painter) -> None:
        form = FORMATS[self._media.written]
        form.rewrite(self._media, self._target, partial(pipeline._painted, self._media, painter))

    def _verify(self, plan: Plan) -> None:
        detector = self._looking.later(self._media.form)
        verify.examine(self._media, plan, self._target, detector, lookout.ends(plan.regions))


def _processors(act: Callable[[], object]) -> float:
    return cost(act).processors


def whole(source: Path, folder: Path, preset: str) -> Whole:
    """The real command over one video."""
    report = folder / "report.json"
    run = partial(scrub, source, folder / "out", f"--preset={preset}", f"--report={report}")
    with Memory() as memory:
        taken = cost(run)
    [told] = json.loads(report.read_text())["files"]
    return Whole(taken, max(memory.peaks.values(), default=0), told["verified"]["rounds"])


def other(command: str, source: Path, folder: Path) -> Cost:
    """What another program costs for the same video."""
    line = [*shlex.split(command), str(source), "-o", str(folder / f"other{source.suffix}")]
    quiet = partial(subprocess.run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cost(partial(quiet, line, check=True))


def videos(folder: Path) -> list[Path]:
    """All below ``folder``."""
    found = (one for one in folder.rglob("*") if one.suffix.lower() in SUFFIXES)
    return sorted(one.resolve() for one in found)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", choices=PRESET_NAMES, default="balanced")
    parser.add_argument("--other", metavar="COMMAND")
    asked = parser.parse_args()
    sources = videos(asked.folder)
    if not sources:
        parser.error(f"no video in {asked.folder}")
    table = Table("video", "frames", *STAGES, "written", "whole", "memory")
    if asked.other:
        table.add_column("other")
        table.add_column("times")
    looking = eyes(asked.preset)
    ours, theirs = 0.0, 0.0
    for source in sources:
        with tempfile.TemporaryDirectory() as aside:
            # Its own key, so that the person's is not made or used.
            os.environ["XDG_STATE_HOME"] = str(Path(aside, "state"))
            stages = Stages(source, Path(aside, "stages"), Settings(preset=asked.preset), looking)
            taken = stages.seconds()
            run = whole(source, Path(aside), asked.preset)
            cells = [source.name, str(stages.frames), *(f"{taken[name]:.1f}" for name in STAGES)]
            cells += [str(run.writings), f"{run.cost.processors:.1f}", f"{run.memory / 1e9:.1f} GB"]
            ours += run.cost.processors
            if asked.other:
                rival = other(asked.other, source, Path(aside)).processors
                cells += [f"{rival:.1f}", f"{rival / run.cost.processors:.1f}"]
                theirs += rival
            table.add_row(*cells)
    blank = [""] * (2 + len(STAGES))
    compared = [f"{theirs:.1f}", f"{theirs / ours:.1f}"] if asked.other else []
    table.add_row("all", *blank, f"{ours:.1f}", "", *compared)
    looking.close()
    Console(width=140).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
