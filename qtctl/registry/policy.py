"""Checks that policy.toml only names existing findings and hosts."""

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from qtctl.dialects.endpoints import TAG_SIGN
from qtctl.model.origin import Origin
from qtctl.model.placement import Placement
from qtctl.model.policy import Policy
from qtctl.model.registry import Registry
from qtctl.rules.problem import Problem


def check_policy(declared: Policy, checks: Collection[str] | None = None) -> Iterator[Problem]:
    """`checks`: ids of the registry's own checks; None if they were not read."""
    if not declared.severities and not declared.waivers:
        return
    from qtctl.rules.catalogue import find_near_ids, list_ids  # noqa: PLC0415 - loads every rule; few registries change a severity

    named: list[tuple[str, tuple[str, ...]]] = [(id_, ("severities", id_)) for id_ in declared.severities]
    named += [(waiver.id, ("waivers", str(number), "id")) for number, waiver in enumerate(declared.waivers)]
    for id_, path in named:
        if id_ not in list_ids() and not _is_own(id_, checks):
            near = find_near_ids(id_, list_ids(), 1)
            hint = f"did you mean {near[0]}?" if near else "qtctl explain lists all"
            yield Problem(f"no finding has the id {id_[:200]}", Origin("policy.toml", path), hint)


def check_gate(registry: Registry) -> Iterator[Problem]:
    """Globs of the gate that match no host: a gate for hosts that do not exist would pass without checking any."""
    for number, glob in enumerate(registry.policy.gate.hosts):
        if registry.hosts and not _matches_any(registry, glob):
            hint = f"hosts.toml has {', '.join(sorted(registry.hosts)[:5])}"
            yield Problem(f"no host matches {glob}", Origin("policy.toml", ("gate", "hosts", str(number))), hint)


def _matches_any(registry: Registry, glob: str) -> bool:
    if glob.startswith(TAG_SIGN):
        return bool(Placement(registry).expand((glob,)))
    return any(fnmatchcase(host, glob) for host in registry.hosts)


def _is_own(id_: str, checks: Collection[str] | None) -> bool:
    return id_.startswith("QT9") if checks is None else id_ in checks
