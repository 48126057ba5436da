"""A folder that is held open. All below it is reached from its descriptor, name by name, and nothing outside of it.

Whoever can change the folder meanwhile, or fill it with links, gets a file of ours into no other place, and nothing of
another place read. The path of the folder itself is its caller's: links on the way to it are followed.
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
from qtctl.dialects.paths import folders_of, names_of
from qtctl.errors import InputError, Place

MAX_LINKS = 40
"""Followed on one way, as the kernel does."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
Owner = tuple[int, int]


class Links(Enum):
    """What is done about a symbolic link below the folder."""

    REFUSED = "refused"
    INSIDE = "inside"
    """Followed where it stays below the folder, else refused."""
    ROOTED = "rooted"
    """Followed as in a chroot: the folder is `/`."""


class Folder:
    """InputError names what leads outside or is no regular file; OSError is the system's own."""

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
        with self._reached(names_of(path), follow=True) as (fd, name):
            return read_at(fd, name, most, self.place(path))

    def write(self, path: str, content: bytes, mode: int, *, owner: Owner | None = None, sync: bool = False) -> None:
        """Whole or not at all. A file or link of this name is replaced; folders that are not there are made."""
        with self._reached(names_of(path), make=True) as (fd, name):
            write_at(fd, name, content, mode, owner=owner, sync=sync)

    def rewrite(self, path: str, content: bytes) -> None:
        """New content for a regular file that is there, with its mode and, where root writes, its owner."""
        with self._reached(names_of(path), follow=True) as (fd, name):
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            check_regular(found, found.st_size, self.place(path))
            owner = (found.st_uid, found.st_gid) if os.geteuid() == 0 else None
            write_at(fd, name, content, stat.S_IMODE(found.st_mode), owner=owner, sync=True)

    def link(self, path: str, target: str) -> None:
        """A symbolic link in place of a file or link of this name."""
        with self._reached(names_of(path), make=True) as (fd, name):
            made = unused_name()
            os.symlink(target, made, dir_fd=fd)
            _take_place(fd, made, name)

    def make_folder(self, path: str, mode: int, owner: Owner) -> None:
        """A folder of this mode and owner, made or as it is there. Those above it that are not there are made too."""
        with self._reached([*folders_of(path), "."], make=True) as (fd, _):
            os.fchown(fd, *owner)
            os.fchmod(fd, mode)

    @contextmanager
    def new_folder(self) -> Iterator[tuple[str, "Folder"]]:
        """A folder in this one of mode 0700, and its name, which nobody can tell before. It goes where this fails."""
        made = unused_name()
        os.mkdir(made, 0o700, dir_fd=self.fd)
        try:
            with Folder(f"{self.where}/{made}", os.open(made, _FOLDER, dir_fd=self.fd)) as inside:
                yield made, inside
        except BaseException:
            shutil.rmtree(made, ignore_errors=True, dir_fd=self.fd)
            raise

    def has_folder(self, path: str) -> bool:
        try:
            with self._reached([*folders_of(path), "."]):
                return True
        except FileNotFoundError:
            return False

    def has_entry(self, path: str) -> bool:
        """Whether something is there, a link that leads nowhere too."""
        try:
            with self._reached(names_of(path)) as (fd, name):
                os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def remove(self, path: str) -> None:
        with self._reached(names_of(path)) as (fd, name):
            os.unlink(name, dir_fd=fd)

    def remove_if_empty(self, path: str) -> bool:
        """Whether it was."""
        with self._reached(names_of(path)) as (fd, name):
            try:
                os.rmdir(name, dir_fd=fd)
            except OSError:
                return False
            return True

    def check_writable(self, path: str) -> None:
        """InputError where `write` could not write there. Nothing is made."""
        names, place = names_of(path), self.place(path)
        way = _Way(self, [*names[:-1], "."], place)
        try:
            if way.go_as_far_as_there_is() and _is_folder(way.fd, names[-1]):
                raise InputError("cannot be written: it is a folder", hint="name a file", place=place)
            if not os.access(".", os.W_OK | os.X_OK, dir_fd=way.fd):
                what = f"cannot be written: no permission in {way.at()}"
                raise InputError(what, hint="check the path", place=place)
        finally:
            way.close()

    @contextmanager
    def _reached(self, names: list[str], *, make: bool = False, follow: bool = False) -> Iterator[tuple[int, str]]:
        """The open folder of the last name, and that name. `follow`: not of a link, but of what it leads to.

        A name `.` at the end is a folder itself. `make`: folders on the way that are not there.
        """
        way = _Way(self, names, self.place("/".join(names)))
        try:
            yield way.go(make=make, follow=follow)
        finally:
            way.close()

    def place(self, path: str) -> Place:
        return Place(f"{self.where.rstrip('/')}/{path.lstrip('/').removesuffix('/.')}")


class _Way:
    """From a folder down to a name: a stack of open folders, so that `..` in a link goes back and not up."""

    def __init__(self, root: Folder, names: list[str], place: Place) -> None:
        self._root = root
        self._place = place
        self._todo = names[::-1]
        self._open = [root.fd]
        self._trail: list[str] = []
        self._links = 0

    def close(self) -> None:
        self._back_to_root()

    @property
    def fd(self) -> int:
        """The open folder that was come to."""
        return self._open[-1]

    def at(self, name: str = "") -> str:
        """Where that is, or a name in it, as an absolute path."""
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

    def go_as_far_as_there_is(self) -> bool:
        """Whether that is all the way. InputError where something on it is no folder."""
        try:
            self.go()
        except FileNotFoundError:
            return False
        except NotADirectoryError as error:
            raise self._refused(f"cannot be written: {error.filename} is no folder", "check the path") from error
        return True

    def _go_up(self) -> None:
        if self._trail:
            self._trail.pop()
            os.close(self._open.pop())
        elif self._root.links is not Links.ROOTED:
            raise self._outside()

    def _enter(self, name: str, *, make: bool) -> None:
        try:
            fd = self._opened(name, make=make)
        except NotADirectoryError as error:
            if not self._follow(name):
                raise NotADirectoryError(error.errno, error.strerror, self.at(name)) from error
            return
        self._open.append(fd)
        self._trail.append(name)

    def _opened(self, name: str, *, make: bool) -> int:
        try:
            return os.open(name, _FOLDER, dir_fd=self.fd)
        except FileNotFoundError:
            if not make:
                raise
        with suppress(FileExistsError):
            os.mkdir(name, 0o755 if self._root.links is Links.ROOTED else 0o777, dir_fd=self.fd)
        return os.open(name, _FOLDER, dir_fd=self.fd)

    def _follow(self, name: str) -> bool:
        """Whether it is a link: then its target is what comes next."""
        try:
            target = os.readlink(name, dir_fd=self.fd)
        except OSError:
            return False
        if self._root.links is Links.REFUSED:
            raise self._refused(f"{self.at(name)} is a link", "links are not followed there: take it away")
        self._links += 1
        if self._links > MAX_LINKS:
            raise self._refused(f"more than {MAX_LINKS} links on the way", "do links lead in a circle?")
        if target.startswith("/"):
            target = self._rooted(target)
            self._back_to_root()
        self._todo += target.split("/")[::-1]
        return True

    def _rooted(self, target: str) -> str:
        """An absolute target, as seen from the folder."""
        if self._root.links is Links.ROOTED:
            return target
        real = os.path.realpath(self._root.where)
        if target != real and not target.startswith(f"{real}/"):
            raise self._outside()
        return target[len(real) :]

    def _back_to_root(self) -> None:
        while len(self._open) > 1:
            os.close(self._open.pop())
        self._trail.clear()

    def _outside(self) -> InputError:
        hint = "put the file itself there: nothing outside is followed"
        return self._refused(f"a link leads out of {self._root.where}", hint)

    def _refused(self, what: str, hint: str) -> InputError:
        return InputError(what, hint=hint, place=self._place)


def write_at(
    fd: int, name: str, content: bytes, mode: int, *, owner: Owner | None = None, sync: bool = False, made: str = ""
) -> None:
    """A file of an open folder, whole or not at all: written under a name that nobody can tell before, and renamed."""
    made = made or unused_name()
    handle = os.open(made, _NEW, 0o600, dir_fd=fd)
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
    _take_place(fd, made, name)


def _is_folder(fd: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def unused_name(mark: str = ".qtctl-") -> str:
    """Of what is being made: nobody can make something of that name before."""
    return f"{mark}{os.urandom(9).hex()}"


def _take_place(fd: int, made: str, name: str) -> None:
    try:
        os.rename(made, name, src_dir_fd=fd, dst_dir_fd=fd)
    except BaseException:
        os.unlink(made, dir_fd=fd)
        raise
