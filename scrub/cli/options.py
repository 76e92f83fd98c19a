"""What the commands share: their exit status, their defaults, and the options about cleaning."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import reduce, wraps
from pathlib import Path
from typing import Any

import click
from click import Context, Parameter

from scrub.errors import ScrubError
from scrub.settings import (
    LARGEST_MARGIN,
    NAMES,
    PRESETS,
    SMALLEST_SIDE,
    SOUNDS,
    STYLES,
    TARGETS,
    Settings,
)

INCOMPLETE = 2
"""Exit status of everything that was refused, failed, interrupted or misused."""

DEFAULTS = Settings()


class Place(click.Path):
    """A file or a folder. An empty name would be the folder that the person is in."""

    def __init__(self) -> None:
        # What may not be read costs itself, and not the others that were named with it.
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: Parameter | None, ctx: Context | None) -> Any:
        if value == "":
            self.fail("the name is empty. Write . for this folder.", param, ctx)
        if value == "-":
            self.fail("scrub takes files, not a stream. Write ./- for a file called -.", param, ctx)
        return super().convert(value, param, ctx)


PATH = Place()

preset = click.option(
    "--preset",
    type=click.Choice(PRESETS),
    default=DEFAULTS.preset,
    show_default=True,
    help="How long to look for faces; fast misses more of them.",
)

SETTINGS = (
    click.option(
        "--style",
        type=click.Choice(STYLES),
        default=DEFAULTS.style,
        show_default=True,
        help="How covered heads look. None of them can be undone.",
    ),
    preset,
    click.option(
        "--model",
        metavar="FILE.onnx",
        type=PATH,
        help="Let a network of yours look too: YuNet or SCRFD. It only adds faces.",
    ),
    click.option(
        "--margin",
        metavar="X",
        type=float,
        default=DEFAULTS.margin,
        show_default=True,
        help="How far to cover beyond the face on each side, as a share of the face: "
        f"0 to {LARGEST_MARGIN:g}.",
    ),
    click.option(
        "--names",
        type=click.Choice(NAMES),
        default=DEFAULTS.names,
        show_default=True,
        help="auto: rename copies whose name carries a date or a counter; keep: rename none; "
        "random: rename all.",
    ),
    click.option("--metadata-only", is_flag=True, help="Leave faces visible, clean the rest."),
    click.option(
        "--max-side",
        metavar="PX",
        type=int,
        help=f"Shrink longer pictures and videos to this side, {SMALLEST_SIDE} or more.",
    ),
    click.option(
        "--to",
        type=click.Choice(TARGETS),
        default=DEFAULTS.to,
        show_default=True,
        help="Write pictures as JPEG or PNG, videos as MP4 or WebM, or all as what they are.",
    ),
    click.option(
        "--audio",
        type=click.Choice(SOUNDS),
        default=DEFAULTS.audio,
        show_default=True,
        help="A video's sound. A voice identifies: drop it, or keep it; mask lowers voices, "
        "which is weak and stops nobody who tries.",
    ),
)
"""One for each field of Settings, and of its name."""

jobs = click.option(
    "-j",
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    show_default="all, as far as memory goes",
    help="Processor cores to work with, one file on each.",
)
report = click.option(
    "--report",
    metavar="FILE.json",
    type=PATH,
    help="Write down what was done. It names the originals: keep it to yourself.",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="Print problems only.")
verbose = click.option(
    "-v", "--verbose", is_flag=True, help="Print for each file all that was removed, and notes."
)


def settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command the options about cleaning, and their values as one ``settings``."""

    @wraps(command)
    def with_settings(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in Settings.__dataclass_fields__}
        try:
            made = Settings(**chosen)
            if made.model is not None:
                from scrub.detectors.brought import brought

                brought(made.model).close()  # Refused once, and not for each picture.
        except ScrubError as error:
            from scrub.console import Console

            Console().problem(str(error))
            sys.exit(INCOMPLETE)
        command(settings=made, **given)

    return reduce(lambda wrapped, option: option(wrapped), reversed(SETTINGS), with_settings)
