"""What services start with (facts `way`, `user`, `unit.writers`): who owns and may use every part of a path.

One look for all paths: each part is visited once, in rounds; a link found in one round is followed in the next. Nothing
is run. Of programs, the first line is read and only the interpreter after `#!` is kept.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from qtctl.dialects.shell import quote
from qtctl.dialects.systemd.program_folders import FOLDERS
from qtctl.meaning.access import Entry, Kind, Way, walk
from qtctl.meaning.open_paths import WANTED
from qtctl.meaning.ways import is_of_package
from qtctl.model.evidence import Need
from qtctl.model.inquiry import Inquiry
from qtctl.model.plausible import I64, U32, parse_whole
from qtctl.model.way_facts import OpenPaths, Parts, PathWay, UnitWriters, UserIds
from qtctl.probes.answer import (
    MISSING,
    Answer,
    answer_absent,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    divide_needs,
    explain_odd_path,
    find_first_line,
    mark_denied,
)
from qtctl.probes.batch import ArgumentKind, Command, Frame, Frames, Library, Probe
from qtctl.probes.family import Family
from qtctl.probes.filesystems import find_mount, unescape_path
from qtctl.remote.scripts import read_script

ROUNDS = 24
MOST_PARTS = 20_000
MOST_USERS = 200
WRITERS_AGAIN = "find -L /etc/systemd/system /run/systemd/system -maxdepth 2 '(' ! -uid 0 -o -perm /022 ')' ! -type l"
OPEN_AGAIN = f"ls -ld {' '.join(WANTED)}"
_KINDS = {"f": "file", "d": "folder", "l": "link"}
_PART, _TIMES = 4, 3
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}\$?")
_TIME = re.compile(r"(-?[0-9]{1,15})(?:\.([0-9]{1,12}))?")
_FAILED = re.compile(r"find: '(/.*)': (.+)")
_NAMED = re.compile(r"uid=[0-9]+\((.*?)\)")
_IDS = re.compile(r"uid=([0-9]+)(?:\(.*?\))? gid=([0-9]+)(?:\(.*?\))? groups=(.*)")
_NAMED_GROUP = re.compile(r"(?:^|,)([0-9]+)\(([^()]+)\)")

SCRIPTS = Library(
    "ways",
    ("ways.sh",),
    {"show_ways": ArgumentKind.ANYTHING},
    (
        ("walk", read_script("auditor.awk")),
        ("first_lines", read_script("first_lines.awk")),
        ("rounds", str(ROUNDS)),
        ("program_folders", "\n".join(FOLDERS)),
    ),
)


@dataclass(slots=True)
class _Said:
    """The whole answer, parsed."""

    parts: Parts = field(default_factory=dict)
    times: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    marked: set[str] = field(default_factory=set)
    acls: dict[str, list[str]] = field(default_factory=dict)
    interpreters: dict[str, str | None] = field(default_factory=dict)
    not_executable: set[str] = field(default_factory=set)
    env_misses: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    users_of: dict[int, set[str]] = field(default_factory=dict)
    writers: Parts = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    noexec: dict[str, bool] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)


def probe(needs: Sequence[Need]) -> Probe:
    """One command for all of them."""
    asked, odd = divide_needs(needs, _explain_odd)
    users = [need.subject for need in asked if need.fact == UserIds.FACT]
    paths = [need.subject for need in asked if need.fact == PathWay.FACT]
    if any(need.fact == OpenPaths.FACT for need in asked):
        paths = list(dict.fromkeys((*paths, *WANTED)))
    return Probe((_make_command(users, paths),), lambda frames: odd + _parse(asked, frames))


NO_ACCOUNTS = "id does not find even root: can everybody read /etc/passwd and /etc/nsswitch.conf?"
TOOLS = ("awk", "find", "id", "ls")
"""Programs that the script needs."""


def _explain_odd(need: Need) -> str:
    if need.fact == PathWay.FACT:
        return explain_odd_path(need.subject)
    if need.fact == UserIds.FACT and not _USER.fullmatch(need.subject):
        return "not the name of a user"
    return ""


def _make_command(users: list[str], paths: list[str]) -> Command:
    call = ("show_ways", "\n".join(users), *paths)
    return SCRIPTS.make_command([call], ("namei", "-l", *paths), "namei -l PATH; id USER", TOOLS)


def make_again(need: Need) -> str:
    if need.fact == UserIds.FACT:
        return f"id {quote(need.subject)}"
    if need.fact == OpenPaths.FACT:
        return OPEN_AGAIN
    return WRITERS_AGAIN if need.fact == UnitWriters.FACT else f"namei -l {quote(need.subject)}"


def _parse(needs: list[Need], frames: Frames) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=make_again(need)) for need in needs]
    try:
        said = _read(decode_text(frame.stdout), decode_text(frame.stderr))
    except (ValueError, IndexError) as error:
        return [_answer_unread(need, frame, error) for need in needs]
    return [_answer(need, said) for need in needs]


def _answer_unread(need: Need, frame: Frame, error: Exception) -> Answer:
    why = find_first_line(frame.stderr) or f"an answer that could not be read: {error}"
    return (answer_refused if not frame.stdout else answer_unparseable)(need, why, again=make_again(need))


def _answer(need: Need, said: _Said) -> Answer:
    if need.fact == UserIds.FACT:
        return _answer_user(need, said)
    if need.fact == OpenPaths.FACT:
        return _answer_open(need, said)
    return _answer_writers(need, said) if need.fact == UnitWriters.FACT else _answer_way(need, said)


def _read(stdout: str, stderr: str) -> _Said:
    """ValueError if a line is not one that the script prints."""
    said = _Said()
    listed = ""
    for line in filter(None, stdout.split("\n")):
        tag, _, rest = line.partition(" ")
        if line == "more":
            raise ValueError(f"links that had not ended after {ROUNDS} rounds")
        if tag == "A":
            listed = _read_acl_line(said, rest, listed)
        else:
            read = _TAGS.get(tag)
            read(said, rest) if read else _read_part(said, line)
    for line in stderr.split("\n"):
        if found := _FAILED.fullmatch(line):
            said.failed[found[1]] = found[2]
    said.entries = {path: _make_entry(path, part, said) for path, part in said.parts.items()}
    return said


def _read_part(said: _Said, line: str) -> None:
    tag, uid, gid, mode, way = line.split(" ", _PART)
    path, _, target = way.partition("//")
    if len(said.parts) >= MOST_PARTS:
        raise ValueError(f"more than {MOST_PARTS} parts")
    said.parts[path or "/"] = _check_part([_KINDS.get(tag, "other"), uid, gid, mode.zfill(4), target if path else ""])


def _check_part(part: list[str]) -> list[str]:
    parse_whole(part[1], U32)
    parse_whole(part[2], U32)
    if not re.fullmatch("[0-7]{4}", part[3]):
        raise ValueError("an invalid mode")
    return part


def _read_times(said: _Said, rest: str) -> None:
    size, mtime, ctime, path = rest.split(" ", _TIMES)
    said.times[path] = (parse_whole(size, I64), _parse_microseconds(mtime), _parse_microseconds(ctime))


def _parse_microseconds(said: str) -> int:
    found = _TIME.fullmatch(said)
    if found is None:
        raise ValueError("an invalid time")
    return int(found[1]) * 1_000_000 + int((found[2] or "").ljust(6, "0")[:6])


def _read_acl_line(said: _Said, line: str, path: str) -> str:
    """The file that the following lines of getfacl are about."""
    if line.startswith("# file: "):
        path = line.removeprefix("# file: ")
        said.acls[path] = []
    elif line and not line.startswith(("#", "default:")) and path in said.acls:
        said.acls[path].append(line.partition("\t")[0].strip())
    return path


def _read_shebang(said: _Said, rest: str) -> None:
    path, _, name = rest.partition("//")
    said.interpreters[path] = name.partition("\1")[0]  # as the kernel reads it: up to the first NUL


def _read_no_program(said: _Said, rest: str) -> None:
    path = rest.removesuffix("//")
    said.not_executable.add(path)
    said.interpreters[path] = ""


def _read_env_miss(said: _Said, rest: str) -> None:
    path, _, name = rest.partition("//")
    said.env_misses[path] = name


def _read_unread_program(said: _Said, rest: str) -> None:
    said.interpreters[rest] = None


def _read_marks(said: _Said, rest: str) -> None:
    said.marked.add(rest)


def _read_ids(said: _Said, rest: str) -> None:
    answer, alone, name = rest.partition("\1")
    named = _NAMED.match(answer)
    said.ids[name if alone or named is None else named[1]] = answer


def _read_sharing(said: _Said, rest: str) -> None:
    gid, _, name = rest.partition(" ")
    said.users_of.setdefault(parse_whole(gid, U32), set()).add(name)


def _read_members(said: _Said, rest: str) -> None:
    gid, _, names = rest.partition(" ")
    said.users_of.setdefault(parse_whole(gid, U32), set()).update(filter(None, names.split(",")))


def _read_writer(said: _Said, rest: str) -> None:
    tag, uid, gid, mode, way = rest.split(" ", _PART)
    path = way.removesuffix("//") or "/"
    said.writers[path] = _check_part([_KINDS.get(tag, "other"), uid, gid, mode.zfill(4), ""])


def _read_link(said: _Said, rest: str) -> None:
    said.links.append(rest)


def _read_mounted(said: _Said, rest: str) -> None:
    how, _, path = rest.partition(" ")
    said.noexec[unescape_path(path)] = how == "noexec"


_TAGS = {
    "T": _read_times, "S": _read_shebang, "H": _read_unread_program, "M": _read_marks,
    "B": _read_no_program, "E": _read_env_miss,
    "I": _read_ids, "P": _read_sharing, "Q": _read_members,
    "W": _read_writer, "L": _read_link, "N": _read_mounted,
}  # fmt: skip


def _make_entry(path: str, part: list[str], said: _Said) -> Entry:
    kind, uid, gid, mode, target = part
    acl = (tuple(said.acls[path]) if said.acls.get(path) else None) if path in said.marked else ()
    return Entry(path, Kind(kind), int(uid), int(gid), int(mode, 8), target, acl)


def _answer_user(need: Need, said: _Said) -> Answer:
    answer = said.ids.get(need.subject)
    found = _IDS.fullmatch(answer or "")
    if answer == "" and not said.ids.get("root"):
        return answer_refused(need, NO_ACCOUNTS, again=make_again(need))
    if answer == "":
        return answer_absent(need, "the host knows no such user", again=make_again(need))
    if found is None:
        return answer_unparseable(need, "id answered with a line that could not be read", again=make_again(need))
    uid, gid = parse_whole(found[1], U32), parse_whole(found[2], U32)
    groups = sorted({parse_whole(each, U32) for each in re.findall(r"(?:^|,)([0-9]+)", found[3])})
    name = _NAMED.match(answer or "")
    sharing = sorted(said.users_of.get(gid, set()) - {need.subject, name[1] if name else "", "root"})
    value = UserIds(uid, gid, groups, sharing[:MOST_USERS], dict(_NAMED_GROUP.findall(found[3])))
    return answer_observed(need, value, again=make_again(need), line=answer or "")


def _answer_way(need: Need, said: _Said) -> Answer:
    way = walk(need.subject, said.entries)
    if way.missing and (why := _explain_not_seen(way.missing, said)):
        return mark_denied(answer_refused(need, why, again=make_again(need), line=why))
    end = way.end
    parts = _list_parts(way, said)
    interpreter, missing = _find_interpreter(end, said, parts)
    times = said.times.get(end.path) if end is not None and end.kind is not Kind.FOLDER else None
    size, mtime, ctime = times or (0, 0, 0)
    ctime = ctime if end is not None and is_of_package(end.path) else 0
    acls = {path: said.acls.get(path, []) for path in parts if path in said.marked}
    where = end.path if end else ""
    value = PathWay(
        parts, way.missing, size, mtime, ctime, acls or None, interpreter, missing, _find_noexec(end, said),
        where in said.not_executable, said.env_misses.get(where, ""),
    )  # fmt: skip
    return answer_observed(
        need, value, again=make_again(need), line=way.missing or ("" if where == need.subject else where)
    )


def _explain_not_seen(path: str, said: _Said) -> str:
    """Why nothing is known about a part, or '' if it does not exist. A loop of links also leads nowhere."""
    if path in said.parts:
        return ""
    why = said.failed.get(path)
    if why is None:
        parent = path.rpartition("/")[0] or "/"
        return "" if said.parts.get(parent, ["folder"])[0] != "folder" else f"{path} could not be looked at"
    return "" if why in MISSING else f"{path}: {why}"


def _list_parts(way: Way, said: _Said) -> Parts:
    return {entry.path: said.parts[entry.path] for entry in way.entries}


def _find_interpreter(end: Entry | None, said: _Said, parts: Parts) -> tuple[str | None, str]:
    """The interpreter in its first line, and the first missing part of the path to it. Adds that path to `parts`."""
    if end is None or end.path not in said.interpreters:
        return "", ""
    name = said.interpreters[end.path]
    if name and name.endswith("\r"):
        return name, name
    if not name or not name.startswith("/") or explain_odd_path(name):
        return name, ""
    way = walk(name, said.entries)
    if way.missing and _explain_not_seen(way.missing, said):
        return None, ""
    parts.update(_list_parts(way, said))
    return name, way.missing


def _find_noexec(end: Entry | None, said: _Said) -> str:
    """The noexec mount that the program or its interpreter is on."""
    if end is None or end.path not in said.interpreters:
        return ""
    name = said.interpreters[end.path] or ""
    interpreter = walk(name, said.entries).end if name.startswith("/") and not explain_odd_path(name) else None
    mounts = (find_mount(each.path, said.noexec) for each in (end, interpreter) if each)
    return next((mount for mount in mounts if said.noexec.get(mount)), "")


def _answer_open(need: Need, said: _Said) -> Answer:
    ways = {path: walk(path, said.entries) for path in WANTED}
    parts: Parts = {}
    for way in ways.values():
        parts |= _list_parts(way, said)
    missing = {path: _explain_not_seen(way.missing, said) for path, way in ways.items() if way.missing}
    unseen = {path: why for path, why in missing.items() if why}
    acls = {path: said.acls.get(path, []) for path in parts if path in said.marked}
    files = {path: way.end.path for path, way in ways.items() if way.end is not None and way.end.kind is Kind.FILE}
    empty = [path for path, end in files.items() if said.times.get(end, (1,))[0] == 0]
    return answer_observed(need, OpenPaths(parts, acls or None, unseen, empty), again=make_again(need))


def _answer_writers(need: Need, said: _Said) -> Answer:
    parts = dict(said.writers)
    for link in said.links:
        if not explain_odd_path(link):
            parts |= _list_parts(walk(link, said.entries), said)
    value = UnitWriters(parts, sorted(said.links))
    return answer_observed(need, value, again=make_again(need), line=next(iter(sorted(said.writers)), ""))


def _make_probe(needs: Sequence[Need], _: Inquiry) -> Probe:
    return probe(needs)


FAMILY = Family((PathWay, UserIds, UnitWriters, OpenPaths), _make_probe)
