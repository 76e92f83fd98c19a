"""What a run over many files came to, for a gate that lets them pass or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from scrub.exposure import Exposure
from scrub.report import FileReport

Verdict = Literal["clean", "found", "refused", "failed"]

VERSION = 1
"""Of what ``check --json`` prints; changes when a reader of the old one would be misled."""

STATUS = {"clean": 0, "found": 1, "refused": 2, "failed": 2}
"""What a verdict does to the exit status, of which the highest counts."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A file, what was thought of it and why.

    ``clean``: understood, and nothing is wrong; ``found``: something is, as ``findings`` say;
    ``refused`` and ``failed``: not understood, as ``reason`` says.
    """

    source: Path
    verdict: Verdict
    findings: tuple[str, ...] = ()
    reason: str = ""
    kind: str = ""
    faces: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "source": str(self.source),
            "verdict": self.verdict,
            "findings": list(self.findings),
            "reason": self.reason,
            "kind": self.kind,
            "faces": self.faces,
        }


@dataclass(frozen=True, slots=True)
class GateReport:
    """The files of a run and how many were passed over as no pictures; owns the exit status."""

    files: tuple[Judged, ...]
    passed_over: int = 0

    @property
    def counts(self) -> Counter[str]:
        """How many files got each verdict."""
        return Counter(file.verdict for file in self.files)

    @property
    def exit_status(self) -> int:
        """0 when every file was understood and is clean, 1 when something was found, else 2.

        That something was not understood weighs more than a find: nobody knows what is in it.
        """
        return max((STATUS[file.verdict] for file in self.files), default=2)

    def as_json(self) -> dict[str, Any]:
        """Says what was found and never its values: a gate's output ends up in logs."""
        return {
            "version": VERSION,
            "files": [file.as_json() for file in self.files],
            "totals": {
                "files": len(self.files),
                **{verdict: self.counts[verdict] for verdict in get_args(Verdict)},
                "passed_over": self.passed_over,
            },
        }


def judged(reports: Sequence[FileReport], allowed_faces: int = 0) -> GateReport:
    """The verdicts over files that were looked at or refused, in the order of their names."""
    files = []
    passed_over = 0
    for report in sorted(reports, key=lambda report: str(report.source)):
        if isinstance(report, Exposure):
            findings = report.findings(allowed_faces)
            faces = None if report.sightings is None else report.faces
            verdict: Verdict = "found" if findings else "clean"
            files.append(Judged(report.source, verdict, findings, kind=report.kind, faces=faces))
        elif report.passed_over:
            passed_over += 1
        else:
            verdict = "refused" if report.status == "refused" else "failed"
            files.append(Judged(report.source, verdict, reason=report.reason))
    return GateReport(tuple(files), passed_over)
