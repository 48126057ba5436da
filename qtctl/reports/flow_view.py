"""The event flow for every format: a drawing, what each stream lacks, the path of an event, and who does what."""

from collections.abc import Iterator, Sequence
from functools import partial

from qtctl.reports.blocks import (
    Block,
    Blocks,
    Code,
    Column,
    Paragraph,
    Section,
    Strong,
    Text,
    Title,
    Tone,
    Toned,
    Verbatim,
    join,
    make_list,
    make_table,
)
from qtctl.reports.flow import (
    Carrier,
    FlowGap,
    FlowKey,
    FlowReader,
    FlowReport,
    Lifecycle,
    LifecycleStep,
    is_late,
    to_json,
)
from qtctl.reports.phrases import NONE, UNKNOWN, format_count, format_span
from qtctl.reports.view import View

GAPS = {
    FlowGap.NOT_USED: "No service writes it, and none reads it",
    FlowGap.NO_PRODUCER: "Without a producer: services read it, and none writes it",
    FlowGap.PRODUCERS_STOPPED: "Its producers are declared stopped",
    FlowGap.NO_CONSUMER: "Dead end: services write it, and none reads it",
    FlowGap.CONSUMERS_STOPPED: "Its consumers are declared stopped",
}


def build_view(report: FlowReport, drawing: Sequence[str]) -> View:
    """`drawing`: the same flow as Mermaid, for pages; a screen has tables alone."""
    return View(
        name="report flow",
        about=report.fleet,
        json=partial(to_json, report),
        page=partial(build_page, report, drawing),
        screen=partial(build_screen, report),
    )


def build_page(report: FlowReport, drawing: Sequence[str]) -> Blocks:
    picture = (Section("Map", (Verbatim(tuple(drawing), language="mermaid"),)),) if drawing else ()
    head, *rest = build_screen(report)
    return (head, *rest[:1], *picture, *rest[1:])


def build_screen(report: FlowReport) -> Blocks:
    return (
        Title(f"Event flow of {report.fleet}"),
        Paragraph(_write_headline(report)),
        *(_show_lifecycle(each) for each in report.lifecycles),
        Section("Gaps", tuple(_show_gaps(report))),
        Section("Cycles", tuple(_show_cycles(report))),
        Section("Streams and other keys", _show_keys(report)),
        Section("Services, by stage", _show_services(report)),
    )


def _write_headline(report: FlowReport) -> Text:
    totals = report.totals
    what = (
        f"{format_count(totals.services, 'service')}, {format_count(totals.streams, 'stream')} and "
        f"{format_count(totals.other_keys, 'other key')}, as the registry declares. "
    )
    if report.unreachable:
        return f"{what}Nothing could be asked of {report.host}: {report.unreachable}"
    if report.taken_at is None:
        return f"{what}Without evidence: lengths, ages and lags are {UNKNOWN}."
    return f"{what}Lengths, ages and lags: evidence of {report.host}, {report.taken_at}."


def _show_lifecycle(lifecycle: Lifecycle) -> Section:
    how = (
        ""
        if lifecycle.declared
        else "No lifecycle is declared in fleet.toml: this is the longest of the shortest paths. "
    )
    carried = "Services that are declared to run carry an event all the way."
    state = carried if lifecycle.complete else "It is broken: no service that is declared to run takes every step."
    rows = (_make_step_cells(number, each) for number, each in enumerate(lifecycle.steps, 1))
    heads = (Column("step", right=True), "carried by", "to", Column("lag", right=True))
    said = f"{lifecycle.summary}. " if lifecycle.summary else ""
    return Section(f"Lifecycle: {lifecycle.name}", (Paragraph(f"{said}{how}{state}"), *make_table(heads, rows)))


def _make_step_cells(number: int, step: LifecycleStep) -> tuple[Text, ...]:
    lags = [each.lag for each in step.carriers if each.lag is not None]
    by = join(map(_describe_carrier, step.carriers)) or Strong("nobody")
    return (str(number), by, Code(step.key), str(max(lags)) if lags else NONE)


def _describe_carrier(carrier: Carrier) -> Text:
    known = ["declared stopped"] if carrier.stopped else []
    known += [carrier.category.value] if carrier.category is not None else []
    return (Code(carrier.service), f" ({', '.join(known)})") if known else Code(carrier.service)


def _show_gaps(report: FlowReport) -> Iterator[Block]:
    for gap, title in GAPS.items():
        rows = [each for each in report.keys if each.gap is gap]
        if rows:
            yield Section(f"{title} ({len(rows)})", make_list(_describe_ends(each) for each in rows))
    if not any(report.totals.by_gap.values()):
        yield Paragraph("None: every key has services that write it and services that read it.")


def _describe_ends(key: FlowKey) -> Text:
    users = [*(each.service for each in key.writers), *(each.service for each in key.readers)]
    return (Code(key.name), f": {', '.join(users)}" if users else "")


def _show_cycles(report: FlowReport) -> Iterator[Block]:
    yield from make_list(
        (", ".join(each.services), " by ", *join(map(Code, each.keys), ", ")) for each in report.circles
    )
    if not report.circles:
        yield Paragraph("None: no event returns to a service that it came from.")


def _show_keys(report: FlowReport) -> Blocks:
    heads = ("key", "type", "written by", "read by", Column("length", right=True), "newest entry")
    return make_table(heads, map(_make_key_cells, report.keys))


def _make_key_cells(key: FlowKey) -> tuple[Text, ...]:
    writers = (f"{each.service}{' (stopped)' if each.stopped else ''}" for each in key.writers)
    stream = key.type == "stream"
    age = UNKNOWN if key.newest_age_s is None else f"{format_span(key.newest_age_s)} ago"
    return (
        Code(key.name),
        key.type.value,
        join(writers) or NONE,
        join(map(_describe_reader, key.readers)) or NONE,
        (UNKNOWN if key.length is None else str(key.length)) if stream else NONE,
        ("empty" if key.length == 0 and key.newest_age_s is None else age) if stream else NONE,
    )


def _describe_reader(reader: FlowReader) -> Text:
    state = " (stopped)" if reader.stopped else ""
    if not reader.group:
        return f"{reader.service}{state}"
    named = (
        f"{reader.service}{state}" if reader.group == reader.service else f"{reader.service}{state} as {reader.group}"
    )
    if is_late(reader):
        return (f"{named}, ", Toned(f"lag {reader.lag}, at most {reader.max_lag}", Tone.BAD))
    return f"{named}, lag {UNKNOWN if reader.lag is None else reader.lag}"


def _show_services(report: FlowReport) -> Blocks:
    rows = (
        (
            str(each.stage),
            Code(each.name),
            each.declared,
            NONE if each.category is None else each.category.value,
            join(map(Code, each.reads)) or NONE,
            join(map(Code, each.writes)) or NONE,
        )
        for each in report.services
    )
    return make_table((Column("stage", right=True), "service", "declared", "found", "reads", "writes"), rows)
