"""What systemd says about the units, for every format."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, make_fingerprint
from qtctl.findings.meaning import Meaning
from qtctl.reports.verify import VerifyReport, to_json
from qtctl.reports.verify_page import build_page, build_screen
from qtctl.reports.view import View
from qtctl.rules.units.refused import QT118
from qtctl.rules.units.timers import QT112
from qtctl.rules.units.verified import QT119
from qtctl.stage.verified import Verified


def build_view(report: VerifyReport, verified: Verified, locate: Callable[[str], str]) -> View:
    return View(
        name="verify",
        about=report.host,
        json=partial(to_json, report),
        page=partial(build_page, report),
        screen=partial(build_screen, report),
        findings=lambda: tuple(_Findings(verified)),
        rules=tuple(each.id for each in (QT112, QT118, QT119)),
        locate=locate,
    )


@dataclass(frozen=True, slots=True)
class _Findings:
    """What is broken, then every unit, calendar and sandbox that holds or is unknown."""

    verified: Verified

    def __iter__(self) -> Iterator[Finding]:
        yield from self.verified.findings
        yield from self._list_units()
        for timer in self.verified.calendars:
            if timer.outcome is not Outcome.BROKEN:
                subject = f"{timer.timer} {timer.expression}"
                yield self._make_judged(QT112, subject, timer.outcome, timer.declared, timer.what)
        for service in self.verified.exposures:
            if service.outcome is not Outcome.BROKEN:
                reason = self.verified.security.reason
                yield self._make_judged(QT119, service.unit, service.outcome, service.declared, reason)

    def _list_units(self) -> Iterator[Finding]:
        """Those without a message: they hold, unless systemd did not answer."""
        asked, named = self.verified.verify, {each.unit for each in self.verified.messages}
        outcome = Outcome.UNKNOWN if asked.outcome is Outcome.UNKNOWN else Outcome.HOLDS
        for unit in self.verified.units:
            if unit not in named:
                yield self._make_judged(QT118, unit, outcome, None, asked.reason)

    def _make_judged(self, rule: Meaning, subject: str, outcome: Outcome, place: Place | None, reason: str) -> Finding:
        return Finding(
            id=rule.id,
            outcome=outcome,
            severity=rule.severity,
            title=rule.title,
            subject=subject,
            host=self.verified.host,
            place=place,
            reason=reason if outcome is Outcome.UNKNOWN else None,
            fingerprint=make_fingerprint(rule.id, self.verified.host, subject),
        )
