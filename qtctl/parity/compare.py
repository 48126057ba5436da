"""Compose file + what became of it + evidence → a parity report."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from qtctl.dialects.compose.types import Compose, ComposeService
from qtctl.errors import InputError
from qtctl.findings.finding import Outcome
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.registry import Disposition, DispositionKind, Legacy
from qtctl.parity.findings import Finder
from qtctl.parity.places import PlaceOf, places
from qtctl.parity.ports import keys, port_side, unusable
from qtctl.parity.rows import ParityFinding, ParityReport, ParityRow, UnitSide
from qtctl.parity.units import unit_side

CARRIED = (DispositionKind.MAPPED, DispositionKind.MIGRATED)


@dataclass(frozen=True, slots=True)
class Ground:
    """What every row is judged on."""

    file: str
    desired: Desired
    places: dict[str, PlaceOf]
    elsewhere: Collection[str]
    facts: Facts | None


def legacy_of(legacies: Iterable[Legacy], file: str) -> Legacy | None:
    """The record of a compose file, by its base name. InputError where two claim it."""
    name = PurePosixPath(file).name
    found = [legacy for legacy in legacies if PurePosixPath(legacy.compose).name == name]
    if len(found) > 1:
        raise InputError(f"{name}: {len(found)} legacy records are of this file", hint="keep one in registry/legacy")
    return found[0] if found else None


def compare(
    compose: Compose, legacy: Legacy | None, desired: Desired, facts: Facts | None, elsewhere: Collection[str] = ()
) -> ParityReport:
    """Every service of `compose`, in its order, with what became of it on the host of `desired`.

    Without `facts` nothing holds: rows are unknown, gone, or without a disposition. `elsewhere` names what the
    registry declares for other hosts, which this one's evidence cannot speak of.
    """
    ground = Ground(compose.file, desired, places(desired), elsewhere, facts)
    dispositions = legacy.services if legacy else {}
    rows = tuple(row(service, dispositions.get(service.name), ground) for service in compose.services)
    known = {service.name for service in compose.services}
    strays = tuple(
        Finder(compose.file, name, None).names_no_service() for name in sorted(dispositions) if name not in known
    )
    return ParityReport(compose.file, desired.host, facts.taken_at if facts else "", rows, strays)


def row(service: ComposeService, disposition: Disposition | None, ground: Ground) -> ParityRow:
    finder = Finder(ground.file, service.name, service.line)
    if disposition is None:
        return ParityRow(service.name, service.line, None, (), "", findings=(finder.no_disposition(),))
    gone_to = tuple(dict.fromkeys(ground.places[name] for name in disposition.to if name in ground.places))
    findings = misnamed(disposition, finder, ground) + misported(service, disposition, finder)
    if disposition.is_ not in CARRIED:
        return ParityRow(
            service.name, service.line, disposition.is_, disposition.to, disposition.why, findings=tuple(findings)
        )
    units = tuple(unit_side(place, ground.facts, ground.desired) for place in gone_to) + far(disposition, ground)
    ports = tuple(port_side(port, disposition, gone_to, ground.facts) for port in service.ports)
    findings += [finder.not_running(side) for side in units if side.outcome is Outcome.BROKEN]
    findings += [finder.port_lost(side) for side in ports if side.outcome is Outcome.BROKEN]
    return ParityRow(
        service.name,
        service.line,
        disposition.is_,
        disposition.to,
        disposition.why,
        units,
        ports,
        tuple(findings),
    )


def far(disposition: Disposition, ground: Ground) -> tuple[UnitSide, ...]:
    names = (name for name in disposition.to if name not in ground.places and name in ground.elsewhere)
    return tuple(
        UnitSide(name, "", "", "", "", Outcome.UNKNOWN, f"{name}: declared for another host") for name in names
    )


def misnamed(disposition: Disposition, finder: Finder, ground: Ground) -> list[ParityFinding]:
    if disposition.is_ in CARRIED and not disposition.to:
        return [finder.went_nowhere(disposition.is_.value)]
    known = (*ground.places, *ground.elsewhere)
    return [finder.names_no_unit(name) for name in disposition.to if name not in known]


def misported(service: ComposeService, disposition: Disposition, finder: Finder) -> list[ParityFinding]:
    published = {key for port in service.ports for key in keys(port)}
    findings = [finder.names_no_port(key) for key in sorted(disposition.ports) if key not in published]
    words = sorted(disposition.ports.items())
    return findings + [finder.says_nothing(key, word) for key, word in words if key in published and unusable(word)]
