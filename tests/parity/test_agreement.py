"""Module registry, overview, catalogue, flow and parity of the same evidence: each number that two have is the same."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import pytest

from qtctl.adapters.files import locate_shipped, read_registry, read_templates
from qtctl.adopt.compose_settings import read_settings
from qtctl.audit.judge import judge
from qtctl.collect.document import load as load_evidence
from qtctl.dialects.compose.load import Setting, load_project, make_compose
from qtctl.findings.finding import Finding
from qtctl.flows.declare import declare
from qtctl.flows.questions import find_questions
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence, Item, State
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.registry import Legacy, Registry
from qtctl.parity.claims import Known, Record, list_new_services
from qtctl.parity.compare import Ground, compare_file
from qtctl.parity.evidence import Audited
from qtctl.registry.load import load
from qtctl.reports import audit, catalogue, flow, module_registry, overview, parity
from qtctl.reports.categories import Category
from qtctl.reports.module_registry import ModuleSummary
from tests.builders.reported import FILES, ITEMS, desired, evidence
from tests.docs.pages import ROOT
from tests.docs.record import RECORDED

REASON = "no route to host"
LEFT_OUT = 2
"""Of the services of the registry, so many are in no compose file."""


@dataclass(frozen=True)
class Fleet:
    """A registry for one host, and evidence of that."""

    registry: Registry
    desired: Desired
    evidence: Evidence


def small(taken: Evidence) -> Fleet:
    return Fleet(load({path: text.encode() for path, text in FILES.items()}), desired(), taken)


def shipped() -> Fleet:
    declared = declare(read_registry(ROOT / "registry"), read_templates(None), "", None)
    return Fleet(declared.registry, declared.desired, load_evidence(RECORDED.read_text(), str(RECORDED)))


def stop(item: Item) -> Item:
    """Every unit that ran has failed, and every stream is short."""
    if item.value is None or item.fact not in ("unit", "stream"):
        return item
    failed: JsonObject = {"active_state": "failed", "sub_state": "failed", "main_pid": 0}
    dead = failed if item.fact == "unit" else {"length": 1}
    return replace(item, value={**item.value, **dead})


def refuse(wanted: Desired) -> tuple[Item, ...]:
    """What a host that cannot be reached answers."""
    needs = find_questions(wanted).needs
    return tuple(Item(need.fact, need.subject, State.REFUSED, None, REASON, 0, store=need.store) for need in needs)


@cache
def make(name: str) -> Fleet:
    whole = shipped() if name.startswith("shipped") else small(evidence())
    items = whole.evidence.items
    changed = {
        "healthy": items,
        "mixed": items,
        "broken": tuple(map(stop, items)),
        "incomplete": items[::2],
        "unreachable": refuse(whole.desired),
    }[name.rpartition(" ")[2]]
    return replace(whole, evidence=replace(whole.evidence, items=changed))


CASES = ("shipped healthy", "shipped broken", "small mixed", "small broken", "small incomplete", "small unreachable")


@dataclass(frozen=True)
class Reports:
    audit: audit.AuditReport
    registry: module_registry.RegistryReport
    overview: overview.OverviewReport
    catalogue: catalogue.CatalogueReport
    flow: flow.FlowReport
    parity: parity.ParityDocument


@cache
def report(name: str) -> Reports:
    fleet = make(name)
    seen, wanted = fleet.evidence, fleet.desired
    checks = judge(wanted, seen)
    modules = module_registry.build_report(wanted, seen, checks)
    return Reports(
        audit.build_report(wanted, seen, checks),
        modules,
        overview.build_report(wanted, seen, checks),
        catalogue.build_report(wanted, seen, checks),
        flow.build_report(fleet.registry, modules),
        compare(wanted, seen, checks),
    )


def compare(wanted: Desired, seen: Evidence, checks: Sequence[Finding]) -> parity.ParityDocument:
    """With a compose file that has all services but two, each mapped to the one of its name."""
    services = wanted.services[LEFT_OUT:]
    text = "".join(
        f"  {each.name}:\n    image: x\n    ports: {[f'{port.port}:80/{port.protocol}' for port in each.ports]}\n"
        for each in services
    )
    project = load_project({"f.yml": f"services:\n{text}"}, Setting(folder="/p", lenient=True))
    said = {each.name: {"is": "mapped", "to": [each.name], "why": "w"} for each in services}
    record = Record(make_compose(project), Legacy.model_validate({"compose": "f.yml", "services": said}))
    known, facts = Known.of((record,)), Facts.of(seen)
    audited = Audited((), facts.why_unreachable) if facts.why_unreachable else Audited(tuple(checks))
    ground = Ground.of(wanted, facts, set(), audited)
    compared = compare_file(record, ground, read_settings(project, wanted.systemd), known)
    return parity.build_report((compared,), list_new_services(known, wanted))


@pytest.mark.parametrize("name", CASES)
def test_overview_and_module_registry_count_the_same(name: str) -> None:
    both = report(name)
    for field in ModuleSummary.model_fields:
        assert getattr(both.overview.summary, field) == getattr(both.registry.summary, field), field
    assert both.overview.infrastructure == both.registry.infrastructure
    assert {each.unit: (each.category, each.port) for each in both.overview.services} == {
        each.unit: (each.category, each.runtime.port) for each in both.registry.modules
    }
    for group in both.overview.groups:
        rows = [each.category for each in both.registry.modules if each.group == group.group]
        assert (group.services, group.by_category) == (len(rows), {one: rows.count(one) for one in Category})


@pytest.mark.parametrize("name", CASES)
def test_overview_and_audit_find_the_same(name: str) -> None:
    both = report(name)
    assert (both.overview.totals, both.overview.verdict) == (both.audit.totals, both.audit.verdict)
    assert both.overview.findings == both.audit.findings
    assert both.overview.held == both.audit.held
    judged = both.registry.judged
    assert sum(map(len, judged.unknown.values())) == both.audit.totals.unknown
    known = sum(map(len, (*judged.passed.values(), *judged.failed.values())))
    assert known == both.audit.totals.holds + both.audit.totals.broken


@pytest.mark.parametrize("name", CASES)
def test_the_catalogue_has_each_module_as_the_registry_has_it(name: str) -> None:
    both = report(name)
    assert both.catalogue.totals.entries == both.registry.summary.total_modules
    assert {each.unit: (each.category, each.pid, each.active, each.sub) for each in both.catalogue.catalogue} == {
        each.unit: (each.category, each.execution.pid, each.systemd.active, each.systemd.sub)
        for each in both.registry.modules
    }
    found = {(each.unit, each.protocol, each.port): each.found for each in both.registry.ports}
    for entry in both.catalogue.catalogue:
        assert all(port.found == found[entry.unit, port.protocol, port.port] for port in entry.ports)
    lags = {(row.name, each.group): each.lag for row in both.registry.streams for each in row.groups}
    groups = [each for entry in both.catalogue.catalogue for each in entry.consumes]
    assert all(each.lag == lags[each.stream, each.group] for each in groups)


@pytest.mark.parametrize("name", CASES)
def test_the_flow_has_each_stream_as_the_registry_has_it(name: str) -> None:
    both = report(name)
    seen = {row.name: row for row in both.registry.streams}
    ours = {key.name: key for key in both.flow.keys if key.name in seen}
    assert ours.keys() == seen.keys()
    for stream, row in seen.items():
        key = ours[stream]
        assert (key.length, key.newest_age_s, key.state) == (row.length, row.newest_age_s, row.state)
        lags = Counter((each.service, each.lag) for each in row.groups)
        assert lags == Counter((each.service, each.lag) for each in key.readers if each.group)


@pytest.mark.parametrize("name", CASES)
def test_parity_counts_the_services_units_and_ports_of_the_registry(name: str) -> None:
    both = report(name)
    rows = both.parity.files[0].services
    assert both.parity.totals.services == len(rows) == both.registry.summary.declared - LEFT_OUT
    assert len(both.parity.new_services) == LEFT_OUT
    assert both.parity.taken_at == both.registry.generated_at == both.overview.taken_at
    assert both.parity.unreachable == both.overview.unreachable == both.audit.unreachable
    modules = {row.unit: row for row in both.overview.services}
    states = {row.unit: (row.systemd.active, row.systemd.sub) for row in both.registry.modules}
    units = {unit.unit: (unit.active, unit.sub) for row in rows for unit in row.units}
    known = {unit: state for unit, state in units.items() if state[0] not in ("", "unknown", "not-found")}
    assert known == {unit: states[unit] for unit in known}
    up = [unit for unit, (active, _) in known.items() if active in ("active", "reloading", "refreshing", "activating")]
    found = Counter(modules[unit].category for unit in known)
    assert len(up) == found[Category.RUNNING] + found[Category.AUTO_RESTART]
    assert sum(active == "failed" for active, _ in known.values()) <= found[Category.FAILED]
    listening = {(each.unit, each.port) for each in both.registry.ports if each.found == "listening"}
    holding = {(row.units[0].unit, port.published) for row in rows for port in row.ports if port.outcome == "holds"}
    assert holding == {at for at in listening if at[0] in units}


def test_the_cases_are_what_they_are_called() -> None:
    assert report("shipped healthy").overview.verdict == "as-declared"
    assert report("shipped healthy").overview.totals.unknown == 0
    assert report("shipped broken").overview.summary.running == 0
    assert report("shipped broken").overview.summary.failed > 30
    assert report("small incomplete").overview.totals.unknown > 20
    assert report("small unreachable").overview.unreachable == REASON
    assert locate_shipped("recorded").is_dir()
    assert len(ITEMS) == len(make("small mixed").evidence.items)
