"""What is wrong with a text that is not TOML, in the author's terms. No value is quoted: it may be a secret."""

import re
from typing import NamedTuple


class Mistake(NamedTuple):
    what: str
    hint: str
    line: int


_SAID = (
    (r"Illegal character '(\\n|\\r)'", "a string does not end on its line",
     'end it with the quote that it began with, or write """ for several lines'),
    (r"""Unterminated string|Expected "'''"|Expected "'\"""", "a string does not end",
     "end it with the quotes that it began with"),
    ("Expected newline or end of document", "something follows the value",
     "one statement on a line; a comment begins with #"),
    ("Expected '=' after a key", "a key without = and a value", "write KEY = value"),
    (r"Expected '\]+' at the end of", "the name of a table does not end with ]", "write [NAME]"),
    ("Cannot overwrite a value", "the key is given twice", "keep one of them"),
    ("Cannot declare .* twice", "the table is given twice", "put its keys into one"),
    ("Cannot mutate immutable|Cannot redefine", "the key or table already exists", "keep one of them"),
    ("Duplicate inline table key", "a key is given twice in { }", "keep one of them"),
    ("Invalid initial character for a key part", "a key is expected here",
     "keys are letters, digits, _ and -, or in quotes"),
    ("Invalid statement", "neither a key nor a table", "write KEY = value or [TABLE]"),
    (r"Unescaped '\\' in a string|Invalid hex value", "a backslash that does not begin an escape",
     r"write \\, or put the string into '…'"),
    ("Unclosed inline table", "{ does not end on its line", "end it with }, with commas between its keys"),
    ("Invalid date", "a date that does not exist", "write YYYY-MM-DD"),
)  # fmt: skip
"""tomllib's message, what it means, and what to do."""
_WORDS = tuple((re.compile(pattern), what, hint) for pattern, what, hint in _SAID)
_STATEMENT = re.compile(r"""\s*(?:[\w.-]|"[^"]*"|'[^']*')+\s*=|\s*\[\[?[\w."-]+\]""")
_OPENS = re.compile(r"\s*[^=#]+=\s*\[")
_TEXTS = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|#.*""")
_LONGEST = 2000
"""Characters of a line that are looked at, and lines searched backwards for the beginning of a list."""


def explain(message: str, text: str, line: int) -> Mistake:
    """`message`: tomllib's, without the place; `line`: its line, from 1."""
    if message in ("Invalid value", "Unclosed array"):
        return _explain_value(text.split("\n"), line)
    for pattern, what, hint in _WORDS:
        if pattern.match(message):
            return Mistake(what, hint, line)
    return Mistake(message, "fix the syntax", line)


def _explain_value(lines: list[str], line: int) -> Mistake:
    begins = _find_list(lines, line)
    if begins:
        whole = "".join(map(_drop_texts, lines[begins - 1 : line]))
        ends = whole.count("]") >= whole.count("[")
        what = "items of a list without a comma" if ends and begins == line else "a list does not end"
        return Mistake(what, "write [ITEM, ITEM]", begins)
    shown = lines[line - 1][:_LONGEST] if line <= len(lines) else ""
    value = shown.partition("=")[2].strip() if "=" in shown else shown.strip()
    if not value or value.startswith("#"):
        return Mistake("a key without a value", "write one after the =", line)
    if value[0].isalpha() or value[0] in "/_$%":
        return Mistake("a string without quotes", 'write it in quotes: KEY = "…"', line)
    return Mistake("a value that TOML does not know", 'strings are in quotes: KEY = "…"', line)


def _drop_texts(line: str) -> str:
    return _TEXTS.sub("", line[:_LONGEST])


def _find_list(lines: list[str], line: int) -> int:
    """The line of the list that contains a mistake or a statement; 0 if there is none."""
    if line <= len(lines) and _OPENS.match(_drop_texts(lines[line - 1])):
        return line
    open_ = 0
    for number in range(min(line, len(lines) + 1) - 1, max(line - _LONGEST, 0), -1):
        shown = _drop_texts(lines[number - 1])
        opens = _OPENS.match(shown)
        value = shown.partition("=")[2] if opens else shown
        open_ += value.count("[") - value.count("]")
        if opens or _STATEMENT.match(shown):
            return number if opens and open_ > 0 else 0
    return 0
