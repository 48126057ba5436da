"""The service catalogue for every format: a record for each service."""

from collections.abc import Iterator
from functools import partial

from qtctl.dialects.shell import join as join_words
from qtctl.reports.blocks import BREAK, Block, Blocks, Code, Column, Paragraph, Section, Table, Text, Title, join
from qtctl.reports.blocks import make_table as table_of
from qtctl.reports.catalogue import CatalogueEntry, CataloguePort, CatalogueReport, to_json
from qtctl.reports.categories import Category
from qtctl.reports.judged_view import Writers, build_judged_view
from qtctl.reports.phrases import NONE, UNKNOWN, format_count, format_span

LIST_HEADS = ("service", "state", "owner", "ports", "streams in", "streams out", "purpose")


def build_page(report: CatalogueReport) -> Blocks:
    head = _show_head(report)
    if report.unreachable:
        return head
    return (*head, *_show_counts(report), *(Section(title, tuple(body)) for title, body in _list_groups(report)))


def build_screen(report: CatalogueReport) -> Blocks:
    """A line for each service: the page and JSON have its whole entry."""
    head = _show_head(report)
    if report.unreachable:
        return head
    rows = tuple(map(_make_cells, report.catalogue))
    return (*head, *_show_counts(report), *table_of(LIST_HEADS, rows))


def _show_head(report: CatalogueReport) -> Blocks:
    head = (Title(f"Services of {report.host}"), Paragraph(f"Fleet {report.fleet}, evidence of {report.taken_at}."))
    return (*head, Paragraph(f"Nothing could be asked: {report.unreachable}")) if report.unreachable else head


def _show_counts(report: CatalogueReport) -> Blocks:
    totals = report.totals
    said = ", ".join(f"{count} {word}" for word, count in totals.by_declared.items())
    rows = ((each.value, str(totals.by_category[each]), each.meaning) for each in Category)
    return (
        Paragraph(
            f"{format_count(totals.entries, 'service')}: {said or 'none'}. "
            f"{totals.without_owner} of the declared ones have no owner."
        ),
        *table_of(("state", Column("services", right=True), "meaning"), rows),
    )


def _list_groups(report: CatalogueReport) -> Iterator[tuple[str, list[Block]]]:
    for name in sorted({each.group for each in report.catalogue}):
        entries = [each for each in report.catalogue if each.group == name]
        yield (
            f"{name or 'Without a category'} ({len(entries)})",
            [Section(Code(each.name), (Table(("what", "value"), tuple(_list_fields(each))),)) for each in entries],
        )


def _make_cells(entry: CatalogueEntry) -> tuple[Text, ...]:
    streams_in = (*(each.stream for each in entry.consumes), *entry.reads)
    return (
        Code(entry.name),
        _format_state(entry),
        entry.owner or NONE,
        ", ".join(str(each.port) for each in entry.ports) or NONE,
        join(map(Code, streams_in)) or NONE,
        join(map(Code, (*entry.publishes, *entry.writes))) or NONE,
        entry.summary or entry.why,
    )


def _format_state(entry: CatalogueEntry) -> str:
    return entry.category.value if entry.declared == "running" else f"{entry.category.value} ({entry.declared})"


def _list_fields(entry: CatalogueEntry) -> Iterator[tuple[Text, Text]]:
    """Leaves out what is not declared and could not be seen."""
    for name, text in _list_all_fields(entry):
        if text not in ("", ()):
            yield name, text


def _list_all_fields(entry: CatalogueEntry) -> Iterator[tuple[str, Text]]:
    yield "purpose", entry.summary
    yield "why", entry.why
    yield "unit", Code(entry.unit)
    yield "declared", f"{entry.declared}, {entry.declared_in}" if entry.declared_in else entry.declared
    yield "state", f"{entry.category.value}: {entry.active} ({entry.sub})"
    yield "run", _format_run(entry)
    yield "critical", "yes" if entry.critical else ""
    yield "owner", entry.owner or (NONE if entry.declared_in else "")
    yield "command", Code(join_words(entry.command)) if entry.command else ""
    yield "user", entry.user
    yield "working directory", Code(entry.working_directory) if entry.working_directory else ""
    yield "venv", entry.venv
    yield "ports", join(map(_format_port, entry.ports))
    yield (
        "consumes",
        join(
            (Code(each.stream), f" as {each.group}, lag {UNKNOWN if each.lag is None else each.lag} of {each.max_lag}")
            for each in entry.consumes
        ),
    )
    yield "reads", join(map(Code, entry.reads))
    yield "publishes", join(map(Code, entry.publishes))
    yield "writes", join(map(Code, entry.writes))
    yield "started by", join(map(Code, entry.started_by))
    yield "dependencies", join(f"{each.how} {', '.join(each.units)}" for each in entry.dependencies)
    yield "limits", _format_pairs(entry.limits)
    yield "restart", _format_pairs(entry.restart)
    yield "findings", join(entry.findings, BREAK)
    yield "proof", Code(entry.proof_line)


def _format_run(entry: CatalogueEntry) -> str:
    known = [f"pid {entry.pid}"] if entry.pid is not None else []
    if entry.up_s is not None:
        known.append(f"up for {format_span(entry.up_s) if isinstance(entry.up_s, int) else entry.up_s}")
    if entry.restarts is not None:
        known.append(f"restarts {entry.restarts}")
    return ", ".join(known)


def _format_port(port: CataloguePort) -> tuple[Code | str, ...]:
    health = (", health ", Code(port.health_url), f": {port.health}") if port.health_url else ()
    return (f"{port.name} ", Code(f"{port.address}:{port.port}"), f"/{port.protocol} {port.found}", *health)


def _format_pairs(pairs: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in pairs.items())


build_view = partial(build_judged_view, Writers("report catalogue", to_json, build_page, build_screen))
