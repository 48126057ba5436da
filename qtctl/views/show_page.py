"""One declared thing for people: its facts, values, streams and files."""

import json
from collections.abc import Iterator

from pydantic import JsonValue

from qtctl.dialects.lines import split_file_lines
from qtctl.reports.blocks import (
    Block,
    Blocks,
    Code,
    Paragraph,
    Section,
    Table,
    Title,
    Verbatim,
    make_list,
    make_table,
)
from qtctl.views.show import Shown, Thing

VALUE_COLUMNS = ("key", "value", "from")
STREAM_COLUMNS = ("service", "does", "stream", "group", "other end", "from")


def make_page(found: Shown) -> Blocks:
    sections = (Section((f"{thing.kind} ", Code(thing.name)), tuple(_show_thing(thing))) for thing in found.things)
    return (Title(found.name), *sections)


def make_screen(found: Shown) -> Blocks:
    return tuple(block for thing in found.things for block in _show_tables(thing))


def list_facts(thing: Thing) -> list[tuple[str, str]]:
    """Its properties, without the empty ones."""
    rows = [
        ("unit", thing.unit),
        ("instances", ", ".join(thing.instances)),
        ("template", thing.template),
        ("starts", thing.starts),
        ("state", thing.state),
        ("declared in", thing.origin),
        ("host", thing.host),
        ("runs", format_command(thing)),
        ("used by", ", ".join(thing.used_by)),
    ]
    return [(name, value) for name, value in rows if value]


def format_command(thing: Thing) -> str:
    """Its argv, in JSON quotes if a shell user could not tell the arguments apart."""
    odd = any(not each or set(each) & set(" \t\n'\"\\$") for each in thing.argv)
    return json.dumps(list(thing.argv), ensure_ascii=False) if odd else " ".join(thing.argv)


def make_value_rows(thing: Thing) -> list[tuple[str, str, str]]:
    return [(value.key, format_value(value.value), value.origin) for value in thing.values]


def make_stream_rows(thing: Thing) -> list[tuple[str, ...]]:
    return [
        (wire.service, wire.does, wire.stream, wire.group, ", ".join(wire.others), wire.origin)
        for wire in thing.streams
    ]


def format_value(value: JsonValue) -> str:
    """A value as TOML has it, but text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _show_thing(thing: Thing) -> Iterator[Block]:
    if thing.summary:
        yield Paragraph(thing.summary)
    yield from make_list((f"{name}: ", Code(value)) for name, value in list_facts(thing))
    values = tuple(tuple(map(Code, row)) for row in make_value_rows(thing))
    yield Section("Values", (Table(VALUE_COLUMNS, values),))
    yield Section("Streams", make_table(STREAM_COLUMNS, (tuple(map(Code, row)) for row in make_stream_rows(thing))))
    for file in thing.files:
        yield Section(Code(file.path), (_show_text(file.text),))


def _show_text(text: str | None) -> Block:
    if text is None:
        return Paragraph(("Root's, mode 0600: the values of ", Code("env"), " above."))
    return Verbatim(tuple(split_file_lines(text)))


def _show_tables(thing: Thing) -> Iterator[Block]:
    yield Table((thing.kind, thing.name), tuple(list_facts(thing)), thing.summary)
    yield from make_table(VALUE_COLUMNS, make_value_rows(thing))
    yield from make_table(STREAM_COLUMNS, make_stream_rows(thing))
    for file in thing.files:
        yield Paragraph(file.path)
        if file.text is not None:
            yield Verbatim(tuple(split_file_lines(file.text)))
