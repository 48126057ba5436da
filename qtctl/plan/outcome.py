"""How a deploy ended, as a value: the plan, the result of each step, and what is still open."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qtctl.dialects.wording import add_more_aside
from qtctl.findings.finding import Finding, Outcome
from qtctl.model.plan import Plan, Refusal, StepResult, StepStatus, list_not_run


class DeployStatus(StrEnum):
    UNCHANGED = "unchanged"
    """There was nothing to change."""
    DECLINED = "declined"
    """The user declined the plan."""
    DEPLOYED = "deployed"
    """The host was changed, and a check found it as declared."""
    REFUSED = "refused"
    """The host is as it was."""
    INTERRUPTED = "interrupted"
    """Before anything was changed."""
    RESTORED = "restored"
    """The host was changed, was not as declared, and has been restored."""
    FAILED = "failed"
    """The host may have been changed, and no check found it as declared."""


class ReasonKind(StrEnum):
    """Why a deploy did not finish."""

    IN_THE_WAY = "in-the-way"
    """Something on the host is in the way of the plan: see its refusals."""
    UNVERIFIABLE = "unverifiable"
    """Facts that cannot be read now could not be read from the changed host either."""
    LOCKED = "locked"
    """Another deploy is running on the host."""
    LOCK_FAILED = "lock-failed"
    NOT_INSTALLED = "not-installed"
    """None of the files were installed on the host."""
    STEPS_FAILED = "steps-failed"
    NOT_AS_DECLARED = "not-as-declared"
    """Every step is done, but the gate did not open in time."""
    HOST_LOST = "host-lost"
    """The connection was lost, or no new one could be made."""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Reason:
    """What happened, and what to do. `holder`: who holds the lock, if another deploy does."""

    kind: ReasonKind
    what: str
    hint: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class UnitFailure:
    """A unit that should run, but does not."""

    unit: str
    state: str
    why: str
    journal: tuple[str, ...]

    @property
    def said(self) -> str:
        """failed (failed), 203/EXEC: the program is missing, not executable, or its interpreter is."""
        return ", ".join(part for part in (self.state, self.why) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOutcome:
    """How a deploy of one host ended.

    `results`: one for each step of the plan, in the order in which they run. `outstanding`: what of the gate did not
    hold at the last look. `moving`: services that systemd kept restarting. `failures`: why units do not run. `looked`:
    whether the host was looked at after the last step, or before the first if nothing was changed. After a rollback,
    `left` are the paths that others had changed meanwhile, `worse` the units that are not as before, and `gone` the
    oneshots that were active and are not run again. `failed_before`: units that had failed when it began, and whose
    failure ends no deploy. `generation`: its number on the host, None if none was staged. `warnings`: anything else
    that the host or the caller could not do.
    """

    plan: Plan
    status: DeployStatus
    results: tuple[StepResult, ...] = ()
    reason: Reason | None = None
    outstanding: tuple[Finding, ...] = ()
    moving: tuple[str, ...] = ()
    failures: tuple[UnitFailure, ...] = ()
    looked: bool = True
    left: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    failed_before: tuple[str, ...] = ()
    generation: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def as_declared(self) -> bool:
        """Whether nothing was open at the last look."""
        return not self.outstanding and not self.moving

    @property
    def unverified(self) -> tuple[str, ...]:
        """Subjects whose state is unknown: all that may have changed, if the host was not examined again."""
        if self.looked:
            subjects = [each.subject for each in self.outstanding if each.outcome is Outcome.UNKNOWN]
        else:
            touched = (StepStatus.DONE, StepStatus.FAILED, StepStatus.UNKNOWN)
            subjects = [each.step.subject for each in self.results if each.status in touched]
        return tuple(dict.fromkeys(subjects))


def refuse(planned: Plan, reason: Reason, outstanding: tuple[Finding, ...] = ()) -> DeployOutcome:
    """Nothing was changed. `outstanding`: the findings that speak against it."""
    return DeployOutcome(
        plan=planned,
        status=DeployStatus.REFUSED,
        results=list_not_run(planned.steps),
        reason=reason,
        outstanding=outstanding,
    )


def refuse_obstructed(planned: Plan) -> DeployOutcome:
    """The refusals of the plan are the reason."""
    return refuse(planned, explain_refusals(planned.host, planned.refusals))


def explain_refusals(host: str, refusals: Sequence[Refusal]) -> Reason:
    """The first of them, and how many more there are. `host` is named beside it."""
    first, *more = refusals
    kind = ReasonKind.LOCKED if first.holder else ReasonKind.IN_THE_WAY
    what = first.reason if first.subject == host else f"{first.subject}: {first.reason}"
    return Reason(kind, f"{what}{add_more_aside(len(more))}", first.hint, first.holder)
