"""What the reports of many hosts have in common is kept once: most checks hold on all hosts that are alike."""

from sys import intern
from typing import TypeVar

from qtctl.reports.audit import AuditReport
from qtctl.reports.totals import Counts

K = TypeVar("K")
V = TypeVar("V")


class CommonParts:
    """Takes one report after the other. The reports stay equal to what they were."""

    def __init__(self) -> None:
        self._subjects: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._counts: dict[tuple[int, ...], Counts] = {}

    def share(self, report: AuditReport) -> None:
        for rules in report.held.values():
            _refill(rules, {intern(rule): self._subjects.setdefault(held, held) for rule, held in rules.items()})
        by_severity, by_rule = report.totals.by_severity, report.totals.by_rule
        _refill(by_severity, {key: self._keep(counts) for key, counts in by_severity.items()})
        _refill(by_rule, {intern(key): self._keep(counts) for key, counts in by_rule.items()})

    def _keep(self, counts: Counts) -> Counts:
        return self._counts.setdefault(counts.row, counts)


def _refill(table: dict[K, V], values: dict[K, V]) -> None:
    """With equal keys and values, in the same order."""
    table.clear()
    table.update(values)
