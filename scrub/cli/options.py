"""What the commands share: their exit status, their defaults and the kinds of their arguments."""

from __future__ import annotations

from pathlib import Path

import click

from scrub.settings import PRESETS, Settings

INCOMPLETE = 2
"""Exit status of everything that was refused, failed, interrupted or misused."""

DEFAULTS = Settings()
PATH = click.Path(path_type=Path)

JOBS = click.option(
    "-j",
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="Pictures to work on at once.  [default: one per processor core, 4 at most]",
)

PRESET = click.option(
    "--preset",
    type=click.Choice(PRESETS),
    default=DEFAULTS.preset,
    show_default=True,
    help="How long to look for faces.",
)
