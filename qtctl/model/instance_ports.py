"""Where each instance of a template listens: the template's ports with its name filled in, or its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.unit_name import is_template
from qtctl.model.fields import INSTANCE, explain_bad_listen
from qtctl.model.names import make_unit_name
from qtctl.model.origin import Origin
from qtctl.model.registry import External, Registry
from qtctl.model.service import Port, Service


def find_instance_listen(service: Service, instance: str, port: str) -> str:
    """Where `instance` listens for a port of its template, even if the result is not an address."""
    own = service.instance.get(instance)
    if own is not None and port in own.ports:
        return own.ports[port]
    return expand(service.ports[port].listen, f"x@{instance}.service")


def map_instance_ports(service: Service, instance: str) -> dict[str, Port]:
    """Its ports by name, without those where its name does not yield an address and port."""
    listens = {name: find_instance_listen(service, instance, name) for name in service.ports}
    return {
        name: service.ports[name].model_copy(update={"listen": listen})
        for name, listen in listens.items()
        if not explain_bad_listen(listen)
    }


def find_listen_origin(origin: Origin, service: Service | External, port: str, instance: str = "") -> Origin:
    """Where a port's address is written: in the table of its instance, or with the port."""
    own = service.instance.get(instance) if isinstance(service, Service) else None
    if own is not None and port in own.ports:
        return origin.at("instance", instance, "ports", port)
    return origin.at("ports", port, "listen")


@dataclass(frozen=True, slots=True)
class PortOf:
    """A port that a service, an instance (`worker@1`) or an external claims."""

    name: str
    key: str
    port: Port
    origin: Origin


def list_claimed_ports(registry: Registry, kind: str, name: str) -> Iterator[PortOf]:
    """The ports it claims; for a template those of its instances."""
    node: Service | External = getattr(registry, kind)[name]
    origin = registry.origins[kind, name]
    if not isinstance(node, Service) or not is_template(make_unit_name(registry, kind, name)):
        found = ((key, port) for key, port in node.ports.items() if INSTANCE not in port.listen)
        yield from (PortOf(name, key, port, find_listen_origin(origin, node, key)) for key, port in found)
        return
    for instance in node.instances:
        for key, port in map_instance_ports(node, instance).items():
            where = find_listen_origin(origin, node, key, instance)
            yield PortOf(f"{name.removesuffix('@')}@{instance}", key, port, where)
