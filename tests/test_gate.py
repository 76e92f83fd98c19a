"""A gate's verdicts and its exit status: what was not understood weighs most."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from scrub.gate import VERSION, judged
from scrub.metadata import Entry
from scrub.report import FileReport
from tests.test_exposure import exposure, seen

CLEAN = exposure()
FOUND = exposure("still", seen(0))
REFUSED = FileReport(Path("in/b.png"), "refused", reason="is empty; get a whole copy of it")
FAILED = FileReport(Path("in/c.png"), "failed", reason="ran into something unforeseen")
TEXT = FileReport(Path("in/d.txt"), "unchanged", reason="not a picture: not copied")

WEIGHTS = {"clean": (CLEAN, 0), "found": (FOUND, 1), "refused": (REFUSED, 2), "failed": (FAILED, 2)}


@pytest.mark.parametrize(
    "names", [names for size in (1, 2, 3) for names in itertools.combinations(WEIGHTS, size)]
)
def test_the_worst_file_decides(names: tuple[str, ...]) -> None:
    reports = [TEXT, *(WEIGHTS[name][0] for name in names)]
    for order in (reports, reports[::-1]):
        assert judged(order).exit_status == max(WEIGHTS[name][1] for name in names)


@pytest.mark.parametrize("reports", [[], [TEXT]])
def test_nothing_judged_is_not_clean(reports: list[FileReport]) -> None:
    assert judged(reports).exit_status == 2


def test_verdicts_say_why() -> None:
    gate = judged([FAILED, TEXT, REFUSED, FOUND])
    assert [file.verdict for file in gate.files] == ["found", "refused", "failed"]
    assert [file.reason for file in gate.files] == ["", REFUSED.reason, FAILED.reason]
    assert gate.files[0].findings == ("1 uncovered face",)
    assert gate.passed_over == 1


def test_allowed_faces_pass() -> None:
    assert judged([FOUND], allowed_faces=1).exit_status == 0


def test_json_has_the_documented_shape_and_no_values() -> None:
    secret = "48.858844, 2.294351"
    telling = replace(
        exposure(),
        source=Path("in/a.jpg"),
        kind="jpeg",
        sightings=None,
        carried=(Entry("GPS", "GPS position", 8, secret),),
    )
    told = judged([telling, REFUSED, TEXT]).as_json()
    assert secret not in json.dumps(told)
    assert told["version"] == VERSION
    assert told["files"] == [
        {
            "source": str(Path("in/a.jpg")),
            "verdict": "found",
            "findings": ["GPS position"],
            "reason": "",
            "kind": "jpeg",
            "faces": None,
        },
        {
            "source": str(Path("in/b.png")),
            "verdict": "refused",
            "findings": [],
            "reason": REFUSED.reason,
            "kind": "",
            "faces": None,
        },
    ]
    assert told["totals"] == {
        "files": 2,
        "clean": 0,
        "found": 1,
        "refused": 1,
        "failed": 0,
        "passed_over": 1,
    }
