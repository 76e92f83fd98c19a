"""Lets the steps of one job run at the same time, in order, holding few results at once.

The libraries below (FFmpeg, ONNX Runtime, OpenCV, numpy) let go of the interpreter while they
work, so that threads are enough to use every core.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def ahead(source: Iterable[T], most: int = 3) -> Iterator[T]:
    """The items of ``source``, made in a thread of their own, at most ``most`` ahead of need.

    What ``source`` raises is raised here, in its place among the items.
    """
    items = iter(source)

    def following() -> list[T]:
        return list(islice(items, 1))  # Empty at the end.

    with ThreadPoolExecutor(1) as thread:
        waiting = deque(thread.submit(following) for _ in range(most))
        try:
            while found := waiting.popleft().result():
                waiting.append(thread.submit(following))
                yield from found
        finally:
            for future in waiting:
                future.cancel()


def mapped(function: Callable[[S], T], source: Iterable[S], threads: int) -> Iterator[T]:
    """``function`` of each item, in their order, ``threads`` at a time."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for item in source:
                waiting.append(pool.submit(function, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
