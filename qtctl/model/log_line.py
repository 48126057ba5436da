"""Lines of journals, and what is asked for. Moments are microseconds since the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
"""By their numbers, as syslog has them."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """Which lines are wanted. None, "" or no limit for what was not given.

    `since`, `until`: by the caller's clock. `priority`: the least urgent one, as a number. `grep`: a pattern of PCRE2,
    which the host matches. `lines`: at most so many, the newest. `follow`: go on with new lines until interrupted.
    """

    since: int | None = None
    until: int | None = None
    priority: int | None = None
    grep: str = ""
    lines: int | None = None
    follow: bool = False


class LogLine(NamedTuple):
    """One message. `at`: by the caller's clock; `stamped`: by the host's own, as its journal has it.

    `host`: the name that it was asked for as. `service`: the name in the registry of what `unit` belongs to. `pid` and
    `priority` are None where the journal has none. `message` is as the program wrote it: it may hold anything.
    """

    at: int
    host: str
    unit: str
    service: str
    message: str
    stamped: int
    priority: int | None = None
    pid: int | None = None
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far a host's clock is ahead of the caller's, and how far off that may be. Microseconds."""

    ahead: int
    within: int


NO_OFFSET = ClockOffset(0, 0)


class LogState(StrEnum):
    """How completely the lines of a host are known."""

    COMPLETE = "complete"
    UNKNOWN = "unknown"
    """It was not reached, or the account may not read its journal."""
    CUT = "cut"
    """There is more than is read."""


@dataclass(frozen=True, slots=True)
class HostLog:
    """What one host answered. `why` and `hint`: of a state that is not COMPLETE."""

    host: str
    state: LogState
    lines: tuple[LogLine, ...] = ()
    clock: ClockOffset | None = None
    why: str = ""
    hint: str = ""
    left_out: int = 0
    """Lines that are longer than what is read of one, or that could not be understood."""


Units = Mapping[str, str]
"""Unit → the name in the registry that its lines are shown under."""
