"""Waiting for what other processes do: until it is so, however slow the machine is."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any, TypeVar

PATIENCE = 300.0
"""Seconds after which what does not come is given up: many times what a machine takes that has
several other things to do."""

Reached = TypeVar("Reached")


def until(reached: Callable[[], Reached], *processes: subprocess.Popen[Any]) -> Reached:
    """What ``reached`` returns, once that is true.

    Fails where that takes longer than anything may, or where one of ``processes``, without which
    it never comes, has ended before.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        # Looked for first: one may have done it and ended since.
        ended = [process for process in processes if process.poll() is not None]
        if result := reached():
            return result
        assert not ended, f"{ended[0].args} has ended with status {ended[0].returncode}"
        assert time.monotonic() < deadline, f"waited for {PATIENCE:.0f} seconds in vain"
        time.sleep(0.01)
