"""Runs jobs in processes of their own, so that a crash costs one file and not the run."""

from __future__ import annotations

import _thread
import os
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context, parent_process
from pathlib import Path

from scrub import pipeline
from scrub.detectors.presets import Eyes, eyes
from scrub.errors import ScrubError, WorkerError
from scrub.report import FileReport, refusal
from scrub.settings import Settings

GRACE = 20.0
"""Seconds that an orphaned worker gets to remove its temporary file."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to clean, its target, and the target's permissions (None: a new file's)."""

    source: Path
    target: Path
    mode: int | None = None


def run(
    jobs: Sequence[Job], settings: Settings, count: int, dry_run: bool = False
) -> Generator[FileReport, None, None]:
    """Clean ``jobs`` with ``count`` worker processes; each report comes as its file is done.

    With ``dry_run`` nothing is written. A worker that dies takes at most ``count`` files
    with it; each of these is tried once more alone, and fails where its worker dies again.
    """
    waiting = list(reversed(jobs))
    suspects: list[Job] = []
    while waiting:
        with _Pool(settings, count, dry_run) as pool:
            yield from pool.work_through(waiting, suspects)
    for job in suspects:
        again: list[Job] = []
        with _Pool(settings, 1, dry_run) as pool:
            yield from pool.work_through([job], again)
        if again:
            died = WorkerError(
                job.source,
                "made the worker process end without an answer",
                "look whether memory ran out; otherwise the file is broken in a new way: keep it",
            )
            yield refusal(job.source, died)


class _Pool:
    """Worker processes that all hold the same settings."""

    def __init__(self, settings: Settings, count: int, dry_run: bool) -> None:
        threads = max(1, (os.cpu_count() or 1) // count)
        self._count = count
        self._task = (settings, threads, dry_run)
        # A fork would copy the parent's threads and locks half-way; spawn is the same everywhere.
        self._pool = ProcessPoolExecutor(count, get_context("spawn"), _begin)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def work_through(self, waiting: list[Job], suspects: list[Job]) -> Iterator[FileReport]:
        """Take jobs from the end of ``waiting`` until none is left or a worker died.

        Only as many are handed out as there are workers, so that the ones which were in
        hand when a worker died are known: these go to ``suspects``.
        """
        running: dict[Future[FileReport], Job] = {}
        while waiting or running:
            while waiting and len(running) < self._count:
                job = waiting.pop()
                try:
                    running[self._pool.submit(_work, job, *self._task)] = job
                except BrokenProcessPool:
                    suspects.extend([job, *running.values()])
                    return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            broken = False
            for future in done:
                job = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    suspects.append(job)
                    broken = True
            if broken:
                suspects.extend(running.values())
                return


def _begin() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for ever: remove what it writes, then end."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        _thread.interrupt_main()
        time.sleep(GRACE)
        os._exit(1)


def _work(job: Job, settings: Settings, threads: int, dry_run: bool) -> FileReport:
    """One file, whatever comes of it."""
    try:
        looking = None if settings.metadata_only else _eyes(settings.preset, threads)
        if dry_run:
            return pipeline.preview(job.source, settings, looking)
        return pipeline.clean(job.source, job.target, settings, looking, job.mode)
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
def _eyes(preset: str, threads: int) -> Eyes:
    return eyes(preset, threads)
