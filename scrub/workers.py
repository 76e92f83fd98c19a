"""Runs jobs in processes of their own, so that a crash costs one file and not the run."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from scrub import files, pipeline
from scrub.detectors.presets import Eyes, eyes
from scrub.errors import ScrubError, WorkerError
from scrub.report import FileReport, refusal
from scrub.settings import Settings

GRACE = 20.0
"""Seconds that a worker gets to remove its temporary file when it has to stop."""

SHARED_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]
"""What a terminal sends to parent and workers alike: only the parent decides what follows."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to clean, its target, and the target's permissions (None: a new file's).

    A job of another class does something else with its file.
    """

    source: Path
    target: Path
    mode: int | None = None

    def do(self, settings: Settings, eyes: Eyes | None, dry_run: bool) -> FileReport:
        """What a worker is to do, with ``eyes`` unless faces are left; may raise ScrubError."""
        if dry_run:
            return pipeline.preview(self.source, settings, eyes)
        return pipeline.clean(self.source, self.target, settings, eyes, self.mode)


def run(
    jobs: Sequence[Job], settings: Settings, count: int, dry_run: bool = False
) -> Generator[FileReport, None, None]:
    """Do ``jobs`` with ``count`` worker processes; each report comes as its file is done.

    With ``dry_run`` nothing is written. A worker that dies takes at most ``count`` files
    with it; each of these is tried once more alone, and fails where its worker dies again.
    """
    waiting = list(reversed(jobs))
    suspects: list[Job] = []
    while waiting:
        suspects += yield from _until_a_death(waiting, settings, count, dry_run)
    for job in suspects:
        if (yield from _until_a_death([job], settings, 1, dry_run)):
            died = WorkerError(
                job.source,
                "made the worker process end without an answer",
                "look whether memory ran out; otherwise the file is broken in a new way: keep it",
            )
            yield refusal(job.source, died)


def _until_a_death(
    waiting: list[Job], settings: Settings, count: int, dry_run: bool
) -> Generator[FileReport, None, list[Job]]:
    """Take jobs from the end of ``waiting``; return those in hand when a worker died."""
    with _Pool(settings, count, dry_run) as pool:
        yield from pool.work_through(waiting)
    return list(pool.in_hand.values())


class _Pool:
    """Worker processes that all hold the same settings.

    Only as many jobs are handed out as there are workers, so that those which a dying worker
    takes with it are known: they stay ``in_hand``.
    """

    def __init__(self, settings: Settings, count: int, dry_run: bool) -> None:
        threads = max(1, (os.cpu_count() or 1) // count)
        self._count = count
        self._task = (settings, threads, dry_run)
        self.in_hand: dict[Future[FileReport], Job] = {}
        # A fork would copy the parent's threads and locks half-way; spawn is the same everywhere.
        context = get_context("spawn")
        # Nothing is ever sent: a worker stops when this end is closed or its holder is gone.
        far_end, self._line = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(count, context, _begin, (far_end,))
        # An interrupt of the main thread must not leave a process that is half started.
        self._starter = ThreadPoolExecutor(1, initializer=_deafen)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self._line.close()
        self._starter.shutdown()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._line.close()
        for job in self.in_hand.values():
            files.remove_drafts(job.target.parent, os.getpid())

    def work_through(self, waiting: list[Job]) -> Iterator[FileReport]:
        """Take jobs from the end of ``waiting`` until none is left or a worker died."""
        while waiting or self.in_hand:
            while waiting and len(self.in_hand) < self._count:
                try:
                    future = self._starter.submit(self._hand_out, waiting[-1]).result()
                except BrokenProcessPool:
                    return
                self.in_hand[future] = waiting.pop()
            done, _ = wait(self.in_hand, return_when=FIRST_COMPLETED)
            for future in done:
                if future.exception() is None:
                    del self.in_hand[future]
                    yield future.result()
            if not done.isdisjoint(self.in_hand):
                return

    def _hand_out(self, job: Job) -> Future[FileReport]:
        return self._pool.submit(_work, job, *self._task)


def _deafen() -> None:
    """A process inherits this from the thread that starts it, and is deaf from its first moment."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, SHARED_SIGNALS)


_file_in_hand = threading.Lock()


def _begin(line: Connection) -> None:
    for shared in SHARED_SIGNALS:
        signal.signal(shared, signal.SIG_IGN)
    threading.Thread(target=_stop_when_cut, args=(line,), daemon=True).start()


def _stop_when_cut(line: Connection) -> None:
    """Wait until the parent hangs up or is gone; then have the file in hand undone, and end."""
    with contextlib.suppress(EOFError, OSError):
        line.recv_bytes()
    _thread.interrupt_main(signal.SIGTERM)
    _file_in_hand.acquire(timeout=GRACE)
    os._exit(1)


def _work(job: Job, settings: Settings, threads: int, dry_run: bool) -> FileReport:
    """One file, whatever comes of it. Told to stop, the worker removes its draft and ends."""
    try:
        signal.signal(signal.SIGTERM, _unwind)
        with _file_in_hand:
            return _attempt(job, settings, threads, dry_run)
    except KeyboardInterrupt:
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unwind(number: int, frame: FrameType | None) -> None:
    """Leave the file in hand; a second signal must not disturb the removal of its draft."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _attempt(job: Job, settings: Settings, threads: int, dry_run: bool) -> FileReport:
    try:
        looking = (
            None if settings.metadata_only else _eyes(settings.preset, threads, settings.model)
        )
        return job.do(settings, looking, dry_run)
    except ScrubError as error:
        return refusal(job.source, error)
    except Exception as error:  # One file's surprise must not cost the others their turn.
        return FileReport(
            job.source,
            "failed",
            reason=f"ran into something unforeseen ({type(error).__name__}: {error}); "
            "nothing was written, please report it",
        )


@lru_cache(maxsize=1)
def _eyes(preset: str, threads: int, model: Path | None) -> Eyes:
    return eyes(preset, threads, model)
