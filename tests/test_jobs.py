"""Every job has one end: a worker that dies costs one file; a stopped run leaves no draft."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from scrub import files, jobs, pipeline, workers
from scrub.errors import VerificationError
from scrub.jobs import Crew, Done, Job, Order
from scrub.report import FileReport
from scrub.settings import Settings
from scrub.workers import Bounds, Workers
from tests.media import write
from tests.waiting import until

ORDER = Order(Settings(metadata_only=True))
SLOW = 60.0
"""Seconds that a file takes which the tests do not wait for: if they did, it would be done."""


# --- what happens inside the workers ------------------------------------------------------------


def kill(target: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL if os.name != "nt" else signal.SIGTERM)


def leave(target: Path) -> None:
    os._exit(3)


def break_down(target: Path) -> None:
    raise RuntimeError("a new\nsurprise")


def exhaust(target: Path) -> None:
    raise MemoryError


def dawdle(target: Path) -> None:
    (target.parent / "in hand").touch()
    end = time.monotonic() + SLOW
    while time.monotonic() < end:
        time.sleep(0.01)


def hang(target: Path) -> None:
    time.sleep(SLOW)


def bloat(target: Path) -> None:
    kept = bytearray(os.urandom(1 << 20)) * 400
    dawdle(target)
    del kept


def interrupt_all(target: Path) -> None:
    """What a terminal sends on Ctrl-C and when it is closed, to each process of the group."""
    for shared in workers.SHARED_SIGNALS:
        signal.raise_signal(shared)


FATES: dict[str, Callable[[Path], None]] = {
    "kill": kill,
    "leave": leave,
    "break": break_down,
    "exhaust": exhaust,
    "dawdle": dawdle,
    "hang": hang,
    "bloat": bloat,
    "signals": interrupt_all,
}
"""Stem of a file -> what it does to the worker, which holds a draft at that moment."""


def clean(source: Path, target: Path, *rest: object) -> FileReport:
    """Stands in for :func:`scrub.pipeline.clean`."""
    with files.draft_beside(target) as draft:
        draft.write_text(str(os.getpid()))
        FATES.get(source.stem, lambda target: time.sleep(0.1))(target)
        files.commit(draft, target, 0o600)
    return FileReport(source, "cleaned", target)


def attend(job: Job, order: Order) -> Done:
    """Stands in for the worker's task: the real one around a file with a fate."""
    pipeline.clean = clean  # type: ignore[assignment]  # this process was started for the test
    report = jobs.attend(job, order).report
    return Done(job, report)


def patience(job: Job, order: Order) -> float:
    return 1.0 if job.source.stem == "hang" else SLOW


def die_at_once(*arguments: object) -> None:
    os._exit(3)


# --- and outside --------------------------------------------------------------------------------


def made(folder: Path, *stems: str) -> list[Job]:
    """Jobs that write into ``folder``, and their originals, which nobody reads."""
    inbox = folder / "in"
    inbox.mkdir(exist_ok=True)
    for stem in stems:
        (inbox / f"{stem}.jpg").touch()
    return [Job(inbox / f"{stem}.jpg", folder / f"{stem}.jpg") for stem in stems]


def left_over(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if files.is_draft(path)]


def run(work: list[Job], count: int, memory: int = 300 << 20) -> Generator[FileReport, None, None]:
    """The ends of ``work``; what has more ``memory`` than that is stopped."""
    with (
        Workers(count, Bounds(patience, memory)) as executor,
        contextlib.closing(jobs.run(work, ORDER, Crew(executor, count, task=attend))) as ends,
    ):
        for end in ends:
            yield end.report


NAMES = [
    *("a", "kill", "b", "break", "signals", "c", "hang", "leave", "exhaust", "d", "bloat", "e"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def ends(folder: Path) -> dict[str, FileReport]:
    """How each file of a run with all kinds of accidents ended."""
    reports = list(run(made(folder, *NAMES), 2))
    assert len(reports) == len(NAMES), "each file has one end"
    return {report.source.stem: report for report in reports}


def test_a_worker_that_dies_costs_one_file(ends: dict[str, FileReport]) -> None:
    assert ends["kill"].status == ends["leave"].status == "failed"
    assert ends["leave"].reason.startswith("made each worker crash that was given it (exit status")
    if os.name != "nt":
        assert ends["kill"].reason.startswith("had its worker killed from outside, twice; memory")


def test_a_file_that_takes_too_long_or_too_much_is_named(ends: dict[str, FileReport]) -> None:
    assert ends["hang"].reason.startswith("was not finished in 1 second and given up; try it alone")
    memory = "needed more memory than this machine can give to one file; try --max-side"
    assert ends["exhaust"].reason.startswith(memory)
    if sys.platform == "linux":
        assert ends["bloat"].reason.startswith(memory)


def test_all_others_are_done(ends: dict[str, FileReport], folder: Path) -> None:
    done = {stem for stem, report in ends.items() if report.status == "cleaned"}
    assert done == {"a", "b", "c", "d", "e", "signals"}
    assert {path.stem for path in folder.iterdir() if path.suffix == ".jpg"} == done


def test_the_unforeseen_costs_one_file_and_says_what_it_was(ends: dict[str, FileReport]) -> None:
    assert ends["break"].status == "failed"
    assert "(RuntimeError: a new\nsurprise)" in ends["break"].reason
    assert "nothing was written, please report it" in ends["break"].reason


def test_neither_the_dead_nor_their_neighbours_leave_a_draft(
    ends: dict[str, FileReport], folder: Path
) -> None:
    assert left_over(folder) == []


def test_the_drafts_of_another_run_stay(tmp_path: Path) -> None:
    with files.draft_beside(tmp_path / "theirs.jpg") as theirs:
        [report] = run(made(tmp_path, "leave"), 1)
        assert report.status == "failed"
        assert left_over(tmp_path) == [theirs]


Run = Generator[FileReport, None, None]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Run]:
    """A run that has done one file, with one in hand and others waiting."""
    going = run(made(tmp_path, "a", "dawdle", "b", "c"), 2)
    assert next(going).source.stem == "a"
    until((tmp_path / "in hand").exists)
    assert left_over(tmp_path)
    yield going
    going.close()


def close(run: Run) -> None:
    run.close()


def interrupt(run: Run) -> None:
    with pytest.raises(KeyboardInterrupt):
        run.throw(KeyboardInterrupt)


@pytest.mark.parametrize("stop", [close, interrupt])
def test_a_run_that_is_stopped_undoes_what_is_in_hand(
    started: Run, stop: Callable[[Run], None], tmp_path: Path
) -> None:
    stop(started)
    assert left_over(tmp_path) == []
    assert not (tmp_path / "dawdle.jpg").exists()
    assert not [one for one in threading.enumerate() if "_hand_out" in one.name]


ORPHAN = """
import sys
from pathlib import Path
from tests import test_jobs as test

list(test.run(test.made(Path(sys.argv[1]), "dawdle"), 1))
"""


def test_a_worker_whose_parent_was_killed_undoes_what_is_in_hand(tmp_path: Path) -> None:
    """Whatever the file still takes: nobody waits for it any more."""
    root = Path(__file__).parents[1]
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN, str(tmp_path)], cwd=root)
    until((tmp_path / "in hand").exists, parent)
    assert left_over(tmp_path)
    parent.kill()
    parent.wait()
    until(lambda: not left_over(tmp_path))
    assert not (tmp_path / "dawdle.jpg").exists()


def test_workers_that_cannot_even_start_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_serve", die_at_once)
    [report] = run(made(tmp_path, "a"), 1)
    assert report.status == "failed"
    assert report.reason.startswith("made each worker crash that was given it (exit status 3); it")


# --- how long a file may take -------------------------------------------------------------------


def test_patience_grows_with_the_frames_of_a_file(tmp_path: Path) -> None:
    still, clip = (
        jobs.patience(Job(write(name, tmp_path), tmp_path / "out"), ORDER)
        for name in ("jpeg-exif-gps", "gif-animated")
    )
    assert jobs.SECONDS_A_FILE < still < clip < jobs.SECONDS_A_FILE + 60


@pytest.mark.parametrize("name", ["gone.jpg", "empty.jpg"])
def test_patience_has_no_opinion_of_what_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.jpg").touch()
    job = Job(tmp_path / name, tmp_path / "out")
    assert jobs.patience(job, ORDER) == jobs.SECONDS_A_FILE


# --- what can be recognised later ---------------------------------------------------------------


def test_a_proof_is_of_the_bytes_that_were_read_and_written(tmp_path: Path) -> None:
    source, target = write("jpeg-exif-gps", tmp_path), tmp_path / "out.jpg"
    done = jobs.attend(Job(source, target), ORDER)
    assert done.report.status == "cleaned"
    assert done.proof is not None
    assert done.proof.source == hashlib.sha256(source.read_bytes()).digest()
    assert done.proof.copy == hashlib.sha256(target.read_bytes()).digest()


def test_what_was_replaced_proves_nothing(tmp_path: Path) -> None:
    source = write("jpeg-exif-gps", tmp_path)
    done = jobs.attend(Job(source, source), ORDER)
    assert (done.report.status, done.proof) == ("cleaned", None)


# --- encoders that do not notice a full disk ----------------------------------------------------


@pytest.mark.parametrize(("free", "full"), [(0, True), (10**12, False)])
def test_a_bad_copy_on_a_full_disk_is_the_disk_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, full: bool
) -> None:
    def fail(*_: object) -> NoReturn:
        raise VerificationError(source, "the written file is cut short", "report this")

    source = write("jpeg-exif-gps", tmp_path)
    monkeypatch.setattr(pipeline, "clean", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    job = Job(source, tmp_path / "out.jpg", size=source.stat().st_size)
    report = jobs.attend(job, ORDER).report
    assert report.status == "failed"
    assert ("has no room left on its disk; make room" in report.reason) == full
