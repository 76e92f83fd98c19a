"""Files at addresses such as ``s3://bucket/folder``, for runs on a cluster; needs scrub[cluster].

An address is held in a Path, which takes one of its slashes: ``s3:/bucket/folder``. Whatever is
read or written goes through a private temporary file on the machine that works on it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from scrub import ledger
from scrub.errors import InputError, ScrubError, StorageError
from scrub.find import Findings, Found, find
from scrub.ledger import LEDGER, Ledger
from scrub.report import refusal
from scrub.settings import WrittenKind
from scrub.storage import DISK, Storage

ADDRESS = re.compile(r"^([a-z][a-z0-9+.-]+):/+(?=[^/])")
"""What an address starts with; one letter would be a drive of Windows."""

HEAD = 4096
"""Bytes of a file from which its kind is read."""

READERS = 16
"""Requests at a time: most of each is waiting."""

CHECK = "check the address, and that your credentials are found and may"

FLUSH = 30.0
"""Seconds between two writings of a ledger's last lines: storage has no appending."""


def is_address(path: Path) -> bool:
    """Whether ``path`` holds an address, and is no file of this machine."""
    return bool(ADDRESS.match(path.as_posix()))


def address(path: Path) -> str:
    """The address that ``path`` holds, with both slashes."""
    return ADDRESS.sub(r"\1://", path.as_posix())


def fetch(path: Path, target: Path) -> None:
    """Copy what is at the address ``path`` to the local ``target``. Raises InputError."""
    with _reading(path) as (system, place):
        system.get_file(place, str(target))


def store(source: Path, path: Path) -> None:
    """Put the local file ``source`` at the address ``path``, whole. Raises StorageError."""
    with _writing(path) as (system, place):
        system.put_file(str(source), place)


class _Anywhere:
    """Addresses and local paths alike."""

    def find(self, inputs: Sequence[Path], out: Path | None, to: WrittenKind) -> Findings:
        """Look at the first bytes of every file named or below an address named."""
        near = [one for one in inputs if not is_address(one)]
        findings = [DISK.find(near, out, to)] if near else []
        for one in inputs:
            if is_address(one):
                try:
                    findings.append(_found(one, out, to))
                except InputError as error:
                    findings.append(Findings((), (refusal(one, error),)))
        return Findings(
            tuple(one for some in findings for one in some.found),
            tuple(one for some in findings for one in some.settled),
        )

    def names(self, folder: Path) -> Sequence[str]:
        if not is_address(folder):
            return DISK.names(folder)
        system, place = _opened(folder)
        try:
            return [Path(one).name for one in system.ls(place, detail=False)]
        except OSError:  # As of a folder that is not there yet.
            return ()

    def digest(self, path: Path) -> bytes:
        """Of an address: of what the storage itself knows the content by, without reading it."""
        if not is_address(path):
            return DISK.digest(path)
        with _reading(path) as (system, place):
            return hashlib.sha256(str(system.checksum(place)).encode()).digest()

    def holds(self, path: Path) -> bool:
        if not is_address(path):
            return DISK.holds(path)
        with _reading(path) as (system, place):
            return bool(system.exists(place))

    def is_untouched(self, path: Path) -> bool:
        """Of an address, no time tells."""
        return is_address(path) or DISK.is_untouched(path)


ANYWHERE: Storage = _Anywhere()


@contextlib.contextmanager
def opened_ledger(out: Path, dry_run: bool = False) -> Iterator[Ledger]:
    """The ledger of an address; unlike a folder's, nothing locks it against another run."""
    page = _Page(out / LEDGER)
    try:
        yield Ledger(page, ledger.key())
    finally:
        if not dry_run:
            page.flush()


class _Page:
    """A ledger at an address, written as a whole now and then, and whenever work begins."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = b""
        self._written = b""
        self._last = time.monotonic()

    def read(self) -> bytes:
        with _reading(self.path) as (system, place):
            if system.exists(place):
                self._lines = self._written = system.cat_file(place)
        return self._lines

    def start(self) -> None:
        self._lines = b""

    def append(self, lines: bytes) -> None:
        before, self._lines = self._lines, self._lines + lines
        if b"begun" in lines or time.monotonic() - self._last > FLUSH:
            try:
                self.flush()
            except StorageError:
                self._lines = before
                raise

    def flush(self) -> None:
        if self._lines != self._written:
            with _writing(self.path) as (system, place):
                system.pipe_file(place, self._lines)
            self._written = self._lines
            self._last = time.monotonic()


def _found(root: Path, out: Path | None, to: WrittenKind) -> Findings:
    """What is at or below the address ``root``, judged by heads that are copied into a folder."""
    with _reading(root) as (system, place), tempfile.TemporaryDirectory(prefix="scrub-") as name:
        listed: dict[str, dict[str, Any]] = system.find(place, detail=True)
        if not listed:
            raise InputError(root, "does not exist", "check the address")
        heads = Path(name)
        places: dict[Path, tuple[Path, dict[str, Any]]] = {}
        for one, known in listed.items():
            below = Path(one).relative_to(place) if one != place else Path(Path(one).name)
            source = root if one == place else root / below
            if out is None or not source.is_relative_to(out):
                places[heads / below] = source, known

        def copy(head: Path) -> None:
            known = places[head][1]
            size = min(HEAD, known["size"])
            head.parent.mkdir(parents=True, exist_ok=True)
            # Of nothing, no part can be asked for.
            head.write_bytes(system.cat_file(known["name"], start=0, end=size) if size else b"")

        with ThreadPoolExecutor(READERS) as readers:
            list(readers.map(copy, places))
        near = find(list(places) if set(listed) == {place} else [heads], None, to)

    def moved(one: Found) -> Found:
        source, known = places[one.source]
        stamp = f"{known['size']} {system.checksum(known['name'])}".encode()
        return replace(one, source=source, size=known["size"], stamp=stamp)

    return Findings(
        tuple(moved(one) for one in near.found),
        tuple(replace(one, source=places[one.source][0]) for one in near.settled),
    )


def _opened(path: Path) -> tuple[Any, str]:
    """The file system of an address, and the place in it."""
    core = import_module("fsspec.core")
    # What a listing said before somebody wrote must not be believed.
    system, place = core.url_to_fs(address(path), use_listings_cache=False)
    system.invalidate_cache()
    return system, place


def _reading(path: Path) -> AbstractContextManager[tuple[Any, str]]:
    return _used(path, InputError, "read", "read")


def _writing(path: Path) -> AbstractContextManager[tuple[Any, str]]:
    return _used(path, StorageError, "written", "write")


@contextlib.contextmanager
def _used(path: Path, error: type[ScrubError], done: str, act: str) -> Iterator[tuple[Any, str]]:
    """What is at an address; raises the ``error`` where it cannot be ``done``."""
    try:
        yield _opened(path)
    except ScrubError:
        raise
    except Exception as cause:  # Each kind of storage has errors of its own.
        raise error(path, f"cannot be {done} ({cause})", f"{CHECK} {act} there") from cause
