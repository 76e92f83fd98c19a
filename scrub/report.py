"""What was decided, proved and done: frozen records that turn into JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from scrub.errors import InputError, ScrubError, TargetError
from scrub.regions import Region

Status = Literal["cleaned", "refused", "failed", "unchanged"]

VERSION = 1
"""Of the JSON report; changes when a reader of the old one would be misled."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be covered in one file, and what reading it could not keep."""

    regions: tuple[Region, ...] = ()
    warnings: tuple[str, ...] = ()

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

    ``cleaned``: the target is there and verified (or would be made, in a dry run);
    ``refused``: the input was not something that scrub can or may clean; ``failed``: it
    could not be finished; ``unchanged``: nothing was asked of it. ``reason`` explains the
    last three.
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

    @property
    def faces(self) -> int:
        return self.plan.faces

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
            "warnings": [*self.plan.warnings, *self.warnings],
            "verified": None if self.evidence is None else self.evidence.as_json(),
            "seconds": round(self.seconds, 3),
        }


def refusal(source: Path, error: ScrubError) -> FileReport:
    """How a file ended that met ``error``; the reason names the error's file if it is another."""
    status: Status = "refused" if isinstance(error, InputError | TargetError) else "failed"
    reason = error.reason if error.path == source else str(error)
    return FileReport(source, status, reason=reason)


@dataclass(frozen=True, slots=True)
class RunReport:
    """All files of a run; it owns the exit status."""

    files: Sequence[FileReport]
    seconds: float
    dry_run: bool = False

    @property
    def counts(self) -> Counter[str]:
        """How many files ended with each status."""
        return Counter(file.status for file in self.files)

    @property
    def faces(self) -> int:
        return sum(file.faces for file in self.files)

    @property
    def exit_status(self) -> int:
        """0 when everything asked for was done, else 2; a run over nothing did nothing."""
        counts = self.counts
        return 2 if not self.files or counts["refused"] or counts["failed"] else 0

    def as_json(self) -> dict[str, Any]:
        counts = self.counts
        return {
            "version": VERSION,
            "files": [file.as_json() for file in self.files],
            "dry_run": self.dry_run,
            "totals": {
                "files": len(self.files),
                **{status: counts[status] for status in get_args(Status)},
                "faces": self.faces,
                "seconds": round(self.seconds, 3),
            },
        }


def _region_json(region: Region) -> dict[str, Any]:
    box = region.box
    return {
        "box": [box.left, box.top, box.right, box.bottom],
        "first_frame": region.first_frame,
        "last_frame": region.last_frame,
        "why": region.why,
        "track": region.track,
        "doubtful": region.doubtful,
    }
