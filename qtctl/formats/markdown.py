"""Blocks as Markdown: no text of a host or a registry can end a cell, open a tag, be a link or move the cursor."""

import re
from collections.abc import Iterable, Iterator, Sequence

from qtctl.dialects import terminal
from qtctl.reports.blocks import (
    Block,
    Blocks,
    Break,
    Bullets,
    Code,
    Column,
    Paragraph,
    Part,
    Record,
    Section,
    Strong,
    Table,
    Text,
    Title,
    Toned,
    Verbatim,
    join,
    split_parts,
)
from qtctl.reports.phrases import NONE

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


def write_markdown(blocks: Blocks) -> str:
    """Blocks with an empty line between them; without blocks an empty text."""
    lines = [line for block in blocks for line in _write_block(block, 1)]
    return "\n".join(lines[:-1]) + "\n" if lines else ""


def write_running_text(text: Text) -> str:
    """Text or a cell as one line."""
    runs = [*_join_runs(text)]
    if runs and isinstance(runs[0], str):
        runs[0] = runs[0].lstrip(" ")
    if runs and isinstance(runs[-1], str):
        runs[-1] = runs[-1].rstrip(" ")
    return "".join(map(_write_run, runs))


def _join_runs(text: Text) -> Iterator[str | Code | Strong | Break]:
    """Parts, with plain text between them in one piece: all of it decides how Markdown reads it."""
    said = ""
    for part in split_parts(text):
        if isinstance(part, str | Toned):
            said += part if isinstance(part, str) else part.text
            continue
        if said:
            yield said
        yield part
        said = ""
    if said:
        yield said


def _write_run(run: str | Code | Strong | Break) -> str:
    match run:
        case Break():
            return "<br>"
        case Code():
            return write_code(run.text)
        case Strong():
            return f"**{escape_plain(run.text)}**"
        case _:
            return _escape(run)


def escape_plain(text: str) -> str:
    """One line of running text that Markdown shows as it is, wherever in a line it stands."""
    return _escape(text.strip(" "))


def _escape(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\g<0>", terminal.show_line(text))
    return _NUMBERED.sub(r"\1\\\2", escaped).translate(_ENTITIES)


def write_code(text: str) -> str:
    """A code span, fenced by more backticks than the text has in a row.

    A backslash before `|` has no spelling in a code span that tables and running text read alike: HTML there.
    """
    one = terminal.show_line(text)
    if not one.strip():
        return NONE
    if "\\|" in one:
        return (
            "<code>" + "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in one) + "</code>"
        )
    fence = "`" * (max((len(run) for run in BACKTICKS.findall(one)), default=0) + 1)
    pad = " " if one.startswith("`") or one.endswith("`") else ""
    return f"{fence}{pad}{one}{pad}{fence}"


def write_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Heads and cells are Markdown already, but for their `|`, which is escaped here; an empty cell shows a dash."""
    return [_write_row(heads), "|" + "---|" * len(heads), *(_write_row([cell or NONE for cell in row]) for row in rows)]


def _write_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _write_block(block: Block, level: int) -> Iterator[str]:
    """Its lines, and an empty one; nothing if the block shows nothing. `level`: of the section that it is in."""
    match block:
        case Title():
            lines = [f"# {write_running_text(block.text)}"]
        case Section():
            lines = _write_section(block, level + 1)
        case Paragraph():
            lines = [write_running_text(block.text)]
        case Bullets():
            lines = [f"- {write_running_text(item)}" for item in block.items]
        case Verbatim():
            lines = _write_verbatim(block)
        case Record():
            lines = [f"- {write_running_text(_write_record(block))}"]
        case Table():
            lines = _write_shown_table(block)
    yield from (*lines, "") if lines else ()


def _write_verbatim(block: Verbatim) -> list[str]:
    """Indented; in a language between fences, which no line of it can close."""
    shown = [terminal.show_line(line) for line in block.lines]
    if not block.language:
        return [f"    {line}" for line in shown]
    fence = "`" * max(3, 1 + max((len(run) for line in shown for run in BACKTICKS.findall(line)), default=0))
    return [f"{fence}{block.language}", *shown, fence]


def _write_record(record: Record) -> tuple[Part, ...]:
    fields = ((f"{name} " if name else "", *split_parts(text)) for name, text in record.fields)
    return join((join(record.head, " "), *fields), "; ")


def _write_section(section: Section, level: int) -> list[str]:
    body = [line for block in section.body for line in _write_block(block, level)]
    return [f"{'#' * level} {write_running_text(section.title)}", "", *body[:-1]] if body else []


def _write_shown_table(shown: Table) -> list[str]:
    heads = [each.name if isinstance(each, Column) else each for each in shown.columns]
    title = [f"**{escape_plain(shown.title)}**", ""] if shown.title else []
    return [
        *title,
        *write_table(
            list(map(escape_plain, heads)), ([write_running_text(cell) for cell in row] for row in shown.rows)
        ),
    ]
