"""Kills scrub at random moments and looks at what it left behind.

    python -m benchmarks.interruption [--kills 20] [--files 50] [--seed 1]

Run it from the root of a checkout, where the weights are. After each kill (the parent process
alone, with SIGKILL) every original must be what it was, every copy that exists must be whole
and clean, and no process and no draft may be left. Needs POSIX.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import scrub
from scrub import files, metadata
from scrub.errors import ScrubError
from scrub.formats import FORMATS, probe
from scrub.ledger import LEDGER

LEFT = 60.0
"""Seconds after which no worker may outlive its parent: more than workers.GRACE."""

PATIENCE = 300.0
"""Seconds that a run may take before it is called stuck."""


@dataclass(frozen=True)
class Run:
    """The real command at work, in a session of its own."""

    process: subprocess.Popen[str]
    session: int

    @classmethod
    def start(cls, *arguments: str | Path) -> Run:
        """``scrub`` with these arguments, this Python and the package that is imported here."""
        process = subprocess.Popen(
            [sys.executable, "-c", "from scrub.cli import main; main()", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(Path(scrub.__file__).parents[1])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return cls(process, process.pid)

    def wait_for(self, reached: Callable[[], bool]) -> None:
        """Return when it is so, or when the run has ended."""
        deadline = time.monotonic() + PATIENCE
        while not reached() and self.process.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError("scrub is stuck")
            time.sleep(0.002)

    def end(self) -> float:
        """Wait until all its processes are gone; the seconds that took, LEFT at most.

        What it still had to say is lost.
        """
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        started = time.monotonic()
        while alive(self.session) and time.monotonic() - started < LEFT:
            time.sleep(0.02)
        return time.monotonic() - started


def alive(session: int) -> bool:
    """Whether a process of the session, which is its first process group too, still runs."""
    if not Path("/proc/self/stat").exists():
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return False
        return True
    return any(_runs_in(session, stat) for stat in Path("/proc").glob("[0-9]*/stat"))


def _runs_in(session: int, stat: Path) -> bool:
    try:
        # After the name, which may hold anything: state, parent, group, session (proc(5)).
        state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
    except OSError:  # It has ended.
        return False
    return int(its_session) == session and state not in "ZX"


def drafts(folder: Path) -> list[Path]:
    """Temporary files left anywhere below."""
    return [path for path in folder.rglob("*") if files.is_draft(path)]


def copies(folder: Path) -> list[Path]:
    """Finished files below, whole or not."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not files.is_draft(path) and path.name != LEDGER
    ]


def faults(path: Path) -> list[str]:
    """What is wrong with a copy: nothing where it decodes to its end and carries nothing."""
    try:
        media = probe(path)
        whole = FORMATS[media.kind]
        if len(list(whole.frames(media))) != media.frames:
            return [f"{path.name}: frames are missing"]
        forbidden = metadata.judge(media.kind, whole.entries(path))
    except ScrubError as error:
        return [f"{path.name}: {error.problem}"]
    return [f"{path.name}: carries {entry.what}" for entry in forbidden]


@dataclass(frozen=True)
class Aftermath:
    """What a killed run left behind; ``copies`` counts, ``wrong`` is empty when all is well."""

    copies: int
    seconds: float
    wrong: tuple[str, ...]


def kill(inbox: Path, out: Path, after: int, pause: float, options: Sequence[str]) -> Aftermath:
    """Clean ``inbox`` into ``out``; kill the parent ``pause`` seconds after so many copies."""
    before = {path: path.read_bytes() for path in copies(inbox)}
    run = Run.start("clean", inbox, "--out", out, *options)
    run.wait_for(lambda: len(copies(out)) >= after)
    time.sleep(pause)
    run.process.kill()
    seconds = run.end()
    wrong = [fault for copy in copies(out) for fault in faults(copy)]
    wrong += [f"{path.name} changed" for path, data in before.items() if path.read_bytes() != data]
    wrong += [f"{draft.name} was left" for draft in drafts(out.parent)]
    if alive(run.session):
        wrong.append(f"a worker outlived its parent by {LEFT:.0f} s")
        os.killpg(run.session, signal.SIGKILL)
    return Aftermath(len(copies(out)), seconds, tuple(wrong))


def main() -> int:
    """Kill as often as asked; 0 when nothing was ever wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        inbox, out = Path(folder, "in"), Path(folder, "out")
        inbox.mkdir()
        from tests.media import DIRTY, write

        for number in range(asked.files):
            made = write(chance.choice(list(DIRTY)), inbox)
            made.rename(inbox / f"{number:03}{made.suffix}")
        for number in range(asked.kills):
            after, pause = chance.randrange(asked.files), chance.uniform(0, 0.5)
            left = kill(inbox, out, after, pause, ["--preset=fast"])
            print(
                f"kill {number + 1:2}, {pause:.2f} s after copy {after:2}: "
                f"{left.copies:2} copies, workers gone after {left.seconds:.1f} s; "
                + ("; ".join(left.wrong) or "all in order"),
                flush=True,
            )
            wrong += len(left.wrong)
            shutil.rmtree(out, ignore_errors=True)
    print(f"{asked.kills} kills, {wrong} things wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
