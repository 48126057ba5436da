"""Which adopted units an error of the registry that was made of them is about."""

import re
from collections.abc import Iterator

from qtctl.adopt.adopt import Draft
from qtctl.adopt.tables import Made
from qtctl.errors import InputError, InputErrors

_TABLE = re.compile(r'\[+(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_-]+))')


def blamed(drafted: Draft, error: InputError) -> dict[str, str]:
    """Unit → what is wrong with it; empty where an error is about none of them."""
    errors = error.errors if isinstance(error, InputErrors) else (error,)
    found: dict[str, str] = {}
    for each in errors:
        units = tuple(_units(drafted, each))
        if not units:
            return {}
        found.update(dict.fromkeys(units, each.what.rpartition("cannot be used: ")[2]))
    return found


def _units(drafted: Draft, error: InputError) -> Iterator[str]:
    if error.place is None:
        return
    entry = _entry(drafted.texts.get(error.place.file, ""), error.place.line or 1)
    for made in drafted.units:
        if _named(made.original.unit, error) or _declared(made, error.place.file, entry):
            yield made.original.unit


def _named(unit: str, error: InputError) -> bool:
    file = error.place.file if error.place else ""
    return file.startswith((f"{unit} from ", f"{unit}:")) or f"{unit}: " in error.what


def _declared(made: Made, file: str, entry: str) -> bool:
    return file == _path(made) and (made.kind == "services" or made.name == entry)


def _path(made: Made) -> str:
    return f"services/{made.name}.toml" if made.kind == "services" else f"{made.kind}.toml"


def _entry(text: str, line: int) -> str:
    """The table of a file of tables in which a line stands."""
    name = ""
    for row in text.split("\n")[:line]:
        match = _TABLE.match(row)
        if match:
            name = match[1] or match[2]
    return name
