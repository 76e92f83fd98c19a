"""Where originals and copies are: on this machine's disks, or wherever else they can be had."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from scrub import files
from scrub.find import Findings, find
from scrub.settings import WrittenKind


class Storage(Protocol):
    """What can be asked about files, whoever holds them."""

    def find(self, inputs: Sequence[Path], out: Path | None, to: WrittenKind) -> Findings:
        """See :func:`scrub.find.find`."""
        ...

    def names(self, folder: Path) -> Sequence[str]:
        """Names of what is in a folder; none where it cannot be opened."""
        ...

    def digest(self, path: Path) -> bytes:
        """Stands for a file's content. Raises InputError."""
        ...

    def holds(self, path: Path) -> bool:
        """Whether anything has this name."""
        ...

    def is_untouched(self, path: Path) -> bool:
        """Whether nobody has changed this copy since it got its name, as far as times tell."""
        ...


class _Disk:
    """Whatever the system shows as files and folders."""

    def find(self, inputs: Sequence[Path], out: Path | None, to: WrittenKind) -> Findings:
        return find(inputs, out, to)

    def names(self, folder: Path) -> Sequence[str]:
        try:
            return os.listdir(folder)
        except OSError:
            return ()

    def digest(self, path: Path) -> bytes:
        return files.digest(path)

    def holds(self, path: Path) -> bool:
        return os.path.lexists(path)

    def is_untouched(self, path: Path) -> bool:
        try:
            return path.stat().st_mtime == files.NEUTRAL_TIME
        except OSError:
            return False


DISK: Storage = _Disk()
