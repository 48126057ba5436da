"""The lines of a code block → lists with their labels, and the lines between them.

People put inventories in code blocks: a label that ends with a colon or begins with #, then a line per thing.
"""

import re
from collections.abc import Iterable, Sequence

from qtctl.dialects.document.plain import drop_marks
from qtctl.dialects.document.types import Block, Item, Line, Listing, Text

_BULLET = re.compile(r"^(?:[-*+•]\s+|(\d{1,4})[.)]\s+|[│├└─|+`\s\\-]*[├└]─*\s*)")
_BOX = re.compile(r"^[│├└─\s]+")
LEAST = 2


def read_code(lines: Sequence[str], first: int, fence: int) -> tuple[Block, ...]:
    """`first`: the line number of the first of them."""
    blocks: list[Block] = []
    label: Line | None = None
    items: list[Item] = []
    for number, raw in enumerate((*lines, ""), first):
        text = raw.strip()
        if text and _is_label(text):
            _add_block(blocks, label, items, fence)
            label, items = Line(number, drop_marks(text.lstrip("# ")), fence), []
        elif text:
            items.append(_make_item(number, raw))
        else:
            _add_block(blocks, label, items, fence)
            label, items = None, []
    return tuple(blocks)


def _is_label(text: str) -> bool:
    if text.startswith("#") and not text.startswith("#!"):
        return True
    return text.endswith(":") and not text.startswith(("-", "*", "$"))


def _make_item(number: int, raw: str) -> Item:
    """`depth` is 0 for an item without a bullet: each line is a thing of its own."""
    text = raw.strip()
    found = _BULLET.match(text)
    count = int(found[1]) if found and found[1] else None
    return Item(number, drop_marks(_BOX.sub("", text[found.end() :] if found else text)), 0, count)


def _add_block(blocks: list[Block], label: Line | None, items: Iterable[Item], fence: int) -> None:
    """A list if a label introduces it or there are at least two lines; else plain lines."""
    those = tuple(items)
    if label is not None and not those:
        blocks.append(Text((label,)))
    elif label is not None or len(those) >= LEAST:
        blocks.append(Listing(label.line if label else those[0].line, those, label, fence))
    elif those:
        blocks.append(Text(tuple(Line(each.line, each.text, fence) for each in those)))
