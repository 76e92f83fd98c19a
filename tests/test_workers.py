"""An executor whose calls can do to their process what they like."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import NoReturn

import pytest

from scrub import machine, workers
from scrub.workers import FIRST_LOOK, Bounds, Lost, Workers

LONG = 60.0
BRIEF = 1.0


def patience(*arguments: object, **named: object) -> float:
    return LONG


def little_patience(*arguments: object) -> float:
    return BRIEF


def echo(value: object) -> tuple[object, int]:
    return value, os.getpid()


def fail(value: object) -> NoReturn:
    raise KeyError(value)


def die(value: object) -> NoReturn:
    os._exit(7)


def spin(value: object) -> None:
    end = time.thread_time() + LONG
    while time.thread_time() < end:
        pass


def sleep(value: object) -> None:
    time.sleep(LONG)


def stop(value: object) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def doze(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


@pytest.fixture(scope="module")
def one() -> Iterator[Workers]:
    with Workers(1, Bounds(patience)) as executor:
        yield executor


def test_a_worker_serves_many_calls(one: Workers) -> None:
    answers = [one.submit(echo, number).result() for number in range(3)]
    assert [value for value, _ in answers] == [0, 1, 2]
    [process] = {process for _, process in answers}
    assert process != os.getpid()


def test_arguments_may_be_named(one: Workers) -> None:
    value, _ = one.submit(echo, value=7).result()
    assert value == 7


@pytest.mark.parametrize("name", workers.ALLOCATION)
def test_a_worker_is_told_how_to_allocate(one: Workers, name: str) -> None:
    assert one.submit(os.getenv, name).result() == os.environ[name]


def test_an_error_is_the_call_s_own(one: Workers) -> None:
    _, before = one.submit(echo, 0).result()
    with pytest.raises(KeyError, match="'a'"):
        one.submit(fail, "a").result()
    assert one.submit(echo, 1).result() == (1, before)


def test_a_lost_worker_is_replaced(one: Workers) -> None:
    _, before = one.submit(echo, 0).result()
    with pytest.raises(Lost) as lost:
        one.submit(die, 0).result()
    assert (lost.value.cause, lost.value.writer) == ("death", before)
    _, after = one.submit(echo, 0).result()
    assert after != before


def test_calls_behind_a_lost_one_are_answered(one: Workers) -> None:
    futures = [one.submit(call, 5) for call in (echo, die, echo, die, echo)]
    ends = [type(future.exception()) for future in futures]
    assert ends == [type(None), Lost, type(None), Lost, type(None)]


def test_an_exception_in_the_block_ends_calls_and_threads() -> None:
    before = set(threading.enumerate())
    with contextlib.suppress(KeyboardInterrupt), Workers(2, Bounds(patience)) as two:
        futures = [two.submit(doze, seconds) for seconds in (0, LONG, LONG, LONG)]
        futures[0].result()
        raise KeyboardInterrupt
    assert set(threading.enumerate()) <= before
    assert all(future.done() for future in futures)
    assert isinstance(futures[1].exception(), Lost)
    assert futures[3].cancelled()


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot stop a process")
def test_a_worker_that_hangs_is_lost() -> None:
    # One that is stopped would be waited for without end, so it comes after those that move.
    for calls in ((spin, sleep), (stop,)):
        with Workers(2, Bounds(little_patience)) as two:
            futures = [two.submit(call, 0) for call in calls]
            causes = {getattr(future.exception(), "cause", None) for future in futures}
        assert causes == {"time"}


@pytest.mark.parametrize(
    ("step", "seconds", "cause"),
    [(0.0, LONG, "time"), (0.01, BRIEF + 3 * workers.TICK, None), (0.6, LONG, "time")],
)
def test_a_worker_that_others_starve_is_not(
    monkeypatch: pytest.MonkeyPatch, step: float, seconds: float, cause: str | None
) -> None:
    """``step`` is what it has of the processors between two looks."""
    told = count(0, step)
    monkeypatch.setattr(machine, "busy", lambda process: next(told))
    with Workers(1, Bounds(little_patience)) as executor:
        error = executor.submit(doze, seconds).exception()
    assert getattr(error, "cause", None) == cause


def test_a_time_in_which_all_of_us_were_stopped_does_not_count(
    one: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = count(0, 3600)
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + next(hours))
    monkeypatch.setattr(workers, "time", clock)
    assert one.submit(doze, 2 * workers.TICK).result() is None


def test_a_worker_has_time_to_start() -> None:
    assert FIRST_LOOK > 60
