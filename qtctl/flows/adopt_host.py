"""A live host's units: their files in one archive, what systemd says about each, and the host's own properties."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, TypedDict

from pydantic import ValidationError

from qtctl.adopt.names import make_allowed
from qtctl.adopt.registry import HostFacts
from qtctl.errors import HostError
from qtctl.interfaces.host import BusCall, BusReply, Host
from qtctl.interfaces.progress import Progress
from qtctl.model.adoption import Found, UnitState
from qtctl.model.events import Stage, begun
from qtctl.model.facts import HostBaseline
from qtctl.model.registry import Host as Entry
from qtctl.model.unit_kinds import UnitKind
from qtctl.probes import baseline, unit_folders, units
from qtctl.probes.answer import find_first_line
from qtctl.probes.batch import Command, Frame, has_begun, make_script, split_frames

DEADLINE_S = 60.0
ROOT = "root"
_NO_FILES = (UnitKind.DEVICE, UnitKind.SCOPE)


@dataclass(frozen=True, slots=True)
class Looked:
    """`states` by unit name. If something could not be obtained, `baseline` is None and `unread` has a line.

    `runtime`: files that are gone at the next boot, or made anew by it.
    """

    found: tuple[Found, ...]
    states: Mapping[str, UnitState]
    baseline: HostBaseline | None
    unread: tuple[str, ...]
    runtime: tuple[Found, ...] = ()


def look(host: Host, say: Progress) -> Looked:
    """Look at the host, read-only, as the login account. HostError if nothing can be asked."""
    say(begun(host.address, Stage.COLLECT, "reading unit files"))
    first, facts = _run(host, (unit_folders.make_folders_command(), *baseline.probe().commands))
    found, unread = unit_folders.read(first)
    answer = baseline.probe().parse([facts])[0]
    value = answer.value if isinstance(answer.value, HostBaseline) else None
    if value is None:
        unread = (*unread, f"the host's own figures: {answer.reason}")
    elsewhere = unit_folders.find_linked(found)
    if elsewhere:
        (more,) = _run(host, (unit_folders.make_files_command([each.path for each in elsewhere]),))
        others, refused = unit_folders.read(more)
        found, unread = unit_folders.map_followed(found, others), (*unread, *refused)
    say(begun(host.address, Stage.COLLECT, "asking systemd"))
    states, refused = _read_states(host, found)
    own = tuple(each for each in found if not unit_folders.is_runtime(each.path))
    runtime = tuple(each for each in found if unit_folders.is_runtime(each.path))
    return Looked(own, states, value, (*unread, *refused), runtime)


def make_facts(looked: Looked, name: str, address: str, user: str) -> HostFacts:
    """The host's entry for hosts.toml: as observed, or guessed if that failed or the value is not allowed there."""
    plain = HostFacts(make_allowed(name), address, **_choose_accounts(user))
    observed = _list_observed(looked.baseline) if looked.baseline else {}
    good = {key: value for key, value in observed.items() if _is_allowed(key, value)}
    odd = tuple(key for key in ("memory", "cpus", "os", "systemd", "timezone") if key not in good)
    return replace(plain, **good, guessed=(*plain.guessed, *odd))


def _list_observed(seen: HostBaseline) -> dict[str, Any]:
    version = re.search(r"(?<![0-9])[0-9]{3}(?![0-9])", seen.systemd)
    return {
        "memory": f"{seen.memory_total // 1024**2}M",
        "cpus": seen.cpus,
        "os": seen.os,
        "systemd": int(version[0]) if version else 0,
        "timezone": seen.timezone or "Etc/UTC",
    }


_HOST = {"address": "192.0.2.1", "audit_user": "a", "deploy_user": "b", "memory": "1G", "cpus": 1}


def _is_allowed(key: str, value: object) -> bool:
    """Whether a host's entry may have this value."""
    try:
        Entry.model_validate({**_HOST, key: value})
    except ValidationError:
        return False
    return value != "0M"


class _Accounts(TypedDict, total=False):
    audit_user: str
    guessed: tuple[str, ...]


def _choose_accounts(user: str) -> _Accounts:
    """The login account becomes the auditing account. Root deploys instead, and needs an account for audits (QT115)."""
    return {"guessed": ("audit_user",)} if user == ROOT else {"audit_user": user, "guessed": ("deploy_user",)}


def _run(host: Host, commands: Sequence[Command]) -> list[Frame | None]:
    marker = secrets.token_hex(16)
    done = host.start(make_script(commands, marker), attached=True).finish(DEADLINE_S)
    if not has_begun(marker, done.stdout):
        why = find_first_line(done.stderr) or find_first_line(done.stdout) or f"exit status {done.exit}"
        raise HostError(f"the host runs no commands for {host.user}: {why}", host=host.address)
    return split_frames(len(commands), marker, done.stdout, done.stderr)


def _read_states(host: Host, found: Iterable[Found]) -> tuple[dict[str, UnitState], tuple[str, ...]]:
    """The state of every unit that has a file or is loaded, including instances."""
    named = {_get_name(each) for each in found if units.UNIT_NAME.fullmatch(_get_name(each))}
    if not named:
        return {}, ()
    asked = sorted(name for name in named if not units.explain_odd_name(name))
    bus = host.bus()
    try:
        listed, by_name = bus.call([_make_call(units.ALL_UNITS), _make_call(units.ask_by_names(asked))], DEADLINE_S)
        rows = (row for row in units.read_rows(listed) if units.UNIT_NAME.fullmatch(row.id) and not row.absent)
        loaded = {row.id: row.active for row in rows}
        active = _read_active(asked, units.read_rows(by_name))
        names = sorted(name for name in {*named, *loaded} if UnitKind.of(name) not in _NO_FILES)
        replies = bus.call([_make_call(units.ask_file_state(name)) for name in names], DEADLINE_S)
        enabled = {name: _read_word(reply) for name, reply in zip(names, replies, strict=True)}
    except (HostError, units.Undecodable) as error:
        return {}, (f"what systemd says about the units: {error}",)
    return {name: UnitState(enabled[name], loaded.get(name, active.get(name, ""))) for name in names}, ()


def _read_active(asked: Sequence[str], rows: Sequence[units.Row]) -> dict[str, str]:
    """Undecodable if it does not answer the question."""
    if len(rows) != len(asked):
        raise units.Undecodable(f"{len(rows)} units where {len(asked)} were asked for")
    return {name: row.active for name, row in zip(asked, rows, strict=True)}


def _read_word(reply: BusReply) -> str:
    """'' for a unit without a file."""
    return "" if reply.error in units.GONE else units.read_word(reply)


def _get_name(found: Found) -> str:
    return PurePosixPath(found.path).name


def _make_call(each: units.Question) -> BusCall:
    return BusCall(each.path, each.interface, each.member, each.signature, each.body)
