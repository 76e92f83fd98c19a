"""What was decided, proved and done: frozen records that turn into JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from scrub.errors import (
    DamagedError,
    InputError,
    ScrubError,
    StorageError,
    TargetError,
    TooLargeError,
    UnsupportedError,
)
from scrub.regions import Region

MANY = 40
"""Up to so many files are listed one by one; more are counted."""

OTHERS = "other reasons, each named above"

Status = Literal["cleaned", "planned", "refused", "failed", "unchanged"]

VERSION = 1
"""Of the JSON report; changes when a reader of the old one would be misled."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be covered in one file, and what reading it could not keep.

    ``looked`` says whether faces were looked for at all.
    """

    regions: tuple[Region, ...] = ()
    warnings: tuple[str, ...] = ()
    looked: bool = True

    @property
    def faces(self) -> int:
        """How many heads; one that is seen in many frames counts once."""
        return len({region.track for region in self.regions})

    @property
    def doubtful(self) -> int:
        """How many of these a person should look at: nothing sure was seen of them."""
        sure = {region.track for region in self.regions if not region.doubtful}
        return len({region.track for region in self.regions} - sure)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the examination of the written file found to be in order.

    ``frames`` decoded to the end; ``entries`` listed and all allowed; ``regions`` compared
    with the original's pixels, ``structure`` being the largest share (0 to 1) of a region's
    fine structure that survived; ``looked`` whether faces were looked for again; ``rounds``
    how often the file was written until none was left.
    """

    frames: int
    entries: int
    regions: int
    structure: float
    looked: bool
    rounds: int

    def as_json(self) -> dict[str, Any]:
        return {
            "frames": self.frames,
            "entries": self.entries,
            "regions": self.regions,
            "structure": round(self.structure, 3),
            "faces_left": 0 if self.looked else None,
            "rounds": self.rounds,
        }


@dataclass(frozen=True, slots=True)
class FileReport:
    """How one file ended.

    ``cleaned``: the target is there and verified; ``planned``: a dry run would have made it;
    ``refused``: the input was not something that scrub can or may clean; ``failed``: it
    could not be finished; ``unchanged``: nothing was asked of it. ``reason`` explains the
    last three, and of the first what became of an earlier copy. ``unfit`` is a file that is
    itself the reason, and would be another time.
    """

    source: Path
    status: Status
    target: Path | None = None
    reason: str = ""
    kind: str = ""
    plan: Plan = field(default_factory=Plan)
    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    evidence: Evidence | None = None
    seconds: float = 0.0
    unfit: bool = False

    @property
    def faces(self) -> int:
        return self.plan.faces

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """What a person should know of the copy, beside what was covered and removed."""
        return (*self.plan.warnings, *self.warnings)

    @property
    def already_clean(self) -> bool:
        """Whether there was nothing to do: what would have been written is there."""
        return self.status == "unchanged" and self.target is not None

    def as_json(self) -> dict[str, Any]:
        return {
            "source": str(self.source),
            "target": None if self.target is None else str(self.target),
            "status": self.status,
            "reason": self.reason,
            "kind": self.kind,
            "faces": self.faces,
            "doubtful": self.plan.doubtful,
            "regions": [_region_json(region) for region in self.plan.regions],
            "removed": list(self.removed),
            "warnings": list(self.all_warnings),
            "verified": None if self.evidence is None else self.evidence.as_json(),
            "seconds": round(self.seconds, 3),
        }


def refusal(source: Path, error: ScrubError) -> FileReport:
    """How a file ended that met ``error``; the reason names the error's file if it is another."""
    refused = isinstance(error, InputError | TargetError) and not isinstance(error, StorageError)
    status: Status = "refused" if refused else "failed"
    reason = error.reason if error.path == source else str(error)
    unfit = isinstance(error, UnsupportedError | DamagedError | TooLargeError)
    return FileReport(source, status, reason=reason, unfit=unfit)


@dataclass(frozen=True, slots=True)
class Group:
    """Files that ended for the same reason; ``example`` is the first of them."""

    status: Status
    reason: str
    count: int
    example: Path


@dataclass(frozen=True, slots=True)
class Note:
    """A warning that so many finished files share; ``example`` is the first by name."""

    text: str
    count: int
    example: Path


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to; it owns the exit status.

    ``counts`` is how many files ended with each status; of the unchanged ones, ``already`` had
    a copy that is still good, and ``left_out`` are no pictures; ``looked`` says whether faces
    were looked for in all of them; ``done`` holds the finished files where they are few enough
    to be listed, ``look_at`` those whose doubtful faces a person should look at, MANY at most;
    ``unfinished`` is how many an interrupt left.
    """

    counts: Counter[str]
    faces: int
    doubtful: int
    seconds: float
    already: int = 0
    left_out: int = 0
    looked: bool = True
    done: tuple[FileReport, ...] = ()
    look_at: tuple[FileReport, ...] = ()
    groups: tuple[Group, ...] = ()
    notes: tuple[Note, ...] = ()
    unfinished: int = 0
    dry_run: bool = False

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def exit_status(self) -> int:
        """0 when everything asked for was done, else 2; a run over nothing did nothing."""
        incomplete = self.counts["refused"] or self.counts["failed"] or self.unfinished
        return 2 if not self.total or incomplete else 0

    def as_json(self) -> dict[str, Any]:
        """What stands in the report after the files."""
        return {
            "dry_run": self.dry_run,
            "totals": {
                "files": self.total,
                **{status: self.counts[status] for status in get_args(Status)},
                "already_clean": self.already,
                "unfinished": self.unfinished,
                "faces": self.faces,
                "doubtful": self.doubtful,
                "seconds": round(self.seconds, 3),
            },
        }


class Tally:
    """Adds up the files of a run as they end, and holds on to no more than MANY of them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._faces = self._doubtful = self._already = self._left_out = 0
        self._looked = True
        self._done: list[FileReport] = []
        self._look_at: list[FileReport] = []
        self._groups: dict[tuple[Status, str], Group] = {}
        self._notes: dict[str, Note] = {}

    @property
    def total(self) -> int:
        return self._counts.total()

    def add(self, file: FileReport) -> None:
        self._counts[file.status] += 1
        self._faces += file.faces
        self._doubtful += file.plan.doubtful
        self._looked &= file.plan.looked
        self._already += file.already_clean
        self._left_out += file.status == "unchanged" and not file.kind and not file.already_clean
        if file.kind and len(self._done) <= MANY:
            self._done.append(file)
        if file.plan.doubtful and len(self._look_at) < MANY:
            self._look_at.append(file)
        if file.status in ("refused", "failed") or (file.status == "cleaned" and file.reason):
            key = file.status, file.reason
            if len(self._groups) >= MANY and key not in self._groups:
                key = file.status, OTHERS
            group = self._groups.get(key, Group(*key, 0, file.source))
            self._groups[key] = replace(group, count=group.count + 1)
        for text in file.all_warnings:  # Sentences of ours, of which there are not many.
            note = self._notes.get(text, Note(text, 0, file.source))
            first = min(note.example, file.source)
            self._notes[text] = replace(note, count=note.count + 1, example=first)

    def close(self, seconds: float, dry_run: bool = False, unfinished: int = 0) -> RunReport:
        """The report of the run, which took so long and left so many files."""
        return RunReport(
            self._counts.copy(),
            self._faces,
            self._doubtful,
            seconds,
            self._already,
            self._left_out,
            self._looked,
            tuple(self._done) if len(self._done) <= MANY else (),
            tuple(self._look_at),
            tuple(sorted(self._groups.values(), key=lambda group: -group.count)),
            tuple(sorted(self._notes.values(), key=lambda note: (-note.count, note.text))),
            unfinished,
            dry_run,
        )


def _region_json(region: Region) -> dict[str, Any]:
    return {
        "box": [*region.box.edges],
        "first_frame": region.first_frame,
        "last_frame": region.last_frame,
        "why": region.why,
        "track": region.track,
        "doubtful": region.doubtful,
    }
