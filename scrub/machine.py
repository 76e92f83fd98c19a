"""What this machine has to give: cores and memory, and what a process takes of them."""

from __future__ import annotations

import os
from pathlib import Path

OWN_GROUPS = Path("/proc/self/cgroup")
"""Where Linux says in which control groups this process is: NUMBER:KINDS:PATH (cgroups(7))."""

GROUPS = Path("/sys/fs/cgroup")
LIMITS = {"": Path("memory.max"), "memory": Path("memory/memory.limit_in_bytes")}
"""Their folder, and the topmost's bound in it, by kind: version 2 has one kind, unnamed."""

PLENTY = 1 << 62
"""Bytes that no machine has: what a system without an answer is taken to have."""


def cores() -> int:
    """How many processor cores this process may use, at least one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> int:
    """Bytes of memory that processes here may take together, whoever holds them now."""
    return min(_physical(), _granted())


def resident(process: int) -> int:
    """Bytes of memory that a process holds; 0 where the system does not tell, or it has ended."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _physical() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no such call.
        return PLENTY


def _granted() -> int:
    """The least bound of the groups that this process is in and of all above them."""
    try:
        lines = OWN_GROUPS.read_text().splitlines()
    except OSError:
        return PLENTY
    groups = [line.split(":", 2)[1:] for line in lines]
    return min((_bound(kinds, path) for kinds, path in groups), default=PLENTY)


def _bound(kinds: str, path: str) -> int:
    """Of one group and those above; a container shows its own as the topmost, under any path."""
    known = [LIMITS[kind] for kind in kinds.split(",") if kind in LIMITS]
    below = Path(path.lstrip("/"))
    return min(
        (
            _number(GROUPS / limit.parent / place / limit.name)
            for limit in known
            for place in (below, *below.parents)
        ),
        default=PLENTY,
    )


def _number(file: Path) -> int:
    """What the file holds; PLENTY where there is none, or "max" in it."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return PLENTY
