"""The second night does what is missing or changed, and nothing that was made is ever lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from scrub import agenda, batch, ledger
from scrub.errors import StorageError, TargetError, UsageError
from scrub.jobs import Crew
from scrub.ledger import LEDGER
from scrub.report import FileReport
from scrub.settings import Settings
from tests.parts import saved
from tests.pictures import face

SETTINGS = Settings(metadata_only=True)
OTHERS = Settings(metadata_only=True, max_side=16)
NAMES = ["IMG_0001.jpg", "IMG_0002.jpg", "cat.jpg", "day/IMG_0001.jpg"]
COPIES = {"picture-001.jpg", "picture-002.jpg", "cat.jpg", "day/picture-001.jpg"}


class Here(Executor):
    """Does each call at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def picture(number: int) -> bytes:
    return saved(face(20 + number), "JPEG")


@pytest.fixture
def inbox(inbox: Path) -> Path:
    for number, name in enumerate(NAMES):
        (inbox / name).parent.mkdir(exist_ok=True)
        (inbox / name).write_bytes(picture(number))
    return inbox


def night(
    inbox: Path,
    out: Path,
    settings: Settings = SETTINGS,
    overwrite: bool = False,
    stop_after: int | None = None,
) -> dict[str, FileReport]:
    """One run; place of each file -> how it ended. It may be stopped after so many ends."""
    with ledger.opened(out) as known:
        plan = agenda.draw_up([inbox], out, settings, overwrite, known)
        work = batch.work(plan, settings, Crew(Here(), 1), ledger=known)
        with contextlib.closing(work):
            ends = [report for _, report in zip(range(stop_after or 10**6), work, strict=False)]
    return {report.source.relative_to(inbox).as_posix(): report for report in ends}


@contextlib.contextmanager
def without_notes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if each run were killed between a copy and its note."""
    with monkeypatch.context() as patch:
        patch.setattr(ledger.Ledger, "finish", lambda *_: None)
        yield


def statuses(ends: dict[str, FileReport]) -> dict[str, str]:
    return {name: end.reason or end.status for name, end in ends.items()}


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    """Place of each copy -> its digest and its number on the disk, which a new file changes."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_ino,
        )
        for path in folder.rglob("*")
        if path.is_file() and path.name != LEDGER
    }


def test_the_second_run_finds_all_clean_and_touches_nothing(inbox: Path, out: Path) -> None:
    first = night(inbox, out)
    assert {end.status for end in first.values()} == {"cleaned"}
    before = contents(out)
    assert set(before) == COPIES
    again = night(inbox, out)
    assert statuses(again) == dict.fromkeys(NAMES, "already clean")
    assert {name: end.target for name, end in again.items()} == {
        name: end.target for name, end in first.items()
    }
    assert contents(out) == before


def test_new_files_get_new_numbers(inbox: Path, out: Path) -> None:
    night(inbox, out)
    before = contents(out)
    (inbox / "IMG_0000.jpg").write_bytes(picture(9))
    ends = night(inbox, out)
    assert ends["IMG_0000.jpg"].target == out / "picture-003.jpg"
    assert contents(out).items() > before.items()


def test_another_picture_under_an_old_name_replaces_nothing(inbox: Path, out: Path) -> None:
    """A camera that counts from 1 again, or a picture that somebody edited."""
    night(inbox, out)
    before = contents(out)
    (inbox / "IMG_0001.jpg").write_bytes(picture(8))
    (inbox / "cat.jpg").write_bytes(picture(9))
    ends = night(inbox, out)
    assert ends["IMG_0001.jpg"].target == out / "picture-003.jpg"
    assert ends["cat.jpg"].target == out / "cat-2.jpg"
    assert ends["cat.jpg"].reason == agenda.CHANGED
    assert contents(out).items() > before.items()
    assert set(statuses(night(inbox, out)).values()) == {"already clean"}
    ends = night(inbox, out, OTHERS)
    assert ends["cat.jpg"].target == out / "cat-2.jpg"
    assert ends["cat.jpg"].reason == agenda.REPLACED


def test_a_picture_that_was_copied_anew_is_the_same_picture(inbox: Path, out: Path) -> None:
    night(inbox, out)
    for name in NAMES:
        os.utime(inbox / name, (0, 0))
    assert set(statuses(night(inbox, out)).values()) == {"already clean"}


def test_other_settings_replace_the_copies_under_their_names(inbox: Path, out: Path) -> None:
    night(inbox, out)
    before = contents(out)
    assert set(statuses(night(inbox, out, OTHERS)).values()) == {agenda.REPLACED}
    after = contents(out)
    assert set(after) == COPIES
    assert not set(after.values()) & set(before.values())
    assert set(statuses(night(inbox, out, OTHERS)).values()) == {"already clean"}


def test_copies_that_are_to_keep_their_names_get_them(inbox: Path, out: Path) -> None:
    night(inbox, out)
    ends = night(inbox, out, Settings(metadata_only=True, names="keep"))
    assert statuses(ends) == dict.fromkeys(NAMES, agenda.RENAMED) | {"cat.jpg": agenda.REPLACED}
    assert set(contents(out)) == COPIES | set(NAMES)


def test_a_copy_that_is_gone_is_made_anew(inbox: Path, out: Path) -> None:
    night(inbox, out)
    (out / "picture-002.jpg").unlink()
    ends = night(inbox, out)
    assert [name for name, end in ends.items() if end.status == "cleaned"] == ["IMG_0002.jpg"]
    assert set(contents(out)) == COPIES


@pytest.mark.parametrize("how", [b"painted on", b""], ids=["edited", "emptied"])
def test_a_copy_that_somebody_changed_is_not_believed_and_not_lost(
    inbox: Path, out: Path, how: bytes
) -> None:
    night(inbox, out)
    for name in ("picture-002.jpg", "cat.jpg"):
        (out / name).write_bytes(how)
    ends = night(inbox, out, OTHERS if how else SETTINGS)
    assert ends["IMG_0002.jpg"].target == out / "picture-003.jpg"
    assert ends["cat.jpg"].target == out / "cat-2.jpg"
    assert ends["IMG_0002.jpg"].reason == ends["cat.jpg"].reason == agenda.EDITED
    assert (out / "picture-002.jpg").read_bytes() == (out / "cat.jpg").read_bytes() == how


@pytest.mark.parametrize("after", range(1, len(NAMES) + 1))
def test_what_was_interrupted_is_completed(inbox: Path, out: Path, after: int) -> None:
    night(inbox, out, stop_after=after)
    ends = night(inbox, out)
    assert set(contents(out)) == COPIES
    assert len(ends) == len(NAMES)
    assert {end.status for end in ends.values()} <= {"cleaned", "unchanged"}
    assert set(statuses(night(inbox, out)).values()) == {"already clean"}


def test_killed_between_the_copy_and_its_note_the_copy_is_made_anew_in_its_place(
    inbox: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_notes(monkeypatch):
        night(inbox, out)
    before = contents(out)
    ends = night(inbox, out)
    assert {end.status for end in ends.values()} == {"cleaned"}
    after = contents(out)
    assert set(after) == set(before) == COPIES
    assert not set(after.values()) & set(before.values())


def test_a_copy_that_somebody_changed_stays_even_where_its_note_was_lost(
    inbox: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_notes(monkeypatch):
        night(inbox, out)
    (out / "picture-002.jpg").write_bytes(b"painted on")
    ends = night(inbox, out)
    assert ends["IMG_0002.jpg"].target == out / "picture-003.jpg"
    assert ends["IMG_0002.jpg"].reason == agenda.EDITED
    assert (out / "picture-002.jpg").read_bytes() == b"painted on"


def test_a_name_that_was_begun_with_is_another_s_once_that_took_it(
    inbox: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run was killed before it made anything, the second was over other files."""
    with monkeypatch.context() as patch:
        patch.setattr(batch.jobs, "run", lambda *_: (_ for _ in ()))
        night(inbox, out)
    assert contents(out) == {}
    other = tmp_path / "other"
    other.mkdir()
    (other / "IMG_0007.jpg").write_bytes(picture(7))
    (other / "cat.jpg").write_bytes(picture(8))
    assert night(other, out)["IMG_0007.jpg"].target == out / "picture-001.jpg"
    before = contents(out)
    assert {end.status for end in night(inbox, out).values()} == {"cleaned"}
    assert contents(out).items() > before.items()


def test_a_stranger_s_file_is_refused_and_stays(inbox: Path, out: Path) -> None:
    out.mkdir()
    (out / "cat.jpg").write_bytes(b"mine")
    (out / "picture-001.jpg").write_bytes(b"mine too")
    ends = night(inbox, out)
    assert ends["cat.jpg"].reason.endswith("exists already; use --overwrite to replace it")
    assert ends["IMG_0001.jpg"].target == out / "picture-002.jpg"
    assert (out / "cat.jpg").read_bytes() == b"mine"


def test_overwrite_does_all_again_under_the_same_names(inbox: Path, out: Path) -> None:
    night(inbox, out)
    before = contents(out)
    ends = night(inbox, out, overwrite=True)
    assert {end.status for end in ends.values()} == {"cleaned"}
    assert set(contents(out)) == COPIES
    assert not set(contents(out).values()) & set(before.values())


# --- what the ledger tells ----------------------------------------------------------------------


def test_the_ledger_names_no_original_and_no_copy(inbox: Path, out: Path) -> None:
    night(inbox, out)
    told = (out / LEDGER).read_text()
    assert len(told.splitlines()) == 1 + 2 * len(NAMES)
    assert set(re.sub(r"[0-9a-f]{32}", "", told).split()) == {"scrub-ledger", "1", "begun", "done"}
    tokens = set(re.findall(r"[0-9a-f]{32}", told))
    for path in [*inbox.rglob("*.jpg"), *out.rglob("*.jpg")]:
        for guess in (path.read_bytes(), path.name.encode(), str(path).encode()):
            for algorithm in ("sha256", "md5", "blake2b", "sha1"):
                assert hashlib.new(algorithm, guess).hexdigest()[:32] not in tokens


def test_without_the_key_nothing_can_be_recognised_and_nothing_is_done_twice(
    inbox: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(inbox, out)
    before, told = contents(out), (out / LEDGER).read_bytes()
    monkeypatch.setattr(ledger, "state_folder", lambda: tmp_path / "another person's")
    with pytest.raises(UsageError, match="belongs to another user's key, or that was lost; choose"):
        night(inbox, out)
    assert (contents(out), (out / LEDGER).read_bytes()) == (before, told)
    (out / LEDGER).unlink()
    ends = night(inbox, out)
    assert ends["cat.jpg"].status == "refused"
    assert ends["IMG_0001.jpg"].target == out / "picture-003.jpg"
    assert contents(out).items() > before.items()


@pytest.mark.parametrize(
    ("bent", "problem"),
    [
        (lambda told: told.replace(b"ledger 1", b"ledger 2", 1), "by another version of scrub"),
        (lambda told: b"\x00" * 100 + b"\n" + told, "is damaged"),
        (lambda told: b"", None),
        (lambda told: told[:20], None),
    ],
    ids=["another version", "damaged", "empty", "cut in its first line"],
)
def test_a_ledger_that_cannot_be_read_is_not_taken_for_empty(
    inbox: Path, out: Path, bent: Callable[[bytes], bytes], problem: str | None
) -> None:
    night(inbox, out)
    before = contents(out)
    spoilt = bent((out / LEDGER).read_bytes())
    (out / LEDGER).write_bytes(spoilt)
    if problem is None:
        night(inbox, out)
        assert contents(out).items() > before.items()
    else:
        with pytest.raises(UsageError, match=problem):
            night(inbox, out)
        assert (contents(out), (out / LEDGER).read_bytes()) == (before, spoilt)


def test_of_two_first_runs_at_once_one_is_refused_and_harms_nothing(inbox: Path, out: Path) -> None:
    with ledger.opened(out) as late:
        assert late is not None
        night(inbox, out)
        told = (out / LEDGER).read_bytes()
        with pytest.raises(UsageError, match="is being written by another run of scrub; wait"):
            late.begin([(Path("a.jpg"), b"", Path("a.jpg"))])
    assert (out / LEDGER).read_bytes() == told
    assert set(statuses(night(inbox, out)).values()) == {"already clean"}


def test_two_folders_have_nothing_in_common(inbox: Path, tmp_path: Path) -> None:
    told = []
    for name in ("one", "other"):
        night(inbox, tmp_path / name)
        told.append(set(re.findall(r"[0-9a-f]{32}", (tmp_path / name / LEDGER).read_text())))
    assert told[0].isdisjoint(told[1])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions and locks")
def test_key_and_ledger_are_the_owner_s_and_one_run_s(inbox: Path, out: Path) -> None:
    night(inbox, out)
    for path in (out / LEDGER, ledger.state_folder() / "key"):
        assert path.stat().st_mode & 0o777 == 0o600
    with (
        ledger.opened(out),
        pytest.raises(UsageError, match="is being written by another run of scrub; wait"),
        ledger.opened(out),
    ):
        pass


def test_a_line_that_was_cut_is_no_line(inbox: Path, out: Path) -> None:
    """The power went while it was written: its copy is made anew, and the rest is believed."""
    night(inbox, out)
    told = (out / LEDGER).read_bytes()
    (out / LEDGER).write_bytes(told[:-20])
    assert sorted(statuses(night(inbox, out)).values()) == ["already clean"] * 3 + ["cleaned"]
    assert set(contents(out)) == COPIES
    assert set(statuses(night(inbox, out)).values()) == {"already clean"}


def test_a_dry_run_leaves_no_trace(inbox: Path, out: Path, tmp_path: Path) -> None:
    with ledger.opened(out, dry_run=True) as known:
        assert known is None
    assert not out.exists()
    night(inbox, out)
    before = (out / LEDGER).read_bytes()
    with ledger.opened(out, dry_run=True) as known:
        plan = agenda.draw_up([inbox], out, SETTINGS, ledger=known)
    assert {one.reason for one in plan.settled} == {"already clean"}
    assert (out / LEDGER).read_bytes() == before


@pytest.mark.parametrize("why", ["no folder", "no home"])
def test_without_a_place_for_the_key_the_run_says_what_to_do(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    (tmp_path / "file").touch()
    place = homeless if why == "no home" else lambda: tmp_path / "file/below"
    monkeypatch.setattr(ledger, "state_folder", place)
    with pytest.raises(TargetError, match="set XDG_STATE_HOME") as caught, ledger.opened(out):
        pass
    assert str(caught.value).count("file") == (why == "no folder")  # no path within a path
    assert not out.exists()


def test_a_run_that_makes_nothing_calls_no_folder_one_of_copies(tmp_path: Path, out: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "paper.pdf").write_bytes(b"%PDF-1.7\n")
    assert [end.status for end in night(papers, out).values()] == ["refused"]
    assert not (out / LEDGER).exists() or not (out / LEDGER).stat().st_size


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_ledger_without_room_ends_the_run_before_the_work(
    inbox: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.mkdir()
    monkeypatch.setattr(ledger._File, "read", lambda _: b"")
    (out / LEDGER).symlink_to("/dev/full")
    with pytest.raises(StorageError, match="No space left on device"):
        night(inbox, out)
    assert contents(out) == {}
