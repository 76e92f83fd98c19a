"""Which copies in an output folder were made of which originals, so that no night's work is redone.

The ledger lies beside the copies and holds nothing but keyed digests (HMAC-SHA-256, RFC 2104,
cut to 16 bytes); the key lies in the user's own folder for such things. Whoever has the copies
and the ledger, but not the key, cannot even tell whether an original he holds belongs to them;
whoever has the key alone learns nothing; and when the copies are deleted, nothing is left.

It is text, one line for each event:

    scrub-ledger 1 SALT CHECK
    begun STAMP NAME
    done CONTENT SETTINGS NAME COPY

STAMP stands for an original's place, size and time, CONTENT for its place and content, NAME for
a copy's place, COPY for its place and content. A copy that was begun and not done is made anew.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from scrub import files
from scrub.errors import TargetError, UsageError
from scrub.settings import Settings

LEDGER = ".scrub-ledger"
PROGRAM = "scrub-ledger "
HEADER = f"{PROGRAM}1"
TOKEN = 16
KEY = 32
"""Bytes of a digest, and of the key."""

UNREADABLE = "choose another --out, or remove it to have all copies made once more"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one original's copy; all are digests."""

    settings: str
    name: str
    copy: str


class Page(Protocol):
    """Where a ledger is written: it only ever grows."""

    path: Path

    def read(self) -> bytes:
        """All of it; empty where there is none yet."""
        ...

    def append(self, lines: bytes) -> None:
        """Add to its end; on return, what was begun is on the disk. Raises TargetError."""
        ...

    def start(self) -> None:
        """Empty it of a first line that was cut. Raises UsageError where another run has it."""
        ...


class Ledger:
    """The digests of one output folder. Places are paths below it, or below the input.

    Raises UsageError for a ledger that cannot be read with this key: taken for empty, it would
    be lost, and a whole night's copies would be made a second time.
    """

    def __init__(self, page: Page, key: bytes) -> None:
        self._page = page
        self._key = key
        self._entries: dict[str, Entry] = {}
        self._begun: dict[str, str] = {}
        self._stamps: dict[str, str] = {}
        self._salt = ""
        self._read()

    @property
    def is_blank(self) -> bool:
        """Whether nothing was ever begun here."""
        return not self._stamps

    def entry(self, place: Path, content: bytes) -> Entry | None:
        """What is known of the original at ``place`` with this digest."""
        return self._entries.get(self._token("content", place, content))

    def begun(self, place: Path, stamp: bytes) -> str | None:
        """The name of the copy that was begun of it, not finished, and given to no other since."""
        token = self._token("stamp", place, stamp)
        name = self._begun.get(token)
        return name if name is not None and self._stamps[name] == token else None

    def name(self, target: Path) -> str:
        """How the ledger calls the copy at ``target``."""
        return self._token("name", target)

    def is_ours(self, target: Path) -> bool:
        """Whether a copy with this name was ever begun here."""
        return self.name(target) in self._stamps

    def holds(self, entry: Entry, target: Path, copy: bytes) -> bool:
        """Whether the copy at ``target``, with this digest, is as it was made."""
        return entry.copy == self._token("copy", target, copy)

    def made_with(self, entry: Entry, settings: Settings) -> bool:
        return entry.settings == self._settings(settings)

    def begin(self, jobs: Iterable[tuple[Path, bytes, Path]]) -> None:
        """Note place, stamp and target of what is about to be made. Raises TargetError."""
        about = list(jobs)
        if not about:
            return  # A ledger would call the folder one of copies.
        head = self._head()
        lines = [
            f"begun {self._token('stamp', place, stamp)} {self.name(target)}\n"
            for place, stamp, target in about
        ]
        self._page.append((head + "".join(lines)).encode())
        self._take_in(lines)

    def finish(
        self, place: Path, content: bytes, settings: Settings, target: Path, copy: bytes
    ) -> None:
        """Note that the copy is on the disk. Raises TargetError."""
        tokens = (
            self._token("content", place, content),
            self._settings(settings),
            self.name(target),
            self._token("copy", target, copy),
        )
        line = f"done {' '.join(tokens)}\n"
        self._page.append(line.encode())
        self._take_in([line])

    def _token(self, kind: str, place: Path, data: bytes = b"") -> str:
        path = os.fsencode(place.as_posix())
        text = b"%s %s %d %s %s" % (kind.encode(), self._salt.encode(), len(path), path, data)
        return hmac.digest(self._key, text, "sha256")[:TOKEN].hex()

    def _settings(self, settings: Settings) -> str:
        text = json.dumps(asdict(settings), sort_keys=True, default=str)
        return self._token("settings", Path(), text.encode())

    def _read(self) -> None:
        *lines, self._cut = self._page.read().decode("ascii", "replace").split("\n")
        if not lines:
            return
        head, _, check = lines[0].rpartition(" ")
        start, _, self._salt = head.rpartition(" ")
        problem = None
        if not start.startswith(PROGRAM):
            problem = "is damaged"
        elif start != HEADER:
            problem = "was written by another version of scrub"
        elif check != self._token("check", Path()):
            problem = "belongs to another user's key, or that was lost"
        if problem is not None:
            raise UsageError(self._page.path, problem, UNREADABLE)
        self._take_in(lines[1:])

    def _take_in(self, lines: Iterable[str]) -> None:
        for line in lines:
            match line.split():
                case ["begun", stamp, name]:
                    self._begun[stamp] = name
                    self._stamps[name] = stamp
                case ["done", content, settings, name, copy]:
                    self._entries[content] = Entry(settings, name, copy)
                    self._begun.pop(self._stamps.get(name, ""), None)

    def _head(self) -> str:
        """What has to stand before the next line: a first one, or the end of one that was cut."""
        if self._salt:
            return "\n" if self._cut else ""
        self._page.start()
        self._salt = secrets.token_hex(TOKEN)
        return f"{HEADER} {self._salt} {self._token('check', Path())}\n"


@contextlib.contextmanager
def opened(out: Path, dry_run: bool = False) -> Iterator[Ledger | None]:
    """The ledger of ``out``, for this run alone; nothing is written before something is begun.

    None where there is none yet and nothing will be written. Raises UsageError where another
    run holds it, TargetError where it or the key cannot be used.
    """
    if dry_run and not os.path.exists(out / LEDGER):
        yield None
        return
    with contextlib.ExitStack() as held:
        yield Ledger(_File(out / LEDGER, held), key())


def is_ledger(path: Path) -> bool:
    """Whether it is one, and not only called so; one that may not be read is taken at its word."""
    if path.name != LEDGER or os.path.islink(path) or not os.path.isfile(path):
        return False
    try:
        return files.begins(path, PROGRAM)
    except OSError:
        return True


def key() -> bytes:
    """The user's own key, made when it is first needed. Raises TargetError."""
    path = Path("key")
    try:
        path = state_folder() / path
        with contextlib.suppress(FileNotFoundError):
            found = path.read_bytes()
            if len(found) == KEY:
                return found
        made = secrets.token_bytes(KEY)
        with files.draft_beside(path) as draft:
            draft.write_bytes(made)
            files.commit(draft, path, 0o600)
    except (OSError, RuntimeError, TargetError) as error:  # RuntimeError: there is no home.
        cause = error.__cause__ if isinstance(error, TargetError) else error
        reason = getattr(cause, "strerror", cause)
        problem = f"cannot be kept ({reason}), and without it copies are not known again"
        remedy = "set XDG_STATE_HOME to a folder of yours that can be written"
        raise TargetError(path, problem, remedy) from error
    return made


def state_folder() -> Path:
    """Where programs of this user keep what is no setting (XDG Base Directory Specification)."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local"), "scrub")
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/scrub"
    chosen = os.environ.get("XDG_STATE_HOME")
    return Path(chosen or Path.home() / ".local/state", "scrub")


class _File:
    """A ledger in a folder, locked against other runs from its first byte on."""

    def __init__(self, path: Path, held: contextlib.ExitStack) -> None:
        self.path = path
        self._held = held
        self._locked = False
        self._size = 0

    def read(self) -> bytes:
        try:
            if not self.path.exists():
                return b""
            self._lock()
            data = self.path.read_bytes()
        except OSError as error:
            raise files.unwritable(self.path, error) from error
        self._size = len(data)
        return data

    def start(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(0o600)
            self._lock()
            if self.path.stat().st_size != self._size:
                raise self._busy()  # Begun since it was read.
            if self._size:
                os.truncate(self.path, 0)
        except OSError as error:
            raise files.unwritable(self.path, error) from error

    def append(self, lines: bytes) -> None:
        try:
            with self.path.open("ab") as file:
                file.write(lines)
                file.flush()
                if b"begun" in lines:
                    os.fsync(file.fileno())
        except OSError as error:
            raise files.unwritable(self.path, error) from error

    def _lock(self) -> None:
        if self._locked:
            return
        self._locked = True
        with contextlib.suppress(OSError):  # A disk without locks.
            if not self._held.enter_context(files.locked(self.path)):
                raise self._busy()

    def _busy(self) -> UsageError:
        problem = "is being written by another run of scrub"
        return UsageError(self.path.parent, problem, "wait until that has ended, or stop it")
