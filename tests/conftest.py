"""What several tests need: the real command, run as a person runs it, and a folder to run on."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import PIL
import pytest
from hypothesis import HealthCheck, settings

import scrub
from scrub.agenda import Agenda, draw_up
from scrub.detectors.presets import Eyes, eyes
from scrub.errors import ScrubError
from scrub.regions import Detection
from scrub.settings import Settings
from tests.parts import saved
from tests.pictures import Pixels, face
from tests.waiting import PATIENCE

# How long an example takes says how busy the machine is.
settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

UNPLAIN = (
    *("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "PYTHONIOENCODING"),
    # With it, Python holds nothing back which it would try to write once more at its end.
    "PYTHONUNBUFFERED",
)


class Command:
    """``scrub`` in a process of its own, with this Python and the package under test."""

    line: tuple[str, ...] = (sys.executable, "-c", "from scrub.cli import main; main()")

    @property
    def environment(self) -> dict[str, str]:
        """This process's own, without what would colour, recode, widen or hasten the output."""
        kept = {name: value for name, value in os.environ.items() if name not in UNPLAIN}
        package = str(Path(scrub.__file__).parents[1])
        return {**kept, "COLUMNS": "80", "PYTHONPATH": package, "PYTHONUTF8": "1"}

    def __call__(
        self, *arguments: str | Path, before: Sequence[str] = (), **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; ``before`` is a command line that takes it as its arguments."""
        return subprocess.run(
            [*before, *self.line, *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            **options,
        )

    def loaded(self, arguments: Sequence[str], modules: Iterable[str]) -> list[str]:
        """Which of ``modules`` a run with these arguments imports; it has to come to its end."""
        code = (
            "import sys; from scrub.cli import main\n"
            f"try: main({list(arguments)!r})\n"
            f"except SystemExit: print(sorted({set(modules)!r} & set(sys.modules)))"
        )
        asked = Command()
        asked.line = sys.executable, "-c", code
        ended = asked()
        assert ended.stdout, ended.stderr
        told: list[str] = ast.literal_eval(ended.stdout.splitlines()[-1])
        return told


class Blind:
    """A detector that sees nothing."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        return []

    def close(self) -> None:
        pass


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test touches what scrub keeps for the person who runs the tests."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
            monkeypatch.setenv(name, str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """What tests start can be interrupted, also where a shell put them in the background.

    A command inherits that a signal is ignored; it does not inherit a handler.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def scrub_command() -> Command:
    return Command()


@pytest.fixture(scope="session")
def real_eyes() -> Iterator[Eyes]:
    """Real detectors, as quick as they can be."""
    found = eyes("fast", threads=2)
    yield found
    found.close()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty folder "in"."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder "out" that does not exist yet."""
    return tmp_path / "out"


@pytest.fixture
def plan(inbox: Path, out: Path) -> Agenda:
    """Three pictures to clean and one file that was refused."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (inbox / name).write_bytes(saved(face(32), "JPEG"))
    (inbox / "bad.jpg").touch()
    return draw_up([inbox], out, Settings())


REFUSED_BEFORE_PILLOW_13 = {
    "test_grey_pages_and_colour_pages_stay_so",
    "test_picture_is_read_as_it_is_seen[YCbCr TIFF]",
    "test_profile_is_followed[YCbCr TIFF]",
    "test_metadata_only_leaves_the_pixels[tiff-pages]",
    "test_metadata_only_leaves_the_pixels[tiff-thumbnail-page]",
}
"""Tests of TIFFs that Pillow 12, the last for Python 3.10, reads or writes wrongly.

Its bare YCbCr pixels end early, and its pages of different make leave bytes between them that
verification finds, depending on their lengths. Such files may be refused then, and nothing else.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if int(PIL.__version__.split(".")[0]) >= 13:
        return
    for item in items:
        if item.name in REFUSED_BEFORE_PILLOW_13:
            item.add_marker(pytest.mark.xfail(raises=ScrubError))
