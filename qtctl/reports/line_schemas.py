"""The objects that `qtctl logs` and `qtctl watch` print one a line, as models: for their schemas, and for readers.

What prints them does without: a hundred thousand models would take longer than all else.
"""

from typing import Annotated, Literal

from pydantic import Field, RootModel

from qtctl.model.log_line import LogState
from qtctl.model.watch import Kind
from qtctl.reports.document import Part

Priority = Literal["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
Moment = Annotated[str, Field(description="UTC, ISO 8601, to the microsecond")]


class JournalLine(Part):
    """A line of a journal."""

    kind: Literal["line"]
    at: Moment = Field(description="by the caller's clock")
    host: str = Field(description="as it was asked for")
    service: str = Field(description="what the registry calls what the unit belongs to")
    unit: str
    priority: Priority | None = Field(description="null if the journal has none")
    pid: int | None = Field(description="null if the journal has none")
    message: str = Field(description="as the program wrote it")
    stamped: Moment = Field(description="by the host's own clock, as its journal has it")


class JournalHost(Part):
    """What became of a host."""

    kind: Literal["host"]
    host: str = Field(description="as it was asked for")
    state: LogState
    why: str = Field(description="of a state other than complete")
    hint: str
    clock_ahead_us: int | None = Field(description="how far its clock is ahead of the caller's; null if unknown")
    clock_within_us: int | None = Field(description="how far off that may be")
    left_out: int = Field(description="lines that are too long, or that could not be understood")


class LogObject(RootModel[Annotated[JournalLine | JournalHost, Field(discriminator="kind")]]):
    """One line of `qtctl logs --format jsonl`, or one element of what `--format json` prints."""


class WatchObject(Part):
    """One change: a line of `qtctl watch --format jsonl`."""

    kind: Kind
    at: Moment = Field(description="when it was noticed, by the caller's clock")
    host: str
    subject: str = Field(description="a unit, STREAM/GROUP, or protocol, address and port; empty of a host itself")
    before: str = Field(description="empty for what was not known")
    after: str
    why: str = Field(description="why a host was lost")
