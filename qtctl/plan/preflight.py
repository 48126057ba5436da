"""What would make a deploy fail halfway, checked before anything is changed: one refusal for each cause.

What an audit knows about the next start of a service is checked here for every service that would be started (rules
with `preflight`). The rest are the ways in which systemd ends a start before the program runs, and the ways in which
writing fails.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from qtctl.meaning.systemd_needed import find_systemd_needed
from qtctl.model.desired import Desired
from qtctl.model.evidence import Item, Need
from qtctl.model.facts import Facts, HostBaseline
from qtctl.model.json import Json
from qtctl.model.plan import READ_AS_ROOT, Plan, Refusal, StepKind
from qtctl.model.preflight_facts import Jobs
from qtctl.plan import preflight_ports, preflight_room, preflight_starts
from qtctl.plan.installs import list_used_paths
from qtctl.plan.made_folders import add_made_folders
from qtctl.rules.catalogue import list_host_rules
from qtctl.rules.rule import Expectation, Rule, Verdict

JOBS = Need(Jobs.FACT, "*")
_STARTS = (StepKind.START, StepKind.RESTART)
_OF_UNITS = (*_STARTS, StepKind.STOP, StepKind.UNIT_RELOAD)


def select_started(desired: Desired, plan: Plan) -> Desired:
    """The declarations of the services that the plan starts, and nothing else."""
    units = {step.subject for step in plan.steps if step.kind in _STARTS}
    services = tuple(service for service in desired.services if service.unit in units)
    used = {service.venv for service in services}
    return replace(
        desired, services=services, venvs=tuple(each for each in desired.venvs if each.path in used), files=()
    )


def _drop_installed(few: Desired, plan: Plan) -> Desired:
    """Without units that run from something that the plan installs: that is tried where it is built."""
    switched = {step.subject for step in plan.steps if step.kind is StepKind.LINK}
    services = tuple(service for service in few.services if not switched.intersection(list_used_paths(service, few)))
    return replace(few, services=services, venvs=tuple(each for each in few.venvs if each.path not in switched))


def list_needs(desired: Desired, plan: Plan) -> tuple[Need, ...]:
    """The facts to ask for the steps of a plan; nothing for a plan without steps."""
    if not plan.steps:
        return ()
    few = select_started(desired, plan)
    rules = (need for _, each in _list_expectations(_drop_installed(few, plan)) for need in each.needs)
    own = (*preflight_starts.list_needs(few), *preflight_ports.list_needs(few), *preflight_room.list_needs(plan))
    return tuple(dict.fromkeys((JOBS, *rules, *own)))


def find_obstacles(desired: Desired, plan: Plan, facts: Facts) -> tuple[Refusal, ...]:
    """`facts` must hold what `list_needs` asks for."""
    if not plan.steps:
        return ()
    unknown = tuple(
        _make_refusal(item) for need in list_needs(desired, plan) if not (item := facts.find_item(need)).state.known
    )
    if unknown:
        return unknown
    few, then = select_started(desired, plan), add_made_folders(desired, facts)
    found = (
        *_find_jobs(plan, facts),
        *_find_version(desired, facts),
        *preflight_room.find_obstacles(plan, facts),
        *_judge(_drop_installed(few, plan), then),
        *preflight_starts.find_obstacles(desired, few.services, then),
        *preflight_ports.find_obstacles(desired, few, plan, facts),
    )
    return tuple(dict.fromkeys(found))


def _make_refusal(item: Item) -> Refusal:
    reason = item.reason or str(item.state)
    hint = item.help or READ_AS_ROOT
    return Refusal(item.subject, f"could not be checked: {reason}", hint, unknown=True)


def _list_expectations(few: Desired) -> Iterator[tuple[Rule, Expectation]]:
    for rule in list_host_rules():
        if rule.preflight:
            yield from ((rule, each) for each in rule.expect(few))


def _judge(few: Desired, facts: Facts) -> Iterator[Refusal]:
    """What an audit would find once the service is started; what is undecided is left to the audit."""
    for rule, expectation in _list_expectations(few):
        judged = expectation.judge(facts)
        for verdict in (judged,) if isinstance(judged, Verdict) else judged:
            if not verdict.holds and not verdict.unknown:
                subject = verdict.subject or expectation.subject
                yield Refusal(subject, f"{rule.title}{_describe(verdict.observed)} ({rule.id})", str(verdict.remedy))


def _describe(observed: Json) -> str:
    """`: /opt/x is not there, program /opt/x`."""
    if not isinstance(observed, dict):
        return ""
    refused, missing, what = observed.get("refused"), observed.get("missing"), observed.get("for")
    says = refused[0] if isinstance(refused, list) and refused else None
    if says is None and missing:
        first = missing[0] if isinstance(missing, list) else missing
        says = f"{first} is not there"
    return "".join((f": {says}" if says else "", f", {what}" if says and what else ""))


def _find_jobs(plan: Plan, facts: Facts) -> Iterator[Refusal]:
    """A start that hangs, or waits for one, may be what a deploy is there to fix: it is replaced."""
    found = facts.read(Jobs, "*") or Jobs("", {})
    if found.state == "stopping":
        yield Refusal(plan.host, "the host is shutting down", "deploy when it is up again")
    units = dict.fromkeys(step.subject for step in plan.steps if step.kind in _OF_UNITS)
    for unit, what in list_others_jobs(found, units):
        yield Refusal(unit, what, "wait until systemctl list-jobs no longer shows it, then deploy again")


def list_others_jobs(found: Jobs, units: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Which of these units someone is stopping, restarting or reloading, each with a sentence that says so."""
    for unit in units:
        type_, state = found.jobs.get(unit, ["", ""])
        if type_ in ("stop", "restart", "reload"):
            yield unit, f"someone's {type_} job for it is {state}"


def _find_version(desired: Desired, facts: Facts) -> Iterator[Refusal]:
    """The registry says which systemd a host has; the host may have an older one."""
    host = facts.find(HostBaseline, "host")
    number = next((word for word in (host.systemd if host else "").split() if word.isdecimal()), "")
    needed = find_systemd_needed(desired)
    if number and int(number) < needed:
        what = f"the host runs systemd {number}, and its units have directives that {needed} is the first to know"
        yield Refusal(desired.host, what, "declare its systemd in hosts.toml; qtctl lint then names the directives")
