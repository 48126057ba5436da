"""Laws of text for terminals, of words for shells and of pieces of Markdown, whatever they are made of."""

import json
import shlex

from markdown_it import MarkdownIt

from qtctl.dialects import shell, terminal
from qtctl.formats.markdown import write_markdown
from qtctl.reports.blocks import Bullets, Code, Strong, Table, Title
from tests.fuzz.target import Target
from tests.security.hostile import BREAKS, TRICKS

ORDINARY = "Grüße Ελληνικά русский עברית हिन्दी 日本語 → ↳ 5 % [b] \\x1b |"
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_TEXT = {"text", "code_inline", "softbreak", "html_inline"}


def shown(data: bytes) -> None:
    """Nothing but what may be shown, once and for all; ordinary text beside it stays; JSON says the same."""
    text = data.decode("utf-8", "surrogateescape")
    one, several = terminal.show_line(text), terminal.show_lines(text)
    assert all(map(terminal.is_safe, one))
    assert all(map(terminal.is_safe, several.replace("\n", "")))
    assert (terminal.show_line(one), terminal.show_lines(several)) == (one, several)
    assert several.count("\n") == text.count("\n")
    assert terminal.show_line(ORDINARY + text) == ORDINARY + one
    written = terminal.show_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(written) == json.loads(json.dumps(text))
    assert all(map(terminal.is_safe, written))


def pasted(data: bytes) -> None:
    """A word for a shell is one word, and what it was where no control character was in it."""
    text = data.decode("utf-8", "surrogateescape").replace("\0", "")
    word = shell.quote(text)
    assert all(map(terminal.is_safe, word))
    if word.startswith("$'"):
        assert word.endswith("'")
        assert "'" not in word[2:-1]
    else:
        assert shlex.split(word) == [text]


def marked(data: bytes) -> None:
    """Cells and lines hold text and code alone, and none of them ends before its end."""
    text = data.decode("utf-8", "replace")
    cells = (text, Code(text), (text, " ", Code(text)), (Strong("a"), text), ("", text))
    written = write_markdown((Title(text), Bullets(cells), Table(("a", "b", "c", "d", text), (cells,))))
    tokens = _MARKDOWN.parse(written)
    assert sum(token.type == "tr_open" for token in tokens) == 2
    assert sum(token.type == "td_open" for token in tokens) == len(cells)
    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {*_TEXT, "strong_open", "strong_close"}
    assert sum(child.type == "strong_open" for child in inline) == 2  # ours, in the list and in the table
    assert {child.content for child in inline if child.type == "html_inline"} <= {"<code>", "</code>"}
    assert not any(token.type in ("html_block", "fence", "blockquote_open", "hr") for token in tokens)
    assert sum(token.type == "list_item_open" for token in tokens) == len(cells)


SEEDS = [text.encode("utf-8", "surrogatepass") for text in (*TRICKS.values(), *BREAKS.values(), ORDINARY)]
PARTS = (
    *TRICKS.values(),
    *BREAKS.values(),
    "'",
    "\\",
    "`",
    "|",
    "\\|",
    "$'",
    "!",
    "# ",
    "- ",
    "1. ",
    "> ",
    "---",
    "&lt;",
)

TERMINAL = Target("terminal", shown, lambda: SEEDS, PARTS)
PASTED = Target("pasted", pasted, lambda: SEEDS, PARTS)
MARKDOWN = Target("markdown", marked, lambda: SEEDS, PARTS)
