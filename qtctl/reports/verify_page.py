"""What systemd says of the units, for people: the verdict, then what is wrong, then how exposed each service is."""

from collections.abc import Iterator

from qtctl.findings.finding import Outcome
from qtctl.reports.blocks import (
    BREAK,
    Block,
    Blocks,
    Code,
    Paragraph,
    Section,
    Strong,
    Text,
    Title,
    Tone,
    Toned,
    bullets,
    joined,
    table,
)
from qtctl.reports.phrases import UNKNOWN, counted
from qtctl.reports.verify import CalendarRow, ExposureRow, MessageRow, Question, VerifyReport

VERDICTS = {
    Outcome.HOLDS: "All of it holds",
    Outcome.BROKEN: "Not all of it holds",
    Outcome.UNKNOWN: "Unknown: systemd was not asked everything",
}
TONES = {Outcome.HOLDS: Tone.GOOD, Outcome.BROKEN: Tone.BAD, Outcome.UNKNOWN: Tone.UNKNOWN}


def build_page(report: VerifyReport) -> Blocks:
    messages = [
        (Code(row.unit), str(row.line or ""), Code(row.text), row.what, Code(row.declared)) for row in report.messages
    ]
    calendars = [
        (Code(row.timer), Code(row.expression), Code(row.normalized), row.what or row.outcome.value, row.declared)
        for row in report.calendars
    ]
    exposed = ("unit", "exposure", "rating", "outcome", "open", "worst", "declared")
    return (
        Title(f"Units of {report.host}, judged by systemd"),
        Paragraph((Strong(f"{VERDICTS[report.outcome]}."), f" {headline(report)}")),
        Section("Unknown", bullets(f"{name}: {asked.reason}" for name, asked in unknowns(report))),
        Section("Messages", table(("unit", "line", "text", "message", "declared"), messages)),
        Section("Calendars", table(("timer", "expression", "systemd reads", "outcome", "declared"), calendars)),
        Section("Exposure", table(exposed, map(_cells, report.exposures))),
    )


def build_screen(report: VerifyReport) -> Iterator[Block]:
    """How exposed each service is, what is wrong, and the verdict last."""
    exposed = ("unit", "exposure", "rating", "open", "worst of it")
    yield from table(exposed, map(_exposure, report.exposures), "How exposed each service is")
    wrong = (row for row in report.calendars if row.outcome is not Outcome.HOLDS)
    yield from table(("timer", "expression", "what is wrong", "declared"), map(_calendar, wrong), "Calendars")
    said = ("unit", "line", "what systemd says", "declared")
    yield from table(said, map(_message, report.messages), "Messages of systemd-analyze verify")
    for name, asked in unknowns(report):
        yield Paragraph((Toned("unknown", Tone.UNKNOWN), f": {name}: {asked.reason}"))
    verdict = Toned(VERDICTS[report.outcome], TONES[report.outcome])
    yield Paragraph((f"{report.host}: ", verdict, f" · {headline(report)}"))


def headline(report: VerifyReport) -> str:
    by = f"systemd {report.tool.systemd}" if report.tool.systemd else "no systemd-analyze"
    gate = "no threshold" if report.threshold is None else f"threshold {report.threshold:g}"
    return (
        f"{counted(report.units, 'unit')} judged by {by} (the host has {report.tool.host_systemd}): "
        f"{counted(len(report.messages), 'message')}, {counted(len(report.calendars), 'calendar')}, "
        f"{counted(len(report.exposures), 'service')} weighed, {gate}."
    )


def unknowns(report: VerifyReport) -> Iterator[tuple[str, Question]]:
    """Those of the three questions that have no answer, by what they were about."""
    for name, asked in (("units", report.verify), ("calendars", report.calendar), ("exposure", report.security)):
        if asked.outcome is Outcome.UNKNOWN:
            yield name, asked


def _weight(row: ExposureRow) -> str:
    return UNKNOWN if row.exposure is None else f"{row.exposure:.1f}"


def _cells(row: ExposureRow) -> tuple[Text, ...]:
    worst = joined(f"{item.name} {item.exposure:.1f}" for item in row.worst)
    return Code(row.unit), _weight(row), row.rating, row.outcome.value, str(row.open_items), worst, Code(row.declared)


def _exposure(row: ExposureRow) -> tuple[Text, ...]:
    worst = ", ".join(f"{item.name} {item.exposure:.1f}" for item in row.worst[:3])
    return row.unit, Toned(_weight(row), TONES[row.outcome]), row.rating, str(row.open_items), worst


def _calendar(row: CalendarRow) -> tuple[Text, ...]:
    return row.timer, row.expression, row.what, row.declared


def _message(row: MessageRow) -> tuple[Text, ...]:
    what: Text = (row.what, BREAK, Toned(row.text, Tone.ASIDE)) if row.text else row.what
    return row.unit, str(row.line or ""), what, row.declared
