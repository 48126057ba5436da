"""Evidence of a real host and its registry → a throwaway host that is like it, and a list of what is not.

Pure: which units the real host has already, which of them differ from what qtctl wrote, what holds its ports, and the
tree of files that the throwaway host boots with.
"""

import json
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from shlex import quote

from qtctl.dialects.paths import explain_trouble
from qtctl.dialects.systemd.unit_name import is_valid
from qtctl.meaning.originals import is_as_adopted
from qtctl.meaning.units import is_absent, is_awaiting_restart, is_up
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_file import DesiredFile
from qtctl.model.desired_host import HostLimits
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, File, Listeners, Unit
from qtctl.model.states import ServiceState
from qtctl.model.tree import StandIn, Tree, TreeFile
from qtctl.stage import externals, programs, standins
from qtctl.stage.lab import make_lab_tree
from qtctl.stage.seen_host import SeenHost, merge_trees

UNIT_DIR, RUNTIME_DIR = "/etc/systemd/system", "/run/systemd/system"
_ANY_LOAD = 1_000_000
ANY_LIMITS = HostLimits(
    disk_used=100, inodes_used=100, memory_available=0, swap_used=100, load_per_cpu=_ANY_LOAD, memory_pressure=100,
    io_pressure=100,
)  # fmt: skip
"""Load, memory and disks of a throwaway host are those of this machine."""
OF_UNITS = ("unit", "dropin", "env")
OVERRIDES_PATH = "/etc/qtctl-lab/override.json"
HIGHEST_STATUS, HIGHEST_PORT = 255, 65535
_AWAIT_FAILED = "timeout 5 sh -c 'until systemctl -q is-failed \"$0\"; do sleep 0.1; done'"
MOST_HAND_MADE = 100
"""Units that qtctl did not write and that get a stand-in; each is a process."""
EDIT = "# The real host has something else here, which its evidence does not show."


@dataclass(frozen=True, slots=True)
class HandMade:
    """A unit of the real host that qtctl did not write: the throwaway host has a stand-in that holds its ports.

    `declared`: the registry declares it too, so that a deploy finds its file in the way.
    """

    unit: str
    active: bool
    declared: bool
    listen: tuple[tuple[str, int], ...]
    udp: tuple[tuple[str, int], ...]


def loosen(desired: Desired) -> Desired:
    """The part of a registry that a throwaway host can be held to: without what only the real machine can have."""
    stores = tuple(replace(each, password_env="", user="", tls=None) for each in desired.stores)
    return replace(
        desired, limits=ANY_LIMITS, stores=stores, checks=(), installs=(), code=(), left_containers=(),
        expected_hostname="", machine="", questions=None,
    )  # fmt: skip


def select_present(desired: Desired, facts: Facts) -> Desired:
    """The units of `desired` whose files the evidence does not deny, and their files. Rendered, as `desired` is.

    A service that is down, and lacks something it starts with, is declared stopped: a deploy would refuse to start it.
    """
    gone = {file.subject for file in desired.files if file.kind == "unit" and not _may_be_ours(facts, file)}
    seen = SeenHost.of(facts)

    def keep(unit: DesiredUnit) -> bool:
        return unit.unit not in gone and unit.made_by not in gone

    def select_file(file: DesiredFile) -> bool:
        return file.subject not in gone if file.kind in OF_UNITS else _may_be_ours(facts, file)

    services = filter(keep, desired.services)
    return replace(
        desired,
        services=tuple(_stop(each) if _is_down(facts, each) and seen.lacks_start(each) else each for each in services),
        templates=tuple(filter(keep, desired.templates)),
        timers=tuple(filter(keep, desired.timers)),
        targets=tuple(filter(keep, desired.targets)),
        other_units=tuple(filter(keep, desired.other_units)),
        files=tuple(filter(select_file, desired.files)),
    )


def _stop(service: DesiredService) -> DesiredService:
    """Neither started nor pulled in by units that want it."""
    return replace(service, state=ServiceState.STOPPED, enabled=False)


def _is_down(facts: Facts, unit: DesiredUnit) -> bool:
    """Whether it must run, and the evidence shows that it does not, or not for long."""
    found = facts.find(Unit, unit.unit)
    return bool(unit.must_be_active) and found is not None and not _runs(found)


def _runs(unit: Unit) -> bool:
    return is_up(unit.active_state) and not is_awaiting_restart(unit)


def has_units(desired: Desired) -> bool:
    return any(file.kind == "unit" for file in desired.files)


def _may_be_ours(facts: Facts, file: DesiredFile) -> bool:
    item = facts.find_item(Need(File.FACT, file.path))
    if item.state is State.ABSENT:
        return False
    found = facts.find(File, file.path)
    return found is None or found.ours or found.sha256 in (None, file.sha256) or _is_as_adopted(file, facts)


def _is_as_adopted(file: DesiredFile, facts: Facts) -> bool:
    """Whether the file of a person, from which the registry was adopted, is there instead."""
    try:
        return is_as_adopted(file, facts)
    except LookupError:
        return False


def list_hand_made(declared: Iterable[Desired], facts: Facts) -> tuple[HandMade, ...]:
    """Services of the real host that qtctl did not write, and that belong to the fleet or hold a port."""
    declared = tuple(declared)
    ours = {file.subject for each in declared for file in each.files if file.kind == "unit"}
    known = {name for each in declared for name in each.unit_names()}
    owners = {row[2] for protocol in ("tcp", "udp") for row in _list_rows(facts, protocol)}
    named = {*facts.list_subjects(Unit.FACT), *owners}
    found = (name for name in sorted(named) if name.endswith(".service") and is_valid(name) and "@" not in name)
    by_hand = {file.subject for each in declared for file in each.files if _is_by_hand(facts, file)}
    wanted = (
        name
        for name in found
        if (name in by_hand or name not in known | ours)
        and not externals.is_provided(name)
        and (name in owners or not is_absent(facts.find(Unit, name)))
    )
    first = sorted(wanted, key=lambda name: (name not in by_hand, name not in owners, name))[:MOST_HAND_MADE]
    return tuple(_make_hand_made(facts, name, name in by_hand, name in owners) for name in sorted(first))


def _is_by_hand(facts: Facts, file: DesiredFile) -> bool:
    return file.kind == "unit" and facts.find(File, file.path) is not None and not _may_be_ours(facts, file)


def _make_hand_made(facts: Facts, unit: str, declared: bool, listens: bool) -> HandMade:
    found = facts.find(Unit, unit)
    active = listens or (found is not None and is_up(found.active_state))
    return HandMade(unit, active, declared, _list_ports(facts, "tcp", unit), _list_ports(facts, "udp", unit))


def _list_rows(facts: Facts, protocol: str) -> list[list[str]]:
    found = facts.find(Listeners, protocol)
    return found.rows if found is not None else []


def _list_ports(facts: Facts, protocol: str, unit: str) -> tuple[tuple[str, int], ...]:
    rows = (row for row in _list_rows(facts, protocol) if row[2] == unit and row[1].isdecimal())
    return tuple(sorted({(row[0], int(row[1])) for row in rows if int(row[1]) <= HIGHEST_PORT}))


def make_specs(desired: Desired, hand_made: Iterable[HandMade]) -> TreeFile:
    """What the stand-ins of the throwaway host do while `desired` is in force."""
    more = tuple(
        StandIn(each.unit, listen=tuple((*at, "", 200) for at in each.listen), udp=each.udp) for each in hand_made
    )
    others = {each.unit for each in more}
    kept = (each for each in standins.make_stand_ins(desired) if each.unit not in others)
    return standins.make_specs_file(sorted((*kept, *more), key=lambda each: each.unit))


def make_tree(
    before: Desired, after: Desired, facts: Facts, hand_made: tuple[HandMade, ...], *, audit_user: str, deploy_user: str
) -> Tree:
    """What the throwaway host boots with: all that `before` and `after` run from, as far as the evidence shows it."""
    first, second = (make_lab_tree(each, audit_user=audit_user, deploy_user=deploy_user) for each in (before, after))
    seen = SeenHost.of(facts)
    tree = seen.shape(merge_trees(first, second), (audit_user, deploy_user))
    absent = {f"{externals.UNIT_DIR}/{unit}" for unit in _list_absent_externals(before, after, facts)}
    specs = make_specs(before, hand_made)
    files = [each for each in tree.files if each.path not in absent | {specs.path}]
    files += [specs, *(TreeFile(f"{UNIT_DIR}/{each.unit}", _write_stand_in(each).encode()) for each in hand_made)]
    enabled = {each for each in tree.enable if f"{externals.UNIT_DIR}/{each}" not in absent}
    enabled |= {each.unit for each in hand_made if each.active}
    return replace(tree, files=tuple(sorted(files, key=lambda each: each.path)), enable=tuple(sorted(enabled)))


def _list_absent_externals(before: Desired, after: Desired, facts: Facts) -> set[str]:
    """Units that the fleet needs and that the real host does not have."""
    found = {each.unit for desired in (before, after) for each in desired.externals}
    known = (unit for unit in found if facts.find_item(Need(Unit.FACT, unit)).state.known)
    return {unit for unit in known if is_absent(facts.find(Unit, unit))}


def _write_stand_in(each: HandMade) -> str:
    command = f"{programs.PYTHON} {programs.STANDIN}" if each.listen or each.udp else "/usr/bin/sleep infinity"
    return (
        f"[Unit]\nDescription=Stands in for {each.unit} of the real host\n\n"
        f"[Service]\nType=exec\nExecStart={command}\n\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )


@dataclass(frozen=True, slots=True)
class Drift:
    """How the real host differs from one on which `before` was just deployed.

    `edited`: paths whose content differs on the real host; `dropins`: those that qtctl did not write; `failed`: unit
    and the status with which its program ended, also for `looping` ones; `states`: verb of systemctl and unit.
    """

    edited: tuple[str, ...]
    dropins: tuple[str, ...]
    failed: tuple[tuple[str, int], ...]
    looping: frozenset[str]
    states: tuple[tuple[str, str], ...]

    def write_script(self) -> str:
        """A shell script that makes these differences; '' if there are none.

        The stand-ins must know `failed` already.
        """
        lines = [f"printf '%s\\n' {quote(EDIT)} >> {quote(path)}" for path in self.edited]
        for path in self.dropins:
            folder = quote(path.rpartition("/")[0])
            lines.append(f"mkdir -p {folder}; printf '%s\\n' {quote(EDIT)} > {quote(path)}")
        lines += ["systemctl daemon-reload"] if lines else []
        lines += [f"systemctl restart --no-block {quote(unit)}" for unit in sorted(self.looping)]
        lines += _write_failures([unit for unit, _ in self.failed if unit not in self.looping])
        lines += [f"systemctl {verb} {quote(unit)}" for verb, unit in self.states]
        return "\n".join(lines)


def _write_failures(units: list[str]) -> list[str]:
    """Commands after which these units have failed for good, whatever their Restart= says."""
    if not units:
        return []
    folders = [quote(f"{RUNTIME_DIR}/{unit}.d") for unit in units]
    write = "printf '[Service]\\nRestart=no\\n' > \"$each\"/qtctl-lab.conf"
    started = " ".join(map(quote, units))
    return [
        f'for each in {" ".join(folders)}; do mkdir -p "$each"; {write}; done',
        f"systemctl daemon-reload; systemctl restart {started} || true",
        f'for each in {started}; do {_AWAIT_FAILED} "$each" || true; done',
        f"rm -r {' '.join(folders)}; systemctl daemon-reload",
    ]


def make_overrides(failed: Iterable[tuple[str, int]]) -> TreeFile:
    """The document that makes stand-ins end as the programs of the real host did."""
    document = {unit: {"exit": status or 1} for unit, status in failed}
    return TreeFile(OVERRIDES_PATH, (json.dumps(document, sort_keys=True) + "\n").encode())


def find_drift(before: Desired, facts: Facts) -> Drift:
    """`before`: what was selected as present."""
    edited = [file.path for file in before.files if file.of_unit and _is_edited(facts, file)]
    ours = {file.path for file in before.files}
    dropins = {
        path
        for unit in before.units()
        if unit.generated and (found := facts.find(Unit, unit.unit)) is not None
        for path in found.drop_in_paths or ()
        if path not in ours and path.startswith(f"{UNIT_DIR}/") and not explain_trouble(path)
    }
    failed = tuple(_list_failed(before, facts))
    looping = frozenset(unit for unit, _ in failed if not _has_failed(facts, unit))
    states = _list_states(before, facts, {unit for unit, _ in failed})
    return Drift(tuple(edited), tuple(sorted(dropins)), failed, looping, tuple(states))


def _has_failed(facts: Facts, unit: str) -> bool:
    found = facts.find(Unit, unit)
    return found is not None and found.active_state == "failed"


def list_still_failed(drift: Drift, before: Desired, after: Desired) -> tuple[tuple[str, int], ...]:
    """Units that a deploy of `after` does not touch: of others nobody knows whether they run afterwards."""
    made = {file.subject: file.sha256 for file in before.files if file.kind == "unit"}
    same = {file.subject for file in after.files if file.kind == "unit" and made.get(file.subject) == file.sha256}
    return tuple(each for each in drift.failed if each[0] in same)


def _is_edited(facts: Facts, file: DesiredFile) -> bool:
    found = facts.find(File, file.path)
    return found is not None and found.sha256 not in (None, file.sha256) and not _is_as_adopted(file, facts)


def _list_failed(before: Desired, facts: Facts) -> Iterator[tuple[str, int]]:
    for service in before.services:
        found = facts.find(Unit, service.unit)
        if found is not None and (found.active_state == "failed" or is_awaiting_restart(found)):
            status = found.exec_main_status
            yield service.unit, status if 0 < status <= HIGHEST_STATUS else 1


def _list_states(before: Desired, facts: Facts, failed: Container[str]) -> Iterator[tuple[str, str]]:
    for unit in before.units():
        found = facts.find(Unit, unit.unit)
        if not unit.generated or found is None:
            continue
        if unit.must_be_active and not is_up(found.active_state) and unit.unit not in failed:
            yield "stop", unit.unit
        elif unit.must_be_active is False and _runs(found):
            yield "start", unit.unit
        if unit.installable and unit.must_be_enabled and found.unit_file_state == "disabled":
            yield "disable --quiet", unit.unit
        elif unit.installable and not unit.must_be_enabled and found.unit_file_state == "enabled":
            yield "enable --quiet", unit.unit
