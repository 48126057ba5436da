"""A folder that is made whole or not at all: a new registry, or one in the place of another."""

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from qtctl.adapters.files import check_writable, name_failures, open_folder
from qtctl.contained.folder import Folder, make_unused_name
from qtctl.contained.looking import is_file, is_folder, is_link, leads_somewhere
from qtctl.contained.walk import Entry, Walk
from qtctl.contained.written import make_folders
from qtctl.errors import InputError, Place

_OF_A_REGISTRY = (".toml", ".json")


def write_new_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Make a folder with these files by relative path, completely or not at all. InputError if it is not empty.

    Everything is written to a folder beside its place and moved in the end; an empty folder there is replaced.
    """
    _check_new(folder)
    where = folder.absolute()
    with name_failures("made", Place(str(folder))), make_folders(where.parent), Folder.open(where.parent) as above:
        _move_in(above, where.name, contents)


def _move_in(above: Folder, name: str, contents: Mapping[str, bytes]) -> None:
    with above.new_folder() as (made, inside):
        for path, content in sorted(contents.items()):
            inside.check_writable(path)
            inside.write(path, content, 0o644, sync=True)
        os.fchmod(inside.fd, 0o755)
        os.rename(made, name, src_dir_fd=above.fd, dst_dir_fd=above.fd)


def replace_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """As `write_new_folder`, but replaces an existing registry: the old one is removed when the new one is complete.

    InputError if it has anything that a registry does not have.
    """
    with name_failures("read", Place(str(folder))):
        is_new = not is_folder(folder) or not any(folder.iterdir())
    if is_new:
        write_new_folder(folder, contents)
        return
    _check_old(folder)
    where = folder.absolute()
    with name_failures("replaced", Place(str(folder))), Folder.open(where.parent) as above:
        aside = make_unused_name()
        os.rename(where.name, aside, src_dir_fd=above.fd, dst_dir_fd=above.fd)
        try:
            _move_in(above, where.name, contents)
        except BaseException:
            os.rename(aside, where.name, src_dir_fd=above.fd, dst_dir_fd=above.fd)
            raise
        shutil.rmtree(aside, ignore_errors=True, dir_fd=above.fd)


def _check_old(folder: Path) -> None:
    """InputError if it is not a registry, or has something else that this would delete."""
    with open_folder(folder) as root:
        odd = [
            each.path for each in Walk(root).list_entries() if each.is_link or each.problem or not _is_ordinary(each)
        ]
    if folder.is_symlink() or odd or not is_file(folder / "fleet.toml"):
        what = f"holds {odd[0]}" if odd else "has no fleet.toml"
        raise InputError(f"is not a registry: {what}", hint="name another folder", place=Place(str(folder)))


def _is_ordinary(entry: Entry) -> bool:
    if entry.is_folder:
        return True
    found = os.stat(entry.name, dir_fd=entry.fd, follow_symlinks=False)
    return stat.S_ISREG(found.st_mode) and Path(entry.name).suffix in _OF_A_REGISTRY


def check_new_registry(folder: Path, *, force: bool) -> None:
    """InputError if nothing can be created there. Call it before the work whose result is to be written."""
    if not force:
        try:
            _check_new(folder)
        except InputError as error:
            if is_file(folder / "fleet.toml"):
                hint = "name another folder, or say --force to replace it"
                raise InputError("is a registry already", hint=hint, place=Place(str(folder))) from error
            raise
    check_writable(folder / "fleet.toml")


def _check_new(folder: Path) -> None:
    place = Place(str(folder))
    if is_link(folder) or (leads_somewhere(folder) and not is_folder(folder)):
        raise InputError("exists, and is not a folder", hint="name a new one", place=place)
    with name_failures("read", place):
        if is_folder(folder) and any(folder.iterdir()):
            raise InputError("is not empty", hint="name a new folder, or an empty one", place=place)
    if is_folder(folder) and folder.samefile(Path.cwd()):
        hint = "name a folder below it"
        raise InputError("is the current folder, which cannot be replaced", hint=hint, place=place)
