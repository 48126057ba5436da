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
    make_list,
    make_table,
)
from qtctl.reports.lint import Report, write_verdict


def build_page(report: Report) -> Blocks:
    """Errors that keep the registry from loading go to stderr."""
    rows = ((Code(each.place), each.severity, each.id, each.what, each.remedy) for each in report.rows)
    findings = Section("Findings", make_table(("where", "severity", "finding", "what", "remedy"), rows))
    if report.counts is None:
        return (*_show_fixed(report), findings) if report.rows else _show_fixed(report)
    return (
        Title(f"Registry {report.registry}: {write_verdict(report)}"),
        Section("Fixed", make_list((Code(place), f" {what}") for place, what in report.fixed)),
        findings,
        Section("Declared", (Bullets(tuple(f"{what}: {number}" for what, number in report.counts.items())),)),
    )


def build_screen(report: Report) -> Iterator[Block]:
    yield from _show_fixed(report)
    for each in report.rows:
        severity = Toned(each.severity, TONES[each.severity])
        yield Record((severity, each.id, Code(each.place)), (("", each.what), ("fix", each.remedy)))
    if report.counts is None:
        return
    counts = ((what, str(number)) for what, number in report.counts.items())
    title = f"Registry {report.registry}: {write_verdict(report)}"
    yield from make_table(("declared", Column("count", right=True)), counts, title)


def _show_fixed(report: Report) -> Blocks:
    return tuple(Paragraph(f"fixed {place}: {what}") for place, what in report.fixed)
