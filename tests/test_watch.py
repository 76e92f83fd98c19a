"""A hot folder: complete files are taken once, growing ones are waited for, none is ever lost."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrub import watch
from scrub.errors import InputError, TargetError
from scrub.ledger import LEDGER
from scrub.watch import Inbox, isolate
from tests.conftest import Command
from tests.parts import saved
from tests.pictures import face
from tests.waiting import until

JPEG = saved(face(32), "JPEG")
SETTLE = 0.2

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs to know who writes a file")


def names(ready: frozenset[Path]) -> set[str]:
    return {path.name for path in ready}


# --- when a file has arrived --------------------------------------------------------------------


def test_what_is_there_is_taken(inbox: Path) -> None:
    (inbox / "a.jpg").write_bytes(JPEG)
    (inbox / "below").mkdir()
    (inbox / "below/b.jpg").write_bytes(JPEG)
    assert names(Inbox(inbox, [], 0).present()) == {"a.jpg", "b.jpg"}


def test_folders_apart_are_not_looked_into(inbox: Path) -> None:
    for folder in ("out", "bad", "other"):
        (inbox / folder).mkdir()
        (inbox / folder / f"{folder}.jpg").write_bytes(JPEG)
    assert names(Inbox(inbox, [inbox / "out", inbox / "bad"], 0).present()) == {"other.jpg"}


def test_a_file_that_grows_meanwhile_is_not_taken(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("grows.jpg", "a.jpg"):
        (inbox / name).write_bytes(JPEG)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        (inbox / "grows.jpg").write_bytes(JPEG * 2)

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: 100.0 + sum(slept))
    assert names(Inbox(inbox, [], 5).present()) == {"a.jpg"}
    assert slept == [5]


@linux
def test_a_file_that_somebody_has_open_for_writing_is_not_taken(inbox: Path) -> None:
    with (inbox / "a.jpg").open("wb") as file:
        file.write(JPEG)
        file.flush()
        arriving = Inbox(inbox, [], 0)
        assert arriving.present() == frozenset()
    with (inbox / "a.jpg").open("rb"):
        assert names(arriving.present()) == {"a.jpg"}


def test_a_file_is_given_once_and_again_when_it_changed_or_failed(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = inbox / "a.jpg"
    path.write_bytes(JPEG)
    arriving = Inbox(inbox, [], 0)
    assert names(arriving.present()) == {"a.jpg"}
    assert arriving.present() == frozenset()
    path.write_bytes(JPEG + b"more")
    assert names(arriving.present()) == {"a.jpg"}
    arriving.put_back(path)
    assert arriving.present() == frozenset()
    monkeypatch.setattr(watch, "AGAIN", 0)
    arriving.put_back(path)
    assert names(arriving.present()) == {"a.jpg"}
    path.unlink()
    assert arriving.present() == frozenset()
    arriving.put_back(path)


def test_files_are_seen_as_they_arrive(inbox: Path) -> None:
    batches = Inbox(inbox, [], SETTLE).batches()
    (inbox / "a.jpg").write_bytes(JPEG)
    assert names(next(batches)) == {"a.jpg"}
    (inbox / "day").mkdir()
    burst = {f"{number}.jpg" for number in range(200)}
    for name in burst:
        (inbox / "day" / name).write_bytes(JPEG)
    seen: set[str] = set()
    while seen < burst:
        seen |= names(next(batches))
    assert seen == burst


def test_a_download_is_not_taken_before_it_has_its_name(inbox: Path) -> None:
    (inbox / "a.jpg.part").write_bytes(JPEG)
    arriving = Inbox(inbox, [], 0)
    assert arriving.present() == frozenset()
    assert arriving.incomplete() == [inbox / "a.jpg.part"]
    (inbox / "a.jpg.part").rename(inbox / "a.jpg")
    assert names(arriving.present()) == {"a.jpg"}
    assert arriving.incomplete() == []


def test_a_file_of_which_only_the_name_is_told_is_not_passed_over(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.jpg").write_bytes(JPEG)
    look = Path.lstat

    def looked(path: Path) -> os.stat_result:
        if path.name == "a.jpg":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return look(path)

    monkeypatch.setattr(Path, "lstat", looked)
    assert names(Inbox(inbox, [], 0).present()) == {"a.jpg"}


def test_a_link_to_a_folder_is_not_passed_over(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.jpg").write_bytes(JPEG)
    (inbox / "link").symlink_to(tmp_path / "elsewhere")
    assert names(Inbox(inbox, [], 0).present()) == {"link"}


@pytest.mark.parametrize("new", [False, True], ids=["gone", "another in its place"])
def test_a_folder_that_is_no_longer_there_ends_the_watch(inbox: Path, new: bool) -> None:
    batches = Inbox(inbox, [], 0).batches()
    (inbox / "a.jpg").write_bytes(JPEG)
    assert names(next(batches)) == {"a.jpg"}
    inbox.rename(inbox.with_name("moved"))
    if new:
        inbox.mkdir()
    with pytest.raises(InputError, match="watched"):
        next(batches)


def test_a_folder_that_cannot_be_watched_is_named(inbox: Path) -> None:
    batches = Inbox(inbox / "gone", [], 0).batches()
    with pytest.raises(InputError, match="cannot be watched"):
        next(batches)


# --- quarantine ---------------------------------------------------------------------------------


def another_disk(source: Path, target: Path) -> Path:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


@pytest.mark.parametrize("disk", ["the same", "another"])
def test_what_is_refused_is_moved_and_nothing_is_written_over(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: str
) -> None:
    (inbox / "day").mkdir()
    apart = tmp_path / "apart"
    if disk == "another":
        monkeypatch.setattr(Path, "rename", another_disk)
    for number in range(3):
        (inbox / "day/a.jpg").write_bytes(bytes([number]))
        os.utime(inbox / "day/a.jpg", (number, number))
        isolate(inbox / "day/a.jpg", inbox, apart)
    assert list((inbox / "day").iterdir()) == []
    moved = {path.name: path for path in (apart / "day").iterdir()}
    assert set(moved) == {"a.jpg", "a-2.jpg", "a-3.jpg"}
    for number, name in enumerate(["a.jpg", "a-2.jpg", "a-3.jpg"]):
        assert moved[name].read_bytes() == bytes([number])
        assert moved[name].stat().st_mtime == number


def test_what_cannot_be_moved_stays(inbox: Path, tmp_path: Path) -> None:
    (inbox / "a.jpg").write_bytes(JPEG)
    (tmp_path / "apart").touch()
    with pytest.raises(TargetError, match="cannot be written"):
        isolate(inbox / "a.jpg", inbox, tmp_path / "apart")
    assert (inbox / "a.jpg").read_bytes() == JPEG


# --- the command --------------------------------------------------------------------------------

OPTIONS = ("--metadata-only", "--settle", "0.2", "--jobs", "1")


def copies(out: Path) -> set[str]:
    return {path.name for path in out.glob("*.jpg")}


@pytest.fixture
def watching(
    scrub_command: Command, inbox: Path, tmp_path: Path
) -> Iterator[subprocess.Popen[str]]:
    """The command at work on the folder "in", with "out", "apart" and "report.json"."""
    line = ["watch", inbox, "--out", tmp_path / "out", "--quarantine", tmp_path / "apart"]
    line += ["--report", tmp_path / "report.json", *OPTIONS]
    process = subprocess.Popen(
        [*scrub_command.line, *map(str, line)],
        env=scrub_command.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_hot_folder_is_cleaned_until_it_is_told_to_stop(
    watching: subprocess.Popen[str], inbox: Path, tmp_path: Path, stop: signal.Signals
) -> None:
    (inbox / "bad.jpg").write_bytes(b"no picture")
    (inbox / "a.jpg").write_bytes(JPEG)
    until(lambda: copies(tmp_path / "out") == {"a.jpg"}, watching)
    (inbox / "IMG_0001.jpg").write_bytes(JPEG)
    until(lambda: copies(tmp_path / "out") == {"a.jpg", "picture-001.jpg"}, watching)
    # A file's line in the report is the last that becomes of it.
    until(lambda: (tmp_path / "report.json.part").read_text().count('"source"') == 3, watching)
    watching.send_signal(stop)
    said, problems = watching.communicate()
    assert watching.returncode == 2, "something was refused"
    assert said.splitlines()[0] == f"watching {inbox}; stop with Ctrl-C"
    assert said.splitlines()[-1].startswith(
        "2 cleaned and verified, faces not looked for, 1 refused in"
    )
    assert problems.startswith(f"{inbox / 'bad.jpg'}: is not a picture")
    assert {path.name for path in inbox.iterdir()} == {"a.jpg", "IMG_0001.jpg"}
    assert {path.name for path in (tmp_path / "apart").iterdir()} == {"bad.jpg"}
    assert (tmp_path / "out" / LEDGER).read_text().count("done") == 2


def test_once_is_for_a_timetable_and_remembers_the_last_time(
    scrub_command: Command, inbox: Path, out: Path
) -> None:
    line = ("watch", inbox, "--out", out, "--once", *OPTIONS)
    empty = scrub_command(*line)
    assert (empty.returncode, empty.stderr) == (0, "")
    (inbox / "a.jpg").write_bytes(JPEG)
    assert scrub_command(*line).returncode == 0
    before = (out / "a.jpg").stat().st_ino
    for name in ("b.jpg", "c.jpg.part"):
        (inbox / name).write_bytes(JPEG)
    again = scrub_command(*line)
    arriving = f"{inbox / 'c.jpg.part'}: is still arriving: left for the next time\n"
    assert (again.returncode, again.stderr) == (0, arriving)
    assert "1 cleaned and verified, faces not looked for, 1 already clean in" in again.stdout
    assert copies(out) == {"a.jpg", "b.jpg"}
    assert (out / "a.jpg").stat().st_ino == before
    assert (out / LEDGER).exists()


def test_only_what_is_itself_unfit_is_put_into_quarantine(
    scrub_command: Command, inbox: Path, out: Path, tmp_path: Path
) -> None:
    (inbox / "bad.jpg").write_bytes(JPEG[:-20])
    (inbox / "taken.jpg").write_bytes(JPEG)
    (inbox / "link.jpg").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").write_bytes(b"nobody's business")
    out.mkdir()
    (out / "taken.jpg").write_bytes(b"a stranger's")
    apart = tmp_path / "apart"
    ran = scrub_command("watch", inbox, "--out", out, "--once", "--quarantine", apart, *OPTIONS)
    assert "3 refused" in ran.stdout
    assert {path.name for path in apart.iterdir()} == {"bad.jpg"}
    assert {path.name for path in inbox.iterdir()} == {"taken.jpg", "link.jpg"}


def test_an_inbox_that_is_no_folder_is_named(scrub_command: Command, tmp_path: Path) -> None:
    ran = scrub_command("watch", tmp_path / "gone", "--out", tmp_path / "out", "--once")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.endswith("gone: is not a folder; name the folder in which files arrive\n")


@pytest.mark.parametrize("settle", ["-1", "nan", "inf", "1e9"])
def test_a_time_that_nobody_can_wait_is_refused(
    scrub_command: Command, inbox: Path, out: Path, settle: str
) -> None:
    ran = scrub_command("watch", inbox, "--out", out, "--once", "--settle", settle)
    assert (ran.returncode, ran.stdout) == (2, "")
    [line] = ran.stderr.splitlines()
    assert re.fullmatch(r"--settle \S+ is out of range; use a number from 0 to 86400", line)


def test_a_report_cannot_take_the_place_of_an_original(
    scrub_command: Command, inbox: Path, out: Path
) -> None:
    (inbox / "a.jpg").write_bytes(JPEG)
    ran = scrub_command("watch", inbox, "--out", out, "--once", "--report", inbox / "a.jpg")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.endswith("a.jpg: lies in the inbox; choose another place for --report\n")
    assert (inbox / "a.jpg").read_bytes() == JPEG


def test_places_that_would_mix_originals_and_copies_are_refused(
    scrub_command: Command, inbox: Path, tmp_path: Path
) -> None:
    (inbox / "day").mkdir()
    (inbox / "day/a.jpg").write_bytes(JPEG)
    out = tmp_path / "out"
    cases = {
        ("in", "q"): "in: is where the originals are",
        ("in/day", "q"): "day: lies among the originals, and what is in it already would be left",
        ("out", "in"): "in: is the inbox itself",
        ("out", "out"): "out: is the folder of the copies itself",
        ("out", "in/day/a.jpg"): "a.jpg: is not a folder; name a folder for --quarantine",
        ("out", "out/q"): "q: lies among the copies, and what is moved there is not clean",
    }
    for (to, apart), problem in cases.items():
        options = ("--out", tmp_path / to, "--quarantine", tmp_path / apart, "--once")
        ran = scrub_command("watch", inbox, *options)
        assert (ran.returncode, ran.stdout) == (2, "")
        [line] = ran.stderr.splitlines()
        assert problem in line
    assert not out.exists()
