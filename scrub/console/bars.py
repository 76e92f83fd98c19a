"""Progress on a terminal: a bar over all files, and below it one for each that takes long."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console as Terminal
from rich.console import ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from scrub import progress
from scrub.console.words import counted, harmless
from scrub.progress import Step
from scrub.report import FileReport

MOMENT = 3.0
"""Seconds for which a file gets no bar of its own."""

WIDEST = 24
"""Columns of a file's name."""

WHOLE = Column(no_wrap=True)
"""Of what says nothing when it is cut: the bars give way."""

MOST = 4
"""Bars of single files: more would fill the screen, and say less."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """Bars of which less is shown on a narrow terminal; ``forms`` are columns by least width."""

    progress: Progress
    forms: Mapping[int, Sequence[ProgressColumn]]

    def __rich_console__(self, terminal: Terminal, options: ConsoleOptions) -> RenderResult:
        widest = max(least for least in self.forms if least <= options.max_width)
        self.progress.columns = tuple(self.forms[widest])
        yield self.progress


class Bars:
    """What a person sees of a run while it lasts."""

    def __init__(self, total: int, doing: str) -> None:
        self._over_all, self._inside = Progress(), Progress()
        self._shown = Group(
            _Lines(self._over_all, _forms_over_all(doing)), _Lines(self._inside, _forms_inside())
        )
        self._files = self._over_all.add_task("", total=total, faces=counted(0, "face"))
        self._faces = 0
        self._begun: dict[Path, float] = {}
        self._rows: dict[Path, TaskID] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def on(self, terminal: Terminal) -> Iterator[None]:
        """Show them during the block, and hear how far the files are."""
        with (
            Live(self._shown, console=terminal, transient=True, refresh_per_second=4),
            progress.heard(self.hear),
        ):
            yield

    def hear(self, step: Step) -> None:
        """Move the bar of a file; from any thread."""
        now = time.monotonic()
        with self._lock:
            begun = self._begun.setdefault(step.path, now)
            row = self._rows.get(step.path)
            if row is None:
                if now - begun < MOMENT or len(self._rows) >= MOST:
                    return
                name = harmless(step.path.name)
                row = self._inside.add_task(name, total=1.0, doing=step.doing)
                self._rows[step.path] = row
            self._inside.update(row, completed=step.whole, doing=step.doing)

    def finish(self, report: FileReport) -> None:
        """A file has come to its end."""
        self._faces += report.faces
        self._over_all.update(self._files, advance=1, faces=counted(self._faces, "face"))
        with self._lock:
            self._begun.pop(report.source, None)
            row = self._rows.pop(report.source, None)
            if row is not None:
                self._inside.remove_task(row)


def _forms_over_all(doing: str) -> Mapping[int, Sequence[ProgressColumn]]:
    what, bar, count = TextColumn(doing), BarColumn(), MofNCompleteColumn(table_column=WHOLE)
    faces = TextColumn("files, {task.fields[faces]},")
    gone = (TimeElapsedColumn(table_column=WHOLE), TextColumn("gone,"))
    left = (TimeRemainingColumn(table_column=WHOLE), TextColumn("left"))
    return {
        76: (what, bar, count, faces, *gone, *left),
        60: (what, bar, count, faces, *left),
        40: (what, bar, count, *left),
        0: (count, *left),
    }


def _forms_inside() -> Mapping[int, Sequence[ProgressColumn]]:
    column = Column(max_width=WIDEST, no_wrap=True, overflow="ellipsis")
    name = TextColumn("  {task.description}", markup=False, table_column=column)
    doing, bar = TextColumn("{task.fields[doing]}"), BarColumn(bar_width=20)
    share = TextColumn("{task.percentage:3.0f}%")
    left = (TimeRemainingColumn(table_column=WHOLE), TextColumn("left"))
    return {
        60: (name, doing, bar, share, *left),
        46: (name, doing, bar, share),
        40: (name, doing, share),
        0: (name, share),
    }
