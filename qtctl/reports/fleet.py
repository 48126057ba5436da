"""The audit of several hosts as one document: each host's report, and their combined result."""

from collections.abc import Iterable
from typing import Self

from pydantic import Field, model_validator

from qtctl.findings.verdict import Conclusion, choose_worst
from qtctl.reports.audit import AuditReport
from qtctl.reports.document import SCHEMA_VERSION, Part, dump


class FleetTotals(Part):
    """How many hosts have each verdict, and the checks of all of them together."""

    hosts: int
    as_declared: int
    incomplete: int
    not_as_declared: int
    checks: int
    holds: int
    broken: int
    unknown: int
    not_asked: int = 0
    waived: int

    @classmethod
    def of(cls, reports: Iterable[AuditReport]) -> "FleetTotals":
        every = tuple(reports)
        verdicts = [report.verdict for report in every]
        return cls(
            hosts=len(every),
            as_declared=verdicts.count(Conclusion.AS_DECLARED),
            incomplete=verdicts.count(Conclusion.INCOMPLETE),
            not_as_declared=verdicts.count(Conclusion.NOT_AS_DECLARED),
            checks=sum(report.totals.total for report in every),
            holds=sum(report.totals.holds for report in every),
            broken=sum(report.totals.broken for report in every),
            unknown=sum(report.totals.unknown for report in every),
            not_asked=sum(report.totals.not_asked for report in every),
            waived=sum(report.totals.waived for report in every),
        )


class FleetReport(Part):
    """One audit of several hosts, in the order in which they were named. Totals that disagree with them are refused."""

    schema_version: int = SCHEMA_VERSION
    hosts: tuple[AuditReport, ...] = Field(min_length=1)
    totals: FleetTotals
    verdict: Conclusion = Field(description="the worst of the hosts' verdicts")

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        if self.totals != FleetTotals.of(self.hosts):
            raise ValueError("the hosts do not add up to the totals")
        if self.verdict is not choose_worst(each.verdict for each in self.hosts):
            raise ValueError("the verdict does not follow from the hosts")
        return self


def build_report(reports: Iterable[AuditReport]) -> FleetReport:
    every = tuple(reports)
    return FleetReport(hosts=every, totals=FleetTotals.of(every), verdict=choose_worst(each.verdict for each in every))


def explain_unreachable(report: AuditReport) -> str:
    """The one reason for which nothing is known of the host; "" if something is."""
    return report.unreachable or ""


def to_json(report: FleetReport) -> str:
    return dump(report)
