"""Declared code that cannot be installed as declared."""

from collections.abc import Iterator

from qtctl.model.placement import Placement
from qtctl.model.registry import Registry
from qtctl.rules.problem import Problem


def check_code(registry: Registry) -> Iterator[Problem]:
    """Two pieces of code that claim the same folder on a host."""
    seen: dict[str, list[str]] = {}
    placement = Placement(registry)
    for name, each in registry.code.items():
        if each.state == "retired":
            continue
        path = each.path.rstrip("/")
        for other in seen.get(path, ()):
            if placement.expand(each.hosts) & placement.expand(registry.code[other].hosts):
                origin = registry.origins["code", name].at("path")
                yield Problem(f"{each.path} is declared by {other} too", origin, "a folder is one checkout")
        seen.setdefault(path, []).append(name)
