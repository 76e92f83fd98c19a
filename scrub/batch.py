"""Finds files, plans every target before the first write, runs workers, isolates failures."""

from __future__ import annotations

import codecs
import json
import os
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from scrub import files, workers
from scrub.errors import InputError, ScrubError, TargetError, UnsupportedError, UsageError
from scrub.formats import FORMATS, format_of, target_of
from scrub.names import stem_for
from scrub.report import FileReport, RunReport, refusal
from scrub.settings import NamesRule, Settings, Target
from scrub.tasks import Replacement
from scrub.workers import Job

UNREAD_SUFFIXES = (
    ".heics .jxl .j2k .j2c .jpx .jpf .mpo .svg .pdf .psd "
    ".dng .nef .cr2 .cr3 .arw .raf .orf .rw2 "
    ".mp4 .mov .m4v .3gp .mkv .webm .avi .mts .wmv .mpg .mpeg"
)
READ_SUFFIXES = (suffix for form in FORMATS.values() for suffix in form.suffixes)
MEDIA_SUFFIXES = {*READ_SUFFIXES, *UNREAD_SUFFIXES.split()}
"""A file that calls itself one of these is never passed over, whatever is in it."""

DROPPINGS = {".ds_store", "thumbs.db", "desktop.ini"}
"""What file managers leave behind, in lower case."""

APPLE_DOUBLE = b"\x00\x05\x16\x07"
"""Start of the ``._name`` files that macOS writes beside files on foreign disks (RFC 1740)."""

MOST_WORKERS = 4
"""Workers that are started unasked: each may need a gigabyte."""

NOT_A_PICTURE = "not a picture: not copied"


@dataclass(frozen=True, slots=True)
class Found:
    """A file, its place below the output folder, and, once looked at, the copy's suffix."""

    source: Path
    relative: Path
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a run will do: the jobs, and the files whose end is known already."""

    jobs: tuple[Job, ...]
    settled: tuple[FileReport, ...]


def outline(
    inputs: Sequence[Path],
    out: Path | None,
    names: NamesRule = "auto",
    overwrite: bool = False,
    to: Target = "same",
) -> Outline:
    """Plan every target before anything is written; ``out`` is None for cleaning in place.

    A file whose kind ``to`` changes is not replaced in place: its name would be wrong.

    Raises UsageError where there is nothing to clean.
    """
    if out is None:
        return each(inputs, partial(_replacement, to=to))
    found, settled = _found(inputs, out, to)
    return _settle_collisions(_targets(found, out, names), settled, overwrite)


def each(inputs: Sequence[Path], job: Callable[[Found], Job], out: Path | None = None) -> Outline:
    """The ``job`` of every file, which may raise ScrubError; those below ``out`` are none.

    Raises UsageError where there is nothing to do.
    """
    found, settled = _found(inputs, out)
    jobs = []
    for one in found:
        try:
            jobs.append(job(one))
        except ScrubError as error:
            settled.append(refusal(one.source, error))
    return Outline(tuple(jobs), tuple(settled))


def _found(
    inputs: Sequence[Path], out: Path | None, to: Target = "same"
) -> tuple[list[Found], list[FileReport]]:
    """The files to work on, with the suffix of their copy, and the end of those that are none."""
    named = set(inputs)
    closed: list[OSError] = []
    settled: list[FileReport] = []
    found: list[Found] = []
    for one in _distinct(_walked(inputs, out, closed)):
        try:
            files.check_input(one.source)
            if one.source not in named and _passed_over(one.source):
                settled.append(FileReport(one.source, "unchanged", reason=NOT_A_PICTURE))
                continue
            found.append(replace(one, suffix=_suffix(one.source, to)))
        except ScrubError as error:
            settled.append(refusal(one.source, error))
    settled += [_closed_folder(error) for error in closed]
    if not found and all(report.status == "unchanged" for report in settled):
        raise UsageError(None, "found no pictures to clean", "name a picture or a folder of them")
    return found, settled


def _replacement(found: Found, to: Target) -> Job:
    """The job of cleaning it in place; raises InputError where that would lose something."""
    source = found.source
    status = files.check_input(source)
    files.check_replaceable(source, status)
    form = format_of(source)
    target = target_of(form, to)
    if target is not form:
        problem = f"is {form.kind} and cannot become {target.kind} under its name"
        raise UnsupportedError(source, problem, "use --out")
    if found.suffix != source.suffix:
        problem = f"is {form.kind}, which its name does not say"
        remedy = f"rename it to {source.with_suffix(found.suffix).name}, or use --out"
        raise UnsupportedError(source, problem, remedy)
    owner = status.st_uid, status.st_gid
    return Replacement(source, source, stat.S_IMODE(status.st_mode), owner)


def work(
    plan: Outline, settings: Settings, count: int | None = None, dry_run: bool = False
) -> Generator[FileReport, None, None]:
    """Do what was planned with ``count`` workers; None: one per core, at most MOST_WORKERS.

    Each file's report comes when it is done, those settled before first. Closed or
    interrupted, the files in hand are undone.
    """
    yield from plan.settled
    if plan.jobs:
        count = min(count or min(os.cpu_count() or 1, MOST_WORKERS), len(plan.jobs))
        yield from workers.run(plan.jobs, settings, count, dry_run)


def unfinished(plan: Outline, reports: Iterable[FileReport]) -> list[FileReport]:
    """What to report of the other files when the work was interrupted after ``reports``."""
    done = {report.source for report in reports}
    left = [report for report in plan.settled if report.source not in done]
    return left + [
        FileReport(job.source, "failed", reason="interrupted; run scrub again")
        for job in plan.jobs
        if job.source not in done
    ]


def check_report_path(report: Path, plan: Outline, overwrite: bool) -> None:
    """Raise UsageError where writing the report would destroy something."""
    own = [*_sources(plan.jobs, plan.settled), *(job.target for job in plan.jobs)]
    if _spelling(report) in map(_spelling, own):
        raise UsageError(report, "is a file of this run", "name another file for --report")
    if os.path.lexists(report) and not overwrite:
        raise UsageError(report, "exists already", "use --overwrite or another file for --report")


def save_report(run: RunReport, report: Path) -> None:
    """Write the JSON report, readable only to its owner: it names the originals."""
    with files.draft_beside(report) as draft:
        draft.write_text(json.dumps(run.as_json(), indent=1) + "\n", encoding="utf-8")
        files.commit(draft, report, 0o600)


def _walked(inputs: Iterable[Path], out: Path | None, closed: list[OSError]) -> Iterator[Found]:
    """Every file named or below a folder named, in a fixed order; links are not followed.

    ``closed`` collects what went wrong with the folders that could not be opened.
    """
    for named in inputs:
        # Unlike Path.is_dir, this does not raise for a name that is too long.
        if not os.path.isdir(named) or os.path.islink(named):
            yield Found(named, Path(named.name))
            continue
        for folder, below, names in os.walk(named, onerror=closed.append):
            here = Path(folder)
            # The copies of an earlier run are no input, even where they lie inside one.
            below[:] = sorted(name for name in below if not _same(here / name, out))
            links = [name for name in below if (here / name).is_symlink()]
            for name in sorted([*names, *links]):
                yield Found(here / name, (here / name).relative_to(named))


def _closed_folder(error: OSError) -> FileReport:
    folder = Path(error.filename)
    problem = f"cannot be opened ({error.strerror})"
    return refusal(folder, InputError(folder, problem, "change its permissions"))


def _same(one: Path, other: Path | None) -> bool:
    return other is not None and one.resolve() == other.resolve()


def _distinct(found: Iterable[Found]) -> Iterator[Found]:
    """Each file once, even where it was named twice."""
    seen = set()
    for one in found:
        place = _place(one.source)
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
        reason = error.strerror or type(error).__name__
        raise InputError(path, f"cannot be read ({reason})", "look at its disk") from error
    if files.is_draft(path):
        raise InputError(path, "was left by a run that was killed", "remove it")
    if path.name.lower() in DROPPINGS or head.startswith(APPLE_DOUBLE):
        return True
    if path.suffix.lower() in MEDIA_SUFFIXES or b"\x00" in head:
        return False
    try:
        # Piece by piece, because the last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _suffix(source: Path, to: Target) -> str:
    """The target's suffix: the source's own where it tells the truth about the written bytes."""
    target = target_of(format_of(source), to)
    return source.suffix if source.suffix.lower() in target.suffixes else target.suffixes[0]


def _targets(found: Sequence[Found], out: Path, names: NamesRule) -> list[Job]:
    """Targets below ``out``; replaced names are numbered folder by folder."""
    taken: defaultdict[Path, set[str]] = defaultdict(set)
    for one in found:
        taken[one.relative.parent].add(one.source.stem.lower())
    jobs = []
    for one in found:
        folder = one.relative.parent
        stem = stem_for(one.source.stem, names, taken[folder])
        taken[folder].add(stem.lower())
        jobs.append(Job(one.source, out / folder / f"{stem}{one.suffix}"))
    return jobs


def _settle_collisions(
    jobs: Sequence[Job], settled: Sequence[FileReport], overwrite: bool
) -> Outline:
    """Refuse the jobs whose targets collide with each other, an input or an existing file."""
    sources = {_spelling(source) for source in _sources(jobs, settled)}
    by_target: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_target[_spelling(job.target)].append(job)
    free: list[Job] = []
    reports = list(settled)
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
            elif not overwrite and os.path.lexists(job.target):
                problem = ("exists already", "use --overwrite to replace it")
            if problem is None:
                free.append(job)
            else:
                path = job.source if others else job.target
                reports.append(refusal(job.source, TargetError(path, *problem)))
    return Outline(tuple(free), tuple(reports))


def _sources(jobs: Iterable[Job], settled: Iterable[FileReport]) -> list[Path]:
    return [*(job.source for job in jobs), *(report.source for report in settled)]


def _place(path: Path) -> str:
    """Where the file is, whatever links lead to its folder; a link itself stays one."""
    return os.path.join(os.path.realpath(path.parent), path.name)


def _spelling(path: Path) -> str:
    """Equal for two places that some file system takes for one (case, composed accents)."""
    return unicodedata.normalize("NFC", _place(path)).casefold()
