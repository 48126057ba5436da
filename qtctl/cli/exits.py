"""The exit codes, what they mean, and the functions that choose one; nothing else in the CLI does."""

import errno
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from qtctl.errors import DeployRefused, HostError, InputError, LabError, QtctlError, UnusableGeneration

if TYPE_CHECKING:
    from qtctl.api.rollout import HostPlan
    from qtctl.findings.verdict import Conclusion
    from qtctl.fleet.rollout import HostRun
    from qtctl.model.control import ControlOutcome
    from qtctl.model.plan import Plan
    from qtctl.model.preparation import PreparePlan
    from qtctl.model.transaction import Progressed
    from qtctl.plan.outcome import DeployOutcome
    from qtctl.reports.fleet import FleetReport


class Exit(IntEnum):
    OK = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    REFUSED = 4
    UNVERIFIED = 5
    INTERNAL = 70
    INTERRUPTED = 130
    PIPE = 141


MEANING = {
    Exit.OK: "as declared, or only findings below the gate",
    Exit.FINDINGS: "not as declared: findings at or above the gate, or changes pending",
    Exit.USAGE: "usage or invalid input",
    Exit.INCOMPLETE: "no such finding, but evidence is incomplete",
    Exit.REFUSED: "refused or failed; the host is as it was",
    Exit.UNVERIFIED: "the host may have been changed and is not verified: a person is needed",
    Exit.INTERNAL: "internal error",
    Exit.INTERRUPTED: "interrupted",
    Exit.PIPE: "the reader of the output is gone",
}
"""What each exit code means, in the words of docs/use.md."""

PRECEDENCE = (Exit.UNVERIFIED, Exit.REFUSED, Exit.INTERRUPTED, Exit.USAGE, Exit.FINDINGS, Exit.INCOMPLETE)
"""If several apply, the first of these wins."""

ERRORS: tuple[tuple[type[QtctlError], Exit], ...] = (
    (DeployRefused, Exit.REFUSED),
    (LabError, Exit.REFUSED),
    (InputError, Exit.USAGE),
    (UnusableGeneration, Exit.USAGE),
    (HostError, Exit.INCOMPLETE),
)


CONCLUSIONS = {"as-declared": Exit.OK, "incomplete": Exit.INCOMPLETE, "not-as-declared": Exit.FINDINGS}
"""By the value of a conclusion: this module is loaded for --help, and the findings need not be."""


def choose_exit(conclusion: "Conclusion") -> Exit:
    return CONCLUSIONS[conclusion.value]


def decide(exits: Iterable[Exit]) -> Exit:
    """The exit code of a run in which all of these happened."""
    happened = set(exits)
    return next((code for code in PRECEDENCE if code in happened), Exit.OK)


def choose_error_exit(error: QtctlError) -> Exit:
    return next((code for kind, code in ERRORS if isinstance(error, kind)), Exit.INTERNAL)


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def choose_unexpected_exit(error: Exception, *, reader_gone: bool) -> Exit:
    """The exit code of an error that is not one of qtctl's. `reader_gone`: nobody reads stdout any more."""
    if isinstance(error, BrokenPipeError) and reader_gone:
        return Exit.PIPE
    if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
        return Exit.USAGE
    return Exit.INTERNAL


def choose_whole_exit(whole: bool) -> Exit:
    """The exit code of a command that judges nothing: whether it got, or sent, all that it was asked for."""
    return Exit.OK if whole else Exit.INCOMPLETE


def choose_match_exit(matches: bool) -> Exit:
    """The exit code of a comparison without unknowns: whether everything is as declared."""
    return Exit.OK if matches else Exit.FINDINGS


def choose_plan_exit(plan: "Plan") -> Exit:
    """The exit code of a plan: as a deploy would refuse, or whether there is anything to do."""
    if plan.refusals:
        return Exit.INCOMPLETE if all(each.unknown for each in plan.refusals) else Exit.REFUSED
    return Exit.FINDINGS if plan.steps else Exit.OK


def choose_host_plan_exit(found: "HostPlan") -> Exit:
    """The exit code of the plan of one host of several, or of the lack of one."""
    return Exit.INCOMPLETE if found.plan is None else choose_plan_exit(found.plan)


def choose_deploy_exit(outcome: "DeployOutcome") -> Exit:
    """The exit code of a deploy that got as far as a plan. Every check of its gate that does not hold counts."""
    from qtctl.findings.finding import Severity
    from qtctl.findings.verdict import conclude
    from qtctl.plan.outcome import DeployStatus

    ends = {
        DeployStatus.DECLINED: Exit.FINDINGS,
        DeployStatus.REFUSED: Exit.REFUSED,
        DeployStatus.INTERRUPTED: Exit.INTERRUPTED,
        DeployStatus.RESTORED: Exit.REFUSED,
        DeployStatus.FAILED: Exit.UNVERIFIED,
    }
    if outcome.status in ends:
        return ends[outcome.status]
    if outcome.moving:
        return Exit.FINDINGS
    return choose_exit(conclude(outcome.outstanding, Severity.INFO))


def choose_host_exit(run: "HostRun") -> Exit:
    """The exit code of one host of a rollout; a host that was rolled back is as it was, and not as declared."""
    from qtctl.model.rollout import HostEnd

    ends = {
        HostEnd.ROLLED_BACK: Exit.REFUSED,
        HostEnd.RESTORED: Exit.REFUSED,
        HostEnd.REFUSED: Exit.REFUSED,
        HostEnd.LEFT_OUT: Exit.REFUSED,
        HostEnd.FAILED: Exit.UNVERIFIED,
        HostEnd.INTERRUPTED: Exit.INTERRUPTED,
        HostEnd.NOT_REACHED: Exit.FINDINGS,
    }
    if run.end in ends:
        return ends[run.end]
    if run.rollback is not None:
        return Exit.REFUSED
    outcome = run.deploy.outcome if run.deploy is not None else None
    return Exit.OK if outcome is None else choose_deploy_exit(outcome)


def choose_rollout_exit(hosts: Iterable[Exit], *, interrupted: bool) -> Exit:
    """The exit code of a rollout, from those of its hosts."""
    return decide((*hosts, Exit.INTERRUPTED) if interrupted else hosts)


def choose_fleet_exit(report: "FleetReport") -> Exit:
    """The exit code of an audit of several hosts: of each of them, and of their comparison."""
    if report.not_examined:
        return Exit.INTERRUPTED
    return decide((*(choose_exit(each.verdict) for each in report.hosts), choose_exit(report.verdict)))


def choose_prepare_exit(plan: "PreparePlan", *, applied: bool) -> Exit:
    """The exit code of a preparation. `applied`: it was to be installed, and not only shown."""
    if plan.refusals:
        return Exit.REFUSED
    return Exit.FINDINGS if plan.changes and not applied else Exit.OK


def choose_recover_exit(found: "Progressed | None") -> Exit:
    """The exit code of a recovery. None: no deploy was in the way."""
    from qtctl.model.transaction import TransactionEnd

    if found is None or found.end in (TransactionEnd.ACCEPTED, TransactionEnd.RESTORED):
        return Exit.OK
    return Exit.UNVERIFIED


def choose_control_exit(outcome: "ControlOutcome") -> Exit:
    """The exit code of an action on one host. A job that failed leaves the host in a state that is known."""
    from qtctl.model.control import ControlStatus

    return {
        ControlStatus.DONE: Exit.OK,
        ControlStatus.FAILED: Exit.FINDINGS,
        ControlStatus.REFUSED: Exit.REFUSED,
        ControlStatus.DECLINED: Exit.FINDINGS,
        ControlStatus.NOT_REACHED: Exit.INCOMPLETE,
        ControlStatus.INTERRUPTED: Exit.INTERRUPTED,
        ControlStatus.UNKNOWN: Exit.UNVERIFIED,
    }[outcome.status]


def choose_status_exit(not_as_declared: int, unknown: int) -> Exit:
    """The exit code of a look at units, of which so many are not up or down as declared, or could not be seen."""
    return decide([Exit.FINDINGS] * bool(not_as_declared) + [Exit.INCOMPLETE] * bool(unknown))
