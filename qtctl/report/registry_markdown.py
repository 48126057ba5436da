"""The module registry for people: the same sections as its JSON, every unknown spelled out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from qtctl.model.evidence import State
from qtctl.report.baseline import baseline_lines
from qtctl.report.categories import Category
from qtctl.report.markdown import NONE, UNKNOWN, code, counted, document, plain, section, size, span, table
from qtctl.report.modules_model import Module
from qtctl.report.registry import RegistryReport
from qtctl.report.sections_model import GroupRow, KeyRow, PortRow, StoreRow, StreamRow, UnitRow

T = TypeVar("T")
STORE_HEADS = ("store", "unit", "address", "version", "uptime", "memory")
MODULE_HEADS = ("module", "declared", "found", "port", "venv", "user", "pid", "code", "purpose")


def to_markdown(report: RegistryReport) -> str:
    return document(
        f"Module registry of {plain(report.host)}",
        [f"Fleet {plain(report.fleet)}, evidence of {plain(report.generated_at)}. Every number here is counted.", ""],
        section("Statistics", statistics(report)),
        section("Modules", classification(report)),
        section("Infrastructure", infrastructure(report)),
        section("Streams", streams(report.streams)),
        section("Hashes and other keys", key_rows(report.keys)),
        section("Ports", port_rows(report)),
        section("Virtual environments", venvs(report)),
        section("Targets", unit_rows(report.targets, "target")),
        section("Timers", timers(report)),
        *([section("Sockets, paths and other units", other_units(report))] if report.units else []),
        section("Quality gates", gates(report)),
        section("Observations", [f"- {plain(line)}" for line in report.observations] or ["None."]),
        section("Proof", [f"- {code(module.proof_line)}" for module in report.modules]),
    )


def statistics(report: RegistryReport) -> list[str]:
    total = report.summary.total_modules
    rows = []
    for category, meaning in report.categories.items():
        count = sum(module.category is category for module in report.modules)
        rows.append((category.value, str(count), f"{count / total:.0%}" if total else NONE, plain(meaning)))
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
    return [
        *table(("category", "modules", "share", "meaning"), [*rows, ("all", str(total), "", "")]),
        "",
        *(f"- {', '.join(line)}" for line in others),
    ]


def classification(report: RegistryReport) -> list[str]:
    """A table a group of the registry; retired and undeclared ones that were found, last."""
    lines: list[str] = []
    for title, rows in groups(report.modules):
        lines += [f"### {plain(title)} ({len(rows)})", "", *table(MODULE_HEADS, map(module_cells, rows)), ""]
    return lines[:-1]


def groups(modules: Iterable[Module]) -> Iterator[tuple[str, list[Module]]]:
    last = {"retired": "Retired, and on the host or not known to be gone", "undeclared": "Undeclared"}
    found: dict[tuple[int, str], list[Module]] = {}
    for module in modules:
        rank = list(last).index(module.declared) + 1 if module.declared in last else 0
        title = last.get(module.declared) or module.group or "Without a category"
        found.setdefault((rank, title), []).append(module)
    for (_, title), rows in sorted(found.items()):
        yield title, rows


def module_cells(module: Module) -> tuple[str, ...]:
    runtime = module.runtime
    return (
        code(module.name),
        module.declared,
        module.category.value if module.category is not Category.UNKNOWN else UNKNOWN,
        said(runtime.port),
        f"{plain(runtime.venv)} ({runtime.venv_status})" if runtime.venv else NONE,
        said(module.execution.user),
        said(module.execution.pid),
        {True: "there", False: "missing", None: UNKNOWN if module.code.entrypoint else NONE}[module.code.has_code],
        plain(module.summary),
    )


def said(value: str | int | None) -> str:
    return NONE if value is None else plain(str(value))


def infrastructure(report: RegistryReport) -> list[str]:
    stores = report.infrastructure.stores
    cells = [
        (
            plain(store.name),
            code(store.unit),
            code(store.address),
            seen(store.state, store.version, plain),
            seen(store.state, store.uptime_s, span),
            seen(store.state, store.used_memory, size),
        )
        for store in stores
    ]
    return [
        *section("Host", baseline_lines(report.infrastructure.host), 3),
        *section("External services", unit_rows(report.infrastructure.externals, "service"), 3),
        *section("Stores", explained(table(STORE_HEADS, cells), why_unknown(stores)), 3),
    ][:-1]


def seen(state: State, value: T | None, show: Callable[[T], str]) -> str:
    """What was observed; `absent` where nothing is there; else that it is unknown: `why_unknown` says why."""
    if state is State.ABSENT:
        return "absent"
    return UNKNOWN if state is not State.OBSERVED or value is None else show(value)


def why_unknown(rows: Iterable[StoreRow | StreamRow | KeyRow | GroupRow]) -> list[str]:
    """Each reason once, the most frequent first, with how many rows it leaves unknown."""
    reasons = Counter(row.reason for row in rows if not row.state.known)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return [f"- {UNKNOWN} for {counted(count, 'row')}: {plain(reason)}" for reason, count in ordered]


def explained(lines: list[str], why: list[str]) -> list[str]:
    return [*lines, "", *why] if why else lines


def streams(rows: Sequence[StreamRow]) -> list[str]:
    if not rows:
        return []
    heads = ("stream", "length", "newest entry", "allowed age", "publishers", "groups")
    groups = [group for row in rows for group in row.groups]
    return explained(table(heads, map(stream_cells, rows)), why_unknown([*rows, *groups]))


def stream_cells(row: StreamRow) -> tuple[str, ...]:
    newest = "never written" if row.ever_written is False else seen(row.state, row.newest_age_s, ago)
    return (
        code(row.name),
        seen(row.state, row.length, str),
        newest,
        NONE if row.max_age_s is None else span(int(row.max_age_s)),
        plain(", ".join(row.publishers)),
        "<br>".join(map(group_words, row.groups)),
    )


def ago(seconds: int) -> str:
    return f"{span(seconds)} ago" if seconds >= 0 else f"{span(-seconds)} ahead of the clock"


def group_words(row: GroupRow) -> str:
    name = f"{code(row.group)} of {plain(row.service)}"
    if row.state is not State.OBSERVED:
        return f"{name}: {'absent' if row.state is State.ABSENT else UNKNOWN}"
    lag = UNKNOWN if row.lag is None else str(row.lag)
    return f"{name}: lag {lag} of {row.max_lag}, {row.pending} pending, {counted(row.consumers or 0, 'consumer')}"


def key_rows(rows: Sequence[KeyRow]) -> list[str]:
    if not rows:
        return []
    cells = (
        (
            code(row.name),
            row.declared_type.value,
            seen(row.state, row.type, plain),
            plain(", ".join(row.writers)),
        )
        for row in rows
    )
    return explained(table(("key", "declared", "found", "writers"), cells), why_unknown(rows))


def port_rows(report: RegistryReport) -> list[str]:
    lines = table(("port", "declared for", "declared at", "found", "listens there"), map(port_cells, report.ports))
    if report.stray_ports is None:
        return [*lines, "", f"Listeners of the fleet that are not declared: {UNKNOWN}."]
    strays = [f"- {code(f'{row.address}:{row.port}')}/{row.protocol} {plain(row.unit)}" for row in report.stray_ports]
    return [*lines, "", "Listeners of the fleet that are not declared:", "", *strays] if strays else lines


def port_cells(row: PortRow) -> tuple[str, ...]:
    sockets = (f"{code(f'{each.address}:{row.port}')} {plain(each.unit or 'unit unknown')}" for each in row.listening)
    return (
        f"{row.port}/{row.protocol}",
        code(row.unit),
        code(f"{row.address}:{row.port}"),
        row.found,
        "<br>".join(sockets),
    )


def venvs(report: RegistryReport) -> list[str]:
    rows = (
        (
            plain(row.name),
            code(row.path),
            row.status + (f": {plain(row.reason)}" if row.reason else ""),
            code(row.resolved) if row.resolved else NONE,
            plain(", ".join(row.used_by)),
        )
        for row in report.venvs
    )
    return table(("venv", "path", "status", "interpreter", "used by"), rows) if report.venvs else []


def unit_rows(rows: Sequence[UnitRow], what: str) -> list[str]:
    cells = (
        (plain(row.name), code(row.unit), row.declared, found(row.active, row.sub), plain(row.summary)) for row in rows
    )
    return table((what, "unit", "declared", "found", "purpose"), cells) if rows else []


def found(active: str, sub: str) -> str:
    return active if active in {UNKNOWN, "not-found"} else plain(f"{active} ({sub})")


def other_units(report: RegistryReport) -> list[str]:
    rows = (
        (
            code(row.unit),
            row.kind.value,
            code(row.starts) if row.starts else NONE,
            row.declared,
            found(row.active, row.sub),
            plain(row.summary),
        )
        for row in report.units
    )
    return table(("unit", "kind", "starts", "declared", "found", "purpose"), rows)


def timers(report: RegistryReport) -> list[str]:
    rows = (
        (
            code(row.unit),
            code(row.starts),
            row.declared,
            plain(row.active),
            "<br>".join(code(line) for line in row.schedule),
            plain(row.next),
            plain(row.last),
        )
        for row in report.timers
    )
    heads = ("timer", "starts", "declared", "found", "schedule", "next run", "last run")
    return table(heads, rows) if report.timers else []


def gates(report: RegistryReport) -> list[str]:
    rows = (
        (plain(gate.name), f"**{gate.outcome.value}**", str(gate.passed), str(gate.failed), str(gate.unknown))
        for gate in report.gates
    )
    return table(("gate", "outcome", "passed", "failed", "unknown"), rows)
