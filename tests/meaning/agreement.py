"""Where audit, parity and module registry speak of the same evidence, they say the same: what they disagree on."""

from collections.abc import Iterator

from qtctl.audit.judge import judge
from qtctl.dialects.compose.types import PortKind, Published
from qtctl.findings.finding import Finding, Outcome
from qtctl.meaning.units import is_absent
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import Evidence
from qtctl.model.facts import Facts, Unit
from qtctl.model.registry import Disposition
from qtctl.reports.categories import Category
from qtctl.reports.module_registry import RegistryReport, build_report
from qtctl.rules.declared import name_port
from qtctl.rules.parity.ports import compare_port
from qtctl.rules.parity.units import compare_unit
from qtctl.rules.places import PlaceOf, make_place

RUNS = ("QT204", "QT205", "QT206", "QT219")
LISTENS = ("QT301", "QT302", "QT303")
OF_CATEGORY = {Category.RUNNING: Outcome.HOLDS, Category.UNKNOWN: Outcome.UNKNOWN}
OF_FOUND = {"listening": Outcome.HOLDS, "unknown": Outcome.UNKNOWN}
SAME = Disposition.model_validate({"is": "mapped", "to": [], "why": "same"})


def disagreements(desired: Desired, evidence: Evidence) -> list[str]:
    """A line for each unit and port of which two of the three say different things."""
    checks = judge(desired, evidence)
    report = build_report(desired, evidence, checks)
    facts = Facts.of(evidence)
    said = [*_units(desired, checks, report, facts), *_ports(desired, checks, report, facts)]
    return [f"{subject}: {outcomes}" for subject, outcomes in said if len(set(outcomes.values())) > 1]


def _running(desired: Desired) -> Iterator[PlaceOf]:
    starters = desired.map_starters()
    units = (unit for unit in desired.units() if unit.must_be_active)
    yield from (make_place(unit, starters) for unit in units)


def _units(
    desired: Desired, checks: tuple[Finding, ...], report: RegistryReport, facts: Facts
) -> Iterator[tuple[str, dict[str, Outcome]]]:
    categories = {row.unit: row.category for row in report.modules}
    categories |= {row.unit: row.category for row in report.infrastructure.externals}
    categories |= {row.unit: row.category for row in (*report.targets, *report.units)}
    categories |= {row.unit: row.category for row in report.timers}
    for place in _running(desired):
        runs, gone = _worst(checks, RUNS, place.unit), _gone(checks, place.unit)
        side = compare_unit(place, facts, desired).outcome
        yield place.unit, {"audit": Outcome.BROKEN if gone else runs, "parity": side}
        # The module registry says of a unit that runs on without its file that it runs, and shows the file as missing.
        absent = gone and is_absent(facts.read(Unit, place.unit))
        category = OF_CATEGORY.get(categories[place.unit], Outcome.BROKEN)
        yield place.unit, {"audit": Outcome.BROKEN if absent else runs, "module registry": category}


def _ports(
    desired: Desired, checks: tuple[Finding, ...], report: RegistryReport, facts: Facts
) -> Iterator[tuple[str, dict[str, Outcome]]]:
    rows = {(row.protocol, row.address, row.port): row.found for row in report.ports}
    for place in _running(desired):
        for port in (each.port for each in place.ports if each.unit.unit == place.unit):
            found = rows[port.protocol, port.address, port.port]
            yield (
                f"{place.unit} {name_port(port)}",
                {
                    "audit": _worst(checks, LISTENS, name_port(port)),
                    "parity": compare_port(_published(port), SAME, (place,), facts).outcome,
                    "module registry": OF_FOUND.get(found, Outcome.BROKEN),
                },
            )


def _published(port: Listener) -> Published:
    return Published(str(port.port), 1, PortKind.FIXED, port.port, port.port, port.address, port.protocol)


def _worst(checks: tuple[Finding, ...], ids: tuple[str, ...], subject: str) -> Outcome:
    found = [check.outcome for check in checks if check.id in ids and check.subject == subject]
    return next((each for each in (Outcome.BROKEN, Outcome.UNKNOWN) if each in found), Outcome.HOLDS)


def _gone(checks: tuple[Finding, ...], unit: str) -> bool:
    """Whether the audit says that systemd has no file of it."""
    observed = [check.observed for check in checks if (check.id, check.subject) == ("QT201", unit)]
    return any(isinstance(each, dict) and each.get("load") == "not-found" for each in observed)
