"""Where a run works and on what: this machine and its disks, or a cluster and its storage."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from scrub import batch, ledger
from scrub.addresses import ANYWHERE, address, is_address, opened_ledger
from scrub.agenda import Agenda
from scrub.errors import UsageError
from scrub.files import real
from scrub.jobs import Crew
from scrub.ledger import LEDGER, Ledger
from scrub.storage import DISK, Storage


def check(inputs: Sequence[Path], out: Path | None, cluster: str | None = None) -> None:
    """Raise UsageError for an address where only files will do, and for mixed-up folders."""
    addresses = [path for path in (*inputs, *([out] if out else [])) if is_address(path)]
    if addresses and cluster is None:
        problem = f"{address(addresses[0])} is an address on a network"
        raise UsageError(None, problem, "use it with --cluster")
    if addresses and out is None:
        problem = f"{address(addresses[0])} is an address and cannot be replaced"
        raise UsageError(None, problem, "use --out")
    if out is not None and not is_address(out):
        _check_apart(inputs, out)


def check_folder(folder: Path, option: str) -> None:
    """Raise UsageError where something else has the name of what was given to ``option``."""
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise UsageError(folder, "is not a folder", f"name a folder for {option}")


def check_quarantine(quarantine: Path, inbox: Path, out: Path) -> None:
    """Raise UsageError where what was refused would come back, or lie among the copies."""
    check_folder(quarantine, "--quarantine")
    place = real(quarantine)
    for other, what in ((inbox, "the inbox"), (out, "the folder of the copies")):
        if place == real(other):
            raise UsageError(quarantine, f"is {what} itself", "choose another for --quarantine")
    if place.is_relative_to(real(out)):
        problem = "lies among the copies, and what is moved there is not clean"
        raise UsageError(quarantine, problem, "choose another folder for --quarantine")


def check_report(report: Path, inbox: Path) -> None:
    """Raise UsageError where it might take an original's place, or would be one that arrives."""
    if real(report).is_relative_to(real(inbox)):
        raise UsageError(report, "lies in the inbox", "choose another place for --report")


def _check_apart(inputs: Sequence[Path], out: Path) -> None:
    """Copies among originals would be taken for such, and the other way round."""
    check_folder(out, "--out")
    place = real(out)
    known = _holds_copies(out)
    for one in filter(os.path.isdir, inputs):
        if real(one) == place and not (known and len(inputs) > 1):
            problem = "is where the originals are, and copies would lie among them"
            raise UsageError(out, problem, "choose another folder for --out")
        if place.is_relative_to(real(one)) and not known and DISK.names(out):
            problem = "lies among the originals, and what is in it already would be left out"
            raise UsageError(out, problem, "choose a new or an empty folder for --out")


def _holds_copies(folder: Path) -> bool:
    """Whether any were ever begun there; a run that was killed may leave an empty ledger."""
    try:
        return (folder / LEDGER).stat().st_size > 0
    except OSError:
        return False


def storage(cluster: str | None) -> Storage:
    """What files are read from: addresses too, where others do the work."""
    return DISK if cluster is None else ANYWHERE


def memory(out: Path | None, dry_run: bool) -> AbstractContextManager[Ledger | None]:
    """What was done before; None without a place for copies, or where nothing was."""
    if out is None:
        return nullcontext()
    if is_address(out):
        return opened_ledger(out, dry_run)
    return ledger.opened(out, dry_run)


def crew(cluster: str | None, jobs: int | None, plan: Agenda) -> AbstractContextManager[Crew]:
    """Those who work, so many of them as ``jobs`` says."""
    if cluster is None:
        return batch.crew(jobs, len(plan.jobs))
    from scrub.cluster import crew as far_away

    return far_away(cluster, jobs)
