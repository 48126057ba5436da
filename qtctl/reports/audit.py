"""The audit report: checks → totals, findings, unknowns; JSON and Markdown."""

from collections.abc import Iterable
from typing import Self

from pydantic import Field, model_validator

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence
from qtctl.model.facts import Facts
from qtctl.reports.baseline import Baseline, baseline
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dumped
from qtctl.reports.order import key
from qtctl.reports.totals import Totals
from qtctl.reports.unreachable import why_unreachable


class AuditReport(Part):
    """One audit of one host. `taken_at` is when the evidence was collected: UTC, ISO 8601.

    `checks` is every check where asked for, None otherwise. Rows and totals that disagree are refused.
    """

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    host: str
    address: str
    transport: str
    user: str
    taken_at: str
    fail_on: Severity
    verdict: Conclusion
    totals: Totals
    baseline: Baseline
    findings: tuple[Check, ...] = Field(description="the checks that do not hold")
    unknowns: tuple[Check, ...] = Field(description="the checks whose evidence is missing")
    checks: tuple[Check, ...] | None = None
    selection: str = Field(default="", description="what was judged of everything, and what was not; empty: all")
    unreachable: str | None = Field(default=None, description="the one reason for which nothing is known of the host")

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        """Checks and unknowns are what the totals count, rule by rule; the verdict follows from them."""
        rows = Totals.of((*self.findings, *self.unknowns))
        if (rows.holds, rows.broken, rows.unknown) != (0, len(self.findings), len(self.unknowns)):
            raise ValueError("a finding that is not broken, or an unknown that is known")
        if (rows.broken, rows.unknown, rows.waived) != (self.totals.broken, self.totals.unknown, self.totals.waived):
            raise ValueError("findings and unknowns do not add up to the totals")
        if failing(rows) != failing(self.totals):
            raise ValueError("findings and unknowns do not add up to the totals by rule")
        if self.verdict is not verdict(self.totals, (*self.findings, *self.unknowns), self.fail_on):
            raise ValueError("the verdict does not follow from the rows")
        return self

    @model_validator(mode="after")
    def is_whole(self) -> Self:
        """Where every check is in the report, all of it follows from them."""
        if self.checks is None:
            return self
        if Totals.of(self.checks) != self.totals:
            raise ValueError("the checks do not add up to the totals")
        if (self.findings, self.unknowns) != parted(self.checks):
            raise ValueError("findings and unknowns are not those among the checks")
        return self


def failing(totals: Totals) -> dict[str, tuple[int, int]]:
    rules = totals.by_rule.items()
    return {rule: (counts.broken, counts.unknown) for rule, counts in rules if counts.broken or counts.unknown}


def parted(checks: Iterable[Check]) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
    """Checks and unknowns, worst first."""
    ordered = sorted(checks, key=key)
    return (
        tuple(check for check in ordered if check.outcome is Outcome.BROKEN),
        tuple(check for check in ordered if check.outcome is Outcome.UNKNOWN),
    )


def verdict(totals: Totals, rows: Iterable[Check], fail_on: Severity) -> Conclusion:
    """Of findings and unknowns; where the totals count nothing, nothing was judged."""
    return conclude(rows, fail_on, unknown=not totals.total)


def build(
    desired: Desired,
    evidence: Evidence,
    judged: Iterable[Finding],
    *,
    every: bool = False,
    gate: Severity | None = None,
    selection: str = "",
) -> AuditReport:
    """The report of what was judged; `every`: with what holds, too. `gate`: in place of the registry's.

    `selection`: which part of the checks these are, in words.
    """
    ordered = tuple(sorted(map(Check.of, judged), key=key))
    findings, unknowns = parted(ordered)
    totals = Totals.of(ordered)
    fail_on = gate or Severity(desired.fail_on)
    return AuditReport(
        qtctl_version=evidence.qtctl_version,
        fleet=desired.fleet,
        host=evidence.host,
        address=evidence.address,
        transport=evidence.transport,
        user=evidence.user,
        taken_at=evidence.taken_at,
        fail_on=fail_on,
        verdict=verdict(totals, (*findings, *unknowns), fail_on),
        totals=totals,
        baseline=baseline(Facts.of(evidence)),
        findings=findings,
        unknowns=unknowns,
        checks=ordered if every else None,
        selection=selection,
        unreachable=None if selection else why_unreachable((check.outcome, check.reason) for check in ordered),
    )


def to_json(report: AuditReport) -> str:
    return dumped(report)
