"""Carry out a planned action on a host, and see how each job ended and what each unit is afterwards."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qtctl.control.request import Answer, Queued, make_request, read_answer
from qtctl.errors import HostError, Refused
from qtctl.interfaces.host import Bus, BusCall, Host
from qtctl.model.control import (
    ControlOutcome,
    ControlPlan,
    ControlStatus,
    ControlVerb,
    JobEnd,
    UnitResult,
    UnitState,
)
from qtctl.probes import units as probe
from qtctl.probes.answer import find_last_line

_QUEUE_S = 60.0
"""For queueing, whatever the jobs take."""
_STATES_S = 10.0
_SEE = "see `qtctl status` for how it ended"


@dataclass
class _Asked:
    """What the host answered, kept while its jobs are awaited."""

    host: Host
    plan: ControlPlan
    about: Mapping[str, str]
    sent: bool = False
    answer: Answer = field(default_factory=lambda: Answer({}))

    def __call__(self) -> Collection[str]:
        running = self.host.start(make_request(self.plan, self.about), root=True)
        self.sent = True
        done = running.finish(_QUEUE_S)
        self.answer = read_answer(done.stdout)
        if not self.answer.units and not self.answer.stopped:
            why = find_last_line(done.stderr) or f"the script ended with exit status {done.exit}"
            self.answer = replace(self.answer, stopped=why.removeprefix("qtctl-helper: "))
        return {job for each in self.answer.units.values() for job in each.jobs}


def carry_out(host: Host, plan: ControlPlan, about: Mapping[str, str], *, deadline_s: float) -> ControlOutcome:
    """Do it. `deadline_s`: for all jobs together. `about`: who asks, for the audit trail of the host.

    HostError, which Refused is, only if nothing was done.
    """
    bus = host.bus()
    asked = _Asked(host, plan, about)
    try:
        ended = bus.follow_jobs(asked, deadline_s)
    except Refused:
        raise
    except (HostError, KeyboardInterrupt) as error:
        if not asked.sent:
            raise
        why = error.describe_beside(host.address) if isinstance(error, HostError) else "interrupted"
        return leave_unknown(plan, why, asked.answer.warnings)
    answer = asked.answer
    if answer.stopped:
        return ControlOutcome(plan.host, ControlStatus.REFUSED, plan, why=f"nothing was done: {answer.stopped}")
    names = _list_names(plan, answer)
    results = tuple(_make_result(unit, plan, answer, ended, after) for unit, after in _read_states(bus, names).items())
    bad = [each.end for each in results if not each.end.good]
    status = ControlStatus.UNKNOWN if JobEnd.UNKNOWN in bad else ControlStatus.FAILED if bad else ControlStatus.DONE
    late = f"a job had not ended after {deadline_s:g} s" if JobEnd.UNKNOWN in bad else ""
    return ControlOutcome(plan.host, status, plan, results, why=late, warnings=answer.warnings)


def leave_unknown(plan: ControlPlan, why: str, warnings: tuple[str, ...] = ()) -> ControlOutcome:
    """It may have been done, and nobody saw how it ended."""
    results = tuple(
        UnitResult(unit, JobEnd.UNKNOWN, plan.find_before(unit), UnitState(unit), why) for unit in plan.units
    )
    return ControlOutcome(plan.host, ControlStatus.UNKNOWN, plan, results, why, _SEE, warnings)


def _list_names(plan: ControlPlan, answer: Answer) -> tuple[str, ...]:
    """The units that were asked for, those that were foreseen to go along, and those that systemd says went along."""
    jobs = (unit for each in answer.units.values() for unit in each.jobs.values())
    names = (*plan.units, *(each.unit for each in plan.drags), *sorted(jobs))
    return tuple(name for name in dict.fromkeys(names) if not probe.explain_odd_name(name))


def _read_states(bus: Bus, names: Sequence[str]) -> dict[str, UnitState]:
    question = probe.ask_by_names(names)
    call = BusCall(question.path, question.interface, question.member, question.signature, question.body)
    unknown = {name: UnitState(name) for name in names}
    try:
        rows = probe.read_rows(bus.call([call], _STATES_S)[0])
    except (HostError, probe.Undecodable):
        return unknown
    if len(rows) != len(names):
        return unknown
    return {name: UnitState(name, row.active, row.sub) for name, row in zip(names, rows, strict=True)}


def _make_result(
    unit: str, plan: ControlPlan, answer: Answer, ended: Mapping[str, tuple[str, str]], after: UnitState
) -> UnitResult:
    before = plan.find_before(unit)
    if unit in plan.units:
        queued = answer.units.get(unit, Queued({}, refused="the host did not get to it"))
        if queued.refused and plan.request.verb is ControlVerb.RESET_FAILED and before.active == "inactive":
            # systemd refuses to reset a unit that it does not hold in memory, as it does not if it is stopped.
            return UnitResult(unit, JobEnd.SKIPPED, before, after, "it had not failed")
        if queued.refused:
            return UnitResult(unit, JobEnd.REFUSED, before, after, queued.refused)
        if not queued.own:
            return UnitResult(unit, JobEnd.DONE, before, after)
        end, detail = _read_end(queued.own, ended)
        return UnitResult(unit, end, before, after, detail)
    by = next((each.by for each in plan.drags if each.unit == unit), "") or _find_puller(unit, answer)
    job = next((job for each in answer.units.values() for job, name in each.jobs.items() if name == unit), "")
    if not job:
        return UnitResult(unit, _judge_drag(before, after), before, after, by=by)
    end, detail = _read_end(job, ended)
    return UnitResult(unit, end, before, after, detail, by=by)


def _read_end(job: str, ended: Mapping[str, tuple[str, str]]) -> tuple[JobEnd, str]:
    if job not in ended:
        return JobEnd.UNKNOWN, "its job had not ended at the deadline"
    word = ended[job][1]
    try:
        return JobEnd(word), ""
    except ValueError:
        return JobEnd.UNKNOWN, f"systemd says {word}"


def _find_puller(unit: str, answer: Answer) -> str:
    return next((f"queued with {name}" for name, each in answer.units.items() if unit in each.jobs.values()), "")


def _judge_drag(before: UnitState, after: UnitState) -> JobEnd:
    """Of a unit that was foreseen to go along, and for which systemd queued no job: by its state alone."""
    if not after.active:
        return JobEnd.UNKNOWN
    if after.active == "failed":
        return JobEnd.FAILED
    return JobEnd.SKIPPED if (after.active, after.sub) == (before.active, before.sub) else JobEnd.DONE
