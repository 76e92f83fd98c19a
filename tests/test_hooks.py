"""The hooks of pre-commit and those of the manual, run by the real git in real repositories."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scrub.find import UNREAD_SUFFIXES
from scrub.formats import FORMATS
from tests.conftest import Command
from tests.media import canaries, write
from tests.parts import saved
from tests.pictures import face, picture
from tests.waiting import PATIENCE

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
MANUAL = ROOT / "docs" / "hooks.md"
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
}
DOCUMENTS = {".svg", ".pdf", ".psd"}
"""What is in many repositories, holds no photograph most of the time, and is never cleaned."""

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
on_posix = pytest.mark.skipif(os.name == "nt", reason="the snippets are for a POSIX shell")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def snippet(language: str, number: int = 0) -> str:
    """One of the manual's code blocks, the first of its language or a later one."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", MANUAL.read_text("utf-8"), re.M | re.S)
    found: str = blocks[number]
    return found


# --- the manifest -------------------------------------------------------------------------------


def test_the_manifest_is_valid() -> None:
    pytest.importorskip("pre_commit")
    line = [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)]
    subprocess.run(line, check=True, timeout=PATIENCE)


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_a_hook_takes_every_file_that_scrub_knows(hook: dict[str, Any]) -> None:
    pattern = re.compile(hook["files"])
    known = {suffix for form in FORMATS.values() for suffix in form.suffixes}
    for suffix in known | set(UNREAD_SUFFIXES.split()) - DOCUMENTS:
        assert pattern.search(f"a folder/photo{suffix}"), suffix
        assert pattern.search(f"photo{suffix.upper()}"), suffix
        assert not pattern.search(f"photo{suffix}.txt")
        assert not pattern.search(f"photo{suffix[1:]}")


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
@pytest.mark.parametrize("name", ["README.md", "jpg", "a.py", "png.py", "logo.svg", "paper.pdf"])
def test_a_hook_leaves_other_files_alone(hook: dict[str, Any], name: str) -> None:
    assert not re.search(hook["files"], name)


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_a_hook_runs_once_at_a_time(hook: dict[str, Any]) -> None:
    """There are workers within: more of it at once would only take memory."""
    assert hook["require_serial"] is True
    assert hook["language"] == "python"


def test_the_plain_hook_takes_the_same_files() -> None:
    listed = re.search(r"^set -- (.*?[^\\])$", snippet("sh"), re.M | re.S)
    assert listed is not None
    endings = listed[1].replace("\\\n", " ").split()
    pattern = re.compile(HOOKS["scrub-check"]["files"])
    assert all(pattern.search(f"photo.{ending}") for ending in endings)
    known = {suffix for form in FORMATS.values() for suffix in form.suffixes}
    named = {f".{ending}" for ending in endings}
    assert named >= known | set(UNREAD_SUFFIXES.split()) - DOCUMENTS


# --- real repositories --------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, scrub_command: Command) -> Run:
    """Runs a command line in a new repository, where ``scrub`` is the package under test."""
    programs, repository = tmp_path / "bin", tmp_path / "repository"
    programs.mkdir()
    repository.mkdir()
    (programs / "scrub").write_text(
        f"#!{sys.executable}\nfrom scrub.cli import main\nif __name__ == '__main__':\n    main()\n"
    )
    (programs / "scrub").chmod(0o755)
    environment = {
        **{name: value for name, value in scrub_command.environment.items() if "GIT_" not in name},
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "PRE_COMMIT_HOME": str(tmp_path / "cache"),
        **{
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "somebody"), ("EMAIL", "somebody@example.org"))
        },
    }

    def run_line(*line: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line,
            cwd=repository,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            **options,
        )

    run_line("git", "init", "--quiet", check=True)
    return run_line


@pytest.fixture
def repository(tmp_path: Path, run: Run) -> Path:
    return tmp_path / "repository"


def configured(repository: Path, *ids: str, args: list[str] | None = None) -> None:
    """The hooks as pre-commit would install them, but with the package that is here already.

    From their own repository, pre-commit would fetch and build scrub in an environment of its
    own, which takes a network.
    """
    hooks = [{**HOOKS[one], "language": "system", "args": args or []} for one in ids]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))


@pytest.fixture
def commit(run: Run, repository: Path) -> Callable[[], subprocess.CompletedProcess[str]]:
    """Adds everything and commits it, with pre-commit installed."""
    pytest.importorskip("pre_commit")

    def commit_all() -> subprocess.CompletedProcess[str]:
        if not (repository / ".git/hooks/pre-commit").exists():
            run(sys.executable, "-m", "pre_commit", "install", check=True)
        run("git", "add", "--all", check=True)
        return run("git", "commit", "--message", "pictures")

    return commit_all


@on_posix
def test_check_stops_a_commit_until_it_is_clean(
    run: Run, repository: Path, commit: Callable[[], subprocess.CompletedProcess[str]]
) -> None:
    configured(repository, "scrub-check", args=["--no-faces"])
    (repository / "notes.txt").write_text("no picture")
    write("jpeg-exif-gps", repository).rename(repository / "Dirty Photo.JPG")
    ran = commit()
    assert ran.returncode == 1
    assert "Dirty Photo.JPG: GPS position" in ran.stdout + ran.stderr
    assert "notes.txt" not in ran.stdout + ran.stderr
    assert run("git", "log").returncode != 0, "there is a commit"
    line = ("scrub", "clean", "Dirty Photo.JPG", "--out", "clean", "--metadata-only")
    run(*line, check=True)
    (repository / "clean/Dirty Photo.JPG").replace(repository / "Dirty Photo.JPG")
    ran = commit()
    assert ran.returncode == 0, ran.stderr


@on_posix
def test_clean_changes_the_files_and_stops_once(
    run: Run, repository: Path, commit: Callable[[], subprocess.CompletedProcess[str]]
) -> None:
    """With real eyes: what was cleaned is left as it is, however often it is asked for."""
    configured(repository, "scrub-clean", args=["--preset=fast"])
    dirty = write("jpeg-exif-gps", repository)
    dirty.chmod(0o644)
    first = commit()
    assert first.returncode == 1
    assert "files were modified by this hook" in first.stdout + first.stderr
    cleaned = dirty.read_bytes()
    assert canaries(cleaned) == set()
    second = commit()
    assert second.returncode == 0, second.stdout + second.stderr
    assert dirty.read_bytes() == cleaned


@on_posix
def test_what_is_not_understood_stops_a_commit(
    repository: Path, commit: Callable[[], subprocess.CompletedProcess[str]]
) -> None:
    configured(repository, "scrub-check", "scrub-clean", args=["--preset=fast"])
    (repository / "broken.jpg").write_bytes(saved(face(32), "JPEG")[:300])
    ran = commit()
    assert ran.returncode == 1
    assert (ran.stdout + ran.stderr).count("broken.jpg: is damaged") == 2


# --- the manual ---------------------------------------------------------------------------------


def test_the_manuals_configuration_names_our_hooks() -> None:
    for repo in yaml.safe_load(snippet("yaml"))["repos"]:
        assert set(repo) == {"repo", "rev", "hooks"}
        assert {hook["id"] for hook in repo["hooks"]} <= set(HOOKS)


@on_posix
def test_the_plain_hook_judges_what_is_staged(run: Run, repository: Path) -> None:
    hook = repository / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(snippet("sh"))
    hook.chmod(0o755)
    (repository / "data.bin").write_bytes(b"\0\1\2")
    run("git", "add", "--all", check=True)
    assert run("git", "commit", "-m", "no picture").returncode == 0
    (repository / "a folder").mkdir()
    photo = repository / "a folder" / "hills é.PNG"
    photo.write_bytes(saved(picture()[:8, :8], "PNG"))
    run("git", "add", "--all", check=True)
    # What lies there has changed since: only what is staged counts.
    write("png-text", repository).replace(photo)
    ran = run("git", "commit", "-m", "clean")
    assert ran.returncode == 0, ran.stderr
    run("git", "add", "--all", check=True)
    ran = run("git", "commit", "-m", "dirty")
    assert ran.returncode == 1
    assert "hills é.PNG: author's name" in ran.stdout + ran.stderr
    assert len(run("git", "log", "--oneline", check=True).stdout.splitlines()) == 2


@on_posix
@pytest.mark.parametrize("was_link", [False, True])
def test_the_plain_hook_passes_nothing_over(run: Run, repository: Path, was_link: bool) -> None:
    """Neither a hidden picture, nor one in the place of what was a link."""
    photo = repository / ".hidden.png"
    if was_link:
        photo.symlink_to("nowhere")
        run("git", "add", "--all", check=True)
        run("git", "commit", "-m", "link", check=True)
        photo.unlink()
    hook = repository / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(snippet("sh"))
    hook.chmod(0o755)
    write("png-text", repository).rename(photo)
    run("git", "add", "--all", check=True)
    ran = run("git", "commit", "-m", "dirty")
    assert ran.returncode == 1
    assert ".hidden.png: author's name" in ran.stdout + ran.stderr


@on_posix
@pytest.mark.parametrize(
    ("name", "sent", "said"), [("png-text", False, "author's name"), ("clean", True, "")]
)
def test_the_upload_gate_sends_only_what_is_clean(
    name: str, sent: bool, said: str, run: Run, repository: Path, tmp_path: Path
) -> None:
    outbox = repository / "outbox"
    outbox.mkdir()
    if name == "clean":
        (outbox / "hills.png").write_bytes(saved(picture()[:8, :8], "PNG"))
    else:
        write(name, outbox)
    messenger = tmp_path / "bin" / "rsync"
    messenger.write_text('#!/bin/sh\necho "$@" > sent\n')
    messenger.chmod(0o755)
    script = "SERVER=somewhere:\n" + textwrap.dedent(snippet("sh", 1))
    ran = run("sh", "-c", script)
    assert (ran.returncode == 0) == sent
    assert (repository / "sent").exists() == sent
    assert said in ran.stderr
    verdict = json.loads((repository / "verdict.json").read_bytes())
    assert set(verdict) == set(json.loads(snippet("json")))
    assert set(verdict["totals"]) == set(json.loads(snippet("json"))["totals"])
    [file] = verdict["files"]
    assert set(file) == set(json.loads(snippet("json"))["files"][0])


@on_posix
def test_an_options_table_tells_the_truth(scrub_command: Command) -> None:
    told = set(re.findall(r"^\| `(--[a-z-]+)", MANUAL.read_text("utf-8"), re.M))
    helped = scrub_command("check", "--help").stdout
    assert told
    assert told <= set(re.findall(r"--[a-z-]+", helped))
