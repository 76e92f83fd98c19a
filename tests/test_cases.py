"""Every file that fuzzing once broke a reader with is read now, and the fuzzer is not blind."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks import fuzz
from scrub import metadata
from scrub.metadata import Entry
from tests import cases, media

CASES = sorted(Path(cases.__file__).parent.glob("*.bin"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_a_case_is_read_without_harm(path: Path) -> None:
    assert fuzz.complaint(path.name.partition("-")[0], path.read_bytes()) == ""


def test_every_sample_is_of_a_kind_that_is_read() -> None:
    assert {media.kind(name) for name in cases.SAMPLES} == set(metadata.READERS)


def endless(data: bytes) -> list[Entry]:
    while True:
        pass


def raising(data: bytes) -> list[Entry]:
    raise IndexError


@pytest.mark.parametrize(
    ("reader", "problem"),
    [
        (endless, "took more than 0.05 s"),
        (raising, "IndexError"),
        (lambda data: [Entry("all", "", 2)], "fewer bytes than there are"),
        (lambda data: [Entry("all", "", 4)], "more bytes than there are"),
        (lambda data: [Entry("all", "", -1)], "negative size"),
        (lambda data: [Entry("all", "", 3, "\x1b")], "value that is not safe to show"),
        (lambda data: [Entry("all", "", 3), Entry("all / part", "", 9)], ""),
    ],
)
def test_a_reader_that_gives_in_is_caught(
    reader: object, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(metadata.READERS, "gif", reader)  # type: ignore[arg-type]
    assert fuzz.complaint("gif", b"abc", 0.05) == problem


def test_a_find_is_made_smaller_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile(data: bytes) -> list[Entry]:
        if b"\xff" in data:
            raise ValueError
        return [Entry("all", "", len(data))]

    monkeypatch.setitem(metadata.READERS, "gif", fragile)  # type: ignore[arg-type]
    assert fuzz.fuzz({"gif-plain": bytes(40)}, 0.3, 7, tmp_path) == 1
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == b"\xff"
    assert kept.name.startswith("gif-")


def test_the_same_seed_makes_the_same_files() -> None:
    one, two = (fuzz.mutated(random.Random(5), bytes(99), b"other") for _ in range(2))
    assert one == two != bytes(99)
