"""Plans every target of a run before the first write, knows what is done already, and runs it."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Container, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from scrub import files, jobs, machine
from scrub.errors import InputError, ScrubError, TargetError, UnsupportedError, UsageError
from scrub.find import DISK, Findings, Found, Storage, find, place_of
from scrub.formats import called, format_of, target_of
from scrub.jobs import Crew, Job, Order
from scrub.ledger import Ledger
from scrub.names import stem_for
from scrub.report import FileReport, refusal
from scrub.settings import Settings, Target
from scrub.tasks import Replacement
from scrub.workers import Bounds, Workers

A_WORKER = 3 << 29
"""Bytes of memory that a worker may need: so many are started unasked as have them."""

MOST_MEMORY = 0.8
"""Share of the machine's memory from which on a worker is stopped, before the system is."""

READERS = 4
"""Threads that read files to recognise them: a disk is faster with several questions."""

ALREADY = "already clean"
REPLACED = "replaced a copy that was made with other settings"
RENAMED = "an earlier copy, made with other settings, stays under its own name"
EDITED = "its earlier copy was changed since, and stays under its own name"
CHANGED = "the copy of an earlier picture of this name stays beside it"
NUMBERED = "another file of this name becomes the same kind, so that this copy got a number"


@dataclass(frozen=True, slots=True)
class Outline:
    """What a run will do: the jobs, and the files whose end is known already."""

    jobs: tuple[Job, ...]
    settled: tuple[FileReport, ...]
    littered: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class _Known:
    """The copy of an original that is on record: where it is, and whether it can stay.

    Without a ``target``, another name is to be found; ``note`` says why there is a new copy.
    """

    target: Path | None
    good: bool = False
    note: str = ""


def outline(
    inputs: Sequence[Path],
    out: Path | None,
    settings: Settings,
    overwrite: bool = False,
    ledger: Ledger | None = None,
    storage: Storage = DISK,
) -> Outline:
    """Plan every target before anything is written; ``out`` is None for cleaning in place.

    With a ``ledger``, files whose copies are good are settled, changed settings replace the
    copy that was made with others, and no other file that is there gets a new one's name.
    Raises UsageError where there is nothing to clean.
    """
    if out is None:
        replacement = partial(_replacement, to=settings.to)
        return each(inputs, replacement, to=settings.to, sweep=True)
    findings = _some(storage.find(inputs, out, settings.to), inputs)
    return plan(findings, out, settings, overwrite, ledger, storage)


def each(
    inputs: Sequence[Path],
    job: Callable[[Found], Job],
    out: Path | None = None,
    to: Target = "same",
    sweep: bool = False,
) -> Outline:
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
    return Outline(tuple(planned), tuple(settled), findings.littered)


def plan(
    findings: Findings,
    out: Path,
    settings: Settings,
    overwrite: bool,
    ledger: Ledger | None,
    storage: Storage = DISK,
) -> Outline:
    """The jobs below ``out``, without those that collide or are done."""
    found = findings.found
    there = _there(found, out, storage) if ledger else frozenset()
    known = _known(found, out, settings, ledger, there, storage) if ledger else {}
    done = {source for source, one in known.items() if one.good and not overwrite}
    settled = [*findings.settled]
    settled += [
        FileReport(source, "unchanged", known[source].target, ALREADY) for source in sorted(done)
    ]
    open_ones = [one for one in findings.found if one.source not in done]
    aside = frozenset() if overwrite or ledger is None else filter(ledger.is_ours, there)
    planned = _targets(open_ones, findings.found, out, settings, known, there, frozenset(aside))
    ours = {_spelling(one.target) for one in known.values() if one.target is not None}
    free, refused = _settle_collisions(planned, settled, ours, overwrite, storage)
    return Outline(tuple(free), (*settled, *refused), findings.littered)


@contextlib.contextmanager
def crew(wanted: int | None, most: int = sys.maxsize) -> Iterator[Crew]:
    """Worker processes on this machine for ``wanted`` cores, no more than ``most``.

    None: for each core, as far as memory goes. Where there are fewer workers than cores, each uses
    several. Interrupted, they undo what is in hand.
    """
    cores = min(wanted or sys.maxsize, machine.cores())
    count = wanted or max(1, min(cores, machine.memory() // A_WORKER))
    count = max(1, min(count, most))
    bounds = Bounds(jobs.patience, int(machine.memory() * MOST_MEMORY))
    with Workers(count, bounds) as workers:
        yield Crew(workers, count, max(1, cores // count))


def work(
    plan: Outline,
    settings: Settings,
    crew: Crew,
    dry_run: bool = False,
    ledger: Ledger | None = None,
) -> Generator[FileReport, None, None]:
    """Do what was planned, the largest files first.

    Each file's report comes when it is done, those settled before first. Raises TargetError
    where the ledger cannot be written.
    """
    yield from plan.settled
    order = Order(settings, crew.threads, dry_run)
    if not dry_run:
        for folder in {job.target.parent for job in plan.jobs} | plan.littered:
            files.remove_abandoned(folder)
        if ledger is not None:
            ledger.begin((job.place, job.stamp, job.copy) for job in plan.jobs)
    largest_first = sorted(plan.jobs, key=lambda job: -job.size)
    with contextlib.closing(jobs.run(largest_first, order, crew)) as ends:
        for end in ends:
            if ledger is not None and end.proof is not None:
                job, proof = end.job, end.proof
                ledger.finish(job.place, proof.source, settings, job.copy, proof.copy)
            match end.report.status:
                case "cleaned":
                    yield replace(end.report, reason=end.job.note)
                case "planned":
                    yield replace(end.report, target=end.job.target)
                case _:
                    yield end.report


def until_full(
    reports: Generator[FileReport, None, None], plan: Outline
) -> Generator[FileReport, None, None]:
    """The reports of what was planned, as long as copies find room.

    Raises StorageError where one failed and the smallest would not fit: all others, too, would
    be looked at for nothing.
    """
    folders = {job.source: job.target.parent for job in plan.jobs}
    smallest = min((job.size for job in plan.jobs), default=0)
    with contextlib.closing(reports):
        for report in reports:
            folder = folders.get(report.source)
            if report.status == "failed" and folder and not files.has_room(folder, smallest):
                raise files.full(folder)
            yield report


def check_report_path(report: Path, plan: Outline, overwrite: bool) -> None:
    """Raise UsageError where writing the report would destroy something."""
    own = [*_sources(plan.jobs, plan.settled), *(job.target for job in plan.jobs)]
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


def _replacement(found: Found, to: Target) -> Job:
    """The job of cleaning it in place; raises InputError where that would lose something."""
    source = found.source
    status = files.check_input(source)
    files.check_replaceable(source, status)
    form = format_of(source)
    if (target := target_of(form, to)) is not form:
        problem = f"is {called(form.kind)} and cannot become {called(target.kind)} under its name"
        raise UnsupportedError(source, problem, "use --out")
    if found.suffix != source.suffix:
        problem = f"is {called(form.kind)}, which its name does not say"
        remedy = f"rename it to {source.with_suffix(found.suffix).name}, or use --out"
        raise UnsupportedError(source, problem, remedy)
    owner = status.st_uid, status.st_gid
    mode = stat.S_IMODE(status.st_mode)
    return Replacement(source, source, mode, found.size, owner=owner)


def _there(found: Iterable[Found], out: Path, storage: Storage) -> frozenset[Path]:
    """Places below ``out`` of all files in the folders that these files' copies go to."""
    folders = {one.relative.parent for one in found}
    return frozenset(folder / name for folder in folders for name in storage.names(out / folder))


def _known(
    found: Sequence[Found],
    out: Path,
    settings: Settings,
    ledger: Ledger,
    there: Iterable[Path],
    storage: Storage,
) -> dict[Path, _Known]:
    """What is on record of the originals that were found, where the copy is still there."""
    if ledger.is_blank:
        return {}
    by_name = {ledger.name(place): place for place in there}

    def recalled(one: Found) -> _Known | None:
        begun = by_name.get(ledger.begun(one.relative, one.stamp) or "")
        if begun is not None:
            untouched = storage.is_untouched(out / begun)
            return _Known(out / begun) if untouched else _Known(None, note=EDITED)
        try:
            entry = ledger.entry(one.relative, storage.digest(one.source))
            copy = None if entry is None else by_name.get(entry.name)
            if entry is None or copy is None:
                return None
            if not ledger.holds(entry, copy, storage.digest(out / copy)):
                return _Known(None, note=EDITED)
        except InputError:  # Whoever works on it will say why it cannot be read.
            return None
        if ledger.made_with(entry, settings):
            return _Known(out / copy, good=True)
        if _keeps_name(one, copy, settings):
            return _Known(out / copy, note=REPLACED)
        return _Known(None, note=RENAMED)

    with ThreadPoolExecutor(READERS) as readers:
        recollections = zip(found, readers.map(recalled, found), strict=True)
        return {one.source: known for one, known in recollections if known is not None}


def _keeps_name(one: Found, copy: Path, settings: Settings) -> bool:
    """Whether the copy's name is one that these settings might have given."""
    stem = one.source.stem
    kept = stem_for(stem, settings.names, ()) == stem
    own = re.fullmatch(rf"{re.escape(stem)}(-\d+)?", copy.stem) is not None
    return copy.suffix == one.suffix and own == kept


def _targets(
    open_ones: Sequence[Found],
    found: Sequence[Found],
    out: Path,
    settings: Settings,
    known: dict[Path, _Known],
    there: Iterable[Path],
    aside: Container[Path],
) -> list[Job]:
    """Targets below ``out``; replaced names are numbered folder by folder.

    ``known`` ones keep the name of their copy. A copy ``aside`` is of an earlier version of an
    original: somebody may need it, so that the new one gets a number. So does one that becomes
    another kind, where it would get another one's name.
    """
    given = {_folded(one.relative) for one in found if one.suffix == one.source.suffix}
    taken: defaultdict[Path, set[str]] = defaultdict(set)
    for one in found:
        taken[one.relative.parent].add(one.source.stem.lower())
    for place in there:
        taken[place.parent].add(place.stem.lower())
    planned = []
    for one in open_ones:
        folder = one.relative.parent
        recalled = known.get(one.source, _Known(None))
        if recalled.target is not None:
            planned.append(_job(one, recalled.target, out, recalled.note))
            continue
        note = recalled.note
        stem = stem_for(one.source.stem, settings.names, taken[folder])
        if folder / f"{stem}{one.suffix}" in aside:
            stem = _numbered(stem, taken[folder])
            note = note or CHANGED
        elif one.suffix != one.source.suffix:
            if _folded(folder / f"{stem}{one.suffix}") in given:
                stem = _numbered(stem, taken[folder])
                note = note or NUMBERED
            given.add(_folded(folder / f"{stem}{one.suffix}"))
        taken[folder].add(stem.lower())
        planned.append(_job(one, out / folder / f"{stem}{one.suffix}", out, note))
    return planned


def _numbered(stem: str, taken: Container[str]) -> str:
    number = 2
    while f"{stem}-{number}".lower() in taken:
        number += 1
    return f"{stem}-{number}"


def _job(one: Found, target: Path, out: Path, note: str) -> Job:
    copy = target.relative_to(out)
    return Job(one.source, target, None, one.size, one.relative, copy, one.stamp, note)


def _settle_collisions(
    planned: Sequence[Job],
    settled: Sequence[FileReport],
    ours: set[str],
    overwrite: bool,
    storage: Storage,
) -> tuple[list[Job], list[FileReport]]:
    """Refuse the jobs whose targets collide with each other, an input or an existing file.

    Of existing files, ``ours`` may be replaced.
    """
    sources = {_spelling(source) for source in _sources(planned, settled)}
    by_target: defaultdict[str, list[Job]] = defaultdict(list)
    for job in planned:
        by_target[_spelling(job.target)].append(job)
    free: list[Job] = []
    refused: list[FileReport] = []
    for spelling, rivals in by_target.items():
        for job in rivals:
            problem = None
            others = [other.source for other in rivals if other is not job]
            if others:
                problem = (
                    f"would be written to the same file as {others[0]}",
                    "rename one of them or clean them into different folders",
                )
            elif spelling in sources:
                problem = ("is an input itself", "choose another folder for --out")
            elif os.path.islink(job.target):
                problem = ("is a link", "remove it or choose another folder for --out")
            elif not overwrite and spelling not in ours and storage.holds(job.target):
                problem = ("exists already", "use --overwrite to replace it")
            if problem is None:
                free.append(job)
            else:
                path = job.source if others else job.target
                refused.append(refusal(job.source, TargetError(path, *problem)))
    return free, refused


def _sources(jobs: Iterable[Job], settled: Iterable[FileReport]) -> list[Path]:
    return [*(job.source for job in jobs), *(report.source for report in settled)]


def _spelling(path: Path) -> str:
    """Equal for two places that some file system takes for one (case, composed accents)."""
    return _folded(place_of(path))


def _folded(place: str | Path) -> str:
    return unicodedata.normalize("NFC", str(place)).casefold()
