"""Does what was planned: a crew of workers, the ledger, and the report of each file as it ends."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace

from scrub import files, jobs, machine
from scrub.agenda import Agenda
from scrub.jobs import Crew, Order
from scrub.ledger import Ledger
from scrub.report import FileReport
from scrub.settings import Settings
from scrub.workers import Bounds, Workers

A_WORKER = 3 << 29
"""Bytes of memory that a worker may need: so many are started unasked as have them."""

MOST_MEMORY = 0.8
"""Share of the machine's memory from which on a worker is stopped, before the system is."""


@contextlib.contextmanager
def crew(wanted: int | None, most: int = sys.maxsize) -> Iterator[Crew]:
    """Worker processes on this machine for ``wanted`` cores, no more than ``most``.

    None: for each core, as far as memory goes. Where there are fewer workers than cores, each uses
    several. Interrupted, they undo what is in hand.
    """
    cores = min(wanted or sys.maxsize, machine.cores())
    count = wanted or max(1, min(cores, machine.memory() // A_WORKER))
    count = max(1, min(count, most))
    bounds = Bounds(jobs.patience, int(machine.memory() * MOST_MEMORY))
    with Workers(count, bounds) as workers:
        yield Crew(workers, count, max(1, cores // count))


def work(
    agenda: Agenda,
    settings: Settings,
    crew: Crew,
    dry_run: bool = False,
    ledger: Ledger | None = None,
) -> Generator[FileReport, None, None]:
    """Do what was planned, the largest files first.

    Each file's report comes when it is done, those settled before first. Raises TargetError
    where the ledger cannot be written.
    """
    yield from agenda.settled
    order = Order(settings, crew.threads, dry_run)
    if not dry_run:
        for folder in {job.target.parent for job in agenda.jobs} | agenda.littered:
            files.remove_abandoned(folder)
        if ledger is not None:
            ledger.begin((job.place, job.stamp, job.copy) for job in agenda.jobs)
    largest_first = sorted(agenda.jobs, key=lambda job: -job.size)
    with contextlib.closing(jobs.run(largest_first, order, crew)) as ends:
        for end in ends:
            if ledger is not None and end.proof is not None:
                job, proof = end.job, end.proof
                ledger.finish(job.place, proof.source, settings, job.copy, proof.copy)
            match end.report.status:
                case "cleaned":
                    yield replace(end.report, reason=end.job.note)
                case "planned":
                    yield replace(end.report, target=end.job.target)
                case _:
                    yield end.report


def until_full(
    reports: Generator[FileReport, None, None], agenda: Agenda
) -> Generator[FileReport, None, None]:
    """The reports of what was planned, as long as copies find room.

    Raises StorageError where one failed and the smallest would not fit: all others, too, would
    be looked at for nothing.
    """
    folders = {job.source: job.target.parent for job in agenda.jobs}
    smallest = min((job.size for job in agenda.jobs), default=0)
    with contextlib.closing(reports):
        for report in reports:
            folder = folders.get(report.source)
            if report.status == "failed" and folder and not files.has_room(folder, smallest):
                raise files.full(folder)
            yield report
