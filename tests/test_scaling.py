"""Other sizes of a picture: none of its pixels is left out, and it stays where it was."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrub import scaling
from scrub.scaling import halved, resized
from tests.media import Pixels, face

sides = st.integers(1, 40)


@given(sides, sides, st.data())
def test_half_a_picture_shows_each_of_its_pixels(
    width: int, height: int, data: st.DataObject
) -> None:
    rgb = np.zeros((height, width, 3), np.uint8)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    rgb[y, x] = 255
    half = halved(rgb)
    assert half.shape == ((height + 1) // 2, (width + 1) // 2, 3)
    assert half[y // 2, x // 2].min() > 60
    half[y // 2, x // 2] = 0
    assert not half.any()


def test_transparency_is_halved_too() -> None:
    assert halved(np.full((5, 3), 7, np.uint8)).tolist() == [[7, 7]] * 3


def test_what_is_halved_stays_as_it_was() -> None:
    rgb = face(9)
    halved(rgb)
    assert (rgb == face(9)).all()


def frozen(rgb: Pixels) -> Pixels:
    rgb.setflags(write=False)
    return rgb


def test_what_cannot_change_is_halved_once() -> None:
    rgb = frozen(face(99))
    half = halved(rgb)
    assert (half == halved(face(99))).all()
    assert halved(rgb) is half
    assert halved(half) is halved(half)
    with pytest.raises(ValueError, match="read-only"):
        half[0, 0] = 0


def test_what_may_change_is_halved_anew() -> None:
    rgb = face(9)
    halved(rgb)
    rgb[:] = 7
    assert (halved(rgb) == 7).all()


def test_of_a_huge_picture_no_half_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "HUGE", 99 * 99 - 1)
    rgb = frozen(face(99))
    assert halved(rgb) is not halved(rgb)
    assert (halved(rgb) == halved(face(99))).all()


def test_halves_go_with_their_picture() -> None:
    """However many pictures come after it, and wherever these are put."""
    for level in range(20):
        rgb = frozen(np.full((64, 64, 3), level, np.uint8))
        quarter = weakref.ref(halved(halved(rgb)))
        assert (halved(rgb) == level).all()
        del rgb
        gc.collect()
        assert quarter() is None


@pytest.mark.parametrize("scale", [0.01, 0.1, 0.24, 0.25, 0.3, 0.5, 0.7, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (160, 160), (161, 97)])
def test_a_resized_picture_has_the_size_that_was_asked_for(
    scale: float, shape: tuple[int, int]
) -> None:
    rgb = np.full((*shape, 3), (10, 20, 30), np.uint8)
    small = resized(rgb, scale)
    assert small.shape == (*(max(1, round(side * scale)) for side in shape), 3)
    assert (small == (10, 20, 30)).all()


def centre(rgb: Pixels) -> tuple[float, float]:
    """Where the light of a picture is, as shares of its sides."""
    weight = rgb.sum(axis=2, dtype=np.float64)
    y, x = (np.arange(side) + 0.5 for side in weight.shape)
    total = weight.sum()
    return (weight @ x).sum() / total / len(x), (weight.T @ y).sum() / total / len(y)


@pytest.mark.parametrize("scale", [0.1, 0.24, 0.5, 0.7, 2.0])
def test_what_is_in_a_picture_stays_in_its_place(scale: float) -> None:
    rgb = np.zeros((301, 403, 3), np.uint8)
    rgb[60:120, 250:330] = 200
    seen = resized(rgb, scale)
    assert centre(seen) == pytest.approx(centre(rgb), abs=0.5 / min(seen.shape[:2]))
