"""The overview of a host: what it stands on, how its services are, what restarted, what is scarce, what is at risk.

Nothing is judged here: the services and their categories are those of the module registry, the numbers and the
findings those of an audit of the same evidence.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from pydantic import Field, model_validator

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence
from qtctl.model.json import Json
from qtctl.reports import audit, module_registry
from qtctl.reports.categories import Category
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.look import FactReader
from qtctl.reports.module_registry import ModuleSummary, RegistryReport, Sections, summarize
from qtctl.reports.modules import UNKNOWN
from qtctl.reports.overview_services import CriticalRow, OverviewService, list_critical, list_services
from qtctl.reports.sections_model import Infrastructure
from qtctl.reports.totals import Held, Totals

RECENT_S = 3600
"""A service that has been up for less has started recently."""
RESOURCES = ("QT702", "QT703", "QT704", "QT512", "QT513")
"""Rules that judge what is scarce: room on file systems, memory and swap, load, what Redis has."""


class Inventory(Part):
    """Names of what the summary counts, apart from services."""

    targets: tuple[str, ...]
    timers: tuple[str, ...]
    units: tuple[str, ...]
    venvs: tuple[str, ...]
    redis_streams: tuple[str, ...]
    redis_keys: tuple[str, ...]
    ports: tuple[str, ...] = Field(description="each as unit:port/protocol")

    @classmethod
    def of(cls, report: RegistryReport) -> Self:
        return cls(
            targets=tuple(each.unit for each in report.targets),
            timers=tuple(each.unit for each in report.timers),
            units=tuple(each.unit for each in report.units),
            venvs=tuple(each.name for each in report.venvs),
            redis_streams=tuple(each.name for each in report.streams),
            redis_keys=tuple(each.name for each in report.keys),
            ports=tuple(f"{each.unit}:{each.port}/{each.protocol}" for each in report.ports),
        )

    @property
    def sections(self) -> Sections:
        return Sections(
            self.targets, self.timers, self.units, self.venvs, self.redis_streams, self.redis_keys, self.ports
        )


class GroupCounts(Part):
    """Services of one category of the registry."""

    group: str = Field(description="the declared category; empty for services without one, retired or undeclared")
    services: int
    by_category: dict[Category, int]


class ResourceRow(Part):
    """A check of a resource. `expected`: the threshold. `observed`: the measured value."""

    id: str
    subject: str
    title: str = Field(description="what is wrong, or would be if the check did not hold")
    outcome: Outcome
    severity: Severity
    expected: Json
    observed: Json
    reason: str | None


class Restarts(Part):
    """`recent`: services that started less than `recent_s` seconds before the evidence was taken, and are up.

    `restarted`: services that systemd has restarted since they were started on request. `unseen`: services for which it
    is unknown whether and when they started.
    """

    recent_s: int
    host_up_s: int | None = Field(description="null if unknown")
    recent: int
    restarted: int
    unseen: tuple[str, ...]


class OverviewReport(Part):
    """One host at one time. `taken_at`: when evidence was taken, UTC, ISO 8601. Rows that do not add up are refused."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    host: str
    address: str
    taken_at: str
    fail_on: Severity
    verdict: Conclusion = Field(description="verdict of an audit of the same evidence")
    unreachable: str | None = Field(description="the reason why nothing is known about the host")
    infrastructure: Infrastructure
    summary: ModuleSummary = Field(description="the same as in the module registry")
    groups: tuple[GroupCounts, ...]
    services: tuple[OverviewService, ...]
    critical: tuple[CriticalRow, ...]
    restarts: Restarts
    resources: tuple[ResourceRow, ...]
    totals: Totals = Field(description="the same as in the audit")
    held: Held = Field(description="subjects of the checks that hold, by severity and rule")
    findings: tuple[Check, ...] = Field(description="risks: the checks that do not hold")
    unknowns: tuple[Check, ...] = Field(description="gaps: the checks whose evidence is missing")
    not_asked: tuple[Check, ...] = Field(description="gaps: the checks that need root")
    inventory: Inventory

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        if self.summary != summarize(self.services, self.inventory.sections):
            raise ValueError("the services do not add up to the summary")
        if self.groups != count_groups(self.services):
            raise ValueError("the services do not add up to the groups")
        rows = (len(self.findings), len(self.unknowns), len(self.not_asked))
        if rows != (self.totals.broken, self.totals.unknown, self.totals.not_asked) and not self.unreachable:
            raise ValueError("the findings do not add up to the totals")
        return self


def count_groups(services: Sequence[OverviewService]) -> tuple[GroupCounts, ...]:
    groups: dict[str, list[Category]] = {}
    for each in services:
        groups.setdefault(each.group, []).append(each.category)
    return tuple(
        GroupCounts(group=group, services=len(found), by_category={one: found.count(one) for one in Category})
        for group, found in sorted(groups.items())
    )


def build_report(desired: Desired, evidence: Evidence, findings: Sequence[Finding]) -> OverviewReport:
    """`findings`: every check of an audit of `evidence`."""
    look = FactReader.of(evidence)
    modules = module_registry.build_report(desired, evidence, findings)
    audited = audit.build_report(desired, evidence, findings)
    services = list_services(modules, desired, look)
    host = modules.infrastructure.host.value
    return OverviewReport(
        qtctl_version=evidence.qtctl_version,
        fleet=desired.fleet,
        host=evidence.host,
        address=evidence.address,
        taken_at=evidence.taken_at,
        fail_on=audited.fail_on,
        verdict=audited.verdict,
        unreachable=audited.unreachable,
        infrastructure=modules.infrastructure,
        summary=ModuleSummary.model_validate(modules.summary.model_dump(include={*ModuleSummary.model_fields})),
        groups=count_groups(services),
        services=services,
        critical=list_critical(modules, desired, audited.findings),
        restarts=_count_restarts(services, host.uptime_s if host else None),
        resources=tuple(_list_resources(map(Check.of, findings))),
        totals=audited.totals,
        held=audited.held,
        findings=audited.findings,
        unknowns=audited.unknowns,
        not_asked=audited.not_asked,
        inventory=Inventory.of(modules),
    )


def is_recent(service: OverviewService) -> bool:
    return isinstance(service.up_s, int) and service.up_s < RECENT_S


def is_restarted(service: OverviewService) -> bool:
    return isinstance(service.restarts, int) and service.restarts > 0


def _count_restarts(services: Sequence[OverviewService], host_up_s: int | None) -> Restarts:
    return Restarts(
        recent_s=RECENT_S,
        host_up_s=host_up_s,
        recent=sum(map(is_recent, services)),
        restarted=sum(map(is_restarted, services)),
        unseen=tuple(each.unit for each in services if each.up_s == UNKNOWN),
    )


def _list_resources(checks: Iterable[Check]) -> list[ResourceRow]:
    kept: Mapping[str, int] = {id_: rank for rank, id_ in enumerate(RESOURCES)}
    rows = [
        ResourceRow(
            id=each.id, subject=each.subject, title=each.title, outcome=each.outcome, severity=each.severity,
            expected=each.expected, observed=each.observed, reason=each.reason,
        )
        for each in checks
        if each.id in kept
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (kept[row.id], row.subject))


def to_json(report: OverviewReport) -> str:
    return dump(report)
