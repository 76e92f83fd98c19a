"""What a person is shown of a file: dangers first, all of it, and nothing that takes over."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scrub.console import Console
from scrub.exposure import Exposure, bare, looked_at
from scrub.gate import inspected
from scrub.metadata import Entry
from scrub.metadata.danger import GRAVE, ORDER, grave
from scrub.metadata.entry import STRUCTURE
from tests.conftest import Command
from tests.media import DIRTY, canaries, write
from tests.parts import saved
from tests.pictures import picture
from tests.test_exposure import exposure, seen

Shown = Callable[..., str]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What the console says of a file, on a terminal so wide."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def show(*exposures: Exposure, width: int = 80, verbosity: int = 0) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        Console(verbosity).portraits(exposures)
        return capsys.readouterr().out

    return show


def rows(said: str) -> list[str]:
    """What each row begins with; rows that only go on with a value are left out."""
    return [line.strip().split("   ")[0] for line in said.splitlines() if line[:2] == "  "]


# --- the table ----------------------------------------------------------------------------------


def test_dangers_come_first(tmp_path: Path, shown: Shown) -> None:
    source = write("jpeg-exif-gps", tmp_path).rename(tmp_path / "IMG_0001.jpg")
    found = replace(bare(source), sightings=(seen(0), seen(0, doubtful=True), seen(0, True)))
    said = shown(found, width=200)
    first = rows(said)[:3]
    assert first == ["1 face", "2 doubtful faces", "GPS position"]
    assert "-48.875417, -123.392528" in said
    assert said.startswith(f"{source}  JPEG, 240 x 180\n")
    assert "file name" in rows(said)
    assert "carries a camera's counter" in said


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", [name for name in DIRTY if "xmp" in name or "exif" in name])
def test_no_row_is_wider_than_the_terminal(
    name: str, width: int, tmp_path: Path, shown: Shown
) -> None:
    said = shown(bare(write(name, tmp_path)), width=width, verbosity=1)
    assert all(len(line) <= width for line in said.splitlines()[1:])


@pytest.mark.parametrize("name", DIRTY)
def test_a_value_is_never_cut(name: str, tmp_path: Path, shown: Shown) -> None:
    found = bare(write(name, tmp_path))
    said = shown(found, width=1000, verbosity=1)
    assert all(entry.value in said and entry.what in said for entry in found.carried)


def test_a_sort_of_things_is_one_row_unless_asked_for_all(shown: Shown) -> None:
    carried = tuple(Entry(f"IFD0 {n}", "EXIF setting", 12, f"setting {n}") for n in range(9))
    found = replace(exposure(), carried=carried)
    assert "setting 0; setting 1; setting 2 and 6 more" in shown(found)
    said = shown(found, verbosity=1)
    for entry in carried:
        assert f"EXIF setting ({entry.place})" in said
        assert entry.value in said


def test_a_long_value_is_cut_unless_asked_for_all(shown: Shown) -> None:
    found = replace(exposure(), carried=(Entry("a", "comment", 200, "x" * 200),))
    assert "x" * 80 + "...\n" in shown(found, width=400).replace(" ", "")
    assert "x" * 200 in shown(found, width=400, verbosity=1)


def test_what_has_no_value_has_a_size(shown: Shown) -> None:
    carried = (
        Entry("a", "maker note", 1200),
        Entry("b", "uncovered thumbnail", 900, "160 x 120"),
        Entry("c", "padding after the picture", 1),
        Entry("d", "motion video", 0, "1"),
        Entry("e", "motion video", 23451),
        Entry("f / g", "title", 45),
        Entry("f / g / h", "title", 37, "Sunset"),
    )
    said = shown(replace(exposure(), carried=carried))
    assert "1,200 bytes" in said
    assert "160 x 120, 900 bytes" in said
    assert re.search(r"padding after the picture +1 byte ", said)
    assert re.search(r"motion video +1; 23,451 bytes ", said)
    assert re.search(r"title +Sunset ", said)
    assert "45 bytes" not in said


@pytest.mark.parametrize(
    ("form", "says"),
    [("still", "PNG, 10 x 20\n"), ("animation", "3 frames\n"), ("pages", "3 pages\n")],
)
def test_the_kind_is_told(form: str, says: str, shown: Shown) -> None:
    assert says in shown(exposure(form))


def test_what_every_file_is_made_of_gives_nothing_away(shown: Shown) -> None:
    parts = (Entry("jp2h", STRUCTURE, 67), Entry("jp2c", "pixels", 52000))
    assert rows(shown(replace(exposure(), carried=parts))) == ["nothing"]
    assert "pixels (jp2c)" in shown(replace(exposure(), carried=parts), verbosity=1)


def test_a_clean_file_gives_away_nothing(shown: Shown) -> None:
    assert rows(shown(exposure())) == ["nothing"]


def test_sound_is_told(shown: Shown) -> None:
    video = exposure("video")
    assert video.media is not None
    loud = replace(video, media=replace(video.media, sounding=True))
    assert rows(shown(loud)) == ["sound"]
    assert rows(shown(video)) == ["nothing"]


def test_a_wrong_ending_is_told(shown: Shown) -> None:
    assert "has the wrong ending, it is PNG" in shown(replace(exposure(), suffix=".png"))


EVIL = "a\x1b[31m\r\n\u202egpj.\udcff\x9b2J[red]:smile:"


def test_nothing_in_a_file_takes_over_the_terminal(shown: Shown) -> None:
    entry = Entry(EVIL, f"text: {EVIL}", 5, EVIL)
    said = shown(replace(exposure(), source=Path("in", EVIL), carried=(entry,)), verbosity=1)
    assert all(line.isprintable() for line in said.split("\n"))
    assert "[red]:smile:" in said.replace("\n", "").replace(" ", "")


def test_the_worst_are_those_that_name_place_person_time_or_device() -> None:
    assert set(GRAVE) < set(ORDER)
    for what in ("GPS position", "uncovered thumbnail", "owner's name", "camera serial number"):
        assert grave(what)
    for what in ("software", "EXIF setting", "colour profile", "something new"):
        assert not grave(what)


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures and text."""
    inbox = tmp_path / "in"
    (inbox / "day").mkdir(parents=True)
    write("jpeg-exif-thumbnail", inbox).rename(inbox / "day" / "IMG_0001.jpg")
    (inbox / "hills.png").write_bytes(saved(picture()[:8, :8], "PNG"))
    (inbox / "notes.txt").write_text("no picture")
    return inbox


def test_a_folder_is_shown_and_drawn(scrub_command: Command, folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    line = ("inspect", folder, "--preset=fast", "--thumbnails", folder / "sheets")
    ran = scrub_command(*line)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.index("IMG_0001.jpg") < ran.stdout.index("hills.png")
    assert "2 faces" in ran.stdout
    assert "notes.txt" not in ran.stdout
    sheets = sorted(path.relative_to(folder) for path in folder.rglob("*") if path not in before)
    assert [sheet.as_posix() for sheet in sheets if sheet.suffix] == [
        "sheets/day/IMG_0001.jpg.png",
        "sheets/hills.png.png",
    ]
    assert {path: path.read_bytes() for path in before} == before
    # Its own sheets are no input, and are not replaced unasked.
    again = scrub_command(*line, "--no-faces")
    assert again.returncode == 2
    assert again.stderr.count("exists already; use --overwrite") == 2
    assert "sheets" not in again.stdout
    assert scrub_command(*line, "--no-faces", "--overwrite").returncode == 0


def test_sheets_need_a_folder(scrub_command: Command, folder: Path) -> None:
    ran = scrub_command("inspect", folder, "--no-faces", "--thumbnails", folder / "notes.txt")
    assert (ran.returncode, ran.stdout) == (2, "")
    [line] = ran.stderr.splitlines()
    assert line.endswith("notes.txt: is not a folder; name a folder for --thumbnails")


def test_json_is_for_programs(scrub_command: Command, folder: Path) -> None:
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff cut")
    ran = scrub_command("inspect", folder, "--no-faces", "--json")
    assert ran.returncode == 2
    assert "broken.jpg: is damaged" in ran.stderr
    told = json.loads(ran.stdout)
    assert [(Path(file["source"]).name, file["status"]) for file in told["files"]] == [
        ("IMG_0001.jpg", "read"),
        ("hills.png", "read"),
        ("broken.jpg", "refused"),
    ]
    assert told["files"][0]["faces"] is None
    assert canaries(ran.stdout.encode())
    assert "picture" not in told["files"][0]["carries"][0]


@pytest.mark.skipif(os.name == "nt", reason="such a name cannot be given there")
def test_a_file_that_nobody_may_read_is_named(scrub_command: Command, folder: Path) -> None:
    ran = scrub_command("inspect", folder / "gone.png", "--no-faces")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "gone.png: does not exist" in ran.stderr


def test_looking_changes_nothing_in_the_exposure(tmp_path: Path) -> None:
    found = bare(write("png-text", tmp_path))
    assert looked_at(found, lambda media, frame: []).carried == found.carried


def test_the_manual_shows_the_json_as_it_is(tmp_path: Path) -> None:
    manual = Path(__file__).parents[1].joinpath("docs", "inspect.md").read_text("utf-8")
    shown = json.loads(manual.split("```json\n")[1].split("```")[0])
    found = looked_at(bare(write("jpeg-exif-gps", tmp_path)), lambda media, frame: [seen(0).face])
    told = inspected([found]).as_json()
    assert set(shown) == set(told)
    assert shown["version"] == told["version"]
    [ours], [theirs] = told["files"], shown["files"]
    assert list(ours) == list(theirs)
    assert list(ours["carries"][0]) == list(theirs["carries"][0])
    assert list(ours["sightings"][0]) == list(theirs["sightings"][0])
