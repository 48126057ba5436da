"""The unit files of a host as they lie in its folders: one tar of them, and a second for what links lead to."""

import io
import re
import shlex
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from qtctl.model.adoption import Found
from qtctl.probes.answer import text
from qtctl.probes.batch import Command, Frame

FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system")
"""Where people put units of their own; those of packages and of the running system are neither's to declare."""
_MESSAGE = re.compile(r"tar: (.+): (?:Cannot \w+|file changed[^:]*): ?(.*)")
_PACKAGED = ("/lib/systemd/", "/usr/lib/systemd/", "/run/")


def folders() -> Command:
    """Everything in `FOLDERS`."""
    tests = "\n".join(f'[ ! -d /{each} ] || set -- "$@" {each}' for each in FOLDERS)
    script = f'set --\n{tests}\n[ $# -gt 0 ] || exit 0\nexec tar -C / -cf - -- "$@"'
    again = f"tar -C / -cf - {' '.join(FOLDERS)} | tar -tf -"
    return Command(script, ("tar", "-C", "/", "-cf", "-", *FOLDERS), again)


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
    argv = ("tar", "-C", "/", "-h", "-cf", "-", "--", *(path.lstrip("/") for path in paths))
    return Command(shlex.join(argv), argv, shlex.join(("ls", "-lL", *paths)))


def read(frame: Frame | None) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """What was found, by path, and why the rest is not there."""
    if frame is None:
        return (), ("unit files: the answer was cut off",)
    try:
        found = tuple(_members(frame.stdout)) if frame.stdout.strip(b"\0") else ()
    except tarfile.TarError as error:
        return (), (f"unit files: the answer is no archive: {error}",)
    refused = [match for line in text(frame.stderr).splitlines() if (match := _MESSAGE.match(line))]
    problems = tuple(Found(f"/{match[1].lstrip('/')}", problem=match[2]) for match in refused)
    reasons = tuple(f"{each.path}: {each.problem}" for each in problems)
    return tuple(sorted((*found, *problems), key=lambda each: each.path)), reasons


def _members(raw: bytes) -> Iterable[Found]:
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
        for member in archive:
            path = f"/{member.name}"
            if member.issym():
                yield Found(path, link=member.linkname)
            elif member.isreg() or member.islnk():
                file = archive.extractfile(member)
                yield Found(path, file.read() if file else b"")


def _joined(path: str, link: str) -> str:
    parts: list[str] = []
    for part in (*PurePosixPath(path).parent.parts, *PurePosixPath(link).parts):
        if part == "..":
            parts = parts[:-1] if len(parts) > 1 else parts
        elif part != ".":
            parts.append(part)
    return str(PurePosixPath(*parts))
