"""One look at what is installed on a host under its fleet's names, and at the state of its units."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qtctl.apply.installed import READ_S, read_installed
from qtctl.collect.collect import collect
from qtctl.collect.ledger import format_time
from qtctl.dialects.systemd.unit_name import is_template, is_valid
from qtctl.errors import HostError
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host
from qtctl.meaning.deploys import STATUS
from qtctl.model.backup import FORMAT, Backup, Entry, EntryKind, Installed, Manifest, UnitThen
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.fact import F
from qtctl.model.facts import ABSENT_STATES, Facts, HostBaseline, Unit, UnitListing
from qtctl.model.inquiry import build_inquiry
from qtctl.plan.dependents import PULLED_BY, STOPPED_WITH
from qtctl.plan.fleet_names import FleetNames, find_unit, is_in_unit_folder

_SHOWN = (*PULLED_BY, ("Unit", "TriggeredBy"))
_OF_SERVICE = ("Service", "RestartUSec")
_HOST, _LISTING = Need(HostBaseline.FACT, "host"), Need(UnitListing.FACT, "*")


@dataclass(frozen=True, slots=True)
class InstalledState:
    """`units`: of the fleet. `others`: units that stop along with them. `stop_along`: unit → those."""

    host: HostBaseline
    installed: Installed
    units: Mapping[str, UnitThen]
    others: Mapping[str, UnitThen]
    stop_along: Mapping[str, tuple[str, ...]]
    facts: Facts


def look_at_installed(
    host: Host,
    desired: Desired,
    clock: Clock,
    names: FleetNames,
    more: Iterable[str] = (),
    *,
    trust_mark: bool = False,
) -> InstalledState:
    """`more`: further units to ask about. `trust_mark`: as in `read_installed`. HostError if it could not be read."""
    known = [file.content for file in desired.files if file.kind == "env"]
    installed = read_installed(host, names, known, trust_mark=trust_mark)
    first = Facts.of(
        collect(host, build_inquiry(desired, (_HOST, _LISTING, STATUS)), clock, root=True, deadline_s=READ_S)
    )
    baseline, listing = (
        _require(host.address, first, HostBaseline, _HOST),
        _require(host.address, first, UnitListing, _LISTING),
    )
    about = {find_unit(each.path) for each in installed.entries} | {*more}
    wanted = {name for name in (*listing.units, *listing.files, *about) if names.has(name) or name in {*more}}
    aliases = _list_aliases(installed)
    units = sorted(name for name in wanted - aliases if is_valid(name) and not is_template(name))
    facts = first.merge(_ask(host, desired, clock, units))
    along = {unit: tied for unit in units if (tied := _list_tied(facts, unit))}
    others = sorted({each for tied in along.values() for each in tied} - {*units})
    facts = facts.merge(_ask(host, desired, clock, others)) if others else facts
    return InstalledState(
        baseline,
        installed,
        {unit: _read_unit(host.address, facts, unit) for unit in units},
        {unit: _read_unit(host.address, facts, unit) for unit in others},
        along,
        facts,
    )


def make_backup(look: InstalledState, desired: Desired, clock: Clock, about: Mapping[str, str]) -> Backup:
    """What was found, as a backup. `about`: target, by, version and registry."""
    manifest = Manifest(
        format=FORMAT,
        fleet=desired.fleet,
        host=desired.host,
        address=about.get("target", ""),
        hostname=look.host.hostname,
        machine=look.host.machine,
        taken_at=format_time(clock.now()),
        by=about.get("by", ""),
        version=about.get("version", ""),
        registry=about.get("registry", ""),
        generation="",
        entries=look.installed.entries,
        units=tuple(look.units[unit] for unit in sorted(look.units)),
    )
    return Backup(manifest, look.installed.contents)


def _list_aliases(installed: Installed) -> set[str]:
    """Further names of units, which are links to them."""
    links = (each for each in installed.entries if each.kind is EntryKind.LINK and is_in_unit_folder(each.path))
    return {find_unit(each.path) for each in links if is_valid(each.target.rpartition("/")[2]) and not _is_own(each)}


def _is_own(link: Entry) -> bool:
    """Whether it leads to a file of the same name elsewhere, as `systemctl link` does."""
    return link.target.rpartition("/")[2] == link.path.rpartition("/")[2]


def _ask(host: Host, desired: Desired, clock: Clock, units: Iterable[str]) -> Facts:
    needs = tuple(Need(Unit.FACT, unit) for unit in units)
    shown = {need.subject: (*_SHOWN, _OF_SERVICE) if need.subject.endswith(".service") else _SHOWN for need in needs}
    return Facts.of(collect(host, build_inquiry(desired, needs, properties=shown), clock, root=True, deadline_s=READ_S))


def _require(host: str, facts: Facts, kind: type[F], need: Need) -> F:
    item = facts.find_item(need)
    found = facts.read(kind, need.subject) if item.state.known else None
    if found is None:
        raise HostError(f"{need.fact} could not be read: {item.reason or item.state}", host=host, hint="try again")
    return found


def _read_unit(host: str, facts: Facts, unit: str) -> UnitThen:
    item = facts.find_item(Need(Unit.FACT, unit))
    if not item.state.known:
        raise HostError(f"{unit} could not be read: {item.reason or item.state}", host=host, hint="try again")
    found = facts.read(Unit, unit)
    if found is None:
        return UnitThen(unit, *ABSENT_STATES, "")
    by = _list_names(found, "TriggeredBy")
    return UnitThen(unit, found.load_state, found.active_state, found.sub_state, found.unit_file_state, by)


def _list_tied(facts: Facts, unit: str) -> tuple[str, ...]:
    found = facts.find(Unit, unit)
    return tuple(sorted({name for key in STOPPED_WITH for name in _list_names(found, key)})) if found else ()


def _list_names(found: Unit, key: str) -> tuple[str, ...]:
    value = (found.loaded or {}).get(key)
    return tuple(sorted(str(each) for each in value if is_valid(str(each)))) if isinstance(value, list) else ()
