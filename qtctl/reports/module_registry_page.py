"""The module registry for people: the same sections as its JSON, every unknown spelled out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from qtctl.model.evidence import State
from qtctl.reports.baseline_page import baseline_blocks
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
    bullets,
    joined,
    table,
)
from qtctl.reports.categories import Category
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.modules_model import Module
from qtctl.reports.phrases import NONE, UNKNOWN, counted, size, span
from qtctl.reports.sections_model import GroupRow, KeyRow, PortRow, StoreRow, StreamRow, UnitRow

T = TypeVar("T")
STORE_HEADS = ("store", "unit", "address", "version", "uptime", "memory")
MODULE_HEADS = ("module", "declared", "found", "port", "venv", "user", "pid", "code", "purpose")


def build_page(report: RegistryReport) -> Blocks:
    return (*build_screen(report), Section("Proof", bullets(Code(module.proof_line) for module in report.modules)))


def build_screen(report: RegistryReport) -> Blocks:
    """All but the proofs, a line for each module."""
    return (
        Title(f"Module registry of {report.host}"),
        Paragraph(f"Fleet {report.fleet}, evidence of {report.generated_at}. Every number here is counted."),
        Section("Statistics", statistics(report)),
        Section("Modules", tuple(classification(report))),
        Section("Infrastructure", infrastructure(report)),
        Section("Streams", streams(report.streams)),
        Section("Hashes and other keys", key_rows(report.keys)),
        Section("Ports", tuple(port_rows(report))),
        Section("Virtual environments", venvs(report)),
        Section("Targets", unit_rows(report.targets, "target")),
        Section("Timers", timers(report)),
        Section("Sockets, paths and other units", other_units(report)),
        Section("Quality gates", gates(report)),
        Section("Observations", bullets(report.observations) or (Paragraph("None."),)),
    )


def statistics(report: RegistryReport) -> Blocks:
    total = report.summary.total_modules
    rows = []
    for category, meaning in report.categories.items():
        count = sum(module.category is category for module in report.modules)
        rows.append((category.value, str(count), f"{count / total:.0%}" if total else NONE, meaning))
    counts = report.summary
    others = (
        (counted(counts.declared, "declared module"), f"{counts.retired} retired", f"{counts.undeclared} undeclared"),
        (counted(counts.targets, "target"), counted(counts.timers, "timer"), counted(counts.venvs, "venv")),
        (
            counted(counts.redis_streams, "stream"),
            counted(counts.redis_keys, "other key"),
            counted(counts.ports, "port"),
        ),
    )
    return (
        *table(("category", "modules", "share", "meaning"), [*rows, ("all", str(total), "", "")]),
        Bullets(tuple(", ".join(line) for line in others)),
    )


def classification(report: RegistryReport) -> Iterator[Block]:
    """A table for each group of the registry; retired and undeclared ones that were found, last."""
    for title, rows in groups(report.modules):
        yield Section(f"{title} ({len(rows)})", table(MODULE_HEADS, map(module_cells, rows)))


def groups(modules: Iterable[Module]) -> Iterator[tuple[str, list[Module]]]:
    last = {"retired": "Retired, and on the host or not known to be gone", "undeclared": "Undeclared"}
    found: dict[tuple[int, str], list[Module]] = {}
    for module in modules:
        rank = list(last).index(module.declared) + 1 if module.declared in last else 0
        title = last.get(module.declared) or module.group or "Without a category"
        found.setdefault((rank, title), []).append(module)
    for (_, title), rows in sorted(found.items()):
        yield title, rows


def module_cells(module: Module) -> tuple[Text, ...]:
    runtime = module.runtime
    return (
        Code(module.name),
        module.declared,
        module.category.value if module.category is not Category.UNKNOWN else UNKNOWN,
        said(runtime.port),
        f"{runtime.venv} ({runtime.venv_status})" if runtime.venv else NONE,
        said(module.execution.user),
        said(module.execution.pid),
        {True: "there", False: "missing", None: UNKNOWN if module.code.entrypoint else NONE}[module.code.has_code],
        module.summary,
    )


def said(value: str | int | None) -> str:
    return NONE if value is None else str(value)


def infrastructure(report: RegistryReport) -> Blocks:
    stores = report.infrastructure.stores
    cells = [
        (
            store.name,
            Code(store.unit),
            Code(store.address),
            seen(store.state, store.version, str),
            seen(store.state, store.uptime_s, span),
            seen(store.state, store.used_memory, size),
        )
        for store in stores
    ]
    return (
        Section("Host", baseline_blocks(report.infrastructure.host)),
        Section("External services", unit_rows(report.infrastructure.externals, "service")),
        Section("Stores", (*table(STORE_HEADS, cells), *why_unknown(stores))),
    )


def seen(state: State, value: T | None, show: Callable[[T], str]) -> str:
    """What was observed; `absent` where nothing is there; else that it is unknown: `explain_unknown` says why."""
    if state is State.ABSENT:
        return "absent"
    return UNKNOWN if state is not State.OBSERVED or value is None else show(value)


def why_unknown(rows: Iterable[StoreRow | StreamRow | KeyRow | GroupRow]) -> Blocks:
    """Each reason once, the most frequent first, with how many rows it leaves unknown."""
    reasons = Counter(row.reason for row in rows if not row.state.known)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return bullets(f"{UNKNOWN} for {counted(count, 'row')}: {reason}" for reason, count in ordered)


def streams(rows: Sequence[StreamRow]) -> Blocks:
    heads = ("stream", "length", "newest entry", "allowed age", "publishers", "groups")
    groups = [group for row in rows for group in row.groups]
    return (*table(heads, map(stream_cells, rows)), *why_unknown([*rows, *groups]))


def stream_cells(row: StreamRow) -> tuple[Text, ...]:
    newest = "never written" if row.ever_written is False else seen(row.state, row.newest_age_s, ago)
    return (
        Code(row.name),
        seen(row.state, row.length, str),
        newest,
        NONE if row.max_age_s is None else span(int(row.max_age_s)),
        ", ".join(row.publishers),
        joined(map(group_words, row.groups)),
    )


def ago(seconds: int) -> str:
    return f"{span(seconds)} ago" if seconds >= 0 else f"{span(-seconds)} ahead of the clock"


def group_words(row: GroupRow) -> Text:
    name = (Code(row.group), f" of {row.service}")
    if row.state is not State.OBSERVED:
        return (*name, f": {'absent' if row.state is State.ABSENT else UNKNOWN}")
    lag = UNKNOWN if row.lag is None else str(row.lag)
    consumers = counted(row.consumers or 0, "consumer")
    return (*name, f": lag {lag} of {row.max_lag}, {row.pending} pending, {consumers}")


def key_rows(rows: Sequence[KeyRow]) -> Blocks:
    cells = (
        (Code(row.name), row.declared_type.value, seen(row.state, row.type, str), ", ".join(row.writers))
        for row in rows
    )
    return (*table(("key", "declared", "found", "writers"), cells), *why_unknown(rows))


def port_rows(report: RegistryReport) -> Iterator[Block]:
    heads = ("port", "declared for", "declared at", "found", "listens there")
    yield Table(heads, tuple(map(port_cells, report.ports)))
    if report.stray_ports is None:
        yield Paragraph(f"Listeners of the fleet that are not declared: {UNKNOWN}.")
    elif report.stray_ports:
        yield Paragraph("Listeners of the fleet that are not declared:")
        strays = report.stray_ports
        yield from bullets((Code(f"{row.address}:{row.port}"), f"/{row.protocol} {row.unit}") for row in strays)


def port_cells(row: PortRow) -> tuple[Text, ...]:
    sockets = ((Code(f"{each.address}:{row.port}"), f" {each.unit or 'unit unknown'}") for each in row.listening)
    return (
        f"{row.port}/{row.protocol}",
        Code(row.unit),
        Code(f"{row.address}:{row.port}"),
        row.found,
        joined(sockets),
    )


def venvs(report: RegistryReport) -> Blocks:
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
    return table(("venv", "path", "status", "interpreter", "used by"), rows)


def unit_rows(rows: Sequence[UnitRow], what: str) -> Blocks:
    cells = ((row.name, Code(row.unit), row.declared, found(row.active, row.sub), row.summary) for row in rows)
    return table((what, "unit", "declared", "found", "purpose"), cells)


def found(active: str, sub: str) -> str:
    return active if active in {UNKNOWN, "not-found"} else f"{active} ({sub})"


def other_units(report: RegistryReport) -> Blocks:
    rows = (
        (
            Code(row.unit),
            row.kind.value,
            Code(row.starts) if row.starts else NONE,
            row.declared,
            found(row.active, row.sub),
            row.summary,
        )
        for row in report.units
    )
    return table(("unit", "kind", "starts", "declared", "found", "purpose"), rows)


def timers(report: RegistryReport) -> Blocks:
    rows = (
        (
            Code(row.unit),
            Code(row.starts),
            row.declared,
            row.active,
            joined(Code(line) for line in row.schedule),
            row.next,
            row.last,
        )
        for row in report.timers
    )
    return table(("timer", "starts", "declared", "found", "schedule", "next run", "last run"), rows)


def gates(report: RegistryReport) -> Blocks:
    rows = (
        (gate.name, Strong(gate.outcome.value), str(gate.passed), str(gate.failed), str(gate.unknown))
        for gate in report.gates
    )
    return table(("gate", "outcome", "passed", "failed", "unknown"), rows)
