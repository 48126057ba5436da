"""Add new files to an existing folder, and tables to an existing file of tables."""

from collections.abc import Mapping
from pathlib import Path

from qtctl.contained.folder import Folder
from qtctl.errors import InputError, Place

_MODE, _LARGEST = 0o644, 4 << 20


def add_files(folder: Path, files: Mapping[str, str], tables: str = "") -> tuple[Path, ...]:
    """`tables`: the file that may already exist. InputError, before anything is written, if another one exists."""
    try:
        with Folder.open(folder) as opened:
            contents = {
                name: _add_text(opened, name, text, may_be_there=name == tables) for name, text in files.items()
            }
            for name, content in contents.items():
                opened.write(name, content, _MODE, sync=True)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise InputError(what, hint="name an existing folder", place=Place(str(folder))) from error
    return tuple(folder / name for name in files)


def _add_text(folder: Folder, name: str, text: str, *, may_be_there: bool) -> bytes:
    if not folder.has_entry(name):
        return text.encode()
    if not may_be_there:
        raise InputError("already exists, and is not overwritten", hint="move it away", place=folder.place(name))
    before = folder.read(name, _LARGEST)
    head = text.partition("\n")[0]
    if head.encode() in before.split(b"\n"):
        raise InputError(f"has {head} already", hint="nothing to do", place=folder.place(name))
    return before.rstrip(b"\n") + b"\n\n" + text.encode()
