"""Names of a registry → unit names of a host."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from qtctl.dialects.systemd.unit_name import (
    TYPES,
    escape_path,
    get_prefix,
    is_template,
    is_valid,
    name_instance,
    strip_type,
)
from qtctl.model.unit_kinds import DECLARATIONS, DECLARED_IN, STARTS_NAMESAKE, UNIT_TABLES, UnitKind

if TYPE_CHECKING:
    from qtctl.model.registry import Registry

UNIT_DIR = "/etc/systemd/system"
"""Where generated units go: systemd reads it before the folders of packages."""
BEFORE_UNIT_DIR = (
    "/etc/systemd/system.control/", "/run/systemd/system.control/", "/run/systemd/transient/",
    "/run/systemd/generator.early/",
)  # fmt: skip
"""Folders that systemd reads before UNIT_DIR (systemd.unit(5))."""
DROP_IN_DIRS = ("/etc/systemd/system.control", "/run/systemd/system.control", UNIT_DIR, "/run/systemd/system")
"""Folders of operators' drop-ins; of two with the same name systemd reads the one in the earlier folder."""
ENDINGS = tuple(f".{type_}" for type_ in TYPES)
"""Endings of unit names."""


def make_unit_name(registry: "Registry", kind: str, name: str) -> str:
    """The unit of a declared thing; the template if it has instances."""
    node = getattr(registry, kind)[name]
    if node.unit is not None:
        return str(node.unit)
    declared = DECLARED_IN.get(kind)
    suffix = declared.kind.suffix if declared else UnitKind.SERVICE.suffix
    path = str(getattr(node, declared.path_key)) if declared and declared.path_key else ""
    if path.startswith("/"):
        return f"{escape_path(path)}{suffix}"
    prefix = "" if kind == "externals" else registry.fleet.unit_prefix
    at = "@" if getattr(node, "instances", ()) and not name.endswith("@") else ""
    return f"{prefix}{name}{at}{suffix}"


def list_units(registry: "Registry", kind: str, name: str) -> tuple[str, ...]:
    """The units that a host can have for it: the instances of a template."""
    unit = make_unit_name(registry, kind, name)
    if not is_template(unit):
        return (unit,)
    return tuple(name_instance(unit, each) for each in getattr(getattr(registry, kind)[name], "instances", ()))


def list_spoken_names(registry: "Registry", kind: str, name: str) -> tuple[str, ...]:
    """Every name for a declared unit: `wk@`, `wk`, `wk@1`, each also as a whole unit name; aliases."""
    unit = make_unit_name(registry, kind, name)
    suffix = f".{UnitKind.of(unit)}"
    aliases = getattr(getattr(registry, kind)[name], "aliases", ())
    if kind == "dropins":
        return (name, unit)
    if not is_template(unit):
        return tuple(dict.fromkeys((name, unit, *((name + suffix,) if not name.endswith(suffix) else ()), *aliases)))
    short = name.removesuffix("@")
    own = [f"{short}@{each}" for each in getattr(getattr(registry, kind)[name], "instances", ())]
    named = (name, short, f"{short}@", *own)
    return tuple(
        dict.fromkeys((*named, unit, *list_units(registry, kind, name), *(f"{each}{suffix}" for each in named)))
    )


def find_started(registry: "Registry", names: "Names", kind: str, name: str) -> str:
    """The namesake that a timer, socket, path or automount starts if it names no unit; else ''."""
    named = getattr(getattr(registry, kind)[name], "service", None)
    if named:
        return names.get_started(named)
    unit = make_unit_name(registry, kind, name)
    namesake = STARTS_NAMESAKE.get(UnitKind.of(unit))
    if getattr(getattr(registry, kind)[name], "accept", None):
        return f"{get_prefix(unit)}@.{namesake}"
    return f"{strip_type(unit)}.{namesake}" if namesake else ""


def list_starters(registry: "Registry", kind: str, name: str) -> tuple[tuple[str, str], ...]:
    """(table, name) of everything that starts a declared unit or an instance of it, including retired ones."""
    names = Names.of(registry)
    mine = {make_unit_name(registry, kind, name), *list_units(registry, kind, name)}
    starting = (each.table for each in DECLARATIONS if each.kind in STARTS_NAMESAKE)
    return tuple(
        (table, each)
        for table in starting
        for each in sorted(getattr(registry, table))
        if find_started(registry, names, table, each) in mine
    )


def find_slice(registry: "Registry", name: str) -> str:
    """The unit of a slice, from its name in the registry or as it is."""
    return make_unit_name(registry, "slices", name) if name in registry.slices else name


def names_unit(name: str) -> bool:
    """Whether it is a whole unit name, perhaps with specifiers for systemd to replace."""
    return is_valid(name.replace("%", "x"))


@dataclass(frozen=True, slots=True)
class Names:
    """Every name that an [order] may use. `retired`: names of units that no longer exist."""

    units: tuple[tuple[str, str, str], ...]
    live: dict[str, str]
    retired: frozenset[str]
    patterns: tuple[str, ...]
    services: dict[str, str]
    """Short name → unit; for a template the template's."""
    pools: dict[str, tuple[str, ...]]
    """Short name of a service template, with or without its `@` → the units of its instances."""

    @classmethod
    def of(cls, registry: "Registry") -> "Names":
        units: list[tuple[str, str, str]] = []
        live: dict[str, str] = {}
        retired: set[str] = set()
        for kind in (*(table for table in UNIT_TABLES if table != "services"), "externals", "services"):
            for name, node in getattr(registry, kind).items():
                units.append((kind, name, make_unit_name(registry, kind, name)))
                keys = _map_names(registry, kind, name)
                if node.state == "retired":
                    retired |= keys.keys()
                else:
                    live.update(keys)
        gone = frozenset(retired - live.keys())
        services = {name: unit for kind, name, unit in units if kind == "services"}
        pools = {short: found for name in services for short, found in _list_pools(registry, name, live)}
        return cls(tuple(units), live, gone, registry.fleet.unit_patterns, services, pools)

    def get_unit(self, name: str) -> str:
        """The whole unit name that `name` means. Call only where problem(name) is None."""
        return self.live.get(name, name)

    def all_units(self, name: str) -> tuple[str, ...]:
        """As `unit`; for a template named without an instance, all its instances."""
        return self.pools.get(name) or (self.get_unit(name),)

    def get_started(self, name: str) -> str:
        """The unit that a timer, socket or path starts. Templates may be named here; their instance follows."""
        return self.services.get(name) or self.get_unit(name)

    def find_problem(self, name: str) -> str | None:
        if name in self.live or name in self.pools:
            return None
        if name in self.retired:
            return f"{name} is retired"
        if not name.endswith(ENDINGS):
            return f"{name} is not declared"
        if not names_unit(name):
            return f"{name[:200]!r} is not a valid unit name"
        if "%" not in name and any(fnmatchcase(name, pattern) for pattern in self.patterns):
            return f"{name} is not declared"
        return None


def _list_pools(registry: "Registry", name: str, live: dict[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For a live template with instances. A short name that belongs to something else is left to it."""
    found = list_units(registry, "services", name)
    if registry.services[name].state != "retired" and found and is_template(make_unit_name(registry, "services", name)):
        short = name.removesuffix("@")
        yield from ((each, found) for each in (short, f"{short}@") if each not in live)


def _map_names(registry: "Registry", kind: str, name: str) -> dict[str, str]:
    """The names of a declared thing → its unit. Services, targets and externals also have short names."""
    unit = make_unit_name(registry, kind, name)
    node = getattr(registry, kind)[name]
    if is_template(unit):
        short = name.removesuffix("@")
        named = {f"{short}@{each}": name_instance(unit, each) for each in getattr(node, "instances", ())}
        return {unit: unit, **named, **{whole: whole for whole in named.values()}}
    install = getattr(node, "install", None)
    own = (alias for alias in (install.alias if install else ()) if "%" not in alias)
    found = {unit: unit, **dict.fromkeys(getattr(node, "aliases", ()), unit), **{alias: alias for alias in own}}
    return found if kind in DECLARED_IN and DECLARED_IN[kind].whole_name else {**found, name: unit}
