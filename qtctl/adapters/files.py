"""This machine's files: what is read from them, and how they are written so that none is ever half there."""

import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from importlib.resources import files as package_files
from pathlib import Path

from qtctl.errors import InputError, Place

LARGEST = 32 * 1024**2
_OF_A_REGISTRY = (".toml", ".json")


def read_registry(folder: Path) -> dict[str, bytes]:
    """All TOML files of a registry by their path relative to it. InputError where it is no readable folder."""
    if not folder.is_dir():
        hint = "say where it is: --registry DIR or QTCTL_REGISTRY"
        raise InputError("there is no registry here", hint=hint, place=Place(str(folder)))
    paths = sorted(path for path in folder.rglob("*.toml") if path.is_file())
    return {path.relative_to(folder).as_posix(): read_bytes(path) for path in paths}


def read_bytes(path: Path, most: int = LARGEST) -> bytes:
    """What a file holds. InputError where it cannot be read, or has more than `most` bytes."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", hint="check the path", place=Place(str(path))) from error
    if len(content) > most:
        what = f"larger than the {most // 1024**2} MiB that are read"
        raise InputError(what, hint="is it the right file?", place=Place(str(path)))
    return content


def read_text(path: Path) -> str:
    content = read_bytes(path)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError("not UTF-8", hint="save the file as UTF-8", place=Place(str(path), line)) from error


def read_templates(folder: Path | None) -> dict[str, str]:
    """The unit templates by file name: of `folder`, or those that ship with the package."""
    if folder is not None:
        if not folder.is_dir():
            raise InputError("there are no templates here", hint="check --templates", place=Place(str(folder)))
        return {path.name: read_text(path) for path in sorted(folder.glob("*.j2"))}
    return {path.name: read_text(path) for path in sorted(shipped("unit_templates").glob("*.j2"))}


def shipped(name: str) -> Path:
    """A folder of data that comes with the package: `unit_templates`, `registry`, `recorded`."""
    return Path(str(package_files("qtctl.data"))) / name


def check_writable(path: Path) -> None:
    """InputError where `write_atomic` could not write there. Asked before the work whose result it is to hold."""
    if path.is_dir():
        raise InputError("cannot be written: it is a folder", hint="name a file", place=Place(str(path)))
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise InputError(f"cannot be written: {above} is no folder", hint="check the path", place=Place(str(path)))
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"cannot be written: no permission in {above}", hint="check the path", place=Place(str(path)))


def write_atomic(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write whole or not at all: a temporary file beside it, fsync, rename. InputError where it cannot be."""
    check_writable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise InputError(what, hint="check the path", place=Place(str(path))) from error


def write_tree(folder: Path, contents: Mapping[str, tuple[bytes, int]]) -> None:
    """Write each file below `folder` by its relative path, with its mode. Nothing where one of them cannot be."""
    for path in sorted(contents):
        check_writable(folder / path)
    for path, (content, mode) in sorted(contents.items()):
        write_atomic(folder / path, content, mode)


def remove_marked(folder: Path, tops: Collection[str], mark: str, kept: Collection[str]) -> tuple[str, ...]:
    """Remove the files below the subfolders `tops` that begin with `mark`, but those in `kept`; their relative paths.

    Links are not followed and not removed. Folders that this empties go too. InputError where one cannot be removed.
    """
    below = (Path(at, name) for top in tops for at, _, names in os.walk(folder / top) for name in names)
    unwanted = (path for path in below if path.relative_to(folder).as_posix() not in kept)
    removed = sorted(path for path in unwanted if _begins(path, mark))
    for path in removed:
        try:
            path.unlink()
        except OSError as error:
            what = f"cannot be removed: {error.strerror}"
            raise InputError(what, hint="nothing declares it any more", place=Place(str(path))) from error
        _remove_empty(path.parent, folder)
    return tuple(path.relative_to(folder).as_posix() for path in removed)


def _begins(path: Path, mark: str) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(mark)) == mark.encode()
    except PermissionError:
        return False  # another's: it cannot be known to be ours


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def write_new_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Make a folder with these files by their relative path, whole or not at all. InputError where it has something.

    All is written in a folder beside its place and moved there in the end; what is there empty is replaced.
    """
    _check_new(folder)
    try:
        above = folder.absolute().parent
        above.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=above, prefix=f".{folder.absolute().name}."))
        try:
            for path, content in sorted(contents.items()):
                write_atomic(made / path, content)
            made.chmod(0o755)
            made.rename(folder.absolute())
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        what = f"cannot be made: {error.strerror}"
        raise InputError(what, hint="check the path", place=Place(str(folder))) from error


def replace_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """As `write_new_folder`, in the place of a registry that is there: the old one goes when the new one is whole.

    InputError where anything is in it that a registry does not have.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        write_new_folder(folder, contents)
        return
    odd = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in _OF_A_REGISTRY]
    if folder.is_symlink() or odd or not (folder / "fleet.toml").is_file():
        what = f"holds {odd[0].relative_to(folder)}" if odd else "has no fleet.toml"
        raise InputError(f"is no registry: {what}", hint="name another folder", place=Place(str(folder)))
    aside = Path(tempfile.mkdtemp(dir=folder.absolute().parent, prefix=f".{folder.absolute().name}."))
    old = aside / "old"
    folder.rename(old)
    try:
        write_new_folder(folder, contents)
    except BaseException:
        old.rename(folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def check_new_registry(folder: Path, *, force: bool) -> None:
    """InputError where nothing can be made there. Asked before the work whose result it is to hold."""
    if not force:
        try:
            _check_new(folder)
        except InputError as error:
            if (folder / "fleet.toml").is_file():
                hint = "name another folder, or say --force to replace it"
                raise InputError("is a registry already", hint=hint, place=Place(str(folder))) from error
            raise
    check_writable(folder / "fleet.toml")


def _check_new(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError("is there, and is no folder", hint="name a new one", place=Place(str(folder)))
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError("is not empty", hint="name a new folder, or an empty one", place=Place(str(folder)))
    if folder.is_dir() and folder.samefile(Path.cwd()):
        hint = "name a folder below it"
        raise InputError("is the working folder, which cannot be replaced", hint=hint, place=Place(str(folder)))
