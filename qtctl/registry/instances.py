"""Ports and values of a template's instances: each has its own port, and each table is for a declared instance."""

from collections.abc import Iterator

from qtctl.dialects.nearest import Known
from qtctl.model.fields import INSTANCE, explain_bad_listen
from qtctl.model.instance_ports import find_instance_listen, find_listen_origin, map_instance_ports
from qtctl.model.origin import Origin
from qtctl.model.registry import External
from qtctl.model.service import RunKind, Service
from qtctl.rules.problem import Problem

OWN = 'put %i into it, such as "127.0.0.1:810%i", or give each its own: [instance.NAME.ports]'


def check_without_instances(node: Service | External, origin: Origin) -> Iterator[Problem]:
    """Keys that only a template can have, in a service or external that is not a template."""
    if isinstance(node, Service) and node.max_unavailable is not None:
        hint = "take it out, or declare instances"
        yield Problem("max_unavailable, and only a template has instances", origin.at("max_unavailable"), hint)
    for key, port in node.ports.items():
        if INSTANCE in port.listen:
            what = f"ports.{key}: %i in {port.listen}, and only a template has instances"
            yield Problem(what, origin.at("ports", key, "listen"), "write the port, or declare instances")


def check_instance_values(service: Service, specifiers: bool, origin: Origin) -> Iterator[Problem]:
    """Problems in the ports and in the tables of instances. `specifiers`: whether systemd replaces `%i`."""
    yield from _check_tables(service, origin)
    yield from _check_parts(service, origin)
    if service.ports and not service.instances:
        yield Problem("ports of a template without instances", origin.at("ports"), "declare the instances that listen")
    for key in service.ports:
        yield from _check_port(service, key, origin)
    yield from _check_uvicorn(service, origin)
    if not specifiers and any(own.env for own in service.instance.values()):
        what = "env of an instance, and specifiers = false: systemd would not find its env file by %i"
        yield Problem(what, origin.at("specifiers"), "take specifiers out")
    yield from _check_env_names(service, origin)


def _check_env_names(service: Service, origin: Origin) -> Iterator[Problem]:
    """systemd reads the name of an env file as a pattern, in which a backslash is not part of the name."""
    escaped = next((name for name in service.instances if "\\" in name), None)
    own = next((name for name, values in service.instance.items() if values.env), None)
    if escaped is not None and own is not None:
        what = f"env of an instance, and systemd would not find the env file of {escaped}: its name has a backslash"
        hint = "give it another name, or put what differs into dropins.toml"
        yield Problem(what, origin.at("instance", own, "env"), hint)


def _check_parts(service: Service, origin: Origin) -> Iterator[Problem]:
    count = len(service.instances)
    if isinstance(service.max_unavailable, int) and count and service.max_unavailable > count:
        what = f"max_unavailable is {service.max_unavailable}, and there are {count} instances"
        yield Problem(what, origin.at("max_unavailable"), 'a smaller number, or "100%" for all of them at once')


def _check_tables(service: Service, origin: Origin) -> Iterator[Problem]:
    """A port of an instance that its template does not have."""
    ports = Known(service.ports)
    for name, own in service.instance.items():
        for key in own.ports:
            if key not in service.ports:
                hint = ports.suggest(key) or f"declare it for all of them: [ports.{key}]"
                yield Problem(f"the service has no port {key}", origin.at("instance", name, "ports", key), hint)


def _check_port(service: Service, key: str, origin: Origin) -> Iterator[Problem]:
    """Problems of a port; each faulty line is reported once."""
    taken: dict[tuple[str, str, int], str] = {}
    reported = set()
    for instance in service.instances:
        where = find_listen_origin(origin, service, key, instance)
        listen = find_instance_listen(service, instance, key)
        if what := explain_bad_listen(listen):
            if where not in reported:
                reported.add(where)
                yield Problem(
                    f"ports.{key} of instance {instance}: {what}", where, "choose other names for the instances"
                )
            continue
        port = map_instance_ports(service, instance)[key]
        first = taken.setdefault((str(where), port.address, port.number), instance)
        if first != instance and where not in reported:
            reported.add(where)
            yield Problem(f"ports.{key}: instances {first} and {instance} would both listen on {listen}", where, OWN)


def _check_uvicorn(service: Service, origin: Origin) -> Iterator[Problem]:
    """One command line serves all instances: only their names can differ in it."""
    if service.run is None or service.run.kind is not RunKind.UVICORN:
        return
    for name, own in service.instance.items():
        if service.run.port in own.ports:
            what = f"uvicorn is given ports.{service.run.port} on the command line of all instances"
            yield Problem(
                what, origin.at("instance", name, "ports", service.run.port), 'make it of %i: "127.0.0.1:810%i"'
            )
