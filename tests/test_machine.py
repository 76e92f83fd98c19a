"""What the machine has to give: what Linux writes of it is read, wherever that stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrub import machine
from scrub.machine import PLENTY

GIGA = 1 << 30

HOMES = {
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


@pytest.mark.parametrize("home", HOMES)
def test_the_tightest_bound_counts(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, bounds, granted = HOMES[home]
    monkeypatch.setattr(machine, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "groups/here")
    monkeypatch.setattr(machine, "_physical", lambda: PLENTY)
    if own is not None:
        (tmp_path / "own").write_text(own)
    for name, bound in bounds.items():
        file = tmp_path / "groups/here" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{bound}\n")
    assert machine.memory() == granted


def test_this_machine_has_something_to_give() -> None:
    assert machine.cores() >= 1
    assert 1 << 20 < machine.memory() <= PLENTY
