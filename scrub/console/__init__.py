"""The only code that prints: progress, problems and the summary, with file names made harmless."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console as Terminal
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scrub.console.bars import Bars
from scrub.console.portrait import heading, portrait
from scrub.console.words import counted, harmless
from scrub.errors import OutputError
from scrub.exposure import Exposure
from scrub.gate import GateReport
from scrub.report import MANY, FileReport, Group, Note, RunReport

__all__ = ["Console", "harmless", "unheard"]

UNSEEN = "faces not looked for"
"""What is said in the place of their number."""

NAMED = 2
"""How many kinds of removed things a row names before it only counts them."""

NARROW = 60
"""Columns below which a table has only names and numbers."""

NARROWEST = 30
"""Columns that a terminal has at least, whatever it says: bars need so many, and on one of none
(``COLUMNS=0``) nothing would be printed."""


class _Terminal(Terminal):
    """Says that a pipe is broken like any other error, instead of ending the program."""

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)
        if self.width < NARROWEST:
            self.width = NARROWEST

    def on_broken_pipe(self) -> None:
        raise


class Console:
    """Speaks to one person: results on the standard output, problems and progress on the other.

    ``verbosity``: -1 only problems, 0 problems and the summary, 1 every file and all that
    was removed from it.
    """

    def __init__(self, verbosity: int = 0) -> None:
        self._verbosity = verbosity
        # A redirected output may know no more than its code page: no name must end the run.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        self._out = _Terminal()
        self._err = _Terminal(stderr=True)

    def problem(self, text: str) -> None:
        """One line on the error stream, whatever the verbosity."""
        _say(self._err, text)

    def note(self, text: str) -> None:
        """One line on the standard output, unless only problems are wanted."""
        if self._verbosity >= 0:
            _say(self._out, text)

    def progress(
        self, reports: Iterable[FileReport], total: int, doing: str = "cleaning"
    ) -> Iterator[FileReport]:
        """Hand the reports on, telling each problem as it comes, under bars on a terminal."""
        if not self._err.is_terminal or self._verbosity < 0:
            for report in reports:
                self.tell(report)
                yield report
            return
        bars = Bars(total, doing)
        with bars.on(self._err):
            for report in reports:
                bars.finish(report)
                self.tell(report)
                yield report

    def summary(self, run: RunReport) -> None:
        """The table of files if they are few, notes, what to look at, and the line of totals."""
        if run.unfinished:
            self.problem(f"stopped with {counted(run.unfinished, 'file')} left; run scrub again")
        if self._verbosity < 0:
            return
        if run.done and self._verbosity < 1:
            _print(self._out, self._table(run))
        # Of few, each problem stands just above.
        lines = run.total if self._verbosity > 0 else run.counts["refused"] + run.counts["failed"]
        for group in run.groups:
            if group.status == "cleaned" or lines > MANY:
                _say(self._out, _grouped(group))
        if self._verbosity < 1:  # Else, each stands with its file.
            for note in run.notes:
                _say(self._out, _noted(note))
        if run.doubtful:
            self._doubts(run)
        _say(self._out, _totals(run))

    def portraits(self, exposures: Iterable[Exposure]) -> None:
        """What each file gives away, dangers first; every value where asked for more."""
        for number, exposure in enumerate(exposures):
            if number:
                _say(self._out, "")
            _print(self._out, heading(exposure, self._out.is_terminal), soft_wrap=True)
            _print(self._out, portrait(exposure, self._out.is_terminal, self._verbosity > 0))

    def verdicts(self, gate: GateReport) -> None:
        """A line for each thing that was found, and on the other stream what it came to."""
        if self._verbosity < 0:
            return
        for file in gate.files:
            for finding in file.findings:
                _say(self._out, f"{file.source}: {finding}")
        self.problem(_came_to(gate))

    def document(self, content: Mapping[str, Any]) -> None:
        """JSON for another program. It is ASCII: no name in it can reach the terminal as such."""
        _print(self._out, Text(json.dumps(content, indent=1)), soft_wrap=True)

    def tell(self, report: FileReport) -> None:
        """The problem that a file met, if any; notes and what was left only where asked."""
        if report.status in ("refused", "failed"):
            self.problem(f"{report.source}: {report.reason}")
        if self._verbosity < 1:
            return
        if report.kind and not isinstance(report, Exposure):
            _say(self._out, self._line(report))
        elif report.status == "unchanged" and report.reason:
            _say(self._out, f"{report.source}: {report.reason}")
        for warning in report.all_warnings:
            self.problem(f"{report.source}: note: {warning}")

    def _doubts(self, run: RunReport) -> None:
        """Where a person should look, because nothing sure was seen there."""
        covered = "to be covered" if run.dry_run else "covered"
        _say(self._out, f"{counted(run.doubtful, 'face')} {covered} though in doubt; look at:")
        for report in sorted(run.look_at, key=_by_source):
            shown = report.source if run.dry_run or report.target is None else report.target
            _say(self._out, f"  {shown}: {report.plan.doubtful}")

    def _table(self, run: RunReport) -> Table:
        """A row for each file that was done."""
        plain = not self._out.is_terminal
        table = Table(box=None, pad_edge=False, header_style="" if plain else "bold")
        names = _shortened([report.source for report in run.done])
        # A name in two pieces is hard to find again: what was removed gives way to it.
        whole = max(map(cell_len, names.values())) <= self._out.width * 2 // 5
        table.add_column("file", overflow="fold", no_wrap=whole)
        table.add_column("would be" if run.dry_run else "copy", overflow="fold")
        table.add_column("faces", justify="right")
        table.add_column("to remove" if run.dry_run else "removed", overflow="fold")
        for report in sorted(run.done, key=_by_source):
            table.add_row(
                Text(names[report.source]),
                Text("" if report.target is None else harmless(report.target.name)),
                Text(str(report.faces) if report.plan.looked else "-"),
                Text(self._removed(report)),
            )
        if self._out.width < NARROW:
            table.columns.pop()
        return table

    def _removed(self, report: FileReport) -> str:
        limit = len(report.removed) if self._verbosity > 0 else NAMED
        named = ", ".join(report.removed[:limit]) or "nothing"
        more = len(report.removed) - limit
        return harmless(f"{named} and {more} more" if more > 0 else named)

    def _line(self, report: FileReport) -> str:
        """All about one file, for those who want to know."""
        planned = report.status == "planned"
        becomes, removed = ("would be", "to remove:") if planned else ("is now", "removed")
        copy = "" if report.target is None else f" {becomes} {report.target.name};"
        faces = counted(report.faces, "face") if report.plan.looked else UNSEEN
        return f"{report.source}:{copy} {faces}; {removed} {self._removed(report)}"


def unheard(stream: int, error: OSError) -> OutputError:
    """What to raise where nobody takes what is printed on the stream of this number.

    From now on, nothing is printed there.
    """
    # What was not taken is tried again at the end, and would fail with a status of Python's.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    problem = f"what scrub prints cannot be written ({error.strerror})"
    return OutputError(None, problem, "look where it goes and run scrub again")


def _say(terminal: Terminal, text: str) -> None:
    """One line, never cut by us, so that a search for all of it finds it."""
    _print(terminal, Text(harmless(text)), soft_wrap=True)


def _print(terminal: Terminal, what: RenderableType, soft_wrap: bool = False) -> None:
    """Raises OutputError where nobody takes it, and from then on nothing is printed there."""
    try:
        terminal.print(what, soft_wrap=soft_wrap)
    except OSError as error:
        raise unheard(terminal.file.fileno(), error) from error


def _by_source(report: FileReport) -> str:
    return str(report.source)


def _shortened(paths: list[Path]) -> dict[Path, str]:
    """Each path, made harmless, without the folders that all of them share if there are any."""
    try:
        common = os.path.commonpath([os.path.abspath(path.parent) for path in paths])
    except ValueError:  # Windows: they lie on different drives.
        common = os.sep
    if common == os.path.dirname(common):
        return {path: harmless(str(path)) for path in paths}
    return {path: harmless(os.path.relpath(path, common)) for path in paths}


def _came_to(gate: GateReport) -> str:
    counts = gate.counts
    parts = [f"{counts['clean']:,} clean", f"{counts['found']:,} not clean"]
    parts += [f"{counts[bad]:,} {bad}" for bad in ("refused", "failed") if counts[bad]]
    if gate.passed_over:
        parts.append(_left_out(gate.passed_over))
    return ", ".join(parts)


def _grouped(group: Group) -> str:
    return f"{group.status} {counted(group.count, 'file')}: {group.reason} ({_example(group)})"


def _noted(note: Note) -> str:
    return f"note on {counted(note.count, 'file')}: {note.text} ({_example(note)})"


def _example(many: Group | Note) -> str:
    return f"first: {many.example}" if many.count > 1 else str(many.example)


def _totals(run: RunReport) -> str:
    counts = run.counts
    faces = counted(run.faces, "face")
    if run.dry_run:
        parts = [f"{counts['planned']:,} would be cleaned", f"{faces} found"]
    else:
        parts = [f"{counts['cleaned']:,} cleaned and verified", f"{faces} covered"]
    if not run.looked:
        parts[1] = UNSEEN
    if run.already:
        parts.append(f"{run.already:,} already clean")
    parts += [f"{counts[status]:,} {status}" for status in ("refused", "failed") if counts[status]]
    if run.left_out:
        parts.append(_left_out(run.left_out))
    if run.unfinished:
        parts.append(f"{run.unfinished:,} unfinished")
    return f"{', '.join(parts)} in {_time(run)}"


def _time(run: RunReport) -> str:
    """How long it took, and how fast it was where that says something."""
    minutes, seconds = divmod(run.seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    spent = f"{seconds:.1f} s"
    if hours:
        spent = f"{hours} h {minutes} min"
    elif minutes:
        spent = f"{minutes} min {seconds:.0f} s"
    worked = run.total - run.left_out - run.already
    return f"{spent}, {worked / run.seconds:,.1f} files a second" if worked > MANY else spent


def _left_out(count: int) -> str:
    return f"{counted(count, 'file')} left out as no picture{'' if count == 1 else 's'}"
