"""Two tags of a host whose defaults disagree, unless the host's own table decides."""

from collections.abc import Iterator
from itertools import combinations

from qtctl.dialects.endpoints import TAG_SIGN
from qtctl.dialects.toml.keys import write_key
from qtctl.model.host_values import list_leaves
from qtctl.model.placement import list_references
from qtctl.model.registry import Registry
from qtctl.rules.problem import Problem

_GUESSED = ("guessed",)
Path = tuple[str, ...]


def check_host_defaults(registry: Registry) -> Iterator[Problem]:
    """Each pair of values is reported once, with the first host that has both."""
    leaves = {
        name: {path: value for path, value in list_leaves(node) if path != _GUESSED and value is not None}
        for name, node in registry.host_defaults.items()
        if name.startswith(TAG_SIGN)
    }
    if len(leaves) < 2:  # noqa: PLR2004 - one alone agrees with itself
        return
    told: set[tuple[str, str, Path]] = set()
    for host, node in registry.hosts.items():
        tags = sorted(list_references(registry, host) & leaves.keys())
        differing = [
            (first, second, path)
            for first, second in combinations(tags, 2)
            for path in sorted(leaves[first].keys() & leaves[second].keys())
            if leaves[first][path] != leaves[second][path] and (first, second, path) not in told
        ]
        own = {path for path, _ in list_leaves(node)} - registry.defaulted[host].keys() if differing else set()
        for first, second, path in differing:
            if path in own:
                continue
            told.add((first, second, path))
            what = f"{write_key(path)}: {host} carries {first} and {second}, whose defaults disagree"
            origins = (registry.origins["host_defaults", each].at(*path) for each in (second, first))
            yield Problem(what, next(origins), f"make them agree, or say it for {host} itself", also=next(origins))
