"""``scrub check``: a gate that lets nothing pass that is not clean."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scrub.cli import options
from scrub.cli.commands import Command
from scrub.cli.options import DEFAULTS, INCOMPLETE, PATH
from scrub.settings import PRESETS, PresetName, Settings


@click.command(cls=Command, short_help="Say what is still wrong with pictures, videos and folders.")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=PATH)
@click.option("--no-faces", is_flag=True, help="Do not look for faces.")
@click.option(
    "--allow-faces",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Let so many uncovered faces pass in each file.",
)
@click.option(
    "--preset",
    type=click.Choice(PRESETS),
    help="Look for faces as long as clean does, too: for files that others have cleaned. "
    "A cover may then be taken for a face now and then.",
)
@options.jobs
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing of what was found.")
def check(
    inputs: tuple[Path, ...],
    no_faces: bool,
    allow_faces: int,
    preset: PresetName | None,
    jobs: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say what is still wrong with pictures and videos, or with all in folders.

    \b
      scrub check photo.jpg         one picture
      scrub check outbox --json     a folder and all below it, for another program

    Prints a line for each thing that a clean file may not have: everything in it that is not
    needed to show it, a name that carries a date or a counter or has the wrong ending, and
    faces that are not covered. What scrub clean wrote passes, unless it was told to leave
    names or faces. Nothing is changed.

    Faces are looked for as briefly as when scrub examines its own copies. That tells whether
    a file was forgotten; it does not tell that everybody in it is covered.

    Exit status 0: all understood and clean. 1: something was found. 2: something was not
    understood, whatever else was found.
    """  # noqa: D301 - click wants a real backspace character where lines are to be kept
    # What follows takes a while to load, and the help must not wait for it.
    from scrub import batch, gate
    from scrub.cli.running import answers
    from scrub.console import Console
    from scrub.errors import ScrubError
    from scrub.tasks import Check

    console = Console(-1 if quiet or as_json else 0)
    settings = Settings(preset=preset or DEFAULTS.preset, metadata_only=no_faces)
    try:
        plan = batch.each(
            inputs, lambda one: Check(one.source, one.source, thorough=preset is not None)
        )
        reports = answers(console, plan, settings, jobs, "checking")
    except ScrubError as error:
        console.problem(str(error))
        sys.exit(INCOMPLETE)
    verdicts = gate.judged(reports, allow_faces)
    if as_json:
        console.document(verdicts.as_json())
    else:
        console.verdicts(verdicts)
    sys.exit(verdicts.exit_status)
