"""An audit of one host as a page for a browser: verdict, causes, and what is on the host beside its findings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtctl.findings.finding import Severity
from qtctl.findings.verdict import Conclusion
from qtctl.model.evidence import State
from qtctl.reports.audit import AuditReport
from qtctl.reports.audit_page import list_severities, write_headline, write_origin
from qtctl.reports.baseline import Baseline
from qtctl.reports.baseline_page import show_baseline
from qtctl.reports.blocks import (
    Block,
    Blocks,
    Code,
    Column,
    Section,
    Table,
    Text,
    Tone,
    Toned,
    join,
    make_list,
    make_table,
    split_parts,
)
from qtctl.reports.categories import Category
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.module_registry_page import (
    format_seen,
    format_value,
    list_sockets,
    show_keys,
    show_stores,
    show_stray_ports,
    show_timers,
    show_units,
    show_venvs,
)
from qtctl.reports.overview_page import show_memory
from qtctl.reports.overview_services import OverviewService
from qtctl.reports.phrases import NONE, UNKNOWN, format_size, format_span
from qtctl.reports.pictures import make_meter
from qtctl.reports.sections_model import GroupRow, PortRow, StreamRow
from qtctl.reports.sheet import Chapter, Drawing, Sheet, Tile
from qtctl.reports.sheet_causes import make_host_causes
from qtctl.reports.verdict_words import write_head

TONES = {
    Conclusion.AS_DECLARED: Tone.GOOD,
    Conclusion.INCOMPLETE: Tone.UNKNOWN,
    Conclusion.NOT_AS_DECLARED: Tone.BAD,
}
SEVERITY_TONES = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.WARNING, Severity.INFO: Tone.NOTE}
OF_CATEGORY = {
    Category.RUNNING: Tone.GOOD,
    Category.FAILED: Tone.BAD,
    Category.AUTO_RESTART: Tone.BAD,
    Category.ORPHANED: Tone.WARNING,
    Category.UNKNOWN: Tone.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class HostSheet:
    """What a sheet shows of a host beside its findings. `flow`, `order`: pictures; `history`: of its snapshots."""

    modules: RegistryReport
    services: tuple[OverviewService, ...]
    flow: tuple[Drawing, ...]
    order: tuple[Drawing, ...]
    history: Blocks = ()


def build_sheet(report: AuditReport, host: HostSheet | None) -> Sheet:
    asked = () if report.unreachable else report.unknowns
    return Sheet(
        title=f"Audit of {report.host}" + (f" ({report.address})" if report.address != report.host else ""),
        verdict=write_head(report.verdict, report.totals),
        tone=TONES[report.verdict],
        headline=_explain_unreachable(report) if report.unreachable else split_parts(write_headline(report))[1:],
        origin=write_origin(report),
        at=report.taken_at,
        tiles=tuple(list_tiles(report)),
        causes=make_host_causes(report.findings, asked, report.not_asked),
        judged=not report.unreachable,
        chapters=tuple(_list_chapters(report, host)),
    )


def _explain_unreachable(report: AuditReport) -> Text:
    """Why nothing is known, and how to try it again."""
    tries = tuple(dict.fromkeys(proof.again for check in report.unknowns for proof in check.proof))
    again = (". Try ", join(map(Code, tries), ", ")) if tries else ()
    return join((f"Nothing could be asked: {report.unreachable}", *again), "")


def list_tiles(report: AuditReport) -> Iterator[Tile]:
    for severity in reversed(Severity):
        number = sum(check.severity is severity and check.waiver is None for check in report.findings)
        yield Tile(f"{severity.value}s", number, SEVERITY_TONES[severity] if number else None, severity.value)
    yield Tile("unknown", report.totals.unknown, Tone.UNKNOWN if report.totals.unknown else None, "unknown")
    if report.totals.waived:
        yield Tile("waived", report.totals.waived, None, "waived")
    yield Tile("hold", report.totals.holds, Tone.GOOD if report.totals.holds else None)


def _list_chapters(report: AuditReport, host: HostSheet | None) -> Iterator[Chapter]:
    if host is not None and not report.unreachable:
        yield from list_host_chapters(report, host)
    severities = Table(("severity", *(Column(name, right=True) for name in _COUNTS)), tuple(list_severities(report)))
    yield Chapter("Checks", (severities,))


def list_host_chapters(report: AuditReport, host: HostSheet) -> Iterator[Chapter]:
    """What is on a host that answered, beside its findings."""
    seen = host.modules
    yield Chapter("Event flow", tuple(_show_streams(seen.streams)), host.flow)
    yield Chapter("Services", _show_services(host.services))
    yield Chapter("History", host.history)
    yield Chapter("Ports", tuple(_show_ports(seen)))
    yield Chapter("Targets and order", show_units(seen.targets, "target"), host.order)
    yield Chapter("Timers", show_timers(seen))
    yield Chapter("Virtual environments", show_venvs(seen))
    infra = seen.infrastructure
    yield Chapter(
        "Stores and externals",
        (
            *show_stores(infra.stores),
            *show_units(infra.externals, "service"),
            *([Section("Other keys", keys)] if (keys := show_keys(seen.keys)) else ()),
        ),
    )
    yield Chapter("Host", (*_show_room(report.baseline), *show_baseline(report.baseline)))


_COUNTS = ("holds", "broken", "unknown", "not asked")


def _show_room(seen: Baseline) -> Blocks:
    """Memory and disk of the host against what it has."""
    host = seen.value
    if host is None:
        return ()
    sizes = (
        ("memory in use", host.memory_total - host.memory_available, host.memory_total),
        ("disk in use", host.disk_total - host.disk_free, host.disk_total),
    )
    return make_table(
        ("what", "of what there is"),
        (
            (name, make_meter(used, total, f"{format_size(used)} of {format_size(total)}"))
            for name, used, total in sizes
            if total > 0
        ),
    )


def _show_streams(rows: Sequence[StreamRow]) -> Iterator[Block]:
    heads = ("stream", Column("length", right=True), "newest entry", "written by", "read by, with lag")
    yield from make_table(heads, map(_make_stream_cells, sorted(rows, key=_rank_stream)))
    reasons = dict.fromkeys(row.reason for row in rows if not row.state.known)
    yield from make_list(f"{UNKNOWN}: {reason}" for reason in reasons)


def _rank_stream(row: StreamRow) -> tuple[float, str]:
    """Those furthest behind first."""
    return -max(
        (each.lag / max(each.max_lag, 1) // 1 for each in row.groups if each.lag is not None), default=0
    ), row.name


def _make_stream_cells(row: StreamRow) -> tuple[Text, ...]:
    return (
        Code(row.name),
        format_seen(row.state, row.length, str),
        _show_newest(row),
        ", ".join(row.publishers) or NONE,
        join(map(show_lag, row.groups)) or NONE,
    )


def _show_newest(row: StreamRow) -> Text:
    if row.ever_written is False:
        return Toned("never written", Tone.WARNING) if row.max_age_s is not None else "never written"
    age = format_seen(row.state, row.newest_age_s, lambda seconds: f"{format_span(max(seconds, 0))} ago")
    if row.max_age_s is None or row.newest_age_s is None:
        return age
    most = f"{age}, at most {format_span(int(row.max_age_s))}"
    return Toned(most, Tone.BAD) if row.newest_age_s > row.max_age_s else most


def show_lag(row: GroupRow) -> Text:
    """The group's service, and its lag as a part of what is allowed."""
    name: tuple[Text, ...] = (Code(row.service), f" as {row.group} " if row.group != row.service else " ")
    if row.state is not State.OBSERVED or row.lag is None:
        missing = row.state is State.ABSENT
        return join((*name, Toned("no such group" if missing else UNKNOWN, Tone.BAD if missing else Tone.UNKNOWN)), "")
    pending = f", {row.pending} pending" if row.pending else ""
    return join((*name, make_meter(row.lag, max(row.max_lag, 1), f"{row.lag} of {row.max_lag}{pending}")), "")


def _show_services(rows: Sequence[OverviewService]) -> Blocks:
    heads = (
        "service",
        "declared",
        "found",
        Column("up for", right=True),
        Column("restarts", right=True),
        "memory",
        "port",
        "what for",
    )
    return make_table(heads, map(_make_service_cells, sorted(rows, key=_rank_service)))


def _rank_service(row: OverviewService) -> tuple[bool, str]:
    """What is not as it should be first."""
    fine = row.category is Category.RUNNING or (row.category is Category.STOPPED and row.declared != "running")
    return fine, row.name


def _make_service_cells(row: OverviewService) -> tuple[Text, ...]:
    restarts = row.restarts
    return (
        Code(row.name),
        row.declared,
        show_category(row.category, row.declared),
        format_span(row.up_s) if isinstance(row.up_s, int) else format_value(row.up_s),
        Toned(str(restarts), Tone.WARNING) if isinstance(restarts, int) and restarts else format_value(restarts),
        show_memory(row) or NONE,
        format_value(row.port),
        row.summary,
    )


def show_category(category: Category, declared: str) -> Text:
    tone = OF_CATEGORY.get(category)
    if category is Category.STOPPED and declared == "running":
        tone = Tone.BAD
    return Toned(category.value, tone) if tone else category.value


FOUND_TONES = {"listening": Tone.GOOD, "nobody": Tone.BAD, "elsewhere": Tone.BAD, "wrong-address": Tone.BAD}


def _show_ports(report: RegistryReport) -> Iterator[Block]:
    heads = (Column("port", right=True), "declared for", "declared at", "found", "listens there")
    yield from make_table(heads, map(_make_port_cells, report.ports))
    yield from show_stray_ports(report)


def _make_port_cells(row: PortRow) -> tuple[Text, ...]:
    return (
        f"{row.port}/{row.protocol}",
        Code(row.unit),
        Code(f"{row.address}:{row.port}"),
        Toned(row.found, FOUND_TONES.get(row.found, Tone.UNKNOWN)),
        list_sockets(row) or NONE,
    )
