"""One look at a host, judged: needs → evidence → checks."""

from collections.abc import Sequence
from dataclasses import replace

from qtctl.audit.judge import judge
from qtctl.audit.judge import needs as audit_needs
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.flows.declared import Declared
from qtctl.meaning.drift import asked_properties
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence, Need
from qtctl.model.inquiry import Inquiry, inquiry_of
from qtctl.model.origin import Origin
from qtctl.parity.needs import needs as parity_needs
from qtctl.reports.needs import needs as registry_needs


def needs(desired: Desired) -> tuple[Need, ...]:
    """Everything that an audit, a registry report or a parity report reads, so that one evidence serves all three."""
    wanted = {*audit_needs(desired), *registry_needs(desired), *parity_needs(desired)}
    return tuple(sorted(wanted, key=lambda need: (need.fact, need.store, need.subject)))


def inquiry(desired: Desired, target: str, user: str | None) -> Inquiry:
    """All that an audit asks of `target`, which is, or stands in for, the host of `desired`, and how it is reached.

    `user`: whom to log in as, instead of the auditing account. InputError where a store's password is not set.
    """
    from qtctl.engines.connect import declared_route, passwords  # noqa: PLC0415 - no audit of saved evidence needs it

    route = declared_route(target, desired, user, "audit")
    shown = properties(desired)
    return inquiry_of(desired, needs(desired), passwords=passwords(desired), properties=shown, route=route)


def properties(desired: Desired) -> dict[str, tuple[tuple[str, str], ...]]:
    """Unit → interface and name of what shows how its directives are loaded."""
    shown = ((unit.unit, asked_properties(unit)) for unit in desired.units())
    return {unit: tuple((each.interface, each.name) for each in found) for unit, found in shown}


def judged(declared: Declared, evidence: Evidence) -> tuple[Finding, ...]:
    """The checks, each with the file and line that declare what it expects."""
    return tuple(placed(declared, check) for check in judge(declared.desired, evidence))


def concluded(desired: Desired, checks: Sequence[Finding]) -> Conclusion:
    """Of every check of an audit, by the gate that the registry declares. An audit of nothing is incomplete."""
    return conclude(checks, Severity(desired.fail_on), unknown=not checks)


def placed(declared: Declared, check: Finding) -> Finding:
    """The check with the file and line that declare what it expects, where it does not hold."""
    if check.outcome is Outcome.HOLDS or not isinstance(check.place, Origin):
        return check
    return replace(check, place=declared.place(str(check.place)))
