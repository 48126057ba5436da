"""A folder of unit files on this machine, searched: every file and link, and the content of those that matter."""

import os
from pathlib import Path

from qtctl.contained.folder import Folder
from qtctl.contained.looking import is_file, is_folder
from qtctl.contained.regular import MIB, Unreadable, check_regular, make_too_large_error, read_at
from qtctl.contained.walk import Entry, Walk
from qtctl.errors import InputError, Place
from qtctl.model.adoption import Found

LARGEST = 4 * MIB
"""Bytes of a unit file: systemd reads none that is larger."""
LARGEST_TOGETHER = 128 * MIB
SKIPPED = frozenset((".git", ".hg", ".svn"))
_OF_SYSTEMD = ("/etc/systemd/", "/run/systemd/", "/usr/local/lib/systemd/", "/usr/lib/systemd/", "/lib/systemd/")


def read_unit_folder(folder: Path) -> tuple[Found, ...]:
    """All of it, by path below `folder`. InputError if it is not a readable folder, or has no end."""
    if not is_folder(folder):
        raise InputError("is not a folder", hint="name a folder of unit files", place=Place(str(folder)))
    try:
        root = Folder.open(folder)
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise InputError(what, hint="check the path", place=Place(str(folder))) from error
    with root:
        return tuple(sorted(_read_all(root, folder), key=lambda each: each.path))


def _read_all(root: Folder, folder: Path) -> list[Found]:
    own = f"{folder.resolve()}/".startswith(_OF_SYSTEMD)
    found, size = [], 0
    for entry in Walk(root, SKIPPED).list_entries():
        if entry.is_folder and not entry.problem:
            continue
        found.append(_read_entry(root, entry, own=own))
        size += len(found[-1].content)
        if size > LARGEST_TOGETHER:
            raise make_too_large_error(LARGEST_TOGETHER, root.place(entry.path))
    return found


def _read_entry(root: Folder, entry: Entry, *, own: bool) -> Found:
    name = os.fsencode(entry.path).decode("utf-8", "backslashreplace")
    if entry.problem:
        return Found(name, problem=entry.problem)
    try:
        if entry.is_link:
            return _read_link(root, entry, name, own=own)
        return Found(name, read_at(entry.fd, entry.name, LARGEST, root.place(entry.path)))
    except Unreadable as error:
        return Found(name, problem=error.why)
    except InputError as error:
        return Found(name, problem=error.what)
    except OSError as error:
        return Found(name, problem=error.strerror or "cannot be read")


def _read_link(root: Folder, entry: Entry, name: str, *, own: bool) -> Found:
    """Read a link, without following it.

    Except where the folder is this machine's own: there a link to a file of the same name outside of it, as systemctl
    link makes them, is that file, since systemd reads it too.
    """
    target = os.readlink(entry.name, dir_fd=entry.fd)
    if own and Path(target).name == entry.name:
        real, above = (Path(os.path.realpath(each)) for each in (Path(root.where, entry.path), root.where))
        if real.name == entry.name and is_file(real) and not real.is_relative_to(above):
            return Found(name, _read(real))
    return Found(name, link=target)


def _read(path: Path) -> bytes:
    place = Place(str(path))
    check_regular(path.stat(), LARGEST, place)
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return read_at(handle, path.name, LARGEST, place)
    finally:
        os.close(handle)
