"""One look at a host, judged: evidence → checks."""

from collections.abc import Sequence
from dataclasses import replace

from qtctl.audit.judge import judge
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.flows.declared import Declared
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence
from qtctl.model.origin import Origin


def judge_placed(declared: Declared, evidence: Evidence, earlier: Evidence | None = None) -> tuple[Finding, ...]:
    """The checks, each with file and line of the declaration. `earlier`: an earlier look at the host."""
    return tuple(add_place(declared, check) for check in judge(declared.desired, evidence, earlier))


def conclude_audit(desired: Desired, checks: Sequence[Finding]) -> Conclusion:
    """The verdict on all checks, by the registry's gate. An audit without checks is incomplete."""
    return conclude(checks, Severity(desired.fail_on), unknown=not checks)


def add_place(declared: Declared, check: Finding) -> Finding:
    """Adds file and line of the declaration to a check that does not hold."""
    if check.outcome is Outcome.HOLDS or not isinstance(check.place, Origin):
        return check
    return replace(check, place=declared.place(str(check.place)))
