"""Judge the evidence of one host, and report on it."""

from qtctl.audit.judge import list_expectations
from qtctl.findings.finding import Finding, Severity
from qtctl.findings.verdict import Conclusion
from qtctl.flows.audit import conclude_audit, judge_placed
from qtctl.flows.declared import Declared
from qtctl.model.evidence import Evidence
from qtctl.reports import audit
from qtctl.reports.audit import AuditReport

__all__ = ["conclude", "expect", "judge", "report"]


def expect(declared: Declared) -> None:
    """Work out what `judge` looks for. It is the larger half of the work, and needs no evidence."""
    list_expectations(declared.desired)


def judge(declared: Declared, evidence: Evidence, earlier: Evidence | None = None) -> tuple[Finding, ...]:
    """Every check, sorted, with the file and line that declare what it expects.

    `earlier`: evidence of an earlier look at the same host, for checks that need a comparison.
    """
    return judge_placed(declared, evidence, earlier)


def conclude(declared: Declared, checks: tuple[Finding, ...]) -> Conclusion:
    """The verdict according to the registry's gate; an audit without checks is incomplete."""
    return conclude_audit(declared.desired, checks)


def report(
    declared: Declared,
    evidence: Evidence,
    checks: tuple[Finding, ...],
    *,
    every: bool = False,
    gate: Severity | None = None,
    selection: str = "",
) -> AuditReport:
    """The report of one host, whose totals are counted from `checks`.

    `every`: also list the checks that hold. `gate`: replaces fail_on of the registry.

    `selection`: in words, which part of all checks these are.
    """
    return audit.build_report(declared.desired, evidence, checks, every=every, gate=gate, selection=selection)
