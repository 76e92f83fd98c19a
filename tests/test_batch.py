"""A run's work: how many do it, and when it ends for lack of room."""

from __future__ import annotations

import dataclasses
import multiprocessing
import shutil
from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from scrub import batch, machine
from scrub.agenda import Agenda
from scrub.errors import StorageError
from scrub.report import FileReport, Status
from scrub.settings import Settings
from tests.test_agenda import drawn_up, tree

# --- a disk that becomes full -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "free", "told"),
    [("failed", 0, []), ("failed", 10**12, ["a.jpg", "b.jpg"]), ("refused", 0, ["a.jpg", "b.jpg"])],
)
def test_a_run_ends_where_nothing_more_fits(
    inbox: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: Status,
    free: int,
    told: list[str],
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    tree(inbox, "a.jpg", "b.jpg")
    plan = drawn_up([inbox], out)
    closed = []

    def work() -> Generator[FileReport, None, None]:
        try:
            for job in plan.jobs:
                yield FileReport(job.source, status, reason="cannot be written; make room")
        finally:
            closed.append(True)

    heard = []
    with nullcontext() if told else pytest.raises(StorageError, match="out: has no room left"):
        heard += (report.source.name for report in batch.until_full(work(), plan))
    assert heard == told
    assert closed == [True]


# --- the crew -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cores", "gigabytes", "asked", "given", "threads"),
    [
        (1, 8, None, 1, 1),
        (2, 8, None, 2, 1),
        (64, 8, None, 3, 21),
        (64, 3.5, None, 2, 32),
        (2, 0.5, None, 1, 2),
        (1, 1, 3, 3, 1),
        (8, 8, 7, 3, 2),
        (8, 8, 1, 1, 1),
        (2, 8, 64, 3, 1),
        (8, 8, 64, 3, 2),
    ],
)
def test_there_are_no_more_workers_than_cores_memory_or_files(
    plan: Agenda,
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    gigabytes: float,
    asked: int | None,
    given: int,
    threads: int,
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: cores)
    monkeypatch.setattr(machine, "memory", lambda: int(gigabytes * (1 << 30)))
    with batch.crew(asked, len(plan.jobs)) as crew:
        assert (crew.count, crew.threads) == (given, threads)


def test_without_jobs_no_worker_is_started(plan: Agenda) -> None:
    settled = dataclasses.replace(plan, jobs=())
    before = multiprocessing.active_children()
    with batch.crew(None) as crew:
        assert list(batch.work(settled, Settings(), crew)) == list(plan.settled)
        assert multiprocessing.active_children() == before
