import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.terminal import is_safe
from qtctl.formats.markdown import escape_plain, write_code, write_table
from qtctl.reports.phrases import format_json, format_size, format_span

CODE = {
    "a": "`a`",
    "a|b": "`a|b`",
    "a\\|b": "<code>a&#92;&#124;b</code>",
    "a`b": "``a`b``",
    "`a``b": "``` `a``b ```",
    "a\nb\tc": "`a\\nb\\tc`",
    "\x1b[31m": "`\\x1b[31m`",
    "": "—",
    " ": "—",
}
PLAIN = {
    "a_b_c": "a_b_c",
    "<b>&": "&lt;b>&amp;",
    "*x* [y](z)": "\\*x\\* \\[y\\](z)",
    "a|b\\c": "a|b\\\\c",
    "a\r\nb": "a\\\\r\\\\nb",
    "\u202ereversed": "\\\\u202ereversed",
    "# heading": "\\# heading",
    "#1": "#1",
    "- item": "\\- item",
    "---": "\\---",
    "--all": "--all",
    "> quoted": "\\> quoted",
    "1. item": "1\\. item",
    "6.1.0": "6.1.0",
    "__bold__": "\\_\\_bold\\_\\_",
    "~~gone~~": "\\~\\~gone\\~\\~",
    "$x$": "\\$x\\$",
    "https://evil.example www.evil.example": "https\\://evil.example www\\.evil.example",
}


@pytest.mark.parametrize("text", CODE)
def test_code(text: str) -> None:
    assert write_code(text) == CODE[text]


@pytest.mark.parametrize("text", PLAIN)
def test_plain(text: str) -> None:
    assert escape_plain(text) == PLAIN[text]


CELL = re.compile(r"(?:\\.|[^|\\])*", re.DOTALL)


@given(st.text() | st.text(alphabet="\\|`ab\n<*"))
def test_no_text_ends_its_cell_or_its_line(text: str) -> None:
    for cell in (escape_plain(text), write_code(text)):
        assert all(map(is_safe, cell))
        line = write_table(("a",), [(cell,)])[2]
        assert CELL.fullmatch(line.removeprefix("|").removesuffix("|"))
    assert "<" not in escape_plain(text)


def test_words_of_values() -> None:
    assert format_json({"lag": {"max": 1000}, "ok": True, "b": None}) == "b none, lag max 1000, ok yes"
    assert (format_json([]), format_json(["a", 1]), format_json(0)) == ("none", "a, 1", "0")


def test_sizes_and_spans() -> None:
    assert [format_size(n) for n in (0, 1023, 1024, 1 << 30, 1 << 50)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "1.0 GiB",
        "1024.0 TiB",
    ]
    assert [format_span(n) for n in (0, 61, 3600, 93_784)] == ["0s", "1min 1s", "1h", "1d 2h"]
