"""Every option has a safe default, and no value out of range gets past the start."""

from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any

import pytest

from scrub.detectors import presets
from scrub.errors import UsageError
from scrub.settings import (
    LARGEST_MARGIN,
    NAMES_RULES,
    PRESET_NAMES,
    SMALLEST_SIDE,
    STYLE_NAMES,
    WRITTEN_KINDS,
    Settings,
)


def test_the_defaults_are_the_safe_ones() -> None:
    assert Settings() == Settings(
        style="blur",
        preset="balanced",
        margin=0.35,
        names="auto",
        metadata_only=False,
        max_side=None,
        to="same",
    )


@pytest.mark.parametrize(
    "options",
    [
        *({"style": style} for style in STYLE_NAMES),
        *({"preset": preset} for preset in PRESET_NAMES),
        *({"names": names} for names in NAMES_RULES),
        *({"to": target} for target in WRITTEN_KINDS),
        *({"margin": margin} for margin in (0, 0.0, 1, LARGEST_MARGIN)),
        *({"max_side": side} for side in (SMALLEST_SIDE, 100_000)),
    ],
    ids=str,
)
def test_values_in_range_are_taken(options: dict[str, Any]) -> None:
    [(name, value)] = options.items()
    assert getattr(Settings(**options), name) == value


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"style": "swirl"}, ("--style", "'swirl'", "blur, pixelate, solid")),
        ({"style": "Blur"}, ("--style", "'Blur'", "blur")),
        ({"preset": ""}, ("--preset", "''", "fast, balanced, thorough")),
        ({"names": "never"}, ("--names", "'never'", "auto, keep, random")),
        ({"to": "heic"}, ("--to", "'heic'", "same, jpeg, png")),
        ({"margin": -0.01}, ("--margin", "-0.01", "from 0 to 2")),
        ({"margin": 2.01}, ("--margin", "2.01", "from 0 to 2")),
        ({"margin": math.inf}, ("--margin", "inf", "from 0 to 2")),
        ({"margin": math.nan}, ("--margin", "nan", "from 0 to 2")),
        ({"max_side": 15}, ("--max-side", "15", "16 pixels or more")),
        ({"max_side": 0}, ("--max-side", "0", "16 pixels or more")),
        ({"max_side": -100}, ("--max-side", "-100", "16 pixels or more")),
    ],
    ids=str,
)
def test_a_value_out_of_range_is_named_with_what_would_do(
    options: dict[str, Any], words: tuple[str, str, str]
) -> None:
    with pytest.raises(UsageError) as caught:
        Settings(**options)
    option, value, remedy = words
    assert caught.value.path is None
    assert option in caught.value.problem
    assert value in caught.value.problem
    assert remedy in caught.value.remedy


def test_settings_are_checked_again_when_they_are_replaced() -> None:
    with pytest.raises(UsageError):
        dataclasses.replace(Settings(), margin=3)


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().margin = 0  # type: ignore[misc]


def test_settings_reach_another_process_unchanged() -> None:
    chosen = Settings("solid", "fast", 0.5, "keep", True, 640, "png")
    assert pickle.loads(pickle.dumps(chosen)) == chosen


def test_every_preset_that_can_be_asked_for_exists() -> None:
    assert tuple(presets.PRESETS) == PRESET_NAMES
