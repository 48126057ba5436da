"""The unit files of a host as they lie in its folders: one tar of them, and a second for what links lead to."""

import io
import re
import shlex
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from qtctl.dialects import shell
from qtctl.dialects.lines import lines
from qtctl.model.adoption import Found
from qtctl.probes.answer import first_line, text
from qtctl.probes.batch import Command, Frame
from qtctl.remote.scripts import read_script

FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system")
"""Where people put units of their own; those of packages and of the running system are neither's to declare."""
_MESSAGE = re.compile(r"tar: (.+): (?:Cannot \w+|file changed[^:]*): ?(.*)")
LARGEST = 4 * 1024**2
"""Bytes of a unit file: systemd reads none that is larger."""
TOO_LARGE = "larger than 4 MiB"
MOST_FILES = 20_000
_BROKEN = (tarfile.TarError, ArithmeticError, EOFError, LookupError, OSError, RecursionError, TypeError, ValueError)
_PACKAGED = ("/lib/systemd/", "/usr/lib/systemd/", "/run/")


def folders() -> Command:
    """Everything in `FOLDERS`, but for what is too large: reported as tar reports what it cannot read."""
    again = f"tar -C / -cf - {' '.join(FOLDERS)} | tar -tf -"
    return Command(_script("folders", FOLDERS), ("tar", "-C", "/", "-cf", "-", *FOLDERS), again)


def linked(found: Iterable[Found]) -> tuple[str, ...]:
    """Paths of unit files elsewhere that links of the same name lead to: as systemctl link makes them."""
    paths = []
    for each in found:
        if each.link is None or PurePosixPath(each.link).name != PurePosixPath(each.path).name:
            continue
        target = each.link if each.link.startswith("/") else _joined(each.path, each.link)
        if target.startswith(_PACKAGED) or PurePosixPath(each.path).parent.suffix in (".wants", ".requires"):
            continue
        paths.append(target)
    return tuple(dict.fromkeys(paths))


def files(paths: Sequence[str]) -> Command:
    """The files at these paths, links followed."""
    relative = [path.lstrip("/") for path in paths]
    argv = ("tar", "-C", "/", "-h", "-cf", "-", "--", *relative)
    return Command(_script("files", relative), argv, shell.join(("ls", "-lL", *paths)))


def _script(function: str, names: Sequence[str]) -> str:
    given = f"largest={LARGEST // 1024} too_large={shlex.quote(TOO_LARGE)}\n"
    return f"{given}{read_script('unit_files.sh')}{function} {shlex.join(names)}"


def read(frame: Frame | None) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """What was found, by path, and why the rest is not there."""
    if frame is None:
        return (), ("unit files: the answer was cut off",)
    try:
        found = tuple(_members(frame.stdout)) if frame.stdout.strip(b"\0") else ()
    except _BROKEN as error:
        return (), (f"unit files: the answer is no archive: {first_line(str(error).encode())}",)
    refused = [match for line in lines(text(frame.stderr)) if (match := _MESSAGE.match(line))]
    problems = tuple(Found(f"/{match[1].lstrip('/')}", problem=match[2]) for match in refused)
    reasons = tuple(f"{each.path}: {each.problem}" for each in problems)
    return tuple(sorted((*found, *problems), key=lambda each: each.path)), reasons


def _members(raw: bytes) -> Iterable[Found]:
    """What is in an archive. TarError for one that is more, or says something else, than `tar -c` writes.

    An archive of a few bytes can have a file of a terabyte (sparse), one that is its own hard link, and a member that
    lies before itself.
    """
    contents: dict[str, Found] = {}
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:", encoding="utf-8", errors="backslashreplace") as archive:
        last, count = -1, 0
        while (member := archive.next()) is not None:
            count += 1
            if member.offset <= last or count > MOST_FILES:
                raise tarfile.ReadError(f"more than {MOST_FILES} files, or files before themselves")
            last = member.offset
            found = _member(archive, member, contents)
            if found is not None:
                contents[member.name] = found
                yield found


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, before: Mapping[str, Found]) -> Found | None:
    path = f"/{member.name}"
    if member.issym():
        return Found(path, link=member.linkname)
    if member.islnk():
        other = before.get(member.linkname)
        return replace(other, path=path) if other else Found(path, problem="a hard link to nothing")
    if not member.isreg():
        return None
    if member.issparse() or not 0 <= member.size <= LARGEST:
        return Found(path, problem=TOO_LARGE)
    file = archive.extractfile(member)
    return Found(path, file.read() if file else b"")


def _joined(path: str, link: str) -> str:
    parts: list[str] = []
    for part in (*PurePosixPath(path).parent.parts, *PurePosixPath(link).parts):
        if part == "..":
            parts = parts[:-1] if len(parts) > 1 else parts
        elif part != ".":
            parts.append(part)
    return str(PurePosixPath(*parts))
