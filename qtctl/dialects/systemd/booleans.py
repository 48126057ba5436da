"""Booleans as systemd reads them (parse_boolean)."""

YES = frozenset(("1", "yes", "y", "true", "t", "on"))
NO = frozenset(("0", "no", "n", "false", "f", "off"))


def parse_boolean(text: str) -> bool | None:
    """None if it is not a boolean."""
    folded = text.lower()
    return True if folded in YES else False if folded in NO else None
