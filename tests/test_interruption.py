"""Killed or stopped at any moment, scrub leaves the originals, whole copies, and nothing else."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if os.name == "nt":
    pytest.skip("Windows has no such signals", allow_module_level=True)

from benchmarks.interruption import LEFT, Run, alive, copies, drafts, faults, kill
from scrub.ledger import LEDGER
from scrub.workers import GRACE
from tests.media import canaries, write
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]

NAMES = [
    *("jpeg-exif-gps", "png-text", "webp-exif-xmp", "gif-animated", "tiff-tags-gps", "bmp-trailer"),
    *("jpeg-orientation-6", "png-late-exif", "apng", "jpeg-mpf", "webp-trailer", "jpeg-comment"),
]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        made = write(name, folder)
        made.rename(folder / f"{number:02}{made.suffix}")
    return folder


@pytest.fixture
def night(inbox: Path) -> Path:
    """The same folder with so much more in it that a run is in the middle when it is stopped."""
    for path in copies(inbox):
        for number in range(20):
            shutil.copyfile(path, path.with_stem(f"{path.stem}-{number}"))
    return inbox


# --- the witnesses themselves -------------------------------------------------------------------


def test_a_copy_that_is_cut_or_carries_something_is_noticed(inbox: Path) -> None:
    for path in copies(inbox):
        assert faults(path), f"{path.name} is dirty"
    [picture] = (path for path in copies(inbox) if path.stem == "00")
    picture.write_bytes(picture.read_bytes()[:9000])
    [fault] = faults(picture)
    assert "is damaged or cut short" in fault


def test_there_is_time_for_a_worker_to_leave() -> None:
    assert LEFT > GRACE


def test_what_the_suite_starts_can_be_interrupted() -> None:
    code = "import signal; assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE)


def test_a_suite_in_the_background_can_interrupt_what_it_starts() -> None:
    """A shell without job control has what it puts there ignore Ctrl-C, for good."""
    named = f"{__file__}::{test_what_the_suite_starts_can_be_interrupted.__name__}"
    background = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    line = [*background, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", named]
    ran = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stdout


# --- kill -9 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "how"),
    [(0, "--preset=fast"), (2, "--preset=fast"), (1, "--metadata-only"), (7, "--metadata-only")],
)
def test_a_killed_run_leaves_the_originals_and_whole_copies(
    inbox: Path, tmp_path: Path, after: int, how: str
) -> None:
    out = tmp_path / "out"
    pause = random.uniform(0, 0.3 if how == "--preset=fast" else 0.05)
    aftermath = kill(inbox, out, after, pause, [how, "--jobs=2"])
    assert aftermath.wrong == (), f"{pause} s after copy {after}"
    assert after <= aftermath.copies
    assert not any(canaries(path.read_bytes()) for path in copies(out))


def test_a_run_in_place_that_is_killed_leaves_each_file_old_or_new(
    inbox: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in copies(inbox)}

    def changed() -> list[Path]:
        return [path for path in before if path.read_bytes() != before[path]]

    run = Run.start("clean", inbox, "--in-place", "--metadata-only", "--jobs=2")
    run.wait_for(lambda: len(changed()) >= 4)
    run.process.kill()
    run.end()
    assert set(copies(inbox)) == set(before)
    assert drafts(inbox) == []
    assert [fault for path in changed() for fault in faults(path)] == []
    assert 4 <= len(changed()) <= len(before)


def test_when_everything_is_killed_at_once_no_copy_is_half(inbox: Path, tmp_path: Path) -> None:
    """Nobody is left to remove a draft then; it must not pass for a copy."""
    out = tmp_path / "out"
    run = Run.start("clean", inbox, "--out", out, "--metadata-only", "--jobs=2")
    run.wait_for(lambda: len(copies(out)) >= 3 and "done" in (out / LEDGER).read_text())
    os.killpg(run.session, signal.SIGKILL)
    run.end()
    assert not alive(run.session)
    assert len(copies(out)) >= 3
    assert [fault for path in copies(out) for fault in faults(path)] == []
    again = Run.start("clean", inbox, "--out", out, "--metadata-only")
    said, problems = again.process.communicate()
    assert (again.process.returncode, problems) == (0, "")
    assert "already clean" in said.splitlines()[-1]
    assert len(copies(out)) == len(NAMES)
    assert drafts(out) == []


# --- Ctrl-C -------------------------------------------------------------------------------------


@pytest.fixture
def stopped(night: Path, tmp_path: Path) -> Iterator[tuple[Run, str, str]]:
    """A run that got what a terminal sends on Ctrl-C, in the middle; its last words."""
    run = Run.start("clean", night, "--out", tmp_path / "out", "--preset=fast", "--jobs=2")
    run.wait_for(lambda: len(copies(tmp_path / "out")) >= 3)
    os.killpg(run.session, signal.SIGINT)
    said, problems = run.process.communicate()
    yield run, said, problems
    if alive(run.session):
        os.killpg(run.session, signal.SIGKILL)


def test_ctrl_c_ends_a_run_in_order(
    stopped: tuple[Run, str, str], night: Path, tmp_path: Path
) -> None:
    run, said, problems = stopped
    out = tmp_path / "out"
    assert run.process.returncode == 2
    run.end()
    assert not alive(run.session)
    assert drafts(tmp_path) == []
    assert [fault for path in copies(out) for fault in faults(path)] == []
    unfinished = {path for path in copies(night) if not (out / path.name).exists()}
    assert 0 < len(unfinished) <= len(copies(night)) - 3
    [line] = problems.splitlines()
    told = re.fullmatch(r"stopped with (\d+) files? left; run scrub again", line)
    assert told
    left = int(told[1])
    assert len(unfinished) <= left <= len(unfinished) + 4, "those in hand may be done and unsaid"
    assert f"{left} unfinished in " in said.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="needs to see how far the processes are")
@pytest.mark.parametrize("moment", ["at once", "while workers start", "a little later"])
def test_ctrl_c_at_the_start_says_so_in_plain_lines(
    night: Path, tmp_path: Path, moment: str
) -> None:
    run = Run.start("clean", night, "--out", tmp_path / "out", "--preset=fast", "--jobs=2")
    if moment == "at once":
        libraries = Path(f"/proc/{run.session}/maps")
        run.wait_for(lambda: "numpy" in libraries.read_text())
    else:
        run.wait_for(lambda: children(run.session) >= 2)
        time.sleep(0.2 if moment == "a little later" else 0)
    os.killpg(run.session, signal.SIGINT)
    _, problems = run.process.communicate()
    assert run.process.returncode == 2
    assert "Traceback" not in problems
    assert all("run scrub again" in line for line in problems.splitlines())
    assert drafts(tmp_path) == []


def children(session: int) -> int:
    """How many workers of the session there are, ready or not."""
    count = 0
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = line.read_bytes()
            its_session = (line.parent / "stat").read_text().rpartition(")")[2].split()[3]
        except OSError:
            continue
        count += int(its_session) == session and b"spawn_main" in command
    return count
