"""What a registry declares, counted."""

from collections import Counter
from collections.abc import Mapping

from qtctl.model.registry import External, KeyType, Registry, Service
from qtctl.registry.load import load


def lint(files: Mapping[str, bytes]) -> Registry:
    """The registry, or InputErrors with everything that is wrong with it."""
    return load(files)


def counts(registry: Registry) -> dict[str, int]:
    """How many of each kind are declared, in the order in which they are shown."""
    states = Counter(service.state.value for service in registry.services.values())
    live_keys = [key for key in registry.keys.values() if key.state == "active"]
    types = Counter("streams" if key.type is KeyType.STREAM else "keys" for key in live_keys)
    nodes: list[Service | External] = [*registry.services.values(), *registry.externals.values()]
    ports = [port for node in nodes if node.state != "retired" for port in node.ports.values()]
    return {
        "hosts": len(registry.hosts),
        "services": len(registry.services),
        **{f"services {state}": states[state] for state in ("running", "stopped", "on-timer", "retired")},
        "timers": len(_active(registry.timers)),
        "targets": len(_active(registry.targets)),
        "venvs": len(_active(registry.venvs)),
        "streams": types["streams"],
        "hashes and other keys": types["keys"],
        "ports": len(ports),
        "ports with a health URL": sum(port.health is not None for port in ports),
        "externals": len(_active(registry.externals)),
        "compose services with a disposition": sum(len(record.services) for record in registry.legacy),
    }


def _active(nodes: Mapping[str, object]) -> list[object]:
    return [node for node in nodes.values() if getattr(node, "state", None) != "retired"]
