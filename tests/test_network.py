"""scrub opens no connection: not Python, not the native libraries below, in no process of a run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.parts import saved
from tests.pictures import picture

TALKS = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gram:
    try:
        gram.connect(("192.0.2.1", 53))
    except OSError:
        pass
"""
"""What scrub must not do. The address is one that nobody has (RFC 5737); connecting a datagram
socket sends nothing. Each way of watching is tried on this first."""


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures, so that a run has two workers."""
    folder = tmp_path_factory.mktemp("in")
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(saved(picture(), "JPEG"))
    return folder


def clean(command: Command, before: Sequence[str], inbox: Path, out: Path) -> str:
    """Run it with both detectors, under what ``before`` watches with; what it said."""
    ran = command("clean", inbox, "--out", out, "--preset=fast", "--jobs=2", before=before)
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"2 cleaned and verified, \d+ faces covered", ran.stdout)
    return ran.stdout


def talk(before: Sequence[str]) -> None:
    subprocess.run([*before, sys.executable, "-c", TALKS], check=True, capture_output=True)


# --- every system call of every process ---------------------------------------------------------

CALL = re.compile(r"^\d+ +(\w+)\(")


@pytest.fixture
def traced(tmp_path: Path) -> list[str]:
    """A command line that writes down each system call about sockets, of all descendants."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    line = ["strace", "-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o"]
    line.append(str(tmp_path / "calls"))
    if subprocess.run([*line, "true"], capture_output=True).returncode:
        pytest.skip("strace may not watch processes here")
    return line


def calls(folder: Path) -> list[str]:
    lines = (folder / "calls").read_text().splitlines()
    return [line for line in lines if CALL.match(line)]


def test_no_process_of_a_run_asks_the_system_for_a_socket(
    traced: list[str], scrub_command: Command, inbox: Path, tmp_path: Path
) -> None:
    talk(traced)
    assert any("AF_INET" in call for call in calls(tmp_path)), "the watch is asleep"
    clean(scrub_command, traced, inbox, tmp_path / "out")
    # Of no family: parent and workers talk through pipes.
    assert calls(tmp_path) == []


# --- a world without a network, which counts those who look for one -----------------------------

COUNT = """
import subprocess, sys

def tries():
    ip = [line.split()[1:] for line in open("/proc/net/snmp") if line.startswith("Ip:")]
    count = dict(zip(*ip, strict=True))
    return int(count["OutNoRoutes"]) + int(count["OutRequests"])

before = tries()
ended = subprocess.run(sys.argv[2:])
open(sys.argv[1], "w").write(str(tries() - before))
sys.exit(ended.returncode)
"""
"""Runs a command and writes how often a process of this network namespace tried to send to an
address (RFC 4293: ipSystemStatsOutNoRoutes, ipSystemStatsOutRequests)."""


@pytest.fixture
def cut_off(tmp_path: Path) -> list[str]:
    """A command line whose processes have no network, not even their own machine's."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed, or this is not Linux")
    line = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*line, sys.executable, "-c", ""], capture_output=True).returncode:
        pytest.skip("this user may not make network namespaces here")
    return [*line, sys.executable, "-c", COUNT, str(tmp_path / "tries")]


def tries(folder: Path) -> int:
    return int((folder / "tries").read_text())


def test_a_run_needs_no_network_and_never_looks_for_one(
    cut_off: list[str], scrub_command: Command, inbox: Path, tmp_path: Path
) -> None:
    talk(cut_off)
    assert tries(tmp_path) > 0, "the count is asleep"
    clean(scrub_command, cut_off, inbox, tmp_path / "out")
    assert tries(tmp_path) == 0


# --- what Python itself does --------------------------------------------------------------------

AUDIT = """
import sys

SPOKEN = ("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.")
sys.addaudithook(lambda event, _: event.startswith(SPOKEN) and print(event))
"""

IMPORT_ALL = """
import importlib, pkgutil, scrub

modules = [one.name for one in pkgutil.walk_packages(scrub.__path__, "scrub.")]
for name in modules:
    importlib.import_module(name)
print(len(modules), "modules")
"""


def audited(command: Command, code: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", AUDIT + code],
        env=command.environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return ended.stdout.splitlines()


def test_importing_scrub_speaks_to_nobody(scrub_command: Command) -> None:
    assert audited(scrub_command, TALKS) == ["socket.__new__", "socket.connect"]
    [count] = audited(scrub_command, IMPORT_ALL)
    assert int(count.split()[0]) > 30


# --- what ONNX Runtime does when nobody forbids it -----------------------------------------------

SESSION = """
import onnxruntime
from scrub.models import weights
onnxruntime.InferenceSession(weights("centerface.onnx"), providers=["CPUExecutionProvider"])
"""
DETECTOR = """
from scrub.detectors import Look, load
load("centerface", looks=[Look(64)])
"""


def kept(command: Command, code: str, home: Path) -> list[str]:
    """Names of the files that a process keeps in a home folder which was empty before."""
    home.mkdir()
    places = ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "USERPROFILE", "LOCALAPPDATA")
    environment = {**command.environment, **{name: str(home) for name in places}}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    return [path.name for path in home.rglob("*") if path.is_file()]


def test_onnx_runtime_keeps_no_number_of_this_machine_to_report_with(
    scrub_command: Command, tmp_path: Path
) -> None:
    """It reports after half a minute, but makes its files at once."""
    if not kept(scrub_command, SESSION, tmp_path / "without us"):
        pytest.skip("this version of ONNX Runtime has nothing to report with")
    assert kept(scrub_command, DETECTOR, tmp_path / "with us") == []
