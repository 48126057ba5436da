"""What the stand-in program of each unit does on a lab host, and who feeds the streams that no service feeds."""

import json
from collections.abc import Iterable
from typing import Any

from qtctl.model.desired import Desired, DesiredKey, DesiredService
from qtctl.model.desired_store import DesiredStore
from qtctl.model.desired_unit import Listener
from qtctl.model.states import KeyType, ServiceState
from qtctl.model.tree import StandIn, TreeFile

SPECS_PATH = "/etc/qtctl-lab/standins.json"
FEEDER = "qtctl-lab-feeder"
DEFAULT_REDIS = ("127.0.0.1", 6379)


def make_stand_ins(desired: Desired) -> tuple[StandIn, ...]:
    """One for each service, each external with ports, and the lab's own feeders. Sorted by unit."""
    services = [_make_stand_in(desired, service) for service in desired.services]
    externals = [
        StandIn(
            external.unit,
            listen=_list_tcp(external.ports),
            udp=_list_udp(external.ports),
            bodies=_list_bodies(external.ports),
        )
        for external in desired.externals
        if external.running and external.unit not in {store.unit for store in desired.stores}
    ]
    feeders = [_make_feeder(desired, store, number) for number, store in enumerate(desired.stores)]
    return tuple(sorted((*services, *externals, *feeders), key=lambda each: each.unit))


def make_specs_file(found: Iterable[StandIn]) -> TreeFile:
    """The document that the stand-in program reads: what each unit does."""
    specs = {
        each.unit: {
            "listen": [list(row) for row in each.listen],
            "udp": [list(row) for row in each.udp],
            "publishes": list(each.publishes),
            "consumes": [list(row) for row in each.consumes],
            "writes": [list(row) for row in each.writes],
            "oneshot": each.oneshot,
            "redis": list(each.redis),
            "forks": each.forks,
            "pid_file": each.pid_file,
            **({"bodies": dict(each.bodies)} if each.bodies else {}),
        }
        for each in found
    }
    return TreeFile(SPECS_PATH, (json.dumps(specs, indent=1, sort_keys=True) + "\n").encode())


def list_feeder_units(desired: Desired) -> tuple[str, ...]:
    """The lab's own publishers and consumers, one per store."""
    return tuple(_name_feeder_unit(store, number) for number, store in enumerate(desired.stores))


def is_lasting(service: DesiredService) -> bool:
    """Whether its process keeps running, so that it always publishes and consumes."""
    return service.state is ServiceState.RUNNING and service.type != "oneshot"


def _make_stand_in(desired: Desired, service: DesiredService) -> StandIn:
    types = {key.name: key.type for key in desired.keys}
    written = [name for name in (*service.publishes, *service.writes) if name in types]
    return StandIn(
        unit=service.unit,
        listen=_put_uvicorn_first(service, _list_tcp(service.ports)),
        publishes=tuple(sorted({name for name in written if types[name] is KeyType.STREAM})),
        consumes=tuple(sorted({(each.stream, each.group) for each in service.consumes})),
        writes=tuple(sorted({(name, types[name].value) for name in written if types[name] is not KeyType.STREAM})),
        oneshot=service.type == "oneshot",
        udp=_list_udp(service.ports),
        redis=_find_redis_address(desired, service.store),
        forks=service.type == "forking",
        pid_file=dict(service.settings).get("PIDFile", ""),
        bodies=_list_bodies(service.ports),
    )


def _put_uvicorn_first(
    service: DesiredService, rows: tuple[tuple[str, int, str, int], ...]
) -> tuple[tuple[str, int, str, int], ...]:
    """The port on uvicorn's command line goes first: the program takes it from there."""
    if "--port" not in service.argv:
        return rows
    port = service.argv[service.argv.index("--port") + 1 :][:1]
    return tuple(sorted(rows, key=lambda row: (str(row[1]),) != port))


def _make_feeder(desired: Desired, store: DesiredStore, number: int) -> StandIn:
    keys = [key for key in desired.keys if key.store == store.name]
    alone = [key for key in keys if not _is_written(desired, key)]
    groups = {
        (each.stream, each.group)
        for service in desired.services
        if not is_lasting(service)
        for each in service.consumes
        if each.store == store.name
    }
    return StandIn(
        unit=_name_feeder_unit(store, number),
        publishes=tuple(sorted(key.name for key in alone if key.type is KeyType.STREAM)),
        consumes=tuple(sorted(groups - _list_consumed(desired))),
        writes=tuple(sorted((key.name, key.type.value) for key in alone if key.type is not KeyType.STREAM)),
        redis=_find_redis_address(desired, store.name),
    )


def _is_written(desired: Desired, key: DesiredKey) -> bool:
    return any(key.name in (*service.publishes, *service.writes) for service in desired.services if is_lasting(service))


def _list_consumed(desired: Desired) -> set[tuple[str, str]]:
    return {
        (each.stream, each.group) for service in desired.services if is_lasting(service) for each in service.consumes
    }


def _name_feeder_unit(store: DesiredStore, number: int) -> str:
    return f"{FEEDER}.service" if number == 0 else f"{FEEDER}-{store.name}.service"


def _find_redis_address(desired: Desired, name: str) -> tuple[str, int]:
    found = next((store for store in desired.stores if store.name == name), None)
    return DEFAULT_REDIS if found is None or found.socket else (found.address, found.port)


def _list_tcp(ports: Iterable[Listener]) -> tuple[tuple[str, int, str, int], ...]:
    return tuple((p.address, p.port, p.health_path, p.health_status) for p in ports if p.protocol == "tcp")


def _list_bodies(ports: Iterable[Listener]) -> tuple[tuple[str, str], ...]:
    """What each health URL answers if a text or JSON values are declared: an answer that fits the declaration."""
    asked = (port for port in ports if port.health_text or port.health_values)
    return tuple((port.health_path, _make_body(port)) for port in asked)


def _make_body(port: Listener) -> str:
    if not port.health_values:
        return f"{port.health_text}\n"
    document: dict[str, Any] = {}
    for key, value in port.health_values:
        *folders, last = key.split(".")
        table = document
        for folder in folders:
            table = table.setdefault(folder, {})
        table[last] = value
    text = json.dumps(document)
    return text if port.health_text in text else json.dumps({**document, "text": port.health_text})


def _list_udp(ports: Iterable[Listener]) -> tuple[tuple[str, int], ...]:
    return tuple((p.address, p.port) for p in ports if p.protocol == "udp")
