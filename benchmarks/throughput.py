"""How fast scrub is, and that it stays so: each table by itself.

    python -m benchmarks.throughput large    12-megapixel photographs, against the floor and deface
    python -m benchmarks.throughput small    photographs as they are, against the same
    python -m benchmarks.throughput jobs     two workers against one
    python -m benchmarks.throughput sizes    time and memory from 1 to 50 megapixels
    python -m benchmarks.throughput many     10,000 small files: memory, and a second run
    python -m benchmarks.throughput kills    kill -9 at random moments, then run to the end

Run it from the root of a checkout, where the weights are. ``--photos DIR`` says where photographs
are; without it they are cut from the sample of a crowd. ``--deface COMMAND`` is another program to
measure in the same run. Times are of whole runs without their start: that of one file is taken off.
Needs POSIX.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.interruption import Run, copies, drafts, faults

MEGA = 1_000_000
PHONE = 4000, 3000
"""Pixels of what phones take."""

SIZES = (1, 2, 5, 12, 25, 50)
"""Megapixels."""

QUALITY = 92


# --- pictures -----------------------------------------------------------------------------------


def photographs(folder: Path | None) -> list[Image.Image]:
    """What there is to enlarge; at least one."""
    if folder is None:
        from tests.media import crowd

        return [Image.fromarray(crowd())]
    paths = sorted(one for one in folder.rglob("*") if one.suffix.lower() in (".jpg", ".jpeg"))
    return [Image.open(path).convert("RGB") for path in paths[:200]]


def grown(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The photo filling ``size``, upright or not, with the noise that a sensor would add."""
    if photo.height > photo.width:
        size = size[1], size[0]
    pixels = np.asarray(photo.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    noise = np.random.default_rng(1).integers(-4, 5, pixels.shape, np.int16)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


def fill(
    inbox: Path, photos: Sequence[Image.Image], count: int, size: tuple[int, int] | None
) -> None:
    """Photographs ``p000.jpg`` and so on, brought to ``size``; None leaves them as they are."""
    inbox.mkdir(parents=True)
    for number, photo in enumerate(islice(cycle(photos), count)):
        picture = photo if size is None else grown(photo, size)
        picture.save(inbox / f"p{number:03}.jpg", quality=QUALITY)


# --- measuring ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of all processors together, which others' work disturbs less."""

    clock: float
    processors: float

    def each(self, start: Cost, count: int) -> Cost:
        """The cost of each of ``count`` more than there were in ``start``."""
        return Cost(
            (self.clock - start.clock) / count, (self.processors - start.processors) / count
        )

    def __str__(self) -> str:
        return f"{self.clock:7.3f} s ({self.processors:7.3f} of processors)"


def cost(act: Callable[[], object]) -> Cost:
    """What it costs, the processes that it starts and waits for included."""
    started, used = time.monotonic(), sum(os.times()[:4])
    act()
    return Cost(time.monotonic() - started, sum(os.times()[:4]) - used)


def scrub(inbox: Path, out: Path, *options: str) -> None:
    """The real command, to its end."""
    line = [sys.executable, "-c", "from scrub.cli import main; main()", "clean", str(inbox)]
    ended = subprocess.run(
        [*line, "--out", str(out), "-q", *options], stdout=subprocess.DEVNULL, check=False
    )
    if ended.returncode:
        raise SystemExit(f"scrub ended with {ended.returncode}")


def a_picture(folder: Path, work: Callable[[Path, Path], None]) -> Cost:
    """The cost a picture of a run over ``folder``, without what the first one costs."""
    files = copies(folder)
    with tempfile.TemporaryDirectory() as aside:
        one = Path(aside, "one")
        one.mkdir()
        shutil.copy(files[0], one)
        start = cost(lambda: work(one, Path(aside, "out of one")))
        whole = cost(lambda: work(folder, Path(aside, "out of all")))
    return whole.each(start, max(1, len(files) - 1))


def floor(inbox: Path, out: Path) -> None:
    """Decode and encode, and nothing else: nobody can be faster with this library."""
    out.mkdir(parents=True)
    for path in copies(inbox):
        with Image.open(path) as picture:
            picture.convert("RGB").save(out / path.name, quality=QUALITY)


def deface(command: str) -> Callable[[Path, Path], None]:
    """The other program, which takes files and writes beside them."""

    def work(inbox: Path, out: Path) -> None:
        subprocess.run(
            [*shlex.split(command), *map(str, copies(inbox))],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for made in inbox.glob("*_anonymized*"):
            made.unlink()

    return work


class Memory:
    """The most memory that each process below this one held, looked at ten times a second."""

    def __init__(self) -> None:
        self.peaks: dict[int, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.1):
            for process in list(_below(os.getpid())):
                peak = _peak(process)
                self.peaks[process] = max(peak, self.peaks.get(process, 0))


def _below(process: int) -> Iterable[int]:
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = [int(one) for one in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            yield child
            yield from _below(child)


def _peak(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


# --- the tables ---------------------------------------------------------------------------------


def compare(asked: argparse.Namespace, folder: Path, size: tuple[int, int] | None) -> None:
    """Time a picture of the floor, of each preset and of the other program."""
    fill(folder / "in", photographs(asked.photos), asked.count, size)
    rows: list[tuple[str, Callable[[Path, Path], None]]] = [("decode and encode alone", floor)]
    rows += [
        (f"scrub {preset}, {asked.jobs} jobs", _with(f"--preset={preset}", f"--jobs={asked.jobs}"))
        for preset in asked.presets
    ]
    if asked.deface:
        rows.append(("the other program", deface(asked.deface)))
    first = None
    for name, work in rows:
        taken = a_picture(folder / "in", work)
        first = first or taken
        times = taken.processors / first.processors
        say(f"{name:28} {taken} a picture, {times:6.1f} times the floor's processors")


def _with(*options: str) -> Callable[[Path, Path], None]:
    return lambda inbox, out: scrub(inbox, out, *options)


def large(asked: argparse.Namespace, folder: Path) -> None:
    """What phones take."""
    compare(asked, folder, PHONE)


def small(asked: argparse.Namespace, folder: Path) -> None:
    """What is at hand."""
    compare(asked, folder, None)


def jobs(asked: argparse.Namespace, folder: Path) -> None:
    """Whether a second worker is worth it."""
    fill(folder / "in", photographs(asked.photos), asked.count, PHONE)
    for preset in asked.presets:
        one, two = (
            a_picture(folder / "in", _with(f"--preset={preset}", f"--jobs={count}"))
            for count in (1, 2)
        )
        say(f"{preset:10} one {one}, two {two} a picture: {one.clock / two.clock:.2f} times")


def sizes(asked: argparse.Namespace, folder: Path) -> None:
    """Whether cost grows with the picture, and not faster."""
    photo = photographs(asked.photos)[0]
    for megapixels in SIZES:
        width = round((megapixels * MEGA * 4 / 3) ** 0.5)
        inbox = folder / str(megapixels)
        fill(inbox, [photo], 3, (width, width * 3 // 4))
        with Memory() as memory:
            taken = a_picture(inbox, _with(f"--preset={asked.presets[0]}", "--jobs=1"))
        say(
            f"{megapixels:3} megapixels: {taken}, {taken.clock / megapixels:.3f} s a megapixel, "
            f"{max(memory.peaks.values()) / 1e6:6.0f} MB in the largest process"
        )


def tiny(inbox: Path, count: int) -> dict[Path, bytes]:
    """So many pictures of 64 x 64 pixels; path -> digest."""
    inbox.mkdir()
    chance = np.random.default_rng(1)
    digests = {}
    for number in range(count):
        coarse = chance.integers(0, 256, (4, 4, 3), np.uint8)
        path = inbox / f"{number % 100:02}" / f"IMG_{number:05}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC).save(path)
        digests[path] = hashlib.sha256(path.read_bytes()).digest()
    return digests


def many(asked: argparse.Namespace, folder: Path) -> None:
    """Whether memory stays flat, and how long it takes to find nothing to do."""
    tiny(folder / "in", asked.files)
    for name in ("first run", "second run"):
        with Memory() as memory:
            report = f"--report={folder / name}.json"
            run = partial(scrub, folder / "in", folder / "out", "--metadata-only", report)
            taken = cost(run).clock
        parent, *workers = memory.peaks.values()
        say(
            f"{name}: {taken:.1f} s, {asked.files / taken:.0f} files a second; "
            f"parent {parent / 1e6:.0f} MB, largest worker {max(workers, default=0) / 1e6:.0f} MB"
        )


def kills(asked: argparse.Namespace, folder: Path) -> None:
    """Whether a run that is killed again and again comes to a good end."""
    before = tiny(folder / "in", asked.files)
    chance = random.Random(asked.seed)
    out = folder / "out"
    line = ("clean", folder / "in", "--out", out, "--metadata-only", "-q")
    wrong = 0
    for number in range(asked.kills):
        had = len(copies(out)) if out.exists() else 0
        after = had + chance.randrange(1, max(2, asked.files // asked.kills))
        run = Run.start(*line)
        run.wait_for(partial(_reached, out, after))
        time.sleep(chance.uniform(0, 0.1))
        run.process.kill()
        run.end()
        left = len(copies(out))
        wrong += left < had
        say(f"kill {number + 1:2}: {left} copies, {len(drafts(out))} drafts")
    ended = subprocess.run(
        [sys.executable, "-c", "from scrub.cli import main; main()", *map(str, line)], check=False
    )
    made = copies(out)
    bad = [fault for copy in made for fault in faults(copy)]
    changed = [path for path, digest in before.items() if _digest(path) != digest]
    wrong += len(bad) + len(changed) + len(drafts(out)) + abs(len(made) - len(before))
    say(
        f"then to the end: exit {ended.returncode}, {len(made)} copies of {len(before)}, "
        f"{len(bad)} bad, {len(changed)} originals changed; {wrong} things wrong"
    )


def _reached(out: Path, count: int) -> bool:
    return out.exists() and len(copies(out)) >= count


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


TABLES = {one.__name__: one for one in (large, small, jobs, sizes, many, kills)}


def say(line: str) -> None:
    """One line of the table."""
    print(line, flush=True)


def main() -> int:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--deface", metavar="COMMAND")
    parser.add_argument("--presets", nargs="+", default=["fast", "balanced"])
    parser.add_argument("--count", type=int, default=40, help="photographs")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--files", type=int, default=10_000, help="small files")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # Its own key, so that the person's is not made or used.
        os.environ["XDG_STATE_HOME"] = str(Path(folder, "state"))
        TABLES[asked.table](asked, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
