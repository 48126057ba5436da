"""Parity and module registry of the same evidence: every number that both have is the same."""

from qtctl.dialects.compose.load import load
from qtctl.model.facts import Facts
from qtctl.model.registry import Legacy
from qtctl.parity.compare import compare
from qtctl.reports.module_registry import build_report as build_modules
from qtctl.reports.parity import build_report
from tests.builders.reported import desired, evidence
from tests.reports.checks import CHECKS


def test_units_states_and_ports_are_the_same() -> None:
    fleet = desired()
    services = [each for each in fleet.services if each.kind.value == "service"]
    compose = "".join(
        f"  {each.name}:\n    image: x\n    ports: {[f'{port.port}:80/{port.protocol}' for port in each.ports]}\n"
        for each in services
    )
    said = {each.name: {"is": "mapped", "to": [each.name], "why": "w"} for each in services}
    record = Legacy.model_validate({"compose": "f.yml", "services": said})
    modules = build_modules(fleet, evidence(), CHECKS)
    parity = build_report((compare(load(f"services:\n{compose}", "f.yml"), record, fleet, Facts.of(evidence())),))
    rows = parity.files[0].services
    assert parity.totals.services == len(services) == len(rows)
    states = {row.unit: (row.systemd.active, row.systemd.sub) for row in modules.modules}
    ours = {unit.unit: (unit.active, unit.sub) for row in rows for unit in row.units}
    assert ours.keys() <= states.keys()
    unsaid = {("", "")} | {(word, word) for word in ("unknown", "not-found")}
    assert {unit: at for unit, at in ours.items() if at not in unsaid} == {
        unit: at for unit, at in states.items() if at not in unsaid and unit in ours
    }
    assert sum(active == "active" for active, _ in ours.values()) == sum(states[unit][0] == "active" for unit in ours)
    found = {(row.unit, row.port): row.found for row in modules.ports}
    listening = {(row.units[0].unit, port.published) for row in rows for port in row.ports if port.outcome == "holds"}
    assert listening == {at for at, word in found.items() if word == "listening" and at[0] in ours}
    assert len(found) >= len([port for row in rows for port in row.ports])
