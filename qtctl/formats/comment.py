"""A comment of a pull request: Markdown whose parts are folded, bounded, and in which no text does anything.

Besides what Markdown does with a text, a forge notifies whom a comment names (@), links what it numbers (#, !), and
GitLab carries out a line that begins with a slash.
"""

import re
from collections.abc import Iterator
from html import escape

from qtctl.dialects import terminal
from qtctl.dialects.lines import split_lines
from qtctl.dialects.secrets import mask_message
from qtctl.formats.markdown import write_markdown
from qtctl.reports.blocks import Blocks, Comment, Fold, map_texts

MOST = 65_000
"""Bytes. GitHub takes 65,536 characters."""
_LEAST = 400
"""Bytes that are worth a fold."""
_CUT = "\n*Cut here: a comment has room for no more. The command above shows all of it.*\n"
_CODE = re.compile(r"(`+)(?:(?!\1).)*?\1(?!`)|<code>.*?</code>|<!--.*?-->")
_SPOKEN_TO = re.compile(r"@(?=[\w-])|(?<![&\w])[#!](?=[0-9])")
_BESIDE = "<!-- -->"
"""Between the sign and what it would mention; it is not shown."""


def write_comment(comment: Comment) -> str:
    """The whole comment is one fold. What does not fit is cut at the end of a line, the last folds first."""
    head = f"<!-- {comment.mark} -->\n<details><summary>{_write_summary(comment.title)}</summary>\n\n"
    tail = "\n</details>\n"
    left = MOST - _measure(head) - _measure(tail)
    parts = []
    for part in (_write_blocks(comment.intro), *map(_write_fold, comment.folds)):
        shown = _fit(part, left)
        left -= _measure(shown)
        parts.append(shown)
    return f"{head}{''.join(parts)}{tail}"


def _write_fold(fold: Fold) -> str:
    body = _write_blocks(fold.body)
    return f"\n<details><summary>{_write_summary(fold.title)}</summary>\n\n{body}\n</details>\n"


def _write_blocks(blocks: Blocks) -> str:
    """Secrets are looked for before a text becomes Markdown: escapes would hide them."""
    return "\n".join(map(_make_line_inert, write_markdown(map_texts(blocks, mask_message)).split("\n")))


def _write_summary(text: str) -> str:
    """HTML: Markdown does not work there."""
    return _SPOKEN_TO.sub(rf"\g<0>{_BESIDE}", escape(mask_message(terminal.show_line(text))))


def _make_line_inert(line: str) -> str:
    """Nobody is mentioned in code, and lines of a file are code."""
    if line.startswith("    "):
        return line
    shown, at = [], 0
    for code in _CODE.finditer(line):
        shown += [_SPOKEN_TO.sub(rf"\g<0>{_BESIDE}", line[at : code.start()]), code[0]]
        at = code.end()
    shown.append(_SPOKEN_TO.sub(rf"\g<0>{_BESIDE}", line[at:]))
    whole = "".join(shown)
    return f"&#47;{whole[1:]}" if whole.startswith("/") else whole


def _measure(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _fit(part: str, room: int) -> str:
    """All of it, or as many whole lines as there is room for; a fold that was opened is closed."""
    if _measure(part) <= room:
        return part
    end = "\n</details>\n" if part.startswith("\n<details") else ""
    room -= _measure(_CUT) + _measure(end)
    return "" if room < _LEAST else f"{''.join(_take_lines(part, room))}{_CUT}{end}"


def _take_lines(text: str, room: int) -> Iterator[str]:
    for line in split_lines(text):
        room -= _measure(f"{line}\n")
        if room < 0:
            return
        yield f"{line}\n"
