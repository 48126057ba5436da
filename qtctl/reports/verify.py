"""The report of `qtctl verify`: what systemd says about the generated units; JSON and Markdown."""

from typing import Self

from pydantic import Field, model_validator

from qtctl.findings.finding import Outcome, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.reports.check import Check
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.stage.verified import AnalyzeAnswer, CalendarCheck, Exposure, Verified

WORST = 5
"""How many open items of a service are shown."""


class Question(Part):
    outcome: Outcome
    reason: str = Field(description="why it is unknown; empty if it is not")

    @model_validator(mode="after")
    def says_why(self) -> Self:
        """Unknown has a reason, and only it."""
        if (self.outcome is Outcome.UNKNOWN) != bool(self.reason):
            raise ValueError("a reason without an unknown, or an unknown without a reason")
        return self


class MessageRow(Part):
    unit: str = Field(description="empty if the message is not about a generated unit")
    path: str
    line: int | None = Field(description="line in the generated file, from 1")
    text: str = Field(description="the text of that line")
    what: str
    declared: str = Field(description="file and line of the registry")


class CalendarRow(Part):
    timer: str
    expression: str
    normalized: str
    outcome: Outcome
    what: str
    declared: str


class ItemRow(Part):
    name: str
    what: str
    exposure: float


class ExposureRow(Part):
    unit: str
    exposure: float | None = Field(description="0.0 (closed) to 10.0 (open), as rated by systemd", ge=0, le=10)
    rating: str = Field(description="systemd's word for the exposure")
    outcome: Outcome
    open_items: int
    worst: tuple[ItemRow, ...] = Field(description=f"at most {WORST}, worst first")
    open: tuple[str, ...] = Field(default=(), description="names of all open items, worst first")
    declared: str


class Tool(Part):
    systemd: int | None = Field(description="version of the systemd-analyze that was used; null if none was")
    host_systemd: int = Field(description="the host's declared version")


class VerifyReport(Part):
    """One run of `qtctl verify`. `outcome` is the worst of three: broken, then unknown, then holds."""

    schema_version: int = SCHEMA_VERSION
    fleet: str
    host: str
    tool: Tool
    threshold: float | None = Field(description="exposure above which a service is a finding; null if none is")
    outcome: Outcome
    units: int = Field(description="generated units that were judged", ge=0)
    judged: tuple[str, ...] = Field(default=(), description="their names")
    verify: Question
    messages: tuple[MessageRow, ...]
    calendar: Question
    calendars: tuple[CalendarRow, ...]
    security: Question
    exposures: tuple[ExposureRow, ...] = Field(description="worst first, with unknown ones before all others")
    findings: tuple[Check, ...] = Field(description="the findings that follow from messages and exposures")
    fail_on: Severity
    conclusion: Conclusion = Field(
        description="from the severities of the findings and the gate; it decides the exit code"
    )

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        """The outcomes follow from the rows."""
        questions = {self.verify.outcome, self.calendar.outcome, self.security.outcome}
        worst = next((each for each in (Outcome.BROKEN, Outcome.UNKNOWN) if each in questions), Outcome.HOLDS)
        if self.outcome is not worst:
            raise ValueError("the outcome does not follow from the questions")
        rows = ((self.calendar, self.calendars), (self.security, self.exposures))
        if (self.outcome is Outcome.BROKEN) != bool(self.findings):
            raise ValueError("a finding that no question has, or a broken question without one")
        if self.conclusion is not conclude(self.findings, self.fail_on, unknown=Outcome.UNKNOWN in questions):
            raise ValueError("the conclusion does not follow from findings and questions")
        if any(_is_answered(question, {row.outcome for row in those}) for question, those in rows):
            raise ValueError("a question that holds, and a row of it that does not")
        return self


def _is_answered(question: Question, rows: set[Outcome]) -> bool:
    return question.outcome is Outcome.HOLDS and not rows <= {Outcome.HOLDS}


def build_report(found: Verified) -> VerifyReport:
    return VerifyReport(
        fleet=found.fleet,
        host=found.host,
        tool=Tool(systemd=found.systemd, host_systemd=found.host_systemd),
        threshold=found.threshold,
        outcome=found.outcome,
        units=len(found.units),
        judged=tuple(found.units),
        verify=_make_question(found.verify),
        messages=tuple(
            MessageRow(
                unit=each.unit,
                path=each.path,
                line=each.line,
                text=each.text,
                what=each.what,
                declared=str(each.declared or ""),
            )
            for each in found.messages
        ),
        calendar=_make_question(found.calendar),
        calendars=tuple(_make_calendar_row(each) for each in found.calendars),
        security=_make_question(found.security),
        exposures=tuple(_make_exposure_row(each) for each in sorted(found.exposures, key=_rank_exposure)),
        findings=tuple(map(Check.of, found.findings)),
        fail_on=found.policy.gate,
        conclusion=found.conclusion,
    )


def _make_question(asked: AnalyzeAnswer) -> Question:
    return Question(outcome=asked.outcome, reason=asked.reason)


def _make_calendar_row(check: CalendarCheck) -> CalendarRow:
    return CalendarRow(
        timer=check.timer,
        expression=check.expression,
        normalized=check.normalized,
        outcome=check.outcome,
        what=check.what,
        declared=str(check.declared or ""),
    )


def _make_exposure_row(found: Exposure) -> ExposureRow:
    return ExposureRow(
        unit=found.unit,
        exposure=found.exposure,
        rating=found.rating,
        outcome=found.outcome,
        open_items=len(found.open),
        open=tuple(item.name for item in found.open),
        worst=tuple(ItemRow(name=item.name, what=item.what, exposure=item.exposure) for item in found.open[:WORST]),
        declared=str(found.declared or ""),
    )


def _rank_exposure(found: Exposure) -> tuple[bool, float, str]:
    return found.exposure is not None, -(found.exposure or 0), found.unit


def to_json(report: VerifyReport) -> str:
    return dump(report)
