"""Plan what a deploy would change on a host, and change nothing."""

from pathlib import Path

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.files import read_text
from qtctl.collect.collect import collect
from qtctl.dialects.shell import quote
from qtctl.engines.connect import connect, make_declared_route
from qtctl.errors import InputError, Place
from qtctl.flows.declared import Declared
from qtctl.flows.plan_host import plan_host
from qtctl.meaning.registry_digest import digest_registry
from qtctl.model.desired import Desired
from qtctl.model.inquiry import build_inquiry
from qtctl.model.plan import NO_CHOICES, Choices, Plan
from qtctl.plan.identity import make_deployable
from qtctl.plan.needs import list_needs, list_properties
from qtctl.reports.plan import PlanConclusion, PlanReport, build_report
from qtctl.reports.plan import read as read_report
from qtctl.reports.plan_fleet import FleetPlanReport, is_of_fleet
from qtctl.reports.plan_fleet import read as read_fleet

__all__ = ["plan"]
"""Part of the frozen API. The rest of this module is not."""


def plan(declared: Declared, target: str, *, user: str | None = None, choices: Choices = NO_CHOICES) -> Plan:
    """The steps from what `target` is to what it must be, or the refusals. Asks as root, through the deploy account.

    HostError if the host could not be asked.
    """
    desired = make_deployable(declared.desired, target)
    with connect(make_declared_route(target, desired, user, "deploy")) as host:
        asked, clock = build_inquiry(desired, list_needs(desired), properties=list_properties(desired)), SystemClock()
        return plan_host(host, desired, collect(host, asked, clock, root=True), clock, choices)


def report(
    declared: Declared, target: str, planned: Plan, choices: Choices, *, nonce: str, exit_code: int
) -> PlanReport:
    """`nonce`: unguessable, and new for each plan."""
    desired = declared.desired
    return build_report(
        planned,
        choices,
        fleet=desired.fleet,
        address=target,
        registry=digest_registry(desired),
        nonce=nonce,
        exit_code=exit_code,
    )


def read(path: Path, declared: Declared, target: str) -> Choices:
    """The choices of a saved plan, with that plan as the only one that may be carried out.

    It may be among the plans of several hosts. InputError if it is not a plan, was refused, or is for another host,
    registry or version.
    """
    text = read_text(path)
    if is_of_fleet(text):
        return find_choices(read_fleet(text, str(path)), target, declared.desired, str(path))
    found = read_report(text, str(path))
    desired, place = declared.desired, Place(str(path))
    if (found.fleet, found.host) != (desired.fleet, desired.host):
        what = f"a plan for {found.host} of {found.fleet}, and not for {desired.host} of {desired.fleet}"
        raise InputError(what, hint=f"name it with --host {quote(found.address)}", place=place)
    if found.registry != digest_registry(desired):
        what = f"the registry has changed since it was planned: it declares something else for {desired.host}"
        raise InputError(what, hint="plan again, or deploy from the registry as it was then", place=place)
    if found.refusals:
        raise InputError("a plan that was refused", hint="fix what is in the way, then plan again", place=place)
    given = found.choices
    return Choices(given.take_over, given.prune, found.make_agreed(), given.cut_over)


def find_choices(agreed: FleetPlanReport, target: str, desired: Desired, file: str) -> Choices:
    """The choices of a saved plan, with that plan as the only one that may be carried out.

    InputError if the host is not among those of the document, was refused, or is declared otherwise now.
    """
    place, found = Place(file), agreed.find(target)
    if agreed.fleet != desired.fleet or found is None or found.host != desired.host:
        what = f"no plan for {target} of {desired.fleet} is among these"
        raise InputError(what, hint="plan again with all hosts that are to be deployed", place=place)
    if found.registry != digest_registry(desired):
        what = f"the registry has changed since it was planned: it declares something else for {desired.host}"
        raise InputError(what, hint="plan again, or deploy from the registry as it was then", place=place)
    if found.conclusion not in (PlanConclusion.CHANGES, PlanConclusion.NOTHING):
        what = f"the plan for {target} was refused"
        raise InputError(what, hint="fix what is in the way, then plan again", place=place)
    return agreed.make_choices(found)
