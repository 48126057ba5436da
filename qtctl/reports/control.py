"""What an operator's action did on hosts, or would do; JSON."""

from collections.abc import Iterable

from pydantic import Field

from qtctl.model.control import ControlOutcome, ControlPlan, ControlStatus, ControlVerb, JobEnd, UnitResult
from qtctl.model.plan import Effect
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION


class AlongRow(Part):
    unit: str
    effect: Effect
    by: str = Field(description="the dependency that makes it: Requires=shop-api.service")


class ContradictionRow(Part):
    unit: str
    what: str


class NoteRow(Part):
    unit: str
    what: str


class ControlResultRow(Part):
    unit: str
    result: JobEnd = Field(description="in systemd's words; refused: it took no job; unknown: no end was seen")
    detail: str
    by: str = Field(description="why it was changed along with others; empty if it was asked for itself")
    before: str | None = Field(description="ActiveState= before; null if it could not be read")
    after: str | None = Field(description="ActiveState= afterwards; null if it could not be read")
    sub_after: str | None = Field(description="SubState= afterwards")


class ControlHost(Part):
    host: str
    address: str = Field(description="the host as it was asked for")
    status: ControlStatus
    why: str = Field(description="why it was not done")
    hint: str
    stages: tuple[tuple[str, ...], ...] = Field(
        description="the units in order; those of one stage are independent of each other"
    )
    along: tuple[AlongRow, ...] = Field(description="units that systemd changes along with them")
    contradictions: tuple[ContradictionRow, ...] = Field(description="what the registry says against it")
    notes: tuple[NoteRow, ...]
    results: tuple[ControlResultRow, ...]
    warnings: tuple[str, ...]


class ControlReport(Part):
    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    verb: ControlVerb
    reason: str = Field(description="the operator's own, as the host's journal has it")
    exit_code: int
    hosts: tuple[ControlHost, ...]


def build_report(
    found: Iterable[tuple[str, ControlOutcome]], verb: ControlVerb, reason: str, *, exit_code: int
) -> ControlReport:
    """`found`: the host as it was asked for, and what became of it."""
    hosts = tuple(_build_host(target, each) for target, each in found)
    return ControlReport(qtctl_version=VERSION, verb=verb, reason=reason, exit_code=exit_code, hosts=hosts)


def to_json(report: ControlReport) -> str:
    return dump(report)


def _build_host(target: str, outcome: ControlOutcome) -> ControlHost:
    plan = outcome.plan
    return ControlHost(
        host=outcome.host,
        address=target,
        status=outcome.status,
        why=outcome.why,
        hint=outcome.hint,
        stages=plan.stages if plan is not None else (),
        along=_list_along(plan) if plan is not None else (),
        contradictions=tuple(
            ContradictionRow(unit=each.unit, what=each.what) for each in (plan.contradictions if plan else ())
        ),
        notes=tuple(NoteRow(unit=unit, what=what) for unit, what in (plan.notes if plan else ())),
        results=tuple(map(_build_result, outcome.results)),
        warnings=outcome.warnings,
    )


def _list_along(plan: ControlPlan) -> tuple[AlongRow, ...]:
    return tuple(AlongRow(unit=each.unit, effect=each.effect, by=each.by) for each in plan.drags)


def _build_result(each: UnitResult) -> ControlResultRow:
    return ControlResultRow(
        unit=each.unit,
        result=each.end,
        detail=each.detail,
        by=each.by,
        before=each.before.active or None,
        after=each.after.active or None,
        sub_after=each.after.sub or None,
    )
