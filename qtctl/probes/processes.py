"""The processes of services (fact `processes`): what everybody may see of them in /proc."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qtctl.dialects.shell import quote
from qtctl.model.evidence import Need
from qtctl.model.inquiry import Inquiry
from qtctl.model.json import JsonObject
from qtctl.model.plausible import U32, U64, parse_whole, show_value
from qtctl.model.process_facts import LIMIT_NAMES, Processes
from qtctl.probes.answer import (
    Answer,
    answer_absent,
    answer_observed,
    answer_unparseable,
    decode_text,
    divide_needs,
    needs_root,
)
from qtctl.probes.batch import ArgumentKind, Frames, Library, Probe
from qtctl.probes.family import Family
from qtctl.probes.units import explain_odd_name

HIDDEN = "/proc hides the processes of other accounts: it is mounted with hidepid"
NOBODY = "no process in its control group"
MOST = 16
"""How many processes of a service are kept. Most have one that no other process of it started."""
TOOLS = ("awk", "cut", "grep", "tr")
UNLIMITED = -1
_LINE = re.compile(r"/proc/([0-9]{1,10})/(status|limits|oom_score_adj|stat|cmdline):(.*)", re.DOTALL)
_LIMIT = re.compile(r"Max (.+?) {2,}(\S+) +(\S+)")
_PATH = re.compile(r"/[^ \x00-\x1f\x7f]{0,250}")
_NICE, _POLICY = 16, 38
"""Their indexes after the name of the program, which ends with the last parenthesis."""
INHERITED = ("CPU", "FSIZE", "DATA", "NPROC", "NOFILE", "AS", "STACK", "SIGPENDING", "MSGQUEUE")
"""Limits that services get from PID 1, and that programs do not lower by themselves."""
SOFT_FILES, HARD_FILES = 1024, 4096
"""Open files that every service may have; systemd raises PID 1's own limit far above that."""
LONGEST_CPUS = 200

SCRIPTS = Library("processes", ("processes.sh",), {"show_processes": ArgumentKind.UNITS})


@dataclass(slots=True)
class _Seen:
    """The contents of one process's files."""

    parent: int = -1
    row: JsonObject = field(default_factory=dict)


def probe(needs: Sequence[Need], limits: Mapping[str, Collection[str]]) -> Probe:
    """One command for all services. `limits`: service → the limits of its unit, as systemd names them."""
    asked, odd = divide_needs(needs, lambda need: explain_odd_name(need.subject))
    if not asked:
        return Probe((), lambda _: odd)
    units = [need.subject for need in asked]
    command = SCRIPTS.make_command(
        [("show_processes", *units)], ("processes", *units), "grep -s '' /proc/[0-9]*/cgroup", TOOLS
    )
    return Probe((command,), lambda frames: odd + _parse(asked, frames, limits))


def make_again(unit: str) -> str:
    return f"systemctl show -p MainPID {quote(unit)}"


def read_members(lines: Iterable[str]) -> dict[str, list[str]]:
    """Unit → pids, of lines `P PID UNIT`."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("P "):
            _, pid, unit = line.split(" ", 2)
            found.setdefault(unit, []).append(str(parse_whole(pid, U32)))
    return found


def _parse(needs: Sequence[Need], frames: Frames, limits: Mapping[str, Collection[str]]) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=make_again(need.subject)) for need in needs]
    lines = decode_text(frame.stdout).split("\n")
    if lines[0] == "H":
        return [needs_root(need, HIDDEN, again=make_again(need.subject)) for need in needs]
    units, seen = read_members(lines), _read_seen(lines)
    manager = seen.get("1", _Seen()).row
    usual = _list_usual(manager.get("limits"))
    answers = []
    for need in needs:
        pids = units.get(need.subject, [])
        rows = _find_top(pids, seen, {each.removeprefix("Limit") for each in limits.get(need.subject, ())}, usual)
        if not rows:
            answers.append(answer_absent(need, NOBODY, again=make_again(need.subject)))
            continue
        value = Processes(
            rows,
            int(str(manager.get("nice", 0))),
            int(str(manager.get("oom_score_adj", 0))),
            str(manager.get("cpus", "")),
        )
        answers.append(answer_observed(need, value, again=make_again(need.subject)))
    return answers


def _list_usual(limits: object) -> dict[str, tuple[int, int]]:
    """The minimum limits, soft and hard, of a service without settings of its own: PID 1's, except for open files."""
    pairs = limits if isinstance(limits, dict) else {}
    found = {name: (int(pairs[name][0]), int(pairs[name][1])) for name in INHERITED if name in pairs}
    if "NOFILE" in found:
        hard = found["NOFILE"][1]
        found["NOFILE"] = (_parse_least(hard, SOFT_FILES), _parse_least(hard, HARD_FILES))
    return found


def _parse_least(limit: int, most: int) -> int:
    return most if limit == UNLIMITED else min(limit, most)


def _is_lower(name: str, pair: object, usual: Mapping[str, tuple[int, int]]) -> bool:
    if name not in usual or not isinstance(pair, list):
        return False
    pairs = zip(pair, usual[name], strict=True)
    return any(now != UNLIMITED and (least == UNLIMITED or now < least) for now, least in pairs)


def _find_top(
    pids: Sequence[str], seen: Mapping[str, _Seen], limits: Collection[str], usual: Mapping[str, tuple[int, int]]
) -> dict[str, JsonObject]:
    """Processes that no other of them started, with the limits asked for, and those that are lower than usual.

    Processes that have ended meanwhile are left out.
    """
    found: dict[str, JsonObject] = {}
    for pid in sorted(pids, key=int):
        process = seen.get(pid)
        if process is None or "uids" not in process.row or str(process.parent) in pids or len(found) == MOST:
            continue
        kept = process.row.get("limits")
        pairs = kept if isinstance(kept, dict) else {}
        own = {name: pair for name, pair in pairs.items() if name in limits or _is_lower(name, pair, usual)}
        found[pid] = {**process.row, "limits": own}
    return found


def _read_seen(lines: Iterable[str]) -> dict[str, _Seen]:
    """By pid. ValueError if a file has unexpected content."""
    found: dict[str, _Seen] = {}
    for line in lines:
        read = _LINE.fullmatch(line)
        if read is not None:
            _READ[read[2]](found.setdefault(read[1], _Seen()), read[3])
    return found


def _read_status(process: _Seen, line: str) -> None:
    key, _, rest = line.partition(":")
    words = rest.split()
    if key == "PPid":
        process.parent = parse_whole(words[0], U32)
    elif key == "Umask":
        process.row["umask"] = words[0]
    elif key == "State":
        process.row["state"] = words[0][:1]
    elif key == "NoNewPrivs":
        process.row["no_new_privs"] = parse_whole(words[0], U32)
    elif key == "Cpus_allowed_list":
        process.row["cpus"] = words[0][:LONGEST_CPUS]
    elif key in ("Uid", "Gid"):
        process.row[f"{key.lower()}s"] = [parse_whole(word, U32) for word in words]
    elif key == "Groups":
        process.row["groups"] = [*sorted(parse_whole(word, U32) for word in words)]


def _read_limits(process: _Seen, line: str) -> None:
    found = _LIMIT.match(line)
    name = LIMIT_NAMES.get(found[1]) if found else None
    if found and name:
        limits = process.row.setdefault("limits", {})
        if isinstance(limits, dict):
            limits[name] = [_parse_limit(found[2]), _parse_limit(found[3])]


def _parse_limit(word: str) -> int:
    return UNLIMITED if word == "unlimited" else parse_whole(word, U64)


def _read_oom(process: _Seen, line: str) -> None:
    process.row["oom_score_adj"] = _parse_signed(line)


def _read_stat(process: _Seen, line: str) -> None:
    words = line.rpartition(")")[2].split()
    process.row["nice"] = _parse_signed(words[_NICE])
    process.row["policy"] = parse_whole(words[_POLICY], U32)


def _parse_signed(word: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,5}", word):
        raise ValueError(f"{show_value(word)} is not such a number")
    return int(word)


def _read_program(process: _Seen, line: str) -> None:
    """A title that a program has given itself is not a path, and may contain anything."""
    process.row["program"] = line if _PATH.fullmatch(line) else ""


_READ = {
    "status": _read_status,
    "limits": _read_limits,
    "oom_score_adj": _read_oom,
    "stat": _read_stat,
    "cmdline": _read_program,
}


def _make_probe(needs: Sequence[Need], inquiry: Inquiry) -> Probe:
    limits = {
        unit: [name for _, name in shown if name.startswith("Limit")] for unit, shown in inquiry.properties.items()
    }
    return probe(needs, limits)


FAMILY = Family((Processes,), _make_probe)
