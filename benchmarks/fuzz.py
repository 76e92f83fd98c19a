"""Feeds damaged files to the readers of metadata and looks for one that gives in.

    python -m benchmarks.fuzz [--seconds 60] [--seed 1] [--kinds png,mp4] [--save FOLDER]

Run it from the root of a checkout, with what the tests need. Every file that the tests build is
bent by the mutators below. A reader must not raise, must be done in two seconds, and must
account for every byte; no judge may raise either. A file that breaks this is made smaller as
long as it does so, and saved; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from scrub.metadata import READERS, entries, judge
from tests import media
from tests.cases import SAMPLES

LIMIT = 2.0
"""Seconds of processor time that a reader may take."""

MOST_BYTES = 1 << 20
"""Size that no mutated file grows beyond."""

SHRINKING = 30.0
"""Seconds that are spent on making a file smaller."""

SCATTERED = {"tiff"}
"""Kinds whose parts may overlap, so that their sizes add up to anything."""

INTERESTING = (0, 1, 2, 7, 8, 9, 127, 128, 255, 256, 32767, 65535, 1 << 24, 1 << 31, (1 << 32) - 1)

Mutator = Callable[[random.Random, bytearray, bytes], None]


class Slow(Exception):
    """A reader took longer than :data:`LIMIT`."""


# --- what is done to a file -----------------------------------------------------------------------


def flip_bits(rng: random.Random, data: bytearray, other: bytes) -> None:
    """A few bits turn round."""
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def set_bytes(rng: random.Random, data: bytearray, other: bytes) -> None:
    """A few bytes become others."""
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] = rng.randrange(256)


def truncate(rng: random.Random, data: bytearray, other: bytes) -> None:
    """The end is missing."""
    del data[rng.randrange(len(data)) :]


def bend_number(rng: random.Random, data: bytearray, other: bytes) -> None:
    """A length, an offset or a count becomes a telling one, or is a little off."""
    width = rng.choice((1, 2, 4, 8))
    at = rng.randrange(len(data))
    order = rng.choice(("big", "little"))
    old = int.from_bytes(data[at : at + width], order)
    value = rng.choice((*INTERESTING, old + 1, old - 1, old * 2, len(data), len(data) - at))
    data[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, order)


def duplicate(rng: random.Random, data: bytearray, other: bytes) -> None:
    """A piece comes again, once or many times."""
    start, end = _piece(rng, data)
    times = rng.choice((1, 1, 1, 2, 50, 2000))
    data[end:end] = data[start:end] * min(times, 1 + (1 << 16) // max(1, end - start))


def delete(rng: random.Random, data: bytearray, other: bytes) -> None:
    """A piece is missing."""
    start, end = _piece(rng, data)
    del data[start:end]


def insert(rng: random.Random, data: bytearray, other: bytes) -> None:
    """A piece of noise comes in."""
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8, 100)))


def splice(rng: random.Random, data: bytearray, other: bytes) -> None:
    """A piece of another file comes in, or takes the place of the rest."""
    start, end = _piece(rng, other)
    at = rng.randrange(len(data))
    data[at : rng.choice((at, at + end - start, len(data)))] = other[start:end]


def move(rng: random.Random, data: bytearray, other: bytes) -> None:
    """A piece goes elsewhere."""
    start, end = _piece(rng, data)
    piece = data[start:end]
    del data[start:end]
    at = rng.randint(0, len(data))
    data[at:at] = piece


def clear(rng: random.Random, data: bytearray, other: bytes) -> None:
    """A piece is nothing but zeros, or ones."""
    start, end = _piece(rng, data)
    data[start:end] = rng.choice((b"\0", b"\xff")) * (end - start)


MUTATORS: tuple[Mutator, ...] = (
    flip_bits,
    set_bytes,
    truncate,
    bend_number,
    bend_number,
    bend_number,
    duplicate,
    delete,
    insert,
    splice,
    move,
    clear,
)


def _piece(rng: random.Random, data: bytes | bytearray) -> tuple[int, int]:
    """Where a piece of any length starts and ends; short ones are likelier."""
    size = min(len(data), 1 + int(len(data) ** rng.random()))
    start = rng.randint(0, len(data) - size)
    return start, start + size


def mutated(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """The file after one to five of the mutators."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        if changed:
            rng.choice(MUTATORS)(rng, changed, other)
        del changed[MOST_BYTES:]
    return bytes(changed)


# --- what is asked of a reader --------------------------------------------------------------------


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises Slow in what runs within, when it has used so much processor time."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Slow(f"took more than {seconds:g} s")

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def complaint(kind: str, data: bytes, limit: float = LIMIT) -> str:
    """What a reader did wrong with the file, in short; empty where all is well."""
    try:
        with limited(limit):
            found = entries(kind, data)
            judge(kind, found)
    except Slow as error:
        return str(error)
    except Exception as error:  # whatever it is: that is what this looks for
        return type(error).__name__
    if any(entry.size < 0 for entry in found):
        return "negative size"
    if any(not entry.value.isprintable() or len(entry.value) > 200 for entry in found):
        return "value that is not safe to show"
    total = sum(entry.size for entry in found if " / " not in entry.place)
    if kind not in SCATTERED and total != len(data):
        return f"{'more' if total > len(data) else 'fewer'} bytes than there are"
    return ""


def smaller(kind: str, data: bytes, problem: str) -> bytes:
    """The file without the pieces that the problem does not need."""
    deadline = time.monotonic() + SHRINKING
    size = len(data) // 2
    while size and time.monotonic() < deadline:
        at = 0
        while at < len(data) and time.monotonic() < deadline:
            shorter = data[:at] + data[at + size :]
            if complaint(kind, shorter) == problem:
                data = shorter
            else:
                at += size
        size //= 2
    return data


def fuzz(samples: Mapping[str, bytes], seconds: float, seed: int, folder: Path) -> int:
    """Run for so long; returns how many different problems were found."""
    rng = random.Random(seed)
    names = sorted(samples)
    runs: Counter[str] = Counter()
    problems: Counter[tuple[str, str]] = Counter()
    slowest = (0.0, "")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        name = rng.choice(names)
        kind = media.kind(name)
        data = mutated(rng, samples[name], samples[rng.choice(names)])
        started = time.process_time()
        problem = complaint(kind, data)
        slowest = max(slowest, (time.process_time() - started, name))
        runs[kind] += 1
        if problem:
            problems[kind, problem] += 1
            if problems[kind, problem] == 1:
                save(folder, kind, problem, smaller(kind, data, problem))
    print(f"{runs.total()} files in {seconds:g} s with seed {seed}:", dict(sorted(runs.items())))
    print(f"the slowest took {slowest[0]:.2f} s, made from {slowest[1]}")
    for (kind, problem), count in problems.items():
        print(f"{kind}: {problem} ({count} times)")
    return len(problems)


def save(folder: Path, kind: str, problem: str, data: bytes) -> None:
    """Keep the file under its kind and a digest of its bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{hashlib.sha256(data).hexdigest()[:12]}.bin"
    path.write_bytes(data)
    print(f"{path}: {problem}, {len(data)} bytes", flush=True)


def main() -> int:
    """Parse the arguments, build the samples and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(READERS))
    parser.add_argument("--save", type=Path, default=Path("fuzz-finds"))
    arguments = parser.parse_args()
    kinds = arguments.kinds.split(",")
    samples = {name: make() for name, make in SAMPLES.items() if media.kind(name) in kinds}
    return fuzz(samples, arguments.seconds, arguments.seed, arguments.save) > 0


if __name__ == "__main__":
    sys.exit(main())
