"""Plans a run before its first write: which files it cleans, and where each copy goes."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scrub import files
from scrub.errors import InputError, ScrubError, TargetError, UnsupportedError, UsageError
from scrub.find import Findings, Found, find
from scrub.formats import called, format_of, written_as
from scrub.jobs import Job
from scrub.ledger import Ledger
from scrub.names import stem_for
from scrub.report import FileReport, refusal
from scrub.settings import NamesRule, Settings, WrittenKind
from scrub.storage import DISK, Storage
from scrub.tasks import Replacement

READERS = 4
"""Threads that read files to recognise them: a disk is faster with several questions."""

ALREADY = "already clean"
REPLACED = "replaced a copy that was made with other settings"
RENAMED = "an earlier copy, made with other settings, stays under its own name"
EDITED = "its earlier copy was changed since, and stays under its own name"
CHANGED = "the copy of an earlier picture of this name stays beside it"
NUMBERED = "another file of this name becomes the same kind, so that this copy got a number"


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a run will do: the jobs, and the files whose end is known already.

    ``littered`` are folders in which killed runs left drafts, to be removed when work begins.
    """

    jobs: tuple[Job, ...]
    settled: tuple[FileReport, ...]
    littered: frozenset[Path] = frozenset()


def draw_up(
    inputs: Sequence[Path],
    out: Path | None,
    settings: Settings,
    overwrite: bool = False,
    ledger: Ledger | None = None,
    storage: Storage = DISK,
) -> Agenda:
    """Plan every target of a run; ``out`` is None for cleaning in place.

    See :func:`for_copies` for the rest. Raises UsageError where there is nothing to clean.
    """
    if out is None:
        replacement = partial(_replacement, to=settings.to)
        return for_each(inputs, replacement, to=settings.to, sweep=True)
    findings = _some(storage.find(inputs, out, settings.to), inputs)
    return for_copies(findings, out, settings, overwrite, ledger, storage)


def for_each(
    inputs: Sequence[Path],
    job: Callable[[Found], Job],
    out: Path | None = None,
    to: WrittenKind = "same",
    sweep: bool = False,
) -> Agenda:
    """The ``job`` of every file, which may raise ScrubError; those below ``out`` are none.

    Old drafts are removed with them where it is to ``sweep``, and refused elsewhere.
    Raises UsageError where there is nothing to do.
    """
    findings = _some(find(inputs, out, to, sweep=sweep), inputs)
    settled = [*findings.settled]
    planned = []
    for one in findings.found:
        try:
            planned.append(job(one))
        except ScrubError as error:
            settled.append(refusal(one.source, error))
    return Agenda(tuple(planned), tuple(settled), findings.littered)


def for_copies(
    findings: Findings,
    out: Path,
    settings: Settings,
    overwrite: bool = False,
    ledger: Ledger | None = None,
    storage: Storage = DISK,
) -> Agenda:
    """The jobs of writing copies below ``out``, without those that collide or are done.

    With a ``ledger``, files whose copies are good are settled, changed settings replace the
    copy that was made with others, and no other file that is there gets a new one's name.
    """
    found = findings.found
    there: Iterable[Path] = ()
    kept: Iterable[Path] = ()
    known: dict[Path, _Known] = {}
    if ledger is not None:
        there = _there(found, out, storage)
        known = _Memory(ledger, settings, out, there, storage).recall(found)
        kept = () if overwrite else filter(ledger.is_ours, there)
    copies = {source: out / one.copy for source, one in known.items() if one.copy is not None}
    done = {source for source, one in known.items() if one.good and not overwrite}
    settled = [*findings.settled]
    settled += [FileReport(one, "unchanged", copies[one], ALREADY) for one in sorted(done)]
    names = _Names(found, there, kept, settings.names)
    planned = [
        _copying(one, out, known.get(one.source, _Known(None)), names)
        for one in found
        if one.source not in done
    ]
    replaceable = set(map(_spelling, copies.values()))
    free, refused = _settle_collisions(planned, settled, replaceable, overwrite, storage)
    return Agenda(tuple(free), (*settled, *refused), findings.littered)


def check_report_path(report: Path, agenda: Agenda, overwrite: bool) -> None:
    """Raise UsageError where writing the report would destroy something."""
    own = [*_sources(agenda.jobs, agenda.settled), *(job.target for job in agenda.jobs)]
    if _spelling(report) in map(_spelling, own):
        raise UsageError(report, "is a file of this run", "name another file for --report")
    if os.path.lexists(report) and not overwrite:
        raise UsageError(report, "exists already", "use --overwrite or another file for --report")


def _some(findings: Findings, inputs: Sequence[Path]) -> Findings:
    """The findings, where there are any; raises UsageError where there is nothing to do."""
    if not findings.found and all(one.status == "unchanged" for one in findings.settled):
        where = inputs[0] if len(inputs) == 1 else None
        raise UsageError(where, "no pictures or videos found", "name one, or a folder of them")
    return findings


def _replacement(found: Found, to: WrittenKind) -> Job:
    """The job of cleaning it in place; raises InputError where that would lose something."""
    source = found.source
    status = files.check_input(source)
    files.check_replaceable(source, status)
    form = format_of(source)
    if (written := written_as(form, to)) is not form:
        problem = f"is {called(form.kind)} and cannot become {called(written.kind)} under its name"
        raise UnsupportedError(source, problem, "use --out")
    if found.suffix != source.suffix:
        problem = f"is {called(form.kind)}, which its name does not say"
        remedy = f"rename it to {source.with_suffix(found.suffix).name}, or use --out"
        raise UnsupportedError(source, problem, remedy)
    owner = status.st_uid, status.st_gid
    mode = stat.S_IMODE(status.st_mode)
    return Replacement(source, source, size=found.size, mode=mode, owner=owner)


def _there(found: Iterable[Found], out: Path, storage: Storage) -> frozenset[Path]:
    """Places below ``out`` of all files in the folders that these files' copies go to."""
    folders = {one.relative.parent for one in found}
    return frozenset(folder / name for folder in folders for name in storage.names(out / folder))


@dataclass(frozen=True, slots=True)
class _Known:
    """The copy of an original that is on record: its place below ``out``, and whether it can stay.

    Without a ``copy``, another name is to be found; ``note`` says why there is a new one.
    """

    copy: Path | None
    good: bool = False
    note: str = ""


class _Memory:
    """What is on record of originals whose copies are still there."""

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        out: Path,
        there: Iterable[Path],
        storage: Storage,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._out = out
        self._storage = storage
        self._copies = {ledger.name(place): place for place in there}

    def recall(self, found: Sequence[Found]) -> dict[Path, _Known]:
        """What is known of those originals of which anything is."""
        if self._ledger.is_blank:
            return {}
        with ThreadPoolExecutor(READERS) as readers:
            recollections = zip(found, readers.map(self._recalled, found), strict=True)
            return {one.source: known for one, known in recollections if known is not None}

    def _recalled(self, one: Found) -> _Known | None:
        begun = self._copies.get(self._ledger.begun(one.relative, one.stamp) or "")
        if begun is not None:
            untouched = self._storage.is_untouched(self._out / begun)
            return _Known(begun) if untouched else _Known(None, note=EDITED)
        try:
            return self._finished(one)
        except InputError:  # Whoever works on it will say why it cannot be read.
            return None

    def _finished(self, one: Found) -> _Known | None:
        entry = self._ledger.entry(one.relative, self._storage.digest(one.source))
        copy = None if entry is None else self._copies.get(entry.name)
        if entry is None or copy is None:
            return None
        if not self._ledger.holds(entry, copy, self._storage.digest(self._out / copy)):
            return _Known(None, note=EDITED)
        if self._ledger.made_with(entry, self._settings):
            return _Known(copy, good=True)
        if _keeps_name(one, copy, self._settings.names):
            return _Known(copy, note=REPLACED)
        return _Known(None, note=RENAMED)


def _keeps_name(one: Found, copy: Path, rule: NamesRule) -> bool:
    """Whether the copy's name is one that ``rule`` might have given."""
    stem = one.source.stem
    kept = stem_for(stem, rule, ()) == stem
    own = re.fullmatch(rf"{re.escape(stem)}(-\d+)?", copy.stem) is not None
    return copy.suffix == one.suffix and own == kept


class _Names:
    """Gives copies their names, folder by folder; none is given twice.

    A copy that is to be ``kept`` is of an earlier version of an original: somebody may need it,
    so that the new one gets a number. So does one that becomes another kind, where it would get
    another copy's name.
    """

    def __init__(
        self, found: Iterable[Found], there: Iterable[Path], kept: Iterable[Path], rule: NamesRule
    ) -> None:
        self._rule = rule
        self._kept = frozenset(kept)
        self._given: set[str] = set()
        self._taken: defaultdict[Path, set[str]] = defaultdict(set)
        for one in found:
            self._taken[one.relative.parent].add(one.source.stem.lower())
            if one.suffix == one.source.suffix:
                self._given.add(_folded(one.relative))
        for place in there:
            self._taken[place.parent].add(place.stem.lower())

    def place(self, one: Found) -> tuple[Path, str]:
        """Where below the output folder the copy goes, and a note if that got a number."""
        folder = one.relative.parent
        taken = self._taken[folder]
        stem, note = stem_for(one.source.stem, self._rule, taken), ""
        place = folder / f"{stem}{one.suffix}"
        converted = one.suffix != one.source.suffix
        if place in self._kept:
            note = CHANGED
        elif converted and _folded(place) in self._given:
            note = NUMBERED
        if note:
            stem = _numbered(stem, taken)
            place = folder / f"{stem}{one.suffix}"
        if converted:
            self._given.add(_folded(place))
        taken.add(stem.lower())
        return place, note


def _numbered(stem: str, taken: Container[str]) -> str:
    number = 2
    while f"{stem}-{number}".lower() in taken:
        number += 1
    return f"{stem}-{number}"


def _copying(one: Found, out: Path, known: _Known, names: _Names) -> Job:
    """The job of writing a copy: under the name that it has, if it is on record."""
    place, note = known.copy, known.note
    if place is None:
        place, numbered = names.place(one)
        note = note or numbered
    return Job(
        one.source,
        out / place,
        size=one.size,
        place=one.relative,
        copy=place,
        stamp=one.stamp,
        note=note,
    )


def _settle_collisions(
    planned: Iterable[Job],
    settled: Iterable[FileReport],
    replaceable: Container[str],
    overwrite: bool,
    storage: Storage,
) -> tuple[list[Job], list[FileReport]]:
    """Refuse the jobs whose targets collide with each other, an input or an existing file.

    Of existing files, those that are ``replaceable`` do not count.
    """
    sources = {_spelling(source) for source in _sources(planned, settled)}
    by_target: defaultdict[str, list[Job]] = defaultdict(list)
    for job in planned:
        by_target[_spelling(job.target)].append(job)

    def collision(spelling: str, job: Job) -> TargetError | None:
        others = [other.source for other in by_target[spelling] if other is not job]
        if others:
            problem = f"would be written to the same file as {others[0]}"
            remedy = "rename one of them or clean them into different folders"
            return TargetError(job.source, problem, remedy)
        if spelling in sources:
            problem = "is an input itself"
            return TargetError(job.target, problem, "choose another folder for --out")
        if os.path.islink(job.target):
            remedy = "remove it or choose another folder for --out"
            return TargetError(job.target, "is a link", remedy)
        if not overwrite and spelling not in replaceable and storage.holds(job.target):
            return TargetError(job.target, "exists already", "use --overwrite to replace it")
        return None

    free: list[Job] = []
    refused: list[FileReport] = []
    for spelling, rivals in by_target.items():
        for job in rivals:
            error = collision(spelling, job)
            if error is None:
                free.append(job)
            else:
                refused.append(refusal(job.source, error))
    return free, refused


def _sources(jobs: Iterable[Job], settled: Iterable[FileReport]) -> list[Path]:
    return [*(job.source for job in jobs), *(report.source for report in settled)]


def _spelling(path: Path) -> str:
    """Equal for two places that some file system takes for one (case, composed accents)."""
    return _folded(files.place(path))


def _folded(place: str | Path) -> str:
    return unicodedata.normalize("NFC", str(place)).casefold()
