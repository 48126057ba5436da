"""Values as they are written for readers, in pages, tables and messages."""

from collections.abc import Sequence

from qtctl.dialects.wording import add_more
from qtctl.model.json import Json

NONE = "—"
UNKNOWN = "unknown"


def format_json(value: Json) -> str:
    """A value of a check: keys before their values, lists with commas."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {format_json(inner)}" for key, inner in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(format_json(inner) for inner in value) or "none"
    return str(value)


def add_hint(what: str, hint: str) -> str:
    return f"{what} ({hint})" if hint else what


def format_count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def count_holding(holds: int, total: int) -> str:
    """3 of 13 checks hold, 1 of 1 check holds."""
    return f"{holds} of {format_count(total, 'check')} {'holds' if total == 1 else 'hold'}"


def fold_names(names: Sequence[str], most: int = 3) -> str:
    """All names if there are few, else the first two: web-1, web-2 … and 37 more."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{names[0]}, {names[1]} …{add_more(len(names) - 2)}"


def describe_unseen(number: int, user: str = "") -> str:
    """What to add to a verdict if root was not asked; '' if nothing is missing.

    `user`: the account that saw the rest.
    """
    if not number:
        return ""
    seen = f", as far as {user} can see" if user else ""
    return f"{seen}; {format_count(number, 'check needs', 'checks need')} --become"


def format_size(count: int) -> str:
    """Bytes by powers of 1024, one decimal."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:  # noqa: PLR2004 - the base
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def format_span(seconds: int) -> str:
    """The two largest units: 3d 4h, 2min 5s."""
    parts = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
