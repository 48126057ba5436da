"""One declared thing as Markdown, and as the tables that a terminal shows."""

import json
from collections.abc import Iterator

from pydantic import JsonValue

from qtctl.dialects import terminal
from qtctl.dialects.lines import file_lines
from qtctl.report.markdown import NONE, code, document, plain, section, table
from qtctl.views.show import Shown, Thing

VALUE_COLUMNS = ("key", "value", "from")
STREAM_COLUMNS = ("service", "does", "stream", "group", "other end", "from")


def to_markdown(found: Shown) -> str:
    return document(plain(found.name), *([*_thing(thing)] for thing in found.things))


def facts(thing: Thing) -> list[tuple[str, str]]:
    """What is known of it in a word each; empty ones are left out."""
    rows = [
        ("unit", thing.unit),
        ("instances", ", ".join(thing.instances)),
        ("template", thing.template),
        ("starts", thing.starts),
        ("state", thing.state),
        ("declared in", thing.origin),
        ("host", thing.host),
        ("runs", command(thing)),
        ("used by", ", ".join(thing.used_by)),
    ]
    return [(name, value) for name, value in rows if value]


def command(thing: Thing) -> str:
    """Its argv in JSON's quotes where a shell's reader could not tell the arguments apart."""
    odd = any(not each or set(each) & set(" \t\n'\"\\$") for each in thing.argv)
    return json.dumps(list(thing.argv), ensure_ascii=False) if odd else " ".join(thing.argv)


def value_rows(thing: Thing) -> list[tuple[str, str, str]]:
    return [(value.key, written(value.value), value.origin) for value in thing.values]


def stream_rows(thing: Thing) -> list[tuple[str, ...]]:
    return [
        (wire.service, wire.does, wire.stream, wire.group, ", ".join(wire.others), wire.origin)
        for wire in thing.streams
    ]


def written(value: JsonValue) -> str:
    """A value as TOML has it, but text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _thing(thing: Thing) -> Iterator[str]:
    yield from (f"## {thing.kind} {code(thing.name)}", "")
    if thing.summary:
        yield from (plain(thing.summary), "")
    yield from (f"- {name}: {code(value)}" for name, value in facts(thing))
    yield ""
    rows = [[code(cell) for cell in row] for row in value_rows(thing)]
    yield from section("Values", table(VALUE_COLUMNS, rows), 3)
    if thing.streams:
        cells = [[code(cell) if cell else NONE for cell in row] for row in stream_rows(thing)]
        yield from section("Streams", table(STREAM_COLUMNS, cells), 3)
    for file in thing.files:
        yield from section(code(file.path), _text(file.text), 3)


def _text(text: str | None) -> list[str]:
    if text is None:
        return ["Root's, mode 0600: the values of `env` above."]
    return ["", *(f"    {terminal.line(line)}" for line in file_lines(text))][1:]
