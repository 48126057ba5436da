"""The audit of several hosts as one document: each host's report, what they share, and their combined result."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from qtctl.findings.finding import Finding, Severity
from qtctl.findings.verdict import Conclusion, choose_worst, conclude
from qtctl.reports.audit import AuditReport, count_failures, split_by_outcome
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.grouping import FleetGroup, group, merge_groups
from qtctl.reports.order import rank_check
from qtctl.reports.phrases import fold_names
from qtctl.reports.totals import Held, Totals, is_held, list_held

FIRST = 5
"""How many of the things to do first are named."""


class Compared(Part):
    """The checks that compare hosts with each other (QT721), which belong to no host. No check if none could be."""

    totals: Totals
    verdict: Conclusion
    findings: tuple[Check, ...] = Field(description="the checks that do not hold")
    unknowns: tuple[Check, ...] = Field(description="the checks whose evidence is missing on one of the hosts")
    not_asked: tuple[Check, ...] = Field(default=(), description="the checks that only root could tell")
    held: Held = Field(default={}, description="subjects of the checks that hold, by severity and rule")

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        rows = Totals.of((*self.findings, *self.unknowns, *self.not_asked))
        counts = (0, len(self.findings), len(self.unknowns), len(self.not_asked))
        totals = self.totals
        if (rows.holds, rows.broken, rows.unknown, rows.not_asked) != counts or not is_held(self.held, totals):
            raise ValueError("the rows of the comparison are not what they should be")
        if count_failures(rows) != count_failures(totals) or rows.waived != totals.waived:
            raise ValueError("the rows of the comparison do not add up to its totals")
        return self


class FleetTotals(Part):
    """How many hosts have each verdict, and the checks of all of them together, with those that compare them."""

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
    def of(cls, reports: Iterable[AuditReport], compared: Compared) -> "FleetTotals":
        every = tuple(reports)
        verdicts = [report.verdict for report in every]
        totals = [*(report.totals for report in every), compared.totals]
        return cls(
            hosts=len(every),
            as_declared=verdicts.count(Conclusion.AS_DECLARED),
            incomplete=verdicts.count(Conclusion.INCOMPLETE),
            not_as_declared=verdicts.count(Conclusion.NOT_AS_DECLARED),
            checks=sum(each.total for each in totals),
            holds=sum(each.holds for each in totals),
            broken=sum(each.broken for each in totals),
            unknown=sum(each.unknown for each in totals),
            not_asked=sum(each.not_asked for each in totals),
            waived=sum(each.waived for each in totals),
        )


class Same(NamedTuple):
    """What findings of different hosts have in common, if they are shown once."""

    id: str
    title: str
    subject: str
    severity: Severity
    waived: bool

    @classmethod
    def of(cls, check: Check) -> "Same":
        return cls(check.id, check.title, check.subject, check.severity, check.waiver is not None)


class Shared(Part):
    """A finding that several hosts have: one subject, on each of them. Each host's own row is in its report."""

    id: str
    severity: Severity
    title: str
    subject: str
    waived: bool
    hosts: tuple[str, ...] = Field(min_length=2, description="all of them, as they were named")

    @property
    def same(self) -> Same:
        return Same(self.id, self.title, self.subject, self.severity, self.waived)


class ToDo(Part):
    """One of the things to do first: findings of one kind on one or several hosts that nothing else explains."""

    id: str
    severity: Severity
    title: str
    hosts: tuple[str, ...] = Field(description="all of them, as they were named; none if it compares hosts")
    subjects: tuple[str, ...]
    leads_to: tuple[str, ...] = Field(description="ids of the findings that follow from it")
    remedy: str = Field(description="of the first of them")


class FleetReport(Part):
    """One audit of several hosts, in the order in which they were named. Totals that disagree with them are refused."""

    schema_version: int = SCHEMA_VERSION
    hosts: tuple[AuditReport, ...]
    not_examined: tuple[str, ...] = Field(
        default=(), description="hosts that have no report, because the audit was interrupted"
    )
    first: tuple[ToDo, ...] = Field(description="what to do first across all hosts, at most five things")
    shared: tuple[Shared, ...] = Field(description="the findings that several hosts have")
    compared: Compared
    totals: FleetTotals
    verdict: Conclusion = Field(description="the worst of the hosts' verdicts and of that of their comparison")

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        if self.totals != FleetTotals.of(self.hosts, self.compared):
            raise ValueError("the hosts do not add up to the totals")
        if not self.hosts and not self.not_examined:
            raise ValueError("no host was selected")
        rows = (*self.compared.findings, *self.compared.unknowns)
        if self.compared.verdict is not conclude(rows, _find_gate(self.hosts)):
            raise ValueError("the verdict of the comparison does not follow from its rows")
        if self.verdict is not _choose_verdict(self.hosts, self.compared, self.not_examined):
            raise ValueError("the verdict does not follow from the hosts")
        if self.shared != list_shared(self.hosts):
            raise ValueError("what is shared is not what several hosts have")
        return self


def build_report(
    reports: Iterable[AuditReport], compared: Iterable[Finding] = (), not_examined: Sequence[str] = ()
) -> FleetReport:
    """`compared`: the checks that compare the hosts, with what holds. `not_examined`: hosts without a report."""
    hosts = tuple(reports)
    comparison = _build_comparison(compared, _find_gate(hosts))
    urgent = (each for each in group_findings(hosts, comparison) if each.first.waiver is None)
    return FleetReport(
        hosts=hosts,
        not_examined=tuple(not_examined),
        first=tuple(_make_to_do(each) for each, _ in zip(urgent, range(FIRST), strict=False)),
        shared=list_shared(hosts),
        compared=comparison,
        totals=FleetTotals.of(hosts, comparison),
        verdict=_choose_verdict(hosts, comparison, not_examined),
    )


def describe_interrupted(report: FleetReport) -> str:
    """Which hosts have no report; "" if all have one."""
    if not report.not_examined:
        return ""
    every = len(report.hosts) + len(report.not_examined)
    missing = fold_names(report.not_examined)
    return f"Interrupted: {len(report.hosts):,} of {every:,} hosts were audited; not audited: {missing}."


def _find_gate(hosts: Sequence[AuditReport]) -> Severity:
    return hosts[0].fail_on if hosts else Severity.WARNING


def _build_comparison(compared: Iterable[Finding], fail_on: Severity) -> Compared:
    ordered = tuple(sorted(map(Check.of, compared), key=rank_check))
    findings, unknowns, not_asked = split_by_outcome(ordered)
    return Compared(
        totals=Totals.of(ordered),
        verdict=conclude((*findings, *unknowns), fail_on),
        findings=findings,
        unknowns=unknowns,
        not_asked=not_asked,
        held=list_held(ordered),
    )


def _choose_verdict(hosts: Sequence[AuditReport], compared: Compared, not_examined: Sequence[str]) -> Conclusion:
    """What was not compared makes nothing worse. Of a host without a report, nothing is known."""
    missing = (Conclusion.INCOMPLETE,) if not_examined else ()
    together = (compared.verdict,) if compared.totals.total else ()
    return choose_worst((*(each.verdict for each in hosts), *together, *missing))


def group_findings(hosts: Iterable[AuditReport], compared: Compared) -> tuple[FleetGroup, ...]:
    """The findings of all hosts by cause, the most urgent first, waived ones last."""
    return merge_groups(
        (
            *((each.address, group(each.findings, each.unknowns)) for each in hosts),
            ("", group(compared.findings, compared.unknowns)),
        )
    )


def list_shared(hosts: Iterable[AuditReport]) -> tuple[Shared, ...]:
    """The worst first; of equal ones those that most hosts have."""
    found: dict[Same, list[str]] = {}
    for report in hosts:
        for same in dict.fromkeys(map(Same.of, report.findings)):
            found.setdefault(same, []).append(report.address)
    shared = (Shared(**same._asdict(), hosts=tuple(names)) for same, names in found.items() if len(names) > 1)
    return tuple(
        sorted(shared, key=lambda each: (each.waived, -each.severity.rank, -len(each.hosts), each.id, each.subject))
    )


def _make_to_do(found: FleetGroup) -> ToDo:
    return ToDo(
        id=found.first.id,
        severity=found.first.severity,
        title=found.title,
        hosts=found.hosts,
        subjects=tuple(dict.fromkeys(check.subject for check in found.members)),
        leads_to=tuple(sorted({check.id for check in found.below})),
        remedy=found.first.remedy,
    )


def list_unknowns(report: FleetReport) -> Iterator[tuple[str, Check]]:
    """Every check that is unknown, with its host, '' if it compares hosts; none of a host that was not reached."""
    yield from ((each.address, check) for each in report.hosts if not each.unreachable for check in each.unknowns)
    yield from (("", check) for check in report.compared.unknowns)


def to_json(report: FleetReport) -> str:
    return dump(report)
