"""The report of a rehearsal: what would happen in production, step by step, and what was not modelled; JSON."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from qtctl.dialects.secrets import mask_message
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.model.plan import Refusal, Step, StepKind
from qtctl.model.rehearsal import BeforeSource, NotModelled
from qtctl.model.rehearsal import StepKind as RehearsalStepKind
from qtctl.plan.rehearsed import Rehearsal, RehearsedStep
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.totals import Totals
from qtctl.version import VERSION


class RehearsalStep(Part):
    """One thing that was tried. `subject`: the service that was killed, else the host."""

    kind: RehearsalStepKind
    subject: str
    outcome: Outcome = Field(description="holds: it passed; broken: it failed; not-asked: there was nothing to try")
    said: str = Field(description="what happened")
    details: tuple[str, ...]
    findings: tuple[Check, ...] = Field(description="the findings of an audit after it that were not there before")
    took_s: float | None = Field(description="seconds; null if it was not tried")
    after: RehearsalStepKind | None = Field(description="the earlier step because of which it was not tried")


class ProductionStep(Part):
    """A step that a deploy to the real host would take."""

    kind: StepKind
    subject: str = Field(description="a unit, or the path of a file")
    why: str
    along: tuple[str, ...] = Field(description="units that systemd stops, restarts or starts along with it")


class ProductionRefusal(Part):
    """Why a deploy to the real host would be refused."""

    subject: str
    reason: str
    hint: str
    unknown: bool = Field(description="whether it could not be determined if there is an obstacle")


class LackingPart(Part):
    """Something on the real host that the throwaway one lacked: nothing that depends on it was tested."""

    subject: str
    why: str
    gap: bool = Field(description="whether the evidence could have shown it; if not, no rehearsal could reproduce it")
    remedy: str


class RehearsalReport(Part):
    """One rehearsal of one host. `evidence_at`: UTC, ISO 8601. Rows and verdict that disagree are refused."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    host: str
    evidence_at: str
    suite: str = Field(description="the release that the throwaway host ran")
    before: BeforeSource = Field(description="how qtctl knows what the real host has now")
    before_said: str
    gate: Severity
    conclusion: Conclusion
    totals: Totals
    took_s: float = Field(description="seconds, from the boot to the removal of the host")
    steps: tuple[RehearsalStep, ...]
    plan: tuple[ProductionStep, ...] = Field(description="what a deploy to the real host would do")
    refusals: tuple[ProductionRefusal, ...]
    not_modelled: tuple[LackingPart, ...]
    checks: tuple[Check, ...] = Field(description="the checks from which the conclusion follows")

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        """A check for each step and for each part that is not modelled; totals and conclusion follow from them."""
        if len(self.checks) != len(self.steps) + len(self.not_modelled):
            raise ValueError("a step or a part that is not modelled has no check")
        if [each.outcome for each in self.checks[: len(self.steps)]] != [each.outcome for each in self.steps]:
            raise ValueError("the checks are not those of the steps")
        if any(not each.outcome.is_open for each in self.checks[len(self.steps) :]):
            raise ValueError("something that is not modelled counts as tried")
        if Totals.of(self.checks) != self.totals or conclude(self.checks, self.gate) is not self.conclusion:
            raise ValueError("totals or conclusion do not follow from the checks")
        return self


def build_report(rehearsal: Rehearsal, findings: Sequence[Finding], gate: Severity) -> RehearsalReport:
    """`findings`: those that `judge_rehearsal` makes of it."""
    checks = tuple(map(Check.of, findings))
    plan = rehearsal.plan
    return RehearsalReport(
        qtctl_version=VERSION,
        fleet=rehearsal.fleet,
        host=rehearsal.host,
        evidence_at=rehearsal.taken_at,
        suite=rehearsal.suite,
        before=rehearsal.source,
        before_said=rehearsal.source_said,
        gate=gate,
        conclusion=conclude(findings, gate),
        totals=Totals.of(checks),
        took_s=round(rehearsal.took_s, 1),
        steps=tuple(map(_make_step, rehearsal.steps)),
        plan=tuple(map(_make_production_step, plan.steps)) if plan is not None else (),
        refusals=tuple(map(_make_refusal, plan.refusals)) if plan is not None else (),
        not_modelled=tuple(map(_make_lacking, rehearsal.not_modelled)),
        checks=checks,
    )


def _make_step(step: RehearsedStep) -> RehearsalStep:
    return RehearsalStep(
        kind=step.kind, subject=step.subject, outcome=step.outcome, said=mask_message(step.said),
        details=tuple(map(mask_message, step.details)), findings=tuple(map(Check.of, step.findings)),
        took_s=None if step.took_s is None else round(step.took_s, 1), after=step.after,
    )  # fmt: skip


def _make_production_step(step: Step) -> ProductionStep:
    along = tuple(f"{each.effect} {each.unit}" for each in step.drags)
    return ProductionStep(kind=step.kind, subject=step.subject, why=step.reason, along=along)


def _make_refusal(each: Refusal) -> ProductionRefusal:
    return ProductionRefusal(subject=each.subject, reason=each.reason, hint=each.hint, unknown=each.unknown)


def _make_lacking(each: NotModelled) -> LackingPart:
    return LackingPart(subject=each.subject, why=each.why, gap=each.gap, remedy=each.remedy)


def to_json(report: RehearsalReport) -> str:
    return dump(report)
