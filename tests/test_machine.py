"""What the machine has to give: what Linux writes of it is read, wherever that stands."""

from __future__ import annotations

import mmap
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from scrub import machine
from scrub.machine import PLENTY

GIGA = 1 << 30

Home = tuple[str | None, dict[str, object], int]
"""What Linux says of this process's groups, the files of their bounds, and what they come to."""

HOMES: dict[str, Home] = {
    "bare": ("0::/\n", {}, PLENTY),
    "container": ("0::/\n", {"memory.max": GIGA}, GIGA),
    "unbound": ("0::/a/b\n", {"memory.max": "max", "a/memory.max": "max"}, PLENTY),
    "nested": ("0::/a/b\n", {"a/b/memory.max": 2 * GIGA, "a/memory.max": 3 * GIGA}, 2 * GIGA),
    "tighter above": ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": GIGA}, GIGA),
    "another's": ("0::/a/b\n", {"a/c/memory.max": GIGA}, PLENTY),
    "seen from within": ("0::/../../pod/1\n", {"memory.max": GIGA}, GIGA),
    "version 1": (
        "9:cpu,memory:/a\n4:pids:/b\n0::/\n",
        {"memory/a/memory.limit_in_bytes": GIGA, "memory/memory.limit_in_bytes": (1 << 63) - 4096},
        GIGA,
    ),
    "version 1, within": ("4:memory:/pod/1\n", {"memory/memory.limit_in_bytes": GIGA}, GIGA),
    "no Linux": (None, {"memory.max": GIGA}, PLENTY),
}


SHARES: dict[str, Home] = {
    "bare": ("0::/\n", {}, PLENTY),
    "container": ("0::/\n", {"cpu.max": "150000 100000"}, 2),
    "unbound": ("0::/a\n", {"a/cpu.max": "max 100000"}, PLENTY),
    "nested": ("0::/a/b\n", {"a/b/cpu.max": "5000 1000", "a/cpu.max": "max 1000"}, 5),
    "tighter above": ("0::/a/b\n", {"a/b/cpu.max": "5000 1000", "a/cpu.max": "1 1000"}, 1),
    "version 1": (
        "3:cpu,cpuacct:/a\n0::/\n",
        {"cpu/a/cpu.cfs_quota_us": 250000, "cpu/a/cpu.cfs_period_us": 100000},
        3,
    ),
    "version 1, unbound": (
        "3:cpu:/\n",
        {"cpu/cpu.cfs_quota_us": -1, "cpu/cpu.cfs_period_us": 100000},
        PLENTY,
    ),
    "memory alone": ("4:memory:/\n", {"cpu/cpu.max": "1 1000"}, PLENTY),
    "no Linux": (None, {"cpu.max": "1 1000"}, PLENTY),
}

Settle = Callable[[str | None, Mapping[str, object]], None]


@pytest.fixture
def settle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settle:
    """Makes this an endless machine, on which only control groups set bounds."""

    def settle(own: str | None, bounds: Mapping[str, object]) -> None:
        if own is not None:
            (tmp_path / "own").write_text(own)
        for name, bound in bounds.items():
            file = tmp_path / "groups/here" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{bound}\n")

    monkeypatch.setattr(machine, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "groups/here")
    monkeypatch.setattr(machine, "_physical", lambda: PLENTY)
    monkeypatch.setattr(machine, "_present", lambda: PLENTY)
    return settle


@pytest.mark.parametrize("home", HOMES)
def test_the_tightest_bound_of_memory_counts(home: str, settle: Settle) -> None:
    own, bounds, granted = HOMES[home]
    settle(own, bounds)
    assert machine.memory() == granted


@pytest.mark.parametrize("home", SHARES)
def test_the_tightest_bound_of_time_counts_and_a_part_of_a_core_is_one(
    home: str, settle: Settle
) -> None:
    own, bounds, granted = SHARES[home]
    settle(own, bounds)
    assert machine.cores() == granted


@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell")
def test_the_time_that_a_process_was_busy_is_told() -> None:
    before, now = machine.busy(os.getpid()), time.process_time()
    assert before <= now
    while time.process_time() - now < 0.1:
        pass
    # It is counted in hundredths, all of them past.
    assert before + 0.05 < machine.busy(os.getpid()) <= time.process_time()
    assert machine.busy(1 << 30) == 0


def test_this_machine_has_something_to_give() -> None:
    assert machine.cores() >= 1
    assert 1 << 20 < machine.memory() <= PLENTY


def busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no system tells")
def test_a_thread_s_clock_counts_its_own_time_and_nothing_else() -> None:
    clock = machine.thread_clock()
    before = clock()
    other = threading.Thread(target=busy, args=(0.2,))
    other.start()
    other.join()
    assert clock() - before < 0.2
    busy(0.2)
    assert clock() - before >= 0.2


def test_where_no_system_tells_a_thread_s_clock_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    clock = machine.thread_clock()
    busy(0.05)
    assert clock() == clock() == 0


@pytest.mark.skipif(machine.resident(os.getpid()) == 0, reason="this system does not tell")
def test_a_file_that_is_mapped_takes_no_memory_and_what_is_read_of_it_does(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.touch()
    os.truncate(path, GIGA // 4)
    before = machine.resident(os.getpid())
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        assert not any(data[:: mmap.PAGESIZE])
        assert machine.resident(os.getpid()) - before < GIGA // 16
        read = data[:]
        assert machine.resident(os.getpid()) - before > GIGA // 8
        assert len(read) == len(data)
