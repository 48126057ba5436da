"""A live host's units: their files in one archive, what systemd says of each, and what the host itself is."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TypedDict

from qtctl.adopt.names import allowed
from qtctl.adopt.registry import HostFacts
from qtctl.errors import HostError
from qtctl.interfaces.host import BusCall, Host
from qtctl.interfaces.progress import Progress
from qtctl.model.adoption import Found, UnitState
from qtctl.model.events import Stage, begun
from qtctl.model.facts import HostBaseline
from qtctl.probes import baseline, unit_folders, units
from qtctl.probes.answer import first_line
from qtctl.probes.batch import Command, Frame, began, frames, script

DEADLINE_S = 60.0
ROOT = "root"


@dataclass(frozen=True, slots=True)
class Looked:
    """`states` by unit name; `baseline` None and a line in `unread` where something could not be had."""

    found: tuple[Found, ...]
    states: Mapping[str, UnitState]
    baseline: HostBaseline | None
    unread: tuple[str, ...]


def look(host: Host, say: Progress) -> Looked:
    """Read-only, as whoever is logged in. HostError where nothing at all can be asked."""
    say(begun(host.address, Stage.COLLECT, "reading unit files"))
    first, facts = _run(host, (unit_folders.folders(), *baseline.probe().commands))
    found, unread = unit_folders.read(first)
    answer = baseline.probe().parse([facts])[0]
    value = answer.value if isinstance(answer.value, HostBaseline) else None
    if value is None:
        unread = (*unread, f"the host's own figures: {answer.reason}")
    elsewhere = unit_folders.linked(found)
    if elsewhere:
        (more,) = _run(host, (unit_folders.files(elsewhere),))
        others, refused = unit_folders.read(more)
        found, unread = _in_place(found, others), (*unread, *refused)
    say(begun(host.address, Stage.COLLECT, "asking systemd"))
    states, refused = _states(host, found)
    return Looked(found, states, value, (*unread, *refused))


def facts(looked: Looked, name: str, address: str, user: str) -> HostFacts:
    """What hosts.toml says of it: as observed, guessed where that failed."""
    seen = looked.baseline
    plain = HostFacts(allowed(name), address, **_accounts(user))
    if seen is None:
        return replace(plain, guessed=(*plain.guessed, "memory", "cpus", "os", "systemd", "timezone"))
    version = re.search(r"[0-9]+", seen.systemd)
    return replace(
        plain,
        memory=f"{seen.memory_total // 1024**2}M",
        cpus=seen.cpus,
        os=seen.os,
        systemd=int(version[0]) if version else plain.systemd,
        timezone=seen.timezone or plain.timezone,
    )


class _Accounts(TypedDict, total=False):
    audit_user: str
    guessed: tuple[str, ...]


def _accounts(user: str) -> _Accounts:
    """Whoever was logged in audits, but root: it deploys, and an account for audits is still to be made (QT115)."""
    return {"guessed": ("audit_user",)} if user == ROOT else {"audit_user": user, "guessed": ("deploy_user",)}


def _run(host: Host, commands: Sequence[Command]) -> list[Frame | None]:
    marker = secrets.token_hex(16)
    done = host.start(script(commands, marker), attached=True).finish(DEADLINE_S)
    if not began(marker, done.stdout):
        why = first_line(done.stderr) or first_line(done.stdout) or f"exit status {done.exit}"
        raise HostError(f"the host runs no commands for {host.user}: {why}")
    return frames(len(commands), marker, done.stdout, done.stderr)


def _in_place(found: Iterable[Found], others: Iterable[Found]) -> tuple[Found, ...]:
    """Links to files elsewhere, with the content of what they lead to."""
    contents = {PurePosixPath(each.path).name: each for each in others}
    placed = []
    for each in found:
        other = contents.get(PurePosixPath(each.path).name) if each.link is not None else None
        placed.append(Found(each.path, other.content, problem=other.problem) if other else each)
    return tuple(placed)


def _states(host: Host, found: Iterable[Found]) -> tuple[dict[str, UnitState], tuple[str, ...]]:
    names = sorted({PurePosixPath(each.path).name for each in found if units.UNIT_NAME.fullmatch(_name(each))})
    asked = [name for name in names if not units.odd_name(name)]
    if not names:
        return {}, ()
    questions = [units.by_names(asked), units.unit_files(names)]
    try:
        rows, files = host.bus().call([_call(each) for each in questions], DEADLINE_S)
        active = {name: row.active for name, row in zip(asked, units.rows(rows), strict=True)}
        enabled = units.files(files)
    except (HostError, units.Undecodable) as error:
        return {}, (f"what systemd says of the units: {error}",)
    return {name: UnitState(enabled.get(name, ""), active.get(name, "")) for name in names}, ()


def _name(found: Found) -> str:
    return PurePosixPath(found.path).name


def _call(each: units.Question) -> BusCall:
    return BusCall(each.path, each.interface, each.member, each.signature, each.body)
