"""One look at a host, judged: needs → evidence → checks."""

from collections.abc import Mapping
from dataclasses import replace

from qtctl.audit.judge import judge
from qtctl.audit.judge import needs as audit_needs
from qtctl.findings.finding import Finding, Outcome
from qtctl.flows.declared import Declared
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence, Need
from qtctl.model.origin import Origin
from qtctl.model.secret import Secret
from qtctl.parity.needs import needs as parity_needs
from qtctl.ports.clock import Clock
from qtctl.ports.host import Host
from qtctl.ports.progress import Progress
from qtctl.report.needs import needs as registry_needs


def needs(desired: Desired) -> tuple[Need, ...]:
    """Everything that an audit, a registry report or a parity report reads, so that one evidence serves all three."""
    wanted = {*audit_needs(desired), *registry_needs(desired), *parity_needs(desired)}
    return tuple(sorted(wanted, key=lambda need: (need.fact, need.store, need.subject)))


def look(
    host: Host, desired: Desired, clock: Clock, passwords: Mapping[str, Secret], progress: Progress | None = None
) -> Evidence:
    """Ask `host` for all of it. An audit writes nothing there."""
    from qtctl.collect.collect import collect  # noqa: PLC0415 - the cli asks in a process of its own

    return collect(host, desired, needs(desired), clock, passwords=passwords, progress=progress)


def judged(declared: Declared, evidence: Evidence) -> tuple[Finding, ...]:
    """The checks, each with the file and line that declare what it expects."""
    return tuple(_placed(declared, check) for check in judge(declared.desired, evidence))


def _placed(declared: Declared, check: Finding) -> Finding:
    if check.outcome is Outcome.HOLDS or not isinstance(check.place, Origin):
        return check
    return replace(check, place=declared.place(str(check.place)))
