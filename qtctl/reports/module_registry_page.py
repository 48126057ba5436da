"""The module registry for people: the same sections as its JSON, every unknown spelled out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from qtctl.model.evidence import State
from qtctl.reports.baseline_page import show_baseline
from qtctl.reports.blocks import (
    Block,
    Blocks,
    Bullets,
    Code,
    Paragraph,
    Section,
    Strong,
    Table,
    Text,
    Title,
    join,
    make_list,
    make_table,
)
from qtctl.reports.categories import Category
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.modules_model import Module
from qtctl.reports.phrases import NONE, UNKNOWN, format_count, format_size, format_span
from qtctl.reports.sections_model import GroupRow, KeyRow, PortRow, StoreRow, StreamRow, UnitRow

T = TypeVar("T")
STORE_HEADS = ("store", "unit", "address", "version", "uptime", "memory")
MODULE_HEADS = ("module", "declared", "found", "port", "venv", "user", "pid", "code", "purpose")


def build_page(report: RegistryReport) -> Blocks:
    return (*build_screen(report), Section("Proof", make_list(Code(module.proof_line) for module in report.modules)))


def build_screen(report: RegistryReport) -> Blocks:
    """Everything but the proofs, with a line for each module."""
    return (
        Title(f"Module registry of {report.host}"),
        Paragraph(f"Fleet {report.fleet}, evidence of {report.generated_at}. Every number here is counted."),
        Section("Statistics", show_statistics(report)),
        Section("Modules", tuple(show_classification(report))),
        Section("Infrastructure", show_infrastructure(report)),
        Section("Streams", show_streams(report.streams)),
        Section("Hashes and other keys", show_keys(report.keys)),
        Section("Ports", tuple(show_ports(report))),
        Section("Virtual environments", show_venvs(report)),
        Section("Targets", show_units(report.targets, "target")),
        Section("Timers", show_timers(report)),
        Section("Sockets, paths and other units", show_other_units(report)),
        Section("Quality gates", show_gates(report)),
        Section("Observations", make_list(report.observations) or (Paragraph("None."),)),
    )


def show_statistics(report: RegistryReport) -> Blocks:
    total = report.summary.total_modules
    rows = []
    for category, meaning in report.categories.items():
        count = sum(module.category is category for module in report.modules)
        rows.append((category.value, str(count), f"{count / total:.0%}" if total else NONE, meaning))
    counts = report.summary
    others = (
        (
            format_count(counts.declared, "declared module"),
            f"{counts.retired} retired",
            f"{counts.undeclared} undeclared",
        ),
        (
            format_count(counts.targets, "target"),
            format_count(counts.timers, "timer"),
            format_count(counts.venvs, "venv"),
        ),
        (
            format_count(counts.redis_streams, "stream"),
            format_count(counts.redis_keys, "other key"),
            format_count(counts.ports, "port"),
        ),
    )
    return (
        *make_table(("category", "modules", "share", "meaning"), [*rows, ("all", str(total), "", "")]),
        Bullets(tuple(", ".join(line) for line in others)),
    )


def show_classification(report: RegistryReport) -> Iterator[Block]:
    """A table for each group of the registry; retired and undeclared ones that were found, last."""
    for title, rows in group_modules(report.modules):
        yield Section(f"{title} ({len(rows)})", make_table(MODULE_HEADS, map(make_module_cells, rows)))


def group_modules(modules: Iterable[Module]) -> Iterator[tuple[str, list[Module]]]:
    last = {"retired": "Retired, and on the host or not known to be gone", "undeclared": "Undeclared"}
    found: dict[tuple[int, str], list[Module]] = {}
    for module in modules:
        rank = list(last).index(module.declared) + 1 if module.declared in last else 0
        title = last.get(module.declared) or module.group or "Without a category"
        found.setdefault((rank, title), []).append(module)
    for (_, title), rows in sorted(found.items()):
        yield title, rows


def make_module_cells(module: Module) -> tuple[Text, ...]:
    runtime = module.runtime
    return (
        Code(module.name),
        module.declared,
        module.category.value if module.category is not Category.UNKNOWN else UNKNOWN,
        format_value(runtime.port),
        f"{runtime.venv} ({runtime.venv_status})" if runtime.venv else NONE,
        format_value(module.execution.user),
        format_value(module.execution.pid),
        {True: "there", False: "missing", None: UNKNOWN if module.code.entrypoint else NONE}[module.code.has_code],
        module.summary,
    )


def format_value(value: str | int | None) -> str:
    return NONE if value is None else str(value)


def show_infrastructure(report: RegistryReport) -> Blocks:
    return (
        Section("Host", show_baseline(report.infrastructure.host)),
        Section("External services", show_units(report.infrastructure.externals, "service")),
        Section("Stores", show_stores(report.infrastructure.stores)),
    )


def show_stores(stores: Sequence[StoreRow]) -> Blocks:
    cells = [
        (
            store.name,
            Code(store.unit),
            Code(store.address),
            format_seen(store.state, store.version, str),
            format_seen(store.state, store.uptime_s, format_span),
            format_seen(store.state, store.used_memory, format_size),
        )
        for store in stores
    ]
    return (*make_table(STORE_HEADS, cells), *explain_unknown(stores))


def format_seen(state: State, value: T | None, show: Callable[[T], str]) -> str:
    """The observed value; `absent` if nothing is there; else `unknown`, whose reason `explain_unknown` gives."""
    if state is State.ABSENT:
        return "absent"
    return UNKNOWN if state is not State.OBSERVED or value is None else show(value)


def explain_unknown(rows: Iterable[StoreRow | StreamRow | KeyRow | GroupRow]) -> Blocks:
    """Each reason once, the most frequent first, with how many rows it leaves unknown."""
    reasons = Counter(row.reason for row in rows if not row.state.known)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return make_list(f"{UNKNOWN} for {format_count(count, 'row')}: {reason}" for reason, count in ordered)


def show_streams(rows: Sequence[StreamRow]) -> Blocks:
    heads = ("stream", "length", "newest entry", "allowed age", "publishers", "groups")
    groups = [group for row in rows for group in row.groups]
    return (*make_table(heads, map(make_stream_cells, rows)), *explain_unknown([*rows, *groups]))


def make_stream_cells(row: StreamRow) -> tuple[Text, ...]:
    newest = "never written" if row.ever_written is False else format_seen(row.state, row.newest_age_s, format_ago)
    return (
        Code(row.name),
        format_seen(row.state, row.length, str),
        newest,
        NONE if row.max_age_s is None else format_span(int(row.max_age_s)),
        ", ".join(row.publishers),
        join(map(group_words, row.groups)),
    )


def format_ago(seconds: int) -> str:
    return f"{format_span(seconds)} ago" if seconds >= 0 else f"{format_span(-seconds)} ahead of the clock"


def group_words(row: GroupRow) -> Text:
    name = (Code(row.group), f" of {row.service}")
    if row.state is not State.OBSERVED:
        return (*name, f": {'absent' if row.state is State.ABSENT else UNKNOWN}")
    lag = UNKNOWN if row.lag is None else str(row.lag)
    consumers = format_count(row.consumers or 0, "consumer")
    return (*name, f": lag {lag} of {row.max_lag}, {row.pending} pending, {consumers}")


def show_keys(rows: Sequence[KeyRow]) -> Blocks:
    cells = (
        (Code(row.name), row.declared_type.value, format_seen(row.state, row.type, str), ", ".join(row.writers))
        for row in rows
    )
    return (*make_table(("key", "declared", "found", "writers"), cells), *explain_unknown(rows))


def show_ports(report: RegistryReport) -> Iterator[Block]:
    heads = ("port", "declared for", "declared at", "found", "listens there")
    yield Table(heads, tuple(map(make_port_cells, report.ports)))
    yield from show_stray_ports(report)


def show_stray_ports(report: RegistryReport) -> Iterator[Block]:
    if report.stray_ports is None:
        yield Paragraph(f"Listeners of the fleet that are not declared: {UNKNOWN}.")
    elif report.stray_ports:
        yield Paragraph("Listeners of the fleet that are not declared:")
        strays = report.stray_ports
        yield from make_list((Code(f"{row.address}:{row.port}"), f"/{row.protocol} {row.unit}") for row in strays)


def make_port_cells(row: PortRow) -> tuple[Text, ...]:
    return (
        f"{row.port}/{row.protocol}",
        Code(row.unit),
        Code(f"{row.address}:{row.port}"),
        row.found,
        list_sockets(row),
    )


def list_sockets(row: PortRow) -> Text:
    return join((Code(f"{each.address}:{row.port}"), f" {each.unit or 'unit unknown'}") for each in row.listening)


def show_venvs(report: RegistryReport) -> Blocks:
    rows = (
        (
            row.name,
            Code(row.path),
            row.status + (f": {row.reason}" if row.reason else ""),
            Code(row.resolved) if row.resolved else NONE,
            ", ".join(row.used_by),
        )
        for row in report.venvs
    )
    return make_table(("venv", "path", "status", "interpreter", "used by"), rows)


def show_units(rows: Sequence[UnitRow], what: str) -> Blocks:
    cells = ((row.name, Code(row.unit), row.declared, format_found(row.active, row.sub), row.summary) for row in rows)
    return make_table((what, "unit", "declared", "found", "purpose"), cells)


def format_found(active: str, sub: str) -> str:
    return active if active in {UNKNOWN, "not-found"} else f"{active} ({sub})"


def show_other_units(report: RegistryReport) -> Blocks:
    rows = (
        (
            Code(row.unit),
            row.kind.value,
            Code(row.starts) if row.starts else NONE,
            row.declared,
            format_found(row.active, row.sub),
            row.summary,
        )
        for row in report.units
    )
    return make_table(("unit", "kind", "starts", "declared", "found", "purpose"), rows)


def show_timers(report: RegistryReport) -> Blocks:
    rows = (
        (
            Code(row.unit),
            Code(row.starts),
            row.declared,
            row.active,
            join(Code(line) for line in row.schedule),
            row.next,
            row.last,
        )
        for row in report.timers
    )
    return make_table(("timer", "starts", "declared", "found", "schedule", "next run", "last run"), rows)


def show_gates(report: RegistryReport) -> Blocks:
    rows = (
        (gate.name, Strong(gate.outcome.value), str(gate.passed), str(gate.failed), str(gate.unknown))
        for gate in report.gates
    )
    return make_table(("gate", "outcome", "passed", "failed", "unknown"), rows)
