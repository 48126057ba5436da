"""The module registry of a host: every module with its proof, and all it stands on; JSON and Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from pydantic import Field, model_validator

from qtctl.findings.finding import Finding, Severity
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence
from qtctl.reports.categories import Category
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.gates import Gate, GateOutcome, Judged, judge_gates, list_observations
from qtctl.reports.look import FactReader
from qtctl.reports.modules import list_modules
from qtctl.reports.modules_model import Module
from qtctl.reports.sections import list_other_units, list_targets, list_timers, list_venvs, make_infrastructure
from qtctl.reports.sections_model import (
    Infrastructure,
    KeyRow,
    OtherUnitRow,
    PortRow,
    StrayPort,
    StreamRow,
    TimerRow,
    UnitRow,
    VenvRow,
)
from qtctl.reports.traffic import list_keys, list_ports, list_stray_ports, list_streams
from qtctl.reports.unreachable import explain_unreachable


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections that the summary counts."""

    targets: Sequence[object]
    timers: Sequence[object]
    units: Sequence[object]
    venvs: Sequence[object]
    streams: Sequence[object]
    keys: Sequence[object]
    ports: Sequence[object]


class ModuleSummary(Part):
    """Modules by category and by declared state; each adds up to `total_modules`. The rest counts rows."""

    total_modules: int
    running: int
    stopped: int
    failed: int
    auto_restart: int
    orphaned: int
    unknown: int
    declared: int
    retired: int
    undeclared: int
    targets: int
    timers: int
    units: int
    venvs: int
    redis_streams: int
    redis_keys: int
    ports: int


class Classified(Protocol):
    """What a summary counts of a module."""

    @property
    def category(self) -> Category: ...
    @property
    def declared(self) -> str: ...


def summarize(modules: Sequence[Classified], sections: Sections) -> ModuleSummary:
    said = [module.declared for module in modules]
    found = [module.category for module in modules]
    return ModuleSummary(
        total_modules=len(modules),
        running=found.count(Category.RUNNING),
        stopped=found.count(Category.STOPPED),
        failed=found.count(Category.FAILED),
        auto_restart=found.count(Category.AUTO_RESTART),
        orphaned=found.count(Category.ORPHANED),
        unknown=found.count(Category.UNKNOWN),
        declared=sum(word not in ("retired", "undeclared") for word in said),
        retired=said.count("retired"),
        undeclared=said.count("undeclared"),
        targets=len(sections.targets),
        timers=len(sections.timers),
        units=len(sections.units),
        venvs=len(sections.venvs),
        redis_streams=len(sections.streams),
        redis_keys=len(sections.keys),
        ports=len(sections.ports),
    )


class Summary(ModuleSummary):
    gates_passed: int
    gates_failed: int
    gates_unknown: int

    @classmethod
    def of(cls, modules: Sequence[Module], gates: Sequence[Gate], sections: Sections) -> Self:
        gate = [each.outcome for each in gates]
        return cls(
            **dict(summarize(modules, sections)),
            gates_passed=gate.count(GateOutcome.PASS),
            gates_failed=gate.count(GateOutcome.FAIL),
            gates_unknown=gate.count(GateOutcome.UNKNOWN),
        )


class RegistryReport(Part):
    """`generated_at`: when the evidence was taken. A summary that does not match its rows is refused.

    `stray_ports`: null if it is unknown what listens.
    """

    schema_version: int = SCHEMA_VERSION
    generated_at: str
    host: str
    fleet: str
    modules: tuple[Module, ...]
    summary: Summary
    categories: dict[Category, str]
    infrastructure: Infrastructure
    streams: tuple[StreamRow, ...]
    keys: tuple[KeyRow, ...]
    ports: tuple[PortRow, ...]
    stray_ports: tuple[StrayPort, ...] | None
    venvs: tuple[VenvRow, ...]
    targets: tuple[UnitRow, ...]
    timers: tuple[TimerRow, ...]
    units: tuple[OtherUnitRow, ...]
    gates: tuple[Gate, ...]
    judged: Judged = Field(description="the checks that the gates counted")
    observations: tuple[str, ...]
    unreachable: str | None = Field(default=None, description="the reason why nothing is known about the host")

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        sections = Sections(self.targets, self.timers, self.units, self.venvs, self.streams, self.keys, self.ports)
        if self.summary != Summary.of(self.modules, self.gates, sections):
            raise ValueError("the rows do not add up to the summary")
        return self


def build_report(desired: Desired, evidence: Evidence, findings: Iterable[Finding]) -> RegistryReport:
    """The registry of the host of `evidence`, and the gates that `findings` decide."""
    look = FactReader.of(evidence)
    judged = tuple(map(Check.of, findings))
    rows = list_modules(desired, look)
    gated = judge_gates(judged, rows, Severity(desired.fail_on))
    targets, timers, units = list_targets(desired, look), list_timers(desired, look), list_other_units(desired, look)
    venvs, ports = list_venvs(desired, look), list_ports(desired, look)
    streams, keys = list_streams(desired, look), list_keys(desired, look)
    sections = Sections(targets, timers, units, venvs, streams, keys, ports)
    return RegistryReport(
        generated_at=evidence.taken_at,
        host=evidence.host,
        fleet=desired.fleet,
        modules=rows,
        summary=Summary.of(rows, gated, sections),
        categories={category: category.meaning for category in Category},
        infrastructure=make_infrastructure(desired, look),
        streams=streams,
        keys=keys,
        ports=ports,
        stray_ports=list_stray_ports(desired, look),
        venvs=venvs,
        targets=targets,
        timers=timers,
        units=units,
        gates=gated,
        judged=Judged.of(judged, Severity(desired.fail_on)),
        observations=list_observations(judged),
        unreachable=explain_unreachable((each.outcome, each.reason) for each in judged),
    )


def to_json(report: RegistryReport) -> str:
    return dump(report)
