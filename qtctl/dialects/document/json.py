"""A JSON document of any shape → a document: fields, arrays of objects as tables, each with its line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import TypeAlias

from qtctl.dialects.document.build import Builder
from qtctl.dialects.document.types import Document, Item, Line, Listing, Row, Table, Text
from qtctl.errors import InputError, Place

DEEPEST, WIDEST = 60, 200
"""Levels of a document and columns of a table; further columns are left out."""
_STRINGS = JSONDecoder(strict=False)
_BLANK = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"true|false|null|-?(?:0|[1-9]\d{0,400})(?:\.\d{1,400})?(?:[eE][-+]?\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar as written (strings decoded), an array, or an object with its keys in order."""

    line: int
    value: "str | tuple[Node, ...] | tuple[tuple[str, Node], ...]"
    kind: str

    @property
    def fields(self) -> "tuple[tuple[str, Node], ...]":
        return self.value if self.kind == "object" else ()  # type: ignore[return-value]

    @property
    def entries(self) -> "tuple[Node, ...]":
        return self.value if self.kind == "array" else ()  # type: ignore[return-value]

    @property
    def scalar(self) -> str | None:
        return self.value if isinstance(self.value, str) else None


Scalars: TypeAlias = dict[str, str]


def read_json(text: str, file: str) -> Document:
    """InputError with the line if it is not JSON or too deeply nested."""
    root = _Parser(text, file).parse()
    builder = Builder(file, structured=True)
    _write(root, "", 0, builder)
    return builder.build()


class _Parser:
    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self._at, self._counted, self._line = 0, 0, 1

    def parse(self) -> Node:
        root = self._parse_value(0)
        self._skip()
        if self._at < len(self._text):
            raise self._make_error("something follows the end of the document")
        return root

    def _find_line(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _make_error(self, what: str) -> InputError:
        return InputError(
            f"not JSON: {what}", hint="python3 -m json.tool shows it", place=Place(self._file, self._find_line())
        )

    def _skip(self) -> str:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _parse_value(self, depth: int) -> Node:
        begins = self._skip()
        if depth > DEEPEST:
            raise self._make_error(f"deeper than {DEEPEST} levels")
        if begins == "{":
            return self._parse_object(depth)
        if begins == "[":
            return self._parse_array(depth)
        line = self._find_line()
        if begins == '"':
            return Node(line, self._parse_string(), "text")
        found = _WORD.match(self._text, self._at)
        if not found:
            raise self._make_error("a value is missing" if begins else "it ends too early")
        self._at = found.end()
        return Node(line, found[0], "word")

    def _parse_string(self) -> str:
        try:
            text, self._at = _STRINGS.raw_decode(self._text, self._at)
        except JSONDecodeError as error:
            raise self._make_error("a string that does not end, or that has an invalid escape") from error
        return str(text)

    def _parse_object(self, depth: int) -> Node:
        line, fields = self._find_line(), list[tuple[str, Node]]()
        self._at += 1
        while self._skip() != "}":
            if fields:
                self._take(",")
            if self._skip() != '"':
                raise self._make_error("a key is missing")
            key = self._parse_string()
            self._take(":")
            fields.append((key, self._parse_value(depth + 1)))
        self._at += 1
        return Node(line, tuple(fields), "object")

    def _parse_array(self, depth: int) -> Node:
        line, entries = self._find_line(), list[Node]()
        self._at += 1
        while self._skip() != "]":
            if entries:
                self._take(",")
            entries.append(self._parse_value(depth + 1))
        self._at += 1
        return Node(line, tuple(entries), "array")

    def _take(self, wanted: str) -> None:
        if self._skip() != wanted:
            raise self._make_error(f"{wanted!r} is missing")
        self._at += 1


def _write(node: Node, name: str, depth: int, builder: Builder) -> None:
    if name:
        builder.add_heading(node.line, depth, name)
    if node.kind == "array":
        _write_array(node, name, depth, builder)
        return
    lines = tuple(
        Line(each.line, f"{_split_key(key)}: {each.scalar}") for key, each in node.fields if each.scalar is not None
    )
    if lines:
        builder.add(Text(lines))
    for key, each in node.fields:
        if each.scalar is None:
            _write(each, _split_key(key), depth + 1, builder)


def _write_array(node: Node, name: str, depth: int, builder: Builder) -> None:
    label = Line(node.line, f"{name}:") if name else None
    objects = [each for each in node.entries if each.kind == "object"]
    if any(any(_flatten(each, "")) for each in objects) and len(objects) == len(node.entries):
        builder.add(_make_table(node, objects, label))
        return
    scalars = [Item(each.line, each.scalar) for each in node.entries if each.scalar is not None]
    if scalars:
        builder.add(Listing(node.line, tuple(scalars), label))
    for number, each in enumerate(node.entries):
        if each.scalar is None:
            _write(each, f"{name} {number}", depth + 1, builder)


def _make_table(node: Node, objects: list[Node], label: Line | None) -> Table:
    rows = [dict(_flatten(each, "")) for each in objects]
    header = tuple(dict.fromkeys(key for row in rows for key in row))[:WIDEST]
    made = tuple(
        Row(each.line, tuple(row.get(key, "") for key in header)) for each, row in zip(objects, rows, strict=True)
    )
    return Table(node.line, tuple(map(_split_key, header)), made, label)


def _flatten(node: Node, prefix: str) -> Iterator[tuple[str, str]]:
    """`runtime.port` → its value; an array of scalars becomes one cell with commas."""
    for key, each in node.fields:
        path = f"{prefix}{key}"
        if each.scalar is not None:
            yield path, "" if each.scalar == "null" and each.kind == "word" else each.scalar
        elif each.kind == "object":
            yield from _flatten(each, f"{path} ")
        else:
            yield path, ", ".join(inner.scalar for inner in each.entries if inner.scalar is not None)


def _split_key(key: str) -> str:
    """`total_modules`, `totalModules` → total modules."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key[:200])
    return " ".join(re.split(r"[\s_.-]+", spaced)).strip() or "?"
