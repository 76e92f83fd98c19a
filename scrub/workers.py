"""Processes that calls are handed out to: whatever a call does to its process costs that call.

An executor like those of :mod:`concurrent.futures`, but where a process dies, hangs or takes
too much memory, only the call that it had in hand ends with an error; the others go on.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from types import FrameType
from typing import Any, Literal

from scrub import machine, progress

GRACE = 20.0
"""Seconds that a worker gets to remove its temporary file when it has to stop."""

FIRST_LOOK = 120.0
"""Seconds in which a worker has to start and to say how long its call may take."""

TICK = 0.5
"""Seconds between two looks at what a worker takes."""

MOVING = 0.001
"""Share of its time that a worker has to use, or it stands still: even a starved one gets more."""

ALLOCATION = {
    # Else what was freed goes back to the system at once, and an eighth of the time of a photograph
    # goes into being given it again.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    # All threads share one pool. What those of a video free comes back to any of them then, and not
    # to the system: a twelfth less time, and a seventh less memory.
    "MALLOC_ARENA_MAX": "1",
    # Pages of 2 MB where the system gives them (from release 2.35 on): the network, which walks
    # through 100 MB for one layer, takes a sixteenth less time with them.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""What the GNU C library reads when a worker starts, unless a person has set it otherwise."""

SHARED_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]
"""What a terminal sends to parent and workers alike: only the parent decides what follows."""

Cause = Literal["death", "time", "memory"]
Call = partial[Any]


class Lost(Exception):
    """The process that had a call in hand is gone; ``writer`` is its number.

    ``ending`` says how one ended that nobody here stopped: "SIGSEGV", "exit status 3".
    """

    def __init__(self, cause: Cause, writer: int, seconds: float = 0.0, ending: str = "") -> None:
        super().__init__(cause, writer, seconds, ending)
        self.cause = cause
        self.writer = writer
        self.seconds = seconds
        self.ending = ending


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one call may take.

    ``patience`` is called in the worker with the call's arguments and gives its seconds: of
    processors' time, and of the clock's while it stands still. ``memory`` is in bytes.
    """

    patience: Callable[..., float]
    memory: int = machine.PLENTY


class Stopwatch:
    """Tells when a call has taken its ``seconds``; to be looked at every TICK.

    ``used`` gives the seconds of processors' time that it had so far, and those count. One that
    goes round in circles uses its patience up, however long others keep the processors from it;
    one that waits for what never comes stands still, and then the clock's count.
    """

    def __init__(self, seconds: float, used: Callable[[], float]) -> None:
        self._seconds, self._used = seconds, used
        self._looked, self._start = time.monotonic(), used()
        self._moved, self._still = self._start, 0.0

    def overdue(self) -> bool:
        """Whether it has taken more."""
        before, self._looked, used = self._looked, time.monotonic(), self._used()
        # Between two looks, all of us may have been stopped for hours.
        self._still += min(self._looked - before, TICK)
        if used - self._moved > self._seconds * MOVING:
            self._moved, self._still = used, 0.0
        return max(used - self._start, self._still) > self._seconds


class Workers(Executor):
    """``count`` processes, each started with its first call and replaced when it is lost.

    A call that lost its process ends with :class:`Lost`. Leaving the block by an exception
    has the workers undo what they have in hand and end.
    """

    def __init__(self, count: int, bounds: Bounds) -> None:
        self.count = count
        self._bounds = bounds
        self._waiting: SimpleQueue[tuple[Future[Any], Call] | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._workers: set[_Worker] = set()
        self._lock = threading.Lock()
        for name, value in ALLOCATION.items():
            os.environ.setdefault(name, value)
        self._threads = [threading.Thread(target=self._hand_out) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            self._stopping.set()
            with self._lock:
                for worker in self._workers:
                    worker.hang_up()
        for _ in self._threads:
            self._waiting.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.shutdown(cancel_futures=kind is not None)

    def _hand_out(self) -> None:
        """One thread's life: it keeps one worker busy."""
        _deafen()
        worker = None
        while item := self._waiting.get():
            future, call = item
            if self._stopping.is_set() or not future.set_running_or_notify_cancel():
                future.cancel()
                continue
            try:
                worker = worker or self._hired()
                future.set_result(worker.answer(call))
            except Lost as error:
                self._dismiss(worker)
                worker = None
                future.set_exception(error)
            except Exception as error:  # Whatever it was belongs to the call's owner.
                future.set_exception(error)
        self._dismiss(worker)

    def _hired(self) -> _Worker:
        with self._lock:
            worker = _Worker(self._bounds)
            self._workers.add(worker)
            if self._stopping.is_set():
                worker.hang_up()
        return worker

    def _dismiss(self, worker: _Worker | None) -> None:
        if worker is not None:
            with self._lock:
                self._workers.discard(worker)
                worker.hang_up()
            worker.process.join()


class _Worker:
    """One process, seen from its parent."""

    def __init__(self, bounds: Bounds) -> None:
        # A fork would copy the parent's threads and locks half-way; spawn is the same everywhere.
        context = get_context("spawn")
        self._memory = bounds.memory
        # One-way pipes: one that goes both ways would be a socket.
        calls, self._calls = context.Pipe(duplex=False)
        self._answers, answers = context.Pipe(duplex=False)
        # Nothing is ever sent here: a worker stops when this end is closed or its holder is gone.
        life, self._life = context.Pipe(duplex=False)
        self.process: SpawnProcess = context.Process(
            target=_serve, args=(calls, answers, life, bounds.patience)
        )
        self.process.start()
        for far_end in (calls, answers, life):
            far_end.close()

    def hang_up(self) -> None:
        """Tell the worker to undo what it has in hand and to end."""
        self._life.close()

    def answer(self, call: Call) -> Any:
        """What the call returns or raises; raises Lost where the worker is lost."""
        seconds = FIRST_LOOK
        try:
            self._calls.send(call)
            seconds = self._received(seconds)
            answer, error = self._received(seconds)
        except (EOFError, OSError):
            self.process.join(TICK)  # It has closed its pipes, and may not be quite dead.
            self._lose("death", seconds)
        if error is not None:
            raise error
        return answer

    def _received(self, seconds: float) -> Any:
        """What it says next but for progress."""
        stopwatch = Stopwatch(seconds, partial(machine.busy, self._pid))
        while True:
            if wait([self._answers, self.process.sentinel], TICK):
                message = self._answers.recv()
                if not isinstance(message, progress.Step):
                    return message
                progress.pass_on(message)
            if stopwatch.overdue():
                self._lose("time", seconds)
            if machine.resident(self._pid) > self._memory:
                self._lose("memory", seconds)

    @property
    def _pid(self) -> int:
        return self.process.pid or 0

    def _lose(self, cause: Cause, seconds: float) -> None:
        self.process.kill()
        self.process.join()
        raise Lost(cause, self._pid, seconds, _ending(self.process.exitcode or 0))


def _ending(exitcode: int) -> str:
    """In words, how a process ended; negative numbers are those of signals."""
    if exitcode < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-exitcode).name
    return f"exit status {exitcode}"


def _deafen() -> None:
    """A process inherits this from the thread that starts it, and is deaf from its first moment."""
    if hasattr(signal, "pthread_sigmask"):
        # Python starts this process beside the first worker otherwise, and then listens again.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, SHARED_SIGNALS)


# --- inside a worker ----------------------------------------------------------------------------

_call_in_hand = threading.Lock()

_speaking = threading.Lock()
"""Progress comes from any thread, and only whole messages can be understood."""


def _serve(
    calls: Connection, answers: Connection, life: Connection, patience: Callable[..., float]
) -> None:
    """A worker's life: calls in, answers out, until the last line is cut."""
    for shared in SHARED_SIGNALS:
        signal.signal(shared, signal.SIG_IGN)
    threading.Thread(target=_stop_when_cut, args=(life,), daemon=True).start()
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            _answer(answers, patience, calls.recv())
    os._exit(1)


def _answer(answers: Connection, patience: Callable[..., float], call: Call) -> None:
    """One call. Told to stop, it unwinds and removes its draft on the way."""
    signal.signal(signal.SIGTERM, _unwind)
    try:
        with _call_in_hand, progress.heard(partial(_say, answers)):
            try:
                _say(answers, patience(*call.args, **call.keywords))
                answer: tuple[Any, Exception | None] = call(), None
            except Exception as error:
                answer = None, error
        _say(answers, answer)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _say(answers: Connection, message: object) -> None:
    with _speaking:
        answers.send(message)


def _stop_when_cut(life: Connection) -> None:
    """Wait until the parent hangs up or is gone; then have the call in hand undone, and end."""
    with contextlib.suppress(EOFError, OSError):
        life.recv_bytes()
    _thread.interrupt_main(signal.SIGTERM)
    _call_in_hand.acquire(timeout=GRACE)
    os._exit(1)


def _unwind(number: int, frame: FrameType | None) -> None:
    """Leave the call in hand; a second signal must not disturb the removal of its draft."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
