"""A run on a cluster is the same run: a real scheduler, two workers and S3, all on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("distributed", reason="needs scrub[cluster]")
pytest.importorskip("s3fs", reason="needs the tests' own extras")
pytest.importorskip("moto.server", reason="needs the tests' own extras")
if os.name == "nt":
    pytest.skip("Windows has no such signals", allow_module_level=True)

from distributed import Client

from scrub import addresses, agenda, batch, cluster, jobs, ledger, pipeline
from scrub.errors import ClusterError
from scrub.jobs import Crew, Done, Job, Order
from scrub.ledger import LEDGER
from scrub.report import FileReport
from scrub.settings import Settings
from tests.conftest import Command
from tests.media import PICTURE_FACES, canaries, write
from tests.parts import saved
from tests.pictures import face, picture
from tests.waiting import PATIENCE, until

NEVER = 10 * PATIENCE
"""Seconds after which nobody is here any more."""

BARE = Settings(metadata_only=True)
NAMES = ["jpeg-exif-gps", "png-text", "webp-exif-xmp", "gif-animated"]
HOST = "127.0.0.1"
ROOT = Path(__file__).parents[1]


# --- what happens on the workers ----------------------------------------------------------------


def fix() -> None:
    """Give every painting the same entropy; this process was started for the test."""
    same = SimpleNamespace(urandom=lambda count: hashlib.shake_128(b"same").digest(count))
    pipeline.os = same  # type: ignore[attr-defined]


def fixed_far(job: Job, order: Order) -> Done:
    fix()
    return cluster.attend(job, order)


def fixed_near(job: Job, order: Order) -> Done:
    fix()
    return jobs.attend(job, order)


def fateful(job: Job, order: Order) -> Done:
    """The real task, in a process that some files end: one of them once, the other always."""
    once = job.target.parent.parent / "was here"
    if job.source.stem == "deadly" or (job.source.stem == "once" and not once.exists()):
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return cluster.attend(job, order)


def endless(job: Job, order: Order) -> Done:
    """The real task for one file; no other comes to an end."""
    if job.source.stem != "first":
        time.sleep(NEVER)
    return cluster.attend(job, order)


STARVED = "for _ in range(25):\n    busy(0.01)\n    time.sleep(0.1)"
"""For more than twice its patience, it has the processor for a tenth of the time."""

ANOTHER = f"threading.Thread(target=busy, args=({NEVER},), daemon=True).start()\n"

WAYS = {
    "starved": (STARVED, False),
    "starved beside another": (ANOTHER + STARVED, False),
    "goes round in circles": (f"busy({NEVER})", True),
    "waits for what never comes": (f"time.sleep({NEVER})", True),
    "waits beside another": (f"{ANOTHER}time.sleep({NEVER})", True),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_worker_that_hangs_ends_itself_and_one_that_is_starved_does_not(way: str) -> None:
    block, ends = WAYS[way]
    code = (
        "import threading, time\n"
        "from scrub.cluster import _ended_after\n"
        "def busy(seconds):\n"
        "    end = time.thread_time() + seconds\n"
        "    while time.thread_time() < end: pass\n"
        "with _ended_after(1.0):\n"
    ) + textwrap.indent(block, "    ")
    line = [sys.executable, "-c", code]
    ran = subprocess.run(line, cwd=ROOT, timeout=PATIENCE, capture_output=True)
    assert (ran.returncode, ran.stderr) == (ends, b"")


# --- the cluster --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cluster:
    """A scheduler and two workers, each a process of its own."""

    scheduler: subprocess.Popen[bytes]
    address: str


@contextlib.contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    """One that is complete and keeps its files in ``folder``."""
    file = folder / "scheduler.json"
    worker = ("worker", file, "--nthreads", "1", "--local-directory", folder)
    with contextlib.ExitStack() as held:
        lines = (("scheduler", file, "--port", "0"), worker, worker)
        processes = [held.enter_context(part(*line)) for line in lines]
        address = until(lambda: address_in(file), *processes)
        with Client(address, timeout=PATIENCE, set_as_default=False) as client:
            until(lambda: len(client.nthreads()) == 2, *processes)
        yield Cluster(processes[0], address)


@contextlib.contextmanager
def part(what: str, file: Path, *options: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of a cluster, whose parts find each other by ``file``."""
    line = [sys.executable, "-m", "dask", what, "--no-dashboard", "--host", HOST]
    process = subprocess.Popen(
        [*line, "--scheduler-file", str(file), *map(str, options)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # with its children
        process.wait()


def address_in(file: Path) -> str | None:
    """Where the scheduler that writes ``file`` is; None until it has written all of it."""
    try:
        address: str = json.loads(file.read_bytes())["address"]
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return address


def test_a_cluster_has_an_address_when_all_of_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    assert address_in(file) is None
    for begun in ("", '{"type": "Scheduler", "addr'):
        file.write_text(begun)
        assert address_in(file) is None
    file.write_text('{"type": "Scheduler", "address": "tcp://127.0.0.1:8786"}')
    assert address_in(file) == "tcp://127.0.0.1:8786"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What clients of S3 are told here and in the workers: the server on loopback, and no other."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            monkeypatch.setenv(f"AWS_{name}", "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(HOST, 0, verbose=False)
        server.start()
        _, port = server.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{HOST}:{port}")
        yield
        server.stop()


@pytest.fixture(scope="module")
def running(network: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_in(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(scope="module")
def bucket(network: None) -> Path:
    """An empty bucket, as a path."""
    import fsspec

    fsspec.filesystem("s3").mkdir("s3://bucket")
    return Path("s3:/bucket")


def put(path: Path, data: bytes) -> None:
    import fsspec

    fsspec.filesystem("s3").pipe_file(addresses.address(path), data)


def got(path: Path) -> bytes:
    import fsspec

    system = fsspec.filesystem("s3", use_listings_cache=False)
    data: bytes = system.cat_file(addresses.address(path))
    return data


def run(
    running: Cluster, inbox: Path, out: Path, settings: Settings = BARE, **crew: Any
) -> dict[str, FileReport]:
    """A run on the cluster: name of each file -> how it ended."""
    with contextlib_ledger(out) as known, cluster.crew(running.address) as hands:
        plan = agenda.draw_up([inbox], out, settings, ledger=known, storage=addresses.ANYWHERE)
        ends = list(batch.work(plan, settings, replace(hands, **crew), ledger=known))
    return {report.source.name: report for report in ends}


def contextlib_ledger(out: Path) -> Any:
    return addresses.opened_ledger(out) if addresses.is_address(out) else ledger.opened(out)


# --- the same run -------------------------------------------------------------------------------


def test_the_cluster_writes_the_same_bytes_as_this_machine(
    running: Cluster, inbox: Path, tmp_path: Path
) -> None:
    settings = Settings(preset="fast")
    (inbox / "faces.jpg").write_bytes(saved(picture(), "JPEG"))
    [far] = run(running, inbox, tmp_path / "far", settings, task=fixed_far).values()
    plan = agenda.draw_up([inbox], tmp_path / "near", settings)
    with batch.crew(1) as crew:
        one_thread = replace(crew, threads=1, task=fixed_near)
        [near] = batch.work(plan, settings, one_thread)
    assert far.faces >= len(PICTURE_FACES)
    assert far.target == tmp_path / "far/faces.jpg"
    assert far.target.read_bytes() == (tmp_path / "near/faces.jpg").read_bytes()
    told, other = far.as_json(), near.as_json()
    for unequal in ("target", "seconds"):
        del told[unequal], other[unequal]
    assert told == other


def test_the_command_takes_a_cluster(
    running: Cluster, scrub_command: Command, inbox: Path, out: Path
) -> None:
    for name in NAMES:
        write(name, inbox)
    line = ("clean", inbox, "--out", out, "--metadata-only", "--cluster", running.address)
    first = scrub_command(*line)
    assert (first.returncode, first.stderr) == (0, "")
    assert "4 cleaned and verified" in first.stdout
    assert not any(canaries(path.read_bytes()) for path in out.iterdir())
    assert "4 already clean" in scrub_command(*line).stdout


# --- far storage --------------------------------------------------------------------------------


def test_files_are_streamed_from_and_to_storage(running: Cluster, bucket: Path) -> None:
    inbox, out = bucket / "one/in", bucket / "one/out"
    dirty = saved(picture(), "JPEG", comment=b"canary")
    put(inbox / "IMG_0001.jpg", dirty)
    put(inbox / "day/cat.jpg", dirty)
    put(inbox / "day/notes.txt", b"Remember the milk.")
    put(inbox / "clip.jpg", b"")
    ends = run(running, inbox, out)
    assert {name: end.status for name, end in ends.items()} == {
        "IMG_0001.jpg": "cleaned",
        "cat.jpg": "cleaned",
        "notes.txt": "unchanged",
        "clip.jpg": "refused",
    }
    assert ends["IMG_0001.jpg"].target == out / "picture-001.jpg"
    assert got(inbox / "IMG_0001.jpg") == dirty
    for target in (out / "picture-001.jpg", out / "day/cat.jpg"):
        assert got(target).startswith(b"\xff\xd8")
        assert b"canary" not in got(target)
    again = run(running, inbox, out)
    assert again["cat.jpg"].reason == again["IMG_0001.jpg"].reason == "already clean"
    assert got(out / LEDGER).count(b"done") == 2


def test_a_changed_object_is_another_picture(running: Cluster, bucket: Path) -> None:
    inbox, out = bucket / "two/in", bucket / "two/out"
    put(inbox / "cat.jpg", saved(face(32), "JPEG"))
    run(running, inbox, out)
    before = got(out / "cat.jpg")
    put(inbox / "cat.jpg", saved(face(48), "JPEG"))
    assert run(running, inbox, out)["cat.jpg"].target == out / "cat-2.jpg"
    assert got(out / "cat.jpg") == before


def test_near_and_far_may_be_mixed(running: Cluster, bucket: Path, inbox: Path, out: Path) -> None:
    (inbox / "a.jpg").write_bytes(saved(face(32), "JPEG"))
    assert run(running, inbox, bucket / "three")["a.jpg"].status == "cleaned"
    assert run(running, bucket / "three", out)["a.jpg"].status == "cleaned"
    assert (out / "a.jpg").exists()


@pytest.mark.parametrize("address", ["s3:/bucket/nothing", "s3:/no-such-bucket/in"])
def test_an_address_without_anything_is_refused(
    running: Cluster, bucket: Path, out: Path, address: str
) -> None:
    [end] = run(running, Path(address), out).values()
    assert end.status == "refused"
    assert "does not exist" in end.reason
    assert "check the address" in end.reason


# --- what may be lost ---------------------------------------------------------------------------


def test_a_worker_that_is_lost_changes_nothing_but_a_deadly_file_is_named(
    running: Cluster, inbox: Path, tmp_path: Path
) -> None:
    for name in ("a", "once", "b", "deadly", "c"):
        (inbox / f"{name}.jpg").write_bytes(saved(face(32), "JPEG"))
    ends = run(running, inbox, tmp_path / "out/below", task=fateful)
    assert ends.pop("deadly.jpg").reason.startswith("made each worker crash that was given it; ")
    assert {end.status for end in ends.values()} == {"cleaned"}
    assert {path.name for path in (tmp_path / "out/below").glob("*.jpg")} == set(ends)


def test_a_worker_that_is_lost_with_a_result_just_fetched_changes_nothing(
    running: Cluster, inbox: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed.client import Future

    fetch = Future._result

    async def fetched_at_the_last_moment(future: Any, raiseit: bool = True) -> Any:
        result = await fetch(future, raiseit)
        future._state.lose()  # as the scheduler has it do, whenever it hears of such a loss
        return result

    monkeypatch.setattr(Future, "_result", fetched_at_the_last_moment)
    (inbox / "a.jpg").write_bytes(saved(face(32), "JPEG"))
    assert run(running, inbox, out)["a.jpg"].status == "cleaned"


def test_a_scheduler_that_is_lost_ends_the_run_and_the_next_completes(
    network: None, inbox: Path, out: Path, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (inbox / f"{name}.jpg").write_bytes(saved(face(32), "JPEG"))
    with (
        cluster_in(tmp_path) as doomed,
        ledger.opened(out) as known,
        cluster.crew(doomed.address) as crew,
    ):
        plan = agenda.draw_up([inbox], out, BARE, ledger=known)
        work = batch.work(plan, BARE, replace(crew, task=endless), ledger=known)
        assert next(work).status == "cleaned"
        doomed.scheduler.kill()
        with pytest.raises(ClusterError, match="scheduler was lost"):
            list(work)
    with ledger.opened(out) as known:
        left = agenda.draw_up([inbox], out, BARE, ledger=known).jobs
    assert [job.source.stem for job in left] == ["second"]


def test_a_cluster_that_is_not_there_is_named(
    scrub_command: Command, inbox: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    with (
        pytest.raises(ClusterError, match="no scheduler with workers answers at tcp://127"),
        cluster.crew(f"tcp://{HOST}:9"),
    ):
        pass


def test_storage_without_credentials_is_one_line(
    running: Cluster, scrub_command: Command, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"AWS_{name}")
    for name in ("SHARED_CREDENTIALS_FILE", "CONFIG_FILE"):
        monkeypatch.setenv(f"AWS_{name}", str(out / "nothing"))
    ran = scrub_command("clean", "s3://bucket/in", "--out", out, "--cluster", running.address)
    assert ran.returncode == 2
    [line] = ran.stderr.splitlines()
    assert line.startswith("s3:/bucket/in: cannot be read (Unable to locate credentials); check")


def test_all_workers_must_have_the_same_scrub(running: Cluster) -> None:
    here = cluster.installed()
    cluster._check_installed({"tcp://one": here, "tcp://two": here})
    for there, problem in {
        "another": "the worker at tcp://two has another version of scrub, or other weights",
        ImportError("No module"): r"the worker at tcp://two cannot load scrub \(No module\)",
    }.items():
        with pytest.raises(ClusterError, match=problem):
            cluster._check_installed({"tcp://one": here, "tcp://two": there})


def test_half_an_address_is_refused_at_once(scrub_command: Command, inbox: Path, out: Path) -> None:
    (inbox / "a.jpg").write_bytes(saved(face(32), "JPEG"))
    ran = scrub_command("clean", inbox, "--out", out, "--cluster", "nonsense")
    assert ran.returncode == 2
    first, *more = ran.stderr.splitlines()
    assert first.startswith("no scheduler with workers answers at nonsense (")
    assert more == ["stopped with 1 file left; run scrub again"]


# --- and without it -----------------------------------------------------------------------------


def test_nothing_of_it_is_loaded_without_the_option(
    scrub_command: Command, inbox: Path, out: Path
) -> None:
    (inbox / "a.jpg").write_bytes(saved(face(32), "JPEG"))
    line = ["clean", str(inbox), "--out", str(out), "--metadata-only"]
    assert scrub_command.loaded(line, {"dask", "distributed", "fsspec", "asyncio"}) == []


@pytest.mark.parametrize("option", ["--out", "--in-place"])
def test_an_address_needs_the_option(scrub_command: Command, inbox: Path, option: str) -> None:
    more = ["--cluster", "tcp://nowhere:1"] if option == "--in-place" else [inbox]
    ran = scrub_command("clean", "s3://bucket/in", option, *more)
    assert ran.returncode == 2
    assert ran.stderr.startswith("s3://bucket/in is an address ")


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("s3:/bucket/in", "s3://bucket/in"),
        ("gs:/b", "gs://b"),
        ("s3://bucket/in", "s3://bucket/in"),
        ("C:/Users", None),
        ("/s3:/x", None),
        ("in/s3:/x", None),
        ("s3:", None),
    ],
)
def test_an_address_is_told_from_a_file(path: str, address: str | None) -> None:
    assert addresses.is_address(Path(path)) == (address is not None)
    if address is not None:
        assert addresses.address(Path(path)) == address


def test_a_crew_does_the_real_task() -> None:
    assert Crew.__dataclass_fields__["task"].default is jobs.attend
