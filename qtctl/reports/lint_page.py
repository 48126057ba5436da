"""What lint found, for people."""

from collections.abc import Iterator

from qtctl.reports.blocks import (
    TONES,
    Block,
    Blocks,
    Bullets,
    Code,
    Column,
    Paragraph,
    Record,
    Section,
    Title,
    Toned,
    bullets,
    table,
)
from qtctl.reports.lint import Report, verdict


def page(report: Report) -> Blocks:
    """Of a registry that could not be loaded only what was fixed: its errors are told on stderr."""
    if report.counts is None:
        return _fixed(report)
    rows = (
        (Code(str(each.place)), each.severity.value, each.id, f"{each.subject}: {each.what}", each.remedy)
        for each in report.findings
    )
    return (
        Title(f"Registry {report.registry}: {verdict(report)}"),
        Section("Fixed", bullets((Code(place), f" {what}") for place, what in report.fixed)),
        Section("Findings", table(("where", "severity", "finding", "what", "remedy"), rows)),
        Section("Declared", (Bullets(tuple(f"{what}: {number}" for what, number in report.counts.items())),)),
    )


def screen(report: Report) -> Blocks:
    return tuple(_screen(report))


def _screen(report: Report) -> Iterator[Block]:
    yield from _fixed(report)
    if report.counts is None:
        return
    for each in report.findings:
        severity = Toned(each.severity.value, TONES[each.severity.value])
        fields = (("", f"{each.subject}: {each.what}"), ("fix", each.remedy))
        yield Record((severity, each.id, Code(str(each.place))), fields)
    counts = ((what, str(number)) for what, number in report.counts.items())
    title = f"Registry {report.registry}: {verdict(report)}"
    yield from table(("declared", Column("count", right=True)), counts, title)


def _fixed(report: Report) -> Blocks:
    return tuple(Paragraph(f"fixed {place}: {what}") for place, what in report.fixed)
