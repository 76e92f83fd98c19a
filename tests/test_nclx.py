"""Profiles that are built from numbers convert like the real ones."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from scrub.formats.nclx import HLG, PQ, PRIMARIES, Nclx, profile
from tests import parts
from tests.media import Pixels, picture

GREYS = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)


def converted(pixels: Pixels, source: bytes) -> Pixels:
    shown = ImageCms.profileToProfile(
        Image.fromarray(pixels),
        ImageCms.ImageCmsProfile(io.BytesIO(source)),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    assert shown is not None
    return np.asarray(shown)


def test_display_p3_has_the_primaries_of_its_profile() -> None:
    """Those of a real one, which differs in nothing but its curve (gamma 2.2)."""
    one = ImageCms.ImageCmsProfile(io.BytesIO(profile(Nclx(12, 4)))).profile
    other = ImageCms.ImageCmsProfile(io.BytesIO(parts.profile())).profile
    for name in ("red_colorant", "green_colorant", "blue_colorant"):
        assert np.allclose(getattr(one, name), getattr(other, name), atol=0.0005)
    difference = converted(picture(), profile(Nclx(12, 4))).astype(int)
    difference -= converted(picture(), parts.profile())
    assert np.abs(difference).max() <= 1


def test_srgb_stays_srgb() -> None:
    assert np.abs(converted(picture(), profile(Nclx(1, 13))).astype(int) - picture()).max() <= 1


@pytest.mark.parametrize("primaries", PRIMARIES)
@pytest.mark.parametrize("transfer", [4, 5, 8, 13, PQ, HLG])
def test_grey_stays_grey_and_in_order(primaries: int, transfer: int) -> None:
    shown = converted(GREYS, profile(Nclx(primaries, transfer)))[0].astype(int)
    assert np.ptp(shown, axis=1).max() <= 2
    assert (np.diff(shown[:, 1]) >= 0).all()
    assert shown[0].max() <= 2
    assert shown[-1].min() >= 253


def test_white_paper_of_high_dynamic_range_is_light_and_not_white() -> None:
    """Code 0.58 of PQ is 203 cd/m2; between it and the brightest there is room."""
    paper = converted(GREYS, profile(Nclx(9, PQ)))[0, 148, 1]
    assert 160 < paper < 220


@pytest.mark.parametrize(
    ("colors", "known", "plain", "wide"),
    [
        (Nclx(1, 13), True, True, False),
        (Nclx(2, 2), True, True, False),
        (Nclx(12, 13), True, False, False),
        (Nclx(9, PQ), True, False, True),
        (Nclx(9, HLG), True, False, True),
        (Nclx(1, PQ), True, False, True),
        (Nclx(22, 13), False, False, False),
        (Nclx(1, 9), False, False, False),
    ],
)
def test_colors_are_told_apart(colors: Nclx, known: bool, plain: bool, wide: bool) -> None:
    assert (colors.known, colors.plain, colors.wide) == (known, plain, wide)


def test_unknown_colors_have_no_profile() -> None:
    with pytest.raises(KeyError):
        profile(Nclx(22, 13))
