"""Says which files have arrived in a folder and are complete, until it is told to stop."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path

import watchfiles

from scrub import files
from scrub.errors import InputError

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl

LOOK = 0.5
"""Seconds between two looks at files that are still growing."""

LONGEST_REST = 86_400.0
"""Seconds that a file may be asked not to change: a day."""

AGAIN = 300.0
"""Seconds after which a file that failed is tried again: its disk may have room by then."""

UNFINISHED = {".crdownload", ".download", ".filepart", ".opdownload", ".part", ".partial", ".tmp"}
"""What programs put behind a name, in lower case, until all of the file has come."""

Stamp = tuple[int, int, int]

UNTOLD: Stamp = (0, 0, 0)
"""Of a file about which the system tells nothing but its name."""


@dataclass(slots=True)
class _Arrival:
    """A file as it was seen last; ``settled`` is when it may be taken, if it does not change."""

    stamp: Stamp
    settled: float
    taken: bool = False


class Inbox:
    """A folder in which files arrive.

    A file is complete when nothing about it has changed for ``settle`` seconds, where the
    system tells (Linux) nobody has it open for writing, and its name says nothing else.
    """

    def __init__(self, folder: Path, apart: Collection[Path], settle: float) -> None:
        """Watch ``folder`` and all below it, but for the folders ``apart``."""
        self.folder = folder
        self._apart = {files.real(place) for place in apart}
        self._settle = settle
        self._arrivals: dict[Path, _Arrival] = {}

    def batches(self) -> Iterator[frozenset[Path]]:
        """Sets of files that are complete and were not given before, as long as it is asked.

        A file that changes later is given again. Raises InputError where the folder is gone.
        """
        # The watch begins before the first look, so that nothing falls between the two.
        begun = self._identity()
        for changes in self._changes():
            if self._identity() != begun:
                problem = "is no longer the folder that was watched"
                raise InputError(
                    self.folder, problem, "look whether its disk is there; start again"
                )
            if changes or self.incomplete():
                self._look()
                if ready := self._ready():
                    yield ready

    def present(self) -> frozenset[Path]:
        """The files that are there and complete now; waits for no other."""
        self._look()
        time.sleep(self._settle)
        self._look()
        return self._ready()

    def incomplete(self) -> list[Path]:
        """The files that were there at the last look and are not complete."""
        return sorted(path for path, arrival in self._arrivals.items() if not arrival.taken)

    def put_back(self, path: Path) -> None:
        """Give the file again some time later."""
        if arrival := self._arrivals.get(path):
            arrival.taken = False
            arrival.settled = time.monotonic() + AGAIN

    def _changes(self) -> Iterator[object]:
        yield "the first look"
        try:
            yield from watchfiles.watch(
                self.folder,
                watch_filter=None,
                debounce=round(LOOK * 1000),
                rust_timeout=round(LOOK * 1000),
                yield_on_timeout=True,
                raise_interrupt=True,
            )
        except OSError as error:
            problem = f"cannot be watched ({error.strerror or error})"
            raise InputError(self.folder, problem, "check the folder") from error

    def _identity(self) -> tuple[int, int]:
        """Changes when the folder is removed, put anew, or covered by another disk."""
        try:
            found = self.folder.stat()
        except OSError as error:
            problem = f"cannot be watched ({error.strerror})"
            raise InputError(self.folder, problem, "check the folder, and start again") from error
        return found.st_dev, found.st_ino

    def _look(self) -> None:
        now = time.monotonic()
        there = dict(self._stamps())
        self._arrivals = {path: one for path, one in self._arrivals.items() if path in there}
        for path, stamp in there.items():
            known = self._arrivals.get(path)
            if known is None or known.stamp != stamp:
                finished = path.suffix.lower() not in UNFINISHED
                self._arrivals[path] = _Arrival(stamp, now + self._settle if finished else inf)

    def _stamps(self) -> Iterator[tuple[Path, Stamp]]:
        for folder, below, names in os.walk(self.folder):
            here = Path(folder)
            below[:] = [name for name in below if files.real(here / name) not in self._apart]
            links = [name for name in below if os.path.islink(here / name)]
            for name in (*names, *links):
                try:
                    found = (here / name).lstat()
                except FileNotFoundError:  # It has gone again.
                    continue
                except OSError:  # Whoever takes it will say why it cannot be looked at.
                    yield here / name, UNTOLD
                else:
                    yield here / name, (found.st_ino, found.st_size, found.st_mtime_ns)

    def _ready(self) -> frozenset[Path]:
        now = time.monotonic()
        ready = set()
        for path, arrival in self._arrivals.items():
            if not arrival.taken and arrival.settled <= now and not _is_written(path):
                arrival.taken = True
                ready.add(path)
        return frozenset(ready)


def isolate(source: Path, inbox: Path, quarantine: Path) -> Path:
    """Move ``source`` out of ``inbox`` to its mirrored place in ``quarantine``; that place.

    Nothing is written over. Raises TargetError, and then ``source`` is where it was.
    """
    target = _free(quarantine / source.relative_to(inbox))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with files.draft_beside(target) as draft:
                shutil.copy2(source, draft)
                with draft.open("rb+") as copy:
                    os.fsync(copy.fileno())
                os.replace(draft, target)
            source.unlink()
    except OSError as error:
        raise files.unwritable(target, error) from error
    return target


def _free(target: Path) -> Path:
    number = 2
    free = target
    while os.path.lexists(free):
        free = target.with_stem(f"{target.stem}-{number}")
        number += 1
    return free


def _is_written(path: Path) -> bool:
    """Whether a process has the file open for writing; False where the system does not tell.

    A lease for reading is only given where nobody writes (fcntl(2), F_SETLEASE).
    """
    if fcntl is None or not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False
