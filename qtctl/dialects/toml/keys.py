"""Keys and texts as TOML writes them."""

import json
import re
from collections.abc import Sequence

Step = str | int
"""A key, or an index in a list."""
MOST_SHOWN = 60
"""Characters of a value in a message."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_key(path: Sequence[Step]) -> str:
    """A path as TOML writes it: `streams.consumes."s:tick".max_lag`, `run.argv[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _BARE.fullmatch(step) else quote(step))
    return text


def quote(text: str) -> str:
    """As TOML writes it, shortened if it is long."""
    shown = text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
    return json.dumps(shown, ensure_ascii=not shown.isprintable())
