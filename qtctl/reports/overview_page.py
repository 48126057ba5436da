"""The overview for people: the sections that readers of hand-written overviews know, with every number counted."""

from collections.abc import Iterator, Sequence

from qtctl.reports.audit_page import show_unknowns
from qtctl.reports.baseline_page import show_baseline
from qtctl.reports.blocks import Block, Blocks, Code, Column, Paragraph, Section, Strong, Text, Title, make_table
from qtctl.reports.categories import Category
from qtctl.reports.check import Check
from qtctl.reports.grouping import group
from qtctl.reports.module_registry_page import show_stores, show_units
from qtctl.reports.order import nest_by_cause
from qtctl.reports.overview import OverviewReport, ResourceRow, is_recent, is_restarted
from qtctl.reports.overview_services import CriticalRow, OverviewService
from qtctl.reports.phrases import NONE, UNKNOWN, count_holding, format_count, format_json, format_size, format_span
from qtctl.reports.pictures import make_meter
from qtctl.reports.verdict_words import write_head

NO_CRITICAL = "The registry declares no critical service (critical = true of a service or an external)."
SERVICE_HEADS = ("service", "state", "up for", "port", "owner", "purpose")
RISK_HEADS = ("severity", "id", "subject", "what", "observed", "to do")


def build_page(report: OverviewReport) -> Blocks:
    if report.unreachable:
        return build_screen(report)
    return (*build_screen(report), Section("Every risk", _show_risks(report)), Section("Every gap", _show_gaps(report)))


def build_screen(report: OverviewReport) -> Blocks:
    """All but the findings one by one."""
    head = (
        Title(f"Overview of {report.host}"),
        Paragraph(f"Fleet {report.fleet}, evidence of {report.taken_at}. Every number here is counted."),
    )
    if report.unreachable:
        return (*head, Paragraph(f"Nothing could be asked: {report.unreachable}"))
    return (
        *head,
        Section("Infrastructure", _show_infrastructure(report)),
        Section("Health", tuple(_show_health(report))),
        Section("Critical services", _show_critical(report)),
        Section("Recent restarts", tuple(_show_restarts(report))),
        Section("Resources", _show_resources(report)),
        Section("Memory", tuple(_show_memories(report.services))),
        Section("Services", tuple(_show_services(report))),
        Section("Risks and gaps", tuple(_summarize_risks(report))),
    )


def _show_infrastructure(report: OverviewReport) -> Blocks:
    infrastructure = report.infrastructure
    return (
        Section("Host", show_baseline(infrastructure.host)),
        Section("Stores", show_stores(infrastructure.stores)),
        Section("External services", show_units(infrastructure.externals, "service")),
    )


def _show_health(report: OverviewReport) -> Iterator[Block]:
    totals, summary = report.totals, report.summary
    held = f"{count_holding(totals.holds, totals.total)}, {totals.broken} broken"
    rest = f"({totals.waived} waived), {totals.unknown} unknown, {totals.not_asked} not asked."
    yield Paragraph((Strong(f"{write_head(report.verdict, totals)}."), f" {held} {rest}"))
    counts = ["services", *(each.value for each in Category)]
    heads: list[str | Column] = ["group", *(Column(name, right=True) for name in counts)]
    rows: list[tuple[Text, ...]] = [
        (each.group or NONE, str(each.services), *(str(each.by_category[one]) for one in Category))
        for each in report.groups
    ]
    every = [str(sum(each.by_category[one] for each in report.groups)) for one in Category]
    yield from make_table(heads, [*rows, ("all", str(summary.total_modules), *every)])
    yield Paragraph(
        ", ".join(
            (
                format_count(summary.targets, "target"),
                format_count(summary.timers, "timer"),
                format_count(summary.units, "other unit"),
                format_count(summary.venvs, "venv"),
                format_count(summary.redis_streams, "stream"),
                format_count(summary.redis_keys, "other key"),
                format_count(summary.ports, "port"),
            )
        )
        + " are declared or were found."
    )


def _show_critical(report: OverviewReport) -> Blocks:
    heads = ("unit", "state", "findings", "why", "owner", "purpose")
    return make_table(heads, map(_make_critical_cells, report.critical)) or (Paragraph(NO_CRITICAL),)


def _make_critical_cells(row: CriticalRow) -> tuple[Text, ...]:
    why = "declared" if row.declared else f"needed by {format_count(len(row.needed_by), 'critical unit')}"
    found = ", ".join(row.findings) or NONE
    return (Code(row.unit), row.category.value, found, why, row.owner or NONE, row.summary)


def _show_restarts(report: OverviewReport) -> Iterator[Block]:
    restarts = report.restarts
    host = UNKNOWN if restarts.host_up_s is None else format_span(restarts.host_up_s)
    yield Paragraph(
        f"{format_count(restarts.recent, 'service')} started within {format_span(restarts.recent_s)} before the "
        f"evidence was taken; systemd has restarted {restarts.restarted}. The host has been up for {host}."
    )
    rows = [each for each in report.services if is_recent(each) or is_restarted(each)]
    rows.sort(key=lambda each: (not is_recent(each), each.unit))
    yield from make_table(
        ("service", "started", "up for", "restarts", "state"),
        (
            (
                Code(each.unit),
                each.started_at or NONE,
                _format_up(each),
                NONE if each.restarts is None else str(each.restarts),
                each.category.value,
            )
            for each in rows
        ),
    )
    if restarts.unseen:
        yield Paragraph(f"It is {UNKNOWN} when these started: {', '.join(restarts.unseen)}.")


def _format_up(service: OverviewService) -> str:
    if service.up_s is None:
        return NONE
    return format_span(service.up_s) if isinstance(service.up_s, int) else service.up_s


def _show_resources(report: OverviewReport) -> Blocks:
    heads = ("what", "threshold", "measured", "outcome", "id")
    return make_table(heads, map(_make_resource_cells, report.resources)) or (
        Paragraph("Nothing about resources was judged."),
    )


def _make_resource_cells(row: ResourceRow) -> tuple[Text, ...]:
    measured = f"{UNKNOWN}: {row.reason}" if row.outcome.is_open else format_json(row.observed)
    return (Code(row.subject), format_json(row.expected), measured, row.outcome.value, row.id)


def _show_memories(services: Sequence[OverviewService]) -> Iterator[Block]:
    """Those nearest to their limits first, then those without one, the largest first."""
    known = [each for each in services if each.memory_bytes is not None]
    known.sort(key=lambda each: (-_measure_share(each), -(each.memory_bytes or 0), each.unit))
    yield from make_table(("service", "memory in use"), ((Code(each.name), show_memory(each)) for each in known))
    if not known:
        yield Paragraph("The evidence does not say how much memory services use.")


def _measure_share(service: OverviewService) -> float:
    return (service.memory_bytes or 0) / service.memory_max_bytes if service.memory_max_bytes else 0.0


def show_memory(service: OverviewService) -> Text:
    """What it uses of its limit; '' if that is not known."""
    if service.memory_bytes is None:
        return ""
    used = format_size(service.memory_bytes)
    if not service.memory_max_bytes:
        return f"{used}, no limit"
    return make_meter(
        service.memory_bytes, service.memory_max_bytes, f"{used} of {format_size(service.memory_max_bytes)}"
    )


def _show_services(report: OverviewReport) -> Iterator[Block]:
    for counted in report.groups:
        rows = [each for each in report.services if each.group == counted.group]
        title = counted.group or "Without a category"
        yield Section(f"{title} ({len(rows)})", make_table(SERVICE_HEADS, map(_make_service_cells, rows)))


def _make_service_cells(row: OverviewService) -> tuple[Text, ...]:
    said = row.category.value if row.declared not in ("retired", "undeclared") else f"{row.category} ({row.declared})"
    port = NONE if row.port is None else str(row.port)
    return (Code(row.name), said, _format_up(row), port, row.owner or NONE, row.summary)


def _summarize_risks(report: OverviewReport) -> Iterator[Block]:
    """In the order in which an operator takes them up: a line for findings that say the same."""
    groups = group(report.findings, report.unknowns)
    rows = (
        (each.first.severity.value, each.first.id, each.title, str(len(each.below)), str(each.blind),
         "waived" if each.first.waiver is not None else NONE)
        for each in groups
    )  # fmt: skip
    heads = ("severity", "id", "risk", Column("leads to", right=True), Column("leaves unknown", right=True), "waiver")
    yield from make_table(heads, rows) or (Paragraph("No check is broken."),)
    yield Paragraph(
        f"{report.totals.unknown} checks are unknown, {report.totals.not_asked} need root and were not asked."
    )


def _show_risks(report: OverviewReport) -> Blocks:
    return make_table(RISK_HEADS, (_make_risk_cells(depth, each) for depth, each in nest_by_cause(report.findings)))


def _make_risk_cells(depth: int, check: Check) -> tuple[Text, ...]:
    waived = f"waived: {check.waiver}" if check.waiver else ""
    return (
        "↳ " * depth + check.severity.value,
        check.id,
        Code(check.subject),
        check.title,
        format_json(check.observed),
        waived or check.remedy,
    )


def _show_gaps(report: OverviewReport) -> Blocks:
    return show_unknowns(report.findings, report.unknowns)
