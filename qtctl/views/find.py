"""Finds declared entries by name, unit or alias; suggests near names for an unknown one."""

from collections.abc import Iterator
from difflib import get_close_matches

from qtctl.errors import InputError
from qtctl.model.names import list_spoken_names
from qtctl.model.registry import Registry
from qtctl.model.unit_kinds import DECLARATIONS, UNIT_TABLES

Found = tuple[str, str]
"""Field of the Registry, and the name in it."""

KINDS = (*UNIT_TABLES, "dropins", "externals", "venvs", "users", "folders", "keys", "hosts")
WORDS = {
    **{each.table: str(each.kind) for each in DECLARATIONS},
    "dropins": "drop-in",
    "externals": "external",
    "venvs": "venv",
    "users": "user",
    "folders": "folder",
    "keys": "stream",
    "hosts": "host",
}
"""Field of the Registry → the word for one entry."""
UNITLESS = ("venvs", "users", "folders", "keys", "hosts")
"""Tables whose entries make no unit."""
NEAR = 3


def find(registry: Registry, name: str) -> tuple[Found, ...]:
    """All entries of that name, services first: a service and its timer may share one. InputError if there is none.

    A stream is also found by the part of its name after a colon, if no other entry has that name.
    """
    known = list(_list_names(registry))
    found = tuple(dict.fromkeys(thing for each, thing in known if each == name)) or _find_by_ending(registry, name)
    if found:
        return found
    near = get_close_matches(name, list(dict.fromkeys(each for each, _ in known)), n=NEAR)
    hint = f"did you mean {' or '.join(near)}?" if near else "qtctl list shows what is declared"
    raise InputError(f"nothing declared is called {name!r}", hint=hint)


def _list_names(registry: Registry) -> Iterator[tuple[str, Found]]:
    for kind in KINDS:
        for name in getattr(registry, kind):
            names = (name,) if kind in UNITLESS else list_spoken_names(registry, kind, name)
            yield from ((each, (kind, name)) for each in names)


def _find_by_ending(registry: Registry, name: str) -> tuple[Found, ...]:
    ends = [("keys", key) for key in registry.keys if key.endswith(f":{name}")]
    return tuple(ends) if len(ends) == 1 else ()
