"""How the rest of a long list is counted: the same words in every message and report."""

from collections.abc import Sequence


def join_some(names: Sequence[str], most: int) -> str:
    """a, b, c and 4 more: the first `most` names, and how many are left out."""
    return f"{', '.join(names[:most])}{add_more(len(names) - most)}"


def add_more(left: int) -> str:
    """` and 4 more`, to follow a name; nothing if none is left out."""
    return f" {count_more(left)}" if left > 0 else ""


def add_more_aside(left: int) -> str:
    """` (and 4 more)`, to follow a clause; nothing if none is left out."""
    return f" ({count_more(left)})" if left > 0 else ""


def count_more(left: int) -> str:
    """`and 4 more`, as a line or a cell."""
    return f"and {left} more"
