"""How commands begin and end: what they are stopped by, and that somebody hears them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import click

from scrub.cli.options import INCOMPLETE
from scrub.errors import OutputError

STDOUT, STDERR = 1, 2
"""The numbers of the standard streams (POSIX unistd.h; the same on Windows)."""


class Interrupted(click.ClickException):
    """A person stopped scrub before it had files to speak of."""

    exit_code = INCOMPLETE


class Command(click.Command):
    """Raises OutputError where nobody takes its help."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _heard(STDOUT):
            return super().make_context(*args, **extra)


class Commands(Command, click.Group):
    """Ends a command with an exit status of ours, not click's, and where it has to, one line."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        try:
            with _stoppable():
                status = super().main(*args, **{**extra, "standalone_mode": False})
        except click.ClickException as error:
            status = error.exit_code
            with contextlib.suppress(OutputError), _heard(STDERR):
                error.show()
        except OutputError as error:
            from scrub.console import Console

            status = INCOMPLETE
            with contextlib.suppress(OutputError):  # The other stream may be heard.
                Console().problem(str(error))
        sys.exit(status)

    def invoke(self, ctx: click.Context) -> Any:
        with _stoppable():
            return super().invoke(ctx)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Raises Interrupted on Ctrl-C, of which click makes Abort where there is no command yet."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        raise Interrupted("interrupted; run scrub again") from None


@contextlib.contextmanager
def _heard(stream: int) -> Iterator[None]:
    """Raises OutputError where nobody takes what click itself prints there."""
    try:
        yield
    except OSError as error:
        from scrub.console import unheard

        raise unheard(stream, error) from error
