"""Snapshots in a folder that git can track: HOST/NUMBER-TIME-DIGEST.qtsnap, its signature, and HOST/index.json."""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from qtctl.contained.folder import Folder
from qtctl.contained.looking import leads_somewhere
from qtctl.contained.regular import read_at
from qtctl.errors import InputError, Place
from qtctl.history.archive import LARGEST, unpack
from qtctl.history.choose import choose_name
from qtctl.history.index import ENDING, INDEX_NAME, MOST, make_entry, make_file_name, read_index, write_index
from qtctl.interfaces.snapshot_store import Build
from qtctl.model.snapshot import Chain, Entry, Pruned, Snapshot, Stored

_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")
_MODE, _LARGEST_INDEX, _LARGEST_SIGNATURE, _LARGEST_ALL = 0o600, 8 << 20, 64 << 10, 512 << 20
_LOCK = ".lock"


def locate_default_folder(environ: Mapping[str, str], home: Path) -> Path:
    """`qtctl/snapshots` in XDG_STATE_HOME, else in ~/.local/state."""
    state = environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else home / ".local/state") / "qtctl/snapshots"


class SnapshotFolder:
    """qtctl.interfaces.snapshot_store.SnapshotStore in a folder of this machine."""

    def __init__(self, where: Path) -> None:
        self._where = where.absolute()

    @property
    def place(self) -> str:
        return str(self._where)

    def list_hosts(self) -> tuple[str, ...]:
        try:
            found = [each.name for each in os.scandir(self._where) if each.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _make_read_error(self.place, error) from error
        hosts = (name for name in found if _HOST.fullmatch(name))
        return tuple(
            sorted(name for name in hosts if self._list_names(name) or leads_somewhere(self._where / name / INDEX_NAME))
        )

    def read(self, host: str) -> Chain:
        names = self._list_names(host)
        if not names:
            return Chain(host, ())
        with self._open(host) as folder:
            stored, left = [], _LARGEST_ALL
            for name in names:
                stored.append(self._read_one(folder, host, name))
                left -= len(stored[-1].content)
                if left < 0:
                    what = f"more than {_LARGEST_ALL >> 20} MiB of snapshots"
                    raise InputError(what, hint="qtctl snapshot take --keep N", place=Place(folder.where))
            try:
                entries, pruned = self._read_index(folder, host)
            except InputError as error:
                return Chain(host, tuple(stored), damage=error.what)
        return Chain(host, tuple(stored), entries, pruned)

    def pick(self, host: str, word: str) -> Stored | None:
        name = choose_name(self._list_names(host), word)
        if name is None:
            return None
        with self._open(host) as folder:
            return self._read_one(folder, host, name)

    def append(self, host: str, build: Build) -> tuple[Snapshot, str]:
        self._make(host)
        with self._open_to_write(host) as folder:
            entries, pruned = self._read_index(folder, host)
            names = self._list_names(host)
            newest = self._read_one(folder, host, names[-1]) if names else None
            before = unpack(newest.content, newest.where) if newest else None
            snapshot, stored = build(before)
            name = make_file_name(snapshot)
            folder.write(name, stored.content, _MODE, sync=True)
            if stored.signature:
                folder.write(f"{name}.sig", stored.signature, _MODE, sync=True)
            listed = (*(entries or ()), make_entry(snapshot)) if entries is not None or not names else None
            if listed is not None:
                self._write_index(folder, host, listed, pruned)
            return snapshot, f"{folder.where}/{name}"

    def prune(self, host: str, keep: int) -> tuple[str, ...]:
        with self._open_to_write(host) as folder:
            entries, _ = self._read_index(folder, host)
            old = self._list_names(host)[:-keep]
            if not old or entries is None:
                return ()
            last = unpack(self._read_one(folder, host, old[-1]).content, old[-1])
            kept = tuple(each for each in entries if each.number > last.head.number)
            # The index first: a check finds what it no longer lists, and the next prune removes it.
            self._write_index(folder, host, kept, Pruned(last.head.number, last.digest))
            for name in old:
                folder.remove(name)
                with suppress(FileNotFoundError):
                    folder.remove(f"{name}.sig")
            return tuple(old)

    def rebuild_index(self, host: str) -> int:
        if not self._list_names(host):
            return 0
        with self._open_to_write(host) as folder:
            found = []
            for name in self._list_names(host):
                with suppress(InputError):
                    found.append(unpack(self._read_one(folder, host, name).content, name))
            found.sort(key=lambda each: each.head.number)
            first = found[0].head if found else None
            pruned = Pruned(first.number - 1, first.previous) if first and first.number > 1 else None
            self._write_index(folder, host, tuple(map(make_entry, found)), pruned)
            return len(found)

    def _list_names(self, host: str) -> list[str]:
        """Every file with a snapshot's ending, even with another name than qtctl would give it."""
        if not _HOST.fullmatch(host):
            raise InputError(f"{host!r} is not a valid folder name", hint="letters, digits, - _ .")
        try:
            found = [each.name for each in os.scandir(self._where / host) if each.name.endswith(ENDING)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _make_read_error(str(self._where / host), error) from error
        if len(found) > MOST:
            what = f"{len(found)} snapshots, and {MOST} are read"
            raise InputError(what, hint="qtctl snapshot take --keep N", place=Place(str(self._where / host)))
        return sorted(found)

    def _make(self, host: str) -> None:
        self._list_names(host)
        try:
            (self._where / host).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            what = f"cannot be made: {error.strerror}"
            raise InputError(what, hint="name a folder with --store", place=Place(str(self._where / host))) from error

    @contextmanager
    def _open(self, host: str) -> Iterator[Folder]:
        try:
            with Folder.open(self._where / host) as folder:
                yield folder
        except OSError as error:
            raise _make_read_error(str(self._where / host), error) from error

    @contextmanager
    def _open_to_write(self, host: str) -> Iterator[Folder]:
        try:
            with Folder.open(self._where / host) as folder, _hold_lock(folder):
                yield folder
        except OSError as error:
            what = f"cannot be read or written: {error.strerror}"
            raise InputError(what, hint="check the folder", place=Place(str(self._where / host))) from error

    def _read_one(self, folder: Folder, host: str, name: str) -> Stored:
        """A file that is not a snapshot is returned too: a check reports it. A link is refused."""
        content = read_at(folder.fd, name, LARGEST, folder.place(name))
        signature = b""
        with suppress(FileNotFoundError):
            signature = read_at(folder.fd, f"{name}.sig", _LARGEST_SIGNATURE, folder.place(f"{name}.sig"))
        return Stored(f"{host}/{name}", content, signature)

    def _read_index(self, folder: Folder, host: str) -> tuple[tuple[Entry, ...] | None, Pruned | None]:
        try:
            content = folder.read(INDEX_NAME, _LARGEST_INDEX)
        except FileNotFoundError:
            return None, None
        return read_index(content, f"{folder.where}/{INDEX_NAME}", host)

    def _write_index(self, folder: Folder, host: str, entries: tuple[Entry, ...], pruned: Pruned | None) -> None:
        folder.write(INDEX_NAME, write_index(host, entries, pruned), _MODE, sync=True)


@contextmanager
def _hold_lock(folder: Folder) -> Iterator[None]:
    """Two processes that take a snapshot at the same time would both follow the same one."""
    handle = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE, dir_fd=folder.fd)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read_file(path: Path) -> Stored:
    """One snapshot, named by path. InputError if it cannot be read, or is not a regular file."""
    try:
        with Folder.open(path.absolute().parent) as above:
            content = read_at(above.fd, path.name, LARGEST, Place(str(path)))
    except OSError as error:
        raise _make_read_error(str(path), error) from error
    return Stored(str(path), content)


def _make_read_error(where: str, error: OSError) -> InputError:
    return InputError(f"cannot be read: {error.strerror}", hint="check the path", place=Place(where))
