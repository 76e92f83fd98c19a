"""Pictures of two colours: faces made of dots are found."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from scrub.detectors import dots
from scrub.detectors.presets import Eyes
from scrub.regions import Detection
from tests.conftest import Blind
from tests.media import PICTURE_FACES, Pixels, picture


class Counter(Blind):
    def __init__(self) -> None:
        self.seen: list[Pixels] = []

    def detect(self, rgb: Pixels) -> list[Detection]:
        self.seen.append(rgb)
        return []


def dotted() -> Pixels:
    return np.asarray(Image.fromarray(picture()).convert("1").convert("RGB"))


@pytest.mark.parametrize(
    ("rgb", "looks"),
    [
        (dotted(), 2),
        (dotted() // 3 + 40, 2),
        (np.full((9, 9, 3), 7, np.uint8), 2),
        (picture(), 1),
        (np.asarray(Image.fromarray(picture()).quantize(4).convert("RGB")), 1),
    ],
    ids=["dots", "grey dots", "flat", "colours", "four colours"],
)
def test_only_pictures_of_two_colours_are_smoothed(rgb: Pixels, looks: int) -> None:
    inner = Counter()
    dots.Dots(inner).detect(rgb)
    assert len(inner.seen) == looks
    assert (inner.seen[0] == rgb).all()


@pytest.mark.parametrize("before", [[], [0], [0, 255]], ids=["first", "second", "third"])
@pytest.mark.parametrize("row", [0, 3, 96])
def test_colours_are_counted_in_all_rows(before: list[int], row: int) -> None:
    """Wherever one turns up, and beside whichever others."""
    rgb = np.full((97, 50, 3), before[0] if before else 9, np.uint8)
    rgb[1::2] = before[-1] if before else 9
    rgb[row, 48] = 9, 9, 10
    assert dots.has_two_colors(rgb) == (len(before) < 2)


@pytest.mark.parametrize("look", ["first", "second"])
def test_faces_made_of_dots_are_found(look: str, real_eyes: Eyes) -> None:
    found = getattr(real_eyes, look).detect(dotted())
    for left, top, right, bottom in PICTURE_FACES:
        x, y = (left + right) // 2, (top + bottom) // 2
        assert any(
            one.box.left < x < one.box.right and one.box.top < y < one.box.bottom for one in found
        )
