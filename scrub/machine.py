"""What this machine has to give: cores and memory, and what a process takes of them."""

from __future__ import annotations

import os
from pathlib import Path

GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
"""Where a container's bound is written (Linux, control groups version 2); "max" for none."""

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
    try:
        return int(GROUP_LIMIT.read_text())
    except (OSError, ValueError):
        return PLENTY
