"""Health URLs that cannot be requested, or can never be healthy."""

from collections.abc import Iterator, Mapping

from qtctl.model.origin import Origin
from qtctl.model.service import Health, Port
from qtctl.rules.problem import Problem


def check_health(ports: Mapping[str, Port], origin: Origin) -> Iterator[Problem]:
    for name, port in ports.items():
        if port.health is None:
            continue
        where = origin.at("ports", name, "health")
        if port.protocol != "tcp":
            yield Problem(f"a health URL is asked over TCP, and the port is {port.protocol}", where, "remove health")
        yield from check_health_values(port.health, where)


def check_health_values(declared: Health, origin: Origin) -> Iterator[Problem]:
    for key in declared.values:
        if any(other.startswith(f"{key}.") for other in declared.values):
            yield Problem(f"{key} is a value and a table of further values", origin, "declare one of the two")
