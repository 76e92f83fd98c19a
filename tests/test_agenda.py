"""What a run will do is known before it writes: every file has one end, and none harms another."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scrub import agenda, files
from scrub.agenda import Agenda
from scrub.errors import UsageError
from scrub.jobs import Job
from scrub.ledger import Ledger
from scrub.names import tells
from scrub.settings import Settings
from tests.parts import saved
from tests.pictures import face

JPEG = saved(face(32), "JPEG")
PNG = saved(face(32), "PNG")
TEXT = b"Remember the milk.\n"

needs_links = pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def tree(folder: Path, *names: str, data: bytes = JPEG) -> Path:
    """The folder with files of these names, folders between made."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def drawn_up(
    inputs: list[Path],
    out: Path | None,
    overwrite: bool = False,
    ledger: Ledger | None = None,
    **settings: Any,
) -> Agenda:
    return agenda.draw_up(inputs, out, Settings(**settings), overwrite, ledger)


def targets(plan: Agenda, out: Path) -> dict[str, str]:
    """Name of each source -> its target below ``out``."""
    return {job.source.name: job.target.relative_to(out).as_posix() for job in plan.jobs}


def reasons(plan: Agenda) -> dict[str, str]:
    """Name of each source that was refused -> why."""
    return {one.source.name: one.reason for one in plan.settled if one.status == "refused"}


def passed_over(plan: Agenda) -> set[str]:
    return {one.source.name for one in plan.settled if one.status == "unchanged"}


# --- where things go ----------------------------------------------------------------------------


def test_folders_are_mirrored_in_a_fixed_order_and_nothing_is_written(
    inbox: Path, out: Path
) -> None:
    names = ["b.jpg", "a.jpg", "day/z.jpg", "day/night/m.JPG", "Day.jpg", "day/a.jpg"]
    tree(inbox, *names)
    before = sorted(inbox.parent.rglob("*"))
    plan = drawn_up([inbox], out)
    assert sorted(inbox.parent.rglob("*")) == before
    assert plan.settled == ()
    assert [job.target for job in plan.jobs] == [
        out / name
        for name in ("Day.jpg", "a.jpg", "b.jpg", "day/a.jpg", "day/z.jpg", "day/night/m.JPG")
    ]
    assert [job.source for job in plan.jobs] == [
        inbox / job.target.relative_to(out) for job in plan.jobs
    ]
    assert {type(job) for job in plan.jobs} == {Job}


def test_a_file_named_alone_goes_straight_into_the_folder(inbox: Path, out: Path) -> None:
    tree(inbox, "far/below/a.jpg")
    assert targets(drawn_up([inbox / "far/below/a.jpg"], out), out) == {"a.jpg": "a.jpg"}


@pytest.mark.parametrize(
    ("name", "data", "target"),
    [
        ("a.jpg", PNG, "a.png"),
        ("a.png", JPEG, "a.jpg"),
        ("a.JPEG", JPEG, "a.JPEG"),
        ("a.jfif", JPEG, "a.jfif"),
        ("a", JPEG, "a.jpg"),
        ("a.b.dat", JPEG, "a.b.jpg"),
        (".hidden", JPEG, ".hidden.jpg"),
    ],
)
def test_the_suffix_tells_the_truth_about_the_bytes(
    inbox: Path, out: Path, name: str, data: bytes, target: str
) -> None:
    tree(inbox, name, data=data)
    assert targets(drawn_up([inbox], out), out) == {name: target}


def test_running_names_leave_out_those_that_are_kept(inbox: Path, out: Path) -> None:
    kept = ["picture-001.jpg", "PICTURE-003.jpg", "day/cat.jpg"]
    told = ["IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.jpg", "day/IMG_0001.jpg"]
    assert not any(tells(Path(name).stem) for name in kept)
    assert all(tells(Path(name).stem) for name in told)
    plan = drawn_up([tree(inbox, *kept, *told)], out)
    given = {job.source.relative_to(inbox).as_posix(): job.target.name for job in plan.jobs}
    assert given == {
        "picture-001.jpg": "picture-001.jpg",
        "PICTURE-003.jpg": "PICTURE-003.jpg",
        "IMG_0001.jpg": "picture-002.jpg",
        "IMG_0002.jpg": "picture-004.jpg",
        "IMG_0003.jpg": "picture-005.jpg",
        "day/cat.jpg": "cat.jpg",
        "day/IMG_0001.jpg": "picture-001.jpg",
    }
    assert plan.settled == ()


def test_names_are_kept_when_asked(inbox: Path, out: Path) -> None:
    tree(inbox, "IMG_0001.jpg")
    assert targets(drawn_up([inbox], out, names="keep"), out) == {"IMG_0001.jpg": "IMG_0001.jpg"}
    [job] = drawn_up([inbox], out, names="random").jobs
    assert not job.target.stem.startswith("IMG")


@needs_posix
def test_in_place_each_file_is_its_own_target_with_its_own_permissions(inbox: Path) -> None:
    tree(inbox, "a.jpg", "IMG_0001.JPG", "day/b.jpeg")
    (inbox / "a.jpg").chmod(0o640)
    (inbox / "IMG_0001.JPG").chmod(0o755)
    plan = drawn_up([inbox], None)
    assert all(job.target == job.source for job in plan.jobs)
    modes = {job.source.name: job.mode for job in plan.jobs}
    assert modes["a.jpg"] == 0o640
    assert modes["IMG_0001.JPG"] == 0o755


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that differ in case only")
def test_in_place_nothing_can_collide(inbox: Path) -> None:
    tree(inbox, "a.jpg", "A.jpg", "e\u0301.jpg", "\u00e9.jpg")
    plan = drawn_up([inbox], None)
    assert len(plan.jobs) == 4
    assert plan.settled == ()


# --- what is done once, or not at all -----------------------------------------------------------


def test_a_file_named_twice_is_done_once(inbox: Path, out: Path) -> None:
    tree(inbox, "a.jpg", "day/b.jpg")
    inputs = [inbox / "a.jpg", inbox, inbox / "day" / ".." / "a.jpg", inbox / "a.jpg", inbox]
    plan = drawn_up(inputs, out)
    assert targets(plan, out) == {"a.jpg": "a.jpg", "b.jpg": "day/b.jpg"}
    assert plan.settled == ()


@needs_links
def test_a_file_reached_through_a_linked_folder_is_the_same_file(inbox: Path, out: Path) -> None:
    tree(inbox, "a.jpg")
    way = inbox.parent / "way"
    way.symlink_to(inbox)
    assert len(drawn_up([inbox / "a.jpg", way / "a.jpg"], None).jobs) == 1


@pytest.mark.parametrize("spelled", ["in/out", "in/day/../out", "in/out/"])
def test_an_output_folder_inside_the_input_is_not_walked(
    tmp_path: Path, inbox: Path, spelled: str
) -> None:
    tree(inbox, "a.jpg", "day/b.jpg", "out/c.jpg", "out/day/d.jpg")
    plan = drawn_up([inbox], tmp_path / spelled, overwrite=True)
    assert {job.source.name for job in plan.jobs} == {"a.jpg", "b.jpg"}
    assert plan.settled == ()


@needs_links
def test_an_output_folder_that_is_linked_to_is_not_walked(tmp_path: Path, inbox: Path) -> None:
    tree(inbox, "a.jpg", "copies/b.jpg")
    (tmp_path / "way").symlink_to(inbox / "copies")
    assert [job.source.name for job in drawn_up([inbox], tmp_path / "way").jobs] == ["a.jpg"]


def link(inbox: Path) -> Path:
    (inbox / "link.jpg").symlink_to(inbox / "a.jpg")
    return inbox / "link.jpg"


def loose_link(inbox: Path) -> Path:
    (inbox / "loose.jpg").symlink_to(inbox / "nowhere.jpg")
    return inbox / "loose.jpg"


def folder_link(inbox: Path) -> Path:
    (inbox / "linked").symlink_to(tree(inbox.parent / "elsewhere", "b.jpg"))
    return inbox / "linked"


def pipe(inbox: Path) -> Path:
    os.mkfifo(inbox / "pipe.jpg")
    return inbox / "pipe.jpg"


@needs_posix
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (link, "is a link; name what it points to"),
        (loose_link, "is a link; name what it points to"),
        (folder_link, "is a link; name what it points to"),
        (pipe, "is not a file; name a picture or a folder"),
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_links_and_devices_are_refused(
    inbox: Path, out: Path, make: Callable[[Path], Path], reason: str, named: bool
) -> None:
    tree(inbox, "a.jpg")
    odd = make(inbox)
    plan = drawn_up([inbox / "a.jpg", odd] if named else [inbox], out)
    assert targets(plan, out) == {"a.jpg": "a.jpg"}
    assert reasons(plan) == {odd.name: reason}


# --- what is no picture -------------------------------------------------------------------------


def test_what_is_plainly_no_picture_is_listed_and_left_alone(inbox: Path, out: Path) -> None:
    tree(inbox, "a.jpg")
    tree(inbox, "notes.txt", "script", "page.html", data=TEXT)
    tree(inbox, "long.md", data="ä".encode() * 4000)
    tree(inbox, "cut.md", data=b"x" + "ä".encode() * 4000)
    tree(inbox, ".gitkeep", data=b"")
    tree(inbox, ".DS_Store", "Thumbs.db", data=b"\0\0\0\1Bud1")
    tree(inbox, "._a.jpg", data=b"\0\5\x16\7\0\2\0\0")
    plan = drawn_up([inbox], out)
    assert targets(plan, out) == {"a.jpg": "a.jpg"}
    assert passed_over(plan) == {path.name for path in inbox.iterdir()} - {"a.jpg"}
    assert reasons(plan) == {}


STRANGE = "is of a kind that scrub does not clean"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("letter.jpg", TEXT, "is not a picture or video that scrub knows"),
        ("letter.MP4", TEXT, "is not a picture or video that scrub knows"),
        ("empty.png", b"", "is empty"),
        ("data.bin", b"\0\1\2\3" * 100, "is not a picture or video that scrub knows"),
        ("latin.txt", "Zürich".encode("latin-1"), "is not a picture or video that scrub knows"),
        (
            "clip.wmv",
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(50),
            f"{STRANGE} (Windows Media video)",
        ),
        ("photo.jpg", b"\0\0\0\x18ftypcrx " + bytes(50), f"{STRANGE} (camera raw)"),
        ("paper.dat", b"%PDF-1.7\n\0", f"{STRANGE} (PDF)"),
        ("print.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", f"{STRANGE} (PostScript)"),
        ("drawing.txt", b"<svg xmlns='http://www.w3.org/2000/svg'/>", f"{STRANGE} (SVG)"),
    ],
)
def test_whatever_else_is_not_understood_is_refused_by_name(
    inbox: Path, out: Path, name: str, data: bytes, reason: str
) -> None:
    tree(inbox, "good.jpg")
    tree(inbox, name, data=data)
    plan = drawn_up([inbox], out)
    assert targets(plan, out) == {"good.jpg": "good.jpg"}
    assert reasons(plan)[name].startswith(reason)
    assert "; " in reasons(plan)[name]


def test_a_text_that_was_named_is_not_passed_over(inbox: Path, out: Path) -> None:
    tree(inbox, "notes.txt", data=TEXT)
    assert set(reasons(drawn_up([inbox / "notes.txt"], out))) == {"notes.txt"}


def test_a_draft_of_a_killed_run_is_no_picture(inbox: Path, out: Path) -> None:
    with files.draft_beside(inbox / "a.jpg") as draft:
        draft.write_bytes(JPEG)
        plan = drawn_up([tree(inbox, "b.jpg")], out)
    assert targets(plan, out) == {"b.jpg": "b.jpg"}
    assert reasons(plan) == {
        draft.name: "is the draft of another run; wait until that has ended, or remove it"
    }


@needs_posix
def test_a_draft_whose_run_was_killed_is_swept_up(inbox: Path, out: Path) -> None:
    left = tree(inbox, "day/.scrub-1-0123456789abcdef.part", "b.jpg") / "day"
    plan = drawn_up([inbox], out)
    assert targets(plan, out) == {"b.jpg": "b.jpg"}
    assert [one.reason for one in plan.settled] == ["draft of a run that was killed: removed"]
    assert plan.littered == {left}


@pytest.mark.parametrize("contents", [{}, {"notes.txt": TEXT}, {"below/.DS_Store": b"\0\0\0\1"}])
def test_a_run_over_nothing_is_a_mistake(
    inbox: Path, out: Path, contents: dict[str, bytes]
) -> None:
    for name, data in contents.items():
        tree(inbox, name, data=data)
    with pytest.raises(UsageError, match="in: no pictures or videos found; name one, or a folder"):
        drawn_up([inbox], out)


@pytest.mark.parametrize("name", ["gone.jpg", "a" * 300 + ".jpg", "a.jpg/below.jpg"])
def test_a_name_that_leads_nowhere_is_refused_and_the_rest_is_done(
    inbox: Path, out: Path, name: str
) -> None:
    tree(inbox, "a.jpg")
    plan = drawn_up([inbox / name, inbox / "a.jpg"], out)
    assert targets(plan, out) == {"a.jpg": "a.jpg"}
    assert list(reasons(plan)) == [Path(name).name]


def closed_by_mode(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("nothing is closed to the administrator")
    folder.chmod(0)


def closed_by_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def failing(path: str) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)


@pytest.mark.parametrize("close", [closed_by_mode, closed_by_disk])
def test_a_folder_that_cannot_be_opened_is_refused_and_the_rest_is_done(
    inbox: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    close: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    tree(inbox, "a.jpg", "closed/b.jpg")
    close(inbox / "closed", monkeypatch)
    plan = drawn_up([inbox], out)
    (inbox / "closed").chmod(0o700)
    assert targets(plan, out) == {"a.jpg": "a.jpg"}
    assert reasons(plan) == {
        "closed": "cannot be opened (Permission denied); change its permissions"
    }


def test_a_folder_that_tells_no_more_than_names_costs_what_is_in_it(
    inbox: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(inbox, "a.jpg", "listed/b.jpg", "listed/below/c.jpg")

    def closed(look: Callable[..., object]) -> Callable[..., object]:
        def looked(path: str | Path, *arguments: object, **named: object) -> object:
            if inbox / "listed" in Path(path).parents:
                raise PermissionError(13, "Permission denied", str(path))
            return look(path, *arguments, **named)

        return looked

    for name in ("stat", "lstat"):
        monkeypatch.setattr(os, name, closed(getattr(os, name)))
    plan = drawn_up([inbox], out)
    assert targets(plan, out) == {"a.jpg": "a.jpg"}
    why = "cannot be looked at (Permission denied); check the name and its folder"
    assert reasons(plan) == {"b.jpg": why, "c.jpg": why}


def test_a_disk_that_fails_costs_one_file(
    inbox: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(inbox, "a.jpg", "b.jpg")
    opened = Path.open

    def failing(path: Path, *arguments: object) -> object:
        if path.name == "a.jpg":
            raise OSError(5, "Input/output error")
        return opened(path, *arguments)

    monkeypatch.setattr(Path, "open", failing)
    plan = drawn_up([inbox], out)
    assert targets(plan, out) == {"b.jpg": "b.jpg"}
    assert "Input/output error" in reasons(plan)["a.jpg"]
