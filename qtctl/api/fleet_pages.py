"""What the page of several hosts shows of each, as the page of one host does: for those that differ most."""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from qtctl.api.page import show_host
from qtctl.collect.document import load
from qtctl.errors import QtctlError
from qtctl.fleet.basis import Basis, provide
from qtctl.fleet.examine import HostResult
from qtctl.fleet.prepare import find_prepared, prepare
from qtctl.meaning.alike_hosts import find_alike
from qtctl.reports.audit import AuditReport
from qtctl.reports.audit_sheet import HostSheet
from qtctl.reports.fleet_sheet import MOST, rank_host
from qtctl.reports.history import LOOKS

ALL_LOOKS = 96
"""Earlier snapshots that are read for all hosts of a page together. Each takes some 50 ms."""


@dataclass(order=True, slots=True)
class _Kept:
    rank: tuple[int, int, int]
    number: int
    result: HostResult = field(compare=False)


class HostPages:
    """Takes results as they come, and keeps the evidence of the worst hosts alone."""

    def __init__(self, basis: Basis) -> None:
        self._basis = basis
        self._kept: list[_Kept] = []

    def take(self, result: HostResult) -> None:
        """`result`: with its evidence. A host that did not answer has nothing to show."""
        if result.evidence is None or result.report.unreachable:
            return
        insort(self._kept, _Kept(rank_host(result.report), result.number, result))
        del self._kept[MOST:]

    def show(self) -> Iterator[tuple[AuditReport, HostSheet | str]]:
        """Each host when it is asked for, the worst first; or why it cannot be shown."""
        provide(self._basis)
        alike = find_alike(self._basis.registry)
        looks = min(LOOKS, ALL_LOOKS // max(len(self._kept), 1))
        for number, each in enumerate(self._kept):
            try:
                shown: HostSheet | str = self._show(each.result, alike, f"h{number}-", looks)
            except QtctlError as error:
                shown = str(error)
            yield each.result.report, shown

    def _show(self, result: HostResult, alike: dict[str, str], name: str, looks: int) -> HostSheet:
        like = alike.get(result.host, result.host)
        prepare(self._basis.digest, like)
        declared = find_prepared(self._basis.digest, result.host, like).declared
        evidence = load(result.evidence or "", result.target)
        return show_host(declared, evidence, result.findings, registry=self._basis.registry, name=name, looks=looks)
