"""Names of a registry → unit names of a host."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from qtctl.model.registry import Registry

SUFFIXES = (".service", ".target", ".timer", ".socket", ".path", ".slice", ".mount")


def unit_name(registry: Registry, kind: str, name: str) -> str:
    """The unit of a service, target, timer or external."""
    node = getattr(registry, kind)[name]
    if node.unit is not None:
        return str(node.unit)
    suffix = {"services": ".service", "targets": ".target", "timers": ".timer", "externals": ".service"}[kind]
    prefix = "" if kind == "externals" else registry.fleet.unit_prefix
    return f"{prefix}{name}{suffix}"


@dataclass(frozen=True, slots=True)
class Names:
    """Every name an [order] may use. `retired` ones lead nowhere any more."""

    units: tuple[tuple[str, str, str], ...]
    live: dict[str, str]
    retired: frozenset[str]
    patterns: tuple[str, ...]

    @classmethod
    def of(cls, registry: Registry) -> "Names":
        units, live, retired = [], {}, set()
        for kind in ("targets", "externals", "services", "timers"):
            for name, node in getattr(registry, kind).items():
                unit = unit_name(registry, kind, name)
                units.append((kind, name, unit))
                keys = {unit} if kind == "timers" else {name, unit, *getattr(node, "aliases", ())}
                if node.state == "retired":
                    retired |= keys
                else:
                    live.update(dict.fromkeys(keys, unit))
        return cls(tuple(units), live, frozenset(retired - live.keys()), registry.fleet.unit_patterns)

    def unit(self, name: str) -> str:
        """The whole unit name that `name` means. Call only where problem(name) is None."""
        return self.live.get(name, name)

    def problem(self, name: str) -> str | None:
        if name in self.live:
            return None
        if name in self.retired:
            return f"{name} is retired"
        if not name.endswith(SUFFIXES):
            return f"{name} is not declared"
        if any(fnmatchcase(name, pattern) for pattern in self.patterns):
            return f"{name} is not declared"
        return None
