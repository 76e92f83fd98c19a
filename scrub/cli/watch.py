"""``scrub watch``: cleans what arrives in a folder."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from scrub.cli import options
from scrub.cli.commands import Command
from scrub.cli.options import INCOMPLETE, PATH
from scrub.settings import Settings

if TYPE_CHECKING:
    from scrub.console import Console
    from scrub.watch import Inbox


@click.command(cls=Command)
@click.argument("inbox", metavar="INBOX", type=PATH)
@click.option(
    "-o", "--out", metavar="DIR", type=PATH, required=True, help="Put the copies here; mirrored."
)
@click.option("--once", is_flag=True, help="Clean what is there and end, instead of waiting.")
@click.option(
    "--quarantine",
    metavar="DIR",
    type=PATH,
    help="Move here what is damaged, too large or no picture; without it, nothing is moved.",
)
@click.option(
    "--settle",
    metavar="SECONDS",
    type=float,
    default=5.0,
    show_default=True,
    help="Take a file when it has not changed for so long.",
)
@options.settings
@options.jobs
@options.report
@options.quiet
def watch(
    inbox: Path,
    out: Path,
    once: bool,
    quarantine: Path | None,
    settle: float,
    settings: Settings,
    jobs: int | None,
    report: Path | None,
    quiet: bool,
) -> None:
    """Write clean copies of what arrives in a folder, until stopped.

    \b
      scrub watch inbox --out cleaned           a hot folder
      scrub watch inbox --out cleaned --once    every night, from a timetable

    A file is taken when it has stopped growing. Originals stay where they are; what was done
    before is not done again, also after a restart. Stop it with Ctrl-C or SIGTERM.

    Exit status 0: all that arrived was done. 2: something was refused or failed.
    """  # noqa: D301 - click wants a real backspace character where lines are to be kept
    # What follows takes a while to load, and the help must not wait for it.
    from scrub import batch, journal, ledger
    from scrub.cli import places
    from scrub.cli.running import Run
    from scrub.console import Console
    from scrub.errors import InputError, ScrubError, UsageError
    from scrub.find import find
    from scrub.report import FileReport
    from scrub.watch import LONGEST_REST, Inbox, isolate

    console = Console(-1 if quiet else 1)
    run = Run(console)
    planned = 0
    signal.signal(signal.SIGTERM, _stop)
    try:
        if not os.path.isdir(inbox):
            raise InputError(inbox, "is not a folder", "name the folder in which files arrive")
        if not 0 <= settle <= LONGEST_REST:
            problem = f"--settle {settle:g} is out of range"
            raise UsageError(None, problem, f"use a number from 0 to {LONGEST_REST:g}")
        places.check([inbox], out)
        if quarantine is not None:
            places.check_quarantine(quarantine, inbox, out)
        if report is not None:
            places.check_report(report, inbox)
        apart = [place for place in (out, quarantine) if place is not None]
        arriving = Inbox(inbox, apart, settle)

        def sort_out(done: FileReport) -> None:
            if done.status in ("failed", "refused") and not done.unfit:
                arriving.put_back(done.source)
            elif done.unfit and quarantine is not None:
                try:
                    isolate(done.source, inbox, quarantine)
                except ScrubError as error:
                    console.problem(str(error))

        with contextlib.ExitStack() as held:
            known = held.enter_context(ledger.opened(out))
            record = held.enter_context(journal.opened(report)) if report else None
            listeners = [sort_out, *([record.add] if record else [])]
            if not once:
                console.note(f"watching {inbox}; stop with Ctrl-C")
            try:
                with contextlib.suppress(KeyboardInterrupt), batch.crew(jobs) as crew:
                    for ready in _present(arriving, console) if once else arriving.batches():
                        found = find([inbox], out, settings.to, ready)
                        plan = batch.plan(found, out, settings, overwrite=False, ledger=known)
                        total = len(plan.jobs) + len(plan.settled)
                        planned += total
                        work = batch.work(plan, settings, crew, ledger=known)
                        run.follow(work, total, *listeners)
            except ScrubError:  # Nothing can go on; what was done is still told.
                run.end(planned, record)
                raise
            ended = run.end(planned, record)
    except ScrubError as error:
        console.problem(str(error))
        sys.exit(INCOMPLETE)
    sys.exit(ended.exit_status if planned else 0)


def _present(arriving: Inbox, console: Console) -> Iterator[frozenset[Path]]:
    """What is complete now; the rest is named."""
    ready = arriving.present()
    for path in arriving.incomplete():
        console.problem(f"{path}: is still arriving: left for the next time")
    yield ready


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
