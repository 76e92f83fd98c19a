"""What a person reads: no file name can take over the terminal, and the numbers are right."""

from __future__ import annotations

import io
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console as Terminal

from scrub.console import Console, bars, harmless
from scrub.exposure import Exposure
from scrub.progress import Step, pass_on
from scrub.regions import Box, Region
from scrub.report import MANY, FileReport, Plan
from tests.test_report import run_of

EVIL = "a\x1b[31m\r\n\u202egpj.\udcff\x9b2J\u2028\u2066[red]:smile:\\.jpg"
"""A terminal command, line breaks of three kinds, marks that turn the writing direction, a byte
that is no character, and what the table could take for a style of its own."""


# --- harmless -----------------------------------------------------------------------------------


@given(st.text(st.characters()))
def test_whatever_it_is_comes_out_printable_on_one_line(text: str) -> None:
    said = harmless(text)
    assert said.isprintable()
    assert len(said.splitlines()) <= 1
    said.encode()
    if text.isprintable():
        assert said == text


@pytest.mark.parametrize("category", ["Cc", "Cf", "Cs", "Co", "Zl", "Zp"])
def test_no_character_of_a_kind_that_commands_gets_through(category: str) -> None:
    everything = map(chr, range(sys.maxunicode + 1))
    commanding = [one for one in everything if unicodedata.category(one) == category]
    assert commanding
    for one in commanding:
        assert harmless(f"a{one}b") == f"a{harmless(one)}b"
        assert harmless(one).isascii()
        assert harmless(one).startswith("\\")


@pytest.mark.parametrize("name", ["IMG 1 (2)'\".jpg", "Füße 😀 写真.png", "-rf", "a\\nb"])
def test_an_honest_name_stays_as_it_is(name: str) -> None:
    assert harmless(name) == name


def test_two_names_that_differ_in_bytes_only_stay_apart() -> None:
    assert harmless("\udcfe") != harmless("\udcff")
    assert harmless("\udcff") == "\\udcff"


# --- the streams --------------------------------------------------------------------------------


def done(name: str, faces: int = 1, removed: tuple[str, ...] = ()) -> FileReport:
    regions = tuple(Region(Box(0, 0, 9, 9), 0, 0, "face", track) for track in range(faces))
    source = Path("in", name)
    target = Path("out", name)
    return FileReport(source, "cleaned", target, "", "jpeg", Plan(regions), removed)


def refused(name: str) -> FileReport:
    return FileReport(Path("in", name), "refused", reason="is empty; get a whole copy of it")


def left_out(name: str) -> FileReport:
    return FileReport(Path("in", name), "unchanged", reason="not a picture: not copied")


def shown(name: str) -> str:
    return harmless(str(Path("in", name)))


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")


def told(
    capsys: pytest.CaptureFixture[str],
    files: Sequence[FileReport],
    verbosity: int = 0,
    seconds: float = 1.0,
    **rest: Any,
) -> tuple[str, str]:
    """What a whole run says on the standard output and on the error stream."""
    console = Console(verbosity)
    assert tuple(console.progress(iter(files), len(files))) == tuple(files)
    console.summary(run_of(files, seconds, **rest))
    return capsys.readouterr()


EVERYTHING = [
    done("b.jpg", 2, ("GPS position", "camera model", "thumbnail", "comment")),
    done(EVIL, 1),
    refused(EVIL + "x"),
    left_out("notes.txt"),
    FileReport(Path("in/c.jpg"), "failed", reason="cannot be written; make room"),
]


def test_a_pipe_gets_plain_text_on_lines_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    said, problems = told(capsys, EVERYTHING, verbosity=1)
    for line in (said + problems).split("\n"):
        assert line.isprintable()
    assert len(problems.split("\n")) == 3
    assert problems.startswith(f"{shown(EVIL)}x: is empty; get a whole copy of it\n")
    assert problems.endswith(f"{shown('c.jpg')}: cannot be written; make room\n")


def test_the_table_lists_what_was_done_and_the_last_line_counts_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said, _ = told(capsys, EVERYTHING, seconds=12.34)
    assert said.splitlines()[-1] == (
        "2 cleaned and verified, 3 faces covered, 1 refused, 1 failed, "
        "1 file left out as no picture in 12.3 s"
    )
    assert "notes.txt" not in said
    said, _ = told(capsys, EVERYTHING[:1])
    [row] = [line for line in said.splitlines() if line.startswith("b.jpg")]
    assert row.split(maxsplit=3) == ["b.jpg", "b.jpg", "2", "GPS position, camera model and 2 more"]


def test_verbose_names_all_that_was_removed_and_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said, _ = told(capsys, EVERYTHING, verbosity=1)
    flat = re.sub(r"\s+", " ", said)
    assert "GPS position, camera model," in flat
    assert "thumbnail, comment" in flat
    assert f"{shown('notes.txt')}: not a picture: not copied" in said


def test_of_what_was_only_looked_at_nothing_is_said_to_be_removed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = Exposure(Path("in/a.jpg"), "unchanged", kind="jpeg")
    kept = replace(seen, reason="clean already: left as it is")
    for report in (seen, kept):
        Console(1).tell(report)
    assert capsys.readouterr() == (f"{shown('a.jpg')}: clean already: left as it is\n", "")


def test_quiet_only_tells_the_problems(capsys: pytest.CaptureFixture[str]) -> None:
    said, problems = told(capsys, EVERYTHING, verbosity=-1)
    assert said == ""
    assert len(problems.splitlines()) == 2
    said, problems = told(capsys, [done("a.jpg")], verbosity=-1)
    assert (said, problems) == ("", "")


@pytest.mark.parametrize(
    ("files", "dry_run", "line"),
    [
        ([done("a", 1)], False, "1 cleaned and verified, 1 face covered in 1.0 s"),
        ([done("a", 0)], False, "1 cleaned and verified, 0 faces covered in 1.0 s"),
        ([refused("a")], False, "0 cleaned and verified, 0 faces covered, 1 refused in 1.0 s"),
        ([done("a", 2), done("b", 1)], True, "2 would be cleaned, 3 faces found in 1.0 s"),
        (
            [done("a", 2), left_out("b"), refused("c")],
            True,
            "1 would be cleaned, 2 faces found, 1 refused, 1 file left out as no picture in 1.0 s",
        ),
    ],
)
def test_the_numbers_are_right(
    capsys: pytest.CaptureFixture[str], files: list[FileReport], dry_run: bool, line: str
) -> None:
    if dry_run:
        files = [
            FileReport(one.source, "planned", kind=one.kind, plan=one.plan)
            if one.status == "cleaned"
            else one
            for one in files
        ]
    said, _ = told(capsys, files, dry_run=dry_run)
    assert said.splitlines()[-1] == line


def test_many_files_are_counted_and_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    files = [done(f"{number}.jpg") for number in range(MANY + 1)]
    [line] = told(capsys, files)[0].splitlines()
    assert line.endswith(f"in 1.0 s, {MANY + 1}.0 files a second")
    assert len(told(capsys, files, verbosity=1)[0].splitlines()) == MANY + 2


def test_the_problems_of_many_files_are_grouped_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [refused(f"{number}.jpg") for number in range(MANY + 1)]
    said, problems = told(capsys, files)
    assert len(problems.splitlines()) == MANY + 1
    assert said.splitlines()[0] == (
        f"refused {MANY + 1} files: is empty; get a whole copy of it (first: {shown('0.jpg')})"
    )
    assert len(told(capsys, files[:MANY])[0].splitlines()) == 1


def test_the_problems_of_few_among_many_files_are_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [refused("bad.jpg"), *(done(f"{number}.jpg") for number in range(MANY))]
    said, problems = told(capsys, files)
    assert "is empty" in problems
    assert "is empty" not in said
    said, _ = told(capsys, files, verbosity=1)  # They stand among many other lines.
    assert "refused 1 file: is empty" in said


def test_what_became_of_earlier_copies_is_always_told(capsys: pytest.CaptureFixture[str]) -> None:
    files = [replace(done(f"{name}.jpg"), reason="replaced a copy") for name in "ab"]
    *_, line, _ = told(capsys, files)[0].splitlines()
    assert line == f"cleaned 2 files: replaced a copy (first: {shown('a.jpg')})"
    *_, line, _ = told(capsys, files[:1])[0].splitlines()
    assert line == f"cleaned 1 file: replaced a copy ({shown('a.jpg')})"


def test_an_interrupt_takes_one_line_whatever_it_left(capsys: pytest.CaptureFixture[str]) -> None:
    said, problems = told(capsys, [done("a.jpg")], unfinished=9999)
    assert problems == "stopped with 9,999 files left; run scrub again\n"
    assert "9,999 unfinished in 1.0 s" in said.splitlines()[-1]


def test_copies_that_are_good_are_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    again = FileReport(Path("in/a.jpg"), "unchanged", Path("out/a.jpg"), "already clean")
    said, _ = told(capsys, [again, left_out("b.txt"), left_out("c.txt")])
    assert said == (
        "0 cleaned and verified, 0 faces covered, 1 already clean, "
        "2 files left out as no pictures in 1.0 s\n"
    )


def test_faces_that_nobody_looked_for_are_not_said_to_be_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    unseen = replace(done("a.jpg", 0), plan=Plan(looked=False))
    said, _ = told(capsys, [unseen])
    assert said.splitlines()[1].split() == ["a.jpg", "a.jpg", "-", "nothing"]
    assert said.splitlines()[-1] == "1 cleaned and verified, faces not looked for in 1.0 s"
    planned = replace(unseen, status="planned", target=None)
    said, _ = told(capsys, [planned], dry_run=True, verbosity=1)
    assert said.splitlines() == [
        f"{shown('a.jpg')}: faces not looked for; to remove: nothing",
        "1 would be cleaned, faces not looked for in 1.0 s",
    ]


def test_a_dry_run_claims_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    said, _ = told(capsys, [replace(done("a.jpg"), status="planned")], dry_run=True)
    assert said.split()[:6] == ["file", "would", "be", "faces", "to", "remove"]


def test_what_was_covered_in_doubt_is_to_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    regions = tuple(Region(Box(0, 0, 9, 9), 0, 0, "face", track, True) for track in range(2))
    doubtful = FileReport(
        Path("in/a.jpg"), "cleaned", Path("out/b.jpg"), kind="jpeg", plan=Plan(regions)
    )
    earlier = replace(doubtful, target=None, source=Path("in/A.jpg"))
    lines = told(capsys, [doubtful, done("c.jpg"), earlier])[0].splitlines()
    assert lines[-4:-1] == [
        "4 faces covered though in doubt; look at:",
        f"  {shown('A.jpg')}: 2",
        f"  {Path('out/b.jpg')}: 2",
    ]
    planned = replace(doubtful, status="planned")
    lines = told(capsys, [planned], dry_run=True)[0].splitlines()
    assert lines[-3:-1] == [
        "2 faces to be covered though in doubt; look at:",
        f"  {shown('a.jpg')}: 2",
    ]


@pytest.mark.parametrize("columns", ["0", "10"])
def test_no_terminal_is_too_narrow_to_be_told(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    said, problems = told(capsys, [done("a.jpg"), refused("b.jpg")])
    assert f"{shown('b.jpg')}: " in problems
    assert len(said.splitlines()) == 3


@pytest.mark.parametrize("columns", [30, 35, 80])
def test_no_line_is_longer_than_a_narrow_terminal_that_bars_fit_into(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert Console()._err.width == columns
    table = told(capsys, [done("a.jpg")])[0].splitlines()[:-1]
    assert max(map(len, table)) <= columns


def test_a_name_stays_in_one_piece_as_long_as_it_can(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "PXL_20260314_181455123.MP.jpg"
    file = replace(done(name, removed=("a" * 30, "b" * 30)), target=Path("out/picture-001.jpg"))
    assert told(capsys, [file])[0].splitlines()[1].startswith(f"{name}  picture-001.jpg ")
    monkeypatch.setenv("COLUMNS", "40")
    said, _ = told(capsys, [file])
    assert said.split()[:3] == ["file", "copy", "faces"]
    assert "removed" not in said


@pytest.mark.parametrize(
    ("seconds", "spoken"), [(59.94, "59.9 s"), (754.0, "12 min 34 s"), (4321.0, "1 h 12 min")]
)
def test_a_long_time_is_told_as_people_do(
    capsys: pytest.CaptureFixture[str], seconds: float, spoken: str
) -> None:
    assert told(capsys, [done("a")], seconds=seconds)[0].endswith(f" in {spoken}\n")


def test_folders_that_all_files_share_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, [done("day/a.jpg"), done("day/night/b.jpg")])[0].splitlines()
    assert said[1].startswith("a.jpg ")
    assert said[2].startswith(str(Path("night", "b.jpg")))


@pytest.mark.skipif(os.name == "nt", reason="Windows has several roots")
def test_files_that_share_no_folder_are_called_as_the_person_did(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [done("a.jpg"), replace(done("b.jpg"), source=Path("/b.jpg"))]
    said = told(capsys, files)[0].splitlines()
    assert [line.split()[0] for line in said[1:3]] == ["/b.jpg", "in/a.jpg"]


def test_notes_are_told_once_for_all_files_or_with_each_where_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    missing, flat = "one detector is missing", "transparency was laid on white"
    files = [replace(done(f"{number}.gif"), warnings=(missing,)) for number in range(9999)]
    files[5] = replace(files[5], plan=Plan(warnings=(flat,)))
    said, problems = told(capsys, files)
    assert problems == ""
    assert said.splitlines()[:-1] == [
        f"note on 9,999 files: {missing} (first: {shown('0.gif')})",
        f"note on 1 file: {flat} ({shown('5.gif')})",
    ]
    said, problems = told(capsys, files[5:6], verbosity=1)
    assert problems == "".join(f"{shown('5.gif')}: note: {text}\n" for text in (flat, missing))
    assert "note" not in said
    assert told(capsys, files, verbosity=-1) == ("", "")


def test_a_long_problem_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Console().problem("word " * 100)
    assert capsys.readouterr().err == "word " * 100 + "\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has terminals of several kinds")
def test_a_problem_under_the_bar_gets_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # makes a pipe pass for a terminal
    _, problems = told(capsys, EVERYTHING)
    assert "cleaning" in problems
    bare = re.sub(r"\x1b\[[0-9;]*m", "", problems)
    for start in (f"{shown(EVIL)}x: is empty", f"{shown('c.jpg')}: cannot be written"):
        before, found, _ = bare.partition(start)
        assert found
        # The bar was wiped away, or the line above has ended.
        assert before.endswith(("\x1b[2K", "\n"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has terminals of several kinds")
@pytest.mark.parametrize(
    ("moment", "verbosity", "terminal", "seen"),
    [
        (0.0, 0, True, True),
        (3600.0, 0, True, False),
        (0.0, -1, True, False),
        (0.0, 0, False, False),
    ],
)
def test_a_file_that_takes_long_has_a_bar_of_its_own(
    moment: float,
    verbosity: int,
    terminal: bool,
    seen: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")  # makes a pipe pass for a terminal
    monkeypatch.setattr(bars, "MOMENT", moment)

    steps = [Step(Path("in", EVIL), "writing", share) for share in (0.0, 0.2, 0.4)]

    def work() -> Iterator[FileReport]:
        for step in steps:
            pass_on(step)
        yield refused("a.jpg")  # Its line is printed above the bars, which are drawn anew.
        yield done(EVIL)

    list(Console(verbosity).progress(work(), 2))
    bare = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert ("writing" in bare) == (f"{steps[-1].whole:.0%}" in bare) == seen
    assert (harmless(EVIL)[:10] in bare) == seen
    assert all(line.isprintable() for line in bare.replace("\r", "\n").split("\n"))


def test_bars_of_files_are_few_and_go_with_their_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "MOMENT", 0.0)
    shown = bars.Bars(99, "cleaning")
    for number in range(2 * bars.MOST):
        shown.hear(Step(Path("in", f"{number}.mp4"), "looking", 0.5))
    assert len(shown._rows) == bars.MOST
    for number in range(2 * bars.MOST):
        shown.finish(done(f"{number}.mp4"))
    assert not shown._rows
    assert not shown._begun


@pytest.mark.parametrize("width", [30, 40, 50, 60, 80, 200])
def test_bars_have_whole_numbers_at_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "MOMENT", 0.0)
    shown = bars.Bars(1234, "cleaning")
    shown.finish(done("a.jpg"))
    for share in (0.25, 0.5):
        shown.hear(Step(Path("in", "a long name of a clip from the street.mp4"), "looking", share))
    terminal = Terminal(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    terminal.print(shown._shown)
    over_all, inside = terminal.file.getvalue().rstrip().split("\n")
    assert max(len(over_all), len(inside)) <= width
    assert re.search(r" 1/1234 .*-:--:-- left", over_all)
    assert "\N{HORIZONTAL ELLIPSIS}" not in over_all
    assert re.match(r"  a long name of.* 25%", inside)


def test_when_all_is_done_no_time_is_left() -> None:
    shown = bars.Bars(1, "cleaning")
    [task] = shown._over_all.tasks
    assert task.start_time is not None
    task.start_time -= 60
    shown.finish(done("a.jpg"))
    terminal = Terminal(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    terminal.print(shown._shown)
    assert "0:00:00 left" in terminal.file.getvalue()


def test_an_output_that_lacks_characters_does_not_end_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    with io.TextIOWrapper(written, encoding="cp1252", write_through=True) as narrow:
        monkeypatch.setattr(sys, "stdout", narrow)
        Console().summary(run_of([done("😀写.jpg")], 1.0))
        said = written.getvalue()
    assert b"\\U0001f600\\u5199.jpg" in said
    assert b"1 cleaned and verified" in said
