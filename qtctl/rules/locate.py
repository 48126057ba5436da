"""Where a directive of a rendered unit comes from: the registry, or a user's own template."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

from qtctl.dialects.lines import split_lines
from qtctl.dialects.systemd.unitfile import Line
from qtctl.errors import Place
from qtctl.model.desired import DesiredDropin
from qtctl.model.origin import Origin
from qtctl.model.service import Service
from qtctl.rules.view import Unit, View

Keys: TypeAlias = Mapping[str, tuple[str, ...]]
"""Directive → keys of a service's or timer's table."""

_STARTED = ("service",)
"""The key of a timer, socket or path that sets Unit=."""


def find_key_path(keys: Keys, directive: str) -> tuple[str, ...]:
    """() if no key sets it: a sandbox profile, or a user's own template."""
    return keys.get(directive, _STARTED if directive == "Unit" else ())


def find_origin(view: View, unit: Unit, key: str) -> Origin:
    """Where the registry sets the value of `key`: the service's own file, else the defaults, else the unit's."""
    declared = unit.declared.origin
    path = find_key_path(view.keys, key)
    node = _find_node(view, unit)
    hatch = _find_raw_path(node, key)
    if hatch:
        return declared.at(*hatch)
    if unit.service is None:
        return declared.at(*path) if path and _is_said(node, path) else declared
    return find_origin_at(view, view.registry.services[unit.service.name], declared, path or ("sandbox", "profile"))


def _find_node(view: View, unit: Unit) -> object:
    """The table of the registry that a unit is made from."""
    kind = "dropins" if isinstance(unit.declared, DesiredDropin) else f"{unit.name.rpartition('.')[2]}s"
    return getattr(view.registry, kind)[unit.subject]


def _find_raw_path(node: object, key: str) -> tuple[str, ...]:
    sections = getattr(node, "systemd", {})
    return next((("systemd", section, key) for section, said in sections.items() if key in said), ())


def find_origin_at(view: View, service: Service, declared: Origin, path: tuple[str, ...]) -> Origin:
    """`path` in the service's own file if set there, else in the defaults, else the file."""
    on = view.placed.host_values.get(declared, {}).get(path)
    if on is not None:
        return declared.at("on", on, *path)
    if _is_said(service, path):
        return declared.at(*path)
    if _is_said(view.registry.fleet.defaults, path):
        return Origin("fleet.toml", ("defaults", *path))
    return declared


def find_spot(view: View, unit: Unit, line: Line) -> Origin | Place:
    """Where to look for a rendered line: in the template if it has the line as it is, else where it was declared."""
    rows = _map_rows(view.templates.get(unit.template, ""))
    as_it_is = rows.get(_compact_row(f"{line.key}={line.value}"))
    if as_it_is is not None:
        return Place(unit.template, as_it_is)
    keyed = rows.get(f"{line.key}=")
    if keyed is not None and not find_key_path(view.keys, line.key):
        return Place(unit.template, keyed)
    return find_origin(view, unit, line.key)


@lru_cache(maxsize=16)
def _map_rows(text: str) -> Mapping[str, int]:
    """The number of the first such row: by the whole row without spaces, and by the KEY= that it begins with."""
    rows: dict[str, int] = {}
    for number, row in enumerate(split_lines(text), start=1):
        key, equals, _ = row.lstrip().partition("=")
        rows.setdefault(_compact_row(row), number)
        if equals:
            rows.setdefault(f"{key}=", number)
    return rows


def _compact_row(row: str) -> str:
    return row.strip().replace(" ", "")


def _is_said(node: object, path: tuple[str, ...]) -> bool:
    for key in path:
        node = getattr(node, key, None)
    return node is not None and node is not False and node != ()
