"""Virtual environments (fact `venv`): is the interpreter there, where does it lead, does it run.

The owner of a venv chooses what its bin/python is: it is never run. What runs, once each, is the interpreter of the
system that it leads to, by its own path, and only where nobody but root could change it or anything on its way
(`qtctl.meaning.access`): isolated (-I -S -E -B), with an empty environment and a deadline, and never as root, which
drops to nobody first. No other interpreter is run: 20 bytes of it are read, and the fact says that it was not run, and
why.
"""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qtctl.dialects import shell
from qtctl.meaning.access import Entry, Kind, find_first_change, walk
from qtctl.model.code_facts import VenvCheck
from qtctl.model.evidence import Need
from qtctl.model.plausible import LONGEST_LINE
from qtctl.probes.answer import (
    COMMAND_NOT_FOUND,
    Answer,
    answer_absent,
    answer_not_asked,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    divide_needs,
    explain_odd_path,
    find_first_line,
    judge_path_message,
)
from qtctl.probes.batch import ArgumentKind, Command, Frame, Frames, Library, Probe
from qtctl.probes.family import Family
from qtctl.remote.scripts import read_script

SAY = "import sys; print(sys.version.split()[0])"
TIMEOUT_S = 3
HEAD = 20
TOOLS = ("id", "readlink", "tr", "sort", "find", "stat", "od", "timeout", "env")
NO_DROP = 77
NOT_EXECUTABLE = 126
SYSTEM = re.compile(r"(?:/usr)?/bin/(?:python|pypy)[0-9.]*")
"""The interpreters that may be run: the distribution's, whose libraries are in folders of their own."""
VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){1,3}")
LIBRARY = re.compile(r"python[0-9.]{1,10}[a-z]?")
TIME = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,12}))?")
NAMED = re.compile(r"(?:python|pypy)[0-9.]*[a-z]*")
_KINDS = {"f": Kind.FILE, "d": Kind.FOLDER, "l": Kind.LINK}

SCRIPTS = Library(
    "venvs",
    ("unprivileged.sh",),
    {"look_at_venvs": ArgumentKind.PATHS},
    (("venvs", read_script("venvs.sh")), ("seconds", str(TIMEOUT_S)), ("bytes", str(HEAD)), ("say", SAY)),
)


@dataclass(frozen=True, slots=True)
class _Row:
    """What was found for one venv. `mode`: octal, if its bin/python cannot be executed."""

    path: str
    target: str
    state: str
    mode: str
    message: str


@dataclass(slots=True)
class _Made:
    """How one venv was made, and what is installed in it, as far as that shows."""

    version: str = ""
    libraries: list[str] = field(default_factory=list)
    installed: str = ""
    installed_at: int = 0


@dataclass(frozen=True, slots=True)
class _Said:
    """The whole answer. By path: exit status and output of what ran, first bytes of what did not."""

    rows: Mapping[str, _Row]
    ran: Mapping[str, tuple[int, str]]
    heads: Mapping[str, str]
    own_head: str
    entries: Mapping[str, Entry]
    users: Mapping[int, str]
    groups: Mapping[int, str]
    made: Mapping[str, _Made]


def probe(needs: Iterable[Need]) -> Probe:
    asked, odd = divide_needs(needs, lambda need: explain_odd_path(need.subject))
    if not asked:
        return Probe((), lambda _: odd)
    return Probe((_make_command([need.subject for need in asked]),), lambda frames: odd + _parse(asked, frames))


def make_again(path: str) -> str:
    """Shows where bin/python leads, and runs nothing."""
    return f"readlink -m {shell.quote(_locate_python(path))}"


def _locate_python(path: str) -> str:
    return f"{path}/bin/python"


def _make_command(paths: list[str]) -> Command:
    argv = ("readlink", "-m", *map(_locate_python, paths))
    return SCRIPTS.make_command([("look_at_venvs", *paths)], argv, shlex.join(argv), TOOLS)


def _parse(needs: list[Need], frames: Frames) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=make_again(need.subject)) for need in needs]
    if frame.exit == NO_DROP:
        why = "interpreters are not run as root, and neither setpriv nor runuser is there to drop it"
        return [answer_not_asked(need, why) for need in needs]
    try:
        said = _read([need.subject for need in needs], decode_text(frame.stdout))
    except (ValueError, IndexError) as error:
        why = find_first_line(frame.stderr) or f"an answer that cannot be read: {error}"
        return [_answer_unread(need, frame, why) for need in needs]
    return [_answer(need, said, frame) for need in needs]


def _answer_unread(need: Need, frame: Frame, why: str) -> Answer:
    if frame.exit != 0 and not frame.stdout:
        return answer_refused(need, why or f"exit status {frame.exit}", again=make_again(need.subject))
    return answer_unparseable(need, why, again=make_again(need.subject))


def _read(paths: Sequence[str], stdout: str) -> _Said:
    """ValueError or IndexError if it is not what the script prints. An incomplete last line is left out."""
    lines = stdout.split("\n")[:-1]
    targets, rest = lines[: len(paths)], [line.split("\t") for line in lines[len(paths) :]]
    if len(targets) < len(paths):
        raise ValueError(f"{len(targets)} of {len(paths)} paths")
    tagged: dict[str, list[list[str]]] = {tag: [] for tag in ("ran", "head", "self", "at", "is", "cfg", "lib", "new")}
    for tag, *fields in rest:
        tagged[tag if tag in tagged else _explain_unknown(tag)].append(fields)
    rows = [
        _Row(paths[int(n)], targets[int(n)], state, mode, "\t".join(said)) for n, state, mode, *said in tagged["is"]
    ]
    at = [(*fields[:6], "\t".join(fields[6:])) for fields in tagged["at"]]
    return _Said(
        {row.path: row for row in rows},
        {path: (int(code), "\t".join(output)) for code, path, *output in tagged["ran"]},
        {"\t".join(path): head.strip() for head, *path in tagged["head"]},
        next((head.strip() for head, *_ in tagged["self"]), ""),
        {path: _make_entry(path, kind, uid, gid, mode) for kind, uid, gid, mode, _, _, path in at},
        {int(uid): user for _, uid, _, _, user, _, _ in at},
        {int(gid): group for _, _, gid, _, _, group, _ in at},
        _read_made(paths, tagged),
    )


def _read_made(paths: Sequence[str], tagged: Mapping[str, list[list[str]]]) -> dict[str, _Made]:
    """By path. Invalid versions and times are left out: the owner of a venv can write anything into its pyvenv.cfg."""
    found = {path: _Made() for path in paths}
    for number, *name in tagged["lib"]:
        if LIBRARY.fullmatch("\t".join(name)):
            found[paths[int(number)]].libraries.append(name[0])
    for said in map("\t".join, tagged["cfg"]):
        path, colon, line = said.partition("/pyvenv.cfg:")
        version = VERSION.match(line.partition("=")[2].strip())
        if colon and version and path in found and not found[path].version:
            found[path].version = version[0]
    for at, folder, *record in tagged["new"]:
        made, when = found.get(folder.removesuffix("/lib")), TIME.fullmatch(at)
        if made and when:
            made.installed = "\t".join(record)[:LONGEST_LINE]
            made.installed_at = int(when[1]) * 1_000_000 + int((when[2] or "").ljust(6, "0")[:6])
    return found


def _explain_unknown(tag: str) -> str:
    raise ValueError(f"a line that begins with {tag[:20]!r}")


def _make_entry(path: str, kind: str, uid: str, gid: str, mode: str) -> Entry:
    return Entry(path, _KINDS.get(kind, Kind.OTHER), int(uid), int(gid), int(mode, 8))


def _answer(need: Need, said: _Said, frame: Frame) -> Answer:
    row = said.rows.get(need.subject)
    if row is None:
        why = find_first_line(frame.stderr) or "no answer for this venv"
        return answer_unparseable(need, why, again=make_again(need.subject))
    answer = _answer_program(need, row, said) if row.state == "program" else _answer_no_program(need, row)
    if not isinstance(answer.value, VenvCheck):
        return answer
    made = said.made[need.subject]
    value = replace(
        answer.value, made_for=made.version, libraries=made.libraries or None, installed=made.installed,
        installed_at=made.installed_at,
    )  # fmt: skip
    return replace(answer, value=value)


def _answer_program(need: Need, row: _Row, said: _Said) -> Answer:
    why_not = _explain_not_run(row.target, said)
    if row.target in said.ran and not why_not:
        code, output = said.ran[row.target]
        value = VenvCheck(_locate_python(row.path), row.target, code, output, row.target)
        run = f"{shell.quote(row.target)} -I -S -E -B -c {shlex.quote(SAY)}"
        return answer_observed(need, value, again=run, line=output)
    if row.target not in said.heads:
        return answer_unparseable(need, "no answer for the file that it leads to", again=make_again(need.subject))
    looks = _describe_looks(row.target, said.heads[row.target], said.own_head)
    value = VenvCheck(_locate_python(row.path), row.target, None, "", "", why_not or "it could not be looked at", looks)
    return answer_observed(need, value, again=make_again(need.subject), line=row.target)


def _explain_not_run(target: str, said: _Said) -> str:
    """Why it may not be run, or ''."""
    way = walk(target, said.entries)
    change = find_first_change(way.entries)
    if change is not None:
        return change.describe(said.users, said.groups)
    if way.end is None:
        return f"{way.missing} could not be looked at"
    return "" if SYSTEM.fullmatch(target) else "only the system's own interpreters are run (/usr/bin/python*)"


def _describe_looks(target: str, head: str, own: str) -> str:
    """What its name and first bytes make it: `program`, of the kind that this host runs, `script` or ''.

    ELF: class and byte order are its fifth and sixth byte, the machine its 19th and 20th.
    """
    mine, its = own.split(), head.split()
    if its[:2] == ["23", "21"]:
        return "script"
    same = len(its) == len(mine) == HEAD and its[:6] == mine[:6] and its[18:] == mine[18:]
    return "program" if same and NAMED.fullmatch(target.rpartition("/")[2]) else ""


def _answer_no_program(need: Need, row: _Row) -> Answer:
    python = shell.quote(_locate_python(row.path))
    if row.state == "venv":
        return judge_path_message(need, row.message, again=f"ls -d {shell.quote(need.subject)}")
    if row.state == "other":
        return answer_absent(need, "not a directory", again=f"ls -ld {shell.quote(need.subject)}", line=need.subject)
    if row.state == "mode":
        return _answer_not_executable(need, row)
    failed = judge_path_message(need, row.message, again=f"stat -L {python}")
    if failed.state.known:
        target = row.target if row.state == "target" else ""
        value = VenvCheck(_locate_python(row.path), target, COMMAND_NOT_FOUND, failed.line)
        return answer_observed(need, value, again=failed.again, line=failed.line)
    return failed


def _answer_not_executable(need: Need, row: _Row) -> Answer:
    """That it is executable for someone else does not show that it runs."""
    regular = row.message.startswith("regular")
    if regular and int(row.mode or "0", 8) & 0o111:
        return answer_refused(need, "Permission denied", again=make_again(need.subject), line="Permission denied")
    value = VenvCheck(
        _locate_python(row.path), row.target, NOT_EXECUTABLE, "Permission denied" if regular else row.message
    )
    return answer_observed(need, value, again=make_again(need.subject), line=row.target)


FAMILY = Family((VenvCheck,), lambda needs, _: probe(needs))
