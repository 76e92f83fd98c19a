"""No file is ever written over another: not a copy, not an original, not by the report."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scrub import agenda, files
from scrub.agenda import Agenda
from scrub.errors import ScrubError, UsageError
from tests.test_agenda import JPEG, PNG, drawn_up, needs_links, reasons, targets, tree

COLLISIONS = {
    "the same name in two folders": {"in/a.jpg": JPEG, "more/a.jpg": JPEG},
    "three of them, one in two folders": {"in/a.jpg": JPEG, "in/A.JPG": JPEG, "more/a.jpg": JPEG},
    "names that differ in case only": {"in/A.jpg": JPEG, "in/a.JPG": JPEG},
    "case in two folders": {"in/Straße.jpg": JPEG, "more/STRASSE.jpg": JPEG},
    "composed and decomposed accents": {"in/é.jpg": JPEG, "more/e\u0301.jpg": JPEG},
}


@pytest.mark.parametrize("case", COLLISIONS)
@pytest.mark.parametrize("overwrite", [False, True])
def test_files_that_would_be_written_over_each_other_are_all_refused(
    tmp_path: Path, out: Path, case: str, overwrite: bool
) -> None:
    for name, data in {**COLLISIONS[case], "in/free.jpg": JPEG, "more/open.jpg": JPEG}.items():
        tree(tmp_path, name, data=data)
    if len(list(tmp_path.rglob("*.*"))) < len(COLLISIONS[case]) + 2:
        pytest.skip("this file system takes the two names for one")
    plan = drawn_up([tmp_path / "in", tmp_path / "more"], out, overwrite=overwrite)
    assert set(targets(plan, out)) == {"free.jpg", "open.jpg"}
    refused = [one for one in plan.settled if one.status == "refused"]
    assert {one.source for one in refused} == {tmp_path / name for name in COLLISIONS[case]}
    for one in refused:
        assert "would be written to the same file as" in one.reason
        others = {str(other.source) for other in refused if other is not one}
        assert any(other in one.reason for other in others)


NEIGHBOURS = {
    "one corrected": ({"a.jpg": PNG, "a.png": PNG}, {"a.jpg": "a-2.png", "a.png": "a.png"}),
    "none with its own": ({"a.gif": PNG, "a.jpg": PNG}, {"a.gif": "a.png", "a.jpg": "a-2.png"}),
    "three of them": (
        {"a.jpg": PNG, "a.png": PNG, "a.webp": PNG},
        {"a.jpg": "a-2.png", "a.png": "a.png", "a.webp": "a-3.png"},
    ),
    "a number that is taken": (
        {"a.jpg": PNG, "a.png": PNG, "a-2.jpg": JPEG},
        {"a.jpg": "a-3.png", "a.png": "a.png", "a-2.jpg": "a-2.jpg"},
    ),
    "case": ({"A.jpg": PNG, "a.png": PNG}, {"A.jpg": "A-2.png", "a.png": "a.png"}),
    "one in another folder": (
        {"a.png": PNG, "b/a.jpg": PNG},
        {"a.png": "a.png", "b/a.jpg": "b/a.png"},
    ),
}


@pytest.mark.parametrize("case", NEIGHBOURS)
def test_a_file_that_becomes_the_kind_of_its_neighbour_gets_a_number(
    inbox: Path, out: Path, case: str
) -> None:
    files, copies = NEIGHBOURS[case]
    for name, data in files.items():
        tree(inbox, name, data=data)
    plan = drawn_up([inbox], out)
    assert plan.settled == ()
    assert {
        job.source.relative_to(inbox).as_posix(): job.target.relative_to(out).as_posix()
        for job in plan.jobs
    } == copies
    numbered = {job.source.name for job in plan.jobs if job.note == agenda.NUMBERED}
    assert numbered == {
        Path(name).name for name, copy in copies.items() if Path(copy).stem != Path(name).stem
    }


def test_an_existing_target_is_only_replaced_when_asked(inbox: Path, out: Path) -> None:
    tree(inbox, "a.jpg", "b.jpg")
    tree(out, "a.jpg", data=b"mine")
    plan = drawn_up([inbox], out)
    assert targets(plan, out) == {"b.jpg": "b.jpg"}
    place = out / "a.jpg"
    assert reasons(plan) == {"a.jpg": f"{place}: exists already; use --overwrite to replace it"}
    assert set(targets(drawn_up([inbox], out, overwrite=True), out)) == {"a.jpg", "b.jpg"}


@needs_links
@pytest.mark.parametrize("points_to", ["elsewhere.jpg", "nowhere.jpg"])
def test_a_target_that_is_a_link_is_never_replaced(
    tmp_path: Path, inbox: Path, out: Path, points_to: str
) -> None:
    tree(inbox, "a.jpg")
    tree(tmp_path, "elsewhere.jpg")
    out.mkdir()
    (out / "a.jpg").symlink_to(tmp_path / points_to)
    plan = drawn_up([inbox], out, overwrite=True)
    assert plan.jobs == ()
    assert "is a link; remove it" in reasons(plan)["a.jpg"]


def same_folder(inbox: Path) -> tuple[list[Path], Path]:
    return [inbox], inbox


def linked_folder(inbox: Path) -> tuple[list[Path], Path]:
    if os.name == "nt":
        pytest.skip("links need a privilege on Windows")
    way = inbox.parent / "way"
    way.symlink_to(inbox)
    return [inbox], way


def refused_input(inbox: Path) -> tuple[list[Path], Path]:
    """The target is an input too, and one that will not be cleaned."""
    other = tree(inbox.parent / "other", "a.jpg", data=b"")
    return [inbox, other / "a.jpg"], other


@pytest.mark.parametrize("place", [same_folder, linked_folder, refused_input])
def test_an_input_is_never_a_target(
    inbox: Path, place: Callable[[Path], tuple[list[Path], Path]]
) -> None:
    tree(inbox, "a.jpg")
    inputs, out = place(inbox)
    plan = drawn_up(inputs, out, overwrite=True)
    assert plan.jobs == ()
    [refused] = [one for one in plan.settled if one.source == inbox / "a.jpg"]
    assert refused.reason.endswith("is an input itself; choose another folder for --out")


@pytest.mark.skipif(sys.platform != "linux", reason="limits of names differ")
def test_a_name_that_grows_too_long_ends_neither_the_plan_nor_the_run(
    inbox: Path, out: Path
) -> None:
    out.mkdir()
    name = "c" * 255
    tree(inbox, name, "d" * 251 + ".jpg")
    plan = drawn_up([inbox], out)
    assert targets(plan, out) == {name: name + ".jpg", "d" * 251 + ".jpg": "d" * 251 + ".jpg"}
    with (
        pytest.raises(
            ScrubError, match=r"File name too long\); use a shorter name, or --names random"
        ),
        files.draft_beside(out / f"{name}.jpg") as draft,
    ):
        files.commit(draft, out / f"{name}.jpg", 0o600)
    assert list(out.iterdir()) == []


# --- the report ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["in/a.jpg", "out/a.jpg", "in/bad.jpg", "out/../in/A.JPG"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_the_report_never_takes_the_place_of_a_picture(
    tmp_path: Path, plan: Agenda, name: str, overwrite: bool
) -> None:
    with pytest.raises(UsageError, match="is a file of this run; name another file"):
        agenda.check_report_path(tmp_path / name, plan, overwrite)


def test_an_existing_report_is_only_replaced_when_asked(tmp_path: Path, plan: Agenda) -> None:
    report = tmp_path / "report.json"
    agenda.check_report_path(report, plan, overwrite=False)
    report.write_text("{}")
    agenda.check_report_path(report, plan, overwrite=True)
    with pytest.raises(UsageError, match="exists already; use --overwrite"):
        agenda.check_report_path(report, plan, overwrite=False)
