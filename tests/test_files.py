"""Targets change at one moment or not at all, and leave nothing behind."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from scrub import files
from scrub.errors import InputError, StorageError, TargetError
from scrub.files import (
    NEUTRAL_TIME,
    check_input,
    commit,
    draft_beside,
    is_abandoned,
    is_draft,
    plain_mode,
    remove_abandoned,
    remove_drafts,
)

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files or permissions")
not_root = pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may do everything"
)

NEW = b"covered"
OLD = b"what was there before"

STRANGE_NAMES = ["line\nbreak.jpg", "\U0001f600.jpg", "横断幕.jpg", " .jpg", "-rf", "\x1b[2J.jpg"]


def put(target: Path, data: bytes = NEW, mode: int = 0o644) -> None:
    """Write ``target`` as the pipeline does."""
    with draft_beside(target) as draft:
        draft.write_bytes(data)
        commit(draft, target, mode)


def full(*args: object, **kwargs: object) -> None:
    """Stands for a call to the system that fails because the disk is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# --- drafts -------------------------------------------------------------------------------------


def test_a_draft_is_an_empty_private_file_beside_its_target(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "crowd.jpg"
    with draft_beside(target) as draft:
        assert draft.parent == target.parent
        assert draft.read_bytes() == b""
        assert is_draft(draft)
        assert draft.name.startswith(".")
        assert "crowd" not in draft.name
        if os.name != "nt":
            assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert list(target.parent.iterdir()) == []


def test_two_drafts_of_one_target_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "crowd.jpg"
    with draft_beside(target) as one, draft_beside(target) as other:
        assert one != other


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, TargetError])
def test_a_draft_is_removed_after_any_error(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "crowd.jpg"
    target.write_bytes(OLD)
    problem = error(target, "broke", "mend it") if error is TargetError else error("broke")
    with pytest.raises(error), draft_beside(target) as draft:  # noqa: PT012
        draft.write_bytes(NEW)
        raise problem
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == OLD


def test_a_draft_that_is_gone_already_is_no_error(tmp_path: Path) -> None:
    with draft_beside(tmp_path / "crowd.jpg") as draft:
        draft.unlink()
    assert list(tmp_path.iterdir()) == []


def refused_draft(target: Path) -> TargetError:
    with pytest.raises(TargetError, match="cannot be written") as caught, draft_beside(target):
        pytest.fail("there is no draft to write")
    assert caught.value.path == target
    assert caught.value.remedy
    return caught.value


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(OLD)
    refused_draft(tmp_path / "out" / "crowd.jpg")
    refused_draft(tmp_path / "out" / "below" / "crowd.jpg")
    assert (tmp_path / "out").read_bytes() == OLD


@pytest.mark.parametrize("name", ["crowd.jpg", ".scrub-1.jpg", "scrub-1.part", ".part", "1.part"])
def test_no_other_file_is_taken_for_a_draft(name: str) -> None:
    assert not is_draft(Path(name))


def test_what_a_dead_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    with draft_beside(tmp_path / "crowd.jpg") as draft:
        abandoned = draft.read_bytes()
    writer = os.getpid()
    draft.write_bytes(abandoned)
    others = {tmp_path / "crowd.jpg", tmp_path / f".scrub-{writer}0-00.part", tmp_path / ".scrub-"}
    for other in others:
        other.write_bytes(OLD)
    remove_drafts(tmp_path, writer)
    assert set(tmp_path.iterdir()) == others


@posix
@not_root
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o500)
    refused_draft(folder / "crowd.jpg")


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", full)
    assert os.strerror(errno.ENOSPC) in refused_draft(tmp_path / "crowd.jpg").problem


# --- the one moment -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["crowd.jpg", *STRANGE_NAMES], ids=ascii)
@posix
def test_a_target_is_written_with_neutral_time_and_its_mode(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    put(target, mode=0o640)
    found = target.stat()
    assert target.read_bytes() == NEW
    assert stat.S_IMODE(found.st_mode) == 0o640
    assert found.st_mtime_ns == NEUTRAL_TIME * 10**9
    assert list(tmp_path.iterdir()) == [target]


def test_a_target_is_replaced_and_never_written_into(tmp_path: Path) -> None:
    target = tmp_path / "crowd.jpg"
    target.write_bytes(OLD)
    os.link(target, tmp_path / "second name.jpg")
    with target.open("rb") as reader:
        if os.name != "nt":
            put(target)
            # Whoever has the old file open, or by another name, has all of it.
            assert reader.read() == OLD
    put(target)
    assert target.read_bytes() == NEW
    assert (tmp_path / "second name.jpg").read_bytes() == OLD


@posix
def test_a_target_that_nobody_may_write_can_still_be_replaced(tmp_path: Path) -> None:
    target = tmp_path / "crowd.jpg"
    for data in (OLD, NEW):
        put(target, data, mode=0o444)
    assert target.read_bytes() == NEW
    assert stat.S_IMODE(target.stat().st_mode) == 0o444


def test_content_is_on_the_disk_before_the_name_points_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "crowd.jpg"
    steps: list[str] = []

    def told(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object) -> object:
            steps.append(name)
            return call(*args)

        return step

    for name in ("chmod", "utime", "fsync", "replace"):
        monkeypatch.setattr(os, name, told(name, getattr(os, name)))
    put(target)
    assert steps[:4] == ["chmod", "utime", "fsync", "replace"]
    if os.name != "nt":
        # The folder's own flush, which makes the name last.
        assert steps[4:] == ["fsync"]


@pytest.mark.parametrize("call", ["chmod", "utime", "fsync", "replace"])
@pytest.mark.parametrize("there", [True, False], ids=["replaced", "new"])
def test_a_failing_system_leaves_the_target_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, there: bool
) -> None:
    target = tmp_path / "crowd.jpg"
    if there:
        target.write_bytes(OLD)
    monkeypatch.setattr(os, call, full)
    with pytest.raises(TargetError) as caught:
        put(target)
    monkeypatch.undo()
    assert caught.value.path == target
    assert os.strerror(errno.ENOSPC) in caught.value.problem
    assert list(tmp_path.iterdir()) == ([target] if there else [])
    assert not there or target.read_bytes() == OLD


@posix
def test_a_folder_that_cannot_be_flushed_does_not_undo_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = os.fsync

    def files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    put(tmp_path / "crowd.jpg")
    assert (tmp_path / "crowd.jpg").read_bytes() == NEW


@posix
def test_a_name_too_long_to_write_comes_with_a_remedy_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="--names random"):
        put(tmp_path / ("x" * 300))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_target_stays(tmp_path: Path) -> None:
    target = tmp_path / "crowd.jpg"
    target.mkdir()
    with pytest.raises(TargetError):
        put(target)
    assert list(tmp_path.iterdir()) == [target]


@posix
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_gets_what_the_mask_allows(mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        assert plain_mode() == mode
        assert os.umask(mask) == mask
    finally:
        os.umask(before)


# --- inputs -------------------------------------------------------------------------------------


def refusal_of(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        check_input(path)
    assert caught.value.path == path
    assert caught.value.remedy
    return caught.value.problem


@pytest.mark.parametrize("name", ["crowd.jpg", "no suffix", *STRANGE_NAMES], ids=ascii)
@posix
def test_a_file_is_taken_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(OLD)
    assert check_input(tmp_path / name).st_size == len(OLD)


@posix
def test_a_name_that_is_no_text_is_taken(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xfe.jpg")
    try:
        path.write_bytes(OLD)
    except OSError:
        pytest.skip("this file system takes no such names")
    check_input(path)
    put(path)
    assert path.read_bytes() == NEW


@pytest.mark.parametrize("name", ["crowd.jpg", "line\nbreak", "\U0001f600"], ids=ascii)
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal_of(tmp_path / name) == "does not exist"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path) == "is not a file"


@posix
def test_a_link_is_refused_wherever_it_points(tmp_path: Path) -> None:
    (tmp_path / "crowd.jpg").write_bytes(OLD)
    for number, place in enumerate(("crowd.jpg", ".", "nowhere")):
        link = tmp_path / f"link {number}"
        link.symlink_to(place)
        assert refusal_of(link) == "is a link"


@posix
def test_what_would_never_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    assert refusal_of(tmp_path / "fifo.jpg") == "is not a file"
    assert refusal_of(Path(os.devnull)) == "is not a file"
    monkeypatch.chdir(tmp_path)  # The path of a socket may not be long.
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind("socket.jpg")
        assert refusal_of(Path("socket.jpg")) == "is not a file"


@posix
def test_a_file_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "crowd.jpg").write_bytes(OLD)
    assert refusal_of(tmp_path / "crowd.jpg" / "x").startswith("cannot be looked at")


def test_a_name_too_long_is_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path / ("x" * 5000))


@posix
@not_root
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "crowd.jpg"
    path.write_bytes(OLD)
    path.chmod(0)
    assert refusal_of(path) == "may not be read"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "may not be read; change its permissions"),
        (errno.ENOENT, "is gone; look where it was moved to"),
        (errno.EIO, "cannot be read (?); look at its disk"),
    ],
)
def test_what_cannot_be_read_has_a_remedy_of_its_own(number: int, reason: str) -> None:
    error = files.unreadable(Path("a"), OSError(number, "?"))
    assert (error.path, error.reason) == (Path("a"), reason)


# --- drafts that nobody writes any more ---------------------------------------------------------


def litter(folder: Path) -> Path:
    left = folder / ".scrub-1-0123456789abcdef.part"
    left.write_bytes(OLD)
    return left


@posix
def test_a_draft_is_abandoned_when_its_writer_is_gone(tmp_path: Path) -> None:
    left = litter(tmp_path)
    with draft_beside(tmp_path / "crowd.jpg") as draft:
        assert is_abandoned(left)
        assert not is_abandoned(draft)
        remove_abandoned(tmp_path)
        assert set(tmp_path.iterdir()) == {draft}


@posix
def test_without_locks_no_draft_counts_as_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = litter(tmp_path)
    monkeypatch.setattr(files, "fcntl", None)
    assert not is_abandoned(left)
    remove_abandoned(tmp_path)
    with draft_beside(tmp_path / "crowd.jpg") as draft:
        commit(draft, tmp_path / "crowd.jpg", 0o600)
    assert set(tmp_path.iterdir()) == {left, tmp_path / "crowd.jpg"}


@posix
def test_a_finished_target_is_not_locked(tmp_path: Path) -> None:
    target = tmp_path / "crowd.jpg"
    with draft_beside(target) as draft:
        commit(draft, target, 0o600)
    with files.locked(target) as ours, files.locked(target) as again:
        assert (ours, again) == (True, False)


# --- what is the disk's fault -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        ("ENOSPC", "make room on its disk"),
        ("EDQUOT", "make room on its disk"),
        ("EFBIG", "its disk takes no file so large"),
        ("EIO", "look at its disk"),
        ("EROFS", "look at its disk"),
    ],
)
def test_a_disk_that_is_full_or_fails_is_not_the_target_s_fault(number: str, remedy: str) -> None:
    error = files.unwritable(Path("a"), OSError(getattr(errno, number), "?"))
    assert isinstance(error, StorageError)
    assert error.remedy.startswith(remedy)
    assert not isinstance(files.unwritable(Path("a"), PermissionError(13, "?")), StorageError)


@pytest.mark.parametrize("folder", ["", "not/there/yet"])
def test_a_copy_may_need_twice_the_room_of_its_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    asked = []

    def usage(place: Path) -> SimpleNamespace:
        asked.append(place)
        return SimpleNamespace(free=199)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert [files.has_room(tmp_path / folder, size) for size in (99, 100)] == [True, False]
    assert asked == [tmp_path, tmp_path]


def test_where_no_system_tells_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> NoReturn:
        raise OSError

    monkeypatch.setattr(shutil, "disk_usage", fail)
    assert files.has_room(tmp_path, 1)


# --- recognising --------------------------------------------------------------------------------


def test_a_digest_is_of_all_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(files.CHUNK) + b"end")
    assert files.digest(path) == hashlib.sha256(path.read_bytes()).digest()
    with pytest.raises(InputError, match="is gone"):
        files.digest(tmp_path / "gone")


def test_a_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    before = files.fingerprint(path)
    assert files.fingerprint(path) == before
    path.write_bytes(b"12")
    assert files.fingerprint(path) != before
