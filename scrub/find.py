"""Finds the files of a run, and says of each what it is before anything is written."""

from __future__ import annotations

import codecs
import os
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scrub import files
from scrub.errors import InputError, ScrubError
from scrub.formats import FORMATS, format_of, kind_of, written_as
from scrub.ledger import is_ledger
from scrub.report import FileReport, refusal
from scrub.settings import WrittenKind

UNREAD_SUFFIXES = (
    ".heics .jxl .mpo .svg .pdf .psd "
    ".dng .nef .cr2 .cr3 .arw .raf .orf .rw2 "
    ".mts .m2ts .wmv .mpg .mpeg"
)
READ_SUFFIXES = (suffix for form in FORMATS.values() for suffix in form.suffixes)
MEDIA_SUFFIXES = {*READ_SUFFIXES, *UNREAD_SUFFIXES.split()}
"""A file that calls itself one of these is never passed over, whatever is in it."""

DROPPINGS = {".ds_store", "thumbs.db", "desktop.ini"}
"""What file managers leave behind, in lower case."""

APPLE_DOUBLE = b"\x00\x05\x16\x07"
"""Start of the ``._name`` files that macOS writes beside files on foreign disks (RFC 1740)."""

NOT_A_PICTURE = "not a picture: not copied"
LEFT_BEHIND = "draft of a run that was killed: removed"


@dataclass(frozen=True, slots=True)
class Found:
    """A file, its place below the output folder, and, once looked at, what is known of it.

    ``suffix`` is the copy's; ``size`` the file's bytes; ``stamp`` changes when it does.
    """

    source: Path
    relative: Path
    suffix: str = ""
    size: int = 0
    stamp: bytes = b""


@dataclass(frozen=True, slots=True)
class Findings:
    """The files to clean, those whose end is known already, and folders with old drafts."""

    found: tuple[Found, ...]
    settled: tuple[FileReport, ...]
    littered: frozenset[Path] = frozenset()


def find(
    inputs: Sequence[Path],
    out: Path | None,
    to: WrittenKind = "same",
    ready: Container[Path] | None = None,
    sweep: bool = True,
) -> Findings:
    """Look at every file named, and below every folder named, but not below ``out``.

    Only those among ``ready`` count, where that is given. ``to`` is what copies are written as.
    Whoever is to change nothing does not ``sweep``: then old drafts are refused like new ones.
    """
    named = set(inputs)
    closed: list[OSError] = []
    settled: list[FileReport] = []
    found: list[Found] = []
    littered: set[Path] = set()
    for one in _distinct(_walked(inputs, out, closed)):
        if ready is not None and one.source not in ready:
            continue
        try:
            status = files.check_input(one.source)
            if sweep and files.is_draft(one.source) and files.is_abandoned(one.source):
                littered.add(one.source.parent)
                settled.append(FileReport(one.source, "unchanged", reason=LEFT_BEHIND))
            elif one.source not in named and _passed_over(one.source):
                settled.append(FileReport(one.source, "unchanged", reason=NOT_A_PICTURE))
            else:
                found.append(
                    replace(
                        one,
                        suffix=_suffix(one.source, to),
                        size=status.st_size,
                        stamp=f"{status.st_size} {status.st_mtime_ns}".encode(),
                    )
                )
        except ScrubError as error:
            settled.append(refusal(one.source, error))
    settled += [_closed_folder(error) for error in closed]
    return Findings(tuple(found), tuple(settled), frozenset(littered))


def _suffix(source: Path, to: WrittenKind) -> str:
    """The copy's suffix: the source's own where it tells the truth about the written bytes."""
    written = written_as(format_of(source), to)
    return source.suffix if source.suffix.lower() in written.suffixes else written.suffixes[0]


def _walked(inputs: Sequence[Path], out: Path | None, closed: list[OSError]) -> Iterator[Found]:
    """Every file named or below a folder named, in a fixed order; links are not followed.

    Ledgers do not count. ``closed`` collects what went wrong with the folders that could not be
    opened.
    """
    for named in inputs:
        if len(inputs) > 1 and _same(named, out):
            continue  # "*", where the copies lie beside the originals
        # Unlike Path.is_dir, this does not raise for a name that is too long.
        if not os.path.isdir(named) or os.path.islink(named):
            yield Found(named, Path(named.name))
            continue
        # The copies of an earlier run are no input, even where they lie inside one.
        for folder, below, names in os.walk(named, onerror=closed.append):
            here = Path(folder)
            below[:] = sorted(name for name in below if not _same(here / name, out))
            links = [name for name in below if os.path.islink(here / name)]
            for name in sorted({*names, *links}):
                if not is_ledger(here / name):
                    yield Found(here / name, (here / name).relative_to(named))


def _closed_folder(error: OSError) -> FileReport:
    folder = Path(error.filename)
    problem = f"cannot be opened ({error.strerror})"
    return refusal(folder, InputError(folder, problem, "change its permissions"))


def _same(one: Path, other: Path | None) -> bool:
    return other is not None and files.real(one) == files.real(other)


def _distinct(found: Iterable[Found]) -> Iterator[Found]:
    """Each file once, even where it was named twice."""
    seen = set()
    for one in found:
        place = files.place(one.source)
        if place not in seen:
            seen.add(place)
            yield one


def _passed_over(path: Path) -> bool:
    """Whether a file found in a folder is plainly no picture: text, or a file manager's dropping.

    Whatever else is not understood is refused by name, so that nothing is skipped in silence.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise files.unreadable(path, error) from error
    if files.is_draft(path):
        problem = "is the draft of another run"
        raise InputError(path, problem, "wait until that has ended, or remove it")
    if path.name.lower() in DROPPINGS or head.startswith(APPLE_DOUBLE):
        return True
    if path.suffix.lower() in MEDIA_SUFFIXES or b"\x00" in head or kind_of(head):
        return False
    try:
        # Piece by piece, because the last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
