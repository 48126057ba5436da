"""A block of HTML in a Markdown document → its tables, lists, headings and text."""

from collections.abc import Callable
from html.parser import HTMLParser

from qtctl.dialects.document.plain import clean, clean_cell
from qtctl.dialects.document.types import Block, Item, Line, Listing, Row, Table, Text

Heading = tuple[int, int, str]
"""Line, level, title."""
_CELLS, _BREAKS = ("td", "th"), ("p", "br", "div", "summary", "details")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_UNSEEN = ("script", "style")


def read_html(text: str, first: int) -> list[Block | Heading]:
    """`first`: the line number of the first line."""
    reader = _Reader(first)
    reader.feed(text)
    reader.close()
    reader.end()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self, first: int) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Block | Heading] = []
        self._first = first
        self._rows: list[Row] | None = None
        self._cells: list[str] | None = None
        self._items: list[Item] | None = None
        self._text: list[str] = []
        self._line = first
        self._unseen = 0
        self._in_cell = False
        self._depth = 0

    def _find_line(self) -> int:
        return self._first + self.getpos()[0] - 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as HTMLParser
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "table":
            self._flush()
            self._rows = []
        elif tag == "tr":
            self.end_row()
            self._cells, self._line = [], self._find_line()
        elif tag in ("ul", "ol"):
            self._begin_list()
        elif tag in _CELLS:
            self._begin_cell()
        elif tag == "li":
            self.end_item()
            self._line = self._find_line()
        elif tag in _HEADINGS or tag in _BREAKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _HEADINGS:
            title = self._take()
            self.found += [(self._line, _HEADINGS[tag], title)] if title else []
        elif tag in _BREAKS:
            self._break()
        elif ends := _ENDS.get(tag):
            ends(self)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            if not any(map(str.strip, self._text)) and self._rows is None and self._items is None:
                self._line = self._find_line() + len(data) - len(data.lstrip("\n"))
            self._text.append(data)

    def end(self) -> None:
        if self._rows is not None:
            self.end_table()
        self._depth = 0
        if self._items is not None:
            self.end_list()
        self._flush()

    def _take(self) -> str:
        text, self._text = clean(" ".join(self._text)), []
        return text

    def _take_cell(self) -> str:
        text, self._text = clean_cell(" ".join(self._text)), []
        return text

    def _break(self) -> None:
        if self._rows is None and self._items is None:
            self._flush()
        else:
            self._text.append(" ")

    def _flush(self) -> None:
        if text := self._take():
            self.found.append(Text((Line(self._line, text),)))

    def _begin_list(self) -> None:
        if self._items is None:
            self._flush()
            self._items = []
        else:
            self.end_item()
            self._depth += 1

    def _begin_cell(self) -> None:
        self.end_cell()
        self._take()
        self._in_cell = True

    def end_cell(self) -> None:
        if self._in_cell and self._cells is not None:
            self._cells.append(self._take_cell())
        self._in_cell = False

    def end_row(self) -> None:
        self.end_cell()
        if self._cells and self._rows is not None:
            self._rows.append(Row(self._line, tuple(self._cells)))
        self._cells = None

    def end_table(self) -> None:
        self.end_row()
        rows, self._rows = self._rows or [], None
        width = max((len(each.cells) for each in rows), default=0)
        padded = [Row(each.line, (*each.cells, *[""] * (width - len(each.cells)))) for each in rows]
        if padded:
            self.found.append(Table(padded[0].line, padded[0].cells, tuple(padded[1:])))

    def end_item(self) -> None:
        if (text := self._take()) and self._items is not None:
            self._items.append(Item(self._line, text, self._depth))

    def end_list(self) -> None:
        self.end_item()
        if self._depth:
            self._depth -= 1
            return
        items, self._items = self._items, None
        if items:
            self.found.append(Listing(items[0].line, tuple(items)))


_ENDS: dict[str, Callable[[_Reader], None]] = {
    "td": _Reader.end_cell, "th": _Reader.end_cell, "tr": _Reader.end_row, "table": _Reader.end_table,
    "li": _Reader.end_item, "ul": _Reader.end_list, "ol": _Reader.end_list,
}  # fmt: skip
