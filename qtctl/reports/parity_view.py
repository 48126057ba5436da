"""Parity with compose files, for every format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, make_fingerprint
from qtctl.model.compose_settings import Dimension
from qtctl.parity.rows import ParityReport, ParityRow
from qtctl.reports.document import dump
from qtctl.reports.parity import ParityDocument
from qtctl.reports.parity_page import build_page
from qtctl.reports.parity_screen import build_screen
from qtctl.reports.unreachable import condense
from qtctl.reports.view import View
from qtctl.rules.catalogue import list_folder_meanings
from qtctl.rules.parity.settings import MEANINGS, QT806
from qtctl.rules.setting_fates import Fate
from qtctl.rules.sides import PortSide, UnitSide

_OUTCOMES = {Fate.KEPT: Outcome.HOLDS, Fate.CHANGED: Outcome.HOLDS, Fate.UNKNOWN: Outcome.UNKNOWN}
RULES = {each.id: each for each in list_folder_meanings("parity")}


def build_view(
    document: ParityDocument, reports: Sequence[ParityReport], *, verbose: bool = False, service: str = ""
) -> View:
    """Places are those of the compose files, as they were named. `verbose`, `service`: what a screen shows in full."""
    return View(
        name="parity",
        about=document.host,
        json=partial(dump, document),
        page=partial(build_page, document),
        screen=partial(build_screen, document, verbose=verbose, service=service),
        findings=lambda: _condense([finding for report in reports for finding in _Findings(report)], document),
        rules=tuple(RULES),
    )


def _condense(findings: Sequence[Finding], document: ParityDocument) -> Sequence[Finding]:
    """Everything unknown about a host that could not be asked at all becomes one line."""
    blind = [each for each in findings if document.unreachable and each.reason == document.unreachable]
    return (*(each for each in findings if each not in blind), *condense(blind, document.host)) if blind else findings


@dataclass(frozen=True, slots=True)
class _Findings:
    """What is broken in one compose file, then every disposition, unit and port that holds or is unknown."""

    report: ParityReport

    def __iter__(self) -> Iterator[Finding]:
        yield from self.report.findings
        for row in self.report.rows:
            if row.disposition is not None:
                yield self._make_judged_finding("QT801", f"compose:{row.service}", row)
            yield from (self._make_side_finding(side, row) for side in row.sides if side.outcome is not Outcome.BROKEN)
            yield from self._list_settings(row)

    def _list_settings(self, row: ParityRow) -> Iterator[Finding]:
        """Those that are kept or unknown: a setting that is lost or differs has its own finding."""
        for setting in row.settings:
            outcome = _OUTCOMES.get(setting.fate)
            if outcome is None or setting.dimension in (Dimension.SERVICES, Dimension.PORTS):
                continue
            meaning, subject = MEANINGS.get(setting.dimension, QT806), f"compose:{row.service} {setting.item}"
            yield Finding(
                id=meaning.id,
                outcome=outcome,
                severity=meaning.severity,
                title=meaning.title,
                subject=subject,
                host=self.report.host,
                place=Place(self.report.file, setting.line or row.line),
                reason=setting.reason if outcome is Outcome.UNKNOWN else None,
                fingerprint=make_fingerprint(
                    meaning.id, self.report.host, f"{self.report.file} {row.service} {subject}"
                ),
            )

    def _make_side_finding(self, side: UnitSide | PortSide, row: ParityRow) -> Finding:
        if isinstance(side, UnitSide):
            return self._make_judged_finding("QT802", side.unit or side.name, row, side)
        return self._make_judged_finding("QT803", side.published.raw, row, side)

    def _make_judged_finding(
        self, id_: str, subject: str, row: ParityRow, side: UnitSide | PortSide | None = None
    ) -> Finding:
        outcome, host = side.outcome if side else Outcome.HOLDS, self.report.host
        return Finding(
            id=id_,
            outcome=outcome,
            severity=RULES[id_].severity,
            title=RULES[id_].title,
            subject=subject,
            host=host,
            place=Place(self.report.file, row.line),
            proof=side.proof if side else (),
            reason=side.reason if side and outcome is Outcome.UNKNOWN else None,
            fingerprint=make_fingerprint(id_, host, f"{self.report.file} {row.service} {subject}"),
        )
