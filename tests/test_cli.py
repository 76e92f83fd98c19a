"""The command line as a person meets it: real processes and files, an exit status, plain lines."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scrub import batch, files, workers
from scrub.cli import main
from scrub.console import Console
from scrub.formats import FORMATS, probe
from scrub.report import VERSION, FileReport
from scrub.settings import STYLES
from scrub.workers import Job
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
    assert set(contents(ran.out)) == set(GOOD), "copies, and not one draft"
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
        "unchanged": 0,
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
    assert set(os.listdir(out)) == set(STRANGE)
    told = json.loads(report.read_bytes())["files"]
    assert {one["source"] for one in told} == {str(inbox / name) for name in STRANGE}


def test_what_looks_like_an_option_can_be_named(scrub_command: Command, tmp_path: Path) -> None:
    (tmp_path / "-rf.jpg").write_bytes(saved(face(32), "JPEG"))
    ran = scrub_command("clean", "--metadata-only", "-o", "out", "--", "-rf.jpg", cwd=tmp_path)
    assert ran.returncode == 0
    assert os.listdir(tmp_path / "out") == ["-rf.jpg"]


# --- writing, and not writing -------------------------------------------------------------------


def test_a_dry_run_tells_and_writes_nothing(scrub_command: Command, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/two.png").write_bytes(saved(picture(), "PNG"))
    before = contents(tmp_path), sorted(tmp_path.rglob("*"))
    ran = scrub_command("clean", tmp_path / "in", "-o", tmp_path / "out", "--preset=fast", "-n")
    assert ran.returncode == 0
    assert (contents(tmp_path), sorted(tmp_path.rglob("*"))) == before
    assert ran.stdout.splitlines()[-1].startswith("1 would be cleaned, 2 faces found in ")
    assert ran.stderr == ""


def test_in_place_replaces_the_files_and_keeps_names_and_permissions(
    scrub_command: Command, tmp_path: Path
) -> None:
    modes = {"IMG_0001.jpg": 0o600, "b.JPG": 0o640, "c.png": 0o444}
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


# --- misuse -------------------------------------------------------------------------------------


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder "in" with a picture, below the working folder; another "empty"; a file "there"."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("in").mkdir()
    Path("empty").mkdir()
    Path("there").write_text("kept")
    Path("in/a.jpg").write_bytes(saved(face(32), "JPEG"))
    return tmp_path / "in"


OURS = {
    "no place": (["in"], "needs one place for the results; use either --out DIR"),
    "two places": (["in", "--out", "o", "--in-place"], "needs one place for the results; use"),
    "margin": (["in", "--out", "o", "--margin", "9"], "--margin 9 is out of range; use a number"),
    "no margin": (["in", "--out", "o", "--margin", "nan"], "--margin nan is out of range; use"),
    "max-side": (["in", "--out", "o", "--max-side", "3"], "--max-side 3 is too small; use 16"),
    "nothing": (["empty", "--out", "o"], "found no pictures to clean; name a picture or"),
    "report": (["in", "--out", "o", "--report", "there"], "there: exists already; use --overwrite"),
    "own report": (["in", "--out", "o", "--report", "in/a.jpg"], "in/a.jpg: is a file of this run"),
}


@pytest.mark.usefixtures("inbox")
@pytest.mark.parametrize("case", OURS)
def test_a_mistake_is_one_line_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    arguments, reason = OURS[case]
    before = contents(tmp_path)
    ended = CliRunner().invoke(main, ["clean", *arguments])
    assert ended.exit_code == 2
    [line] = ended.output.splitlines()
    assert line.startswith(reason)
    assert contents(tmp_path) == before


CLICKS = {
    "style": (["in", "--out", "o", "--style", "none"], "'none' is not one of 'blur', 'pixelate'"),
    "jobs": (["in", "--out", "o", "--jobs", "0"], "0 is not in the range x>=1"),
    "input": (["--out", "o"], "Missing argument 'INPUT...'"),
    "option": (["in", "--out", "o", "--stile", "blur"], "No such option '--stile'|--stile"),
}


@pytest.mark.usefixtures("inbox")
@pytest.mark.parametrize("case", CLICKS)
def test_a_slip_of_the_pen_is_answered_with_the_way_to_help(case: str) -> None:
    arguments, reason = CLICKS[case]
    ended = CliRunner().invoke(main, ["clean", *arguments])
    assert ended.exit_code == 2
    lines = ended.output.splitlines()
    assert "--help" in lines[1] or "-h" in lines[1]
    assert lines[-1].startswith("Error: ")
    assert re.search(reason, lines[-1])
    assert len(lines) <= 4


@pytest.mark.usefixtures("inbox")
def test_a_person_who_changes_their_mind_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "outline", stopped)
    ended = CliRunner().invoke(main, ["clean", "in", "--out", "o"])
    assert ended.exit_code == 2
    assert ended.output == "Error: interrupted; run scrub again\n"


@pytest.mark.usefixtures("inbox")
@pytest.mark.parametrize("where", ["in the work", "while a report is told"])
def test_an_interrupted_run_says_what_is_left_and_sums_up(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    closed = []

    def run(jobs: Sequence[Job], *_: object) -> Iterator[FileReport]:
        try:
            yield FileReport(jobs[0].source, "cleaned", jobs[0].target, kind="jpeg")
            if where == "in the work":
                raise KeyboardInterrupt
            yield FileReport(jobs[1].source, "failed", reason="never comes")
        finally:
            closed.append(True)

    tell = Console.tell

    def told(console: Console, report: FileReport) -> None:
        if report.reason == "never comes":
            raise KeyboardInterrupt
        tell(console, report)

    monkeypatch.setattr(workers, "run", run)
    monkeypatch.setattr(Console, "tell", told)
    for name in ("b.jpg", "c.jpg"):
        Path("in", name).write_bytes(Path("in/a.jpg").read_bytes())
    ended = CliRunner().invoke(main, ["clean", "in", "--out", "o", "--report", "r.json"])
    assert ended.exit_code == 2
    assert closed == [True]
    assert "in/b.jpg: interrupted; run scrub again\nin/c.jpg: interrupted; run" in ended.output
    assert "1 cleaned and verified, 0 faces covered, 2 failed in " in ended.output
    ends = [file["status"] for file in json.loads(Path("r.json").read_bytes())["files"]]
    assert ends == ["cleaned", "failed", "failed"]


@pytest.mark.usefixtures("inbox")
def test_a_report_that_cannot_be_written_does_not_hide_what_was_done(
    scrub_command: Command, tmp_path: Path
) -> None:
    ran = scrub_command(
        "clean", "in", "--out", "o", "--metadata-only", "--report", "there/r.json", cwd=tmp_path
    )
    assert ran.returncode == 2
    assert "1 cleaned and verified" in ran.stdout
    assert re.fullmatch(r"there/r\.json: cannot be written \(.*\); check .*\n", ran.stderr)
    assert os.listdir(tmp_path / "o") == ["a.jpg"]


# --- help ---------------------------------------------------------------------------------------

OPTIONS = [
    *("--out DIR", "--in-place", "--style", "--preset", "--margin X", "--names"),
    *("--metadata-only", "--max-side PX", "--jobs N", "--report FILE.json", "--overwrite"),
    *("--dry-run", "-q", "-v", "-n", "-o", "-j"),
]


@pytest.fixture
def help_lines(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    monkeypatch.setenv("COLUMNS", "80")

    def lines(*arguments: str) -> list[str]:
        ended = CliRunner().invoke(main, [*arguments, "--help"])
        assert ended.exit_code == 0
        return ended.output.splitlines()

    return lines


def test_the_help_fits_a_terminal_and_shows_examples(
    help_lines: Callable[..., list[str]],
) -> None:
    lines = help_lines("clean")
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)
    examples = [line.strip() for line in lines if line.strip().startswith("scrub clean ")]
    assert examples == [
        "scrub clean photo.jpg --out cleaned     one picture",
        "scrub clean tonight --out cleaned       a folder and all below it",
        "scrub clean tonight --out cleaned -n    only tell what would be done",
    ]
    flat = re.sub(r"\s+", " ", " ".join(lines))
    for option in OPTIONS:
        assert f" {option}" in flat
    assert f"[{'|'.join(STYLES)}]" in flat
    assert "[default: blur]" in flat


def test_the_first_help_says_what_it_is_for(help_lines: Callable[..., list[str]]) -> None:
    text = " ".join(" ".join(help_lines()).split())
    assert "Make photos safe to post." in text
    assert "never opens a connection" in text


def test_help_loads_nothing_heavy(scrub_command: Command) -> None:
    code = (
        "import sys; from scrub.cli import main\n"
        "try: main(['clean', '--help'])\n"
        "except SystemExit: print(sorted({'numpy', 'cv2', 'PIL', 'rich'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=scrub_command.environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert ended.stdout.splitlines()[-1] == "[]"
