"""The audit trail on the machine that runs qtctl: lines of JSON in a file of the user's, append-only.

No link is followed below the named folder, and only a regular file of this user's is written to.
"""

import fcntl
import json
import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from qtctl.contained.folder import Folder
from qtctl.contained.regular import MIB, describe_kind
from qtctl.errors import InputError

VARIABLE = "QTCTL_TRAIL"
NAME = "trail.jsonl"
LARGEST = 8 * MIB
"""At this size the file becomes NAME.1, replacing the previous one: years of deploys."""
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def locate(environ: Mapping[str, str]) -> tuple[Path, tuple[str, ...]]:
    """A trusted folder and the names below it: from $QTCTL_TRAIL, or the file in $XDG_STATE_HOME or ~/.local/state.

    If HOME belongs to another account, as after some `sudo`, it does not count.
    """
    if named := environ.get(VARIABLE):
        path = Path(named).absolute()
        return path.parent, (path.name,)
    if (shared := environ.get("XDG_STATE_HOME", "")).startswith("/") and _is_own(shared):
        return Path(shared), ("qtctl", NAME)
    home = environ.get("HOME", "")
    if not home.startswith("/") or not _is_own(home):
        home = pwd.getpwuid(os.geteuid()).pw_dir
    return Path(home), (".local", "state", "qtctl", NAME)


def _is_own(folder: str) -> bool:
    try:
        return Path(folder).stat().st_uid == os.geteuid()
    except OSError:
        return False


def append_record(record: Mapping[str, object], environ: Mapping[str, str]) -> str:
    """Append one line. Returns why that failed, or ''."""
    try:
        base, names = locate(environ)
    except KeyError:
        return f"the account {os.geteuid()} has no home folder"
    where = base.joinpath(*names)
    line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
    try:
        with _open_folder(base, names[:-1]) as fd, _open_locked(fd, names[-1]) as handle:
            _write(handle, line)
    except InputError as error:
        return f"{where}: {error.what}"
    except (OSError, KeyError) as error:
        return f"{where}: {getattr(error, 'strerror', None) or error}"
    return ""


@contextmanager
def _open_folder(base: Path, names: tuple[str, ...]) -> Iterator[int]:
    """The last of these folders, open. Missing ones are made for this user alone."""
    with Folder.open(base) as root:
        opened = [os.dup(root.fd)]
        try:
            for name in names:
                if not _is_there(opened[-1], name):
                    os.mkdir(name, 0o700, dir_fd=opened[-1])
                opened.append(os.open(name, _OPEN_FOLDER, dir_fd=opened[-1]))
            yield opened[-1]
        finally:
            for fd in opened:
                os.close(fd)


def _is_there(fd: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def _open_locked(fd: int, name: str) -> Iterator[int]:
    """The file, open and locked. A large one is rotated first."""
    handle = os.open(name, _FLAGS, 0o600, dir_fd=fd)
    try:
        _check(os.fstat(handle))
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_size >= LARGEST:
            os.rename(name, f"{name}.1", src_dir_fd=fd, dst_dir_fd=fd)
            os.close(handle)
            handle = os.open(name, _FLAGS, 0o600, dir_fd=fd)
            _check(os.fstat(handle))
        yield handle
    finally:
        os.close(handle)


def _check(found: os.stat_result) -> None:
    """InputError unless it is a file that only this user reads and writes."""
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"it is {describe_kind(found)}, not a regular file", hint="name a file")
    if found.st_uid != os.geteuid():
        raise InputError(f"it belongs to user {found.st_uid}", hint="name a file of your own")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise InputError(f"mode {stat.S_IMODE(found.st_mode):04o}, should be 0600", hint="chmod 0600")
    if found.st_nlink > 1:
        raise InputError("it has another name (a hard link)", hint="name another file")


def _write(handle: int, line: bytes) -> None:
    """A line that a power cut or a full disk left unfinished is ended first."""
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        line = b"\n" + line
    while line:
        line = line[os.write(handle, line) :]
    os.fsync(handle)
