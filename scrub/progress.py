"""How far the file in hand is: told by whoever works on it, heard by whoever waits for it.

In a worker it goes on to the parent, in the parent to the console, anywhere else nowhere. Nobody
depends on it: what cannot be told is not told, and the file goes on.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

EVERY = 0.3
"""Seconds between two steps of a file that are told, at least."""

PASSES = {
    "looking": (0.0, 0.5),
    "trying": (0.5, 0.1),
    "writing": (0.6, 0.2),
    "examining": (0.8, 0.2),
}
"""What cleaning does with a video one after the other: how much of the work lies before it, and
how much it is itself. A guess: presets differ, and a second writing starts over from the first's.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the work on a file is: in which of the passes, and how much of that is done, 0 to 1."""

    path: Path
    doing: str
    share: float

    @property
    def whole(self) -> float:
        """How much of all passes is done, 0 to 1; what is none of them is done alone."""
        before, own = PASSES.get(self.doing, (0.0, 1.0))
        return before + own * self.share


Listener = Callable[[Step], object]


@dataclass(slots=True)
class _Audience:
    """Who listens in this process, and when they were told something last."""

    listeners: list[Listener] = field(default_factory=list)
    told: float = -EVERY


_audience = _Audience()


@contextlib.contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """Have ``listener`` hear of every step in this process, from any thread, during the block."""
    _audience.listeners.append(listener)
    try:
        yield
    finally:
        _audience.listeners.remove(listener)


def tell(path: Path, doing: str, done: float, length: float) -> None:
    """Tell that ``done`` of ``length`` is done; a length of 0 is not known, and nothing is told."""
    now = time.monotonic()
    if _audience.listeners and length > 0 and now - _audience.told >= EVERY:
        _audience.told = now
        pass_on(Step(path, doing, min(1.0, max(0.0, done / length))))


def pass_on(step: Step) -> None:
    """Tell of a step that was heard from another process."""
    for listener in tuple(_audience.listeners):
        # A cut line or a closed terminal, and whatever else: the file must not suffer.
        with contextlib.suppress(Exception):
            listener(step)
