"""What a service's process should run with, and what it runs with instead."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from qtctl.meaning.starts import is_venv_python
from qtctl.model.desired import DesiredService
from qtctl.model.desired_loaded import LoadedValue
from qtctl.model.json import Json, JsonObject
from qtctl.model.process_facts import Processes

UNLIMITED, INFINITY = -1, 2**64 - 1
WRAPPERS = frozenset(
    (
        *("bash", "busybox", "dash", "perl", "ruby", "sh"),
        *("chrt", "choom", "env", "ionice", "nice", "prlimit", "runuser", "setpriv", "setsid", "su", "sudo", "taskset"),
    )
)
"""Programs that people use to set by themselves what a process runs with."""
_LIMIT = "Limit"
_CPUS = frozenset(("CPUAffinity", "AllowedCPUs", "NUMAPolicy", "NUMAMask"))
_POLICIES = frozenset(("CPUSchedulingPolicy", "CPUSchedulingResetOnFork", "CPUSchedulingPriority"))


@dataclass(frozen=True, slots=True)
class Who:
    """By number. `groups`: all groups of a login, and the unit's; None: not compared."""

    uid: int
    gid: int | None
    groups: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The expected properties of a process. `sets`: values of its unit, by directive; `soft`: its soft limits."""

    who: Who | None
    sets: dict[str, Json]
    soft: dict[str, int]
    venv: str
    inherits: bool
    chosen: frozenset[str] = frozenset()
    """Directives of its unit whose values are not compared here: CPUs, scheduling."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`name` as people call it; `directive` sets it, '' for none."""

    name: str
    expected: Json
    observed: Json
    directive: str


def list_process_settings(loaded: Collection[LoadedValue]) -> dict[str, Json]:
    """The values of its unit that show in its process, by directive."""
    shown = ("Nice", "OOMScoreAdjust", "UMask", "NoNewPrivileges")
    return {
        each.directive: each.value for each in loaded if each.directive in shown or each.directive.startswith(_LIMIT)
    }


def list_soft_limits(service: DesiredService) -> dict[str, int]:
    """The first number of `LimitNOFILE=1024:4096`; a single number is both."""
    pairs = (*service.limits, *service.settings)
    halves = ((key, value.partition(":")) for key, value in pairs if key.startswith(_LIMIT))
    return {key: int(soft) for key, (soft, colon, _) in halves if colon and soft.isascii() and soft.isdigit()}


def find_venv(service: DesiredService) -> str:
    """The venv whose interpreter its program is; '' if it is another program."""
    return service.venv if is_venv_python(service) else ""


def inherits(program: str) -> bool:
    """Whether a process gets PID 1's values unless its unit says otherwise."""
    return program.rpartition("/")[2] not in WRAPPERS


def find_differences(wanted: Wanted, row: JsonObject, default: Processes) -> tuple[Difference, ...]:
    """`row`: of its process, as in Processes."""
    return (
        *_compare_identity(wanted.who, row),
        *_compare_numbers(wanted, row, default),
        *_compare_limits(wanted, row),
        *_find_lowered(wanted, row),
        *_compare_scheduling(wanted, row, default),
        *_compare_privileges(wanted, row),
        *_compare_venv(wanted.venv, row),
    )


def _compare_identity(who: Who | None, row: JsonObject) -> Iterator[Difference]:
    if who is None:
        return
    uids, gids = _read_ints(row.get("uids")), _read_ints(row.get("gids"))
    if set(uids) != {who.uid}:
        yield Difference("uid", who.uid, _find_one(uids, who.uid), "User")
        return  # groups go with the user
    if who.gid is not None and set(gids) != {who.gid}:
        yield Difference("gid", who.gid, _find_one(gids, who.gid), "Group")
    groups = frozenset((*_read_ints(row.get("groups")), *gids))
    if who.groups is not None and groups != who.groups:
        yield Difference("groups", [*sorted(who.groups)], [*sorted(groups)], "SupplementaryGroups")


def _find_one(ids: Sequence[int], wanted: int) -> int | None:
    return next((each for each in ids if each != wanted), None)


def _compare_numbers(wanted: Wanted, row: JsonObject, default: Processes) -> Iterator[Difference]:
    for name, directive, usual in (
        ("nice", "Nice", default.nice),
        ("oom_score_adj", "OOMScoreAdjust", default.oom_score_adj),
    ):
        expected = wanted.sets.get(directive, usual if wanted.inherits else None)
        if isinstance(expected, int) and row.get(name) != expected:
            yield Difference(name, expected, row.get(name), directive)
    umask = wanted.sets.get("UMask")
    if isinstance(umask, int) and int(str(row.get("umask", "0")), 8) != umask:
        yield Difference("umask", f"{umask:04o}", row.get("umask"), "UMask")


def _compare_limits(wanted: Wanted, row: JsonObject) -> Iterator[Difference]:
    """A program may raise its soft limit up to its hard limit, and many do."""
    found = row.get("limits")
    for directive, value in wanted.sets.items():
        name = directive.removeprefix(_LIMIT)
        pair = _read_ints(found.get(name)) if isinstance(found, dict) and directive != name else ()
        if not pair or not isinstance(value, int):
            continue
        soft, hard = pair
        expected = UNLIMITED if value == INFINITY else value
        least = wanted.soft.get(directive, expected)
        if hard != expected or _is_below(soft, least):
            yield Difference(name, _format_limit(least, expected), _format_limit(soft, hard), directive)


def _find_lowered(wanted: Wanted, row: JsonObject) -> Iterator[Difference]:
    """Limits that its unit does not set: the row has only those that are lower than what services get."""
    found = row.get("limits")
    for name, pair in found.items() if wanted.inherits and isinstance(found, dict) else ():
        if f"{_LIMIT}{name}" not in wanted.sets and f"{_LIMIT}{name}" not in wanted.chosen:
            yield Difference(name, "what services get", _format_limit(*_read_ints(pair)[:2]), f"{_LIMIT}{name}")


def _compare_scheduling(wanted: Wanted, row: JsonObject, default: Processes) -> Iterator[Difference]:
    if not wanted.inherits:
        return
    cpus, policy = row.get("cpus"), row.get("policy")
    if cpus and default.cpus and cpus != default.cpus and not wanted.chosen & _CPUS:
        yield Difference("cpus", default.cpus, cpus, "CPUAffinity")
    if policy and not wanted.chosen & _POLICIES:
        yield Difference("policy", 0, policy, "CPUSchedulingPolicy")


def _compare_privileges(wanted: Wanted, row: JsonObject) -> Iterator[Difference]:
    if wanted.sets.get("NoNewPrivileges") is True and row.get("no_new_privs") == 0:
        yield Difference("no_new_privs", 1, 0, "NoNewPrivileges")


def _is_below(limit: int, least: int) -> bool:
    return limit != UNLIMITED and (least == UNLIMITED or limit < least)


def _format_limit(soft: int, hard: int) -> str:
    said = ["infinity" if each == UNLIMITED else str(each) for each in (soft, hard)]
    return said[0] if said[0] == said[1] else ":".join(said)


def _compare_venv(venv: str, row: JsonObject) -> Iterator[Difference]:
    """By the first word of its command line, if that is an interpreter with its path."""
    program = str(row.get("program", ""))
    is_python = program.rpartition("/")[2].startswith("python")
    if venv and is_python and not program.startswith(f"{venv}/"):
        yield Difference("program", f"{venv}/bin/python", program, "ExecStart")


def _read_ints(value: Json) -> tuple[int, ...]:
    return tuple(each for each in value if isinstance(each, int)) if isinstance(value, list) else ()
