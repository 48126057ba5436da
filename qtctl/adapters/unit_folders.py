"""A folder of unit files on this machine, searched through: every file and link, the content of those that matter."""

import os
from collections.abc import Iterator
from pathlib import Path

from qtctl.errors import InputError, Place
from qtctl.model.adoption import Found

LARGEST = 4 * 1024**2
"""Bytes of a unit file: systemd reads none that is larger."""
SKIPPED = frozenset((".git", ".hg", ".svn"))
_OF_SYSTEMD = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd")


def read_unit_folder(folder: Path) -> tuple[Found, ...]:
    """All of it, by path below `folder`. InputError where it is no folder that can be read."""
    if not folder.is_dir():
        raise InputError("is no folder", hint="name a folder of unit files", place=Place(str(folder)))
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InputError("cannot be read: no permission", hint="check the path", place=Place(str(folder)))
    return tuple(sorted(_walk(folder), key=lambda each: each.path))


def _walk(folder: Path) -> Iterator[Found]:
    refused: list[OSError] = []
    for above, folders, files in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in files:
            yield _found(folder, Path(above) / name)
        yield from (_found(folder, Path(above) / name) for name in folders if (Path(above) / name).is_symlink())
    for error in refused:
        path = Path(str(error.filename)).relative_to(folder).as_posix()
        yield Found(path, problem=error.strerror or "cannot be read")


def _found(folder: Path, path: Path) -> Found:
    name = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
    if path.is_symlink():
        return _link(folder, path, name)
    try:
        if not path.is_file():
            return Found(name, problem="not a regular file")
        if path.stat().st_size > LARGEST:
            return Found(name, problem="larger than 4 MiB")
        return Found(name, path.read_bytes())
    except OSError as error:
        return Found(name, problem=error.strerror or "cannot be read")


def _link(folder: Path, path: Path, name: str) -> Found:
    """A link to a file of the same name outside of the folder is that file, as systemctl link makes them.

    Absolute ones are followed only where the folder is this machine's own: in a copy they lead to another system.
    """
    target = str(path.readlink())
    own = str(folder.resolve()).startswith(_OF_SYSTEMD)
    if Path(target).name == path.name and (own or not target.startswith("/")):
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):
            return Found(name, link=target)
        if real.is_file() and not real.is_relative_to(folder.resolve()) and real.stat().st_size <= LARGEST:
            return Found(name, real.read_bytes())
    return Found(name, link=target)
