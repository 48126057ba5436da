"""What the types of a fact leave open: numbers in range, ports and addresses that exist, text that can be written.

Checked where a value enters: in probes, for a host's answers, and in documents, for an evidence file.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from qtctl.model.account_facts import Account, Auditor, Group
from qtctl.model.check_facts import CommandResult, UnitProperty
from qtctl.model.code_facts import Checkout, EntryPoint, Folders, VenvCheck, VenvPackages
from qtctl.model.container_facts import Containers
from qtctl.model.deploy_facts import HostDeploys, KeptGenerations
from qtctl.model.fact import Fact
from qtctl.model.facts import File, HostBaseline, Listeners, Unit
from qtctl.model.host_facts import FileSystem, HostState, OomKills, Resolved
from qtctl.model.process_facts import EnvText, Processes, ProcessPlaces
from qtctl.model.store_facts import (
    StoreClock,
    StoreHealth,
    StoreKeys,
    StoreServer,
    Stream,
    StreamConsumers,
    StreamGroup,
    StreamGroups,
    StreamPending,
)
from qtctl.model.user_unit_facts import UserUnits
from qtctl.model.way_facts import OpenPaths, PathWay, UnitWriters, UserIds

U32, I64, U64 = 2**32 - 1, 2**63 - 1, 2**64 - 1
HIGHEST_PORT, MOST_CPUS, MOST_LOAD = 65535, 2**20, 2**32
LONGEST_LINE = 4096
"""Characters of a name, an address or a line of a proof."""

MODE = re.compile("[0-7]{4}")
GIT_ID = re.compile("|[0-9a-f]{40}|[0-9a-f]{64}")
STREAM_ID = re.compile("([0-9]{1,20})-([0-9]{1,20})")
MOST_ENTRIES = 50
_NAME, _HEX, _LINE = (
    re.compile("[A-Za-z_][A-Za-z0-9_]{0,4095}"),
    re.compile("[0-9a-f]{0,64}"),
    re.compile("[0-9]{1,10}"),
)
_PAIR = 2
_KINDS = ("file", "dir", "link", "socket", "other")
_ROW = 4
_PART, _PART_KINDS = 5, ("file", "folder", "link", "other")
_COUNTERS = (
    *("active_enter_timestamp", "main_pid", "exec_main_code", "exec_main_status", "exec_main_start_timestamp"),
    *("n_restarts", "next_elapse_usec_realtime", "next_elapse_usec_monotonic", "last_trigger_usec"),
)


def find_problem(value: Fact) -> str:
    """Why no host can have answered this, or ''. One line with the field and its value."""
    check = _CHECKS.get(value.FACT)
    return check(value) if check else ""


def parse_whole(text: str, most: int = I64) -> int:
    """A number as programs print it: only ASCII digits. ValueError otherwise, or if it exceeds `most`."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise ValueError(f"{show_value(text)} is not a number from 0 to {most}")
    return int(text)


def show_value(value: object, limit: int = 80) -> str:
    """A value for a message: quoted, one line, shortened."""
    return repr(value if not isinstance(value, str) else value[:limit])[: limit + 2]


def is_socket_address(text: str) -> bool:
    """Whether ss could have printed it: `*`, 127.0.0.1, 127.0.0.53%lo, [::], [fe80::1]%eth0."""
    plain, _, zone = text.replace("[", "").replace("]", "").partition("%")
    if len(text) > LONGEST_LINE or "%" in zone:
        return False
    try:
        return plain == "*" or bool(ip_address(plain))
    except ValueError:
        return False


def _check_ranges(value: object, fields: Mapping[str, int]) -> str:
    """Describes the first field that is not between 0 and its maximum."""
    for field, most in fields.items():
        number = getattr(value, field)
        if not 0 <= number <= most:
            return f"{field} {show_value(number)} is not from 0 to {most}"
    return ""


def _check_lengths(value: object, fields: Iterable[str]) -> str:
    long = next((field for field in fields if len(getattr(value, field)) > LONGEST_LINE), None)
    return f"{long} is longer than {LONGEST_LINE} characters" if long else ""


def _check_host(value: HostBaseline) -> str:
    load = next((each for each in value.load if not (math.isfinite(each) and 0 <= each <= MOST_LOAD)), None)
    if load is not None:
        return f"load {load!r} is not a load"
    sizes = ("memory_total", "memory_available", "disk_total", "disk_free")
    return _check_ranges(
        value, {"uptime_s": U32 * 100, "cpus": MOST_CPUS, **dict.fromkeys(sizes, I64)}
    ) or _check_lengths(value, ("hostname", "os", "kernel", "systemd", "timezone", "boot_id"))


def _check_listeners(value: Listeners) -> str:
    for row in value.rows:
        if len(row) != _ROW:
            return f"a socket is {_ROW} texts, not {len(row)}"
        address, port, _, _ = row
        if not is_socket_address(address):
            return f"{show_value(address)} is not an address of a socket"
        if not (port.isascii() and port.isdigit() and len(port) <= len(str(U64)) and int(port) <= HIGHEST_PORT):
            return f"{show_value(port)} is not a port"
    return ""


def _check_file(value: File) -> str:
    if value.kind not in _KINDS:
        return f"kind {show_value(value.kind)} is none of {', '.join(_KINDS)}"
    if not MODE.fullmatch(value.mode):
        return f"mode {show_value(value.mode)} is not four octal digits"
    if not -I64 <= value.mtime <= I64:
        return f"mtime {show_value(value.mtime)} is not a time"
    return _check_ranges(value, {"size": I64}) or _check_lengths(value, ("owner", "group", "target"))


def _check_stream(value: Stream) -> str:
    return (
        _check_stream_id("last_id", value.last_id)
        or (value.first_id and _check_stream_id("first_id", value.first_id))
        or (value.deleted_id and _check_stream_id("deleted_id", value.deleted_id))
        or _check_ranges(value, {"length": I64, "last_ms": U64, "groups": I64} | _list_bounds(value, "added"))
        or ("" if value.last_ms == int(value.last_id.partition("-")[0]) else "last_ms is not the time of last_id")
    )


def _check_stream_group(value: StreamGroup) -> str:
    counted = {"pending": I64, "consumers": I64} | _list_bounds(value, "lag", "entries_read")
    return _check_stream_id("last_delivered_id", value.last_delivered_id) or _check_ranges(value, counted)


def _list_bounds(value: object, *fields: str) -> dict[str, int]:
    """The bounds of those of these fields that are not None."""
    return {field: I64 for field in fields if getattr(value, field) is not None}


def _check_entries(value: Mapping[str, object]) -> str:
    """Checks a table of short texts or counters."""
    if len(value) > MOST_ENTRIES or any(len(str(part)) > LONGEST_LINE for row in value.items() for part in row):
        return f"a table of more than {MOST_ENTRIES} entries, or with a longer one"
    negative = next((each for each in value.values() if isinstance(each, int) and not 0 <= each <= U64), None)
    return "" if negative is None else f"{show_value(negative)} is not a count"


def _check_paths(paths: Iterable[str]) -> str:
    return f"a path is longer than {LONGEST_LINE} characters" if any(len(each) > LONGEST_LINE for each in paths) else ""


_ENTRY = 4


def _check_pending(value: StreamPending) -> str:
    for entry in value.entries:
        match entry:
            case [str(id_), str(consumer), int(idle), int(times)]:
                numbers = 0 <= idle <= I64 and 0 <= times <= I64
                wrong = _check_stream_id("entry", id_) or (
                    "" if numbers and len(consumer) <= LONGEST_LINE else "no count"
                )
            case _:
                wrong = f"an entry is {_ENTRY} values, not {len(entry)}"
        if wrong:
            return wrong
    return ""


def _check_groups(value: StreamGroups | StoreKeys) -> str:
    long = next((name for name in value.names if len(name) > LONGEST_LINE), None)
    return f"a name is longer than {LONGEST_LINE} characters" if long else _check_ranges(value, {"count": I64})


def _check_stream_id(field: str, text: str) -> str:
    found = STREAM_ID.fullmatch(text)
    if found and max(map(int, found.groups())) <= U64:
        return ""
    return f"{field} {show_value(text)} is not the id of an entry"


def _check_auditor(value: Auditor) -> str:
    return (
        _check_parts(value.parts)
        or _check_ranges(value, {"uid": U32})
        or _check_lengths(value, ("name", "home", "shell"))
    )


def _check_way(value: PathWay) -> str:
    if not all(-I64 <= each <= I64 for each in (value.mtime, value.ctime)):
        return f"{show_value(value.mtime)} is not a time"
    return (
        _check_parts(value.parts)
        or _check_ranges(value, {"size": I64})
        or _check_lengths(value, ("missing", "interpreter_missing", *(("interpreter",) if value.interpreter else ())))
    )


def _check_user(value: UserIds) -> str:
    if not all(0 <= each <= U32 for each in value.groups):
        return "a group that is not a number"
    return _check_ranges(value, {"uid": U32, "gid": U32})


def _check_parts(parts: Mapping[str, list[str]]) -> str:
    for path, part in parts.items():
        numbers = part[1:3] if len(part) == _PART else ["no part"]
        if not all(each.isascii() and each.isdigit() and len(each) <= len(str(U32)) for each in numbers):
            return f"{show_value(path)} is not a part of a path"
        if part[0] not in _PART_KINDS or not MODE.fullmatch(part[3]):
            return f"{show_value(path)}: {show_value(part[0])} with mode {show_value(part[3])} is not a part of a path"
    return ""


def _check_host_state(value: HostState) -> str:
    wrong = next(
        (f"pressure {show_value(name)}" for name, each in value.pressure.items() if not _are_percents(each)), ""
    )
    if wrong:
        return f"{wrong} is not one or two percentages"
    numbers = ("clock_us", "earliest_us", "latest_us", "swap_total", "swap_free", "shutdown_at_us")
    return _check_ranges(value, dict.fromkeys(numbers, I64)) or _check_lengths(value, ("container", "shutdown"))


def _are_percents(averages: list[float]) -> bool:
    return 0 < len(averages) <= 2 and all(0 <= each <= 100 for each in averages)  # noqa: PLR2004 - some, full; percent


def _check_filesystem(value: FileSystem) -> str:
    sizes = ("used", "available", "inodes", "inodes_free")
    return _check_ranges(value, dict.fromkeys(sizes, I64)) or _check_lengths(value, ("mount", "id", "read_only"))


def _check_resolved(value: Resolved) -> str:
    wrong = next((each for each in value.addresses if not is_socket_address(each) or each == "*"), None)
    return "" if wrong is None else f"{show_value(wrong)} is not an address"


def _check_kills(value: OomKills) -> str:
    wrong = next((path for path, count in value.kills.items() if not 0 < count <= I64), None)
    return "" if wrong is None else f"{show_value(wrong)}: {show_value(value.kills[wrong])} is not a count of kills"


def _check_env_text(value: EnvText) -> str:
    names = {*value.digests, *value.plain, *value.secrets, *(name for _, name in value.others if name)}
    odd = next((name for name in names if not _NAME.fullmatch(name)), None)
    if odd is not None:
        return "a name that no variable can have"
    if not all(_HEX.fullmatch(each) for each in (value.nonce, *value.digests.values())):
        return "something that is not a digest"
    rows = (*value.others, *value.lines)
    return "" if all(len(row) == _PAIR and _LINE.fullmatch(row[0]) for row in rows) else "a line without a number"


def _check_rows(rows: Mapping[str, Any]) -> str:
    odd = next((pid for pid in rows if not (_LINE.fullmatch(pid) and int(pid) <= U32)), None)
    return "" if odd is None else f"{show_value(odd)} is not a process"


def _check_places(value: ProcessPlaces) -> str:
    long = any(len(row) != _PAIR or any(len(each) > LONGEST_LINE for each in row) for row in value.rows.values())
    return _check_rows(value.rows) or ("a process must have a working directory and a program" if long else "")


def _deploy_status(value: HostDeploys) -> str:
    numbers = _check_ranges(value, dict.fromkeys(("generation", "current", "at", "age_s"), I64))
    rows = ((name, *row) for name, row in value.units.items())
    return numbers or _check_paths(
        (value.state, value.by, *value.about.values(), *(each for row in rows for each in row))
    )


_CHECKS: Mapping[str, Callable[[Any], str]] = {
    HostBaseline.FACT: _check_host,
    Listeners.FACT: _check_listeners,
    File.FACT: _check_file,
    Unit.FACT: lambda value: _check_ranges(
        value, dict.fromkeys(_COUNTERS, U64) | _list_bounds(value, "memory_current")
    ),
    VenvCheck.FACT: lambda value: (
        _check_ranges(value, {} if value.exit is None else {"exit": 255})
        or _check_lengths(value, ("resolved", "output", "ran", "not_run", "looks", "made_for", "installed"))
        or ("" if -I64 <= value.installed_at <= I64 else f"installed_at {show_value(value.installed_at)} is not a time")
    ),
    StoreServer.FACT: lambda value: (
        _check_ranges(value, {"uptime_s": I64, "used_memory": U64}) or _check_lengths(value, ("version",))
    ),
    Stream.FACT: _check_stream,
    StreamGroup.FACT: _check_stream_group,
    StreamGroups.FACT: _check_groups,
    StreamPending.FACT: _check_pending,
    StoreKeys.FACT: _check_groups,
    StreamConsumers.FACT: lambda value: _check_ranges(value, {"count": I64}) or _check_entries(value.idle_ms),
    StoreHealth.FACT: lambda value: (
        _check_ranges(value, dict.fromkeys(("used_memory", "max_memory", "not_evicted", "expiring"), U64))
        or _check_lengths(value, ("role", "max_memory_policy"))
        or _check_entries(value.persistence)
        or _check_entries(value.errors)
    ),
    StoreClock.FACT: lambda value: _check_ranges(value, {"now_us": U64}),
    Account.FACT: lambda value: (
        _check_ranges(value, {"uid": U32, "gid": U32}) or _check_lengths(value, ("name", "home", "shell"))
    ),
    Auditor.FACT: _check_auditor,
    HostState.FACT: _check_host_state,
    CommandResult.FACT: lambda value: _check_ranges(value, {"exit": 255}) or _check_lengths(value, ("output",)),
    UnitProperty.FACT: lambda value: _check_lengths(value, ("value",)),
    FileSystem.FACT: _check_filesystem,
    Resolved.FACT: _check_resolved,
    EnvText.FACT: _check_env_text,
    Processes.FACT: lambda value: _check_rows(value.rows),
    ProcessPlaces.FACT: _check_places,
    HostDeploys.FACT: _deploy_status,
    KeptGenerations.FACT: lambda value: _check_paths(each for what in value.damaged.values() for each in what),
    OomKills.FACT: _check_kills,
    PathWay.FACT: _check_way,
    UserIds.FACT: _check_user,
    UnitWriters.FACT: lambda value: _check_parts(value.parts),
    OpenPaths.FACT: lambda value: _check_parts(value.parts),
    Containers.FACT: lambda value: (
        _check_paths((*value.groups, *value.groups.values(), *value.ports, value.unnamed))
        or _check_paths(each for name in value.names.values() for each in name)
    ),
    UserUnits.FACT: lambda value: _check_paths((*value.files, *value.running, *value.closed)),
    Checkout.FACT: lambda value: (
        _check_ranges(value, dict.fromkeys(("tracked", "changes", "submodules"), U32))
        or _check_lengths(value, ("owner", "ref", "unsure"))
        or _check_paths(each for path, said in (value.changed or {}).items() for each in (path, *said))
        or ("" if GIT_ID.fullmatch(value.head) else f"head {show_value(value.head)} is not a commit")
    ),
    EntryPoint.FACT: lambda value: _check_paths((*value.found, value.shut, value.hook)),
    VenvPackages.FACT: lambda value: _check_paths(value.records),
    Folders.FACT: lambda value: _check_paths(
        (*value.marks, *(mark for marks in value.marks.values() for mark in marks))
    ),
    Group.FACT: lambda value: _check_ranges(value, {"gid": U32}) or _check_lengths(value, ("name",)),
}
