"""What waits for others does not wait for ever, and not for those who are gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import count

import pytest

from tests import waiting
from tests.waiting import until


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives as long as somebody may speak to it."""
    line = [sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit(3)"]
    with subprocess.Popen(line, stdin=subprocess.PIPE) as process:
        yield process


def test_what_was_waited_for_is_given(other: subprocess.Popen[bytes]) -> None:
    answers = iter([None, "", "here"])
    assert until(lambda: next(answers), other) == "here"


def test_what_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.05)
    with pytest.raises(AssertionError, match="in vain"):
        until(lambda: False)


def test_nobody_waits_for_those_who_are_gone(other: subprocess.Popen[bytes]) -> None:
    asked = count()

    def reached() -> bool:
        if next(asked) == 1:
            other.communicate()
        return False

    with pytest.raises(AssertionError, match="has ended with status 3"):
        until(reached, other)
