"""What is declared, one row each: the rows of `qtctl list`."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

from qtctl.dialects.systemd.unit_name import is_template
from qtctl.errors import InputError
from qtctl.meaning.socket_ports import list_sockets
from qtctl.model.instance_ports import list_claimed_ports
from qtctl.model.names import Names, list_units, make_unit_name
from qtctl.model.registry import External, Registry
from qtctl.model.service import Service
from qtctl.model.unit_kinds import OTHER_UNIT_TABLES
from qtctl.model.units import Timer
from qtctl.reports.blocks import Blocks, Code, Table, Text, Title
from qtctl.reports.document import Part
from qtctl.views.choices import Kind, State
from qtctl.views.find import WORDS
from qtctl.views.rows import (
    ExternalRow,
    FolderRow,
    HostRow,
    PortRow,
    Row,
    ServiceRow,
    StreamRow,
    TargetRow,
    TimerRow,
    UnitRow,
    UserRow,
    VenvRow,
)

STATES: dict[Kind, tuple[State, ...]] = {
    Kind.HOSTS: (State.PRESENT,),
    Kind.SERVICES: (State.RUNNING, State.STOPPED, State.ON_TIMER, State.ON_DEMAND, State.RETIRED),
    Kind.TIMERS: (State.ACTIVE, State.STOPPED, State.ON_DEMAND, State.RETIRED),
    Kind.TARGETS: (State.ACTIVE, State.STOPPED, State.ON_DEMAND, State.RETIRED),
    Kind.UNITS: (State.ACTIVE, State.STOPPED, State.ON_DEMAND, State.RETIRED),
    Kind.VENVS: (State.PRESENT, State.RETIRED),
    Kind.USERS: (State.PRESENT, State.RETIRED),
    Kind.FOLDERS: (State.PRESENT, State.RETIRED),
    Kind.STREAMS: (State.ACTIVE, State.RETIRED),
    Kind.PORTS: (State.RUNNING, State.ACTIVE, State.STOPPED, State.ON_TIMER, State.ON_DEMAND, State.RETIRED),
    Kind.EXTERNALS: (State.RUNNING, State.STOPPED, State.RETIRED),
}
"""The states that each kind can be declared in; a port has the state of what listens on it."""


class Listing(Part):
    """Rows are sorted by name, ports by number."""

    schema_version: Literal[1] = 1
    fleet: str
    kind: Kind
    state: State | None
    """Only entries declared in this state are listed; null: all."""
    rows: tuple[Row, ...]


def make_listing(registry: Registry, kind: Kind, state: State | None = None) -> Listing:
    """InputError if nothing of that kind can be in that state."""
    if state is not None and state not in STATES[kind]:
        hint = f"{kind} are {', '.join(STATES[kind])}"
        raise InputError(f"no {kind} can be {state}", hint=hint)
    rows = tuple(row for row in ROWS[kind](registry) if state is None or row.state == state)
    return Listing(fleet=registry.fleet.name, kind=kind, state=state, rows=rows)


def list_columns(found: Listing) -> tuple[str, ...]:
    """The columns of a table. `instances` and `tags` are columns only if something has some."""
    named = (name for name in ROW_OF[found.kind].model_fields if name != "kind")
    return tuple(name for name in named if name not in _RARE or any(getattr(row, name) for row in found.rows))


_RARE = ("instances", "tags")


def format_cells(found: Listing, row: Row) -> tuple[str, ...]:
    """The values of `list_columns`, as text."""
    values = (getattr(row, name) for name in list_columns(found))
    return tuple(", ".join(value) if isinstance(value, tuple) else str(value) for value in values)


def make_page(found: Listing) -> Blocks:
    heads = list_columns(found)
    rows = tuple(tuple(map(_format_cell, heads, format_cells(found, row))) for row in found.rows)
    return (Title(write_title(found)), Table(heads, rows))


def make_screen(found: Listing) -> Blocks:
    return (Table(list_columns(found), tuple(format_cells(found, row) for row in found.rows), write_title(found)),)


def _format_cell(column: str, value: str) -> Text:
    return value if column == "summary" else Code(value)


def write_title(found: Listing) -> str:
    state = f" that are {found.state}" if found.state else ""
    kind = str(found.kind) if len(found.rows) != 1 else found.kind.removesuffix("s")
    return f"{found.fleet}: {len(found.rows)} {kind}{state}"


def _list_hosts(registry: Registry) -> Iterator[HostRow]:
    for name, host in sorted(registry.hosts.items()):
        yield HostRow(
            name=name,
            address=host.address,
            ssh_port=host.ssh_port,
            audit_user=host.audit_user,
            deploy_user=host.deploy_user,
            memory=host.memory,
            cpus=host.cpus,
            systemd=host.systemd,
            tags=host.tags,
            summary=host.summary,
        )


def _list_services(registry: Registry) -> Iterator[ServiceRow]:
    for name, service in sorted(registry.services.items()):
        yield ServiceRow(
            name=name,
            unit=make_unit_name(registry, "services", name),
            state=service.state.value,
            instances=_list_instances(registry, "services", name),
            target=service.target or "",
            ports=_list_addresses(service),
            venv=service.run.venv or "" if service.run else "",
            summary=service.summary,
        )


def _list_instances(registry: Registry, kind: str, name: str) -> tuple[str, ...]:
    return list_units(registry, kind, name) if is_template(make_unit_name(registry, kind, name)) else ()


def _list_timers(registry: Registry) -> Iterator[TimerRow]:
    for name, timer in sorted(registry.timers.items()):
        yield TimerRow(
            name=name,
            unit=make_unit_name(registry, "timers", name),
            state=timer.state,
            instances=_list_instances(registry, "timers", name),
            service=timer.service,
            schedule=tuple(_describe_schedule(timer)),
            summary=timer.summary,
        )


def _describe_schedule(timer: Timer) -> Iterator[str]:
    yield from timer.on_calendar
    if timer.on_boot:
        yield f"{timer.on_boot} after boot"
    if timer.on_unit_active:
        yield f"every {timer.on_unit_active}"


def _list_targets(registry: Registry) -> Iterator[TargetRow]:
    for name, target in sorted(registry.targets.items()):
        yield TargetRow(
            name=name,
            unit=make_unit_name(registry, "targets", name),
            state=target.state,
            within=target.within or "",
            services=_find_services(registry, partial(_is_within, name)),
            summary=target.summary,
        )


def _list_units(registry: Registry) -> Iterator[UnitRow]:
    for kind in (*OTHER_UNIT_TABLES, "dropins"):
        for name, node in sorted(getattr(registry, kind).items()):
            yield UnitRow(
                name=name,
                unit=make_unit_name(registry, kind, name),
                type=WORDS[kind],
                state=node.state,
                instances=_list_instances(registry, kind, name) if kind != "dropins" else (),
                starts=getattr(node, "service", None) or "",
                summary=node.summary,
            )


def _list_venvs(registry: Registry) -> Iterator[VenvRow]:
    for name, venv in sorted(registry.venvs.items()):
        yield VenvRow(
            name=name,
            path=venv.path,
            state=venv.state,
            services=_find_services(registry, partial(_runs_from, name)),
            summary=venv.summary,
        )


def _list_users(registry: Registry) -> Iterator[UserRow]:
    for name, user in sorted(registry.users.items()):
        yield UserRow(
            name=name,
            state=user.state,
            group=user.group or "",
            groups=user.groups,
            home=user.home or "",
            shell=user.shell or "",
            summary=user.summary,
        )


def _list_folders(registry: Registry) -> Iterator[FolderRow]:
    for path, folder in sorted(registry.folders.items()):
        owner = f"{folder.user}:{folder.group}" if folder.group else folder.user
        yield FolderRow(path=path, state=folder.state, mode=folder.mode, owner=owner, summary=folder.summary)


def _list_streams(registry: Registry) -> Iterator[StreamRow]:
    for name, key in sorted(registry.keys.items()):
        yield StreamRow(
            name=name,
            type=key.type.value,
            state=key.state,
            store=key.store,
            writers=_find_services(registry, partial(_is_writer, name)),
            readers=_find_services(registry, partial(_is_reader, name)),
            summary=key.summary,
        )


def _list_ports(registry: Registry) -> Iterator[PortRow]:
    rows = sorted((*_list_own_ports(registry), *_list_socket_ports(registry)), key=lambda each: each[0])
    yield from (row for _, row in rows)


_Place = tuple[int, str, str, str]


def _list_own_ports(registry: Registry) -> Iterator[tuple[_Place, PortRow]]:
    """For a template those of its instances."""
    for kind in ("services", "externals"):
        for name, node in getattr(registry, kind).items():
            for each in list_claimed_ports(registry, kind, name):
                port = each.port
                row = PortRow(
                    name=f"{each.name}.{each.key}",
                    listen=port.listen,
                    protocol=port.protocol,
                    state=str(node.state),
                    health=port.health.path if port.health else "",
                    summary=port.summary or node.summary,
                )
                yield (port.number, port.listen, each.name, each.key), row


def _list_socket_ports(registry: Registry) -> Iterator[tuple[_Place, PortRow]]:
    """What systemd listens on for a service. For a template those of its instances."""
    names = Names.of(registry)
    found = ((node, each) for name, node in registry.sockets.items() for each in list_sockets(registry, names, name))
    for node, socket in found:
        for port in socket.ports:
            row = PortRow(
                name=f"{socket.name}.{port.name}",
                listen=f"{port.address}:{port.port}",
                protocol=port.protocol,
                state=node.state,
                health="",
                summary=node.summary,
            )
            yield (port.port, row.listen, socket.name, port.name), row


def _list_externals(registry: Registry) -> Iterator[ExternalRow]:
    for name, external in sorted(registry.externals.items()):
        yield ExternalRow(
            name=name,
            unit=make_unit_name(registry, "externals", name),
            state=external.state,
            ports=_list_addresses(external),
            aliases=external.aliases,
            summary=external.summary,
        )


def _list_addresses(node: Service | External) -> tuple[str, ...]:
    return tuple(port.listen for _, port in sorted(node.ports.items()))


def _find_services(registry: Registry, holds: Callable[[Service], bool]) -> tuple[str, ...]:
    """The services that match and are not retired."""
    live = ((name, service) for name, service in registry.services.items() if service.state != "retired")
    return tuple(sorted(name for name, service in live if holds(service)))


def _is_within(target: str, service: Service) -> bool:
    return service.target == target


def _runs_from(venv: str, service: Service) -> bool:
    return service.run is not None and service.run.venv == venv


def _is_writer(key: str, service: Service) -> bool:
    return key in service.streams.list_written()


def _is_reader(key: str, service: Service) -> bool:
    return key in service.streams.list_read()


ROWS: dict[Kind, Callable[[Registry], Iterator[Row]]] = {
    Kind.HOSTS: _list_hosts,
    Kind.SERVICES: _list_services,
    Kind.TIMERS: _list_timers,
    Kind.TARGETS: _list_targets,
    Kind.UNITS: _list_units,
    Kind.VENVS: _list_venvs,
    Kind.USERS: _list_users,
    Kind.FOLDERS: _list_folders,
    Kind.STREAMS: _list_streams,
    Kind.PORTS: _list_ports,
    Kind.EXTERNALS: _list_externals,
}
ROW_OF: dict[Kind, type[Part]] = {
    Kind.HOSTS: HostRow,
    Kind.SERVICES: ServiceRow,
    Kind.TIMERS: TimerRow,
    Kind.TARGETS: TargetRow,
    Kind.UNITS: UnitRow,
    Kind.VENVS: VenvRow,
    Kind.USERS: UserRow,
    Kind.FOLDERS: FolderRow,
    Kind.STREAMS: StreamRow,
    Kind.PORTS: PortRow,
    Kind.EXTERNALS: ExternalRow,
}
