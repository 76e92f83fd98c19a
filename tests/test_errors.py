"""Errors speak to a person, and lose nothing on the way from a worker."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrub import errors
from scrub.errors import ScrubError


def tree(root: type[ScrubError]) -> Iterator[type[ScrubError]]:
    yield root
    for below in root.__subclasses__():
        yield from tree(below)


ERRORS = [kind for kind in tree(ScrubError) if kind.__module__ == errors.__name__]

every_error = pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
PATHS = [None, Path("folder/crowd.jpg"), Path("line\nbreak \U0001f600 \udcff.jpg")]


def test_the_tree_is_whole() -> None:
    named = {one for one in vars(errors).values() if isinstance(one, type)} - {Path}
    assert set(ERRORS) == {one for one in named if issubclass(one, Exception)}
    assert len(ERRORS) > 5


@every_error
@pytest.mark.parametrize("path", PATHS, ids=ascii)
def test_an_error_keeps_its_parts_through_pickling(
    kind: type[ScrubError], path: Path | None
) -> None:
    error = kind(path, "is cut short", "copy it again")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is kind
        assert (twin.path, twin.problem, twin.remedy) == (path, "is cut short", "copy it again")
        assert str(twin) == str(error)


@every_error
def test_an_error_names_the_file_the_problem_and_the_remedy(kind: type[ScrubError]) -> None:
    error = kind(Path("crowd.jpg"), "is cut short", "copy it again")
    assert str(error) == "crowd.jpg: is cut short; copy it again"
    assert error.reason == "is cut short; copy it again"


@every_error
def test_an_error_about_the_command_line_names_no_file(kind: type[ScrubError]) -> None:
    error = kind(None, "needs a folder", "use --out DIR")
    assert str(error) == error.reason == "needs a folder; use --out DIR"
