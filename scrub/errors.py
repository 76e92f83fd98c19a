"""The exception tree: each error names the file, what is wrong with it and what to do.

Every error that a person can cause or meet is a :class:`ScrubError`. Exceptions of the
libraries below are translated where they are called, so that nothing else reaches the
command line.
"""

from __future__ import annotations

from pathlib import Path


class ScrubError(Exception):
    """One file (or one argument) that cannot be handled, in three parts.

    ``path`` is the file it is about, or None when it is about the command line itself;
    ``problem`` says what is wrong; ``remedy`` says what the person can do about it. Both are
    half sentences in lower case without a full stop. All three travel through pickling.
    """

    def __init__(self, path: Path | None, problem: str, remedy: str) -> None:
        super().__init__(path, problem, remedy)
        self.path = path
        self.problem = problem
        self.remedy = remedy

    @property
    def reason(self) -> str:
        """Problem and remedy in one line, without the file's name."""
        return f"{self.problem}; {self.remedy}"

    def __str__(self) -> str:
        return self.reason if self.path is None else f"{self.path}: {self.reason}"


class UsageError(ScrubError):
    """The arguments contradict each other or are out of range."""


class InputError(ScrubError):
    """The input is not there, not readable, a link, or not a file."""


class UnsupportedError(InputError):
    """The input is understood to be something that scrub does not clean."""


class DamagedError(InputError):
    """The input is cut short or broken inside."""


class TooLargeError(InputError):
    """The input would need more memory than scrub allows itself."""


class TargetError(ScrubError):
    """The target exists, collides with another, or cannot be written."""


class StorageError(TargetError):
    """The target's disk is full, over its quota, read-only or failing: nobody refused anything."""


class VerificationError(ScrubError):
    """The file that was written did not pass its own examination; it has been removed."""


class ModelError(ScrubError):
    """A face detector's weights are missing, changed or refused by its library."""


class WorkerError(ScrubError):
    """A worker process ended without an answer while it held this file."""


class OutputError(ScrubError):
    """Nobody takes what is printed: the pipe is closed, or the disk behind it full."""


class ClusterError(ScrubError):
    """The machines that were to do the work cannot be reached any more."""
