"""What systemd itself makes of generated units: its messages, its reading of calendars, its view of each sandbox."""

from dataclasses import dataclass

from qtctl.dialects.systemd.analyze import OpenItem
from qtctl.findings.finding import Outcome


@dataclass(frozen=True, slots=True)
class Asked:
    """How a question to a tool ended. `reason` says why it is unknown, '' otherwise."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnitMessage:
    """Something that `systemd-analyze verify` said. `unit` is '' where it named none of the generated ones.

    `path` and `line` are of the generated file, `text` that line; `declared` the registry's file (and line) it is from.
    """

    unit: str
    path: str
    line: int | None
    text: str
    what: str
    declared: str


@dataclass(frozen=True, slots=True)
class CalendarCheck:
    """One OnCalendar= of one timer. `normalized` is systemd's own spelling, '' where it has none."""

    timer: str
    expression: str
    normalized: str
    outcome: Outcome
    what: str
    declared: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """`exposure` 0.0 to 10.0 as systemd weighs it, None where unknown. `open` is what is open, worst first."""

    unit: str
    exposure: float | None
    rating: str
    outcome: Outcome
    open: tuple[OpenItem, ...]
    declared: str


@dataclass(frozen=True, slots=True)
class Verified:
    """`systemd` is the version that judged, None where none did; `host_systemd` the one that the host is declared with.

    `threshold`: the exposure above which a service is a finding; None: none is.
    """

    fleet: str
    host: str
    host_systemd: int
    systemd: int | None
    threshold: float | None
    units: tuple[str, ...]
    verify: Asked
    messages: tuple[UnitMessage, ...]
    calendar: Asked
    calendars: tuple[CalendarCheck, ...]
    security: Asked
    exposures: tuple[Exposure, ...]

    @property
    def outcome(self) -> Outcome:
        """Broken before unknown before holds."""
        outcomes = {self.verify.outcome, self.calendar.outcome, self.security.outcome}
        return next((each for each in (Outcome.BROKEN, Outcome.UNKNOWN) if each in outcomes), Outcome.HOLDS)
