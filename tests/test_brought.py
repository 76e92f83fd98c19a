"""Networks that a user brings: both kinds are understood, and all others are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scrub.detectors.brought import SIDES, WEIGHT, brought
from scrub.detectors.presets import PRESETS, eyes
from scrub.errors import ModelError
from tests.conftest import Command
from tests.networks import FIRES, red_square, scrfd, stranger, yunet

KINDS = {
    "yunet": yunet,
    "scrfd": scrfd,
    "scrfd of a fixed size": lambda path: scrfd(path, side="640"),
    "scrfd with one anchor": lambda path: scrfd(path, anchors=1),
}
every_kind = pytest.mark.parametrize("build", KINDS.values(), ids=KINDS)

CELL = FIRES * 2
"""Pixels, in a picture twice as large as the network's coarser look, of a cell that it sees."""
PICTURE = red_square(2 * SIDES[0], 3 * CELL, 5 * CELL, CELL)


@every_kind
def test_a_face_is_found_where_it_is(build: Callable[[Path], Path], tmp_path: Path) -> None:
    detector = brought(build(tmp_path / "model.onnx"), threads=1)
    found = [one.box for one in detector.detect(PICTURE) if one.box.width > FIRES]
    assert [(box.left, box.top, box.width, box.height) for box in found] == [
        (3 * CELL - CELL // 2, 5 * CELL - CELL // 2, CELL, CELL)
    ]
    assert detector.detect(np.zeros_like(PICTURE)) == []
    detector.close()


@every_kind
def test_a_tall_picture_keeps_its_shape(build: Callable[[Path], Path], tmp_path: Path) -> None:
    tall = np.zeros((4 * SIDES[0], SIDES[0], 3), np.uint8)
    tall[1024:1280, 256:512, 0] = 255
    edges = np.array(
        [
            (one.box.left, one.box.top, one.box.right, one.box.bottom)
            for one in brought(build(tmp_path / "model.onnx")).detect(tall)
        ]
    )
    outermost = [*edges.min(axis=0)[:2], *edges.max(axis=0)[2:]]
    # Cells of 128 pixels at the coarser look, each with a box around its corner.
    assert np.abs(np.subtract(outermost, (192, 960, 448, 1216))).max() <= FIRES * 4


@every_kind
def test_its_finds_are_covered_whatever_the_preset(
    build: Callable[[Path], Path], tmp_path: Path
) -> None:
    model = build(tmp_path / "model.onnx")
    assert max(preset.threshold for preset in PRESETS.values()) < WEIGHT / 2
    for brings, finds in ((None, False), (model, True)):
        looking = eyes("fast", 1, brings)
        assert bool(looking.first.detect(PICTURE)) is finds
        looking.close()


@pytest.mark.parametrize(
    "content", [b"", b"not a network", None], ids=["empty", "text", "stranger"]
)
def test_a_file_that_is_neither_is_refused(content: bytes | None, tmp_path: Path) -> None:
    model = stranger(tmp_path / "model.onnx")
    if content is not None:
        model.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        brought(model)
    assert caught.value.path == model
    assert "YuNet" in caught.value.remedy


def test_a_damaged_network_is_refused(tmp_path: Path) -> None:
    model = yunet(tmp_path / "model.onnx")
    whole = model.read_bytes()
    model.write_bytes(whole.replace(b"AveragePool", b"GlobalMaxPool"))
    with pytest.raises(ModelError):
        brought(model)


def test_the_command_refuses_it_once_and_before_any_picture(
    scrub_command: Command, tmp_path: Path
) -> None:
    ran = scrub_command(
        "clean", tmp_path, "--out", tmp_path / "out", "--model", tmp_path / "missing.onnx"
    )
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "missing.onnx: cannot be read" in ran.stderr
