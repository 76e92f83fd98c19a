"""Reports say how each file ended, turn into JSON, and own the exit status."""

from __future__ import annotations

import dataclasses
import itertools
import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import pytest

from scrub.errors import (
    ClusterError,
    DamagedError,
    InputError,
    ModelError,
    OutputError,
    ScrubError,
    StorageError,
    TargetError,
    TooLargeError,
    UnsupportedError,
    UsageError,
    VerificationError,
    WorkerError,
)
from scrub.regions import Box, Region
from scrub.report import MANY, Evidence, FileReport, Plan, RunReport, Status, Tally, refusal
from tests.test_errors import ERRORS

STATUSES: tuple[Status, ...] = get_args(Status)
SOURCE = Path("tonight/crowd.jpg")

ENDS: dict[type[ScrubError], Status] = {
    InputError: "refused",
    UnsupportedError: "refused",
    DamagedError: "refused",
    TooLargeError: "refused",
    TargetError: "refused",
    StorageError: "failed",
    ScrubError: "failed",
    UsageError: "failed",
    VerificationError: "failed",
    ModelError: "failed",
    WorkerError: "failed",
    OutputError: "failed",
    ClusterError: "failed",
}
"""How a file ends that meets an error: refused where it was not to be cleaned at all."""

PLAN = Plan(
    (
        Region(Box(10, 20, 30, 40), 0, 0, "face", 0),
        Region(Box(11, 20, 31, 40), 1, 5, "between two sights of a face", 0),
        Region(Box(-5, 0, 15, 20), 0, 0, "face", 1, doubtful=True),
    ),
    ("colours were converted",),
)
EVIDENCE = Evidence(frames=6, entries=3, regions=8, structure=0.123456, looked=True, rounds=2)


def run_of(
    files: Iterable[FileReport], seconds: float = 0, dry_run: bool = False, unfinished: int = 0
) -> RunReport:
    tally = Tally()
    for file in files:
        tally.add(file)
    return tally.close(seconds, dry_run, unfinished)


CLEANED = FileReport(
    SOURCE,
    "cleaned",
    Path("out/picture-001.jpg"),
    kind="gif",
    plan=PLAN,
    removed=("GPS position", "comment"),
    warnings=("CenterFace looked alone",),
    evidence=EVIDENCE,
    seconds=1.23456,
)
CLEANED_JSON: dict[str, Any] = {
    "source": str(SOURCE),
    "target": str(Path("out/picture-001.jpg")),
    "status": "cleaned",
    "reason": "",
    "kind": "gif",
    "faces": 2,
    "doubtful": 1,
    "regions": [
        {
            "box": [10, 20, 30, 40],
            "first_frame": 0,
            "last_frame": 0,
            "why": "face",
            "track": 0,
            "doubtful": False,
        },
        {
            "box": [11, 20, 31, 40],
            "first_frame": 1,
            "last_frame": 5,
            "why": "between two sights of a face",
            "track": 0,
            "doubtful": False,
        },
        {
            "box": [-5, 0, 15, 20],
            "first_frame": 0,
            "last_frame": 0,
            "why": "face",
            "track": 1,
            "doubtful": True,
        },
    ],
    "removed": ["GPS position", "comment"],
    "warnings": ["colours were converted", "CenterFace looked alone"],
    "verified": {
        "frames": 6,
        "entries": 3,
        "regions": 8,
        "structure": 0.123,
        "faces_left": 0,
        "rounds": 2,
    },
    "seconds": 1.235,
}


def ended(*statuses: Status) -> tuple[FileReport, ...]:
    return tuple(FileReport(Path(f"{n}.jpg"), status) for n, status in enumerate(statuses))


def test_a_face_is_doubtful_where_no_sight_of_it_is_sure() -> None:
    box = Box(10, 20, 30, 40)
    doubtful = [Region(box, frame, frame, "face", track, True) for track, frame in [(0, 0), (1, 0)]]
    assert Plan((*doubtful, Region(box, 1, 1, "face", 0))).doubtful == 1


# --- one file -----------------------------------------------------------------------------------


def test_a_cleaned_file_in_json() -> None:
    assert json.loads(json.dumps(CLEANED.as_json())) == CLEANED_JSON


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "cleaned"])
def test_a_file_that_was_not_cleaned_in_json(status: Status) -> None:
    report = FileReport(SOURCE, status, reason="is a link; name what it points to")
    assert json.loads(json.dumps(report.as_json())) == {
        "source": str(SOURCE),
        "target": None,
        "status": status,
        "reason": "is a link; name what it points to",
        "kind": "",
        "faces": 0,
        "doubtful": 0,
        "regions": [],
        "removed": [],
        "warnings": [],
        "verified": None,
        "seconds": 0,
    }


def test_faces_that_nobody_looked_for_are_not_said_to_be_gone() -> None:
    blind = dataclasses.replace(EVIDENCE, looked=False)
    assert blind.as_json()["faces_left"] is None


def test_a_head_seen_in_many_frames_is_one_face() -> None:
    assert PLAN.faces == CLEANED.faces == 2
    assert Plan().faces == 0


@pytest.mark.parametrize(
    "name", ["line\nbreak", "\U0001f600", "\udcff", 'quo"te', "\x1b[2J"], ids=ascii
)
def test_any_file_name_survives_json(name: str) -> None:
    report = FileReport(Path(name), "cleaned", Path(name))
    data = json.loads(json.dumps(report.as_json()))
    assert (data["source"], data["target"]) == (name, name)


def test_a_report_comes_back_from_a_worker_unchanged() -> None:
    assert pickle.loads(pickle.dumps(CLEANED)) == CLEANED


@pytest.mark.parametrize("part", [PLAN, EVIDENCE, CLEANED, run_of((CLEANED,))], ids=type)
def test_records_are_frozen(part: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(part, dataclasses.fields(part)[0].name, None)


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_ends_a_file_as_refused_or_failed(kind: type[ScrubError]) -> None:
    report = refusal(SOURCE, kind(SOURCE, "is cut short", "copy it again"))
    unfit = kind in (UnsupportedError, DamagedError, TooLargeError)
    assert report == FileReport(
        SOURCE, ENDS[kind], reason="is cut short; copy it again", unfit=unfit
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (SOURCE, "is in the way; remove it"),
        (None, "is in the way; remove it"),
        (Path("out/crowd.jpg"), f"{Path('out/crowd.jpg')}: is in the way; remove it"),
    ],
)
def test_a_refusal_names_a_file_only_where_it_is_another(path: Path | None, reason: str) -> None:
    assert refusal(SOURCE, TargetError(path, "is in the way", "remove it")).reason == reason


# --- a run --------------------------------------------------------------------------------------


def test_a_run_over_nothing_did_nothing() -> None:
    assert run_of(()).exit_status == 2


@pytest.mark.parametrize("dry_run", [False, True])
def test_only_a_run_without_refusals_and_failures_is_a_success(dry_run: bool) -> None:
    for count in (1, 2, 3):
        for statuses in itertools.product(STATUSES, repeat=count):
            good = {"refused", "failed"}.isdisjoint(statuses)
            run = run_of(ended(*statuses), 1, dry_run)
            assert run.exit_status == (0 if good else 2), statuses


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_run_in_json(dry_run: bool) -> None:
    files = (CLEANED, *ended("refused", "failed", "failed", "unchanged"))
    data = json.loads(json.dumps(run_of(files, 9.87654, dry_run).as_json()))
    assert data["dry_run"] is dry_run
    assert data["totals"] == {
        "files": 5,
        "cleaned": 1,
        "planned": 0,
        "refused": 1,
        "failed": 2,
        "unchanged": 1,
        "already_clean": 0,
        "unfinished": 0,
        "faces": 2,
        "doubtful": 1,
        "seconds": 9.877,
    }


def test_an_empty_run_in_json_has_all_its_totals() -> None:
    totals = run_of(()).as_json()["totals"]
    assert totals["files"] == totals["faces"] == totals["seconds"] == 0
    assert set(STATUSES) < set(totals)
    assert not any(totals.values())


def test_what_an_interrupt_left_makes_a_run_incomplete() -> None:
    assert run_of((CLEANED,)).exit_status == 0
    assert run_of((CLEANED,), unfinished=1).exit_status == 2


def test_a_copy_that_is_still_good_is_not_passed_over() -> None:
    again = FileReport(SOURCE, "unchanged", Path("out/a.jpg"), "already clean")
    run = run_of((again, *ended("unchanged", "unchanged")))
    assert (run.already, run.left_out, run.exit_status) == (1, 2, 0)


def test_a_long_run_is_counted_and_held_no_longer() -> None:
    tally = Tally()
    for number in range(10 * MANY):
        tally.add(dataclasses.replace(CLEANED, source=Path(f"{number}.jpg")))
        tally.add(FileReport(Path(f"{number}.bad"), "refused", reason=f"is {number}"))
    run = tally.close(1)
    assert run.counts == {"cleaned": 10 * MANY, "refused": 10 * MANY}
    assert (run.faces, run.doubtful) == (20 * MANY, 10 * MANY)
    assert run.done == ()
    assert len(run.look_at) == MANY
    assert sum(group.count for group in run.groups) == 10 * MANY
    assert len(run.groups) == MANY + 1


def test_reasons_are_grouped_the_most_frequent_first() -> None:
    files = [
        FileReport(Path(name), status, reason=reason)
        for name, status, reason in (
            ("a", "refused", "is empty"),
            ("b", "refused", "is HEIC"),
            ("c", "refused", "is HEIC"),
            ("d", "failed", "is empty"),
        )
    ]
    groups = [(one.status, one.reason, one.count, one.example) for one in run_of(files).groups]
    assert groups == [
        ("refused", "is HEIC", 2, Path("b")),
        ("refused", "is empty", 1, Path("a")),
        ("failed", "is empty", 1, Path("d")),
    ]
