"""The detectors' weights, as the build put them here: read and checked, never fetched."""

from __future__ import annotations

import hashlib
from pathlib import Path

from scrub.errors import ModelError

FOLDER = Path(__file__).parent


def weights(name: str) -> bytes:
    """The model file ``name`` ("centerface.onnx"), as listed in SHA256SUMS.

    Raises ModelError where the file, the list or its line is missing or the bytes differ.
    """
    path = FOLDER / name
    expected = _listed().get(name)
    if expected is None:
        raise _broken(path, "the model is not listed in SHA256SUMS")
    data = _read(path)
    if hashlib.sha256(data).hexdigest() != expected:
        raise _broken(path, "the model has changed since it was installed")
    return data


def _listed() -> dict[str, str]:
    """The SHA-256 of each file, in hexadecimal, by name; other lines say where it is from."""
    lines = _read(FOLDER / "SHA256SUMS").decode("utf-8", "replace").splitlines()
    return {name: digest for digest, gap, name in (line.partition("  ") for line in lines) if gap}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _broken(path, f"the file cannot be read ({error.strerror})") from error


def _broken(path: Path, problem: str) -> ModelError:
    return ModelError(path, problem, "install scrub again")
