"""Turn unit steps into calls on the system bus, and the replies into results."""

from collections.abc import Sequence

from qtctl.interfaces.host import Bus, BusCall, BusReply, Ended, JobResult, nobody
from qtctl.model.plan import Step, StepKind, StepResult, StepStatus

_PATH = "/org/freedesktop/systemd1"
_MANAGER = "org.freedesktop.systemd1.Manager"
_JOBS = {
    StepKind.START: "StartUnit",
    StepKind.UNIT_RELOAD: "ReloadUnit",
    StepKind.RESTART: "RestartUnit",
    StepKind.STOP: "StopUnit",
}


def build_call(step: Step) -> BusCall:
    """The Manager method for a step: see org.freedesktop.systemd1(5)."""
    if step.kind in _JOBS:
        return BusCall(_PATH, _MANAGER, _JOBS[step.kind], "ss", (step.subject, "replace"))
    if step.kind is StepKind.RELOAD:
        return BusCall(_PATH, _MANAGER, "Reload")
    if step.kind is StepKind.RESET_FAILED:
        return BusCall(_PATH, _MANAGER, "ResetFailedUnit", "s", (step.subject,))
    if step.kind is StepKind.ENABLE:
        return BusCall(_PATH, _MANAGER, "EnableUnitFiles", "asbb", ([step.subject], False, False))
    if step.kind is StepKind.DISABLE:
        return BusCall(_PATH, _MANAGER, "DisableUnitFiles", "asb", ([step.subject], False))
    raise ValueError(f"{step.kind} is no step of a unit")


def run_batch(bus: Bus, steps: Sequence[Step], deadline_s: float, ended: Ended = nobody) -> list[StepResult]:
    """Run steps of one group, all at once; results in order.

    Jobs are queued in the order of the plan, dependencies first; systemd applies After=. HostError if the bus
    connection is lost. `ended` is called with the number of finished jobs.
    """
    calls = [build_call(step) for step in steps]
    if steps[0].kind in _JOBS:
        return [_read_job(step, job) for step, job in zip(steps, bus.jobs(calls, deadline_s, ended), strict=True)]
    return [_read_reply(step, reply) for step, reply in zip(steps, bus.call(calls, deadline_s), strict=True)]


def _read_job(step: Step, job: JobResult) -> StepResult:
    if job.ok:
        return StepResult(step, StepStatus.DONE)
    return StepResult(step, StepStatus.FAILED, f"{job.result}: {job.message}" if job.message else job.result)


def _read_reply(step: Step, reply: BusReply) -> StepResult:
    if not reply.error:
        return StepResult(step, StepStatus.DONE)
    return StepResult(step, StepStatus.FAILED, f"{reply.error}: {reply.message}")
