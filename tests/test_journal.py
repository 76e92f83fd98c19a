"""The report is whole at the end, and holds what was done at any moment before."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from scrub import journal
from scrub.errors import StorageError, TargetError, UsageError
from scrub.report import VERSION
from tests.test_report import CLEANED, CLEANED_JSON, ended, run_of

FILES = (CLEANED, *ended("refused", "failed"))


def write(path: Path, finish: bool = True) -> None:
    with journal.opened(path) as record:
        for file in FILES:
            record.add(file)
        if finish:
            record.finish(run_of(FILES, 1.5))


def test_a_finished_report_is_one_document_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new/report.json"
    write(path)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["version"] == VERSION == 1
    assert told["files"] == [file.as_json() for file in FILES]
    assert told["files"][0] == CLEANED_JSON
    assert told["totals"] == run_of(FILES, 1.5).as_json()["totals"]
    assert list(path.parent.iterdir()) == [path]
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_report_on_nothing_is_a_document_too(tmp_path: Path) -> None:
    with journal.opened(tmp_path / "r.json") as record:
        record.finish(run_of(()))
    assert json.loads((tmp_path / "r.json").read_bytes())["files"] == []


def test_a_killed_run_leaves_a_line_for_each_file_it_did(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with journal.opened(path) as record:
        for count, file in enumerate(FILES, 1):
            record.add(file)
            lines = (tmp_path / "r.json.part").read_text().splitlines()[1:]
            assert [json.loads(line.removesuffix(",")) for line in lines] == [
                file.as_json() for file in FILES[:count]
            ]
    assert not path.exists()


def test_what_a_killed_run_left_is_not_written_over(tmp_path: Path) -> None:
    write(tmp_path / "r.json", finish=False)
    left = (tmp_path / "r.json.part").read_bytes()
    write(tmp_path / "r.json")
    assert {path.name for path in tmp_path.iterdir()} == {"r.json", "r.json.part"}
    assert (tmp_path / "r.json.part").read_bytes() == left


def test_an_earlier_report_and_an_empty_file_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.touch()
    for _ in range(2):
        write(path)
        assert json.loads(path.read_bytes())["files"]


def test_nothing_else_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"an original")
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe")  # where reading would wait for ever
        (tmp_path / "loose").symlink_to("nowhere")
    before = sorted(tmp_path.iterdir())
    for path in before:
        with pytest.raises(UsageError, match="is there and no report"):
            write(path)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "clip.mp4").read_bytes() == b"an original"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TargetError, match="cannot be written"):
        write(tmp_path / "file/r.json")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing the file fails as well, and must not be heard instead."""
    part = tmp_path / "r.json.part"
    full = open("/dev/full", "w")  # noqa: SIM115 - the journal closes it
    monkeypatch.setattr(journal, "_new", lambda path: (part, full))
    with (
        pytest.raises(StorageError, match=r"r\.json: .*; make room on its disk"),
        journal.opened(tmp_path / "r.json") as record,
    ):
        record.add(CLEANED)
