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
    joined,
    parts,
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


def markdown(blocks: Blocks) -> str:
    """Blocks with an empty line between them; of no blocks, no text."""
    lines = [line for block in blocks for line in _block(block, 1)]
    return "\n".join(lines[:-1]) + "\n" if lines else ""


def running(text: Text) -> str:
    """Text or a cell as one line."""
    runs = [*_runs(text)]
    if runs and isinstance(runs[0], str):
        runs[0] = runs[0].lstrip(" ")
    if runs and isinstance(runs[-1], str):
        runs[-1] = runs[-1].rstrip(" ")
    return "".join(map(_run, runs))


def _runs(text: Text) -> Iterator[str | Code | Strong | Break]:
    """Parts, with plain text between them in one piece: what it would be read as depends on all of it."""
    said = ""
    for part in parts(text):
        if isinstance(part, str | Toned):
            said += part if isinstance(part, str) else part.text
            continue
        if said:
            yield said
        yield part
        said = ""
    if said:
        yield said


def _run(run: str | Code | Strong | Break) -> str:
    match run:
        case Break():
            return "<br>"
        case Code():
            return code(run.text)
        case Strong():
            return f"**{plain(run.text)}**"
        case _:
            return _escaped(run)


def plain(text: str) -> str:
    """One line of running text, read as what it is wherever in a line it stands."""
    return _escaped(text.strip(" "))


def _escaped(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\g<0>", terminal.line(text))
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
    """Heads and cells are Markdown already, but for their `|`, which is escaped here; an empty cell shows a dash."""
    return [_row(heads), "|" + "---|" * len(heads), *(_row([cell or NONE for cell in row]) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _block(block: Block, level: int) -> Iterator[str]:
    """Its lines, and an empty one; nothing where it shows nothing. `level`: of the section that it stands in."""
    match block:
        case Title():
            lines = [f"# {running(block.text)}"]
        case Section():
            lines = _section(block, level + 1)
        case Paragraph():
            lines = [running(block.text)]
        case Bullets():
            lines = [f"- {running(item)}" for item in block.items]
        case Verbatim():
            lines = [f"    {terminal.line(line)}" for line in block.lines]
        case Record():
            lines = [f"- {running(_sentence(block))}"]
        case Table():
            lines = _table(block)
    yield from (*lines, "") if lines else ()


def _sentence(record: Record) -> tuple[Part, ...]:
    fields = ((f"{name} " if name else "", *parts(text)) for name, text in record.fields)
    return joined((joined(record.head, " "), *fields), "; ")


def _section(section: Section, level: int) -> list[str]:
    body = [line for block in section.body for line in _block(block, level)]
    return [f"{'#' * level} {running(section.title)}", "", *body[:-1]] if body else []


def _table(shown: Table) -> list[str]:
    heads = [each.name if isinstance(each, Column) else each for each in shown.columns]
    title = [f"**{plain(shown.title)}**", ""] if shown.title else []
    return [*title, *table(list(map(plain, heads)), ([running(cell) for cell in row] for row in shown.rows))]
