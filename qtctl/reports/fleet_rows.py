"""The hosts of an audit as rows of a table: one for each host, but one for many that are alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qtctl.dialects.wording import join_some
from qtctl.findings.verdict import Conclusion
from qtctl.reports.audit import AuditReport
from qtctl.reports.fleet import FleetReport
from qtctl.reports.phrases import fold_names
from qtctl.reports.verdict_words import BELOW, has_only_lesser

MOST_ALIKE = 10
"""More hosts than this that are alike share a row."""
WORST_FIRST = (Conclusion.NOT_AS_DECLARED, Conclusion.INCOMPLETE, Conclusion.AS_DECLARED)
_IDS = 3


@dataclass(frozen=True, slots=True)
class HostRow:
    """One host, or many that have the same findings and unknowns; those without findings that count are all alike."""

    reports: tuple[AuditReport, ...]

    @property
    def first(self) -> AuditReport:
        return self.reports[0]

    @property
    def name(self) -> str:
        return self.first.address if len(self.reports) == 1 else f"{len(self.reports)} hosts"

    @property
    def names(self) -> str:
        """Which hosts they are; '' for one, whose name is shown already."""
        return "" if len(self.reports) == 1 else fold_names([each.address for each in self.reports])

    @property
    def why(self) -> str:
        """Why the host could not be reached, or the first of them; '' if it could."""
        why = self.first.unreachable or ""
        return f"{self.names}, such as: {why}" if why and self.names else why

    def count(self, outcome: str) -> str:
        """A number of checks, `broken` or another field of the totals; from least to most if the hosts differ."""
        counts = {getattr(each.totals, outcome) for each in self.reports}
        return str(min(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"

    @property
    def ids(self) -> str:
        """The ids of what is broken, the worst first."""
        if not self.first.totals.total:
            return "none of its checks is selected"
        if _is_good(self.first) and len(self.reports) > 1:
            return ""
        ids = [*dict.fromkeys(check.id for check in self.first.findings if check.waiver is None)]
        return join_some(ids, _IDS)


def make_rows(reports: Iterable[AuditReport]) -> tuple[HostRow, ...]:
    """Those with the worst verdict first, otherwise in the order given."""
    alike: dict[object, list[AuditReport]] = {}
    for report in sorted(reports, key=lambda each: WORST_FIRST.index(each.verdict)):
        alike.setdefault(_make_key(report), []).append(report)
    rows = (row for those in alike.values() for row in _split(those))
    return tuple(sorted(rows, key=lambda row: WORST_FIRST.index(row.first.verdict)))


def _split(those: Sequence[AuditReport]) -> Iterable[HostRow]:
    return (HostRow(tuple(those)),) if len(those) > MOST_ALIKE else (HostRow((each,)) for each in those)


def count_lesser(reports: Iterable[AuditReport]) -> int:
    """Hosts whose findings are all below the gate, or waived."""
    return sum(has_only_lesser(each.verdict, each.totals) for each in reports)


def count_good(report: FleetReport) -> str:
    """2 as declared, 1 below the gate."""
    lesser = count_lesser(report.hosts)
    return f"{report.totals.as_declared - lesser} as declared" + (f", {lesser} {BELOW}" if lesser else "")


def _is_good(report: AuditReport) -> bool:
    return report.verdict is Conclusion.AS_DECLARED and not has_only_lesser(report.verdict, report.totals)


def _make_key(report: AuditReport) -> object:
    if _is_good(report):
        return report.verdict
    if report.unreachable:
        return report.fault
    findings = frozenset((check.id, check.title, check.subject, check.waiver is not None) for check in report.findings)
    unknowns = frozenset((check.id, check.subject, check.reason) for check in report.unknowns)
    return report.verdict, findings, unknowns
