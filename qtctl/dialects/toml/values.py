"""Values as TOML writes them."""

import json
from collections.abc import Sequence

_WIDEST = 80
"""Columns after which a list is written on several lines, an item on each."""


def write_text(text: str) -> str:
    """A basic string: written like one of JSON."""
    return json.dumps(text, ensure_ascii=False)


def write_texts(key: str, texts: Sequence[str]) -> str:
    """`key = [...]`, on one line if it is short enough."""
    words = [*map(write_text, texts)]
    line = f"{key} = [{', '.join(words)}]"
    if len(line) <= _WIDEST:
        return line
    return "\n".join((f"{key} = [", *(f"    {word}," for word in words), "]"))
