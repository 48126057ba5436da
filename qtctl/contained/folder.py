"""A folder that is held open. Paths below it are resolved from its descriptor, name by name, and never leave it.

An account that can change the folder meanwhile, or put links in it, cannot make us write or read anywhere else. The
path of the folder itself is the caller's responsibility: links in it are followed.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

from qtctl.contained.regular import check_regular, read_at
from qtctl.dialects.paths import list_folders, names_of
from qtctl.errors import InputError, Place

MAX_LINKS = 40
"""Links followed in one path; the limit of the kernel."""
ASIDE = ".qtctl-"
"""How the names of files begin that have not taken their places yet."""
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
Owner = tuple[int, int]


class Links(Enum):
    """How symbolic links below the folder are treated."""

    REFUSED = "refused"
    INSIDE = "inside"
    """Followed if they stay below the folder, otherwise refused."""
    ROOTED = "rooted"
    """Followed as in a chroot: the folder is `/`."""


class Folder:
    """An open folder. InputError for paths that lead outside and for irregular files; OSError from the system."""

    def __init__(self, where: str, fd: int, links: Links = Links.REFUSED) -> None:
        self.where = where
        self.fd = fd
        self.links = links

    @classmethod
    def open(cls, path: Path, links: Links = Links.REFUSED) -> Self:
        return cls(str(path), os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), links)

    def close(self) -> None:
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, path: str, most: int) -> bytes:
        """A regular file of at most `most` bytes."""
        with self._open_parent(names_of(path), follow=True) as (fd, name):
            return read_at(fd, name, most, self.place(path))

    def write(self, path: str, content: bytes, mode: int, *, owner: Owner | None = None, sync: bool = False) -> None:
        """Write a file atomically. A file or link of this name is replaced; missing folders are created."""
        with self._open_parent(names_of(path), make=True) as (fd, name):
            write_at(fd, name, content, mode, owner=owner, sync=sync)

    def rewrite(self, path: str, content: bytes) -> None:
        """Replace the content of an existing regular file. It keeps its mode and, if root writes, its owner."""
        with self._open_parent(names_of(path), follow=True) as (fd, name):
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            check_regular(found, found.st_size, self.place(path))
            owner = (found.st_uid, found.st_gid) if os.geteuid() == 0 else None
            write_at(fd, name, content, stat.S_IMODE(found.st_mode), owner=owner, sync=True)

    def link(self, path: str, target: str) -> None:
        """Create a symbolic link. A file or link of this name is replaced."""
        with self._open_parent(names_of(path), make=True) as (fd, name):
            made = make_unused_name()
            os.symlink(target, made, dir_fd=fd)
            _replace(fd, made, name)

    def make_folder(self, path: str, mode: int, owner: Owner) -> None:
        """Create a folder, or set mode and owner of an existing one. Missing parent folders are created too."""
        with self._open_parent([*list_folders(path), "."], make=True) as (fd, _):
            os.fchown(fd, *owner)
            os.fchmod(fd, mode)

    @contextmanager
    def new_folder(self) -> Iterator[tuple[str, "Folder"]]:
        """Create a folder of mode 0700, unpredictably named; yields name and folder. Removed if the block fails."""
        made = make_unused_name()
        os.mkdir(made, 0o700, dir_fd=self.fd)
        try:
            with Folder(f"{self.where}/{made}", os.open(made, _OPEN_FOLDER, dir_fd=self.fd)) as inside:
                yield made, inside
        except BaseException:
            shutil.rmtree(made, ignore_errors=True, dir_fd=self.fd)
            raise

    def has_folder(self, path: str) -> bool:
        """OSError if something else has the name."""
        try:
            with self._open_parent([*list_folders(path), "."]):
                return True
        except FileNotFoundError:
            return False

    def has_entry(self, path: str) -> bool:
        """Whether anything of this name exists, even a dangling link."""
        try:
            with self._open_parent(names_of(path)) as (fd, name):
                os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def remove(self, path: str) -> None:
        with self._open_parent(names_of(path)) as (fd, name):
            os.unlink(name, dir_fd=fd)

    def rename(self, path: str, to: str) -> None:
        """Move a file to another name in its folder. A file or link of that name is replaced."""
        with self._open_parent(names_of(to)) as (fd, name):
            os.rename(names_of(path)[-1], name, src_dir_fd=fd, dst_dir_fd=fd)

    def remove_if_empty(self, path: str) -> bool:
        """Remove the folder if it is empty. Returns whether it was."""
        with self._open_parent(names_of(path)) as (fd, name):
            try:
                os.rmdir(name, dir_fd=fd)
            except OSError:
                return False
            return True

    def check_writable(self, path: str) -> None:
        """InputError if `write` could not write there. Creates nothing."""
        names, place = names_of(path), self.place(path)
        way = _PathWalk(self, [*names[:-1], "."], place)
        try:
            if way.go_as_far_as_possible() and _is_folder(way.fd, names[-1]):
                raise InputError("cannot be written: it is a folder", hint="name a file", place=place)
            if not os.access(".", os.W_OK | os.X_OK, dir_fd=way.fd):
                what = f"cannot be written: no permission in {way.at()}"
                raise InputError(what, hint="check the path", place=place)
        finally:
            way.close()

    @contextmanager
    def _open_parent(self, names: list[str], *, make: bool = False, follow: bool = False) -> Iterator[tuple[int, str]]:
        """Open the parent folder of the last name; yields its descriptor and that name.

        If the last name is `.`, the folder itself. `follow`: if the last name is a link, resolve it. `make`: create
        missing folders.
        """
        way = _PathWalk(self, names, self.place("/".join(names)))
        try:
            yield way.go(make=make, follow=follow)
        finally:
            way.close()

    def place(self, path: str) -> Place:
        return Place(f"{self.where.rstrip('/')}/{path.lstrip('/').removesuffix('/.')}")


class _PathWalk:
    """Resolves one path from a folder. It keeps a stack of open folders: `..` in a link returns to the last one."""

    def __init__(self, root: Folder, names: list[str], place: Place) -> None:
        self._root = root
        self._place = place
        self._todo = names[::-1]
        self._open = [root.fd]
        self._trail: list[str] = []
        self._links = 0

    def close(self) -> None:
        self._return_to_root()

    @property
    def fd(self) -> int:
        """The descriptor of the folder that was reached."""
        return self._open[-1]

    def at(self, name: str = "") -> str:
        """The absolute path of that folder, or of a name in it."""
        return str(Path(self._root.where).absolute().joinpath(*self._trail, name))

    def go(self, *, make: bool = False, follow: bool = False) -> tuple[int, str]:
        while True:
            name = self._todo.pop()
            if name in ("", "."):
                if not self._todo:
                    return self.fd, "."
            elif name == "..":
                self._go_up()
                self._todo = self._todo or ["."]
            elif self._todo:
                self._enter(name, make=make)
            elif not (follow and self._follow(name)):
                return self.fd, name

    def go_as_far_as_possible(self) -> bool:
        """Whether the whole path exists. InputError if a part of it is not a folder."""
        try:
            self.go()
        except FileNotFoundError:
            return False
        except NotADirectoryError as error:
            raise self._build_error(f"cannot be written: {error.filename} is not a folder", "check the path") from error
        return True

    def _go_up(self) -> None:
        if self._trail:
            self._trail.pop()
            os.close(self._open.pop())
        elif self._root.links is not Links.ROOTED:
            raise self._build_escape_error()

    def _enter(self, name: str, *, make: bool) -> None:
        try:
            fd = self._open_folder(name, make=make)
        except NotADirectoryError as error:
            if not self._follow(name):
                raise NotADirectoryError(error.errno, error.strerror, self.at(name)) from error
            return
        self._open.append(fd)
        self._trail.append(name)

    def _open_folder(self, name: str, *, make: bool) -> int:
        try:
            return os.open(name, _OPEN_FOLDER, dir_fd=self.fd)
        except FileNotFoundError:
            if not make:
                raise
        with suppress(FileExistsError):
            os.mkdir(name, 0o755 if self._root.links is Links.ROOTED else 0o777, dir_fd=self.fd)
        return os.open(name, _OPEN_FOLDER, dir_fd=self.fd)

    def _follow(self, name: str) -> bool:
        """If `name` is a link, continue with its target. Returns whether it is one."""
        try:
            target = os.readlink(name, dir_fd=self.fd)
        except OSError:
            return False
        if self._root.links is Links.REFUSED:
            raise self._build_error(f"{self.at(name)} is a link", "links are not followed there: take it away")
        self._links += 1
        if self._links > MAX_LINKS:
            raise self._build_error(f"more than {MAX_LINKS} links on the way", "do the links form a loop?")
        if target.startswith("/"):
            target = self._strip_root(target)
            self._return_to_root()
        self._todo += target.split("/")[::-1]
        return True

    def _strip_root(self, target: str) -> str:
        """An absolute link target, relative to the folder."""
        if self._root.links is Links.ROOTED:
            return target
        real = os.path.realpath(self._root.where)
        if target != real and not target.startswith(f"{real}/"):
            raise self._build_escape_error()
        return target[len(real) :]

    def _return_to_root(self) -> None:
        while len(self._open) > 1:
            os.close(self._open.pop())
        self._trail.clear()

    def _build_escape_error(self) -> InputError:
        hint = "put the file itself there: nothing outside is followed"
        return self._build_error(f"a link leads out of {self._root.where}", hint)

    def _build_error(self, what: str, hint: str) -> InputError:
        return InputError(what, hint=hint, place=self._place)


def write_at(
    fd: int, name: str, content: bytes, mode: int, *, owner: Owner | None = None, sync: bool = False, made: str = ""
) -> None:
    """Write a file of an open folder atomically: under an unpredictable name first, then renamed."""
    made = made or make_unused_name()
    handle = os.open(made, _CREATE_FILE, 0o600, dir_fd=fd)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            os.fchmod(file.fileno(), mode)
            if sync:
                os.fsync(file.fileno())
    except BaseException:
        os.unlink(made, dir_fd=fd)
        raise
    _replace(fd, made, name)


def _is_folder(fd: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def make_unused_name(mark: str = ASIDE) -> str:
    """An unpredictable name for a temporary file, so that nobody can create one of that name first."""
    return f"{mark}{os.urandom(9).hex()}"


def _replace(fd: int, made: str, name: str) -> None:
    try:
        os.rename(made, name, src_dir_fd=fd, dst_dir_fd=fd)
    except BaseException:
        os.unlink(made, dir_fd=fd)
        raise
