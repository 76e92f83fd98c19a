"""One file in a worker, and many of them on an executor: each has one end, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

import cv2

from scrub import files, pipeline
from scrub.detectors.presets import Eyes, eyes
from scrub.errors import (
    ClusterError,
    ScrubError,
    StorageError,
    VerificationError,
    WorkerError,
)
from scrub.formats import probe
from scrub.report import FileReport, refusal
from scrub.settings import Settings
from scrub.workers import Lost

AHEAD = 2
"""Jobs that are handed out for each worker: one in hand, and the next, so that none waits."""

SECONDS_A_FILE = 120.0
SECONDS_A_FRAME = 1.0
SECONDS_A_MEGAPIXEL = 2.0
"""What a file may take of processors' time: some thirty times what one core of 2020 needs for a
thorough look."""

KILLED = "SIGKILL"
"""How a process ends that the system stops for the sake of memory."""

LEAST_FRAME = 1000
"""Bytes of a video for each of its frames, where they are few."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file of which to write a clean copy at ``target``; classes below do other things with it.

    ``size`` is the original's in bytes. ``place`` and ``copy`` are where both are below the
    input and the output folder; ``stamp`` changes when the original does; ``note`` says what
    becomes of an earlier copy.
    """

    source: Path
    target: Path
    size: int = 0
    place: Path = Path()
    copy: Path = Path()
    stamp: bytes = b""
    note: str = ""

    def do(self, settings: Settings, eyes: Eyes | None, dry_run: bool) -> FileReport:
        """What a worker is to do, with ``eyes`` unless faces are left; may raise ScrubError."""
        if dry_run:
            return pipeline.preview(self.source, settings, eyes)
        return pipeline.clean(self.source, self.target, settings, eyes)


@dataclass(frozen=True, slots=True)
class Order:
    """How all jobs of a run are to be done; ``threads`` is cores that each may use."""

    settings: Settings
    threads: int = 1
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """Digests of an original and of its verified copy."""

    source: bytes
    copy: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """How a job ended; with a proof where a copy was made that can be recognised later."""

    job: Job
    report: FileReport
    proof: Proof | None = None


def run(jobs: Iterable[Job], order: Order, crew: Crew) -> Generator[Done, None, None]:
    """Do ``jobs``; each end comes as it is reached. Raises ClusterError where the cluster is lost.

    A job whose worker died is tried once more at the end, alone: what kills for lack of memory
    takes the largest, who may be innocent. Jobs are taken as they are needed.
    """
    suspects: list[Job] = []
    submit: Callable[..., Future[Done]] = crew.executor.submit
    call = partial(submit, crew.task)
    yield from _through(iter(jobs), order, call, crew.count * AHEAD, suspects)
    yield from _through(iter(suspects), order, call, 1)


def _through(
    jobs: Iterator[Job],
    order: Order,
    call: Callable[..., Future[Done]],
    most: int,
    suspects: list[Job] | None = None,
) -> Generator[Done, None, None]:
    """At most ``most`` at a time; those whose worker died are put among ``suspects``."""
    in_hand: dict[Future[Done], Job] = {}
    try:
        while True:
            for job in islice(jobs, most - len(in_hand)):
                in_hand[call(job, order)] = job
            if not in_hand:
                return
            for future in wait(in_hand, return_when=FIRST_COMPLETED).done:
                job = in_hand.pop(future)
                try:
                    yield future.result()
                except Lost as error:
                    files.remove_drafts(job.target.parent, error.writer)
                    if suspects is not None and error.cause == "death":
                        suspects.append(job)
                    else:
                        yield Done(job, refusal(job.source, _explained(job, error)))
                except ClusterError:
                    raise
                except ScrubError as error:
                    yield Done(job, refusal(job.source, error))
                except Exception as error:
                    yield Done(job, _unforeseen(job, error))
    finally:
        for future in in_hand:
            future.cancel()


def attend(job: Job, order: Order) -> Done:
    """One file, whatever comes of it; runs in a worker."""
    try:
        return _attended(job, order)
    except VerificationError as error:
        return Done(job, refusal(job.source, _cut_short(job) or error))
    except ScrubError as error:
        return Done(job, refusal(job.source, error))
    except MemoryError:
        return Done(job, refusal(job.source, _too_hungry(job)))
    except Exception as error:  # One file's surprise must not cost the others their turn.
        return Done(job, _unforeseen(job, error))


@dataclass(frozen=True, slots=True)
class Crew:
    """``count`` workers behind an executor, who do ``task``; each may use so many threads."""

    executor: Executor
    count: int
    threads: int = 1
    task: Callable[[Job, Order], Done] = attend


def patience(job: Job, order: Order) -> float:
    """Seconds that a job may take before its worker counts as stuck; grows with its frames.

    See :class:`scrub.workers.Bounds` for what is counted.
    """
    try:
        media = probe(job.source, order.settings.max_side)
    except Exception:  # Why it cannot be read, the attempt itself will say.
        return SECONDS_A_FILE
    megapixels = media.width * media.height / 1_000_000
    frame = SECONDS_A_FRAME + SECONDS_A_MEGAPIXEL * megapixels
    # How many frames a video has is only known when it has been read.
    frames = media.frames or job.source.stat().st_size / LEAST_FRAME
    return SECONDS_A_FILE + frames * frame


def _attended(job: Job, order: Order) -> Done:
    settings = order.settings
    cv2.setNumThreads(order.threads)
    looking = None if settings.metadata_only else _eyes(settings, order.threads)
    before = files.fingerprint(job.source)
    report = job.do(settings, looking, order.dry_run)
    if report.status != "cleaned" or job.source == job.target:
        return Done(job, report)
    source, copy = files.digest(job.source), files.digest(job.target)
    unchanged = files.fingerprint(job.source) == before
    return Done(job, report, Proof(source, copy) if unchanged else None)


def _cut_short(job: Job) -> StorageError | None:
    """What to say where a bad copy may come from an encoder that never noticed a full disk."""
    folder = job.target.parent
    return None if files.has_room(folder, job.size) else files.full(folder)


@lru_cache(maxsize=1)
def _eyes(settings: Settings, threads: int) -> Eyes:
    return eyes(settings.preset, threads, settings.model)


def _explained(job: Job, lost: Lost) -> WorkerError:
    match lost.cause:
        case "time":
            problem = f"was not finished in {_time(lost.seconds)} and given up"
            remedy = "try it alone; if it hangs again, it is broken in a new way: report it"
        case "memory":
            return _too_hungry(job)
        case "death" if lost.ending == KILLED:
            problem = "had its worker killed from outside, twice; memory may have run out"
            remedy = "close other programs, or try --jobs 1 or --max-side"
        case "death":
            how = f" ({lost.ending})" if lost.ending else ""
            problem = f"made each worker crash that was given it{how}"
            remedy = "it is broken in a new way: keep it and report it"
    return WorkerError(job.source, problem, remedy)


def _too_hungry(job: Job) -> WorkerError:
    problem = "needed more memory than this machine can give to one file"
    return WorkerError(job.source, problem, "try --max-side or a machine with more memory")


def _time(seconds: float) -> str:
    count, unit = (seconds / 60, "minute") if seconds >= 60 else (seconds, "second")
    return f"{count:.0f} {unit}{'' if round(count) == 1 else 's'}"


def _unforeseen(job: Job, error: Exception) -> FileReport:
    return FileReport(
        job.source,
        "failed",
        reason=f"ran into something unforeseen ({type(error).__name__}: {error}); "
        "nothing was written, please report it",
    )
