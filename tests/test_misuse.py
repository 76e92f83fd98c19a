"""Mistakes, changes of mind and the help: what the command line says before it does anything."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from scrub import agenda, jobs
from scrub.cli import main
from scrub.console import Console
from scrub.jobs import Done, Job
from scrub.report import FileReport
from scrub.settings import STYLE_NAMES
from tests.conftest import Command
from tests.parts import saved
from tests.pictures import face
from tests.test_cli import contents


@pytest.fixture(autouse=True)
def _desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder: a folder "in" with a picture, another "empty", a file "there"."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("in").mkdir()
    Path("empty").mkdir()
    Path("there").write_text("kept")
    Path("in/a.jpg").write_bytes(saved(face(32), "JPEG"))


OURS = {
    "no place": (["in"], "needs one place for the results; use either --out DIR"),
    "two places": (["in", "--out", "o", "--in-place"], "needs one place for the results; use"),
    "margin": (["in", "--out", "o", "--margin", "9"], "--margin 9 is out of range; use a number"),
    "no margin": (["in", "--out", "o", "--margin", "nan"], "--margin nan is out of range; use"),
    "max-side": (["in", "--out", "o", "--max-side", "3"], "--max-side 3 is too small; use 16"),
    "nothing": (["empty", "--out", "o"], "empty: no pictures or videos found; name one, or"),
    "report": (["in", "--out", "o", "--report", "there"], "there: exists already; use --overwrite"),
    "report is a folder": (
        ["in", "--out", "o", "--report", "empty", "--overwrite"],
        "empty: cannot be written (Is a directory); check",
    ),
    "no report": (
        ["in/a.jpg", "--out", "o", "--report", "there", "--overwrite"],
        "there: is there and no report; name another file for --report",
    ),
    "names in place": (
        ["in", "--in-place", "--names", "random"],
        "--names random cannot be done in place, where each file keeps its name; use --out",
    ),
    "no folder": (["in", "--out", "there"], "there: is not a folder; name a folder for --out"),
    "the same folder": (["in", "--out", "in"], "in: is where the originals are, and copies"),
    "own report": (
        ["in", "--out", "o", "--report", "in/a.jpg"],
        f"{Path('in/a.jpg')}: is a file of this run; name another file",
    ),
}


@pytest.mark.parametrize("case", OURS)
def test_a_mistake_is_one_line_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    arguments, reason = OURS[case]
    before = contents(tmp_path)
    ended = CliRunner().invoke(main, ["clean", *arguments])
    assert ended.exit_code == 2
    [line] = ended.output.splitlines()
    assert line.startswith(reason)
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.name == "nt", reason="folders are closed in another way there")
@pytest.mark.parametrize("command", ["clean", "watch"])
@pytest.mark.parametrize("place", ["x" * 300, "loop/x", "in/closed", "in/closed/x"])
def test_a_place_that_cannot_even_be_looked_at_is_named(place: str, command: str) -> None:
    if "closed" in place and os.geteuid() == 0:
        pytest.skip("nothing is closed to the administrator")
    Path("loop").symlink_to("loop")
    Path("in/closed").mkdir(0)
    once = ["--once", "--settle", "0"] if command == "watch" else []
    ended = CliRunner().invoke(main, [command, "in", "--out", place, "--metadata-only", *once])
    Path("in/closed").chmod(0o700)
    assert ended.exit_code == 2
    assert re.search(rf"^{place}.*: cannot be written \(", ended.output, re.MULTILINE)


CLICKS = {
    "style": (["in", "--out", "o", "--style", "none"], "'none' is not one of 'blur', 'pixelate'"),
    "jobs": (["in", "--out", "o", "--jobs", "0"], "0 is not in the range x>=1"),
    "input": (["--out", "o"], "Missing argument 'INPUT...'"),
    "empty name": (["", "--in-place"], "'INPUT...': the name is empty. Write . for this folder."),
    "empty place": (["in", "--out", ""], "--out.*: the name is empty."),
    "stream": (["-", "--out", "o"], "'INPUT...': scrub takes files, not a stream."),
    "option": (["in", "--out", "o", "--stile", "blur"], "No such option '--stile'|--stile"),
}


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


def test_a_person_who_changes_their_mind_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(agenda, "draw_up", stopped)
    ended = CliRunner().invoke(main, ["clean", "in", "--out", "o"])
    assert ended.exit_code == 2
    assert ended.output == "Error: interrupted; run scrub again\n"


@pytest.mark.parametrize("where", ["in the work", "while a report is told"])
def test_an_interrupted_run_says_what_is_left_and_sums_up(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    closed = []

    def run(todo: Sequence[Job], *_: object) -> Iterator[Done]:
        first, second, *_ = todo
        try:
            yield Done(first, FileReport(first.source, "cleaned", first.target, kind="jpeg"))
            if where == "in the work":
                raise KeyboardInterrupt
            yield Done(second, FileReport(second.source, "failed", reason="never comes"))
        finally:
            closed.append(True)

    tell = Console.tell

    def told(console: Console, report: FileReport) -> None:
        if report.reason == "never comes":
            raise KeyboardInterrupt
        tell(console, report)

    monkeypatch.setattr(jobs, "run", run)
    monkeypatch.setattr(Console, "tell", told)
    for name in ("b.jpg", "c.jpg"):
        Path("in", name).write_bytes(Path("in/a.jpg").read_bytes())
    ended = CliRunner().invoke(main, ["clean", "in", "--out", "o", "--report", "r.json"])
    assert ended.exit_code == 2
    assert closed == [True]
    assert "stopped with 2 files left; run scrub again\n" in ended.output
    assert "1 cleaned and verified, 0 faces covered, 2 unfinished in " in ended.output
    told = json.loads(Path("r.json").read_bytes())
    assert [file["status"] for file in told["files"]] == ["cleaned"]
    assert told["totals"]["unfinished"] == 2


@pytest.mark.parametrize("moment", ["make_context", "invoke"])
def test_an_interrupt_before_there_is_a_command_is_told_like_any_other(
    monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def interrupted(*arguments: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, moment, interrupted)
    ended = CliRunner().invoke(main, ["clean"])
    assert ended.exit_code == 2
    # What the terminal itself says of the key is left on a line of its own.
    assert ended.output.lstrip("\n") == "Error: interrupted; run scrub again\n"


def test_a_report_that_cannot_be_written_is_known_before_the_work(
    scrub_command: Command, tmp_path: Path
) -> None:
    ran = scrub_command(
        "clean", "in", "--out", "o", "--metadata-only", "--report", "there/r.json", cwd=tmp_path
    )
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert re.fullmatch(r"there.r\.json: cannot be written \(.*\); check .*\n", ran.stderr)
    assert not (tmp_path / "o").exists()


UNHEARD = {
    "a full disk": ('exec "$@" >/dev/full', "No space left on device"),
    "a closed pipe": ('{ "$@"; echo $? >status; } | :; exit $(cat status)', "Broken pipe"),
    "full disks": ('exec "$@" >/dev/full 2>&1', ""),
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("how", UNHEARD)
@pytest.mark.parametrize(
    "command",
    [
        ("check", "in/a.jpg", "--no-faces"),
        ("clean", "in", "-o", "o", "--metadata-only"),
        ("inspect", "in/a.jpg", "--no-faces"),
        ("--help",),
        ("--version",),
        ("clean", "--help"),
    ],
    ids=" ".join,
)
def test_what_nobody_hears_is_no_success_and_no_find(
    scrub_command: Command, tmp_path: Path, how: str, command: tuple[str, ...]
) -> None:
    shell, problem = UNHEARD[how]
    Path("in/a.jpg").rename("in/IMG_0001.jpg")  # which check has something to say about
    arguments = [part.replace("a.jpg", "IMG_0001.jpg") for part in command]
    ran = scrub_command(*arguments, cwd=tmp_path, before=("sh", "-c", shell, "sh"))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ("what scrub prints cannot be written" in ran.stderr) == bool(problem)
    assert problem in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("to", [">/dev/full 2>&1", "2>/dev/full"])
def test_misuse_that_nobody_hears_of_is_misuse(scrub_command: Command, to: str) -> None:
    ran = scrub_command("clear", "in", before=("sh", "-c", f'exec "$@" {to}', "sh"))
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", "")


# --- help ---------------------------------------------------------------------------------------

OPTIONS = [
    *("--out DIR", "--in-place", "--style", "--preset", "--margin X", "--names"),
    *("--metadata-only", "--max-side PX", "--jobs N", "--report FILE.json", "--overwrite"),
    *("--dry-run", "-q", "-v", "-n", "-o", "-j"),
]


def help_lines(*arguments: str) -> list[str]:
    ended = CliRunner().invoke(main, [*arguments, "--help"])
    assert ended.exit_code == 0
    return ended.output.splitlines()


def test_the_help_fits_a_terminal_and_shows_examples() -> None:
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
    assert f"[{'|'.join(STYLE_NAMES)}]" in flat
    assert "[default: blur]" in flat


def test_the_first_help_says_what_it_is_for() -> None:
    text = " ".join(" ".join(help_lines()).split())
    assert "Make photos and videos safe to post." in text
    assert "opens no connection" in text


def test_help_loads_nothing_heavy(scrub_command: Command) -> None:
    heavy = {"numpy", "cv2", "PIL", "rich"}
    assert scrub_command.loaded(["clean", "--help"], heavy) == []
