"""A lab that lasts no longer than the command that made it, however that ends.

Its state folder has a random name, so that nothing else meets its hosts. A guardian, a process in a session of its own,
waits for the command to end: by itself, by a signal, or killed. Then it removes the hosts with all their processes,
mounts, links and cgroups, the keys and the folder. Both processes hold a lock on a file beside the folder; a folder
whose lock nobody holds was left by a guardian that was killed too, and is removed before the next one is made.
"""

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qtctl.errors import LabError
from qtctl.lab import lab, private, state
from qtctl.lab.shell import make_environment, read_tail

LOCK = ".lock"
START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from pathlib import Path; "
    "from qtctl.lab.throwaway import guard; guard(*map(Path, sys.argv[1:]))"
)
"""What a guardian runs, and not -m: that would look for qtctl in the folder where the command was started."""
REMOVED_WITHIN_S = 60
TRIES, BETWEEN_TRIES_S = 5, 1.0
PASSES, BETWEEN_S = 2, 0.2
"""A command of this machine that the killed caller had begun may end only after the first pass."""


@contextmanager
def make_throwaway_lab() -> Iterator[None]:
    """In here, the lab is a new one without hosts; afterwards nothing is left of it. LabError if something is.

    What is left of earlier ones that were killed together with their guardian is removed, too."""
    missing = _list_missing(state.locate_state().absolute())
    parent = private.ensure_private_folder(state.ensure_own_state() / state.THROWAWAY)
    remove_abandoned(parent)
    folder, lock = _make_folder(parent)
    try:
        with _guard_removal(folder, lock, missing), state.use_state(folder):
            yield
    finally:
        os.close(lock)


@contextmanager
def _guard_removal(folder: Path, lock: int, missing: list[Path]) -> Iterator[None]:
    try:
        guardian = _start_guardian(folder, lock, missing)
    except BaseException:
        remove_lab(folder)
        raise
    try:
        yield
    finally:
        _await_removal(guardian, folder)


def _list_missing(path: Path) -> list[Path]:
    """The folders above `path` that are not there yet, the deepest first."""
    return [each for each in path.parents if not os.path.lexists(each)]


def _make_folder(parent: Path) -> tuple[Path, int]:
    """A new state folder, and its locked lock file."""
    while True:
        folder = parent / secrets.token_hex(4)
        lock = private.create(folder.with_suffix(LOCK), os.O_WRONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_at(lock, folder.with_suffix(LOCK)):  # no sweep removed it meanwhile
            return private.ensure_private_folder(folder), lock
        os.close(lock)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _start_guardian(folder: Path, lock: int, missing: list[Path]) -> "subprocess.Popen[bytes]":
    """It waits for the end of its standard input, whose other end only this process has, and keeps the lock."""
    argv = [sys.executable, "-P", "-c", START, str(Path(__file__).parents[2]), str(folder), *map(str, missing)]
    return subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        pass_fds=(lock,), cwd="/", env=make_environment(),
    )  # fmt: skip


def _await_removal(guardian: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Tell the guardian that this lab has ended, and wait for it. An interrupt ends the wait, and not the removal."""
    try:
        _, said = guardian.communicate(timeout=REMOVED_WITHIN_S)
    except subprocess.TimeoutExpired as error:
        what = f"{folder}: the throwaway host was not removed in {REMOVED_WITHIN_S} s"
        raise LabError(what, hint=f"see what process {guardian.pid} waits for") from error
    if guardian.returncode < 0:  # someone killed it
        remove_lab(folder)
    elif guardian.returncode != 0:
        raise LabError(f"{folder}: the throwaway host could not be removed: {read_tail(said)}", hint="qtctl rehearse")


def remove_lab(folder: Path) -> None:
    """Remove every host of a throwaway lab, then its folder and its lock file."""
    with state.use_state(folder):
        for tries_left in reversed(range(PASSES)):
            lab.remove_all()
            if tries_left:
                time.sleep(BETWEEN_S)
    shutil.rmtree(folder, onerror=_raise_unless_missing)
    folder.with_suffix(LOCK).unlink(missing_ok=True)


def _raise_unless_missing(_remove: object, _path: str, error: "tuple[object, BaseException, object]") -> None:
    """Someone else may remove the same lab: the guardian of a caller that was interrupted just then."""
    if not isinstance(error[1], FileNotFoundError):
        raise error[1]


def remove_abandoned(parent: Path) -> None:
    """Remove throwaway labs that no process uses any more."""
    names = {path.with_suffix("").name for path in parent.iterdir()}
    for name in sorted(names):
        lock = private.create(parent / f"{name}{LOCK}", os.O_WRONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_lab(parent / name)
        except BlockingIOError:
            pass  # in use
        finally:
            os.close(lock)


def _remove_insistently(folder: Path) -> None:
    """Whatever is in the way, such as a machine that is too busy to end a process in time, may go by itself."""
    for tries_left in reversed(range(TRIES)):
        try:
            remove_lab(folder)
        except Exception:
            if not tries_left:
                raise
            time.sleep(BETWEEN_TRIES_S)
        else:
            return


def guard(folder: Path, *missing: Path) -> None:
    """Wait until nobody has the other end of standard input, then remove the lab and the folders made for it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    _remove_insistently(folder)
    for each in (folder.parent, folder.parent.parent, *missing):
        with suppress(OSError):  # in use, by another lab
            each.rmdir()
