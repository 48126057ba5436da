"""Files and programs of the operator, which nobody with fewer rights may have changed."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from qtctl.contained.regular import check_regular, read_up_to
from qtctl.errors import InputError, Place
from qtctl.meaning.access import Entry, Kind, find_first_change, walk

MOST = 256 * 1024
_KINDS = ((stat.S_ISLNK, Kind.LINK), (stat.S_ISDIR, Kind.FOLDER), (stat.S_ISREG, Kind.FILE))
_LIST = "system.posix_acl_access"


def read_guarded(path: Path, *, private: bool = False) -> bytes:
    """The content. InputError if another account could change what it says; if `private`, also if one could read it."""
    check_guarded(path)
    place = Place(str(path))
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            check_regular(found, MOST, place)
            if private and stat.S_IMODE(found.st_mode) & 0o077:
                what = f"holds a secret, and its mode is {stat.S_IMODE(found.st_mode):04o}, should be 0600"
                raise InputError(what, hint="chmod 0600, and a new secret if others may have read it", place=place)
            return read_up_to(file.fileno(), MOST)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", hint="check the path", place=place) from error


def check_guarded(path: Path) -> None:
    """InputError if the file is not there, or someone other than root and this user could change it."""
    place = Place(str(path))
    way = walk(str(path.absolute()), _Entries())
    if way.end is None:
        raise InputError(f"there is no {way.missing}", hint="check the path", place=place)
    change = find_first_change(way.entries, (os.geteuid(),))
    if change is not None:
        hint = "let only root and the user of qtctl write to it and to the folders above it"
        raise InputError(f"is not used: {change.describe()}", hint=hint, place=place)


class _Entries(Mapping[str, Entry]):
    """Entries of this machine, each looked at when it is asked for."""

    def __getitem__(self, path: str) -> Entry:
        try:
            found = os.lstat(path)
        except OSError as error:
            raise KeyError(path) from error
        kind = next((kind for is_kind, kind in _KINDS if is_kind(found.st_mode)), Kind.OTHER)
        target = str(Path(path).readlink()) if kind is Kind.LINK else ""
        acl = None if kind is not Kind.LINK and _LIST in _list_attributes(path) else ()
        return Entry(path, kind, found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode), target, acl)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _list_attributes(path: str) -> list[str]:
    try:
        return os.listxattr(path)
    except OSError:
        return []
