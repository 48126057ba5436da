"""The file systems of paths (fact `filesystem`), and the addresses of names (fact `name`)."""

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import replace

from qtctl.dialects import shell
from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.host_facts import FileSystem, Resolved
from qtctl.model.plausible import I64, parse_whole
from qtctl.probes.answer import (
    COMMAND_NOT_FOUND,
    Answer,
    answer_absent,
    answer_not_installed,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    explain_odd_path,
)
from qtctl.probes.batch import ArgumentKind, Frame, Frames, Library, Probe, find_missing_tool
from qtctl.probes.family import Family

MOST_PATHS, MOST_NAMES, MOST_ADDRESSES = 500, 100, 64
NOT_FOUND, TIMED_OUT = 2, 124
WITHIN_S = 2
"""Seconds in which a name must be resolved, as in filesystems.sh."""
_SIZES = 7
_Reader = Callable[[Sequence[Need], Frame], list[Answer]]

SCRIPTS = Library(
    "filesystems", ("filesystems.sh",), {"show_filesystems": ArgumentKind.PATHS, "resolve_names": ArgumentKind.NAMES}
)


def make_df(path: str) -> str:
    return f"df -B1 {shell.quote(path)}; df -i {shell.quote(path)}"


def make_getent(name: str) -> str:
    return f"getent ahosts {shell.quote(name)}"


def probe(needs: Sequence[Need]) -> Probe:
    """One command for all paths, and one for all names."""
    paths = [need for need in _sort_needs(needs, FileSystem.FACT) if not explain_odd_path(need.subject)][:MOST_PATHS]
    names = _sort_needs(needs, Resolved.FACT)[:MOST_NAMES]
    families = [
        (wanted, SCRIPTS.make_command([(function, *(each.subject for each in wanted))], argv, again, tools), read)
        for wanted, function, argv, again, tools, read in (
            (paths, "show_filesystems", ("stat", "-f"), "df -B1; df -i", ("stat",), _answer_filesystems),
            (names, "resolve_names", ("getent", "ahosts"), "getent ahosts NAME", ("awk",), _answer_names),
        )
        if wanted
    ]
    rest = [need for need in dict.fromkeys(needs) if need not in {*paths, *names}]

    def parse(frames: Frames) -> list[Answer]:
        answers = [
            _set_question(each, question)
            for question, ((wanted, _, read), frame) in enumerate(zip(families, frames, strict=True))
            for each in _read_by(read, wanted, frame)
        ]
        return [
            *answers,
            *(answer_refused(n, explain_odd_path(n.subject) or "more than are asked for at once") for n in rest),
        ]

    return Probe(tuple(command for _, command, _ in families), parse)


def _read_by(read: _Reader, needs: Sequence[Need], frame: Frame | None) -> list[Answer]:
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off") for need in needs]
    if tool := find_missing_tool(frame):
        return [answer_not_installed(need, tool) for need in needs]
    return read(needs, frame)


def _sort_needs(needs: Sequence[Need], fact: str) -> list[Need]:
    return sorted({need for need in needs if need.fact == fact}, key=lambda need: need.subject)


def _set_question(answer: Answer, question: int) -> Answer:
    return replace(answer, question=question)


def _answer_filesystems(needs: Sequence[Need], frame: Frame) -> list[Answer]:
    at: list[str] = []
    sizes: dict[str, str] = {}
    mounts: dict[str, str] = {}
    real: list[str] = []
    read_only: dict[str, bool] = {}
    for line in split_lines(decode_text(frame.stdout)):
        kind, _, rest = line.partition(" ")
        path, _, words = rest.partition(" // ")
        if kind == "at":
            at.append(rest)
        elif kind in ("size", "mount"):
            (sizes if kind == "size" else mounts).setdefault(path, words)
        elif kind == "real":
            real.append(rest)
        elif kind in ("ro", "rw"):
            read_only[unescape_path(rest)] = kind == "ro"
    if len(at) != len(needs):
        return [answer_unparseable(need, "the answer was cut off", again=make_df(need.subject)) for need in needs]
    found = (_answer_filesystem(need, where, sizes, mounts) for need, where in zip(needs, at, strict=True))
    ends = dict(zip((each for each in at if each), real, strict=False))
    return [_mark_read_only(answer, ends.get(where, ""), read_only) for answer, where in zip(found, at, strict=True)]


def unescape_path(path: str) -> str:
    """A path from mountinfo, which has spaces and the like as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _mark_read_only(answer: Answer, real: str, read_only: dict[str, bool]) -> Answer:
    """Adds where it is mounted read-only: the nearest mount on the way decides."""
    value, at = answer.value, find_mount(real, read_only)
    if not isinstance(value, FileSystem) or not read_only.get(at):
        return answer
    return replace(answer, value=replace(value, read_only=at))


def find_mount(path: str, mounts: Container[str]) -> str:
    """The nearest mount point on the way to a path; `path` has no links."""
    while path and path not in mounts and path != "/":
        path = path.rpartition("/")[0] or "/"
    return path


def _answer_filesystem(need: Need, at: str, sizes: dict[str, str], mounts: dict[str, str]) -> Answer:
    again = make_df(at or need.subject)
    if not at:
        return answer_refused(need, "it is in a folder that the auditing account may not enter", again=again)
    if at not in sizes:
        return answer_refused(need, f"stat did not answer for {at}: the file system may be silent", again=again)
    try:
        found = _read(sizes[at], mounts.get(at, ""))
    except ValueError as error:
        return answer_unparseable(need, f"what stat says about {at} could not be read: {error}", again=again)
    return answer_observed(need, found, again=again, line=found.mount)


def _read(words: str, mount: str) -> FileSystem:
    """As `stat -f` prints them: block size, blocks, free, available, inodes, free, and the file system's id."""
    *counts, number = words.split()
    if len(counts) != _SIZES - 1 or not re.fullmatch("[0-9a-f]{1,32}", number):
        raise ValueError(f"{_SIZES} figures wanted")
    block, total, free, available, inodes, inodes_free = (parse_whole(each) for each in counts)
    where = mount if mount.startswith("/") else ""
    used = max(total - free, 0) * block
    return FileSystem(where, number, min(used, I64), min(available * block, I64), inodes, min(inodes_free, inodes))


def _answer_names(needs: Sequence[Need], frame: Frame) -> list[Answer]:
    said: dict[str, tuple[str, list[str]]] = {}
    rows: list[str] = []
    for line in split_lines(decode_text(frame.stdout)):
        if line.startswith("= "):
            _, status, name = [*line.split(" ", 2), ""][:3]
            rows = said.setdefault(name, (status, []))[1]
        elif len(rows) < MOST_ADDRESSES:
            rows.append(line)
    return [_answer_name(need, *said.get(need.subject, ("", []))) for need in needs]


def _answer_name(need: Need, status: str, addresses: list[str]) -> Answer:
    again = make_getent(need.subject)
    if status == "0":
        return answer_observed(need, Resolved(sorted(set(addresses))), again=again)
    if status == str(NOT_FOUND):
        return answer_absent(need, "the host finds no address for it", again=again)
    if status == str(TIMED_OUT):
        return answer_refused(need, f"no name server answered within {WITHIN_S} s", again=again)
    if status == str(COMMAND_NOT_FOUND):
        return answer_not_installed(need, "getent", again=again)
    return answer_unparseable(need, f"getent ended with exit status {status[:10]}" if status else "not in the answer")


FAMILY = Family((FileSystem, Resolved), lambda needs, _: probe(needs))
