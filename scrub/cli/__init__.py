"""The command line: turns arguments into settings and a run's report into an exit status."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from scrub import __version__
from scrub.cli.check import check
from scrub.cli.clean import clean
from scrub.cli.inspect import inspect
from scrub.cli.options import INCOMPLETE
from scrub.cli.watch import watch
from scrub.errors import OutputError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 96}


class Interrupted(click.ClickException):
    """A person stopped scrub before it had files to speak of."""

    exit_code = INCOMPLETE


class Commands(click.Group):
    """Ends a command that was stopped with one line and an exit status of ours, not click's."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted("interrupted; run scrub again") from None
        except OutputError as error:
            from scrub.console import Console

            with contextlib.suppress(OutputError):  # The other stream may be heard.
                Console().problem(str(error))
            ctx.exit(INCOMPLETE)


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
