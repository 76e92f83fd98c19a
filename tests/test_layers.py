"""The house stands as it was drawn: who may import whom, who may speak, and how large rooms get."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import scrub

PACKAGE = Path(scrub.__file__).parent

LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "regions": set(),
    "overlap": set(),
    "progress": set(),
    "scaling": set(),
    "silence": set(),
    "__init__": set(),
    "settings": {"errors"},
    "files": {"errors"},
    "metadata": {"errors"},
    "models": {"errors"},
    "names": {"settings"},
    "linking": {"regions"},
    "tracking": {"linking", "regions"},
    "redaction": {"scaling", "regions"},
    "report": {"regions", "errors"},
    "machine": set(),
    "detectors": {"machine", "overlap", "scaling", "silence", "regions", "errors", "models"},
    "formats": {"files", "metadata", "overlap", "silence", "errors"},
    "pairing": {"formats", "overlap", "errors"},
    "lookout": {"formats", "detectors", "regions"},
    "verify": {
        "formats",
        "lookout",
        "machine",
        "overlap",
        "pairing",
        "metadata",
        "detectors",
        "progress",
        "scaling",
        "regions",
        "report",
        "errors",
    },
    "pipeline": {
        "progress",
        "lookout",
        "verify",
        "formats",
        "metadata",
        "detectors",
        "redaction",
        "linking",
        "tracking",
        "overlap",
        "regions",
        "files",
        "report",
        "settings",
        "errors",
    },
    "workers": {"machine", "progress"},
    "jobs": {
        "workers",
        "pipeline",
        "detectors",
        "formats",
        "files",
        "report",
        "settings",
        "errors",
    },
    "exposure": {"formats", "metadata", "names", "progress", "regions", "files", "report"},
    "gate": {"exposure", "report"},
    "sheets": {"exposure", "formats", "files", "errors"},
    "tasks": {
        "jobs",
        "pipeline",
        "exposure",
        "sheets",
        "lookout",
        "formats",
        "regions",
        "detectors",
        "report",
        "settings",
        "errors",
    },
    "find": {"files", "formats", "ledger", "report", "settings", "errors"},
    "storage": {"files", "find", "settings"},
    "ledger": {"files", "settings", "errors"},
    "journal": {"files", "report", "errors"},
    "agenda": {
        "jobs",
        "tasks",
        "formats",
        "find",
        "ledger",
        "names",
        "files",
        "report",
        "settings",
        "storage",
        "errors",
    },
    "batch": {"agenda", "jobs", "workers", "machine", "ledger", "files", "report", "settings"},
    "watch": {"files", "errors"},
    "addresses": {"find", "ledger", "report", "settings", "storage", "errors"},
    "cluster": {"addresses", "files", "jobs", "machine", "workers", "errors"},
    "console": {"errors", "gate", "exposure", "metadata", "progress", "report"},
    "cli": {
        "tasks",
        "exposure",
        "gate",
        "sheets",
        "agenda",
        "batch",
        "files",
        "find",
        "ledger",
        "journal",
        "watch",
        "jobs",
        "addresses",
        "storage",
        "cluster",
        "console",
        "detectors",
        "report",
        "settings",
        "errors",
        "__init__",
    },
}
"""Each module or package of scrub, and which others it may import."""

DOORS = {
    "detectors.brought",
    "detectors.clips",
    "detectors.presets",
    "metadata.boxes",
    "metadata.danger",
    "metadata.ebml",
    "metadata.items",
}
"""Modules inside a package that others may import; of all packages they may import the face."""

NETWORK = {
    "aiohttp",
    "asyncio",
    "ftplib",
    "http",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "telnetlib",
    "urllib",
    "urllib3",
    "webbrowser",
    "xmlrpc",
}
HEAVY = {"av", "cv2", "mediapipe", "onnxruntime", "PIL"}
VAGUE = {"base", "common", "core", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}
MOST_LINES = 400

SOURCES = sorted(PACKAGE.rglob("*.py"))
every_source = pytest.mark.parametrize(
    "source", SOURCES, ids=lambda source: source.relative_to(PACKAGE).as_posix()
)


@cache
def nodes(source: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(source.read_bytes())))


def room(source: Path) -> str:
    """The module or package right below scrub that a file belongs to."""
    return source.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(source: Path) -> Iterator[str]:
    """Full names of all that a file imports anywhere, its functions included."""
    for node in nodes(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source} has a relative import, which hides where it goes"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(source: Path) -> set[str]:
    """Modules of scrub that a file imports, as "errors" or "formats.sniff"."""
    found = set()
    for name in imports(source):
        top, *parts = name.split(".")
        if top == "scrub":
            while parts and not exists(parts):
                parts.pop()
            found.add(".".join(parts) or "__init__")
    return found


def exists(parts: list[str]) -> bool:
    place = PACKAGE.joinpath(*parts)
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


# --- who may import whom ------------------------------------------------------------------------


def test_every_module_has_its_place() -> None:
    assert {room(source) for source in SOURCES} == set(LAYERS)


def test_the_map_for_newcomers_names_every_module() -> None:
    guide = (Path(__file__).parents[1] / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line for line in guide.splitlines() if line.startswith("| `")]
    named = re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in rows))
    assert sorted(named) == sorted(set(LAYERS) - {"__init__"})


def test_imports_point_one_way() -> None:
    # Raises CycleError where they do not.
    order = list(TopologicalSorter(LAYERS).static_order())
    assert set(order) == set(LAYERS)


@every_source
def test_a_module_imports_only_what_lies_below_it(source: Path) -> None:
    here = room(source)
    others = {name for name in own_imports(source) if name.split(".")[0] != here}
    assert {name.split(".")[0] for name in others} <= LAYERS[here]
    assert {name for name in others if "." in name} <= DOORS


@every_source
def test_no_module_can_open_a_connection(source: Path) -> None:
    assert {name.split(".")[0] for name in imports(source)}.isdisjoint(NETWORK)


@pytest.mark.parametrize("name", ["scrub", "scrub.cli"])
def test_importing_loads_no_model_and_no_codec(name: str) -> None:
    code = f"import json, sys, {name}; print(json.dumps(sorted(sys.modules)))"
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = set(json.loads(finished.stdout))
    assert name in loaded
    assert loaded.isdisjoint(HEAVY)


# --- who may speak ------------------------------------------------------------------------------


def speech(source: Path) -> Iterator[str]:
    """Whatever in a file could reach the terminal."""
    for node in nodes(source):
        match node:
            case ast.Name(id="print" | "input"):
                yield node.id
            case ast.Attribute(attr="echo" | "secho" | "echo_via_pager"):
                yield node.attr
            case ast.Attribute(
                value=ast.Name(id="sys"), attr="stdout" | "stderr" | "__stdout__" | "__stderr__"
            ):
                yield f"sys.{node.attr}"
            case ast.Attribute(value=ast.Name(id="warnings"), attr="warn" | "warn_explicit"):
                yield f"warnings.{node.attr}"
    for name in imports(source):
        if name.split(".")[0] in ("logging", "rich"):
            yield name


@every_source
def test_only_the_console_prints(source: Path) -> None:
    assert not list(speech(source)) or room(source) == "console"


def test_the_console_prints() -> None:
    assert any(list(speech(source)) for source in SOURCES)


# --- how large rooms get, and what they are called ------------------------------------------------


@every_source
def test_no_module_is_too_long(source: Path) -> None:
    assert len(source.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert VAGUE.isdisjoint(
        part.removesuffix(".py") for source in SOURCES for part in source.relative_to(PACKAGE).parts
    )
