"""Markdown → a document: CommonMark with GFM tables, and tables written in HTML.

The library only reads blocks; `plain` cleans the text inside a line, in linear time.
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from qtctl.dialects.document.build import Builder
from qtctl.dialects.document.code_lines import LEAST, read_code
from qtctl.dialects.document.html import read_html
from qtctl.dialects.document.plain import begins_with_picture, clean, clean_cell, find_strong
from qtctl.dialects.document.types import Block, Document, Item, Line, Listing, Row, Table, Text
from qtctl.dialects.lines import split_lines

NESTING = 100
_HTML_TABLE = re.compile(r"<table[\s>].*?</table\s*>", re.IGNORECASE | re.DOTALL)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


def read_markdown(text: str, file: str) -> Document:
    """Never fails: any text is Markdown."""
    parser = MarkdownIt("commonmark", {"maxNesting": NESTING}).enable("table").disable(["inline", "reference"])
    builder = Builder(file)
    _Reader(builder, parser.parse(_join_html_tables(text))).read()
    return builder.build()


def _join_html_tables(text: str) -> str:
    """A blank line ends an HTML block in Markdown, but people write tables with blank lines in them."""
    if "<table" not in text.lower():
        return text
    fenced = _find_fenced_spans(text)

    def join(found: re.Match[str]) -> str:
        inside = any(first <= found.start() < last for first, last in fenced)
        return found[0] if inside else re.sub(r"\n[ \t]*(?=\n)", "\n<!-- -->", found[0])

    return _HTML_TABLE.sub(join, text)


def _find_fenced_spans(text: str) -> list[tuple[int, int]]:
    spans, begun, mark, at = [], -1, "", 0
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found and begun < 0:
            begun, mark = at, found[1]
        elif found and found[1].startswith(mark) and not line.strip().strip(mark[0]):
            spans.append((begun, at))
            begun = -1
        at += len(line) + 1
    return [*spans, (begun, at)] if begun >= 0 else spans


class _Reader:
    def __init__(self, builder: Builder, tokens: Sequence[Token]) -> None:
        self._builder, self._tokens, self._at = builder, tokens, 0

    def read(self) -> None:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            reader = {
                "heading_open": self._read_heading,
                "paragraph_open": self._read_paragraph,
                "bullet_list_open": self._list,
                "ordered_list_open": self._list,
                "table_open": self._read_table,
                "fence": self._read_code,
                "code_block": self._read_code,
                "html_block": self._read_html,
            }.get(token.type)
            if reader is None:
                self._at += 1
            else:
                reader(token)

    def _read_heading(self, token: Token) -> None:
        content = self._tokens[self._at + 1].content
        self._builder.add_heading(_find_line(token), int(token.tag[1:]), clean(content.replace("\n", " ").rstrip("# ")))
        self._at += 3

    def _read_paragraph(self, token: Token) -> None:
        raw = self._tokens[self._at + 1].content.split("\n")
        self._at += 3
        first = _find_line(token)
        if len(raw) >= LEAST and all(map(begins_with_picture, raw)):
            items = tuple(Item(first + n, clean(each), 0, None, find_strong(each)) for n, each in enumerate(raw))
            self._builder.add(Listing(first, items, self._label()))
            return
        lines = tuple(Line(first + number, clean(each)) for number, each in enumerate(raw))
        if shown := tuple(each for each in lines if each.text):
            self._builder.add(Text(shown))

    def _list(self, token: Token) -> None:
        label, ends = self._label(), token.level
        items: list[Item] = []
        beside: list[Block] = []
        depth, begun = 0, False
        while not (token.type.endswith("_list_close") and token.level == ends):
            if token.type.endswith("_list_open"):
                depth += 1
            elif token.type.endswith("_list_close"):
                depth -= 1
            elif token.type == "list_item_open":
                begun, number = True, int(token.info) if token.info.isdigit() else None
            elif token.type == "inline" and begun:
                first, begun = token.content.partition("\n")[0], False
                items.append(Item(_find_line(token), clean(first), depth - 1, number, find_strong(first)))
                beside += _read_beside(token, 1)
            else:
                beside += _read_beside(token, 0)
            self._at += 1
            token = self._tokens[self._at]
        self._at += 1
        if items:
            self._builder.add(Listing(items[0].line, tuple(items), label))
        self._builder.add(*beside)

    def _label(self) -> Line | None:
        """The paragraph just above, if it ends with a colon. It also stays where it is."""
        last = self._builder.last
        if isinstance(last, Text) and last.lines[-1].text.endswith(":") and not last.lines[-1].fence:
            return last.lines[-1]
        return None

    def _read_table(self, token: Token) -> None:
        label, line = self._label(), _find_line(token)
        rows: list[Row] = []
        cells: list[str] = []
        while token.type != "table_close":
            if token.type == "tr_open":
                cells, line = [], _find_line(token)
            elif token.type == "inline":
                cells.append(clean_cell(token.content))
            elif token.type == "tr_close":
                rows.append(Row(line, tuple(cells)))
            self._at += 1
            token = self._tokens[self._at]
        self._at += 1
        self._builder.add(Table(rows[0].line, rows[0].cells, tuple(rows[1:]), label))

    def _read_code(self, token: Token) -> None:
        first = _find_line(token) + (token.type == "fence")
        self._builder.add(*read_code(split_lines(token.content), first, first))
        self._at += 1

    def _read_html(self, token: Token) -> None:
        for each in read_html(token.content, _find_line(token)):
            if isinstance(each, tuple):
                self._builder.add_heading(*each)
            else:
                self._builder.add(each)
        self._at += 1


def _read_beside(token: Token, skipped: int) -> Iterator[Block]:
    """The rest of an item after its first line: further lines, and code."""
    if token.type in ("fence", "code_block"):
        yield from read_code(split_lines(token.content), _find_line(token) + 1, _find_line(token))
    elif token.type == "inline":
        for number, text in enumerate(token.content.split("\n")):
            if number >= skipped and text.strip():
                yield Text((Line(_find_line(token) + number, clean(text)),))


def _find_line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1


def list_lines(document: Document) -> Iterator[Line]:
    """Every line of text in any block; table cells are joined by |."""
    for section in document.sections:
        if section.title:
            yield Line(section.line, section.title)
        for block in section.blocks:
            yield from block.lines
