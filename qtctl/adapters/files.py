"""This machine's files: how they are read, and how they are written so that none is ever half there.

A path that an operator names is trusted, and so are the links on the way to it. What is below a named folder is not: it
is reached from the open folder, and nothing outside of it is read or written (decision 28).
"""

import fcntl
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.resources import files as package_files
from pathlib import Path

from qtctl.contained.folder import ASIDE, Folder, Links
from qtctl.contained.looking import is_file, is_folder, leads_somewhere
from qtctl.contained.regular import MIB, check_regular, make_too_large_error, read_at, read_up_to
from qtctl.contained.walk import Entry, Walk
from qtctl.contained.written import Written, find_above, make_folders
from qtctl.dialects.paths import names_of
from qtctl.errors import InputError, Place

LARGEST = 32 * MIB
"""Bytes of a file that an operator names, and of all files of a registry."""
LARGEST_BELOW = 4 * MIB
"""Bytes of one file of a registry, and of one template."""
_FLEET = "fleet.toml"
_PIPES = ("/dev/", "/proc/")
"""Where pipes come from the operator's shell: `<(…)`, standard input."""


def read_registry(folder: Path) -> dict[str, bytes]:
    """All TOML and lock files of a registry by relative path. InputError if the folder cannot be read.

    Files that seem meant as one but have another name are included (a folder with / at the end), without content.
    """
    if not os.path.lexists(folder / _FLEET):
        _check_may_be_registry(folder)
    with open_folder(folder) as root:
        read = (
            (f"{entry.path}{'/' * entry.is_folder}", _read_registry_file(root, entry))
            for entry in Walk(root).list_entries()
        )
        return dict(sorted(_check_total_size(root, ((path, content) for path, content in read if content is not None))))


def _check_may_be_registry(folder: Path) -> None:
    """Of a folder without fleet.toml, which might be there under a mistyped name. What cannot be read is left alone."""
    inner = folder / "registry"
    hint = "say where it is: --registry DIR or QTCTL_REGISTRY; `qtctl init` makes one"
    try:
        found = any(path.suffix == ".toml" for path in folder.iterdir())
    except PermissionError:
        return
    except OSError:
        found = False
    if os.path.lexists(inner / _FLEET):
        found, hint = False, f"did you mean {inner}?"
    if not found:
        raise InputError("there is no registry here", hint=hint, place=Place(str(folder)))


def _check_total_size(root: Folder, read: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Pass files on as they are read. InputError as soon as their total size is too large."""
    left = LARGEST
    for path, content in read:
        left -= len(content)
        if left < 0:
            raise make_too_large_error(LARGEST, Place(root.where))
        yield _read_text(root, path), content


def _read_registry_file(root: Folder, entry: Entry) -> bytes | None:
    """The file's content; None if it does not belong to a registry.

    A link whose name begins with a dot is an editor's lock.
    """
    if entry.problem:
        raise InputError(f"cannot be read: {entry.problem}", hint="check the path", place=root.place(entry.path))
    if entry.is_link and entry.name.startswith("."):
        return None
    if entry.is_folder or not (entry.name.endswith(".toml") or _is_lock(entry)):
        _check_no_linked_folder(root, entry)
        return b"" if _is_misnamed(entry) else None
    if entry.is_link:
        return _read(root, entry.path)
    with name_failures("read", root.place(entry.path)):
        return read_at(entry.fd, entry.name, LARGEST_BELOW, root.place(entry.path))


def _is_lock(entry: Entry) -> bool:
    """A lock file of a venv's packages. One that begins with a dot is an editor's."""
    return entry.path.startswith("locks/") and not entry.name.startswith(".")


def _is_misnamed(entry: Entry) -> bool:
    if entry.path.split("/")[0] == "schemas" or (entry.is_folder and entry.path in ("services", "legacy", "locks")):
        return False
    from qtctl.registry.file_names import is_misnamed  # noqa: PLC0415 - 3 ms, and good registries do without

    return is_misnamed(entry.path, is_folder=entry.is_folder)


def _check_no_linked_folder(root: Folder, entry: Entry) -> None:
    """Files in a linked folder would not be read, and the operator would not know."""
    with suppress(OSError):
        if entry.is_link and stat.S_ISDIR(os.stat(entry.name, dir_fd=entry.fd).st_mode):
            what = "cannot be read: it is a link to a folder"
            raise InputError(what, hint="put the folder itself there", place=root.place(entry.path))


def _read(root: Folder, path: str) -> bytes:
    with name_failures("read", root.place(path)):
        return root.read(path, LARGEST_BELOW)


def _read_text(root: Folder, path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        shown = Place(os.fsencode(str(root.place(path))).decode("utf-8", "backslashreplace"))
        raise InputError("its name is not UTF-8", hint="rename it", place=shown) from error
    return path


def read_bytes(path: Path, most: int = LARGEST) -> bytes:
    """The content of a file that an operator names. InputError if it cannot be read, or has more than `most` bytes."""
    place = Place(str(path))
    with name_failures("read", place):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | (0 if _is_pipe(path) else os.O_NONBLOCK))
        with os.fdopen(handle, "rb", buffering=0) as file:
            if not _is_pipe(path):
                _check_file(os.fstat(file.fileno()), most, place)
            content = read_up_to(file.fileno(), most + 1)
    if len(content) > most:
        raise make_too_large_error(most, place)
    return content


def _is_pipe(path: Path) -> bool:
    return str(path).startswith(_PIPES)


def _check_file(found: os.stat_result, most: int, place: Place) -> None:
    """Accepts a folder: reading it fails with the system's own message."""
    if not stat.S_ISDIR(found.st_mode):
        check_regular(found, most, place)


def read_inventory_text(path: Path) -> str:
    """As `read_text`. InputError for a program, which Ansible would run."""
    text = read_text(path)
    if text.startswith("#!") or os.access(path, os.X_OK):
        hint = "it is never run here: adopt what `ansible-inventory --list --yaml` prints, or take the x bit off"
        raise InputError("is a program, not an inventory", hint=hint, place=Place(str(path)))
    return text


def read_text(path: Path) -> str:
    return _decode(read_bytes(path), Place(str(path)))


def _decode(content: bytes, place: Place) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError("not UTF-8", hint="save the file as UTF-8", place=Place(place.file, line)) from error


def read_templates(folder: Path | None) -> dict[str, str]:
    """The unit templates by file name: from `folder`, or those that ship with the package."""
    if folder is None:
        folder = locate_shipped("unit_templates")
    missing = InputError("there are no templates here", hint="check --templates", place=Place(str(folder)))
    if not is_folder(folder):
        raise missing
    with open_folder(folder) as root:
        with name_failures("read", Place(str(folder))):
            names = [name for name in Walk(root).list_files() if name.endswith(".j2")]
        if not names:
            raise missing
        found = _check_total_size(root, ((name, _read(root, name)) for name in names))
        return {name: _decode(content, root.place(name)) for name, content in found}


def locate_shipped(name: str) -> Path:
    """A data folder of the package: `unit_templates`, `registry`, `recorded`."""
    return Path(str(package_files("qtctl.data"))) / name


def check_writable(path: Path) -> None:
    """InputError if `write_atomic` could not write there. Call it before the work whose result is to be written."""
    place = Place(str(path))
    if is_folder(path):
        raise InputError("cannot be written: it is a folder", hint="name a file", place=place)
    if leads_somewhere(path) and not is_file(path):
        raise InputError("cannot be written: it is not a regular file", hint="name a file", place=place)
    names_of(path.name)
    above = find_above(path)
    if not is_folder(above):
        raise InputError(f"cannot be written: {above} is not a folder", hint="check the path", place=place)
    if not os.access(above, os.W_OK | os.X_OK):
        read_only = os.statvfs(above).f_flag & os.ST_RDONLY
        why = f"the file system of {above} is read-only" if read_only else f"no permission in {above}"
        raise InputError(f"cannot be written: {why}", hint="check the path", place=place)
    with name_failures("written", place), suppress(FileNotFoundError):
        os.lstat(path)


def write_atomic(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write completely or not at all: a temporary file beside it, fsync, rename. InputError if that fails."""
    check_writable(path)
    with name_failures("written", Place(str(path))), make_folders(path.parent), Folder.open(path.parent) as above:
        above.write(path.name, content, mode, sync=True)


def append_to(path: Path, content: bytes) -> None:
    """Append to a regular file, which is created if it does not exist. InputError if that fails."""
    place = Place(str(path))
    with name_failures("written", place):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
        with os.fdopen(os.open(path, flags, 0o644), "ab", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError("cannot be written: it is not a regular file", hint="name a file", place=place)
            file.write(content)


def rewrite(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Replace files of a registry by relative path, each completely or not at all, keeping their modes."""
    with open_folder(folder) as root:
        for path, content in sorted(contents.items()):
            with name_failures("written", root.place(path)):
                root.rewrite(path, content)


def rewrite_registry(folder: Path, before: Mapping[str, bytes], contents: Mapping[str, bytes]) -> None:
    """`rewrite`, if the registry still is what was read (`before`). A new file never replaces another."""
    now = read_registry(folder)
    for path in contents:
        if now.get(path) != before.get(path):
            where = Place(str(folder / path))
            raise InputError("it was changed while this ran; nothing was written", hint="run it again", place=where)
    with open_folder(folder) as root:
        for path in sorted(contents.keys() - before.keys()):
            if root.has_entry(path):
                raise InputError(
                    "cannot be written: something exists there", hint="move it away", place=root.place(path)
                )
    rewrite(folder, {path: content for path, content in contents.items() if path in before})
    write_tree(folder, {path: (content, 0o644) for path, content in contents.items() if path not in before})


def write_tree(folder: Path, contents: Mapping[str, tuple[bytes, int]]) -> None:
    """Write each file below `folder` by relative path, with its mode; nothing if there is no room for one of them.

    Only then do they take their places. If one cannot, those before it stay, and the InputError says how many. It is an
    InputError too if a path leads out of the folder, by `..` or by a link on the way.
    """
    if not contents:
        return
    if not is_folder(folder):
        check_writable(folder / min(contents))
    with name_failures("made", Place(str(folder))), make_folders(folder), open_folder(folder, Links.REFUSED) as root:
        _lock(root, fcntl.LOCK_SH)
        for path in sorted(contents):
            with name_failures("written", root.place(path)):
                root.check_writable(path)
        with Written(root) as written:
            for path, (content, mode) in sorted(contents.items()):
                with name_failures("written", root.place(path)):
                    written.add(path, content, mode)
            for number, path in enumerate(sorted(contents)):
                replaced = f"; {number} of {len(contents)} files have been replaced" if number else ""
                with name_failures("written", root.place(path), replaced):
                    written.put_in_place(path)


def remove_marked(folder: Path, tops: Collection[str], mark: str, kept: Collection[str]) -> tuple[str, ...]:
    """Remove files below the subfolders `tops` that begin with `mark`, except `kept`; returns their relative paths.

    What `write_tree` left when it was killed is among them, unless another run may be writing to the folder now.
    Links are neither followed nor removed. Folders that become empty are removed. InputError if something cannot be
    removed.
    """
    with open_folder(folder, Links.REFUSED) as root:
        alone = _lock(root, fcntl.LOCK_EX)
        below = (each for each in Walk(root, only=tops).list_entries() if not each.is_link and not each.is_folder)
        ours = (each for each in below if each.path not in kept and (alone or not is_aside(each.path)))
        removed = [each.path for each in ours if _begins_with(each, mark.encode())]
        for path in sorted(removed):
            with name_failures("removed", root.place(path)):
                root.remove(path)
            _remove_empty(root, path)
    return tuple(sorted(removed))


def is_aside(path: str) -> bool:
    """Whether it has the name of a file that has not taken its place yet."""
    return path.rpartition("/")[2].startswith(ASIDE)


def _lock(root: Folder, how: int) -> bool:
    """Whether it could be had at once; held until the folder is closed. Not every file system has locks."""
    try:
        fcntl.flock(root.fd, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _begins_with(entry: Entry, mark: bytes) -> bool:
    """Whether it begins with `mark`. A file that cannot be read counts as someone else's."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    with suppress(OSError):
        if not stat.S_ISREG(os.stat(entry.name, dir_fd=entry.fd, follow_symlinks=False).st_mode):
            return False
        with os.fdopen(os.open(entry.name, flags, dir_fd=entry.fd), "rb") as file:
            return file.read(len(mark)) == mark
    return False


def _remove_empty(root: Folder, path: str) -> None:
    while "/" in path:
        path = path.rpartition("/")[0]
        if not root.remove_if_empty(path):
            return


@contextmanager
def open_folder(folder: Path, links: Links = Links.INSIDE) -> Iterator[Folder]:
    with name_failures("read", Place(str(folder))):
        root = Folder.open(folder, links)
    with root:
        yield root


@contextmanager
def name_failures(done: str, place: Place, note: str = "") -> Iterator[None]:
    """Turn errors of the system into errors about the named file. `note`: follows the reason."""
    try:
        yield
    except OSError as error:
        hint = "it is no longer declared" if done == "removed" else "check the path"
        raise InputError(f"cannot be {done}: {error.strerror}{note}", hint=hint, place=place) from error
