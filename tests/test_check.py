"""The gate: whatever clean wrote passes it, and nothing else that tells does."""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrub import pipeline
from scrub.detectors.presets import Eyes
from scrub.errors import DamagedError
from scrub.exposure import Exposure
from scrub.formats import FORMATS, HIDDEN, probe
from scrub.formats.still import ROWS
from scrub.ledger import LEDGER
from scrub.settings import STYLE_NAMES, Settings, StyleName
from scrub.tasks import Check
from tests.conftest import Command
from tests.media import CROWD, DIRTY, kind, write
from tests.parts import saved
from tests.pictures import face, picture
from tests.test_pipeline import Seer

SAMPLE = {kind(name): name for name in reversed([*DIRTY, "gif-animated", "apng", "webp-animated"])}
"""One dirty file of each kind; an animation where it can be one."""


def check(source: Path, eyes: Eyes | None, thorough: bool = False) -> Exposure:
    """What a worker says of the file, in this process."""
    return Check(source, source, thorough=thorough).do(Settings(), eyes, False)


def written(source: Path) -> str:
    """The ending of its copy's name."""
    return FORMATS[probe(source).written].suffixes[0]


# --- what is hidden in pixels -------------------------------------------------------------------

LOSSY_AND_NOT = {
    ".png": ("PNG", {}),
    ".tif": ("TIFF", {}),
    ".webp": ("WEBP", {"lossless": True, "exact": True}),
    ".heic": ("HEIF", {"quality": 90}),
    ".avif": ("AVIF", {"quality": 90, "speed": 10}),
}


@pytest.mark.parametrize("suffix", LOSSY_AND_NOT)
def test_a_picture_under_transparent_pixels_is_found(suffix: str, tmp_path: Path) -> None:
    kind, options = LOSSY_AND_NOT[suffix]
    alpha = np.zeros(picture().shape[:2], np.uint8)
    alpha[:20] = 255
    source = tmp_path / f"hidden{suffix}"
    source.write_bytes(saved(np.dstack([picture(), alpha]), kind, **options))
    assert HIDDEN in check(source, None).findings()
    copy = tmp_path / f"copy{suffix}"
    pipeline.clean(source, copy, Settings(), None)
    assert check(copy, None).findings() == ()


@pytest.mark.parametrize("channels", [2, 4], ids=["grey", "colour"])
@pytest.mark.parametrize("top", [0, 70, 299])
def test_a_spot_under_transparent_pixels_is_found_wherever_it_is(
    top: int, channels: int, tmp_path: Path
) -> None:
    pixels = np.zeros((300, 40, channels), np.uint8)
    pixels[top, 7, 0] = 1
    source = tmp_path / "hidden.png"
    source.write_bytes(saved(pixels, "PNG"))
    assert HIDDEN in check(source, None).findings()


def test_what_shines_through_is_not_hidden(tmp_path: Path) -> None:
    source = tmp_path / "pale.png"
    faint = np.ones(picture().shape[:2], np.uint8)
    source.write_bytes(saved(np.dstack([picture(), faint]), "PNG"))
    assert HIDDEN not in check(source, None).findings()


def test_one_colour_under_transparent_pixels_hides_nothing(tmp_path: Path) -> None:
    """White, as most editors leave it."""
    four = np.full((20, 30, 4), 255, np.uint8)
    four[5:9, :, 3] = 0
    source = tmp_path / "plain.png"
    source.write_bytes(saved(four, "PNG"))
    assert check(source, None).findings() == ()


@pytest.mark.parametrize(
    ("suffix", "kind", "options"),
    [
        (".webp", "WEBP", {"quality": 30, "exact": True}),
        (".webp", "WEBP", {"quality": 80}),
        (".avif", "AVIF", {"quality": 25}),
    ],
    ids=["WebP of one colour", "WebP of the encoder's choice", "AVIF"],
)
def test_what_a_lossy_encoder_leaves_under_transparent_pixels_hides_nothing(
    suffix: str, kind: str, options: dict[str, object], tmp_path: Path
) -> None:
    """Traces of what is seen beside them, and some noise."""
    four = np.full((*picture().shape[:2], 4), 128, np.uint8)
    four[:60] = np.dstack([picture()[:60], np.full((60, picture().shape[1]), 255, np.uint8)])
    four[60:, :, 3] = 0
    source = tmp_path / f"plain{suffix}"
    source.write_bytes(saved(four, kind, **options))
    assert HIDDEN not in check(source, None).findings()


# --- what clean wrote ---------------------------------------------------------------------------


def test_every_format_has_a_sample() -> None:
    assert set(SAMPLE) == set(ROWS)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory, real_eyes: Eyes) -> list[Path]:
    """Clean copies of a picture of each kind, to be spoilt."""
    folder = tmp_path_factory.mktemp("copies")
    made: list[Path] = []
    for number, name in enumerate(SAMPLE.values()):
        source = write(name, folder)
        made.append(folder / f"copy-{number}{written(source)}")
        pipeline.clean(source, made[-1], Settings(), real_eyes)
    return made


@pytest.mark.parametrize("style", STYLE_NAMES)
@pytest.mark.parametrize("name", SAMPLE.values(), ids=SAMPLE)
def test_what_clean_wrote_passes(
    name: str, style: StyleName, tmp_path: Path, real_eyes: Eyes
) -> None:
    source = write(name, tmp_path)
    assert check(source, real_eyes).faces > 0
    target = tmp_path / f"copy{written(source)}"
    report = pipeline.clean(source, target, Settings(style), real_eyes)
    assert report.target is not None
    found = check(report.target, real_eyes)
    assert found.sightings == ()
    assert found.findings() == ()


@pytest.mark.parametrize("style", STYLE_NAMES)
def test_a_crowd_that_clean_wrote_passes(style: StyleName, tmp_path: Path, real_eyes: Eyes) -> None:
    """Of so many covers, one looks like a face by chance now and then."""
    report = pipeline.clean(CROWD, tmp_path / "crowd.jpg", Settings(style), real_eyes)
    assert report.faces > 40
    assert check(tmp_path / "crowd.jpg", real_eyes).findings() == ()


# --- and what it did not ------------------------------------------------------------------------


def test_a_single_leftover_fails(copies: list[Path], tmp_path: Path) -> None:
    for copy in copies:
        assert check(copy, None).findings() == ()
        spoilt = tmp_path / copy.name
        spoilt.write_bytes(copy.read_bytes() + b"x")
        assert check(spoilt, None).findings(), copy.name


def test_a_cut_copy_fails(copies: list[Path], tmp_path: Path) -> None:
    for copy in copies:
        spoilt = tmp_path / copy.name
        spoilt.write_bytes(copy.read_bytes()[: copy.stat().st_size * 2 // 3])
        with contextlib.suppress(DamagedError):
            assert check(spoilt, None).findings(), copy.name


def test_a_single_uncovered_face_fails(tmp_path: Path, real_eyes: Eyes) -> None:
    """One face of a crowd, laid over the clean copy again."""
    pipeline.clean(CROWD, tmp_path / "crowd.png", Settings("solid"), real_eyes)
    with Image.open(tmp_path / "crowd.png") as image:
        image.paste(Image.fromarray(face(150)), (500, 900))
        image.save(tmp_path / "crowd.png", "PNG")
    assert check(tmp_path / "crowd.png", real_eyes).findings() == ("1 uncovered face",)


@pytest.mark.parametrize(("thorough", "faces"), [(False, 0), (True, 1)])
def test_thorough_looks_as_long_as_clean(thorough: bool, faces: int, tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(saved(picture(), "PNG"))
    looking = Eyes(Seer(((10, 10, 90, 90),)), Seer())
    assert check(source, looking, thorough).faces == faces


def test_what_the_eyes_lack_is_told(tmp_path: Path) -> None:
    source = write("png-text", tmp_path)
    looking = replace(Eyes(Seer(), Seer()), warnings=("half blind",))
    assert check(source, looking).warnings == ("half blind",)


# --- the command --------------------------------------------------------------------------------

HARMLESS = "hills.png"


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    """A folder with a clean picture, and text beside it."""
    folder = tmp_path / "outbox"
    folder.mkdir()
    (folder / HARMLESS).write_bytes(saved(picture()[:8, :8], "PNG"))
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_clean_folder_passes_without_a_word(scrub_command: Command, outbox: Path) -> None:
    ran = scrub_command("check", outbox)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert ran.stderr == "1 clean, 0 not clean, 1 file left out as no picture\n"


def test_each_finding_is_a_line(scrub_command: Command, outbox: Path) -> None:
    (outbox / "IMG_0001.png").write_bytes(saved(picture(), "PNG") + b"more")
    before = {path: path.read_bytes() for path in outbox.iterdir()}
    ran = scrub_command("check", outbox)
    assert ran.returncode == 1
    lines = ran.stdout.splitlines()
    assert all(line.startswith(f"{outbox / 'IMG_0001.png'}: ") for line in lines)
    assert {line.partition(": ")[2] for line in lines} == {
        "bytes after the picture",
        "name carries a camera's counter",
        "2 uncovered faces",
    }
    assert {path: path.read_bytes() for path in outbox.iterdir()} == before


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("--no-faces",), 0),
        (("--allow-faces", "2"), 0),
        (("--allow-faces", "1", "--preset=fast", "--jobs=1"), 1),
    ],
)
def test_faces_stop_unless_they_are_allowed(
    options: tuple[str, ...], status: int, scrub_command: Command, outbox: Path
) -> None:
    (outbox / "two.png").write_bytes(saved(picture(), "PNG"))
    assert scrub_command("check", outbox, *options).returncode == status


def test_what_is_not_understood_outweighs_what_was_found(
    scrub_command: Command, outbox: Path
) -> None:
    (outbox / "a.jpg").write_bytes(b"\xff\xd8\xff cut")
    (outbox / "b.png").write_bytes(saved(picture(), "PNG") + b"more")
    ran = scrub_command("check", outbox, "--no-faces", "--json")
    assert ran.returncode == 2
    told = json.loads(ran.stdout)
    assert {Path(file["source"]).name: file["verdict"] for file in told["files"]} == {
        "a.jpg": "refused",
        "b.png": "found",
        HARMLESS: "clean",
    }
    assert re.fullmatch(r".*a\.jpg: is damaged.*; .*\n", ran.stderr)


def test_quiet_says_it_with_the_exit_status(scrub_command: Command, outbox: Path) -> None:
    (outbox / "b.png").write_bytes(saved(picture(), "PNG") + b"more")
    ran = scrub_command("check", outbox, "--no-faces", "--quiet")
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "")


@pytest.mark.skipif(os.name == "nt", reason="such a name cannot be given there")
def test_no_name_reaches_the_terminal(scrub_command: Command, outbox: Path) -> None:
    (outbox / "a\x1b[31m\nb.png").write_bytes(saved(picture(), "PNG") + b"more")
    for option in ("--no-faces", "--json"):
        ran = scrub_command("check", outbox, "--no-faces", option)
        assert ran.returncode == 1
        assert "\x1b" not in ran.stdout
        assert r"\x1b[31m\nb.png" in ran.stdout or r"\u001b[31m\nb.png" in ran.stdout


def test_nothing_to_check_is_not_clean(scrub_command: Command, outbox: Path) -> None:
    (outbox / HARMLESS).unlink()
    assert scrub_command("check", outbox).returncode == 2
    assert scrub_command("check", outbox / "gone.png").returncode == 2


@pytest.mark.parametrize("command", ["check", "inspect"])
def test_an_old_draft_is_refused_and_not_removed(
    scrub_command: Command, outbox: Path, command: str
) -> None:
    draft = write("png-text", outbox).rename(outbox / ".scrub-1.part")
    ran = scrub_command(command, outbox, "--no-faces")
    assert ran.returncode == 2
    assert f"{draft.name}: is the draft of another run; wait until" in ran.stderr
    assert draft.exists()


def test_what_is_only_called_a_ledger_does_not_pass(scrub_command: Command, outbox: Path) -> None:
    write("png-text", outbox).rename(outbox / LEDGER)
    ran = scrub_command("check", outbox, "--no-faces")
    assert ran.returncode == 1
    assert f"{LEDGER}: author's name" in ran.stdout


def test_the_ledger_among_the_copies_is_nobody_s_file(
    scrub_command: Command, inbox: Path, out: Path
) -> None:
    (inbox / "a.jpg").write_bytes(saved(face(32), "JPEG"))
    assert scrub_command("clean", inbox, "--out", out, "--metadata-only").returncode == 0
    assert (out / LEDGER).exists()
    assert scrub_command("check", out, "--no-faces").stderr == "1 clean, 0 not clean\n"
