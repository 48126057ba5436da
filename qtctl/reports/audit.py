"""The audit report: checks → totals, findings, unknowns; JSON and Markdown."""

from collections.abc import Iterable
from typing import Self

from pydantic import Field, model_validator

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence
from qtctl.model.facts import Facts
from qtctl.reports.baseline import Baseline, make_baseline
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.order import rank_check
from qtctl.reports.phrases import describe_unseen
from qtctl.reports.totals import Held, Totals, is_held, list_held
from qtctl.reports.unreachable import condense, explain_unreachable


class AuditReport(Part):
    """One audit of one host. `taken_at` is when the evidence was collected: UTC, ISO 8601.

    `checks`: every check, if they were asked for; otherwise None. Rows that do not add up to the totals are refused.
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
    unknowns: tuple[Check, ...] = Field(
        description="the checks without evidence; if the host was not reached, one check represents all of them"
    )
    not_asked: tuple[Check, ...] = Field(
        default=(), description="the checks that need root, which --become asks for; they do not affect the verdict"
    )
    held: Held = Field(default={}, description="subjects of the checks that hold, by severity and rule")
    checks: tuple[Check, ...] | None = None
    selection: str = Field(default="", description="which part was judged, and which was not; empty if everything was")
    unreachable: str | None = Field(default=None, description="the reason why nothing is known about the host")
    fault: str | None = Field(
        default=None,
        description="that reason without the login and the hint: the same for all hosts that have the same fault",
    )

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        """Checks and unknowns are what the totals count, rule by rule; the verdict follows from them."""
        if self.unreachable:
            return self._stands_for_all()
        if not is_held(self.held, self.totals):
            raise ValueError("what holds does not add up to the totals")
        rows = Totals.of((*self.findings, *self.unknowns, *self.not_asked))
        counts = (0, len(self.findings), len(self.unknowns), len(self.not_asked))
        if (rows.holds, rows.broken, rows.unknown, rows.not_asked) != counts:
            raise ValueError("a finding that is not broken, or an unknown that is known")
        if (*counts[1:], rows.waived) != (
            self.totals.broken,
            self.totals.unknown,
            self.totals.not_asked,
            self.totals.waived,
        ):
            raise ValueError("findings and unknowns do not add up to the totals")
        if count_failures(rows) != count_failures(self.totals):
            raise ValueError("findings and unknowns do not add up to the totals by rule")
        if self.verdict is not conclude_totals(
            self.totals, (*self.findings, *self.unknowns), self.fail_on, self.selection
        ):
            raise ValueError("the verdict does not follow from the rows")
        return self

    def _stands_for_all(self) -> Self:
        """A host that was not reached has one row, all checks unknown, and the verdict incomplete."""
        if self.findings or self.not_asked or [row.outcome for row in self.unknowns] != [Outcome.UNKNOWN]:
            raise ValueError("nothing is known of the host, and there is more than the row that says so")
        if self.totals.unknown != self.totals.total or self.verdict is not Conclusion.INCOMPLETE:
            raise ValueError("nothing is known of the host, and something was judged")
        return self

    @model_validator(mode="after")
    def is_whole(self) -> Self:
        """If every check is in the report, everything else follows from them."""
        if self.checks is None:
            return self
        if Totals.of(self.checks) != self.totals:
            raise ValueError("the checks do not add up to the totals")
        if not self.unreachable and (self.findings, self.unknowns, self.not_asked) != split_by_outcome(self.checks):
            raise ValueError("findings and unknowns are not those among the checks")
        return self


def describe_root_checks(report: AuditReport) -> str:
    """What to add to the verdict if root was not asked: 61 checks need --become."""
    good = report.verdict is Conclusion.AS_DECLARED
    return describe_unseen(report.totals.not_asked, report.user if good else "")


def count_failures(totals: Totals) -> dict[str, tuple[int, ...]]:
    """Rule → how many of its checks do not hold, one number for each outcome."""
    return {rule: counts.row[1:] for rule, counts in totals.by_rule.items() if any(counts.row[1:])}


def split_by_outcome(checks: Iterable[Check]) -> tuple[tuple[Check, ...], tuple[Check, ...], tuple[Check, ...]]:
    """What is broken, unknown, and not asked; worst first."""
    ordered = sorted(checks, key=rank_check)
    return (
        tuple(check for check in ordered if check.outcome is Outcome.BROKEN),
        tuple(check for check in ordered if check.outcome is Outcome.UNKNOWN),
        tuple(check for check in ordered if check.outcome is Outcome.NOT_ASKED),
    )


def conclude_totals(totals: Totals, rows: Iterable[Check], fail_on: Severity, selection: str = "") -> Conclusion:
    """The verdict of findings and unknowns. If every check was left unasked, nothing was judged.

    If a selection has no check of this host, nothing of what was asked for is wrong there.
    """
    passed_over = bool(selection) and not totals.total
    return conclude(rows, fail_on, unknown=totals.total == totals.not_asked and not passed_over)


def build_report(
    desired: Desired,
    evidence: Evidence,
    judged: Iterable[Finding],
    *,
    every: bool = False,
    gate: Severity | None = None,
    selection: str = "",
) -> AuditReport:
    """The report of these checks. `every`: include checks that hold. `gate`: replaces the registry's.

    `selection`: which part of the checks these are, in words.
    """
    everything = tuple(judged)
    unreachable = None if selection else explain_unreachable((check.outcome, check.reason) for check in everything)
    ordered = sorted(everything, key=rank_check)
    shown = condense(everything, evidence.address) if unreachable else ordered
    rows = (Check.of(each) for each in shown if each.outcome is not Outcome.HOLDS)
    findings, unknowns, not_asked = split_by_outcome(rows)
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
        verdict=conclude_totals(totals, (*findings, *unknowns), fail_on, selection),
        totals=totals,
        held=list_held(ordered),
        baseline=make_baseline(Facts.of(evidence)),
        findings=findings,
        unknowns=unknowns,
        not_asked=not_asked,
        checks=tuple(map(Check.of, ordered)) if every else None,
        selection=selection,
        unreachable=unreachable,
        fault=_find_fault(evidence, unreachable) if unreachable else None,
    )


def _find_fault(evidence: Evidence, unreachable: str) -> str:
    return next((item.fault for item in evidence.items if item.reason == unreachable and item.fault), unreachable)


def to_json(report: AuditReport) -> str:
    return dump(report)
