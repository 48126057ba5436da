"""One declared entry in full: its values and their sources, what uses it, and the units made from it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from pydantic import WithJsonSchema

from qtctl.dialects.arguments import mask_arguments, mask_lines
from qtctl.dialects.systemd.unit_name import is_template
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_file import DesiredFile
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.host_values import apply_host_values
from qtctl.model.names import Names, find_started, list_starters, list_units, make_unit_name
from qtctl.model.origin import Origin
from qtctl.model.placement import Placement, includes_host
from qtctl.model.registry import Registry
from qtctl.model.relations import Order
from qtctl.model.service import Service
from qtctl.model.unit_kinds import OTHER_UNIT_TABLES, UNIT_TABLES
from qtctl.reports.document import Part
from qtctl.views.find import UNITLESS, WORDS, Found
from qtctl.views.values import Places, Value, list_values

Does = Literal["publishes", "consumes", "writes", "reads"]
WRITING: tuple[Does, ...] = ("publishes", "writes")
READING: tuple[Does, ...] = ("consumes", "reads")


class Wire(Part):
    """What a service does with a stream or another key. `others`: the services at the other end."""

    service: str
    does: Does
    stream: str
    group: str
    others: tuple[str, ...]
    origin: str


class File(Part):
    """A generated file. `text`: null for env files, whose contents are shown as values."""

    path: str
    text: str | None


class Thing(Part):
    """`unit`: empty if it has none. `host`: empty if no host has it. `argv`: for services, before any quoting.

    `instances`: for a template, the units made from it. `template`: for an instance, the unit whose file it uses.
    `starts`: the unit that a socket, path or automount starts.
    """

    kind: Annotated[str, WithJsonSchema({"enum": list(WORDS.values()), "title": "Kind", "type": "string"})]
    name: str
    summary: str
    state: str
    unit: str
    host: str
    origin: str
    argv: tuple[str, ...]
    values: tuple[Value, ...]
    streams: tuple[Wire, ...]
    used_by: tuple[str, ...]
    instances: tuple[str, ...] = ()
    template: str = ""
    starts: str = ""
    files: tuple[File, ...]


class Shown(Part):
    """All entries of one name."""

    schema_version: Literal[1] = 1
    fleet: str
    name: str
    things: tuple[Thing, ...]


def find_home(registry: Registry, things: tuple[Found, ...]) -> str:
    """The first host of the first entry; if no host has it, or all do, the first host of the registry.

    Of a host, itself.
    """
    kind, name = things[0]
    if kind == "hosts":
        return name
    named: tuple[str, ...] = getattr(getattr(registry, kind)[name], "hosts", ())
    placed = Placement(registry).expand(named)
    listed = (each for each in named if each in placed)
    return next(host for host in (*listed, *sorted(placed if named else ()), *registry.hosts))


def keep_only(registry: Registry, desired: Desired, things: tuple[Found, ...]) -> Desired:
    """`desired` with only the units that are shown: faster, and errors in other services do not matter."""
    wanted = set(_list_origins(registry, things))
    return replace(
        desired,
        services=tuple(each for each in desired.services if each.origin in wanted),
        timers=tuple(each for each in desired.timers if each.origin in wanted),
        targets=tuple(each for each in desired.targets if each.origin in wanted),
        other_units=tuple(each for each in desired.other_units if each.origin in wanted),
        templates=tuple(each for each in desired.templates if each.origin in wanted),
        dropins=tuple(each for each in desired.dropins if each.origin in wanted),
    )


def make_shown(
    registry: Registry, desired: Desired, files: Mapping[str, bytes], name: str, things: tuple[Found, ...]
) -> Shown:
    """`desired`: rendered, with at least the units that `keep_only` keeps."""
    places = Places(files)
    return Shown(
        fleet=registry.fleet.name,
        name=name,
        things=tuple(
            _replace_by_instance(_describe_thing(registry, desired, places, kind, each), desired, name)
            for kind, each in things
        ),
    )


def _list_origins(registry: Registry, things: tuple[Found, ...]) -> Iterator[Origin]:
    for kind, name in things:
        yield registry.origins[kind, name]
        if kind in UNIT_TABLES:
            yield from (registry.origins[starter] for starter in list_starters(registry, kind, name))


def _describe_thing(registry: Registry, desired: Desired, places: Places, kind: str, name: str) -> Thing:
    node = getattr(registry, kind)[name]
    origin = registry.origins[kind, name]
    wires = {"services": partial(_list_wires, of=name), "keys": partial(_list_wires, key=name)}
    service = _find_service(desired, name) if kind == "services" else None
    unit = "" if kind in UNITLESS else make_unit_name(registry, kind, name)
    placed = (name,) if kind == "hosts" else getattr(node, "hosts", ())
    here = includes_host(registry, placed, desired.host)
    state = str(getattr(node, "state", "present"))
    return Thing(
        kind=WORDS[kind],
        name=name,
        summary=node.summary,
        state=state,
        unit=unit,
        host=desired.host if here and state != "retired" else "",
        origin=str(places.of(origin)),
        argv=mask_arguments(service.argv) if service else (),
        values=list_values(apply_host_values(registry, desired.host), kind, name, places),
        streams=tuple(wires[kind](registry, places)) if kind in wires else (),
        used_by=tuple(_list_users(registry, kind, name)),
        instances=list_units(registry, kind, name) if is_template(unit) else (),
        starts=find_started(registry, Names.of(registry), kind, name) if kind in OTHER_UNIT_TABLES else "",
        files=tuple(_list_files(desired, set(_list_origins(registry, ((kind, name),))))),
    )


def _replace_by_instance(thing: Thing, desired: Desired, name: str) -> Thing:
    """The instance of a template, if the user named it."""
    instance = next((each for each in desired.list_instances(thing.unit) if name in _list_names(each)), None)
    if instance is None:
        return thing
    changes = {"name": instance.name, "unit": instance.unit, "summary": instance.summary, "instances": ()}
    argv = mask_arguments(instance.argv) if isinstance(instance, DesiredService) else ()
    return thing.model_copy(update={**changes, "argv": argv, "template": instance.template})


def _list_names(instance: DesiredUnit) -> tuple[str, ...]:
    return instance.name, instance.unit, f"{instance.name}{instance.kind.suffix}"


def _find_service(desired: Desired, name: str) -> DesiredService | None:
    return next((each for each in (*desired.services, *desired.templates) if each.name == name), None)


def _list_wires(registry: Registry, places: Places, *, of: str = "", key: str = "") -> Iterator[Wire]:
    """The streams and keys of one service, or the users of one key, without retired services."""
    for name, service in sorted(registry.services.items()):
        if name != of and (of or service.state == "retired"):
            continue
        origin = registry.origins["services", name]
        for does in (*WRITING, *READING):
            for stream in getattr(service.streams, does):
                if key not in ("", stream):
                    continue
                group = service.streams.consumes[stream].group if does == "consumes" else ""
                place = places.of(origin.at("streams", does, stream))
                others = tuple(_list_other_ends(registry, does, stream))
                yield Wire(service=name, does=does, stream=stream, group=group, others=others, origin=str(place))


def _list_other_ends(registry: Registry, does: Does, stream: str) -> Iterator[str]:
    for name, service in sorted(registry.services.items()):
        streams = service.streams
        if service.state != "retired" and stream in (
            streams.list_read() if does in WRITING else streams.list_written()
        ):
            yield name


def _list_users(registry: Registry, kind: str, name: str) -> Iterator[str]:
    """What refers to it: the services of a target, a venv or a timer; units ordered after or before it."""
    live = [(each, service) for each, service in sorted(registry.services.items()) if service.state != "retired"]
    if kind == "venvs":
        yield from (f"service {each}" for each, service in live if service.run and service.run.venv == name)
    if kind == "users":
        yield from (f"service {each}" for each, service in live if _find_account(registry, service) == name)
    if kind == "targets":
        yield from (f"service {each}" for each, service in live if service.target == name)
        yield from (f"target {each}" for each, target in sorted(registry.targets.items()) if target.within == name)
    if kind == "slices":
        yield from (
            f"service {each}" for each, service in live if service.slice in (name, make_unit_name(registry, kind, name))
        )
    if kind in UNIT_TABLES:
        yield from (f"{WORDS[table]} {each}" for table, each in list_starters(registry, kind, name))
    if kind in ("externals", "services", "timers", *OTHER_UNIT_TABLES):
        names, unit = Names.of(registry), make_unit_name(registry, kind, name)
        if _orders_unit(names, registry.fleet.defaults.order, unit):
            yield "every service, by the defaults of fleet.toml"
        yield from (f"service {each}" for each, service in live if _orders_unit(names, service.order, unit))


def _find_account(registry: Registry, service: Service) -> str:
    return registry.fleet.defaults.user if service.user is None else service.user


def _orders_unit(names: Names, order: Order, unit: str) -> bool:
    return any(unit in names.all_units(each) for key in Order.model_fields for each in getattr(order, key))


def _list_files(desired: Desired, origins: set[Origin]) -> Iterator[File]:
    for file in desired.files:
        if file.origin in origins:
            yield File(path=file.path, text=_get_text(file))


def _get_text(file: DesiredFile) -> str | None:
    return None if file.kind == "env" else mask_lines(file.content.decode())
