"""The monthly snapshot as a timer: tables of a registry, or unit files for the machine that snapshots the hosts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qtctl.dialects.endpoints import is_host_glob, is_target
from qtctl.dialects.paths import check_absolute_options
from qtctl.dialects.systemd.calendar import explain_calendar_trouble
from qtctl.dialects.systemd.quoting import simplify_path, write_exec_line
from qtctl.dialects.toml.values import write_text, write_texts
from qtctl.errors import InputError

NAME, TABLES = "snapshot", "timers.toml"
WHEN = "monthly"
WHERE = ("host", "controller")
_STATE = re.compile(r"/var/lib/([A-Za-z0-9_][A-Za-z0-9._-]{0,100})")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """`argv`: what runs. `account`: the account it runs as. `when`: OnCalendar=."""

    argv: tuple[str, ...]
    account: str
    when: str = WHEN


def check(schedule: Schedule) -> None:
    """InputError if systemd would not accept it."""
    if why := explain_calendar_trouble(schedule.when):
        raise InputError(f"--on {schedule.when!r}: {why}", hint='as in OnCalendar=: monthly, "*-*-15 04:00"')
    if not _ACCOUNT.fullmatch(schedule.account):
        raise InputError(f"--as-user {schedule.account!r} is not an account name", hint="letters, digits, - and _")


def make_registry_files(schedule: Schedule, store: str) -> tuple[str, str]:
    """`services/snapshot.toml`, and an addition to `timers.toml`: the fleet renders and deploys them like any other.

    `store`: the folder that is written to.
    """
    check(schedule)
    service = f"""\
summary = "Monthly snapshot of this host"
state = "on-timer"
why = "The history of what the host had, month by month."
category = "checks"
type = "oneshot"
user = {write_text(schedule.account)}

[run]
kind = "command"
{write_texts("argv", schedule.argv)}
cwd = "/"

[limits]
memory_high = "384M"
memory_max = "512M"
{_make_folder_table(store)}"""
    timer = f"""\
[{NAME}]
summary = "Take a snapshot once a month"
service = "{NAME}"
on_calendar = [{write_text(schedule.when)}]
persistent = true
"""
    return service, timer


def make_unit_files(schedule: Schedule, store: str) -> dict[str, str]:
    """Units for the machine that snapshots the hosts, by name."""
    check(schedule)
    state = _find_state_folder(store)
    writable = f"ReadWritePaths={simplify_path(store, '--store')}\n" if store.startswith("/") else ""
    folder = f"StateDirectory={state}\nStateDirectoryMode=0700\n" if state else writable
    service = f"""\
[Unit]
Description=Monthly qtctl snapshots
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={schedule.account}
ExecStart={write_exec_line(schedule.argv, "ExecStart")}
MemoryMax=512M
TimeoutStartSec=30min
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
{folder}"""
    timer = f"""\
[Unit]
Description=Monthly qtctl snapshots

[Timer]
OnCalendar={schedule.when}
Persistent=yes
RandomizedDelaySec=10min

[Install]
WantedBy=timers.target
"""
    return {"qtctl-snapshot.service": service, "qtctl-snapshot.timer": timer}


def _make_folder_table(store: str) -> str:
    if state := _find_state_folder(store):
        return f'\n[directories]\nstate = [{write_text(state)}]\nstate_mode = "0700"\n'
    return f"\n[sandbox]\nread_write_paths = [{write_text(store)}]\n" if store.startswith("/") else ""


def _find_state_folder(store: str) -> str:
    """The folder below /var/lib that systemd creates for the account; '' for any other place."""
    found = _STATE.fullmatch(store)
    return found[1] if found else ""


def plan_command(program: str, host: str, where: str, paths: Sequence[str], keep: int | None = None) -> tuple[str, ...]:
    """What the timer runs. On the host itself it asks `local`, under the name of `host`.

    `paths`: options, each with an absolute path or the URL of a store. InputError for a relative one.
    """
    if where not in WHERE:
        raise InputError(f"--where {where!r} is neither {' nor '.join(WHERE)}", hint="where does the timer run?")
    check_absolute_options(("--program", program, *paths))
    names = host.split(",") if where == WHERE[1] else [host]
    if not all(is_host_glob(name) or is_target(name) for name in names):
        raise InputError(f"--host {host!r} is not a host", hint="a name of hosts.toml; '*' for all of them")
    if where == WHERE[0] and is_host_glob(host):
        raise InputError(f"--host {host!r}: each host has a timer of its own", hint="name one, or --where controller")
    seen = ("--host", "local", "--as", host) if where == WHERE[0] else ("--host", host)
    kept = ("--keep", str(keep)) if keep is not None else ()
    return (program, "snapshot", "take", *seen, *paths, *kept)


def list_files(schedule: Schedule, store: str, where: str) -> dict[str, str]:
    """Name → text."""
    if where == WHERE[0]:
        service, timer = make_registry_files(schedule, store)
        return {f"services/{NAME}.toml": service, TABLES: timer}
    return make_unit_files(schedule, store)
