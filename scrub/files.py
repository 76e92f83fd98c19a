"""Temporary files, and the one moment when a target changes.

A target is written under a private name in its own folder, flushed to the disk, and put in
place by one rename. Whatever happens before leaves the old state; whatever happens after,
the new one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from scrub.errors import InputError, StorageError, TargetError

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl

NEUTRAL_TIME = 946684800
"""Seconds since 1970 of the modification time that every target gets: 2000-01-01 UTC."""

DRAFT_PREFIX = ".scrub-"
DRAFT_SUFFIX = ".part"
"""What a temporary file's name starts and ends with; no program takes it for a picture.

Between them are the number of the writing process, so that its parent can remove what it left
when it crashed, and chance. As long as it is written, a draft is locked where the system has locks:
one that is not was left by a run that was killed with all its processes.
"""

DISK_FAILS = (errno.EIO, errno.EROFS, errno.ENODEV, errno.ENXIO, errno.ESTALE)

REMEDIES = {
    errno.ENOSPC: "make room on its disk and run scrub again",
    errno.EDQUOT: "make room on its disk and run scrub again",
    errno.EFBIG: "its disk takes no file so large: use another",
    **dict.fromkeys(DISK_FAILS, "look at its disk and run scrub again"),
}
"""Of errors that the disk is to blame for, and not the file or the folder."""

ROOM = 2
"""Times the size of an original that its copy may need."""

CHUNK = 1 << 20
"""Bytes that are read at once for a digest."""

WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
"""Permissions of which a file needs one to be replaced, even by the superuser, whom none stops."""


@contextlib.contextmanager
def draft_beside(target: Path) -> Iterator[Path]:
    """A new private file in ``target``'s folder, which is made; removed when the block ends.

    Raises TargetError where the folder cannot be written.
    """
    draft = target.parent / f"{DRAFT_PREFIX}{os.getpid()}-{secrets.token_hex(8)}{DRAFT_SUFFIX}"
    # One block around all: an interrupt may come between the making and the use.
    with contextlib.ExitStack() as held:
        held.callback(_discard, draft)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            held.callback(os.close, _created(draft))
        except OSError as error:
            raise unwritable(target, error) from error
        yield draft


def commit(draft: Path, target: Path, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Put ``draft`` in the place of ``target`` for good, with permissions ``mode``.

    ``owner`` are the user and the group that it is given to, None for this process's. The
    content is on the disk before the name points to it. Raises TargetError and leaves
    ``target`` as it was where that fails.
    """
    try:
        # Opened first: ``mode`` may forbid to write.
        with draft.open("rb+") as file:
            if owner is not None:
                _give(draft, owner)  # first: it takes special permissions away
            os.chmod(draft, mode)
            os.utime(draft, (NEUTRAL_TIME, NEUTRAL_TIME))
            os.fsync(file.fileno())
        os.replace(draft, target)
    except OSError as error:
        raise unwritable(target, error) from error
    _flush_folder(target.parent)


def check_replaceable(path: Path, found: os.stat_result) -> None:
    """Raise InputError where the file could not be replaced by one that is like it.

    ``found`` is its status, as :func:`check_input` gives it.
    """
    if not found.st_mode & WRITABLE or not os.access(path, os.W_OK):
        raise InputError(path, "is read-only", "make it writable, or use --out")
    if found.st_nlink > 1:
        problem = "has another name (a hard link), under which the original would stay"
        raise InputError(path, problem, "use --out, or remove its other names first")
    if not _may_give(found.st_uid, found.st_gid):
        raise InputError(path, "belongs to somebody else", "use --out, or run scrub as its owner")


def _may_give(user: int, group: int) -> bool:
    """Whether a new file may be given to them; systems without owners ask nobody."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return True
    return user == os.geteuid() and group in {os.getegid(), *os.getgroups()}


def _give(path: Path, owner: tuple[int, int]) -> None:
    """To a user and a group; nothing is asked where they are the right ones already."""
    found = path.stat()
    if (found.st_uid, found.st_gid) != owner:
        os.chown(path, *owner)


def begins(path: Path, opening: str) -> bool:
    """Whether the file begins with these words, or is empty. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(opening)) in (b"", opening.encode())


def is_draft(path: Path) -> bool:
    """Whether the name is one that :func:`draft_beside` gives."""
    return path.name.startswith(DRAFT_PREFIX) and path.name.endswith(DRAFT_SUFFIX)


def remove_drafts(folder: Path, writer: int) -> None:
    """Remove what the dead process ``writer`` left in ``folder``."""
    for draft in folder.glob(f"{DRAFT_PREFIX}{writer}-*{DRAFT_SUFFIX}"):
        draft.unlink(missing_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Remove the drafts in ``folder`` that nobody writes any more, as far as that can be told."""
    for draft in folder.glob(f"{DRAFT_PREFIX}*{DRAFT_SUFFIX}"):
        with contextlib.suppress(OSError), locked(draft) as ours:
            if ours:
                draft.unlink(missing_ok=True)


def is_abandoned(draft: Path) -> bool:
    """Whether nobody writes ``draft`` any more; False where the system cannot tell."""
    try:
        with locked(draft) as ours:
            return ours
    except OSError:
        return False


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold the lock of the file at ``path`` for the block, if nobody else holds it.

    Gives False where somebody does. The system takes the lock from a process that ends,
    however it ends. Raises OSError where the file cannot be opened, or where there are no locks.
    """
    descriptor = os.open(path, os.O_RDWR)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def fingerprint(path: Path) -> tuple[int, int, int]:
    """Changes when somebody writes to the file or replaces it; raises what check_input raises."""
    found = check_input(path)
    return found.st_ino, found.st_size, found.st_mtime_ns


def digest(path: Path) -> bytes:
    """SHA-256 of the content. Raises InputError where it cannot be read to its end."""
    result = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            while piece := file.read(CHUNK):
                result.update(piece)
    except OSError as error:
        raise unreadable(path, error) from error
    return result.digest()


def plain_mode() -> int:
    """The permissions that a new file gets from the user's own mask."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def has_room(folder: Path, size: int) -> bool:
    """Whether the copy of an original of ``size`` bytes fits there; True where no system tells."""
    there = next((one for one in (folder, *folder.parents) if os.path.exists(one)), folder)
    try:
        return shutil.disk_usage(there).free >= ROOM * size
    except OSError:
        return True


def check_input(path: Path) -> os.stat_result:
    """The status of a readable file; raises InputError for a link, a device or a folder."""
    try:
        found = path.lstat()
    except FileNotFoundError as error:
        raise InputError(path, "does not exist", "check the name") from error
    except OSError as error:
        raise InputError(
            path, f"cannot be looked at ({error.strerror})", "check the name and its folder"
        ) from error
    if stat.S_ISLNK(found.st_mode):
        raise InputError(path, "is a link", "name what it points to")
    if not stat.S_ISREG(found.st_mode):
        raise InputError(path, "is not a file", "name a picture or a folder")
    if not os.access(path, os.R_OK):
        raise InputError(path, "may not be read", "change its permissions")
    return found


def real(path: Path) -> Path:
    """Where it is, whatever links lead there; unlike Path.resolve, not stopped by any that loop."""
    return Path(os.path.realpath(path))


def place(path: Path) -> str:
    """Where the file is, whatever links lead to its folder; a link itself stays one."""
    return os.path.join(os.path.realpath(path.parent), path.name)


def full(folder: Path) -> StorageError:
    """The error to raise where nothing more fits into ``folder``."""
    problem = "has no room left on its disk"
    return StorageError(folder, problem, "make room and run scrub again")


def unreadable(path: Path, error: OSError) -> InputError:
    """The error to raise where ``path`` could not be read because of ``error``."""
    match error:
        case PermissionError():
            return InputError(path, "may not be read", "change its permissions")
        case FileNotFoundError():
            return InputError(path, "is gone", "look where it was moved to")
        case _:
            problem = f"cannot be read ({error.strerror or type(error).__name__})"
            return InputError(path, problem, "look at its disk")


def unwritable(target: Path, error: OSError) -> TargetError:
    """The error to raise where ``target`` could not be written because of ``error``."""
    problem = f"cannot be written ({error.strerror or type(error).__name__})"
    if error.errno in REMEDIES:
        return StorageError(target, problem, REMEDIES[error.errno])
    if error.errno == errno.ENAMETOOLONG:
        return TargetError(target, problem, "use a shorter name, or --names random")
    return TargetError(target, problem, "check the folder and its permissions")


def _created(draft: Path) -> int:
    """Make the file; the descriptor that holds its lock."""
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    if fcntl is None:  # An open file could not be put in its target's place.
        os.close(descriptor)
        return os.open(os.devnull, os.O_RDONLY)
    with contextlib.suppress(OSError):  # A disk without locks.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _discard(draft: Path) -> None:
    if os.path.lexists(draft):
        draft.unlink()


def _lock(descriptor: int) -> bool:
    """False where another process holds it; raises OSError where there are no locks."""
    if fcntl is None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _flush_folder(folder: Path) -> None:
    """Make a rename in ``folder`` last through a power cut, where the system can be asked to.

    Windows, some network disks and folders that may not be listed cannot. The rename is
    done by then: calling it a failure would be wrong.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
