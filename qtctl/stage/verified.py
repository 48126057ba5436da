"""What systemd says about generated units: its messages, its reading of calendars, its rating of each sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from qtctl.dialects.systemd.analyze import OpenItem
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome
from qtctl.findings.policy import Policy
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.rules.units.verified import judge_calendar, judge_exposure, judge_message


@dataclass(frozen=True, slots=True)
class AnalyzeAnswer:
    """How a question to a tool ended. `reason` says why it is unknown, '' otherwise."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnitMessage:
    """A message of `systemd-analyze verify`. `unit` is '' if it named none of the generated ones.

    `path` and `line` are of the generated file, `text` that line; `declared` the registry's file (and line) it is from.
    """

    unit: str
    path: str
    line: int | None
    text: str
    what: str
    declared: Place | None


@dataclass(frozen=True, slots=True)
class CalendarCheck:
    """One OnCalendar= of one timer. `normalized` is systemd's own spelling, '' if it has none."""

    timer: str
    expression: str
    normalized: str
    outcome: Outcome
    what: str
    declared: Place | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """`exposure` 0.0 to 10.0 as systemd weighs it, None if unknown. `open` is what is open, worst first."""

    unit: str
    exposure: float | None
    rating: str
    outcome: Outcome
    open: tuple[OpenItem, ...]
    declared: Place | None


@dataclass(frozen=True, slots=True)
class Verified:
    """`systemd` is the version that judged, None if none did; `host_systemd` the one that the host is declared with.

    `threshold`: the exposure above which a service is a finding; None: none is.
    """

    fleet: str
    host: str
    host_systemd: int
    systemd: int | None
    threshold: float | None
    units: tuple[str, ...]
    verify: AnalyzeAnswer
    messages: tuple[UnitMessage, ...]
    calendar: AnalyzeAnswer
    calendars: tuple[CalendarCheck, ...]
    security: AnalyzeAnswer
    exposures: tuple[Exposure, ...]
    policy: Policy = field(default_factory=Policy)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(map(self.policy.rule, self._find_all()))

    def _find_all(self) -> Iterator[Finding]:
        if self.verify.outcome is Outcome.BROKEN:
            for said in [each for each in self.messages if each.unit] or self.messages:
                yield judge_message(self.host, said.unit or "systemd-analyze verify", said.declared, said.what)
        for timer in self.calendars:
            if timer.outcome is Outcome.BROKEN:
                yield judge_calendar(self.host, timer.timer, timer.expression, timer.declared, timer.what)
        for service in self.exposures:
            if service.outcome is Outcome.BROKEN:
                yield judge_exposure(self.host, service.unit, service.declared, service.exposure, self.threshold)

    @property
    def conclusion(self) -> Conclusion:
        """According to the gate of the registry."""
        asked = (self.verify, self.calendar, self.security)
        return conclude(self.findings, self.policy.gate, unknown=any(each.outcome is Outcome.UNKNOWN for each in asked))

    @property
    def outcome(self) -> Outcome:
        """Broken before unknown before holds."""
        outcomes = {self.verify.outcome, self.calendar.outcome, self.security.outcome}
        return next((each for each in (Outcome.BROKEN, Outcome.UNKNOWN) if each in outcomes), Outcome.HOLDS)
