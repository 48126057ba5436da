"""Values that a service has on some hosts only: `[on."@workers".limits]` → the service as one host has it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from qtctl.dialects.endpoints import TAG_SIGN
from qtctl.model.origin import Origin
from qtctl.model.placement import list_references

if TYPE_CHECKING:
    from qtctl.model.registry import Registry
    from qtctl.model.service import Service, ServiceValues

Path = tuple[str, ...]


def apply_host_values(registry: "Registry", host: str) -> "Registry":
    """The registry as it is for one host: the values of the host are in the services, before those of its tags.

    `host_values` of the result says from which table of `on` a value comes. The registry has been checked: no two tags
    of the host disagree. Without such values it is the registry itself.
    """
    named = list_references(registry, host)
    found = {name: keys for name, service in registry.services.items() if (keys := list_keys(service, named))}
    if not found:
        return registry
    services = dict(registry.services)
    origins: dict[Origin, dict[Path, str]] = {}
    for name, keys in found.items():
        for key in keys:
            values = registry.services[name].on[key]
            services[name] = merge_values(services[name], values)
            origins.setdefault(registry.origins["services", name], {}).update(
                (path, key) for path, _ in list_leaves(values)
            )
    return replace(registry, services=services, host_values=origins)


def list_keys(service: "Service", named: frozenset[str]) -> tuple[str, ...]:
    """The tables of `on` that apply to a host, the strongest last: tags by name, then the host's own.

    `named`: the ways in which the host can be named.
    """
    if not service.on:
        return ()
    return tuple(sorted(named & service.on.keys(), key=lambda key: (not key.startswith(TAG_SIGN), key)))


def merge_values(service: "Service", values: "ServiceValues") -> "Service":
    """The service with `values`: tables are merged key by key, anything else takes the place of the service's own."""
    update: dict[str, Any] = {
        key: _merge(getattr(service, key), getattr(values, key)) for key in values.model_fields_set
    }
    if "instances" in update:
        update["instances"] = service.instances[: values.instances]
    if "state" in update:
        # As for an instance: a service with a state of its own is enabled as any service with that state.
        update.setdefault("enabled", None)
    return service.model_copy(update=update)


def list_leaves(values: BaseModel) -> Iterator[tuple[Path, object]]:
    """Every value that is set, with the path that the service has it at."""
    yield from _list_leaves(values, ())


def list_instances(registry: "Registry", service: "Service", host: str) -> tuple[str, ...]:
    """The instances that the host has of a template."""
    counts = [service.on[key].instances for key in list_keys(service, list_references(registry, host))]
    return service.instances[: next((count for count in reversed(counts) if count is not None), None)]


def _list_leaves(node: BaseModel | Mapping[str, object], path: Path) -> Iterator[tuple[Path, object]]:
    pairs = node.items() if isinstance(node, Mapping) else ((key, getattr(node, key)) for key in node.model_fields_set)
    for key, value in pairs:
        if isinstance(value, BaseModel | Mapping):
            yield from _list_leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _merge(old: object, new: object) -> object:
    if isinstance(new, BaseModel) and isinstance(old, BaseModel):
        keys = new.model_fields_set
        return old.model_copy(update={key: _merge(getattr(old, key), getattr(new, key)) for key in keys})
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        return {**old, **new}
    return new
