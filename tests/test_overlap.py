"""Steps that run at the same time: in order, with their errors, and never far ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from scrub.overlap import ahead, mapped
from tests.waiting import PATIENCE


def test_items_come_in_order() -> None:
    assert list(ahead(range(100))) == list(range(100))
    assert list(mapped(lambda number: number * 2, range(100), 3)) == list(range(0, 200, 2))


def test_nothing_is_nothing() -> None:
    assert list(ahead(())) == list(mapped(str, (), 2)) == []


def breaking(after: int) -> Iterator[int]:
    yield from range(after)
    raise ValueError("broken")


def test_an_error_comes_where_it_happened() -> None:
    for items in (ahead(breaking(3)), mapped(int, breaking(3), 2)):
        with pytest.raises(ValueError, match="broken"):
            list(items)
    items = ahead(breaking(3))
    assert [next(items) for _ in range(3)] == [0, 1, 2]


def test_an_error_of_the_function_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(mapped(lambda number: 1 // number, [1, 0, 1], 2))


def test_only_a_few_items_are_made_before_they_are_wanted() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    items = ahead(source(), 3)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert len(made) <= 5


def test_work_is_done_beside_the_one_who_asks() -> None:
    here = threading.get_ident()
    assert here not in set(ahead(threading.get_ident() for _ in range(5)))
    both = threading.Barrier(2, timeout=PATIENCE)
    # Each waits until the other has begun.
    assert len(list(mapped(lambda _: both.wait(), range(2), 2))) == 2
