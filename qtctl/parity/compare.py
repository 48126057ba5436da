"""Compose file + dispositions + evidence → a parity report."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from qtctl.dialects.compose.types import Compose, ComposeService
from qtctl.errors import InputError
from qtctl.findings.finding import Finding, Outcome
from qtctl.findings.policy import Policy
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.registry import Disposition, Legacy
from qtctl.parity.rows import ParityReport, ParityRow, Stray
from qtctl.rules.compose_service import Service
from qtctl.rules.parity import ports, units
from qtctl.rules.parity.dispositions import CARRIED, judge_missing, judge_names, judge_ports, judge_stray
from qtctl.rules.places import PlaceOf, map_places
from qtctl.rules.sides import PortSide, UnitSide


@dataclass(frozen=True, slots=True)
class Ground:
    """The input that all rows share."""

    file: str
    desired: Desired
    places: dict[str, tuple[PlaceOf, ...]]
    elsewhere: Collection[str]
    facts: Facts | None

    @property
    def policy(self) -> Policy:
        today = self.facts.taken_at if self.facts is not None else ""
        return Policy.of(self.desired.fail_on, dict(self.desired.severities), self.desired.waivers, today)

    def service(self, name: str, line: int | None) -> Service:
        return Service(self.file, name, line, self.desired.host)


def find_legacy(legacies: Iterable[Legacy], file: str) -> Legacy | None:
    """The record of a compose file, by its base name. InputError if there are two."""
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
    ground = Ground(compose.file, desired, map_places(desired), elsewhere, facts)
    dispositions = legacy.services if legacy else {}
    rows = tuple(make_row(service, dispositions.get(service.name), ground) for service in compose.services)
    known = {service.name for service in compose.services}
    strays = (ground.service(name, None) for name in sorted(dispositions) if name not in known)
    return ParityReport(
        compose.file,
        desired.host,
        facts.taken_at if facts else "",
        rows,
        tuple(Stray(stray.name, ground.policy.rule(judge_stray(stray))) for stray in strays),
        ground.policy.gate,
        facts.why_unreachable if facts else None,
    )


def make_row(compose: ComposeService, disposition: Disposition | None, ground: Ground) -> ParityRow:
    service = ground.service(compose.name, compose.line)
    if disposition is None:
        return ParityRow(
            compose.name, compose.line, None, (), "", findings=apply_policy(ground, [judge_missing(service)])
        )
    known = (*ground.places, *ground.elsewhere)
    findings = [*judge_names(service, disposition, known), *judge_ports(service, disposition, compose)]
    unit_sides: tuple[UnitSide, ...] = ()
    port_sides: tuple[PortSide, ...] = ()
    if disposition.is_ in CARRIED:
        gone_to = tuple(dict.fromkeys(place for name in disposition.to for place in ground.places.get(name, ())))
        unit_sides = (*(units.compare_unit(place, ground.facts, ground.desired) for place in gone_to),
                      *list_sides_on_other_hosts(disposition, ground))  # fmt: skip
        port_sides = tuple(ports.compare_port(port, disposition, gone_to, ground.facts) for port in compose.ports)
    findings += [units.judge(service, side) for side in unit_sides if side.outcome is Outcome.BROKEN]
    findings += [ports.judge(service, side) for side in port_sides if side.outcome is Outcome.BROKEN]
    return ParityRow(
        compose.name,
        compose.line,
        disposition.is_,
        disposition.to,
        disposition.why,
        unit_sides,
        port_sides,
        apply_policy(ground, findings),
    )


def apply_policy(ground: Ground, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(map(ground.policy.rule, findings))


def list_sides_on_other_hosts(disposition: Disposition, ground: Ground) -> tuple[UnitSide, ...]:
    names = (name for name in disposition.to if name not in ground.places and name in ground.elsewhere)
    return tuple(
        UnitSide(name, "", "", "", "", Outcome.UNKNOWN, f"{name}: declared for another host") for name in names
    )
