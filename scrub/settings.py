"""What a person can choose, frozen and validated once; every default lives here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from scrub.errors import UsageError

StyleName = Literal["blur", "pixelate", "solid"]
PresetName = Literal["fast", "balanced", "thorough"]
NamesRule = Literal["auto", "keep", "random"]
WrittenKind = Literal["same", "jpeg", "png", "mp4", "webm"]
Sound = Literal["drop", "keep", "mask"]

STYLE_NAMES: tuple[StyleName, ...] = get_args(StyleName)
PRESET_NAMES: tuple[PresetName, ...] = get_args(PresetName)
NAMES_RULES: tuple[NamesRule, ...] = get_args(NamesRule)
WRITTEN_KINDS: tuple[WrittenKind, ...] = get_args(WrittenKind)
SOUNDS: tuple[Sound, ...] = get_args(Sound)

LARGEST_MARGIN = 2.0
SMALLEST_SIDE = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """How to clean. Each default is the safe one.

    ``style``          how covered heads look
    ``preset``         how long to look for faces
    ``margin``         how far a region goes beyond the face on each side, as a share of it
    ``names``          what becomes of file names that carry a date or a counter
    ``metadata_only``  leave faces as they are and rebuild the file without metadata
    ``max_side``       shrink so that the long side has at most so many pixels; None: keep
    ``to``             what pictures or videos are written as
    ``model``          an ONNX file of YuNet or SCRFD that looks for faces too; None: no other
    ``audio``          what becomes of a video's sound
    """

    style: StyleName = "blur"
    preset: PresetName = "balanced"
    margin: float = 0.35
    names: NamesRule = "auto"
    metadata_only: bool = False
    max_side: int | None = None
    to: WrittenKind = "same"
    model: Path | None = None
    audio: Sound = "drop"

    def __post_init__(self) -> None:
        """Raise UsageError for a value that is out of range."""
        for option, value, known in (
            ("--style", self.style, STYLE_NAMES),
            ("--preset", self.preset, PRESET_NAMES),
            ("--names", self.names, NAMES_RULES),
            ("--to", self.to, WRITTEN_KINDS),
            ("--audio", self.audio, SOUNDS),
        ):
            if value not in known:
                raise UsageError(
                    None, f"{option} does not know {value!r}", f"use one of {', '.join(known)}"
                )
        if not 0 <= self.margin <= LARGEST_MARGIN:
            raise UsageError(
                None,
                f"--margin {self.margin:g} is out of range",
                f"use a number from 0 to {LARGEST_MARGIN:g}",
            )
        if self.max_side is not None and self.max_side < SMALLEST_SIDE:
            raise UsageError(
                None,
                f"--max-side {self.max_side} is too small",
                f"use {SMALLEST_SIDE} pixels or more",
            )
