"""``scrub clean``: writes copies that are safe to post."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

import click

from scrub.cli.options import DEFAULTS, INCOMPLETE, JOBS, PATH, PRESET
from scrub.settings import (
    NAMES,
    SOUNDS,
    STYLES,
    TARGETS,
    NamesRule,
    PresetName,
    Settings,
    Sound,
    StyleName,
    Target,
)


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=PATH)
@click.option(
    "-o", "--out", metavar="DIR", type=PATH, help="Put the copies here; folders are mirrored."
)
@click.option("--in-place", is_flag=True, help="Replace the originals. There is no way back.")
@click.option(
    "--style",
    type=click.Choice(STYLES),
    default=DEFAULTS.style,
    show_default=True,
    help="How covered heads look. None of them can be undone.",
)
@PRESET
@click.option(
    "--model",
    metavar="FILE.onnx",
    type=PATH,
    help="Let a network of yours look too: YuNet or SCRFD. It only adds faces.",
)
@click.option(
    "--margin",
    metavar="X",
    type=float,
    default=DEFAULTS.margin,
    show_default=True,
    help="How far to cover beyond the face on each side, as a share of the face.",
)
@click.option(
    "--names",
    type=click.Choice(NAMES),
    default=DEFAULTS.names,
    show_default=True,
    help="auto: rename copies whose name carries a date or a counter; keep: rename none; "
    "random: rename all.",
)
@click.option("--metadata-only", is_flag=True, help="Leave faces visible, clean the rest.")
@click.option("--max-side", metavar="PX", type=int, help="Shrink longer pictures to this side.")
@click.option(
    "--to",
    type=click.Choice(TARGETS),
    default=DEFAULTS.to,
    show_default=True,
    help="Write pictures as JPEG or PNG, videos as MP4 or WebM, or all as what they are.",
)
@click.option(
    "--audio",
    type=click.Choice(SOUNDS),
    default=DEFAULTS.audio,
    show_default=True,
    help="A video's sound. A voice identifies: drop it, or keep it; mask lowers voices, "
    "which is weak and stops nobody who tries.",
)
@JOBS
@click.option(
    "--report",
    metavar="FILE.json",
    type=PATH,
    help="Write down what was done. It names the originals: keep it to yourself.",
)
@click.option("--overwrite", is_flag=True, help="Replace copies and a report that exist already.")
@click.option("-n", "--dry-run", is_flag=True, help="Look and tell; write nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Print problems only.")
@click.option("-v", "--verbose", is_flag=True, help="Print all that was removed, and notes.")
def clean(
    inputs: tuple[Path, ...],
    out: Path | None,
    in_place: bool,
    style: StyleName,
    preset: PresetName,
    model: Path | None,
    margin: float,
    names: NamesRule,
    metadata_only: bool,
    max_side: int | None,
    to: Target,
    audio: Sound,
    jobs: int | None,
    report: Path | None,
    overwrite: bool,
    dry_run: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Write clean copies of pictures, or of all pictures in folders.

    \b
      scrub clean photo.jpg --out cleaned     one picture
      scrub clean tonight --out cleaned       a folder and all below it
      scrub clean tonight --out cleaned -n    only tell what would be done

    Faces are covered. Position, time, camera, owner, thumbnails and everything else beside
    the pixels stays behind. Each copy is opened again and examined before it gets its name.
    The originals do not change.

    Look at the copies before you post them: no program finds every face, and none hides
    clothes, places or words that are in the picture.

    Exit status 0: all done. 2: something was refused or failed; one line for each says what
    to do.
    """  # noqa: D301 - click wants a real backspace character where lines are to be kept
    # What follows takes a while to load, and the help must not wait for it.
    from scrub import batch
    from scrub.console import Console
    from scrub.detectors.brought import brought
    from scrub.errors import ScrubError, UsageError
    from scrub.report import FileReport, RunReport

    console = Console(-1 if quiet else int(verbose))
    started = time.monotonic()
    try:
        if (out is None) == (not in_place):
            raise UsageError(
                None,
                "needs one place for the results",
                "use either --out DIR for copies or --in-place to replace the originals",
            )
        settings = Settings(style, preset, margin, names, metadata_only, max_side, to, model, audio)
        if model is not None:
            brought(model).close()  # Refused once, and not for each picture.
        plan = batch.outline(inputs, out, names, overwrite, to)
        if report is not None:
            batch.check_report_path(report, plan, overwrite)
        files: list[FileReport] = []
        total = len(plan.jobs) + len(plan.settled)
        try:
            with contextlib.closing(batch.work(plan, settings, jobs, dry_run)) as work:
                for done in console.progress(work, total):
                    files.append(done)
        except KeyboardInterrupt:
            for left in batch.unfinished(plan, files):
                console.tell(left)
                files.append(left)
        run = RunReport(files, time.monotonic() - started, dry_run)
        console.summary(run)
        if report is not None:
            batch.save_report(run, report)
    except ScrubError as error:
        console.problem(str(error))
        sys.exit(INCOMPLETE)
    sys.exit(run.exit_status)
