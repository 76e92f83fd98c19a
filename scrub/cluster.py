"""The same work on many machines, by Dask Distributed; needs scrub[cluster].

Nothing here is imported without ``--cluster``: it is the one part of scrub that speaks over a
network, to the scheduler that a person named and to the storage that the files are on.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from scrub import files, jobs, machine, storage
from scrub.errors import ClusterError
from scrub.jobs import Crew, Done, Job, Order, Proof
from scrub.storage import is_address
from scrub.workers import TICK, Lost, Stopwatch

CONNECT = 30.0
"""Seconds to wait for the scheduler, and for a first worker."""

TALKERS = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
"""Logs in which the cluster's parts tell of each other's end, at length."""

RETRIES = 2
"""How often a task is tried again that ended with an error of the network."""


@contextlib.contextmanager
def crew(address: str, wanted: int | None = None) -> Iterator[Crew]:
    """The workers of the scheduler at ``address``: ``wanted`` of their threads, None for all.

    Raises ClusterError where it does not answer or has no workers.
    """
    try:
        # Its log lines would stand between ours.
        import_module("dask").config.set({"logging": dict.fromkeys(TALKERS, "critical")})
        distributed = import_module("distributed")
    except ImportError as error:
        problem = f"--cluster needs a part that is not installed ({error.name})"
        remedy = "install it with pip install '.[cluster]' where scrub's own folder is"
        raise ClusterError(None, problem, remedy) from error
    with contextlib.ExitStack() as held:
        try:
            # A client that was given half an address is a minute about its end.
            import_module("distributed.comm").get_address_host_port(address)
            client = held.enter_context(
                distributed.Client(address, timeout=CONNECT, set_as_default=False)
            )
            client.wait_for_workers(1, timeout=CONNECT)
            threads = sum(client.nthreads().values())
            everywhere = client.run(installed, on_error="return")
        except (OSError, ValueError) as error:
            problem = f"no scheduler with workers answers at {address} ({error})"
            remedy = "check the address and start dask scheduler and dask worker"
            raise ClusterError(None, problem, remedy) from error
        _check_installed(everywhere)
        translated = _Translated(client, distributed.KilledWorker)
        yield Crew(translated, min(threads, wanted or threads), task=attend)


def installed() -> str:
    """Stands for the program and the weights that are installed where this is called."""
    package = Path(__file__).parent
    parts = [
        *package.rglob("*.py"),
        *package.glob("models/*.onnx"),
        *package.glob("models/*.tflite"),
    ]
    named = ((part.relative_to(package).as_posix().encode(), part) for part in sorted(parts))
    whole = b"".join(name + files.digest(part) for name, part in named)
    return hashlib.sha256(whole).hexdigest()


def _check_installed(everywhere: Mapping[str, str | Exception]) -> None:
    """Raise ClusterError where a worker has not the scrub that this machine has."""
    for worker, found in everywhere.items():
        if isinstance(found, Exception):
            problem = f"the worker at {worker} cannot load scrub ({found})"
        elif found != installed():
            problem = f"the worker at {worker} has another version of scrub, or other weights"
        else:
            continue
        raise ClusterError(None, problem, "install the same scrub on all machines")


def attend(job: Job, order: Order) -> Done:
    """One file on a worker of the cluster, streamed through private files where it is far away.

    A worker that hangs ends itself; the scheduler gives its file to another.
    """
    with tempfile.TemporaryDirectory(prefix="scrub-") as folder:
        near = job
        if is_address(job.source):
            near = replace(near, source=Path(folder, f"original{job.source.suffix}"))
            before = storage.Storage().digest(job.source)
            storage.fetch(job.source, near.source)
        if is_address(job.target):
            near = replace(near, target=Path(folder, "copy", job.target.name))
        with _ended_after(jobs.patience(near, order)):
            done = jobs.attend(near, order)
        proof = done.proof
        if is_address(job.target) and done.report.status == "cleaned":
            storage.store(near.target, job.target)
            proof = proof and replace(proof, copy=storage.Storage().digest(job.target))
        if is_address(job.source):
            proof = proof and Proof(before, proof.copy)
    target = None if done.report.target is None else job.target
    return Done(job, replace(done.report, source=job.source, target=target), proof)


class _Translated(Executor):
    """A Dask client as an executor, with errors of ours for those that are the cluster's.

    Dask's own asks how a call ended after it has fetched the result: where the worker that held it
    is lost in between, it takes the result for an error, or never ends.
    """

    def __init__(self, client: Any, killed: type[Exception]) -> None:
        self._client = client
        self._killed = killed

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            inner = self._client.submit(fn, *args, pure=False, retries=RETRIES, **kwargs)
        except Exception as error:
            raise self._lost(error) from error
        future.add_done_callback(lambda ended: ended.cancelled() and inner.cancel())
        inner.add_done_callback(lambda ended: self._pass_on(ended, future))
        return future

    def _pass_on(self, inner: Any, outer: Future[Any]) -> None:
        if not outer.set_running_or_notify_cancel():
            return
        try:
            outer.set_result(inner.result())
        except CancelledError as error:
            outer.set_exception(self._lost(error))
        except self._killed:
            # Dask suspects all that a lost worker was given: alone, the innocent come through.
            outer.set_exception(Lost("death", writer=0))
        except Exception as error:
            outer.set_exception(error)

    def _lost(self, error: BaseException) -> ClusterError:
        problem = f"the cluster's scheduler was lost ({type(error).__name__})"
        return ClusterError(None, problem, "start it and run scrub again")


@contextlib.contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """End this process, if the block takes longer, as :class:`scrub.workers.Stopwatch` counts.

    Other files are in other threads of the same process: it is this thread's time that counts.
    """
    stopwatch = Stopwatch(seconds, machine.thread_clock())
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(TICK):
            if stopwatch.overdue():
                os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()
