"""Pieces of Markdown: no text of a host or a registry can end a cell, open a tag, be a link or move the cursor."""

import re
from collections.abc import Iterable, Sequence

from qtctl.dialects import terminal
from qtctl.model.json import Json

NONE = "—"
UNKNOWN = "unknown"
BACKTICKS = re.compile("`+")
_SPECIAL = re.compile(
    r"""[\\`*\[\]~$]          # escapes, code, emphasis, links and pictures, strikethrough, formulas
    |^>                     # a quotation
    |^[#=+-](?=[#=-]*(\s|$)) # a heading, a list, a line below a heading
    |(?<![^\W_])_|_(?![^\W_]) # emphasis, which no `_` within a word is
    |:(?=//)|(?<=www)\.     # addresses that become links by themselves
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NUMBERED = re.compile(r"^([0-9]{1,9})([.)])(?=\s|$)")
_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;"}


def plain(text: str) -> str:
    """One line of running text, read as what it is wherever in a line it stands."""
    escaped = _SPECIAL.sub(r"\\\g<0>", terminal.line(text).strip(" "))
    return _NUMBERED.sub(r"\1\\\2", escaped).translate(_ENTITIES)


def code(text: str) -> str:
    """A code span, fenced by more backticks than the text has in a row.

    A backslash before `|` has no spelling in a code span that tables and running text read alike: HTML there.
    """
    one = terminal.line(text)
    if not one.strip():
        return NONE
    if "\\|" in one:
        return (
            "<code>" + "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in one) + "</code>"
        )
    fence = "`" * (max((len(run) for run in BACKTICKS.findall(one)), default=0) + 1)
    pad = " " if one.startswith("`") or one.endswith("`") else ""
    return f"{fence}{pad}{one}{pad}{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Cells are Markdown already, but for their `|`, which is escaped here; an empty one shows a dash."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") or NONE for cell in row) + " |" for row in rows]


def section(title: str, lines: Sequence[str], level: int = 2) -> list[str]:
    """Nothing where there are no lines."""
    return [f"{'#' * level} {title}", "", *lines, ""] if lines else []


def document(title: str, *parts: Sequence[str]) -> str:
    lines = [f"# {title}", "", *(line for part in parts for line in part)]
    return "\n".join(lines).rstrip("\n") + "\n"


def words(value: Json) -> str:
    """A value of a check as a reader says it: keys before their values, lists with commas."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {words(inner)}" for key, inner in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(words(inner) for inner in value) or "none"
    return str(value)


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def size(count: int) -> str:
    """Bytes by powers of 1024, one decimal."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:  # noqa: PLR2004 - the base
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def span(seconds: int) -> str:
    """The two largest units: 3d 4h, 2min 5s."""
    parts = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
