"""Decoders written in C say nothing beside our own error, and standard error is given back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

import scrub
from scrub.silence import silence
from tests.media import picture
from tests.parts import page, tiff
from tests.waiting import PATIENCE

DAMAGED = """
import os, sys
from pathlib import Path
from PIL import Image
from scrub.errors import DamagedError
from scrub.formats import FORMATS, probe

path = Path(sys.argv[1])
if "bare" in sys.argv:
    try:
        Image.open(path).load()
    except OSError:
        print("damaged")
else:
    try:
        media = probe(path)
        list(FORMATS[media.kind].frames(media))
    except DamagedError as error:
        print("damaged")
    os.write(2, b"afterwards")
"""


def damaged_tiff(folder: Path) -> Path:
    """Strips that are said to be packed as LZW, and are noise."""
    path = folder / "noise.tif"
    path.write_bytes(tiff(page(picture()) | {259: [5]}))
    return path


def said(*arguments: str | Path) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", DAMAGED, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(Path(scrub.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return done.stdout.strip(), done.stderr.strip()


def test_libtiff_says_nothing_and_our_error_stays(tmp_path: Path) -> None:
    path = damaged_tiff(tmp_path)
    out, err = said(path, "bare")
    assert out == "damaged"
    assert err  # or there is nothing to silence any more
    assert said(path) == ("damaged", "afterwards")


def test_silence_lasts_until_the_last_thread_has_left(capfd: pytest.CaptureFixture[str]) -> None:
    inside, leave = threading.Event(), threading.Event()

    def linger() -> None:
        with silence:
            inside.set()
            leave.wait(PATIENCE)

    filters = list(warnings.filters)
    other = threading.Thread(target=linger)
    with silence:
        other.start()
        assert inside.wait(PATIENCE)
    os.write(2, b"one")
    warnings.warn("two", stacklevel=1)
    leave.set()
    other.join()
    os.write(2, b"three")
    assert capfd.readouterr().err == "three"
    assert list(warnings.filters) == filters


def test_error_inside_gives_standard_error_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), silence:
        raise ZeroDivisionError
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_closed_standard_error_is_no_trouble() -> None:
    code = "import os; os.close(2); from scrub.silence import silence\nwith silence: pass"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(scrub.__file__).parents[1])},
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
