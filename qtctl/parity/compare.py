"""Compose file + dispositions + evidence → a parity report."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from qtctl.dialects.compose.types import Compose, ComposeService
from qtctl.errors import InputError
from qtctl.findings.finding import Finding, Outcome
from qtctl.findings.policy import Policy
from qtctl.model.compose_settings import ComposeSettings, Dimension
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.registry import Disposition, DispositionKind, Legacy
from qtctl.parity.claims import Known, Record, judge_claims
from qtctl.parity.contracts import Contracts
from qtctl.parity.declared import Declared, describe, list_shared_paths
from qtctl.parity.dimensions import Unplaced, judge_itself, judge_port, judge_settings, list_new_ports, make_rows
from qtctl.parity.evidence import Audited
from qtctl.parity.record import list_rules, read_rules
from qtctl.parity.rows import DimensionRow, ParityReport, ParityRow, Stray
from qtctl.parity.settings import Service as Compared
from qtctl.rules.compose_service import Service
from qtctl.rules.parity import ports, units
from qtctl.rules.parity.dispositions import (
    CARRIED,
    judge_missing,
    judge_names,
    judge_ports,
    judge_stray,
    judge_unused,
)
from qtctl.rules.parity.settings import judge_setting
from qtctl.rules.places import PlaceOf, map_places
from qtctl.rules.setting_fates import BROKEN, Fate, SettingFate
from qtctl.rules.sides import PortSide, UnitSide


@dataclass(frozen=True, slots=True)
class Ground:
    """The input that all rows of all files share. `audited`: the checks of an audit of the same evidence."""

    desired: Desired
    places: dict[str, tuple[PlaceOf, ...]]
    elsewhere: Collection[str]
    facts: Facts | None
    audited: Audited
    policy: Policy
    declared: Mapping[str, Declared]
    """Unit → what settings are compared with."""
    owners: ports.Owners
    contracts: Contracts
    known: frozenset[str]
    """Every name that a disposition may give."""

    @classmethod
    def of(
        cls, desired: Desired, facts: Facts | None, elsewhere: Collection[str] = (), audited: Audited | None = None
    ) -> "Ground":
        shared = list_shared_paths(desired)
        found = map_places(desired)
        return cls(
            desired,
            found,
            elsewhere,
            facts,
            audited or Audited.make_empty(),
            Policy.of(desired.fail_on, dict(desired.severities), desired.waivers, facts.taken_at if facts else ""),
            {each.unit: describe(each, shared) for each in desired.services},
            _list_owners(found),
            Contracts.of(desired),
            frozenset((*found, *elsewhere)),
        )


@dataclass(frozen=True, slots=True)
class File:
    """One compose file, its record, and what its services say: None if only services and ports are compared."""

    compose: Compose
    legacy: Legacy | None
    settings: ComposeSettings | None
    ground: Ground
    names: frozenset[str] = frozenset()
    places: dict[str, frozenset[str] | None] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    published: set[tuple[str, int]] = field(default_factory=set)
    """Protocol and number of every port that a service of the file published, where it is now."""

    def make_service(self, name: str, line: int | None) -> Service:
        return Service(self.compose.file, name, line, self.ground.desired.host)


def _list_owners(found: Mapping[str, tuple[PlaceOf, ...]]) -> ports.Owners:
    owners: dict[tuple[str, int], dict[str, None]] = {}
    for place in dict.fromkeys(place for those in found.values() for place in those):
        for each in place.ports:
            owners.setdefault((each.port.protocol, each.port.port), {})[each.unit.unit] = None
    return {at: tuple(those) for at, those in owners.items()}


def find_legacy(legacies: Iterable[Legacy], file: str) -> Legacy | None:
    """The legacy record of a compose file, by its base name. InputError if there are two."""
    name = PurePosixPath(file).name
    found = [legacy for legacy in legacies if PurePosixPath(legacy.compose).name == name]
    if len(found) > 1:
        raise InputError(f"{name}: {len(found)} legacy records are for this file", hint="keep one in registry/legacy")
    return found[0] if found else None


def compare(
    compose: Compose, legacy: Legacy | None, desired: Desired, facts: Facts | None, elsewhere: Collection[str] = ()
) -> ParityReport:
    """Services and ports alone: every service of `compose`, in its order, with what became of it on the host.

    Without `facts` nothing holds: rows are unknown, gone, or without a disposition. `elsewhere` names what the
    registry declares for other hosts, which this one's evidence cannot speak of.
    """
    return compare_file(Record(compose, legacy), Ground.of(desired, facts, elsewhere))


def compare_file(
    record: Record, ground: Ground, settings: ComposeSettings | None = None, files: Known | None = None
) -> ParityReport:
    """Every service of a compose file with its settings.

    `files`: all that are compared, to check what is called new.
    """
    compose, legacy = record.compose, record.legacy
    file = _open_file(compose, legacy, settings, ground)
    dispositions = legacy.services if legacy else {}
    rows = tuple(make_row(service, dispositions.get(service.name), file) for service in compose.services)
    known = {service.name for service in compose.services}
    strays = [(name, judge_stray(file.make_service(name, None))) for name in sorted(dispositions) if name not in known]
    if settings is not None and legacy is not None:
        strays += [("", each) for each in _list_unused(file, legacy, rows)]
    strays += [("", each) for each in judge_claims(record, files or Known.of((record,)), ground.desired)]
    return ParityReport(
        compose.file,
        ground.desired.host,
        ground.facts.taken_at if ground.facts else "",
        rows,
        tuple(Stray(name, ground.policy.rule(each)) for name, each in strays),
        ground.policy.gate,
        ground.facts.why_unreachable if ground.facts else None,
        legacy is None or legacy.ran,
    )


def _open_file(compose: Compose, legacy: Legacy | None, settings: ComposeSettings | None, ground: Ground) -> File:
    file = File(compose, legacy, settings, ground, frozenset(each.name for each in compose.services))
    for service in compose.services:
        said = legacy.services.get(service.name) if legacy else None
        expected = ((each.protocol, ports.find_expected(each, said)) for each in service.ports)
        file.published.update((protocol, number) for protocol, number in expected if number is not None)
    for name, disposition in (legacy.services if legacy else {}).items():
        if disposition.is_ is DispositionKind.DEPRECATED:
            file.gone[name] = f"deprecated: {disposition.why}"
        found = frozenset(place.unit for to in disposition.to for place in ground.places.get(to, ()))
        file.places[name] = found or None
    return file


def make_row(compose: ComposeService, disposition: Disposition | None, file: File) -> ParityRow:
    ground, service = file.ground, file.make_service(compose.name, compose.line)
    findings = [judge_missing(service)] if disposition is None else [
        *judge_names(service, disposition, ground.known),
        *judge_ports(service, disposition, compose),
    ]  # fmt: skip
    gone_to: tuple[PlaceOf, ...] = ()
    unit_sides: tuple[UnitSide, ...] = ()
    port_sides: tuple[PortSide, ...] = ()
    if disposition is not None and disposition.is_ in CARRIED:
        gone_to = tuple(dict.fromkeys(place for name in disposition.to for place in ground.places.get(name, ())))
        unit_sides = (*(units.compare_unit(place, ground.facts, ground.desired) for place in gone_to),
                      *list_sides_on_other_hosts(disposition, ground))  # fmt: skip
        port_sides = tuple(
            ports.compare_port(port, disposition, gone_to, ground.facts, ground.owners) for port in compose.ports
        )
    findings += [units.judge(service, side) for side in unit_sides if side.outcome is Outcome.BROKEN]
    findings += [ports.judge(service, side) for side in port_sides if side.outcome is Outcome.BROKEN]
    sides = _Sides(gone_to, unit_sides, port_sides)
    dimensions = _judge_dimensions(compose, disposition, sides, file) if file.settings is not None else ()
    findings += _list_findings(dimensions, port_sides, service)
    return ParityRow(
        compose.name,
        compose.line,
        disposition.is_ if disposition else None,
        disposition.to if disposition else (),
        disposition.why if disposition else "",
        unit_sides,
        port_sides,
        tuple(map(ground.policy.rule, findings)),
        dimensions,
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    gone_to: tuple[PlaceOf, ...]
    units: tuple[UnitSide, ...]
    ports: tuple[PortSide, ...]


def _judge_dimensions(
    compose: ComposeService, disposition: Disposition | None, sides: _Sides, file: File
) -> tuple[DimensionRow, ...]:
    service = _place(compose, disposition, sides.gone_to, file)
    held = (port for place in sides.gone_to for port in place.ports)
    judged = judge_settings(file.settings.list_of_service(compose.name) if file.settings else (), service)
    own = [
        judge_itself(compose.name, compose.line, disposition, sides.units),
        *(judge_port(side) for side in sides.ports),
        *list_new_ports(file.published, held),
    ]
    return make_rows(own, judged, service, file.ground.audited)


def _place(
    compose: ComposeService, disposition: Disposition | None, gone_to: Sequence[PlaceOf], file: File
) -> Compared | Unplaced:
    """What the settings of a service are compared with."""
    ground, rules = file.ground, read_rules(file.legacy, file.names, compose.name, disposition)
    if disposition is None:
        return Unplaced("no disposition says what became of the service", rules)
    found = tuple(ground.declared[place.unit] for place in gone_to if place.unit in ground.declared)
    if found:
        return Compared(
            compose.name, compose.ports, found, disposition, rules, ground.desired, ground.contracts, file.places,
            file.gone,
        )  # fmt: skip
    if any(name in ground.elsewhere for name in disposition.to):
        return Unplaced(f"{', '.join(disposition.to)}: declared for another host", rules)
    what = ", ".join(place.unit for place in gone_to) or "nothing"
    return Unplaced(f"went to {what}, whose entry in the registry does not say how it is run", rules)


def _list_findings(
    dimensions: Sequence[DimensionRow], sides: Sequence[PortSide], service: Service
) -> Iterator[Finding]:
    """Findings for what is lost or differs, once each. The service itself and its lost ports have findings already."""
    by_item = {f"ports.{side.published.raw}": side for side in sides}
    for each in (setting for found in dimensions for setting in found.settings if setting.fate in BROKEN):
        at = Service(service.file, service.name, each.line or service.line, service.host)
        if each.dimension is Dimension.PORTS and each.item in by_item:
            if each.fate is Fate.DIFFERS:
                yield ports.judge_exposure(at, by_item[each.item])
        elif not _is_itself(each):
            yield judge_setting(at, each)


def _is_itself(found: SettingFate) -> bool:
    return found.dimension is Dimension.SERVICES and found.item.startswith("services.")


def _list_unused(file: File, legacy: Legacy, rows: Sequence[ParityRow]) -> Iterator[Finding]:
    """Rules that settle nothing, except those of a service that went to another host."""
    used = {rule for each in rows for setting in each.settings for rule in setting.rules}
    there = {each.service for each in rows}
    away = {name for name, each in legacy.services.items() if any(to in file.ground.elsewhere for to in each.to)}
    for rule, name in list_rules(legacy):
        if rule not in used and (name in there - away if name else not away):
            yield judge_unused(file.make_service(name, None), rule)


def list_sides_on_other_hosts(disposition: Disposition, ground: Ground) -> tuple[UnitSide, ...]:
    names = (name for name in disposition.to if name not in ground.places and name in ground.elsewhere)
    return tuple(
        UnitSide(name, "", "", "", "", Outcome.UNKNOWN, f"{name}: declared for another host") for name in names
    )
