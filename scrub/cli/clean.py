"""``scrub clean``: writes copies that are safe to post."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from scrub.cli import options
from scrub.cli.commands import Command
from scrub.cli.options import INCOMPLETE, PATH
from scrub.settings import Settings


@click.command(cls=Command)
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=PATH)
@click.option(
    "-o", "--out", metavar="DIR", type=PATH, help="Put the copies here; folders are mirrored."
)
@click.option(
    "--in-place",
    is_flag=True,
    help="Replace the originals, which keep their names. There is no way back.",
)
@options.settings
@options.jobs
@options.report
@click.option("--overwrite", is_flag=True, help="Replace copies and a report that exist already.")
@click.option("-n", "--dry-run", is_flag=True, help="Look and tell; write nothing.")
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Let the workers of this Dask scheduler do it. Without this option scrub never "
    "opens a connection.",
)
@options.quiet
@options.verbose
def clean(
    inputs: tuple[Path, ...],
    out: Path | None,
    in_place: bool,
    settings: Settings,
    jobs: int | None,
    report: Path | None,
    overwrite: bool,
    dry_run: bool,
    cluster: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Write clean copies of pictures and videos, or of all in folders.

    \b
      scrub clean photo.jpg --out cleaned     one picture
      scrub clean tonight --out cleaned       a folder and all below it
      scrub clean tonight --out cleaned -n    only tell what would be done

    Faces are covered. Position, time, camera, owner, thumbnails and everything else beside
    the pixels stays behind. Each copy is opened again and examined before it gets its name.
    The originals do not change. What was done before is not done again.

    Look at the copies before you post them: no program finds every face, and none hides
    clothes, places or words that are in the picture.

    Exit status 0: all done. 2: something was refused or failed; one line for each says what
    to do.
    """  # noqa: D301 - click wants a real backspace character where lines are to be kept
    # What follows takes a while to load, and the help must not wait for it.
    from scrub import batch, journal
    from scrub.cli import places
    from scrub.cli.running import Run
    from scrub.console import Console
    from scrub.errors import ScrubError, UsageError

    console = Console(-1 if quiet else int(verbose))
    run = Run(console, dry_run)
    try:
        if (out is None) == (not in_place):
            raise UsageError(
                None,
                "needs one place for the results",
                "use either --out DIR for copies or --in-place to replace the originals",
            )
        if in_place and settings.names == "random":
            problem = "--names random cannot be done in place, where each file keeps its name"
            raise UsageError(None, problem, "use --out, or leave --names out")
        places.check(inputs, out, cluster)
        with contextlib.ExitStack() as held:
            known = held.enter_context(places.memory(out, dry_run))
            plan = batch.outline(inputs, out, settings, overwrite, known, places.storage(cluster))
            record = None
            if report is not None:
                batch.check_report_path(report, plan, overwrite)
                record = held.enter_context(journal.opened(report))
            planned = len(plan.jobs) + len(plan.settled)
            try:
                with (
                    contextlib.suppress(KeyboardInterrupt),
                    places.crew(cluster, jobs, plan) as crew,
                ):
                    work = batch.work(plan, settings, crew, dry_run, known)
                    if not dry_run and cluster is None:
                        work = batch.until_full(work, plan)
                    run.follow(work, planned, *([record.add] if record else []))
            except ScrubError as error:  # Nothing can go on; what was done is still told.
                console.problem(str(error))
            ended = run.end(planned, record)
    except ScrubError as error:
        console.problem(str(error))
        sys.exit(INCOMPLETE)
    sys.exit(ended.exit_status)
