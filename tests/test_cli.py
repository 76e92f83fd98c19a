"""The command line as a person meets it: real processes and files, an exit status, plain lines."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scrub import files
from scrub.formats import FORMATS, probe
from scrub.ledger import LEDGER
from scrub.report import VERSION
from tests.conftest import Command
from tests.media import BROKEN, canaries, write
from tests.parts import saved
from tests.pictures import face, picture

GIGA = 1 << 30


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    """Hash and time of every file below."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def decodes(path: Path) -> bool:
    media = probe(path)
    return len(list(FORMATS[media.kind].frames(media))) == media.frames


# --- a folder in which most is broken -----------------------------------------------------------

GOOD = {"b.jpg": "JPEG", "day/f.png": "PNG", "day/n.webp": "WEBP", "t.bmp": "BMP"}
"""Pictures whose names lie between those of the broken ones."""


@dataclass(frozen=True)
class Ran:
    """A finished run of the real command, and the most memory that one of its processes had."""

    status: int
    said: str
    problems: str
    peak: int
    inbox: Path
    out: Path
    report: dict[str, Any]
    before: dict[str, tuple[str, int]]


@pytest.fixture(scope="module")
def ran(scrub_command: Command, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("broken")
    inbox, out = folder / "in", folder / "out"
    (inbox / "day").mkdir(parents=True)
    for name, kind in GOOD.items():
        (inbox / name).write_bytes(saved(picture(), kind))
    for name in BROKEN:
        write(name, inbox)
    before = contents(inbox)
    arguments = ["clean", inbox, "--out", out, "--preset", "fast", "--report", folder / "r.json"]
    with (folder / "said").open("wb") as said, (folder / "problems").open("wb") as problems:
        process = subprocess.Popen(
            [*scrub_command.line, *map(str, arguments)],
            env=scrub_command.environment,
            stdout=said,
            stderr=problems,
        )
        status, peak = _waited(process)
    return Ran(
        status,
        (folder / "said").read_text(encoding="utf-8"),
        (folder / "problems").read_text(encoding="utf-8"),
        peak,
        inbox,
        out,
        json.loads((folder / "r.json").read_bytes()),
        before,
    )


def _waited(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Exit status, and peak memory in bytes of the largest process; 0 where nobody counts it."""
    if not hasattr(os, "wait4"):
        return process.wait(), 0
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def test_a_run_with_anything_refused_is_incomplete(ran: Ran) -> None:
    assert ran.status == 2


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_has_one_line_that_names_it_and_says_what_to_do(ran: Ran, name: str) -> None:
    [line] = [line for line in ran.problems.splitlines() if f"{os.sep}{name}: " in line]
    assert re.fullmatch(r".+: .{8,}; .{8,}", line)
    assert "unforeseen" not in line


def test_nothing_else_is_said_about_problems(ran: Ran) -> None:
    assert len(ran.problems.splitlines()) == len(BROKEN)
    assert "Traceback" not in ran.problems + ran.said


def test_the_good_ones_between_are_done(ran: Ran) -> None:
    assert set(contents(ran.out)) == {*GOOD, LEDGER}, "copies, and not one draft"
    assert all(decodes(ran.out / name) for name in GOOD)
    faces = ran.report["totals"]["faces"]
    assert ran.said.splitlines()[-1].startswith(
        f"{len(GOOD)} cleaned and verified, {faces} faces covered, {len(BROKEN)} refused in "
    )


def test_the_originals_do_not_change(ran: Ran) -> None:
    assert contents(ran.inbox) == ran.before


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system does not tell")
def test_no_file_takes_more_than_two_gigabytes(ran: Ran) -> None:
    assert 0.05 * GIGA < ran.peak < 2 * GIGA


def test_the_report_has_the_documented_shape(ran: Ran) -> None:
    assert set(ran.report) == {"version", "files", "dry_run", "totals"}
    assert ran.report["version"] == VERSION
    assert ran.report["dry_run"] is False
    totals = ran.report["totals"]
    assert totals.pop("seconds") > 0
    assert totals == {
        "files": len(GOOD) + len(BROKEN),
        "cleaned": len(GOOD),
        "refused": len(BROKEN),
        "failed": 0,
        "planned": 0,
        "unchanged": 0,
        "already_clean": 0,
        "unfinished": 0,
        "doubtful": sum(one["doubtful"] for one in ran.report["files"]),
        "faces": sum(one["faces"] for one in ran.report["files"]),
    }
    by_source = {Path(one["source"]): one for one in ran.report["files"]}
    assert len(by_source) == len(ran.report["files"])
    for name in BROKEN:
        one = by_source[ran.inbox / name]
        assert (one["status"], one["target"], one["verified"]) == ("refused", None, None)
        assert one["reason"]
    for name in GOOD:
        one = by_source[ran.inbox / name]
        assert (one["status"], one["reason"]) == ("cleaned", "")
        assert Path(one["target"]) == ran.out / name
        # Two, and now and then one more: the second look may take a cover's pattern for a face.
        assert one["faces"] == len({region["track"] for region in one["regions"]}) >= 2
        for region in one["regions"]:
            left, top, right, bottom = region["box"]
            assert left < right
            assert top < bottom
            assert region["first_frame"] == region["last_frame"] == 0
            assert region["why"]
        assert isinstance(one["removed"], list)
        assert isinstance(one["warnings"], list)
        assert one["verified"]["frames"] == 1
        assert one["verified"]["regions"] == len(one["regions"])
        assert one["verified"]["faces_left"] == 0
        assert one["seconds"] > 0


# --- names --------------------------------------------------------------------------------------

STRANGE = [
    "new\nline.jpg",
    "-rf.jpg",
    "quo'te\".jpg",
    "😀 写.jpg",
    " space .jpg",
    "%s{0}$HOME`x`;&|.jpg",
    "[red]*?.jpg",
    "tab\tbell\a\x1b[31m.jpg",
    "é" * 125 + "e.jpg",
    os.fsdecode(b"latin-\xfc.jpg"),
]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere some names cannot be given")
def test_a_strange_name_is_a_name(scrub_command: Command, tmp_path: Path) -> None:
    """All is well, so quiet says nothing at all; the report keeps each name to the byte."""
    inbox, out = tmp_path / "in", tmp_path / "out"
    inbox.mkdir()
    assert max(len(os.fsencode(name)) for name in STRANGE) == 255
    for name in STRANGE:
        (inbox / name).write_bytes(saved(face(32), "JPEG"))
    report = tmp_path / "report.json"
    ran = scrub_command(
        "clean", inbox, "--out", out, "--names=keep", "--metadata-only", "-q", "--report", report
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert set(os.listdir(out)) == {*STRANGE, LEDGER}
    told = json.loads(report.read_bytes())["files"]
    assert {one["source"] for one in told} == {str(inbox / name) for name in STRANGE}


def test_what_looks_like_an_option_can_be_named(scrub_command: Command, tmp_path: Path) -> None:
    (tmp_path / "-rf.jpg").write_bytes(saved(face(32), "JPEG"))
    ran = scrub_command("clean", "--metadata-only", "-o", "out", "--", "-rf.jpg", cwd=tmp_path)
    assert ran.returncode == 0
    assert set(os.listdir(tmp_path / "out")) == {"-rf.jpg", LEDGER}


# --- writing, and not writing -------------------------------------------------------------------


def test_a_dry_run_tells_and_writes_nothing(scrub_command: Command, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/IMG_0002.png").write_bytes(saved(picture(), "PNG"))
    before = contents(tmp_path), sorted(tmp_path.rglob("*"))
    ran = scrub_command("clean", tmp_path / "in", "-o", tmp_path / "out", "--preset=fast", "-n")
    assert ran.returncode == 0
    assert (contents(tmp_path), sorted(tmp_path.rglob("*"))) == before
    assert ran.stdout.splitlines()[1].split()[:3] == ["IMG_0002.png", "picture-001.png", "2"]
    assert ran.stdout.splitlines()[-1].startswith("1 would be cleaned, 2 faces found in ")
    assert ran.stderr == ""


def test_in_place_replaces_the_files_and_keeps_names_and_permissions(
    scrub_command: Command, tmp_path: Path
) -> None:
    modes = {"IMG_0001.jpg": 0o600, "b.JPG": 0o640, "c.png": 0o755 if os.name != "nt" else 0o666}
    for name, mode in modes.items():
        dirty = write("png-text" if name.endswith("png") else "jpeg-exif-gps", tmp_path)
        dirty.rename(tmp_path / name)
        (tmp_path / name).chmod(mode)
    assert all(canaries((tmp_path / name).read_bytes()) for name in modes)
    ran = scrub_command("clean", tmp_path, "--in-place", "--metadata-only")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert set(os.listdir(tmp_path)) == set(modes)
    for name, mode in modes.items():
        assert decodes(tmp_path / name)
        assert canaries((tmp_path / name).read_bytes()) == set()
        if os.name != "nt":
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
        assert (tmp_path / name).stat().st_mtime == files.NEUTRAL_TIME


def test_originals_are_not_hidden_by_a_run_that_was_refused_or_killed_there(
    scrub_command: Command, tmp_path: Path
) -> None:
    day = tmp_path / "in/day"
    day.mkdir(parents=True)
    (day / "a.png").write_bytes(saved(face(32), "PNG"))
    before = contents(tmp_path)
    ran = scrub_command("clean", day / "a.png", "--out", day, "--metadata-only")
    assert (ran.returncode, contents(tmp_path)) == (2, before)
    (day / LEDGER).touch()  # as it is for a moment before its first line
    ran = scrub_command("clean", tmp_path / "in", "--out", day, "--metadata-only")
    assert ran.returncode == 2
    assert "day: lies among the originals, and what is in it already would be left" in ran.stderr


def test_the_folder_of_the_copies_may_be_among_the_inputs_but_not_be_the_only_one(
    scrub_command: Command, tmp_path: Path
) -> None:
    """As ``scrub clean * --out cleaned`` has it on the second night."""
    (tmp_path / "cat.jpg").write_bytes(saved(face(32), "JPEG"))
    line = ("--out", "cleaned", "--metadata-only")
    assert scrub_command("clean", "cat.jpg", *line, cwd=tmp_path).returncode == 0
    again = scrub_command("clean", "cat.jpg", "cleaned", *line, cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert "1 already clean" in again.stdout
    alone = scrub_command("clean", "cleaned", *line, cwd=tmp_path)
    assert alone.returncode == 2
    assert alone.stderr.startswith("cleaned: is where the originals are, and copies would lie")
