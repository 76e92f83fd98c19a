"""What several tests need: the real command, run as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import scrub

UNPLAIN = ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "PYTHONIOENCODING")


class Command:
    """``scrub`` in a process of its own, with this Python and the package under test."""

    line: tuple[str, ...] = (sys.executable, "-c", "from scrub.cli import main; main()")

    @property
    def environment(self) -> dict[str, str]:
        """This process's own, without what would colour, recode or widen the output."""
        kept = {name: value for name, value in os.environ.items() if name not in UNPLAIN}
        package = str(Path(scrub.__file__).parents[1])
        return {**kept, "COLUMNS": "80", "PYTHONPATH": package, "PYTHONUTF8": "1"}

    def __call__(
        self, *arguments: str | Path, before: Sequence[str] = (), **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; ``before`` is a command line that takes it as its arguments."""
        return subprocess.run(
            [*before, *self.line, *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=100,
            **options,
        )


@pytest.fixture(scope="session")
def scrub_command() -> Command:
    return Command()
