"""What systemd says about the units, for people: the verdict, then what is wrong, then how exposed each service is."""

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
    join,
    make_list,
    make_table,
)
from qtctl.reports.phrases import UNKNOWN, format_count
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
        Paragraph((Strong(f"{VERDICTS[report.outcome]}."), f" {write_headline(report)}")),
        Section("Unknown", make_list(f"{name}: {asked.reason}" for name, asked in list_unknowns(report))),
        Section("Messages", make_table(("unit", "line", "text", "message", "declared"), messages)),
        Section("Calendars", make_table(("timer", "expression", "systemd reads", "outcome", "declared"), calendars)),
        Section("Exposure", make_table(exposed, map(_make_cells, report.exposures))),
    )


def build_screen(report: VerifyReport) -> Iterator[Block]:
    """How exposed each service is, what is wrong, and the verdict last."""
    exposed = ("unit", "exposure", "rating", "open", "worst of it")
    yield from make_table(exposed, map(_make_exposure_row, report.exposures), "How exposed each service is")
    wrong = (row for row in report.calendars if row.outcome is not Outcome.HOLDS)
    yield from make_table(
        ("timer", "expression", "what is wrong", "declared"), map(_make_calendar_row, wrong), "Calendars"
    )
    said = ("unit", "line", "what systemd says", "declared")
    yield from make_table(said, map(_make_message_row, report.messages), "Messages of systemd-analyze verify")
    for name, asked in list_unknowns(report):
        yield Paragraph((Toned("unknown", Tone.UNKNOWN), f": {name}: {asked.reason}"))
    verdict = Toned(VERDICTS[report.outcome], TONES[report.outcome])
    yield Paragraph((f"{report.host}: ", verdict, f" · {write_headline(report)}"))


def write_headline(report: VerifyReport) -> str:
    by = f"systemd {report.tool.systemd}" if report.tool.systemd else "no systemd-analyze"
    gate = "no threshold" if report.threshold is None else f"threshold {report.threshold:g}"
    return (
        f"{format_count(report.units, 'unit')} judged by {by} (the host has {report.tool.host_systemd}): "
        f"{format_count(len(report.messages), 'message')}, {format_count(len(report.calendars), 'calendar')}, "
        f"{format_count(len(report.exposures), 'service')} weighed, {gate}."
    )


def list_unknowns(report: VerifyReport) -> Iterator[tuple[str, Question]]:
    """Which of the three questions have no answer, by what they were about."""
    for name, asked in (("units", report.verify), ("calendars", report.calendar), ("exposure", report.security)):
        if asked.outcome is Outcome.UNKNOWN:
            yield name, asked


def _format_weight(row: ExposureRow) -> str:
    return UNKNOWN if row.exposure is None else f"{row.exposure:.1f}"


def _make_cells(row: ExposureRow) -> tuple[Text, ...]:
    worst = join(f"{item.name} {item.exposure:.1f}" for item in row.worst)
    return (
        Code(row.unit),
        _format_weight(row),
        row.rating,
        row.outcome.value,
        str(row.open_items),
        worst,
        Code(row.declared),
    )


def _make_exposure_row(row: ExposureRow) -> tuple[Text, ...]:
    worst = ", ".join(f"{item.name} {item.exposure:.1f}" for item in row.worst[:3])
    return row.unit, Toned(_format_weight(row), TONES[row.outcome]), row.rating, str(row.open_items), worst


def _make_calendar_row(row: CalendarRow) -> tuple[Text, ...]:
    return row.timer, row.expression, row.what, row.declared


def _make_message_row(row: MessageRow) -> tuple[Text, ...]:
    what: Text = (row.what, BREAK, Toned(row.text, Tone.ASIDE)) if row.text else row.what
    return row.unit, str(row.line or ""), what, row.declared
