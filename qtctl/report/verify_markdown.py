"""A verify report for people: the verdict, then what is wrong, then how exposed each service is."""

from collections.abc import Iterator

from qtctl.findings.finding import Outcome
from qtctl.report.markdown import UNKNOWN, code, counted, document, plain, section, table
from qtctl.report.verify import ExposureRow, Question, VerifyReport

VERDICTS = {
    Outcome.HOLDS: "All of it holds",
    Outcome.BROKEN: "Not all of it holds",
    Outcome.UNKNOWN: "Unknown: systemd was not asked everything",
}


def to_markdown(report: VerifyReport) -> str:
    messages = [
        (code(row.unit), str(row.line or ""), code(row.text), plain(row.what), code(row.declared))
        for row in report.messages
    ]
    calendars = [
        (
            code(row.timer),
            code(row.expression),
            code(row.normalized),
            plain(row.what or row.outcome.value),
            row.declared,
        )
        for row in report.calendars
    ]
    exposed = [_cells(row) for row in report.exposures]
    return document(
        f"Units of {plain(report.host)}, judged by systemd",
        [f"**{VERDICTS[report.outcome]}.** {headline(report)}", ""],
        section("Unknown", [f"- {plain(name)}: {plain(asked.reason)}" for name, asked in unknowns(report)]),
        section("Messages", table(("unit", "line", "text", "message", "declared"), messages) if messages else []),
        section(
            "Calendars",
            table(("timer", "expression", "systemd reads", "outcome", "declared"), calendars) if calendars else [],
        ),
        section(
            "Exposure",
            table(("unit", "exposure", "rating", "outcome", "open", "worst", "declared"), exposed) if exposed else [],
        ),
    )


def headline(report: VerifyReport) -> str:
    by = f"systemd {report.tool.systemd}" if report.tool.systemd else "no systemd-analyze"
    gate = "no threshold" if report.threshold is None else f"threshold {report.threshold:g}"
    return (
        f"{counted(report.units, 'unit')} judged by {by} (the host has {report.tool.host_systemd}): "
        f"{counted(len(report.messages), 'message')}, {counted(len(report.calendars), 'calendar')}, "
        f"{counted(len(report.exposures), 'service')} weighed, {gate}."
    )


def unknowns(report: VerifyReport) -> "Iterator[tuple[str, Question]]":
    """Those of the three questions that have no answer, by what they were about."""
    for name, asked in (("units", report.verify), ("calendars", report.calendar), ("exposure", report.security)):
        if asked.outcome is Outcome.UNKNOWN:
            yield name, asked


def _cells(row: ExposureRow) -> tuple[str, ...]:
    worst = "<br>".join(f"{plain(item.name)} {item.exposure:.1f}" for item in row.worst)
    weight = UNKNOWN if row.exposure is None else f"{row.exposure:.1f}"
    return code(row.unit), weight, plain(row.rating), row.outcome.value, str(row.open_items), worst, code(row.declared)
