"""What this machine has to give: cores and memory, and what a process takes of them."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

OWN_GROUPS = Path("/proc/self/cgroup")
"""Where Linux says in which control groups this process is: NUMBER:KINDS:PATH (cgroups(7))."""

GROUPS = Path("/sys/fs/cgroup")
"""Their folder; version 2 has all kinds in one tree, version 1 a folder for each."""

MEMORY = ("memory.max", "memory.limit_in_bytes")
"""Files with a group's bound in bytes: of version 2, of version 1."""

TIME = ("cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us")
"""Files with the processors' time that a group may take in a period: version 1 has two for it."""

PLENTY = 1 << 62
"""What no machine has, of bytes or cores: a system without an answer is taken to have it."""


def cores() -> int:
    """How many processor cores this process may keep busy, at least one."""
    return min((_present(), *map(_bound_of_time, _groups("cpu"))))


def memory() -> int:
    """Bytes of memory that processes here may take together, whoever holds them now."""
    return min((_physical(), *map(_bound_of_memory, _groups("memory"))))


def resident(process: int) -> int:
    """Bytes of memory that a process holds; 0 where the system does not tell, or it has ended.

    Pages of mapped files are not among them: a long video is mapped as a whole, and the system
    takes its pages back when it needs them. Fields 2 and 3 of proc_pid_statm(5).
    """
    try:
        fields = Path(f"/proc/{process}/statm").read_text().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def busy(process: int) -> float:
    """Seconds of processors' time that a process has used; 0 where no system tells, or it ended.

    Fields 14 and 15 of its line (proc_pid_stat(5)), whose second may hold blanks and brackets.
    """
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def thread_clock() -> Callable[[], float]:
    """What tells the seconds of processors' time that this thread has used, to any thread.

    It stands still where no system tells: Windows and macOS.
    """
    if not hasattr(time, "pthread_getcpuclockid"):
        return float
    return partial(time.clock_gettime, time.pthread_getcpuclockid(threading.get_ident()))


def _physical() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no such call.
        return PLENTY


def _present() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(kind: str) -> Iterator[Path]:
    """Folders of the groups with bounds of this kind that this process is in, and of those above.

    A container shows its own as the topmost, under any path.
    """
    try:
        lines = OWN_GROUPS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, kinds, path = line.split(":", 2)
        below = Path(path.lstrip("/"))
        for known in {"", kind}.intersection(kinds.split(",")):
            yield from (GROUPS / known / place for place in (below, *below.parents))


def _bound_of_memory(group: Path) -> int:
    """Bytes; PLENTY where the group has no bound."""
    words = [word for name in MEMORY for word in _words(group / name)]
    return min((int(word) for word in words if word.isdecimal()), default=PLENTY)


def _bound_of_time(group: Path) -> int:
    """Cores, the last of them perhaps in part; PLENTY where the group has no bound."""
    match [word for name in TIME for word in _words(group / name)]:
        case [quota, period] if quota.isdecimal():
            return math.ceil(int(quota) / int(period))
        case _:  # "max" and -1 are none.
            return PLENTY


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []
