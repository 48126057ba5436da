"""The unit files in a host's folders: one tar of them, and a second for the targets of links."""

import re
import shlex
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from qtctl.dialects import shell, tar
from qtctl.dialects.lines import split_lines
from qtctl.dialects.paths import resolve_link
from qtctl.model.adoption import Found
from qtctl.probes.answer import decode_text, find_first_line
from qtctl.probes.batch import Command, Frame
from qtctl.remote.scripts import read_script

OWN = ("etc/systemd/system", "etc/systemd/system.control", "usr/local/lib/systemd/system")
"""Where people put their own units, and `systemctl set-property` its drop-ins; packages use other folders."""
RUNTIME = tuple(
    f"run/systemd/{name}"
    for name in ("system.control", "transient", "generator.early", "system", "generator", "generator.late")
)
"""Folders that are gone at the next boot, or created again by it."""
FOLDERS = (*OWN, *RUNTIME)
_MESSAGE = re.compile(r"tar: (.+): (?:Cannot \w+|file changed[^:]*): ?(.*)")
LARGEST = 4 * 1024**2
"""Bytes of a unit file: systemd reads none that is larger."""
TOO_LARGE = "larger than 4 MiB"
MOST_FILES = 20_000
_SEARCHED = tuple(f"/{folder}" for folder in (*FOLDERS, "usr/lib/systemd/system", "lib/systemd/system"))
_PULLS = (".wants", ".requires", ".upholds")


def make_folders_command() -> Command:
    """Everything in `FOLDERS` except files that are too large: reported as tar reports unreadable ones."""
    again = f"tar -C / -cf - {' '.join(FOLDERS)} | tar -tf -"
    return Command(_make_script("pack_folders", FOLDERS), ("tar", "-C", "/", "-cf", "-", *FOLDERS), again)


def find_linked(found: Iterable[Found]) -> tuple[Found, ...]:
    """Links to places where systemd does not look for units, as systemctl link makes them; drop-ins, and their folders.

    If several names lead to one file, the file's own name is the unit and the others are aliases.
    """
    out = [each for each in found if each.link is not None and _leads_out(each.path, each.link)]
    own = {_find_target(each) for each in out if PurePosixPath(_find_target(each)).name == _get_name(each)}
    return tuple(
        each
        for each in out
        if _find_target(each) not in own or PurePosixPath(_find_target(each)).name == _get_name(each)
    )


def _find_target(each: Found) -> str:
    return resolve_link(each.path, each.link or "")


def _get_name(each: Found) -> str:
    return PurePosixPath(each.path).name


def _leads_out(path: str, link: str) -> bool:
    parent, target = PurePosixPath(path).parent, resolve_link(path, link)
    if target == "/dev/null" or parent.suffix in _PULLS:
        return False
    if parent.suffix == ".d" or path.endswith(".d"):
        return True
    return str(PurePosixPath(target).parent) not in _SEARCHED


def is_runtime(path: str) -> bool:
    return path.startswith(tuple(f"/{folder}/" for folder in RUNTIME))


def map_followed(found: Iterable[Found], contents: Iterable[Found]) -> tuple[Found, ...]:
    """Each link that was followed, with its target's content; for a folder, what is in it."""
    links = {each.path: each for each in find_linked(found)}
    others = [_add_link(each, links) for each in contents]
    there = {each.path for each in others}
    kept = [
        each
        for each in found
        if each.path not in there and not (each.path in links and _is_any_below(each.path, there))
    ]
    return tuple(sorted((*kept, *others), key=lambda each: each.path))


def _is_any_below(folder: str, paths: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for path in paths)


def _add_link(each: Found, links: Mapping[str, Found]) -> Found:
    """With the link by which it was reached: its own, or its folder's."""
    link = links.get(each.path) or links.get(str(PurePosixPath(each.path).parent))
    return replace(each, link_at=link.path, via=link.link or "") if link else each


def make_files_command(paths: Sequence[str]) -> Command:
    """The files at these paths, links followed."""
    relative = [path.lstrip("/") for path in paths]
    argv = ("tar", "-C", "/", "-h", "-cf", "-", "--", *relative)
    return Command(_make_script("pack_files", relative), argv, shell.join(("ls", "-lL", *paths)))


def _make_script(function: str, names: Sequence[str]) -> str:
    given = f"largest={LARGEST // 1024} too_large={shlex.quote(TOO_LARGE)}\n"
    return f"{given}{read_script('unit_files.sh')}{function} {shlex.join(names)}"


def read(frame: Frame | None) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """What was found, by path, and why the rest is not there."""
    if frame is None:
        return (), ("unit files: the answer was cut off",)
    try:
        found = tuple(_read_members(frame.stdout)) if frame.stdout.strip(b"\0") else ()
    except tar.BROKEN as error:
        return (), (f"unit files: the answer is not an archive: {find_first_line(str(error).encode())}",)
    refused = [match for line in split_lines(decode_text(frame.stderr)) if (match := _MESSAGE.match(line))]
    problems = tuple(Found(f"/{match[1].lstrip('/')}", problem=match[2]) for match in refused)
    reasons = tuple(f"{each.path}: {each.problem}" for each in problems)
    return tuple(sorted((*found, *problems), key=lambda each: each.path)), reasons


def _read_members(raw: bytes) -> Iterable[Found]:
    """The members of an archive, which can have a sparse file of a terabyte, or a hard link to itself."""
    contents: dict[str, Found] = {}
    for archive, member in tar.walk(raw, MOST_FILES):
        found = _read_member(archive, member, contents)
        if found is not None:
            contents[member.name] = found
            yield found


def _read_member(archive: tarfile.TarFile, member: tarfile.TarInfo, before: Mapping[str, Found]) -> Found | None:
    path = f"/{member.name}"
    if member.issym():
        return Found(path, link=member.linkname)
    if member.islnk():
        other = before.get(member.linkname)
        return replace(other, path=path) if other else Found(path, problem="a hard link to nothing")
    if not member.isreg():
        return None
    if not tar.is_plain(member, LARGEST):
        return Found(path, problem=TOO_LARGE)
    file = archive.extractfile(member)
    return Found(path, file.read() if file else b"")
