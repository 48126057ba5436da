"""The report of a deploy: the plan with what became of each step, and what is open; JSON."""

from typing import Self

from pydantic import Field, model_validator

from qtctl.dialects.secrets import mask_message
from qtctl.model.plan import StepKind, StepResult, StepStatus
from qtctl.plan.agreed import plan_digest
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION


class DeployStep(Part):
    kind: StepKind
    subject: str = Field(description="a unit, or the path of a file")
    why: str
    status: StepStatus
    detail: str = Field(description="why it is not done")
    took_s: float | None = Field(
        description="seconds; steps that were started together share the value; null if it was not run"
    )
    kept: str | None = Field(description="where the replaced file is now")
    diff: str | None = Field(description="diff of a unit file, without values of variables")


class DeployRefusal(Part):
    """What blocks the plan."""

    subject: str
    reason: str
    hint: str


class DeployReason(Part):
    """Why the deploy did not finish."""

    kind: ReasonKind
    what: str
    hint: str
    holder: str | None = Field(description="who holds the lock on the host")


class DeployFailure(Part):
    """A unit that should run, but does not."""

    unit: str
    state: str
    why: str = Field(description="why it ended, in words; empty if unknown")
    journal: tuple[str, ...] = Field(description="its last journal lines, at most five")


class DeployReport(Part):
    """One deploy of one host.

    `steps`: all planned steps, in the order in which they run. `unverified`: what may have been changed and was not
    checked afterwards. Rows that do not fit the status are refused.
    """

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    host: str
    address: str
    status: DeployStatus
    exit_code: int
    reason: DeployReason | None
    refusals: tuple[DeployRefusal, ...]
    steps: tuple[DeployStep, ...]
    outstanding: tuple[Check, ...] = Field(
        description="what the gate still waits for: checks that do not hold, or are unknown"
    )
    restarting: tuple[str, ...] = Field(description="units that do not stay up")
    failures: tuple[DeployFailure, ...] = Field(description="why units do not run, for the first five of them")
    unverified: tuple[str, ...]
    left: tuple[str, ...] = Field(
        description="paths that someone else changed in the meantime, and that were therefore not put back"
    )
    worse: tuple[str, ...] = Field(description="units that are in a worse state than before")
    failed_before: tuple[str, ...] = Field(
        description="units that had already failed when the deploy began, and need not run"
    )
    not_run_again: tuple[str, ...] = Field(description="oneshot units that were active before, and are not run again")
    generation: int | None = Field(description="its number on the host; null if nothing was staged there")
    plan_digest: str = Field(description="as in the audit trail")
    warnings: tuple[str, ...] = Field(description="for example that a record of the audit trail could not be written")

    @model_validator(mode="after")
    def fits_its_status(self) -> Self:
        """A host that was deployed has all done but what had failed before; one that is as it was has nothing done."""
        statuses = {step.status for step in self.steps}
        not_done = {step.subject for step in self.steps if step.status is not StepStatus.DONE}
        if self.status is DeployStatus.DEPLOYED and (
            not_done - {*self.failed_before}
            or (self.outstanding and not self.failed_before)
            or {*self.restarting} - {*self.failed_before}
            or self.unverified
        ):
            raise ValueError("deployed, and yet something is open")
        changed = self.status in (DeployStatus.DEPLOYED, DeployStatus.RESTORED, DeployStatus.FAILED)
        if not changed and statuses - {StepStatus.NOT_RUN}:
            raise ValueError("nothing was changed, and yet a step was run")
        return self


def build_report(outcome: DeployOutcome, *, fleet: str, address: str, exit_code: int) -> DeployReport:
    """`address`: the host as it was asked for, which may stand in for the planned one."""
    return DeployReport(
        qtctl_version=VERSION,
        fleet=fleet,
        host=outcome.plan.host,
        address=address,
        status=outcome.status,
        exit_code=exit_code,
        reason=_make_reason(outcome.reason) if outcome.reason else None,
        refusals=tuple(
            DeployRefusal(subject=each.subject, reason=each.reason, hint=each.hint) for each in outcome.plan.refusals
        ),
        steps=tuple(map(_make_step, outcome.results)),
        outstanding=tuple(map(Check.of, outcome.outstanding)),
        restarting=outcome.moving,
        failures=tuple(
            DeployFailure(unit=each.unit, state=each.state, why=each.why, journal=each.journal)
            for each in outcome.failures
        ),
        unverified=outcome.unverified,
        left=outcome.left,
        worse=outcome.worse,
        failed_before=outcome.failed_before,
        not_run_again=outcome.gone,
        generation=outcome.generation,
        plan_digest=plan_digest(outcome.plan),
        warnings=tuple(map(mask_message, outcome.warnings)),
    )


def _make_reason(reason: Reason) -> DeployReason:
    return DeployReason(
        kind=reason.kind, what=mask_message(reason.what), hint=reason.hint, holder=reason.holder or None
    )


def _make_step(result: StepResult) -> DeployStep:
    step = result.step
    return DeployStep(
        kind=step.kind,
        subject=step.subject,
        why=step.reason,
        status=result.status,
        detail=mask_message(result.detail),
        took_s=result.took_s,
        kept=result.kept or None,
        diff=step.diff or None,
    )


def to_json(report: DeployReport) -> str:
    return dump(report)
