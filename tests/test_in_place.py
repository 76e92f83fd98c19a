"""Cleaning in place: what is clean stays, what cannot be replaced by its like is refused."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrub import files, pipeline, tasks
from scrub.agenda import draw_up
from scrub.detectors.presets import Eyes
from scrub.errors import InputError, ScrubError, VerificationError
from scrub.regions import Detection
from scrub.report import FileReport
from scrub.settings import Settings
from scrub.tasks import Replacement
from tests.media import CROWD, PICTURE_FACES, canaries, write
from tests.parts import saved
from tests.pictures import Pixels, picture
from tests.test_pipeline import Idle, Seer, Witness, eyes, residue

LEFT, RIGHT = PICTURE_FACES
on_posix = pytest.mark.skipif(os.name == "nt", reason="this system has other permissions")


def replaced(
    path: Path, looking: Eyes | None = None, options: Settings | None = None, dry_run: bool = False
) -> FileReport:
    """What a worker does to the file in a run over it, in this process."""
    [job] = draw_up([path], None, Settings()).jobs
    return job.do(options or Settings(), looking, dry_run)


def refusal(path: Path) -> str:
    """Why it would not be touched."""
    plan = draw_up([path], None, Settings())
    assert plan.jobs == ()
    [report] = plan.settled
    assert report.status == "refused"
    return report.reason


# --- what is clean already ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jpeg-exif-gps", "png-text", "gif-animated", "tiff-pages"])
def test_second_time_nothing_changes(name: str, tmp_path: Path) -> None:
    source = write(name, tmp_path)
    looking = Eyes(Witness((LEFT, RIGHT)), Witness((LEFT, RIGHT)))
    first = replaced(source, looking)
    assert first.status == "cleaned"
    before = source.read_bytes(), source.stat().st_ino, source.stat().st_mtime_ns
    second = replaced(source, looking)
    assert (second.status, second.reason) == ("unchanged", tasks.CLEAN_ALREADY)
    assert second.already_clean
    assert (source.read_bytes(), source.stat().st_ino, source.stat().st_mtime_ns) == before


@pytest.mark.parametrize("seer", ["first", "second"])
def test_face_that_either_look_sees_is_covered(seer: str, tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(saved(picture(), "PNG"))
    looking = replace(Eyes(Seer(), Seer()), **{seer: Witness((LEFT,))})
    assert replaced(source, looking).faces == 1
    assert replaced(source, looking).already_clean


def test_picture_under_transparent_pixels_is_taken_out(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    clear = np.zeros((*picture().shape[:2], 1), np.uint8)
    source.write_bytes(saved(np.dstack([picture(), clear]), "PNG"))
    assert replaced(source).status == "cleaned"
    with Image.open(source) as image:
        assert not np.asarray(image).any()
    assert replaced(source).already_clean


class Doubter(Witness):
    """A detector that doubts what it sees."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        return [replace(one, score=0.1, doubtful=True) for one in super().detect(rgb)]


def test_doubtful_face_is_covered(tmp_path: Path) -> None:
    """What the name of the file or an earlier run says is no reason to believe it clean."""
    source = tmp_path / "a.png"
    source.write_bytes(saved(picture(), "PNG"))
    looking = Eyes(Doubter((LEFT,)), Seer())
    assert replaced(source, looking).faces == 1
    assert replaced(source, looking).already_clean


class Dreamer(Seer):
    """A detector that doubts a cover for ever."""

    def detect(self, rgb: Pixels) -> list[Detection]:
        return [replace(one, score=0.1, doubtful=True) for one in super().detect(rgb)]


def test_what_is_doubted_for_ever_is_cleaned_as_any_copy(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(saved(picture(), "PNG"))
    looking = Eyes(Dreamer((LEFT,)), Seer())
    report = replaced(source, looking)
    assert (report.status, report.faces) == ("cleaned", 1)
    assert tasks.RESTLESS in report.warnings
    assert canaries(source.read_bytes()) == set()


def test_any_leftover_is_removed(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(saved(picture(), "PNG") + b"more")
    assert replaced(source).status == "cleaned"
    assert replaced(source).already_clean


@pytest.mark.parametrize(("side", "done"), [(239, "cleaned"), (240, "unchanged")])
def test_what_is_larger_than_asked_for_is_shrunk(side: int, done: str, tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(saved(picture(), "PNG"))
    assert replaced(source, options=Settings(max_side=side)).status == done


def test_name_that_tells_is_told(tmp_path: Path) -> None:
    source = tmp_path / "IMG_0001.png"
    source.write_bytes(saved(picture(), "PNG") + b"more")
    for status in ("cleaned", "unchanged"):
        report = replaced(source)
        assert report.status == status
        assert any("name carries a camera's counter" in warning for warning in report.warnings)
    assert residue(tmp_path) == ["IMG_0001.png"]


def test_damaged_file_is_not_called_clean(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(saved(picture(), "PNG"))
    data = bytearray(source.read_bytes())
    data[len(data) // 2] ^= 255
    source.write_bytes(data)
    with pytest.raises(ScrubError):
        replaced(source)
    assert source.read_bytes() == data


def test_dry_run_changes_nothing(tmp_path: Path) -> None:
    source = write("png-text", tmp_path)
    before = source.read_bytes()
    report = replaced(source, eyes(LEFT), dry_run=True)
    assert (report.status, report.faces) == ("planned", 1)
    assert not report.already_clean
    assert source.read_bytes() == before


# --- what stays when something goes wrong --------------------------------------------------------


def test_failure_leaves_the_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write("png-text", tmp_path)
    before = source.read_bytes(), source.stat().st_mtime_ns
    monkeypatch.setattr(pipeline, "Painter", Idle)
    with pytest.raises(VerificationError):
        replaced(source, eyes(LEFT))
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before
    assert residue(tmp_path) == [source.name]


@on_posix
def test_folder_that_may_not_be_written_leaves_the_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write("png-text", tmp_path)
    before = source.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ScrubError, match="cannot be written"):
        replaced(source)
    assert source.read_bytes() == before
    assert residue(tmp_path) == [source.name]


# --- what is refused ----------------------------------------------------------------------------


def test_link_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link.png"
    link.symlink_to(write("png-text", tmp_path))
    assert "is a link" in refusal(link)


@on_posix
def test_file_with_another_name_is_refused(tmp_path: Path) -> None:
    source = write("png-text", tmp_path)
    (tmp_path / "other").hardlink_to(source)
    assert "hard link" in refusal(source)
    (tmp_path / "other").unlink()
    assert replaced(source).status == "cleaned"


@on_posix
def test_read_only_file_is_refused(tmp_path: Path) -> None:
    source = write("png-text", tmp_path)
    source.chmod(0o444)
    assert "is read-only" in refusal(source)


@pytest.mark.parametrize("name", ["a.png", "a", "a.jpg.txt"])
def test_wrong_ending_is_refused_with_the_right_one(name: str, tmp_path: Path) -> None:
    source = write("jpeg-exif-gps", tmp_path).rename(tmp_path / name)
    assert f"rename it to {Path(name).stem}.jpg" in refusal(source)


@pytest.mark.parametrize(
    ("user", "group", "process", "groups", "allowed"),
    [
        (1, 1, 1, {1}, True),
        (1, 2, 1, {1, 2}, True),
        (1, 2, 1, {1}, False),
        (2, 1, 1, {1}, False),
        (2, 2, 0, {0}, True),
    ],
)
@on_posix
def test_somebody_elses_file_is_refused(
    user: int,
    group: int,
    process: int,
    groups: set[int],
    allowed: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = write("png-text", tmp_path)
    found = source.stat()
    owned = os.stat_result((*found[:3], 1, user, group, *found[6:]))
    monkeypatch.setattr(os, "geteuid", lambda: process)
    monkeypatch.setattr(os, "getegid", lambda: process)
    monkeypatch.setattr(os, "getgroups", lambda: sorted(groups))
    if allowed:
        files.check_replaceable(source, owned)
    else:
        with pytest.raises(InputError, match="belongs to somebody else"):
            files.check_replaceable(source, owned)


@on_posix
def test_owner_and_permissions_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write("png-text", tmp_path)
    source.chmod(0o2640)
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.append((user, group)))
    found = source.stat()
    other = found.st_uid + 1, found.st_gid + 1
    job = Replacement(source, source, mode=stat.S_IMODE(found.st_mode), owner=other)
    assert job.do(Settings(), None, False).status == "cleaned"
    assert given == [other]
    assert stat.S_IMODE(source.stat().st_mode) == 0o2640


# --- with real eyes -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample crowd: its many covers are what could be taken for faces."""
    path = tmp_path_factory.mktemp("crowd") / "crowd.jpg"
    path.write_bytes(CROWD.read_bytes())
    return path


def test_crowd_stays_as_it_was_cleaned(
    crowd: Path, real_eyes: Eyes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "urandom", bytes)  # by chance, now and then one would not
    first = replaced(crowd, real_eyes)
    assert first.faces > 40
    assert canaries(crowd.read_bytes()) == set()
    before = crowd.read_bytes()
    assert replaced(crowd, real_eyes).already_clean
    assert crowd.read_bytes() == before
