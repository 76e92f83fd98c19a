"""A run in front of a person: from the plan to the summary, however it ends."""

from __future__ import annotations

import contextlib
import time
from contextlib import AbstractContextManager

from scrub import batch
from scrub.batch import Outline
from scrub.console import Console
from scrub.jobs import Crew
from scrub.journal import Journal
from scrub.ledger import Ledger
from scrub.report import RunReport, Tally
from scrub.settings import Settings


def carry_out(
    plan: Outline,
    settings: Settings,
    crew: AbstractContextManager[Crew],
    console: Console,
    started: float,
    *,
    dry_run: bool = False,
    ledger: Ledger | None = None,
    record: Journal | None = None,
) -> RunReport:
    """Do what is planned, tell what happens, and say what it came to.

    An interrupt has the files in hand undone; the report counts what it left. ``started`` is
    by the clock that only goes forward. Raises ScrubError where nothing can go on.
    """
    total = len(plan.jobs) + len(plan.settled)
    tally = Tally()
    with contextlib.suppress(KeyboardInterrupt), crew as hands:
        work = batch.work(plan, settings, hands, dry_run, ledger)
        with contextlib.closing(work):
            for done in console.progress(work, total):
                tally.add(done)
                if record is not None:
                    record.add(done)
    run = tally.close(time.monotonic() - started, dry_run, total - tally.total)
    console.summary(run)
    if record is not None:
        record.finish(run)
    return run
