"""Text in lines of a width: broken between words, and never within a word, a name, a path or a command."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from unicodedata import category, east_asian_width

from qtctl.reports.blocks import Break, Code, Part, Strong, Text, Toned, split_parts

Style = Toned | Strong | None
"""What gives a piece of text its looks: the part that it comes from."""
Paint = Callable[[str, Style], str]
Piece = tuple[str, Style]

_COMMAND = (
    r"(?:qtctl (?:adopt|audit|demo|deploy|explain|graph|init|lab|lint|list|parity|render|report|schema|show|verify)"
    r"|systemctl|systemd-analyze|journalctl|apt-get|redis-cli|ssh -\w)(?= )"
    r"[^;()`]*?(?=$|[;()`]|, |:? (?:and|then|shows|says|tells|which|where|it|to|as|for)\b|: )"
)
_TOKEN = re.compile(rf"(?P<space> +)|`[^`]+`|(?<![^ (]){_COMMAND}|[^ `(]+|[`(]")
"""A command is one token if it is in backticks or recognizable in a sentence; any other word is one token, too."""


@dataclass(frozen=True, slots=True)
class Word:
    """What stays in one line."""

    pieces: tuple[Piece, ...]
    width: int


Line = tuple[Word, ...]


def count_columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_count_char_columns, text))


def _count_char_columns(char: str) -> int:
    if category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def measure_width(line: Sequence[Word]) -> int:
    return sum(word.width for word in line) + max(len(line) - 1, 0)


def split_paragraphs(text: Text, harmless: Callable[[str], str]) -> list[Line]:
    """The words of each line of a text, split at BREAK. A `Code` is one word, together with whatever touches it."""
    found: list[list[Word]] = [[]]
    pieces: list[Piece] = []
    for token in (token for part in split_parts(text) for token in _tokenize(part, harmless)):
        if isinstance(token, tuple):
            pieces.append(token)
            continue
        if pieces:
            found[-1].append(_join_word(pieces))
            pieces = []
        if isinstance(token, Break):
            found.append([])
    if pieces:
        found[-1].append(_join_word(pieces))
    return [tuple(line) for line in found]


def _join_word(pieces: Iterable[Piece]) -> Word:
    every = tuple(pieces)
    return Word(every, sum(count_columns(text) for text, _ in every))


def _tokenize(part: Part, harmless: Callable[[str], str]) -> Iterator[Piece | Break | None]:
    """Pieces; None for a space at which a line may be broken."""
    if isinstance(part, Break):
        yield part
        return
    if isinstance(part, Code):
        yield harmless(part.text), None
        return
    text, style = (part, None) if isinstance(part, str) else (part.text, part)
    for found in _TOKEN.finditer(harmless(text)):
        yield None if found["space"] else (found[0], style)


def wrap(line: Sequence[Word], width: int, hang: int = 0) -> list[Line]:
    """Lines of at most `width`, those after the first of `hang` less. A word that is longer has a line of its own."""
    lines: list[list[Word]] = [[]]
    for word in line:
        left = width - (hang if lines[1:] else 0)
        if lines[-1] and measure_width([*lines[-1], word]) > left:
            lines.append([])
        lines[-1].append(word)
    return [tuple(each) for each in lines]


def paint_line(line: Sequence[Word], paint: Paint) -> str:
    """What has the same style is painted at once, with the spaces in it."""
    runs: list[tuple[str, Style]] = []
    for number, word in enumerate(line):
        for place, (text, style) in enumerate(word.pieces):
            space = " " if number and not place else ""
            if runs and runs[-1][1] is style:
                runs[-1] = (f"{runs[-1][0]}{space}{text}", style)
            elif space:
                runs += [(space, None), (text, style)]
            else:
                runs.append((text, style))
    return "".join(paint(text, style) for text, style in runs)


def measure_longest_word(lines: Iterable[Line]) -> int:
    """The width of the longest word."""
    return max((word.width for line in lines for word in line), default=0)


def fit_text(text: str, width: int, hang: int = 2) -> str:
    """One line of plain text, in as many lines as it needs; its own indentation is kept, and that of what follows."""
    indent = len(text) - len(text.lstrip(" "))
    if count_columns(text) <= width:
        return text
    (line,) = split_paragraphs(text, str)
    lines = wrap(line, width - indent, hang)
    return "\n".join(
        " " * (indent + (hang if number else 0)) + paint_line(each, lambda piece, _: piece)
        for number, each in enumerate(lines)
    )
