"""The service catalogue: one entry for each service, what is declared of it beside what was seen."""

from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import Field, model_validator

from qtctl.dialects.arguments import mask_arguments, mask_lines
from qtctl.findings.finding import Finding, Severity
from qtctl.findings.verdict import Conclusion
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_unit import DesiredUnit, Listener
from qtctl.model.evidence import Evidence
from qtctl.reports import module_registry, overview
from qtctl.reports.categories import Category
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.modules_model import Module, Unknown
from qtctl.reports.overview_services import OverviewService, list_findings_about
from qtctl.reports.sections_model import GroupRow, PortRow
from qtctl.rules.http_answers import make_url

HEALTH = "QT305"
DEPENDENCIES = ("requires", "binds_to", "wants", "after", "before", "part_of", "conflicts", "on_failure")


class CataloguePort(Part):
    """A declared port. `found` as in the ports of the module registry; `health` as in the audit (QT305)."""

    name: str
    protocol: str
    address: str
    port: int
    found: str
    health_url: str = Field(description="empty if none is declared")
    health: str = Field(
        description="holds, broken, unknown, or not judged (nothing listens there); empty if there is no URL"
    )


class CatalogueGroup(Part):
    """A stream that it consumes. `lag` is null if unknown."""

    stream: str
    group: str
    lag: int | None
    max_lag: int
    proof_line: str = Field(description="the question, and the line that answers it; empty if it was not asked")


class Dependency(Part):
    """A dependency. `how`: the key of [order] that names it."""

    how: str
    units: tuple[str, ...]


class CatalogueEntry(Part):
    """One service. What the registry does not declare is empty; an undeclared service has only what was observed."""

    name: str
    unit: str
    summary: str = Field(description="its purpose")
    why: str = Field(description="why it is in this state, or was retired")
    owner: str
    critical: bool
    group: str
    declared: str
    declared_in: str = Field(description="the registry file; empty if it is not declared")
    category: Category
    active: str
    sub: str
    pid: int | Unknown | None
    up_s: int | Unknown | None
    restarts: int | Unknown | None
    command: tuple[str, ...] = Field(
        description="its arguments, without secrets; for undeclared units only the program"
    )
    user: str
    working_directory: str
    venv: str
    ports: tuple[CataloguePort, ...]
    publishes: tuple[str, ...]
    writes: tuple[str, ...]
    consumes: tuple[CatalogueGroup, ...]
    reads: tuple[str, ...]
    dependencies: tuple[Dependency, ...]
    started_by: tuple[str, ...] = Field(description="timers, sockets, paths and automounts that start it")
    limits: dict[str, str]
    restart: dict[str, str]
    findings: tuple[str, ...] = Field(description="findings about it: id and subject")
    proof_line: str


class CatalogueTotals(Part):
    entries: int
    by_category: dict[Category, int]
    by_declared: dict[str, int]
    without_owner: int = Field(description="declared services without an owner")

    @classmethod
    def of(cls, entries: Sequence[CatalogueEntry]) -> Self:
        found, said = [each.category for each in entries], [each.declared for each in entries]
        return cls(
            entries=len(entries),
            by_category={category: found.count(category) for category in Category},
            by_declared={word: said.count(word) for word in sorted(set(said))},
            without_owner=sum(not each.owner and bool(each.declared_in) for each in entries),
        )


class CatalogueReport(Part):
    """Every service of a host: declared ones, and retired and undeclared ones that are there. Sorted by unit."""

    schema_version: int = SCHEMA_VERSION
    fleet: str
    host: str
    taken_at: str = Field(description="when the evidence was taken: UTC, ISO 8601")
    unreachable: str | None
    fail_on: Severity
    verdict: Conclusion
    totals: CatalogueTotals
    catalogue: tuple[CatalogueEntry, ...]

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        if self.totals != CatalogueTotals.of(self.catalogue):
            raise ValueError("the entries do not add up to the totals")
        return self


def build_report(desired: Desired, evidence: Evidence, findings: Sequence[Finding]) -> CatalogueReport:
    """`findings`: every check of an audit of `evidence`."""
    seen = overview.build_report(desired, evidence, findings)
    modules = module_registry.build_report(desired, evidence, findings)
    runs = {each.unit: each for each in seen.services}
    declared = {each.unit: each for each in desired.services}
    found = _Found.of(desired, modules, findings)
    entries = tuple(_make_entry(each, runs[each.unit], declared.get(each.unit), found) for each in modules.modules)
    return CatalogueReport(
        fleet=desired.fleet,
        host=evidence.host,
        taken_at=evidence.taken_at,
        unreachable=seen.unreachable,
        fail_on=seen.fail_on,
        verdict=seen.verdict,
        totals=CatalogueTotals.of(entries),
        catalogue=entries,
    )


class _Found:
    """What was found of a host, by what an entry looks it up by."""

    def __init__(
        self,
        ports: Mapping[tuple[str, str, int], PortRow],
        groups: Mapping[tuple[str, str, str], GroupRow],
        health: Mapping[str, Check],
        broken: Sequence[Check],
        starters: Mapping[str, tuple[DesiredUnit, ...]],
    ) -> None:
        self.ports, self.groups, self.health, self.broken, self.starters = ports, groups, health, broken, starters

    @classmethod
    def of(cls, desired: Desired, report: RegistryReport, findings: Sequence[Finding]) -> Self:
        checks = tuple(map(Check.of, findings))
        return cls(
            {(each.unit, each.protocol, each.port): each for each in report.ports},
            {(group.service, row.name, group.group): group for row in report.streams for group in row.groups},
            {each.subject: each for each in checks if each.id == HEALTH},
            [each for each in checks if each.outcome.value == "broken"],
            desired.map_starters(),
        )


def _make_entry(module: Module, run: OverviewService, service: DesiredService | None, found: _Found) -> CatalogueEntry:
    file = service.origin.file if service else ""
    execution = module.execution
    return CatalogueEntry(
        name=module.name,
        unit=module.unit,
        summary=module.summary if module.declared != "retired" else "",
        why=service.why if service else module.summary,
        owner=run.owner,
        critical=run.critical,
        group=module.group,
        declared=module.declared,
        declared_in=file,
        category=module.category,
        active=module.systemd.active,
        sub=module.systemd.sub,
        pid=execution.pid,
        up_s=run.up_s,
        restarts=run.restarts,
        command=_show_command(service) if service else _list_known(execution.exec_path),
        user=(service.user or "root") if service else execution.user or "",
        working_directory=service.working_directory if service else execution.working_dir or "",
        venv=module.runtime.venv or "",
        ports=tuple(_make_port(service, each, found) for each in service.ports) if service else (),
        publishes=service.publishes if service else (),
        writes=service.writes if service else (),
        consumes=tuple(_list_groups(service, found)) if service else (),
        reads=service.reads if service else (),
        dependencies=_list_dependencies(service) if service else (),
        started_by=tuple(each.unit for each in found.starters.get(module.unit, ())),
        limits=dict(service.limits) if service else {},
        restart=dict((*service.restart, *service.start_limit)) if service else {},
        findings=tuple(f"{each.id} {each.subject}" for each in list_findings_about(module.unit, file, found.broken)),
        proof_line=module.proof_line,
    )


def _list_known(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _show_command(service: DesiredService) -> tuple[str, ...]:
    """As its process gets it; where only systemd can say that, its line as systemd reads it."""
    if service.lines:
        return tuple(mask_lines(each) for each in service.lines)
    return tuple(mask_arguments(service.argv))


def _make_port(service: DesiredService, port: Listener, found: _Found) -> CataloguePort:
    row = found.ports.get((service.unit, port.protocol, port.port))
    url = make_url(port) if port.health_path else ""
    check = found.health.get(url)
    judged = check.outcome.value if check else "not judged"
    return CataloguePort(
        name=port.name,
        protocol=port.protocol,
        address=port.address,
        port=port.port,
        found=row.found if row else "unknown",
        health_url=url,
        health=judged if url else "",
    )


def _list_groups(service: DesiredService, found: _Found) -> list[CatalogueGroup]:
    rows = []
    for each in service.consumes:
        row = found.groups.get((each.service, each.stream, each.group))
        rows.append(
            CatalogueGroup(
                stream=each.stream,
                group=each.group,
                lag=row.lag if row else None,
                max_lag=each.max_lag,
                proof_line=row.proof_line if row else "",
            )
        )
    return rows


def _list_dependencies(service: DesiredService) -> tuple[Dependency, ...]:
    named = ((how, getattr(service, how)) for how in DEPENDENCIES)
    return tuple(Dependency(how=how, units=units) for how, units in named if units)


def to_json(report: CatalogueReport) -> str:
    return dump(report)
