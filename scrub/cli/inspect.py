"""``scrub inspect``: shows a person what files give away."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scrub.cli import options
from scrub.cli.commands import Command
from scrub.cli.options import INCOMPLETE, PATH
from scrub.settings import PresetName, Settings


@click.command(cls=Command)
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=PATH)
@click.option("--no-faces", is_flag=True, help="Do not look for faces.")
@options.preset
@click.option(
    "--thumbnails",
    metavar="DIR",
    type=PATH,
    help="Draw a sheet for each file here, with the faces framed and the pictures that are "
    "hidden in it. Nothing is covered there: keep it to yourself.",
)
@click.option("--overwrite", is_flag=True, help="Replace sheets that exist already.")
@options.jobs
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Print every single thing and its place.")
def inspect(
    inputs: tuple[Path, ...],
    no_faces: bool,
    preset: PresetName,
    thumbnails: Path | None,
    overwrite: bool,
    jobs: int | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Show what pictures and videos, or all in folders, give away.

    \b
      scrub inspect photo.jpg                       one picture
      scrub inspect tonight --thumbnails sheets     a folder, and a sheet of each picture

    The worst comes first: faces, where and when a picture was taken, by whom and with which
    device, hidden pictures, and what the file's name tells. A position is shown as it stands
    in the file and never looked up. Nothing is changed.

    Exit status 0: all were read. 2: something could not be.
    """  # noqa: D301 - click wants a real backspace character where lines are to be kept
    # What follows takes a while to load, and the help must not wait for it.
    from scrub import batch, gate
    from scrub.cli import places
    from scrub.cli.running import answers
    from scrub.console import Console
    from scrub.errors import ScrubError
    from scrub.find import Found
    from scrub.sheets import Folder
    from scrub.tasks import Inspection

    console = Console(-1 if as_json else int(verbose))
    settings = Settings(preset=preset, metadata_only=no_faces)
    sheets = None if thumbnails is None else Folder(thumbnails, overwrite)

    def inspection(one: Found) -> Inspection:
        place = one.source if sheets is None else sheets.place(one.relative)
        return Inspection(one.source, place)

    try:
        if thumbnails is not None:
            places.check_folder(thumbnails, "--thumbnails")
        plan = batch.each(inputs, inspection, thumbnails)
        reports = answers(console, plan, settings, jobs, "looking")
    except ScrubError as error:
        console.problem(str(error))
        sys.exit(INCOMPLETE)
    shown = gate.inspected(reports)
    if as_json:
        console.document(shown.as_json())
    else:
        console.portraits(shown.exposures)
    sys.exit(shown.exit_status)
