"""Declared code → that of one host."""

from qtctl.model.desired_code import DesiredCode
from qtctl.model.placement import includes_host
from qtctl.model.registry import Registry


def resolve_code(registry: Registry, host: str) -> tuple[DesiredCode, ...]:
    return tuple(
        DesiredCode(name, each.path, each.repo or "", each.commit or "", registry.origins["code", name])
        for name, each in sorted(registry.code.items())
        if each.state == "present" and includes_host(registry, each.hosts, host)
    )
