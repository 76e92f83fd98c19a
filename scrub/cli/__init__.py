"""The command line: turns arguments into settings and a run's report into an exit status."""

from __future__ import annotations

import click

from scrub import __version__
from scrub.cli.check import check
from scrub.cli.clean import clean
from scrub.cli.commands import Commands
from scrub.cli.inspect import inspect
from scrub.cli.watch import watch

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 96}


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="scrub")
def main() -> None:
    """Make photos and videos safe to post.

    Covers every face it finds, removes everything in the file that says who, where, when or
    with what, and proves both on the file it wrote. All of it happens on this machine: scrub
    opens no connection, unless you give it a cluster of yours.
    """


main.add_command(check)
main.add_command(clean)
main.add_command(inspect)
main.add_command(watch)
