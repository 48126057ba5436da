"""Which adopted units an error in the resulting registry is about."""

import re

from qtctl.adopt.adopt import Draft
from qtctl.adopt.tables import Made
from qtctl.errors import InputError, InputErrors, Unrendered

_TABLE = re.compile(r'\[+(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_-]+))')


def attribute_error(drafted: Draft, error: InputError) -> dict[str, str]:
    """Unit → what is wrong with it; empty if no error is about any of them."""
    errors = error.errors if isinstance(error, InputErrors) else (error,)
    found: dict[str, str] = {}
    for each in errors:
        why = each.why if isinstance(each, Unrendered) else each.what
        found.update(dict.fromkeys(_find_units(drafted, each), why))
    return found


def _find_units(drafted: Draft, error: InputError) -> tuple[str, ...]:
    """Units that could not be rendered; if the registry could not be loaded, the one whose table has the error."""
    if isinstance(error, Unrendered):
        named = tuple(made.original.unit for made in drafted.units if made.original.unit in error.units)
        if named:
            return named
    if error.place is None:
        return ()
    file, line = error.place.file, error.place.line
    entry = _find_entry(drafted.texts.get(file, ""), line) if line else ""
    return tuple(made.original.unit for made in drafted.units if _is_declared(made, file, entry))


def _is_declared(made: Made, file: str, entry: str) -> bool:
    return file == _build_path(made) and (made.kind == "services" or made.name == entry)


def _build_path(made: Made) -> str:
    return f"services/{made.name}.toml" if made.kind == "services" else f"{made.kind}.toml"


def _find_entry(text: str, line: int) -> str:
    """The table that contains a line, in a file of tables."""
    name = ""
    for row in text.split("\n")[:line]:
        match = _TABLE.match(row)
        if match:
            name = match[1] or match[2]
    return name
