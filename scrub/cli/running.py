"""Work in front of a person: told as it is done, added up, and written down."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from scrub import batch
from scrub.agenda import Agenda
from scrub.console import Console
from scrub.journal import Journal
from scrub.report import FileReport, RunReport, Tally
from scrub.settings import Settings


@dataclass(frozen=True, slots=True)
class Run:
    """One run, from its start to its summary."""

    console: Console
    dry_run: bool = False
    started: float = field(default_factory=time.monotonic)
    tally: Tally = field(default_factory=Tally)

    def follow(
        self,
        work: Generator[FileReport, None, None],
        total: int,
        *listeners: Callable[[FileReport], None],
    ) -> None:
        """Tell and count each of ``total`` reports as it comes, and hand it to ``listeners``.

        On an exception, the work is stopped.
        """
        with contextlib.closing(work):
            for done in self.console.progress(work, total):
                for hear in (self.tally.add, *listeners):
                    hear(done)

    def end(self, planned: int, record: Journal | None) -> RunReport:
        """Sum up, of so many files that were ``planned``."""
        seconds = time.monotonic() - self.started
        report = self.tally.close(seconds, self.dry_run, planned - self.tally.total)
        self.console.summary(report)
        if record is not None:
            record.finish(report)
        return report


def answers(
    console: Console, plan: Agenda, settings: Settings, jobs: int | None, doing: str
) -> list[FileReport]:
    """The reports of all that was planned, for a verdict at the end; ``doing`` names the bar.

    As in a dry run, nothing is changed in the folders of the originals.
    """
    total = len(plan.jobs) + len(plan.settled)
    with (
        batch.crew(jobs, len(plan.jobs)) as crew,
        contextlib.closing(batch.work(plan, settings, crew, dry_run=True)) as work,
    ):
        return list(console.progress(work, total, doing))
