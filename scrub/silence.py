"""Keeps other libraries' own words off standard error: our errors say what is wrong.

libtiff prints a line for each damage it meets, and MediaPipe several when it starts. Both do so in
C or C++, past whatever Python does about its own streams.
"""

from __future__ import annotations

import os
import threading
import warnings
from types import TracebackType

STDERR = 2


class Silence:
    """While at least one thread is inside, nothing is printed and no warning is shown.

    What holds for the whole process must not stay open while a generator waits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._kept: int | None = None
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.simplefilter("ignore")
                self._kept = _mute()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._filters.__exit__(kind, error, trace)
                if self._kept is not None:
                    os.dup2(self._kept, STDERR)
                    os.close(self._kept)


def _mute() -> int | None:
    """Lead standard error into nothing; return where it led, None where it is closed already."""
    try:
        kept = os.dup(STDERR)
    except OSError:
        return None
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, STDERR)
    os.close(nothing)
    return kept


silence = Silence()
"""One for the whole process, as standard error is."""
