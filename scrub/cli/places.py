"""Where a run works and on what: this machine and its disks, or a cluster and its storage."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from scrub import batch, ledger
from scrub import storage as far
from scrub.batch import Outline
from scrub.errors import UsageError
from scrub.find import DISK, Storage
from scrub.jobs import Crew
from scrub.ledger import Ledger


def check(inputs: Iterable[Path], out: Path | None, cluster: str | None) -> None:
    """Raise UsageError for an address where only files will do."""
    addresses = [path for path in (*inputs, *([out] if out else [])) if far.is_address(path)]
    if addresses and cluster is None:
        problem = f"{far.address(addresses[0])} is an address on a network"
        raise UsageError(None, problem, "use it with --cluster")
    if addresses and out is None:
        problem = f"{far.address(addresses[0])} is an address and cannot be replaced"
        raise UsageError(None, problem, "use --out")


def storage(cluster: str | None) -> Storage:
    """What files are read from: addresses too, where others do the work."""
    return DISK if cluster is None else far.Storage()


def memory(out: Path | None, dry_run: bool) -> AbstractContextManager[Ledger | None]:
    """What was done before; None without a place for copies, or where nothing was."""
    if out is None:
        return nullcontext()
    if far.is_address(out):
        return far.opened_ledger(out, dry_run)
    return ledger.opened(out, dry_run)


def crew(cluster: str | None, jobs: int | None, plan: Outline) -> AbstractContextManager[Crew]:
    """Those who work, so many of them as ``jobs`` says."""
    if cluster is None:
        return batch.crew(jobs, len(plan.jobs))
    from scrub.cluster import crew as far_away

    return far_away(cluster, jobs)
