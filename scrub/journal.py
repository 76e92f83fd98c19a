"""The JSON report, written file by file while the run goes on.

A run that is killed leaves ``FILE.json.part``, in which each file that was done has a line of
its own; a run that ends puts the whole in the place of ``FILE.json``.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import IO

from scrub import files
from scrub.errors import UsageError
from scrub.report import VERSION, FileReport, RunReport

PART = ".part"

OPENING = '{"version": '
"""What every report begins with, of whichever version."""


class Journal:
    """A report that is being written."""

    def __init__(self, path: Path, part: Path, file: IO[str]) -> None:
        """Write its beginning into ``file``, which is open at ``part``. Raises TargetError."""
        self._path = path
        self._part = part
        self._file = file
        self._between = "\n"
        self._write(f'{OPENING}{VERSION}, "files": [')

    def add(self, report: FileReport) -> None:
        """Write one file's line. Raises TargetError."""
        self._write(self._between + json.dumps(report.as_json()))
        self._between = ",\n"

    def finish(self, run: RunReport) -> None:
        """Write the totals and give the report its name. Raises TargetError."""
        totals = json.dumps(run.as_json()).removeprefix("{")
        self._write(f"\n], {totals}\n")
        files.commit(self._part, self._path, 0o600)

    def _write(self, text: str) -> None:
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            raise files.unwritable(self._path, error) from error


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """A new report, readable only to its owner: it names the originals.

    What earlier runs left half-written stays. Raises TargetError where it cannot be written, and
    UsageError where anything but an earlier report, which it is to replace, has its name.
    """
    try:
        if os.path.isdir(path):  # Known now, and not when all is done.
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if os.path.lexists(path) and not _is_report(path):
            raise UsageError(path, "is there and no report", "name another file for --report")
        path.parent.mkdir(parents=True, exist_ok=True)
        part, file = _new(path)
    except OSError as error:
        raise files.unwritable(path, error) from error
    try:
        yield Journal(path, part, file)
    finally:
        # Each line was flushed: what fails now has failed before, and was told.
        with contextlib.suppress(OSError):
            file.close()


def _is_report(path: Path) -> bool:
    """Whether it is one, or an empty file; never opened where that would wait for somebody."""
    return path.is_file() and files.begins(path, OPENING)


def _new(path: Path) -> tuple[Path, IO[str]]:
    for number in count(1):
        part = path.with_name(f"{path.name}{PART}{number if number > 1 else ''}")
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            return part, open(descriptor, "w", encoding="utf-8")
    raise AssertionError("counting never ends")
